package rules

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/text"
)

// A regular expression is tried on a unit only where the unit holds one of the
// expression's literals. The literals are derived from the expression: every
// match of it contains at least one of them. Texts are scanned for literals as
// they stand, ASCII letters folded; the expression itself sees the unit's
// plain form (text.Plain). So a literal holds letters, digits and signs like ©
// alone: what the plain form changes (quotes, dashes, white space) never stands in one.

// minLiteral is the length in bytes of the shortest literal that the scan can
// find; a sign of two bytes that is not ASCII (©) will do as well.
const minLiteral = 3

// maxLiterals is the most literals that an expression may be reached through,
// maxCross the most that are made by putting two sets one after the other.
const (
	maxLiterals = 512
	maxCross    = 64
)

// A deriver derives what is known of the matches of one expression. It
// remembers what it found for each part, which is asked for many times.
type deriver map[*syntax.Regexp]strs

// strs is what bounded returns.
type strs struct {
	set []string
	ok  bool
}

// literals returns strings, folded as foldASCII does, one of which stands in
// every text that re matches; nil where there are none that can be found.
func (d deriver) literals(re *syntax.Regexp) []string { return d.bestOf(re, 0) }

// bestOf returns the best set of literals that re implies, or nil.
func (d deriver) bestOf(re *syntax.Regexp, depth int) []string {
	if depth > 50 {
		return nil
	}
	if set, ok := d.exact(re, depth); ok {
		return usable(set)
	}
	switch re.Op {
	case syntax.OpLiteral: // too many case variants: the first stretch of letters that has few enough
		for i := range re.Rune {
			set := []string{""}
			for j := i; j < len(re.Rune) && j < i+4 && literalRune(re.Rune[j]); j++ {
				if longer := cross(set, variants(re.Rune[j], true)); longer != nil {
					set = longer
				}
			}
			if set = usable(set); set != nil {
				return set
			}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return d.bestOf(re.Sub[0], depth+1)
	case syntax.OpRepeat:
		if re.Min > 0 {
			return d.bestOf(re.Sub[0], depth+1)
		}
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			set := d.bestOf(sub, depth+1)
			if set == nil {
				return nil
			}
			all = append(all, set...)
		}
		return usable(all)
	case syntax.OpConcat:
		var best []string
		consider := func(set []string) {
			if set = usable(set); set != nil && (best == nil || cost(set) < cost(best)) {
				best = set
			}
		}
		// Runs of neighbours whose strings are all known are joined: "newsletter" and "s?".
		run := []string{""}
		for _, sub := range re.Sub {
			if set, ok := d.exact(sub, depth+1); ok {
				if joined := cross(run, set); joined != nil {
					run = joined
					continue
				}
				consider(run)
				run = set
				continue
			}
			consider(run)
			run = []string{""}
			consider(d.bestOf(sub, depth+1))
		}
		consider(run)
		return best
	}
	return nil
}

// exact returns all strings that re matches, where they are few.
func (d deriver) exact(re *syntax.Regexp, depth int) ([]string, bool) {
	set, ok := d.bounded(re, depth)
	out := make([]string, len(set))
	for i, s := range set {
		out[i] = strings.ReplaceAll(s, wordEdge, "")
	}
	return out, ok
}

// wordEdge stands in the strings of bounded where the expression asks for the
// beginning or the end of a word.
const wordEdge = "\x00"

// bounded is exact with word edges.
func (d deriver) bounded(re *syntax.Regexp, depth int) ([]string, bool) {
	got, known := d[re]
	if !known {
		got.set, got.ok = d.derive(re, depth)
		d[re] = got
	}
	return slices.Clone(got.set), got.ok
}

func (d deriver) derive(re *syntax.Regexp, depth int) ([]string, bool) {
	if depth > 50 {
		return nil, false
	}
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpNoWordBoundary:
		return []string{""}, true
	case syntax.OpWordBoundary:
		return []string{wordEdge}, true
	case syntax.OpLiteral:
		set := []string{""}
		for _, r := range re.Rune {
			set = cross(set, variants(r, re.Flags&syntax.FoldCase != 0))
			if set == nil {
				return nil, false
			}
		}
		return set, true
	case syntax.OpCharClass:
		var set []string
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if set = append(set, foldASCII(string(r))); len(set) > 12 {
					return nil, false
				}
			}
		}
		return uniq(set), len(set) > 0
	case syntax.OpCapture:
		return d.bounded(re.Sub[0], depth+1)
	case syntax.OpQuest:
		set, ok := d.bounded(re.Sub[0], depth+1)
		return uniq(append(set, "")), ok
	case syntax.OpConcat:
		set := []string{""}
		for _, sub := range re.Sub {
			s, ok := d.bounded(sub, depth+1)
			if !ok {
				return nil, false
			}
			if set = cross(set, s); set == nil {
				return nil, false
			}
		}
		return set, true
	case syntax.OpAlternate:
		var set []string
		for _, sub := range re.Sub {
			s, ok := d.bounded(sub, depth+1)
			if !ok || len(set)+len(s) > maxLiterals {
				return nil, false
			}
			set = append(set, s...)
		}
		return uniq(set), true
	}
	return nil, false
}

