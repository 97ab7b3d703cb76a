package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"winnow/text"
)

// A selector says where in a page a block stands, in a part of CSS:
//
//	div.related              an element with that tag and class, anywhere around the block
//	#comments                with that id
//	aside p                  a p somewhere in an aside
//	main > div               a div directly in a main
//	[itemprop=articleBody]   with that attribute of that value; ~= one of its words,
//	                         *= a part of it, ^= its beginning, $= its end; alone: has it
//
// A backslash takes the meaning from the character behind it, and values may
// stand in quotation marks. Tags are compared in lower case, the rest as it is.
type selector struct {
	source string
	steps  []compound // the innermost element last
}

// A compound is one element of a selector.
type compound struct {
	tag    string // "" for any
	tests  []attrTest
	direct bool // the next step's element stands directly in this one's
}

// An attrTest asks something of an attribute.
type attrTest struct {
	key, value string
	op         byte // '=', '~', '*', '^', '$', or 0 where the attribute must be there
}

func (t attrTest) holds(e *text.Element) bool {
	v, ok := e.Attr(t.key)
	if !ok {
		return false
	}
	switch t.op {
	case '=':
		return v == t.value
	case '~':
		return hasWord(v, t.value)
	case '*':
		return strings.Contains(v, t.value)
	case '^':
		return strings.HasPrefix(v, t.value)
	case '$':
		return strings.HasSuffix(v, t.value)
	}
	return true
}

// hasWord reports whether w is one of the words of v, which are divided by white space.
func hasWord(v, w string) bool {
	for v != "" && w != "" {
		i := strings.Index(v, w)
		if i < 0 {
			return false
		}
		before, after := i == 0 || htmlSpace(v[i-1]), i+len(w) == len(v) || htmlSpace(v[i+len(w)])
		if before && after {
			return true
		}
		v = v[i+1:]
		if !htmlSpace(w[0]) { // what comes next may not begin inside a word
			for v != "" && !htmlSpace(v[0]) {
				v = v[1:]
			}
		}
	}
	return false
}

// ClassNames returns the words of a class attribute. They are divided by the
// white space of HTML alone: a no-break space is part of a name.
func ClassNames(class string) []string {
	return strings.FieldsFunc(class, func(r rune) bool { return r < 0x80 && htmlSpace(byte(r)) })
}

func htmlSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

func (s *compound) holds(e *text.Element) bool {
	if s.tag != "" && s.tag != e.Tag {
		return false
	}
	for _, t := range s.tests {
		if !t.holds(e) {
			return false
		}
	}
	return true
}

// matches reports whether e itself is what s selects.
func (s *selector) matches(e *text.Element) bool { return matchCompounds(s.steps, e) }

func matchCompounds(steps []compound, e *text.Element) bool {
	last := len(steps) - 1
	if !steps[last].holds(e) {
		return false
	}
	if last == 0 {
		return true
	}
	rest := steps[:last]
	if rest[last-1].direct {
		return e.Parent != nil && matchCompounds(rest, e.Parent)
	}
	for p := e.Parent; p != nil; p = p.Parent {
		if matchCompounds(rest, p) {
			return true
		}
	}
	return false
}

// key returns what every element that s selects has: "#id", ".class" or a tag;
// "" where there is none to be had.
func (s *selector) key() string {
	last := &s.steps[len(s.steps)-1]
	for _, t := range last.tests {
		switch {
		case t.key == "id" && t.op == '=':
			return "#" + t.value
		case t.key == "class" && t.op == '~':
			return "." + t.value
		}
	}
	return last.tag
}

// CheckSelector reports what is wrong with a selector.
func CheckSelector(source string) error {
	_, err := parseSelector(source)
	return err
}

// maxSteps is the most elements of a selector.
const maxSteps = 16

