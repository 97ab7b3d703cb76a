package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"winnow/text"
)

// Options say which matches of a Set become removals. The zero value cuts what
// enforcing rules of the categories removed by default match, within the
// default budget.
type Options struct {
	Keep          []Category // categories to keep although they are removed by default
	Remove        []Category // categories to remove although they are kept by default
	Only          []Category // where not empty: no other categories are removed
	MinConfidence float64    // 0 to 1; matches of rules below it are kept
	Budget        float64    // largest share of the text that may go; 0 means DefaultBudget, 1 no limit
	ShadowAll     bool       // everything is reported in shadow mode, nothing is cut
	ShadowCuts    bool       // rules in shadow mode cut as well
}

// DefaultBudget is the largest share of a text that rules may take before the
// result is held to be a mistake; see Options.Budget.
const DefaultBudget = 0.60

// OverBudget is the code of the warning that rules would have taken more of a
// text than the budget allows and so took nothing.
const OverBudget = "OVER_BUDGET"

// NothingLeft is the code of the warning that the rules took all of a text.
const NothingLeft = "NOTHING_LEFT"

// wants reports whether matches of category c are to be removed.
func (o Options) wants(c Category) bool {
	switch {
	case slices.Contains(o.Keep, c):
		return false
	case slices.Contains(o.Remove, c):
		return true
	case len(o.Only) > 0:
		return slices.Contains(o.Only, c)
	}
	return c.Removed()
}

// Apply matches s against doc and returns what is removed and what is kept.
// It never fails: a document that it can do nothing with comes back whole.
//
// Matches are collected first and then decided: the place a rule asks for, the
// exceptions, the options, the budget. Matches that overlap, touch or have
// only white space between them become one removal.
func (s *Set) Apply(doc *text.Document, o Options) Outcome {
	f := finders.Get().(*finder)
	out := s.apply(f, doc, o, false)
	finders.Put(f) // not after a panic: who knows what state f is in
	return out
}

// A decision is a candidate with what came of it.
type decision struct {
	candidate
	spans   []text.Span // what of it is cut or reported, after exceptions
	verdict Verdict
	keeper  *Rule
}

// apply is Apply. With all, Outcome.Kept lists every match that came to nothing.
func (s *Set) apply(f *finder, doc *text.Document, o Options, all bool) Outcome {
	t := doc.Text
	xs := s.indexes(doc.Publisher)
	repairs := f.match(xs, doc)
	cs := f.candidates(xs)
	scored := f.scored(xs, cs)
	if len(cs) == 0 && len(repairs) == 0 && len(scored) == 0 {
		return Outcome{Clean: t}
	}
	ds := make([]decision, 0, len(repairs)+len(scored)+len(cs))
	for _, c := range repairs {
		ds = append(ds, decision{candidate: c})
	}
	for _, c := range scored { // they make no head and no tail for other rules
		ds = append(ds, decision{candidate: c})
	}
	keepers := f.keepers(xs, append(scored, cs...), false)
	cs, quoted := f.context(cs)
	for _, c := range quoted {
		ds = append(ds, decision{candidate: c, verdict: KeptByPlace})
	}
	cut := f.regions(cs, false)
	rest := cut
	if slices.ContainsFunc(cs, func(c candidate) bool { return c.rule.Mode == Shadow }) {
		rest = f.regions(cs, true)
	}
	var by *cover
	for _, c := range cs {
		if by == nil && c.rule.Prose {
			by = f.cover(cs)
		}
		d := decision{candidate: c}
		region := cut
		if c.rule.Mode == Shadow && !o.ShadowCuts {
			region = rest
		}
		if !region.allows(c) || c.rule.Prose && !f.besideProse(c, by) {
			d.verdict = KeptByPlace
		}
		ds = append(ds, d)
	}
	for i := range ds {
		decide(&ds[i], keepers, o)
	}
	var warnings []Warning
	if w := budget(ds, len(t), o); w != "" {
		warnings = append(warnings, Warning{OverBudget, w})
	}
	if o.ShadowAll {
		for i := range ds {
			if ds[i].verdict == Cut {
				ds[i].verdict = OnlyShadow
			}
		}
	}
	out := Outcome{Clean: t, Warnings: warnings}
	out.Removals = f.removals(ds)
	out.Clean = excise(t, out.Removals)
	if len(out.Clean) < len(t) && (text.Span{End: len(out.Clean)}).Trim(out.Clean).Empty() {
		out.Warnings = append(out.Warnings, Warning{NothingLeft, "the rules took all of the text"})
	}
	for _, d := range ds {
		switch d.verdict {
		case Cut, OnlyShadow:
			if d.keeper == nil {
				continue
			}
			d.verdict = KeptByException
		case KeptByException, KeptByBudget:
		default:
			if !all {
				continue
			}
		}
		out.Kept = append(out.Kept, Kept{Match: Match{Rule: d.rule, Span: d.span, Reason: d.reason}, By: d.verdict, Rule: d.keeper})
	}
	return out
}

