package rules

import (
	"slices"

	"winnow/text"
)

// defaultWithin is the most units that a block spans where it does not say.
const defaultWithin = 40

// blocks appends the runs of block rule r to cs. hits are the places of r's
// expressions. Runs of one rule never overlap; the first one wins.
func (f *finder) blocks(cs []candidate, r *Rule, hits []hit) []candidate {
	b := r.Block
	slices.SortFunc(hits, func(x, y hit) int { return x.span.Compare(y.span) })
	by := func(role role) (hs []hit) {
		for _, h := range hits {
			if h.atom.role == role {
				hs = append(hs, h)
			}
		}
		return hs
	}
	from, to, of, with := by(roleFrom), by(roleTo), by(roleOf), by(roleWith)
	run := &run{f: f, rule: r, of: covered(of), with: with}

	switch {
	case len(b.From) > 0:
		end := 0 // of the run before
		for _, h := range from {
			if h.lo < end {
				continue
			}
			if hi, ok := run.endOf(h, to); ok {
				cs = append(cs, run.candidate(h.lo, hi))
				end = hi
			}
		}
	case len(b.To) > 0: // Edge, from the document's beginning
		for i := len(to) - 1; i >= 0; i-- {
			if hi := to[i].hi; run.ok(0, hi, 0, to[i].lo) {
				return append(cs, run.candidate(0, hi))
			}
		}
	default: // Of alone
		for lo := 0; lo < len(f.seg.Units); lo++ {
			if !run.of[lo] {
				continue
			}
			hi, gap := lo+1, 0
			for u := hi; u < len(f.seg.Units) && u-lo < run.within() && gap <= b.Gap; u++ {
				if run.of[u] {
					hi, gap = u+1, 0
				} else {
					gap++
				}
			}
			if run.ok(lo, hi, lo, hi) {
				cs = append(cs, run.candidate(lo, hi))
			}
			lo = hi - 1
		}
	}
	return cs
}

type run struct {
	f    *finder
	rule *Rule
	of   map[int]bool // units that an expression of Of matches
	with []hit
}

func (r *run) within() int {
	if n := r.rule.Block.Within; n > 0 {
		return n
	}
	return defaultWithin
}

// covered returns the units that hits cover.
func covered(hits []hit) map[int]bool {
	m := map[int]bool{}
	for _, h := range hits {
		for u := h.lo; u < h.hi; u++ {
			m[u] = true
		}
	}
	return m
}

// endOf returns the end of the run that h opens.
func (r *run) endOf(h hit, to []hit) (hi int, ok bool) {
	b, units := r.rule.Block, len(r.f.seg.Units)
	switch {
	case len(b.To) > 0:
		for _, t := range to {
			if t.lo >= h.lo && t.hi > h.lo && (t.lo > h.lo || t.hi > h.hi || t.span != h.span) &&
				r.ok(h.lo, t.hi, h.hi, t.lo) {
				return t.hi, true
			}
		}
		return 0, false
	case b.Edge && r.rule.Where == Head:
		return 0, false // NewSet refuses it
	case b.Edge:
		return units, r.ok(h.lo, units, h.hi, units)
	}
	// Until a unit that is plainly content, or that Of does not match.
	hi, gap := h.hi, 0
	for u := h.hi; u < units && u-h.lo < r.within(); u++ {
		if len(b.Of) > 0 {
			if r.of[u] {
				hi, gap = u+1, 0
			} else if gap++; gap > b.Gap {
				break
			}
			continue
		}
		if r.f.content(u) {
			break
		}
		hi = u + 1
	}
	return hi, r.ok(h.lo, hi, h.hi, hi)
}

// ok reports whether the run [lo, hi) fulfils the block's conditions; [inner,
// outer) is what lies between its ends.
func (r *run) ok(lo, hi, inner, outer int) bool {
	b := r.rule.Block
	if hi-lo > r.within() || hi-lo < max(b.Least, 1) {
		return false
	}
	if len(b.Of) > 0 {
		gap := 0
		for u := inner; u < outer; u++ {
			if r.of[u] {
				gap = 0
			} else if gap++; gap > b.Gap {
				return false
			}
		}
	}
	for cond := range b.With {
		if !slices.ContainsFunc(r.with, func(h hit) bool { return h.atom.cond == cond && lo <= h.lo && h.hi <= hi }) {
			return false
		}
	}
	return true
}

func (r *run) candidate(lo, hi int) candidate {
	us := r.f.seg.Units
	return candidate{rule: r.rule, lo: lo, hi: hi, span: text.Span{Start: us[lo].Span.Start, End: us[hi-1].Span.End}}
}
