package rules

import (
	"cmp"
	"fmt"
	"slices"

	"winnow/text"
)

// An Explanation says why a span was removed, or why it was kept.
type Explanation struct {
	Span     text.Span // the span asked for, widened to the units that it touches
	Removed  *Removal  // the removal that holds the span's first byte, enforced before shadow; nil where it was kept
	Findings []Finding // rules that matched or nearly matched there, the nearest first
	Clean    string    // what is kept of the whole text
}

// A Finding is one rule that had something to say on a span.
type Finding struct {
	Rule      *Rule
	Span      text.Span
	Verdict   Verdict
	Condition string // the condition that decided, in words
}

// NearMiss is the verdict on a rule that has a word in common with a unit but
// does not match it.
const NearMiss Verdict = "does not match"

// Explain says why the text of doc at span was removed or kept. It matches the
// document anew under the same options, and so agrees with Apply.
func (s *Set) Explain(doc *text.Document, span text.Span, o Options) Explanation {
	f := newFinder()
	type miss struct {
		atom *atom
		span text.Span
	}
	var misses []miss
	f.near = func(a *atom, span text.Span) { misses = append(misses, miss{a, span}) }
	out := s.apply(f, doc, o, true)

	e := Explanation{Span: f.unitsOf(span), Clean: out.Clean}
	for i := range out.Removals {
		r := &out.Removals[i]
		if !r.Span.Contains(span.Start) {
			continue
		}
		if e.Removed == nil || r.Mode == Enforce {
			e.Removed = r
		}
		for _, m := range r.Matches {
			fi := Finding{Rule: m.Rule, Span: m.Span, Verdict: Cut, Condition: fmt.Sprintf("%s, %s", m.Rule.Kind, m.Rule.Where)}
			if m.Reason != "" {
				fi.Condition = m.Reason
			}
			if m.Rule.Mode == Shadow || r.Mode == Shadow {
				fi.Verdict = OnlyShadow
			}
			e.Findings = append(e.Findings, fi)
		}
	}
	for _, k := range out.Kept {
		if !k.Match.Span.Overlaps(e.Span) {
			continue
		}
		c := string(k.By)
		switch k.By {
		case KeptByPlace:
			c = fmt.Sprintf("the rule asks for the %s of the document, and content stands between", k.Match.Rule.Where)
			if k.Match.Rule.Where == Anywhere {
				c = "the lines around it make it a part of the text"
			}
		case KeptByCategory:
			c = fmt.Sprintf("category %s is kept", k.Match.Rule.Category)
		case KeptByConfidence:
			c = fmt.Sprintf("confidence %.3f is below %.3f", k.Match.Rule.Confidence, o.MinConfidence)
		case KeptByException:
			c = fmt.Sprintf("%s protects it", k.Rule.ID)
		}
		e.Findings = append(e.Findings, Finding{k.Match.Rule, k.Match.Span, k.By, c})
	}
	var nears []near
	if e.Removed == nil || e.Removed.Mode != Enforce {
		nears = s.nearest(f, doc, e.Span, o)
	}
	for _, m := range misses {
		if m.span.Overlaps(e.Span) && m.atom.role == roleWhole {
			nears = append(nears, near{Finding{m.atom.rule, m.span, NearMiss,
				fmt.Sprintf("the unit holds a word of the expression, but the whole of it does not match %q", m.atom.expr.source)}, wordInCommon})
		}
	}
	slices.SortStableFunc(nears, func(a, b near) int {
		return cmp.Or(cmp.Compare(b.by, a.by), a.Span.Compare(b.Span), cmp.Compare(a.Rule.ID, b.Rule.ID))
	})
	rank := map[Verdict]int{Cut: 0, KeptByException: 1, KeptByBudget: 2, KeptByPlace: 3, OnlyShadow: 4, KeptByCategory: 5, KeptByProfile: 6, KeptByConfidence: 7}
	slices.SortStableFunc(e.Findings, func(a, b Finding) int {
		return cmp.Or(rank[a.Verdict]-rank[b.Verdict], a.Span.Compare(b.Span), cmp.Compare(a.Rule.ID, b.Rule.ID))
	})
	for _, n := range nears {
		e.Findings = append(e.Findings, n.Finding)
	}
	e.Findings = slices.CompactFunc(e.Findings, func(a, b Finding) bool { return a.Rule == b.Rule && a.Span == b.Span && a.Verdict == b.Verdict })
	return e
}

// unitsOf widens span to the units that it touches.
func (f *finder) unitsOf(span text.Span) text.Span {
	lo := f.seg.UnitAt(span.Start)
	for u := lo; u < len(f.seg.Units); u++ {
		us := f.seg.Units[u].Span
		if us.Start >= max(span.End, span.Start+1) {
			break
		}
		span = span.Union(us)
	}
	return span
}

// Cost returns how many bytes of doc the expressions of each rule run on in
// vain. A rule with much of that wants a more telling beginning or word.
func (s *Set) Cost(doc *text.Document) map[ID]int {
	f := newFinder()
	cost := map[ID]int{}
	f.ran = func(a *atom, n int) { cost[a.rule.ID] += n }
	s.apply(f, doc, Options{}, false)
	return cost
}
