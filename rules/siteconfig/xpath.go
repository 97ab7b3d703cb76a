package siteconfig

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The site configs find their elements by XPath 1.0. What of it asks for tags,
// for attributes and for elements around is said by a selector as well; the
// rest (positions, siblings, texts, functions) is not, and is refused with the
// reason.

// A step is one element of a way through a page.
type step struct {
	tag    string // "" for any
	tests  []test
	direct bool // the next one stands directly in this one
}

// A test asks something of an attribute; see rules for the operators. op 0
// asks that it be there.
type test struct {
	key, value string
	op         byte
}

// maxWays bounds how many selectors one expression may become.
const maxWays = 32

// ways returns the selectors, as steps, that together select what one way of
// an XPath expression selects (see union). first says that what it selects first
// is meant, so that it may ask for that.
func ways(expr string, first bool) ([][]step, error) {
	p := &xpath{in: expr, first: first}
	out, err := p.path()
	if err != nil {
		return nil, err
	}
	if p.space(); p.in != "" {
		return nil, fmt.Errorf("it is not understood from %q on", p.in)
	}
	if len(out) == 0 {
		return nil, errors.New("it selects nothing")
	}
	return out, nil
}

// union cuts an expression where | stands between two ways.
func union(expr string) []string {
	var out []string
	depth, start := 0, 0
	var quote byte
	for i := range len(expr) {
		switch c := expr[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == '|' && depth == 0:
			out = append(out, strings.TrimSpace(expr[start:i]))
			start = i + 1
		}
	}
	return append(out, strings.TrimSpace(expr[start:]))
}

type xpath struct {
	in    string
	first bool
}

func (p *xpath) space() { p.in = strings.TrimLeft(p.in, " \t\r\n") }

// eat skips s where it comes next.
func (p *xpath) eat(s string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.in, s)
	if ok {
		p.in = rest
	}
	return ok
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c >= 0x80
}

func (p *xpath) name() string {
	p.space()
	i := 0
	for i < len(p.in) && nameByte(p.in[i]) && (i > 0 || p.in[0] != '-' && (p.in[0] < '0' || p.in[0] > '9')) {
		i++
	}
	n := p.in[:i]
	p.in = p.in[i:]
	return n
}

// path reads one way, which alternatives in its predicates make several.
func (p *xpath) path() ([][]step, error) {
	p.space()
	if strings.HasPrefix(p.in, "(") && p.first && strings.HasSuffix(p.in, ")[1]") {
		p.in = strings.TrimSuffix(p.in[1:], ")[1]")
		return p.path()
	}
	if strings.HasPrefix(p.in, "(") {
		return nil, errors.New("brackets around a path choose by position")
	}
	out := [][]step{nil}
	direct := false
	switch {
	case p.eat("//"):
	case p.eat("/"): // from the root: html stands nowhere else
	}
	for {
		more, self, below, err := p.step()
		if err != nil {
			return nil, err
		}
		if below {
			direct = false
		}
		var next [][]step
		for _, w := range out {
			for _, s := range more {
				n := append([]step(nil), w...)
				if self && len(n) > 0 { // asks more of the same element
					last := n[len(n)-1]
					if last.tag != "" && s.tag != "" && last.tag != s.tag {
						continue
					}
					if s.tag == "" {
						s.tag = last.tag
					}
					s.tests = append(append([]test(nil), last.tests...), s.tests...)
					n[len(n)-1] = s
				} else {
					if len(n) > 0 {
						n[len(n)-1].direct = direct
					}
					n = append(n, s)
				}
				next = append(next, n)
			}
		}
		if out = next; len(out) > maxWays {
			return nil, fmt.Errorf("it would be more than %d selectors", maxWays)
		}
		switch {
		case p.eat("//"):
			direct = false
		case p.eat("/"):
			direct = true
		default:
			return out, nil
		}
	}
}