// variants returns r in the forms in which the scan can meet it.
func variants(r rune, fold bool) []string {
	if r < utf8.RuneSelf || !fold {
		return []string{foldASCII(string(r))}
	}
	set := []string{string(r)}
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		set = append(set, foldASCII(string(f)))
	}
	return uniq(set)
}

// cross returns every string of a followed by every string of b, or nil where that is too many.
func cross(a, b []string) []string {
	if len(a)*len(b) > maxCross {
		return nil
	}
	set := make([]string, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			set = append(set, x+y)
		}
	}
	return uniq(set)
}

// usable returns set, unless one of its strings holds no stretch of letters or
// digits long enough to be found.
func usable(set []string) []string {
	if len(set) == 0 || len(set) > maxLiterals {
		return nil
	}
	for _, s := range set {
		if at, end := word(s); !findable(s[at:end]) {
			return nil
		}
	}
	return uniq(set)
}

func findable(w string) bool {
	return len(w) >= minLiteral || len(w) == 2 && w[0] >= utf8.RuneSelf
}

// word returns the stretch of s that is scanned for: the longest of letters,
// digits and signs, or where that is too short the longest with brackets and the like.
func word(s string) (at, end int) {
	at, end = longest(s, literalRune)
	if !findable(s[at:end]) {
		return longest(s, func(r rune) bool {
			return literalRune(r) || r < utf8.RuneSelf && strings.ContainsRune("()[]{}@#$%+=/|<>*_&", r)
		})
	}
	return at, end
}

func longest(s string, in func(rune) bool) (at, end int) {
	start := -1
	for i, r := range s + " " {
		switch {
		case i < len(s) && in(r):
			if start < 0 {
				start = i
			}
		case start >= 0:
			if i-start > end-at {
				at, end = start, i
			}
			start = -1
		}
	}
	return at, end
}

// literalRune reports whether r stands in a text as it stands in the text's plain form.
func literalRune(r rune) bool {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return true
	}
	return r >= utf8.RuneSelf && r != utf8.RuneError && text.Plain(string(r)) == string(r)
}

// cost estimates how often one of the literals stands in a unit by chance. It
// decides by what an expression is reached; it need not be right, only in order.
func cost(set []string) float64 {
	sum := 0.0
	for _, s := range set {
		sum += rate(s)
	}
	return sum * unitLength
}

// unitLength is the length in bytes of a usual unit.
const unitLength = 100

// rate estimates how often s stands at one offset of running text.
func rate(s string) float64 {
	r := 0.3
	for range min(len(s), 10) {
		r /= 6
	}
	if at, end := word(s); common[s[at:end]] {
		r *= 16
	}
	return r
}

// common holds words that are frequent in running text and in what surrounds it.
var common = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`the and for you your our that this with from are was have has more news media story stories read
		can please will would could support help new one time people about said year world work need free get like home back next
		all not any may now today here see view show page site article articles reader readers reading link links button buttons
		option options item items email share comment comments local public quality independent independence post posts report
		reporting find make take know want last first other only some over also into than then them they what when where which while
		just most many much must should keep give gift send sign join follow print label labels word words inc ltd app apps name
		free company group press service services member members menu search contact subscribe story data world`) {
		m[w] = true
	}
	return m
}()

func uniq(set []string) []string {
	seen := make(map[string]bool, len(set))
	out := set[:0:0]
	for _, s := range set {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// foldASCII lowers the ASCII letters of s, as the scan does with the text.
func foldASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

// A scanner finds the literals of a set of expressions in a text. Each literal
// is filed under the four rarest bytes in a row of its longest word (three where
// the word has no more); these are hashed at every offset of the text and looked
// up in a bit table, and only a hit is compared. After Rabin and Karp (1987),
// with the filter of Wu and Manber (1994).
type scanner struct {
	four  grams
	three grams // words that begin with a byte that is not ASCII: signs, single characters of East Asia
}

// grams are words filed under bytes that stand in them.
type grams struct {
	bits  [1 << 12]uint64 // 2^18 bits, by the hash of the bytes
	words map[uint32][]scanned
}

// A scanned is a word that is scanned for, with the literals that it stands for.
type scanned struct {
	word string // folded
	at   int    // offset in word of the byte after those that it is filed under
	refs []literalRef
}

type literalRef struct {
	whole string // the literal that the word stands in
	in    int    // offset of the word in whole
	atom  int32
}

var lower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
	}
	for c := 'A'; c <= 'Z'; c++ {
		t[c] = byte(c | 0x20)
	}
	return
}()

func gramHash(g uint32) uint32 { return (g * 0x9E3779B1) >> (32 - 18) }