// parseSelector reads a selector.
func parseSelector(source string) (*selector, error) {
	s := &selector{source: source}
	p := selectorParser{in: source}
	p.space()
	for {
		st, err := p.compound()
		if err != nil {
			return nil, fmt.Errorf("selector %q: %w", source, err)
		}
		s.steps = append(s.steps, st)
		p.space()
		if p.in == "" {
			break
		}
		if p.in[0] == '>' {
			s.steps[len(s.steps)-1].direct = true
			p.in = p.in[1:]
			p.space()
		}
	}
	if len(s.steps) > maxSteps {
		return nil, fmt.Errorf("selector %q: more than %d elements", source, maxSteps)
	}
	for _, st := range s.steps {
		if len(st.tests) > 0 || st.tag != "" && st.tag != "html" && st.tag != "body" && st.tag != "div" && st.tag != "p" && st.tag != "span" {
			return s, nil
		}
	}
	return nil, fmt.Errorf("selector %q: says nothing that not every page has: a class, an id, an attribute or a telling tag", source)
}

// selectorSigns are the characters that end a name unless a backslash stands before them.
const selectorSigns = " \t\r\n\f.#[]>+~,:*^$()='\"|\\"

type selectorParser struct{ in string }

func (p *selectorParser) space() { p.in = strings.TrimLeft(p.in, " \t\r\n\f") }

// compound reads one element with what is asked of it.
func (p *selectorParser) compound() (compound, error) {
	var st compound
	before := p.in
	if strings.HasPrefix(p.in, "*") {
		p.in = p.in[1:]
	} else if name := p.name(); name != "" {
		st.tag = strings.ToLower(name)
	}
	for p.in != "" {
		switch c := p.in[0]; c {
		case '.', '#':
			p.in = p.in[1:]
			name := p.name()
			if name == "" {
				return st, fmt.Errorf("a name should stand behind %q", string(c))
			}
			t := attrTest{"id", name, '='}
			if c == '.' {
				t = attrTest{"class", name, '~'}
			}
			st.tests = append(st.tests, t)
			continue
		case '[':
			t, err := p.attribute()
			if err != nil {
				return st, err
			}
			st.tests = append(st.tests, t)
			continue
		}
		break
	}
	if p.in == before {
		if p.in == "" {
			return st, errors.New("an element is missing at the end")
		}
		return st, fmt.Errorf("an element should stand at %q; this part of CSS has tags, #id, .class, [attribute], spaces and >", p.in)
	}
	return st, nil
}

// name reads a name up to a character that ends it.
func (p *selectorParser) name() string {
	var b strings.Builder
	for p.in != "" {
		c := p.in[0]
		if c == '\\' && len(p.in) > 1 {
			b.WriteByte(p.in[1])
			p.in = p.in[2:]
			continue
		}
		if strings.IndexByte(selectorSigns, c) >= 0 {
			break
		}
		b.WriteByte(c)
		p.in = p.in[1:]
	}
	return b.String()
}

// attribute reads [key], [key=value] and the like.
func (p *selectorParser) attribute() (attrTest, error) {
	p.in = p.in[1:]
	p.space()
	t := attrTest{key: strings.ToLower(p.name())}
	p.space()
	if t.key == "" || p.in == "" {
		return t, errors.New("an attribute should stand between [ and ]")
	}
	if p.in[0] == ']' {
		p.in = p.in[1:]
		return t, nil
	}
	if i := strings.IndexByte("=~*^$", p.in[0]); i >= 0 {
		t.op, p.in = p.in[0], p.in[1:]
	}
	if t.op != '=' && strings.HasPrefix(p.in, "=") {
		p.in = p.in[1:]
	} else if t.op != '=' {
		return t, fmt.Errorf("behind [%s, one of = ~= *= ^= $= or ] should stand", t.key)
	}
	p.space()
	if p.in != "" && (p.in[0] == '"' || p.in[0] == '\'') {
		q := p.in[0]
		var b strings.Builder
		for p.in = p.in[1:]; p.in != "" && p.in[0] != q; p.in = p.in[1:] {
			if p.in[0] == '\\' && len(p.in) > 1 {
				p.in = p.in[1:]
			}
			b.WriteByte(p.in[0])
		}
		if p.in == "" {
			return t, errors.New("a quotation mark is not closed")
		}
		t.value, p.in = b.String(), p.in[1:]
	} else {
		t.value = p.name()
	}
	p.space()
	if !strings.HasPrefix(p.in, "]") {
		return t, errors.New("a [ is not closed by ]")
	}
	if p.in = p.in[1:]; t.value == "" {
		return t, fmt.Errorf("[%s: an empty value", t.key)
	}
	return t, nil
}