// step reads one step: what each alternative asks of the element; whether it is
// the element before itself; whether it may stand at any depth below.
func (p *xpath) step() (out []step, self, below bool, err error) {
	p.space()
	if strings.HasPrefix(p.in, "@") {
		return nil, false, false, errors.New("it selects an attribute, and no text of the page")
	}
	if strings.HasPrefix(p.in, ".") {
		return nil, false, false, errors.New("it selects from where it stands, which a rule does not know")
	}
	var tag string
	if !p.eat("*") {
		if tag = p.name(); tag == "" {
			return nil, false, false, fmt.Errorf("an element should stand at %q", p.in)
		}
		if p.eat("::") {
			switch tag {
			case "child":
			case "descendant", "descendant-or-self":
				below = true
			case "self":
				self = true
			default:
				return nil, false, false, fmt.Errorf("%s:: looks at elements beside or around the one it means", tag)
			}
			if tag = ""; !p.eat("*") {
				if tag = p.name(); tag == "" {
					return nil, false, false, fmt.Errorf("an element should stand at %q", p.in)
				}
			}
		}
		if p.eat("(") {
			if tag == "text" || tag == "comment" || tag == "node" {
				return nil, false, false, fmt.Errorf("%s() is no element", tag)
			}
			return nil, false, false, fmt.Errorf("%s() computes a text", tag)
		}
	}
	out = []step{{tag: strings.ToLower(tag)}}
	for !(p.first && p.eat("[1]")) && p.eat("[") {
		alternatives, err := p.or()
		if err != nil {
			return nil, false, false, err
		}
		if !p.eat("]") {
			return nil, false, false, fmt.Errorf("a predicate is not understood from %q on", p.in)
		}
		var next []step
		for _, s := range out {
			for _, a := range alternatives {
				next = append(next, step{tag: s.tag, tests: append(append([]test(nil), s.tests...), a...)})
			}
		}
		if out = next; len(out) > maxWays {
			return nil, false, false, fmt.Errorf("it would be more than %d selectors", maxWays)
		}
	}
	return out, self, below, nil
}

// or reads alternatives, each a list of tests that must all hold.
func (p *xpath) or() ([][]test, error) {
	var out [][]test
	for {
		a, err := p.and()
		if err != nil {
			return nil, err
		}
		out = append(out, a...)
		if !p.word("or") {
			return out, nil
		}
	}
}

func (p *xpath) and() ([][]test, error) {
	out := [][]test{nil}
	for {
		a, err := p.term()
		if err != nil {
			return nil, err
		}
		var next [][]test
		for _, x := range out {
			for _, y := range a {
				next = append(next, append(append([]test(nil), x...), y...))
			}
		}
		if out = next; len(out) > maxWays {
			return nil, fmt.Errorf("it would be more than %d selectors", maxWays)
		}
		if !p.word("and") {
			return out, nil
		}
	}
}

// word skips a word that stands by itself.
func (p *xpath) word(w string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.in, w)
	if !ok || rest != "" && nameByte(rest[0]) {
		return false
	}
	p.in = rest
	return true
}

var errTest = errors.New("it asks for something other than attributes: a position, a text, or elements inside")

// term reads one test.
func (p *xpath) term() ([][]test, error) {
	p.space()
	switch {
	case p.eat("("):
		out, err := p.or()
		if err != nil {
			return nil, err
		}
		if !p.eat(")") {
			return nil, errors.New("a bracket is not closed")
		}
		return out, nil
	case strings.HasPrefix(p.in, "@"):
		key, err := p.attribute()
		if err != nil {
			return nil, err
		}
		if !p.eat("=") {
			return one(test{key: key})
		}
		v, err := p.literal()
		if err != nil {
			return nil, err
		}
		return one(test{key, v, '='})
	case p.word("contains"):
		return p.function('*')
	case p.word("starts-with"):
		return p.function('^')
	case p.word("not"):
		return nil, errors.New("a selector cannot say not()")
	}
	return nil, errTest
}

func one(t test) ([][]test, error) {
	if t.op != 0 && t.value == "" {
		return nil, errors.New("it compares with an empty text")
	}
	return [][]test{{t}}, nil
}

// function reads the arguments of contains() or starts-with().
func (p *xpath) function(op byte) ([][]test, error) {
	if !p.eat("(") {
		return nil, errTest
	}
	key, padded, err := p.subject()
	if err != nil {
		return nil, err
	}
	if !p.eat(",") {
		return nil, errTest
	}
	v, err := p.literal()
	if err != nil {
		return nil, err
	}
	if !p.eat(")") {
		return nil, errTest
	}
	if padded { // one of the words of the attribute
		if w := strings.TrimSpace(v); op == '*' && v == " "+w+" " {
			return one(test{key, w, '~'})
		}
		return nil, errTest
	}
	if w := strings.TrimSpace(v); op == '*' && w != v && w != "" {
		v = w // a space beside a class says where the word ends: a part of the name will do
	}
	return one(test{key, v, op})
}

