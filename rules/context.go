package rules

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/text"
)

// Sizes of lists, in bytes, tokens and lines.
const (
	maxTerm       = 40  // bytes of a term with its explanation on the next line
	maxDefinition = 140 // bytes of that explanation
	minTerms      = 3   // terms of a list of terms
	minBroken     = 5   // tokens of a line that goes on with the sentence above
	minList       = 5   // lines of a list of short lines
	minFields     = 4   // lines of a record
	maxField      = 30  // bytes of a field's name
	knownShare    = 3   // in such a list one line of so many must be known to a rule
)

// context parts cs into those that may be furniture and those that the lines
// around them make a part of the text. A label is a part of the text where
//   - it begins a sentence that the next line goes on with in lower case,
//   - it is a Markdown heading over text that stays, or leads to fenced code,
//   - it is a field of a record of which rules know hardly any,
//   - it is a term of a list of terms, each with a sentence below it,
//   - it stands in a list of short lines of which rules know hardly any
//     (steps, choices, results),
//   - it stands in code or in a comparison of two versions.
//
// Rules that hold for all publishers are asked, and of those only matches of a
// single line and blocks inside a list of terms. Archive wrappers, whose labels
// are lists themselves, and rules that the budget does not count are let be.
func (f *finder) context(cs []candidate) (free, bound []candidate) {
	var g *lines
	for i, c := range cs {
		if !(c.partial || c.rule.Exempt || c.rule.Category == Archive || !c.rule.anyone() || !f.wholeLines(c)) {
			if g == nil {
				g = f.lines(cs)
			}
			if g.bound(c) {
				if len(bound) == 0 {
					free = slices.Clone(cs[:i])
				}
				bound = append(bound, c)
				continue
			}
		}
		if len(bound) > 0 {
			free = append(free, c)
		}
	}
	if len(bound) == 0 {
		return cs, nil
	}
	return free, bound
}

// anyone reports whether r holds for the documents of all publishers.
func (r *Rule) anyone() bool { return r.Scope.Publisher == "" && r.Scope.Group == "" }

// lines are the lines of a document that are not blank, with what is known of them.
type lines struct {
	f     *finder
	at    []int  // index into seg.Lines
	taken []bool // a match covers the line
	place []int  // of each of seg.Lines: its index in at

	list, fields, steps stretch // looked at last: candidates of one stretch come one after the other
}

// A stretch is a run of lines that are alike: lines first to last, both included.
type stretch struct {
	first, last int
	known       int  // lines of it that rules know
	enough      bool // of a list of terms: whether it holds enough different ones
}

// holds reports whether line i is one of s.
func (s *stretch) holds(i int) bool { return s.first <= i && i <= s.last }

// stretch returns the run of lines around line i, one of it, that are alike.
func (g *lines) stretch(i int, alike func(i int) bool) stretch {
	s := stretch{first: i, last: i}
	for s.first > 0 && alike(s.first-1) {
		s.first--
	}
	for s.last+1 < len(g.at) && alike(s.last+1) {
		s.last++
	}
	for j := s.first; j <= s.last; j++ {
		if g.taken[j] {
			s.known++
		}
	}
	return s
}

func (f *finder) lines(cs []candidate) *lines {
	n := len(f.seg.Lines)
	none := stretch{last: -1}
	g := &lines{f: f, list: none, fields: none, steps: none, at: f.ints(n)[:0], taken: make([]bool, 0, n), place: f.ints(n)}
	known := make([]bool, n)
	for _, c := range cs {
		if c.partial {
			continue
		}
		for u := c.lo; u < c.hi; u++ {
			known[f.seg.Units[u].Line] = true
		}
	}
	for i := range f.seg.Lines {
		if !f.seg.Lines[i].Blank() {
			g.place[i] = len(g.at)
			g.at = append(g.at, i)
			g.taken = append(g.taken, known[i])
		}
	}
	return g
}

func (g *lines) line(i int) *text.Line { return &g.f.seg.Lines[g.at[i]] }

// filled is line with the tokens.
func (g *lines) filled(i int) *text.Line { return g.f.seg.FillLine(g.at[i]) }

func (g *lines) text(i int) string { return g.line(i).Span.In(g.f.seg.Text) }

// short reports whether line i is one short unit that does not read like a sentence.
func (g *lines) short(i int) bool { return g.f.furniture(g.line(i).Units[0]) }

func (g *lines) bound(c candidate) bool {
	lo, hi := g.place[g.f.seg.Units[c.lo].Line], g.place[g.f.seg.Units[c.hi-1].Line]
	if g.terms(lo, hi) {
		return true
	}
	return lo == hi && (g.brokenOff(lo) || g.heads(lo) || g.inFields(lo) || c.rule.Where != Anywhere && g.inList(lo) || g.inCode(lo))
}

// brokenOff reports whether line i+1 goes on, in lower case, with a sentence
// that begins in line i. A label that cuts a paragraph in two has an unfinished
// sentence above it too, and is none of this.
func (g *lines) brokenOff(i int) bool {
	if i+1 >= len(g.at) || g.taken[i+1] || g.at[i+1] != g.at[i]+1 || strings.HasSuffix(g.text(i), ":") {
		return false
	}
	wrapped := g.line(i).Span.Len() >= proseLine && !endsSentence(g.text(i))
	if !wrapped && !g.short(i) {
		return false
	}
	if i > 0 && !g.taken[i-1] && !endsSentence(g.text(i-1)) && g.line(i-1).Span.Len() > proseLine {
		return false
	}
	r, _ := utf8.DecodeRuneInString(g.text(i + 1))
	return unicode.IsLower(r) && g.filled(i+1).Tokens.Len() >= minBroken && (wrapped || endsSentence(g.text(i+1)))
}