// match segments doc and fills f.hits. It returns the repairs, which run first:
// what they cut is not there for other rules.
func (f *finder) match(xs []*index, doc *text.Document) (repairs []candidate) {
	f.hits, f.skip = f.hits[:0], nil
	var d *doubling
	for _, x := range xs {
		for _, r := range x.repair {
			if d == nil {
				d = doubled(doc.Text)
			}
			if len(d.cuts) == 0 || !d.enough(r) || len(r.Given) > 0 && !f.given(x, doc, r) {
				continue
			}
			for _, cut := range d.cuts {
				repairs = append(repairs, candidate{rule: r, span: cut.Trim(doc.Text)})
			}
		}
	}
	if len(repairs) > 0 {
		f.skip = d.cuts
	}
	f.segment(doc)
	for _, x := range xs {
		f.find(x)
	}
	return repairs
}

// given reports whether what r asks for stands in doc. It is asked of repairs
// alone: they run before the document is cut into units for other rules.
func (f *finder) given(x *index, doc *text.Document, r *Rule) bool {
	f.segment(doc)
	f.find(x)
	defer func() { f.hits = f.hits[:0] }()
	return slices.ContainsFunc(f.hits, func(h hit) bool { return h.atom.rule == r && h.atom.role == roleGiven })
}

// keepers returns the matches of exceptions that touch one of cs; with
// everywhere, all matches of exceptions.
func (f *finder) keepers(xs []*index, cs []candidate, everywhere bool) []candidate {
	if len(cs) == 0 && !everywhere {
		return nil
	}
	region := f.regions(cs, true)
	f.hits = f.hits[:0]
	var blocks []*index
	for _, x := range xs {
		for _, k := range [...]*index{x.keeps, x.keepBlocks} {
			if k == nil {
				continue
			}
			from := len(f.hits)
			if !everywhere {
				f.mask(cs, k.margin)
			}
			f.find(k)
			f.only = nil
			if !everywhere && slices.ContainsFunc(f.hits[from:], func(h hit) bool { return h.atom.conditional() }) {
				f.hits = f.hits[:from]
				f.find(k)
			}
			blocks = append(blocks, k)
		}
	}
	return slices.DeleteFunc(f.candidates(blocks), func(c candidate) bool { return !region.allows(c) })
}

// conditional reports whether what a finds counts only where the document holds
// something else, or does not.
func (a *atom) conditional() bool {
	return len(a.rule.Given)+len(a.rule.Unless) > 0 && a.role != roleGiven && a.role != roleUnless
}

// mask restricts find to the units that cs touch, margin units around them, and
// the lines that these stand in.
func (f *finder) mask(cs []candidate, margin int) {
	f.only = make([]bool, len(f.seg.Units))
	for _, c := range cs {
		for u := max(c.lo-margin, 0); u < min(c.hi+margin, len(f.only)); u++ {
			f.only[u] = true
		}
	}
}

// decide fills in the verdict and the spans of d.
func decide(d *decision, keepers []candidate, o Options) {
	if d.verdict != "" {
		return
	}
	d.spans = []text.Span{d.span}
	for _, k := range keepers {
		if k.span.Overlaps(d.span) {
			d.spans = subtract(d.spans, k.span)
			d.keeper = k.rule
		}
	}
	switch {
	case len(d.spans) == 0:
		d.verdict = KeptByException
	case !o.wants(d.rule.Category):
		d.verdict = KeptByCategory
		if len(o.Only) > 0 && d.rule.Category.Removed() && !slices.Contains(o.Keep, d.rule.Category) {
			d.verdict = KeptByProfile
		}
	case d.rule.Confidence < o.MinConfidence:
		d.verdict = KeptByConfidence
	case d.rule.Mode == Shadow && !o.ShadowCuts:
		d.verdict = OnlyShadow
	default:
		d.verdict = Cut
	}
}