// FormatSelector returns the selector of an element with that tag and these
// classes or that id, of which each may be empty, with what needs it escaped.
func FormatSelector(tag, id string, classes ...string) string {
	var b strings.Builder
	b.WriteString(tag)
	if id != "" {
		b.WriteString("#" + escape(id))
	}
	for _, c := range classes {
		b.WriteString("." + escape(c))
	}
	return b.String()
}

// escape takes their meaning from the characters of a name.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if strings.IndexByte(selectorSigns, name[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

// A selectorRule is a rule of the kind selector made ready.
type selectorRule struct {
	rule *Rule
	atom atom
	of   []*selector
}

func newSelectorRule(r *Rule) (*selectorRule, error) {
	s := &selectorRule{rule: r, atom: atom{rule: r, kind: KindSelector}}
	for _, t := range r.Text {
		one, err := parseSelector(t)
		if err != nil {
			return nil, err
		}
		s.of = append(s.of, one)
	}
	return s, nil
}

// A selectorIndex finds which selectors of many an element is one of.
type selectorIndex struct {
	rules []*selectorRule
	byKey map[string][]selectorRef // by selector.key
}

type selectorRef struct{ rule, of int32 }

func (x *selectorIndex) add(s *selectorRule) {
	if x.byKey == nil {
		x.byKey = map[string][]selectorRef{}
	}
	for i, one := range s.of {
		k := one.key()
		x.byKey[k] = append(x.byKey[k], selectorRef{int32(len(x.rules)), int32(i)})
	}
	x.rules = append(x.rules, s)
}

// lookup calls hit with each selector that e is.
func (x *selectorIndex) lookup(e *text.Element, hit func(selectorRef)) {
	try := func(k string) {
		for _, r := range x.byKey[k] {
			if x.rules[r.rule].of[r.of].matches(e) {
				hit(r)
			}
		}
	}
	try("")
	try(e.Tag)
	if id, ok := e.Attr("id"); ok && id != "" {
		try("#" + id)
	}
	if c, ok := e.Attr("class"); ok {
		seen := strings.Fields(c)
		for i, w := range seen {
			if !slices.Contains(seen[:i], w) {
				try("." + w)
			}
		}
	}
}

// blocks returns, by rule, the blocks that its selectors hold, in order; in are
// the elements around the blocks. Of a rule that speaks of the article itself
// (Outside or Rescue), the first selector that holds any block is the one that
// counts, so that a list goes from the best guess down.
func (x *selectorIndex) blocks(in []*text.Element, url string) [][]int32 {
	host := hostOf(url)
	held := make([]map[int32][]int32, len(x.rules)) // by rule and selector: the blocks
	of := map[*text.Element][]selectorRef{}         // of an element and those around it
	var refs func(e *text.Element) []selectorRef
	refs = func(e *text.Element) []selectorRef {
		if e == nil {
			return nil
		}
		if rs, ok := of[e]; ok {
			return rs
		}
		rs := slices.Clip(refs(e.Parent))
		x.lookup(e, func(r selectorRef) {
			if !slices.Contains(rs, r) {
				rs = append(rs, r)
			}
		})
		of[e] = rs
		return rs
	}
	for i, e := range in {
		for _, r := range refs(e) {
			if held[r.rule] == nil {
				held[r.rule] = map[int32][]int32{}
			}
			held[r.rule][r.of] = append(held[r.rule][r.of], int32(i))
		}
	}
	out := make([][]int32, len(x.rules))
	for n, s := range x.rules {
		if held[n] == nil || !s.rule.onHost(host) {
			continue
		}
		var all []int32
		for i := range s.of {
			all = append(all, held[n][int32(i)]...)
			if len(all) > 0 && (s.rule.Outside || s.rule.Rescue) {
				break
			}
		}
		slices.Sort(all)
		all = slices.Compact(all)
		if s.rule.Outside {
			all = without(len(in), all)
		}
		out[n] = all
	}
	return out
}