// heads reports whether line i is a Markdown heading over text that stays, or
// the line in front of fenced code.
func (g *lines) heads(i int) bool {
	if i+1 >= len(g.at) {
		return false
	}
	next := g.text(i + 1)
	if strings.HasPrefix(next, "```") || strings.HasPrefix(next, "~~~") {
		return !g.taken[i+1]
	}
	level, below := headingLevel(g.text(i)), headingLevel(next)
	switch {
	case level == 0 || below > 0 && below <= level:
		return false
	case g.taken[i+1]:
		return below > 0 && g.heads(i+1)
	}
	return true
}

// headingLevel returns the level of the Markdown heading that t is, else 0.
func headingLevel(t string) int {
	n := len(t) - len(strings.TrimLeft(t, "#"))
	if n > 6 || n == len(t) || t[n] != ' ' {
		return 0
	}
	return n
}

// inFields reports whether line i stands in a record: lines of a name, a colon
// and a value, of which rules know less than one in knownShare.
func (g *lines) inFields(i int) bool {
	if !g.field(i) {
		return false
	}
	if !g.fields.holds(i) {
		g.fields = g.stretch(i, g.field)
	}
	n := g.fields.last - g.fields.first + 1
	return n >= minFields && g.fields.known*knownShare < n
}

// field reports whether line i is a name, a colon and a value.
func (g *lines) field(i int) bool {
	t := g.text(i)
	name, value, ok := strings.Cut(t, ": ")
	return ok && name != "" && len(name) <= maxField && value != "" && len(t) <= maxDefinition && !strings.ContainsAny(name, ".!?;")
}

// terms reports whether lines lo to hi begin with a term of a list of terms:
// minTerms different ones or more, with one line below each.
func (g *lines) terms(lo, hi int) bool {
	if hi-lo > 2 || !g.term(lo) {
		return false
	}
	if g.steps.holds(lo) && (lo-g.steps.first)%2 == 0 {
		return g.steps.enough
	}
	s := stretch{first: lo, last: lo}
	prints := []text.Fingerprint{g.filled(lo).Print}
	for ; s.first >= 2 && g.term(s.first-2); s.first -= 2 {
		prints = append(prints, g.filled(s.first-2).Print)
	}
	for ; g.term(s.last + 2); s.last += 2 {
		prints = append(prints, g.filled(s.last+2).Print)
	}
	slices.Sort(prints)
	s.enough = len(slices.Compact(prints)) >= minTerms
	g.steps = s
	return s.enough
}

// term reports whether line i is short and the line below it one sentence.
func (g *lines) term(i int) bool {
	if i < 0 || i+1 >= len(g.at) || !g.short(i) || g.line(i).Span.Len() > maxTerm || g.filled(i).Tokens.Len() == 0 {
		return false
	}
	d := g.filled(i + 1)
	return d.Span.Len() <= maxDefinition && d.Tokens.Len() >= 3 && !g.short(i+1) && endsSentence(g.text(i+1))
}

// inList reports whether line i stands inside a list of short lines of which
// rules know less than one in knownShare. The list's first and last line are
// let be: a label borders on the prose there.
func (g *lines) inList(i int) bool {
	list := g.list
	if !list.holds(i) {
		if list = g.stretch(i, g.short); g.short(i) { // else it joins two lists
			g.list = list
		}
	}
	n := list.last - list.first + 1
	return i != list.first && i != list.last && n >= minList && list.known*knownShare < n
}

// inCode reports whether line i stands in code: next to a line of it, or as one
// side of a comparison.
func (g *lines) inCode(i int) bool {
	for _, j := range [...]int{i - 1, i + 1} {
		if j < 0 || j >= len(g.at) || g.taken[j] && !diffPair(g.text(i), g.text(j)) {
			continue
		}
		if codeLine(g.text(j)) || diffPair(g.text(i), g.text(j)) {
			return true
		}
	}
	return false
}

// codeLine reports whether t is a line of a program, a markup or a comparison.
func codeLine(t string) bool {
	for _, p := range [...]string{">>> ", "--- a/", "+++ b/", "@@ -", "def ", "#include ", "<div", "<p>", "<a ", "</", "<span", "<li", "<ul"} {
		if strings.HasPrefix(t, p) {
			return true
		}
	}
	for _, s := range [...]string{"{", "};", ");", "</a>", "</p>", "</div>", "</li>", "\";", "',", "\","} {
		if strings.HasSuffix(t, s) {
			return true
		}
	}
	return t == "}" || t == "]" || t == "]," || t == "},"
}

// diffPair reports whether s and t are the old and the new form of a line.
func diffPair(s, t string) bool {
	if len(s) < 3 || len(t) < 3 {
		return false
	}
	return s[0] == '-' && t[0] == '+' || s[0] == '+' && t[0] == '-'
}
