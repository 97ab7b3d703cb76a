package rules

import (
	"slices"

	"winnow/text"
)

// A Scorer finds furniture by what it looks like, where no rule names it. It
// stands behind a rule of the kind model (see Rule.Scorer) and must be safe for
// concurrent use and deterministic.
type Scorer interface {
	// Score returns what of a text is furniture, in order. taken says of each unit
	// whether an enforcing rule matched all of it. Score may not change its
	// arguments, nor keep them. It is not asked about pages that were extracted.
	Score(seg *text.Segments, taken []bool) []Scored
}

// A Scored is a unit that a Scorer takes for furniture.
type Scored struct {
	Unit     int // index into Segments.Units
	Category Category
	Reason   string // what spoke for it, in words
}

// scored returns the matches of the rules of xs that have a Scorer, where cs
// are the matches of the other rules. Matches of one rule differ in category:
// each category has its own copy of the rule. A page whose blocks were laid out
// has none: extraction chose its blocks by more than their text, and what is
// short among them is a table, a list or a heading of the article.
func (f *finder) scored(xs []*index, cs []candidate) []candidate {
	if len(f.laid) > 0 {
		return nil
	}
	var out []candidate
	var taken []bool
	for _, x := range xs {
		for _, r := range x.models {
			if taken == nil {
				f.seg.FillAll()
				taken = make([]bool, len(f.seg.Units))
				for _, c := range cs {
					if c.partial || c.rule.Mode != Enforce {
						continue
					}
					for u := c.lo; u < c.hi; u++ {
						taken[u] = true
					}
				}
			}
			as := map[Category]*Rule{}
			for _, s := range r.Scorer.Score(&f.seg, taken) {
				rule := as[s.Category]
				if rule == nil {
					one := *r
					one.Category = s.Category
					rule = &one
					as[s.Category] = rule
				}
				out = append(out, candidate{rule: rule, lo: s.Unit, hi: s.Unit + 1, span: f.seg.Units[s.Unit].Span, reason: s.Reason})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int { return a.span.Compare(b.span) })
	return out
}
