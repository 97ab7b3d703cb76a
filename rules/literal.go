package rules

import (
	"hash/maphash"
	"math/bits"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A regular expression is tried on a unit only where the unit holds one of the
// expression's literals. The literals are derived from the expression: every
// match of it contains at least one of them. They are looked for in the plain
// form of the text (see plain), ASCII letters folded, which is what the
// expression itself sees.

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
// every text that re matches; nil where there are none that can be found. One
// that stands at the edge of a word there begins, or ends, with wordEdge.
func (d deriver) literals(re *syntax.Regexp) []string { return d.bestOf(re, 0) }

// bestOf returns the best set of literals that re implies, or nil.
func (d deriver) bestOf(re *syntax.Regexp, depth int) []string {
	if depth > 50 {
		return nil
	}
	if set, ok := d.bounded(re, depth); ok {
		return usable(set)
	}
	switch re.Op {
	case syntax.OpLiteral: // too many case variants: the first stretch of letters that has few enough
		for i := range re.Rune {
			set := []string{""}
			for j := i; j < len(re.Rune) && j < i+4; j++ {
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
			if set, ok := d.bounded(sub, depth+1); ok {
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
	if !slices.ContainsFunc(set, func(s string) bool { return strings.Contains(s, wordEdge) }) {
		return set, ok
	}
	out := make([]string, len(set))
	for i, s := range set {
		out[i] = strings.ReplaceAll(s, wordEdge, "")
	}
	return out, ok
}

// wordEdge stands in the strings of bounded where the expression asks for the
// beginning or the end of a word.
const wordEdge = "\x00"

// bounded is exact with word edges. The set is remembered: it may be appended
// to, and not be changed.
func (d deriver) bounded(re *syntax.Regexp, depth int) ([]string, bool) {
	got, known := d[re]
	if !known {
		got.set, got.ok = d.derive(re, depth)
		d[re] = got
	}
	return slices.Clip(got.set), got.ok
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
		set, fold := []string{""}, re.Flags&syntax.FoldCase != 0
		for rs := re.Rune; len(rs) > 0; {
			n := 0 // runes that have one form
			for n < len(rs) && (rs[n] < utf8.RuneSelf || !fold) {
				n++
			}
			next := []string{foldASCII(string(rs[:n]))}
			if n == 0 {
				next, n = variants(rs[0], fold), 1
			}
			if set = cross(set, next); set == nil {
				return nil, false
			}
			rs = rs[n:]
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
	if len(a) == 1 || len(b) == 1 { // neither holds a string twice
		return set
	}
	return uniq(set)
}

// usable returns set, with word edges at the ends of its strings alone, unless
// one of them is too short to be found.
func usable(set []string) []string {
	if len(set) == 0 || len(set) > maxLiterals {
		return nil
	}
	set = slices.Clone(set)
	for i, s := range set {
		whole, start, end := cutEdges(s)
		if len(whole) < minLiteral && (len(whole) < 2 || whole[0] < utf8.RuneSelf) {
			return nil
		}
		if set[i] = whole; start {
			set[i] = wordEdge + set[i]
		}
		if end {
			set[i] += wordEdge
		}
	}
	return uniq(set)
}

// cutEdges returns s without its word edges, and whether one stood at its beginning and at its end.
func cutEdges(s string) (whole string, start, end bool) {
	return strings.ReplaceAll(s, wordEdge, ""), strings.HasPrefix(s, wordEdge), strings.HasSuffix(s, wordEdge)
}

// cost estimates how often one of the literals stands in a unit by chance. It
// decides by what an expression is reached; it need not be right, only in order.
func cost(set []string) float64 {
	sum := 0.0
	for _, s := range set {
		whole, _, _ := cutEdges(s)
		sum += rate(whole)
	}
	return sum * unitLength
}

// unitLength is the length in bytes of a usual unit.
const unitLength = 100

// uniq returns set without what stood in it before, in memory of its own. It is
// called many times for each expression: sets are small, and the table that
// tells what stood there lies on the stack.
func uniq(set []string) []string {
	out := slices.Grow(set[:0:0], len(set))
	if len(set) <= 8 {
		for _, s := range set {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		return out
	}
	var small [512]int32
	seen := small[:] // places in out, from 1, by hash; 0 is free
	if 2*len(set) > len(seen) {
		seen = make([]int32, 1<<bits.Len(uint(2*len(set))))
	}
next:
	for _, s := range set {
		h := maphash.String(uniqSeed, s)
		for ; ; h++ {
			at := &seen[h&uint64(len(seen)-1)]
			if *at == 0 {
				out = append(out, s)
				*at = int32(len(out))
				continue next
			}
			if out[*at-1] == s {
				continue next
			}
		}
	}
	return out
}

var uniqSeed = maphash.MakeSeed()

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

var lower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
	}
	for c := 'A'; c <= 'Z'; c++ {
		t[c] = byte(c | 0x20)
	}
	return
}()