// add files a literal under its longest word.
func (s *scanner) add(whole string, atom int32) {
	at, end := word(whole)
	w, r := whole[at:end], literalRef{whole: whole, in: at, atom: atom}
	switch {
	case len(w) < 4: // whatever byte comes after it
		for c := range 256 {
			switch {
			case lower[c] != byte(c):
			case len(w) == 2:
				s.three.file(w, 3, uint32(w[0])<<16|uint32(w[1])<<8|uint32(c), r)
			case w[0] >= utf8.RuneSelf:
				s.three.file(w, 3, uint32(w[0])<<16|uint32(w[1])<<8|uint32(w[2]), r)
				return
			default:
				s.four.file(w, 4, uint32(w[0])<<24|uint32(w[1])<<16|uint32(w[2])<<8|uint32(c), r)
			}
		}
	default:
		i := rarest(w)
		s.four.file(w, i+4, uint32(w[i])<<24|uint32(w[i+1])<<16|uint32(w[i+2])<<8|uint32(w[i+3]), r)
	}
}

func (g *grams) file(w string, at int, key uint32, r literalRef) {
	if g.words == nil {
		g.words = map[uint32][]scanned{}
	}
	h := gramHash(key)
	g.bits[h>>6] |= 1 << (h & 63)
	list := g.words[key]
	for i := range list {
		if list[i].word == w {
			list[i].refs = append(list[i].refs, r)
			return
		}
	}
	g.words[key] = append(list, scanned{w, at, []literalRef{r}})
}

// scan calls hit for every place of a literal in t, with the literal's first byte and its atom.
func (s *scanner) scan(t string, hit func(at int, atom int32)) {
	if s.four.words == nil && s.three.words == nil {
		return
	}
	var g uint32
	for i := 0; i <= len(t); i++ {
		c := byte('\n') // after the text's end, for a sign that stands there
		if i < len(t) {
			c = lower[t[i]]
		}
		g = g<<8 | uint32(c)
		if h := gramHash(g); s.four.bits[h>>6]&(1<<(h&63)) != 0 {
			s.four.found(t, i+1, g, hit)
		}
		if g&0x800000 != 0 {
			if h := gramHash(g & 0xFFFFFF); s.three.bits[h>>6]&(1<<(h&63)) != 0 {
				s.three.found(t, i+1, g&0xFFFFFF, hit)
			}
		}
	}
}

// found calls hit for the literals that stand in t where the bytes of key end at end.
func (g *grams) found(t string, end int, key uint32, hit func(at int, atom int32)) {
	list := g.words[key]
	for i := range list {
		w := &list[i]
		start := end - w.at
		if start < 0 || start+len(w.word) > len(t) || !sameFolded(t[start:start+len(w.word)], w.word) {
			continue
		}
		for _, r := range w.refs {
			if mayBegin(t[start:], r.whole[r.in:]) && mayEnd(t[:start], r.whole[:r.in]) {
				hit(start, r.atom)
			}
		}
	}
}

func sameFolded(t, lit string) bool {
	for i := 0; i < len(lit); i++ {
		if lower[t[i]] != lit[i] {
			return false
		}
	}
	return true
}

// mayBegin reports whether the plain form of t, folded, may begin with head:
// true where t holds anything before the head's end that its plain form changes.
func mayBegin(t, head string) bool {
	for i := 0; i < len(head); i++ {
		if i == len(t) {
			return false
		}
		if lower[t[i]] != head[i] {
			return changes(t[i]) || t[i] == ' ' && i > 0 && t[i-1] == ' '
		}
	}
	return true
}

// mayEnd is mayBegin for the end of t.
func mayEnd(t, tail string) bool {
	for i := 1; i <= len(tail); i++ {
		if i > len(t) {
			return false
		}
		if c := t[len(t)-i]; lower[c] != tail[len(tail)-i] {
			return changes(c) || c == ' ' && i > 1 && t[len(t)-i+1] == ' '
		}
	}
	return true
}

// changes reports whether text.Plain may change c or what it is a part of.
func changes(c byte) bool { return c >= utf8.RuneSelf || c < ' ' || c == '`' }

// rarest returns the offset in lit of the four bytes that are rarest in running text.
func rarest(lit string) int {
	best, score := 0, -1
	for i := 0; i+4 <= len(lit); i++ {
		s := rarity(lit[i]) + rarity(lit[i+1]) + rarity(lit[i+2]) + rarity(lit[i+3])
		if s > score {
			best, score = i, s
		}
	}
	return best
}

// rarity returns how rare byte c is in running text; higher is rarer. The
// order of the letters is that of their frequency in English.
func rarity(c byte) int {
	if i := strings.IndexByte("etaoinshrdlucmfwygpbvkxqjz", c); i >= 0 {
		return 2 * i
	}
	if c >= utf8.RuneSelf {
		return 20
	}
	return 40
}