// subtract returns spans without the bytes of cut.
func subtract(spans []text.Span, cut text.Span) []text.Span {
	var out []text.Span
	for _, s := range spans {
		if !s.Overlaps(cut) {
			out = append(out, s)
			continue
		}
		if s.Start < cut.Start {
			out = append(out, text.Span{Start: s.Start, End: cut.Start})
		}
		if cut.End < s.End {
			out = append(out, text.Span{Start: cut.End, End: s.End})
		}
	}
	return out
}

// budget turns the cuts that the budget counts into KeptByBudget where they add
// up to more than it allows, and returns the warning that says so.
func budget(ds []decision, size int, o Options) string {
	limit := o.Budget
	if limit <= 0 {
		limit = DefaultBudget
	}
	if limit >= 1 {
		return ""
	}
	over := func() (bytes int) {
		var counted []text.Span
		for _, d := range ds {
			if d.verdict == Cut && !d.rule.Exempt {
				counted = append(counted, d.spans...)
			}
		}
		for _, s := range union(counted) {
			bytes += s.Len()
		}
		if float64(bytes) <= limit*float64(size) {
			return 0
		}
		return bytes
	}
	bytes := over()
	if bytes == 0 {
		return ""
	}
	var ids []ID
	refuse := func(model bool) {
		for i := range ds {
			if d := &ds[i]; d.verdict == Cut && !d.rule.Exempt && (d.rule.Kind == KindModel || !model) {
				d.verdict = KeptByBudget
				ids = append(ids, d.rule.ID)
			}
		}
	}
	if refuse(true); over() > 0 { // what rules know goes before what a model thinks
		refuse(false)
	}
	var names []string
	for _, id := range sortedIDs(ids) {
		names = append(names, string(id))
	}
	return fmt.Sprintf("%d of %d bytes would have gone, more than the budget of %.0f %%: nothing was cut by %s",
		bytes, size, limit*100, strings.Join(names, ", "))
}

// union returns spans sorted, with those that touch made one.
func union(spans []text.Span) []text.Span {
	slices.SortFunc(spans, text.Span.Compare)
	var out []text.Span
	for _, s := range spans {
		if n := len(out); n > 0 && out[n-1].Touches(s) {
			out[n-1] = out[n-1].Union(s)
			continue
		}
		out = append(out, s)
	}
	return out
}

// removals joins the cuts to removals, and then what only shadow rules asked for.
func (f *finder) removals(ds []decision) []Removal {
	cut := f.merge(ds, Cut)
	shadow := f.merge(ds, OnlyShadow)
	var out []Removal
	out = append(out, cut...)
	for _, r := range shadow {
		rest := []text.Span{r.Span}
		for i := range cut {
			if c := &cut[i]; c.Span.Overlaps(r.Span) {
				rest = subtract(rest, c.Span)
				for _, m := range r.Matches {
					if m.Span.Overlaps(c.Span) {
						out[i].Matches = append(out[i].Matches, m)
					}
				}
			}
		}
		for _, span := range rest {
			if (span.Trim(f.seg.Text)).Empty() {
				continue
			}
			part := r
			part.Span = span
			part.Matches = slices.DeleteFunc(slices.Clone(r.Matches), func(m Match) bool { return !m.Span.Overlaps(span) })
			if len(part.Matches) > 0 {
				out = append(out, part)
			}
		}
	}
	slices.SortFunc(out, func(a, b Removal) int { return a.Span.Compare(b.Span) })
	gone := 0
	for i := range out {
		r := &out[i]
		r.CleanOffset = r.Span.Start - gone
		if r.Mode == Enforce {
			gone += r.Span.Len()
		}
		slices.SortFunc(r.Matches, func(a, b Match) int {
			return cmp.Or(a.Span.Compare(b.Span), cmp.Compare(a.Rule.ID, b.Rule.ID))
		})
	}
	return out
}

