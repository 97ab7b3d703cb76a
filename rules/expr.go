package rules

import (
	"fmt"
	"math"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// An expr is a regular expression that is anchored to a unit, with what is
// known of its matches without running it: most units that hold one of an
// expression's literals do not match it, so the cheap conditions are asked
// first. They answer nine of ten tries.
type expr struct {
	source   string
	dfa      func() *dfa // made when it is first run: most never are
	literals []string    // a text that matches holds one of them; nil if that is not known (see literals)
	min, max int         // length of a match in runes; max is -1 where there is no bound
	// head holds strings with one of which a match begins once what stands before
	// its first letter or digit is cut off; none if that is not known.
	head   edges
	byHead bool     // whether what units begin with is a better way to e than its literals
	reach  float64  // about how often e is looked at in a unit by chance; infinite where it cannot be reached
	tail   edges    // a match ends with one of them; none if that is not known
	need   [][]need // of each list a match holds one
	glance glance   // what rules e out at once
	n      int      // its number in its index
	shared bool     // several atoms of the index have it, so that its answers are worth keeping
}

// quotes brings the quotation marks of an expression to the form that units have in text.Plain.
var quotes = strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`, "…", `\.\.\.`)

// newExpr reads an expression, anchors it to the unit and derives what is known of its matches.
func newExpr(p string) (*expr, error) {
	p = quotes.Replace(p)
	parsed, err := syntax.Parse(p, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("regexp %q: %s", p, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	parsed = parsed.Simplify()
	d := deriver{}
	e := &expr{source: p, literals: d.literals(parsed)}
	e.dfa = sync.OnceValue(func() *dfa { return newDFA(p) })
	e.min, e.max = lengths(parsed)
	e.reach = math.Inf(1)
	if e.literals != nil {
		e.reach = cost(e.literals)
	}
	sum := 0.0
	heads := prefixes(d.heads(parsed))
	for _, h := range heads {
		sum += rate(h)
	}
	e.head = newEdges(heads, false)
	if e.byHead = len(heads) > 0 && sum < e.reach; e.byHead {
		e.reach = sum
	}
	if tail := minimal(d.edge(parsed, true, 0), strings.HasSuffix); len(tail) <= maxNeed && !slices.Contains(tail, "") {
		e.tail = newEdges(tail, true)
	}
	for _, set := range d.needs(parsed, 0) {
		e.need = append(e.need, newNeeds(set))
	}
	slices.SortStableFunc(e.need, func(a, b []need) int { return len(a) - len(b) })
	e.glance = e.newGlance()
	return e, nil
}

// lengths returns bounds on the length of a match in runes; max is -1 for none.
func lengths(re *syntax.Regexp) (minimum, maximum int) {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune), len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1, 1
	case syntax.OpCapture:
		return lengths(re.Sub[0])
	case syntax.OpStar:
		return 0, -1
	case syntax.OpPlus:
		lo, _ := lengths(re.Sub[0])
		return lo, -1
	case syntax.OpQuest:
		_, hi := lengths(re.Sub[0])
		return 0, hi
	case syntax.OpRepeat:
		lo, hi := lengths(re.Sub[0])
		if re.Max < 0 || hi < 0 {
			return lo * re.Min, -1
		}
		return lo * re.Min, hi * re.Max
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			lo, hi := lengths(sub)
			minimum += lo
			if maximum >= 0 && hi >= 0 {
				maximum += hi
			} else {
				maximum = -1
			}
		}
		return minimum, maximum
	case syntax.OpAlternate:
		minimum = -1
		for _, sub := range re.Sub {
			lo, hi := lengths(sub)
			if minimum < 0 || lo < minimum {
				minimum = lo
			}
			if maximum >= 0 && hi >= 0 {
				maximum = max(maximum, hi)
			} else {
				maximum = -1
			}
		}
		return max(minimum, 0), maximum
	}
	return 0, 0
}

// heads returns strings with one of which a match begins once what stands
// before its first letter or digit (quotes, brackets, arrows) is cut off; nil if that is not known.
func (d deriver) heads(re *syntax.Regexp) []string {
	for re.Op == syntax.OpCapture {
		re = re.Sub[0]
	}
	if re.Op == syntax.OpConcat {
		skip := 0
		for skip < len(re.Sub) && wordless(re.Sub[skip]) {
			skip++
		}
		if skip == len(re.Sub) {
			return nil
		}
		re = &syntax.Regexp{Op: syntax.OpConcat, Sub: re.Sub[skip:]}
	}
	var out []string
	for _, h := range d.edge(re, false, 0) {
		at := strings.IndexFunc(h, wordRune)
		if at < 0 {
			return nil
		}
		out = append(out, h[at:])
	}
	return uniq(out)
}

// minimal returns set without the strings of which another one is the beginning (or the end).
func minimal(set []string, has func(s, part string) bool) []string {
	return slices.DeleteFunc(slices.Clone(set), func(s string) bool {
		return slices.ContainsFunc(set, func(o string) bool { return len(o) < len(s) && has(s, o) })
	})
}

// prefixes returns set, sorted, without the strings that begin with another one.
func prefixes(set []string) []string {
	set = slices.Sorted(slices.Values(set))
	kept := set[:0]
	for _, s := range set {
		if n := len(kept); n == 0 || !strings.HasPrefix(s, kept[n-1]) {
			kept = append(kept, s)
		}
	}
	return kept
}

// wordRune reports whether r can begin a token.
func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// wordless reports whether re matches no letter and no digit.
func wordless(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return !slices.ContainsFunc(re.Rune, wordRune)
	case syntax.OpCharClass:
		// Classes of punctuation hold few ranges; one like \W goes up to the last rune and
		// holds letters outside ASCII, which its author did not mean: such a unit is missed.
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1] && r < utf8.RuneSelf; r++ {
				if wordRune(r) {
					return false
				}
			}
		}
		return true
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpBeginLine, syntax.OpWordBoundary:
		return true
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpNoMatch, syntax.OpNoWordBoundary, syntax.OpEndText, syntax.OpEndLine:
		return false
	}
	for _, sub := range re.Sub {
		if !wordless(sub) {
			return false
		}
	}
	return len(re.Sub) > 0
}

// maxEdge is the most beginnings (or ends) that are kept of an expression.
const maxEdge = 256

// edge returns strings with one of which every match of re begins (with
// suffix: ends); a list that holds "" says nothing.
func (d deriver) edge(re *syntax.Regexp, suffix bool, depth int) []string {
	if set, ok := d.exact(re, depth); ok {
		return set
	}
	if depth > 50 {
		return []string{""}
	}
	switch re.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return d.edge(re.Sub[0], suffix, depth+1)
	case syntax.OpRepeat:
		if re.Min > 0 {
			return d.edge(re.Sub[0], suffix, depth+1)
		}
	case syntax.OpQuest:
		return uniq(append(d.edge(re.Sub[0], suffix, depth+1), ""))
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			if all = append(all, d.edge(sub, suffix, depth+1)...); len(all) > maxEdge {
				return []string{""}
			}
		}
		return uniq(all)
	case syntax.OpConcat:
		// open are beginnings that what follows is joined to, done those that end where they are.
		open, done := []string{""}, []string(nil)
		for i := range re.Sub {
			sub := re.Sub[i]
			if suffix {
				sub = re.Sub[len(re.Sub)-1-i]
			}
			next, whole := d.exact(sub, depth+1)
			optional := !whole && (sub.Op == syntax.OpQuest || sub.Op == syntax.OpStar || sub.Op == syntax.OpRepeat && sub.Min == 0)
			switch {
			case optional:
				next = d.edge(sub.Sub[0], suffix, depth+1)
			case !whole:
				next = d.edge(sub, suffix, depth+1)
			}
			if len(open)*len(next)+len(done) > maxEdge {
				break
			}
			longer := make([]string, 0, len(open)*len(next))
			for _, o := range open {
				for _, n := range next {
					if suffix {
						longer = append(longer, n+o)
					} else {
						longer = append(longer, o+n)
					}
				}
			}
			if optional { // it is there and the beginning ends with it, or it is not there
				done = append(done, longer...)
				continue
			}
			if open = longer; !whole {
				break
			}
		}
		return uniq(append(done, open...))
	}
	return []string{""}
}

// needs returns lists of strings of each of which every match of re holds one.
func (d deriver) needs(re *syntax.Regexp, depth int) [][]string {
	if depth > 50 {
		return nil
	}
	if set, ok := d.bounded(re, depth); ok {
		return needOf(set)
	}
	switch re.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return d.needs(re.Sub[0], depth+1)
	case syntax.OpRepeat:
		if re.Min > 0 {
			return d.needs(re.Sub[0], depth+1)
		}
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			own := d.needs(sub, depth+1)
			if len(own) == 0 {
				return nil
			}
			all = append(all, slices.MaxFunc(own, func(a, b []string) int { return shortest(a) - shortest(b) })...)
		}
		return needOf(uniq(all))
	case syntax.OpConcat:
		var out [][]string
		run := []string{""}
		for _, sub := range re.Sub {
			set, ok := d.bounded(sub, depth+1)
			if ok {
				if joined := cross(run, set); joined != nil {
					run = joined
					continue
				}
			}
			out = append(out, needOf(run)...)
			if run = []string{""}; ok {
				run = set
			} else {
				out = append(out, d.needs(sub, depth+1)...)
			}
		}
		return append(out, needOf(run)...)
	}
	return nil
}

// maxNeed is the most strings of a condition: each is looked for in turn.
const maxNeed = 64

// needOf returns set as a condition, where it is one worth asking. Of a long
// list only the beginnings are asked for, which are fewer. A string with word
// edges inside is cut at them to its longest part.
func needOf(set []string) [][]string {
	if len(set) == 0 {
		return nil
	}
	set = slices.Clone(set)
	for i, s := range set {
		best := ""
		parts := strings.Split(s, wordEdge)
		for j, p := range parts {
			if j > 0 {
				p = wordEdge + p
			}
			if j < len(parts)-1 {
				p += wordEdge
			}
			if len(p) > len(best) {
				best = p
			}
		}
		set[i] = best
	}
	set = uniq(set)
	least := shortest(set)
	for n := 12; len(set) > maxNeed && n >= 3; n-- {
		cut := make([]string, len(set))
		for i, s := range set {
			if cut[i] = s; len(s) > n {
				cut[i] = s[:n]
			}
		}
		if cut = uniq(cut); len(cut) <= maxNeed {
			set, least = cut, shortest(cut)
		}
	}
	if len(set) > maxNeed || least < 2 {
		return nil
	}
	return [][]string{set}
}

// shortest returns the length of the shortest string of set, word edges not counted.
func shortest(set []string) int {
	n := 1 << 20
	for _, s := range set {
		n = min(n, len(strings.Trim(s, wordEdge)))
	}
	return n
}
