package rules

import (
	"cmp"
	"fmt"
	"slices"

	"winnow/text"
)

// A Doubter is a Scorer that can say why it left a unit alone.
type Doubter interface {
	// Doubt says, in words, what was asked of a unit and what it has. "" has
	// nothing to say.
	Doubt(seg *text.Segments, taken []bool, unit int) string
}

// A near is a finding on a rule that does not match, with how near it comes,
// from 0 to 1, and 2 where it would match if it were not off.
type near struct {
	Finding
	by float64
}

const (
	wordInCommon = 0.3 // how near an expression comes whose word stands there
	modelDoubts  = 0.2
	leastAlike   = 0.5 // share of the words that a text must have in common to be named
	mostAlike    = 5   // texts that are named
)

// nearest returns what comes near the units at span, which nothing cut: rules
// that are off and would match, texts that have most words in common with a
// unit, and what a model asks for. It looks at every rule, which only a question
// about a single place can afford.
func (s *Set) nearest(f *finder, doc *text.Document, span text.Span, o Options) []near {
	var out []near
	var off []*Rule
	var alike []near
	for _, r := range s.rules {
		if !r.Scope.covers(doc.Publisher) || r.Keep {
			continue
		}
		if r.Mode == Off {
			one := *r
			one.Mode = Shadow
			off = append(off, &one)
			continue
		}
		if r.Kind == KindText || r.Kind == KindTemplate {
			for _, u := range f.unitsIn(span) {
				if by, t := r.alike(&f.seg, u); by >= leastAlike && by < 1 {
					alike = append(alike, near{Finding{r, f.seg.Units[u].Span, NearMiss,
						fmt.Sprintf("%.0f %% of its words are those of %q; all must be, in their order", 100*by, t)}, by})
				}
			}
		}
		if r.Kind == KindCues {
			for _, u := range f.unitsIn(span) {
				if why := r.doubt(f, u, nil); why != "" {
					out = append(out, near{Finding{r, f.seg.Units[u].Span, NearMiss, why}, modelDoubts})
				}
			}
		}
		if d, ok := r.Scorer.(Doubter); ok {
			f.seg.FillAll()
			for _, u := range f.unitsIn(span) {
				if why := d.Doubt(&f.seg, make([]bool, len(f.seg.Units)), u); why != "" {
					out = append(out, near{Finding{r, f.seg.Units[u].Span, NearMiss, why}, modelDoubts})
				}
			}
		}
	}
	slices.SortStableFunc(alike, func(a, b near) int { return cmp.Compare(b.by, a.by) })
	out = append(out, alike[:min(mostAlike, len(alike))]...)
	if len(off) == 0 {
		return out
	}
	set, err := NewSet(&Pack{Rules: off})
	if err != nil {
		return out // s was compiled without them
	}
	for _, r := range set.Apply(doc, o).Removals {
		for _, m := range r.Matches {
			if !m.Span.Overlaps(span) {
				continue
			}
			why := "it matches, but it is off"
			if by := m.Rule.Override; by != nil {
				why += fmt.Sprintf(": %s, %s, %s", by.Who, by.When, by.Why)
			}
			out = append(out, near{Finding{s.Rule(m.Rule.ID), m.Span, NearMiss, why}, 2})
		}
	}
	return out
}

// covers reports whether rules of the scope apply to a publisher's documents.
func (s Scope) covers(p text.Publisher) bool {
	switch {
	case s.Publisher != "":
		return s.Publisher == p
	case s.Group != "":
		return slices.Contains(s.Members, p)
	}
	return true
}

// unitsIn returns the units that overlap span.
func (f *finder) unitsIn(span text.Span) []int {
	var out []int
	for u := f.seg.UnitAt(span.Start); u < len(f.seg.Units) && f.seg.Units[u].Span.Start < span.End; u++ {
		out = append(out, u)
	}
	return out
}

// alike returns the pattern of r that has the largest share of its words in
// common with a unit, and that share: of the words of the longer of both.
func (r *Rule) alike(seg *text.Segments, unit int) (best float64, pattern string) {
	var other text.Segments
	count := map[uint64]int{}
	for _, p := range r.Text {
		clear(count)
		other.Segment(p, "", nil)
		for _, t := range other.Tokens {
			count[t.Hash]++
		}
		common := 0
		tokens := seg.TokensOf(seg.Fill(unit).Tokens)
		for _, t := range tokens {
			if count[t.Hash] > 0 {
				count[t.Hash]--
				common++
			}
		}
		if by := float64(common) / float64(max(1, len(tokens), len(other.Tokens))); by > best {
			best, pattern = by, p
		}
	}
	return best, pattern
}