// merge makes removals of the decisions of one verdict.
func (f *finder) merge(ds []decision, v Verdict) []Removal {
	type piece struct {
		span text.Span
		d    *decision
	}
	var ps []piece
	for i := range ds {
		if ds[i].verdict != v {
			continue
		}
		for _, s := range ds[i].spans {
			if s = s.Trim(f.seg.Text); !s.Empty() {
				ps = append(ps, piece{s, &ds[i]})
			}
		}
	}
	slices.SortStableFunc(ps, func(a, b piece) int { return a.span.Compare(b.span) })
	var out []Removal
	for i := 0; i < len(ps); {
		span, n := ps[i].span, i+1
		for n < len(ps) && (ps[n].span.Start <= span.End || text.Span{Start: span.End, End: ps[n].span.Start}.Trim(f.seg.Text).Empty()) {
			span = span.Union(ps[n].span)
			n++
		}
		r := Removal{Span: span, Mode: Enforce, Stage: StageRule}
		if v == OnlyShadow {
			r.Mode = Shadow
		}
		longest := 0
		for _, p := range ps[i:n] {
			rule := p.d.rule
			r.Matches = append(r.Matches, Match{Rule: rule, Span: p.span, Reason: p.d.reason})
			r.Confidence = max(r.Confidence, rule.Confidence)
			if p.span.Len() > longest {
				longest, r.Category, r.Stage = p.span.Len(), rule.Category, stageOf(rule)
			}
		}
		out = append(out, r)
		i = n
	}
	// Only now the line breaks: a line that went in several pieces goes with its break too.
	for i := range out {
		out[i].Span = f.widen(out[i].Span)
	}
	return out
}

func stageOf(r *Rule) Stage {
	switch r.Kind {
	case KindDoubled:
		return StageRepair
	case KindModel:
		return StageModel
	}
	return StageRule
}

// widen adds to a removal the white space that goes with it. Lines that go
// whole go with their line breaks; at the end of a text that ends without one,
// the break before goes. Inside a line the white space after the removal goes,
// at the line's end the white space before.
func (f *finder) widen(s text.Span) text.Span {
	t := f.seg.Text
	first, last := f.lineAt(s.Start), f.lineAt(s.End-1)
	start, end := f.seg.Lines[first].Full, f.seg.Lines[last].Full
	atStart := text.Span{Start: start.Start, End: s.Start}.Trim(t).Empty()
	atEnd := text.Span{Start: s.End, End: end.End}.Trim(t).Empty()
	switch {
	case atStart && atEnd:
		s = text.Span{Start: start.Start, End: end.End}
		if n := breakLen(t[:s.End]); n == 0 && s.Start > 0 {
			s.Start -= breakLen(t[:s.Start])
		}
	case atEnd:
		s.Start = text.Span{Start: start.Start, End: s.Start}.Trim(t).End
		s.End = end.End - breakLen(t[:end.End])
	default:
		if atStart && first < last {
			s.Start = start.Start
		}
		s.End = text.Span{Start: s.End, End: end.End}.Trim(t).Start
	}
	return s
}

// breakLen returns the length of the line break that t ends with.
func breakLen(t string) int {
	for _, b := range [...]string{"\r\n", "\n", "\r", "\f", "\v", "\u0085", "\u2028", "\u2029"} {
		if strings.HasSuffix(t, b) {
			return len(b)
		}
	}
	return 0
}

// lineAt returns the index of the line that holds offset i.
func (f *finder) lineAt(i int) int {
	n, _ := slices.BinarySearchFunc(f.seg.Lines, i, func(l text.Line, i int) int {
		if l.Full.End <= i {
			return -1
		}
		if l.Full.Start > i {
			return 1
		}
		return 0
	})
	return n
}

// excise returns t without the enforced removals.
func excise(t string, rs []Removal) string {
	n := len(t)
	cuts := 0
	for _, r := range rs {
		if r.Mode == Enforce {
			n -= r.Span.Len()
			cuts++
		}
	}
	if cuts == 0 {
		return t
	}
	var b strings.Builder
	b.Grow(n)
	at := 0
	for _, r := range rs {
		if r.Mode == Enforce {
			b.WriteString(t[at:r.Span.Start])
			at = r.Span.End
		}
	}
	b.WriteString(t[at:])
	return b.String()
}