// subject reads what a function looks at: an attribute, or
// concat(' ', normalize-space(@class), ' ').
func (p *xpath) subject() (key string, padded bool, err error) {
	switch {
	case p.word("concat"):
		if !p.eat("(") || !p.quoted(" ") || !p.eat(",") {
			return "", false, errTest
		}
		if key, _, err = p.subject(); err != nil {
			return "", false, err
		}
		if !p.eat(",") || !p.quoted(" ") || !p.eat(")") {
			return "", false, errTest
		}
		return key, true, nil
	case p.word("normalize-space"):
		if !p.eat("(") {
			return "", false, errTest
		}
		if key, _, err = p.subject(); err != nil {
			return "", false, err
		}
		if !p.eat(")") {
			return "", false, errTest
		}
		return key, false, nil
	}
	key, err = p.attribute()
	return key, false, err
}

func (p *xpath) quoted(want string) bool {
	v, err := p.literal()
	return err == nil && v == want
}

func (p *xpath) attribute() (string, error) {
	if !p.eat("@") {
		return "", errTest
	}
	n := strings.ToLower(p.name())
	if n == "" {
		return "", errors.New("it asks for any attribute")
	}
	if strings.HasPrefix(p.in, ":") {
		return "", errors.New("it asks for an attribute of a namespace")
	}
	return n, nil
}

func (p *xpath) literal() (string, error) {
	p.space()
	if p.in == "" || p.in[0] != '\'' && p.in[0] != '"' {
		return "", errTest
	}
	v, rest, ok := strings.Cut(p.in[1:], p.in[:1])
	if !ok {
		return "", errors.New("a quotation mark is not closed")
	}
	p.in = rest
	if !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
		return "", errors.New("a text in it holds what is no text")
	}
	return v, nil
}

// selector writes steps as a selector.
func selector(steps []step) string {
	var b strings.Builder
	for i, s := range steps {
		if i > 0 {
			if steps[i-1].direct {
				b.WriteString(" > ")
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteString(compound(s, false))
	}
	return b.String()
}

// examplePath writes a way through a page that steps lead along.
func examplePath(steps []step) string {
	var out []string
	for _, s := range steps {
		out = append(out, compound(s, true))
	}
	return strings.Join(out, " > ")
}

func compound(s step, example bool) string {
	var b strings.Builder
	b.WriteString(s.tag)
	if s.tag == "" && (example || len(s.tests) == 0) {
		b.WriteString(map[bool]string{true: "div", false: "*"}[example])
	}
	values := map[string]string{} // of an example's attributes: several tests may ask for one
	var keys []string
	for _, t := range s.tests {
		switch {
		case example:
			v := t.value
			if t.op == 0 {
				v = "x"
			}
			if _, ok := values[t.key]; !ok {
				keys = append(keys, t.key)
				values[t.key] = v
			} else if t.op == '^' || t.op == '=' {
				values[t.key] = v + " " + values[t.key]
			} else {
				values[t.key] += " " + v
			}
		case t.op == 0:
			fmt.Fprintf(&b, "[%s]", t.key)
		case t.op == '=':
			fmt.Fprintf(&b, "[%s=%s]", t.key, quoteValue(t.value, valueSigns))
		default:
			fmt.Fprintf(&b, "[%s%c=%s]", t.key, t.op, quoteValue(t.value, valueSigns))
		}
	}
	for _, k := range keys {
		fmt.Fprintf(&b, "[%s=%s]", k, quoteValue(values[k], exampleSigns))
	}
	return b.String()
}

// What is escaped in a value between quotation marks; in examples it must hold
// no mark and no end of a path.
var (
	valueSigns   = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	exampleSigns = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "[-", `[\-`, "-]", `-\]`, "|", `\|`)
)

func quoteValue(v string, signs *strings.Replacer) string { return `"` + signs.Replace(v) + `"` }