// without returns the numbers below n that are not in sorted.
func without(n int, sorted []int32) []int32 {
	var out []int32
	for i := range int32(n) {
		if len(sorted) > 0 && sorted[0] == i {
			sorted = sorted[1:]
			continue
		}
		out = append(out, i)
	}
	return out
}

// hostOf returns the host of an address in lower case, without www.
func hostOf(url string) string {
	_, rest, ok := strings.Cut(url, "//")
	if !ok {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, ']') {
		rest = rest[:i]
	}
	return strings.TrimPrefix(strings.ToLower(rest), "www.")
}

// onHost reports whether the rule holds for pages of a host. A document without
// an address has no host, and rules for hosts leave it alone.
func (r *Rule) onHost(host string) bool {
	if len(r.Hosts) == 0 {
		return true
	}
	return slices.ContainsFunc(r.Hosts, func(h string) bool {
		if strings.HasPrefix(h, ".") {
			return strings.HasSuffix(host, h)
		}
		return h == host
	})
}

// addSelector puts a rule of the kind selector into x. An exception rescues as well.
func (x *index) addSelector(r *Rule) error {
	s, err := newSelectorRule(r)
	if err != nil {
		return err
	}
	if len(r.Given) > 0 {
		return errors.New("given: a rule by selectors looks at no other text")
	}
	if (r.Rescue || r.Keep) && r.Mode != Shadow {
		if x.rescues == nil {
			x.rescues = &selectorIndex{}
		}
		x.rescues.add(s)
	}
	switch {
	case r.Keep:
		if x.keeps == nil {
			x.keeps = &index{exceptions: true}
		}
		x.keeps.selectors.add(s)
	case !r.Rescue:
		x.selectors.add(s)
	}
	return nil
}

// selectors appends to f.hits the blocks that rules of the kind selector hold.
func (f *finder) selectors(x *index) {
	if len(x.selectors.rules) == 0 || len(f.laid) == 0 {
		return
	}
	in := make([]*text.Element, len(f.laid))
	for i := range f.laid {
		in[i] = f.laid[i].In
	}
	for n, held := range x.selectors.blocks(in, f.url) {
		a := &x.selectors.rules[n].atom
		for _, i := range held {
			s := f.laid[i].Span.Trim(f.seg.Text)
			if s.Empty() || s.End > len(f.seg.Text) {
				continue
			}
			lo, hi := f.seg.Lines[f.lineAt(s.Start)].Units[0], f.seg.Lines[f.lineAt(s.End-1)].Units[1]
			if lo < hi {
				f.hits = append(f.hits, hit{a, lo, hi, s})
			}
		}
	}
}

// Rescue returns what tells extraction which blocks of a page are content
// whatever an engine says, by the rules of that publisher with Rescue; nil where
// there are none. It is given the elements of all the page's blocks.
func (s *Set) Rescue(p text.Publisher, url string) func(in []*text.Element) []bool {
	var xs []*index
	for _, x := range s.indexes(p) {
		if x.rescues != nil {
			xs = append(xs, x)
		}
	}
	if len(xs) == 0 {
		return nil
	}
	return func(in []*text.Element) []bool {
		keep := make([]bool, len(in))
		for _, x := range xs {
			for _, held := range x.rescues.blocks(in, url) {
				for _, i := range held {
					keep[i] = true
				}
			}
		}
		return keep
	}
}

// PathOf returns the way to an element as it stands in an example: the tags, ids
// and classes from the outermost to e, and other attributes in brackets.
func PathOf(e *text.Element) string {
	var steps []string
	for ; e != nil; e = e.Parent {
		id, _ := e.Attr("id")
		class, _ := e.Attr("class")
		step := FormatSelector(e.Tag, id, ClassNames(class)...)
		for _, a := range e.Attrs {
			if a.Key != "id" && a.Key != "class" && a.Value != "" && !strings.ContainsFunc(a.Key+a.Value, unicode.IsControl) {
				step += "[" + escape(a.Key) + "=" + escape(a.Value) + "]"
			}
		}
		steps = append(steps, step)
	}
	slices.Reverse(steps)
	return strings.Join(steps, " > ")
}
