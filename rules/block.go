package rules

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"winnow/text"
)

// defaultWithin is the most units that a block spans where it does not say.
const defaultWithin = 40

// A plan is a block rule made ready: the atoms that open it, which are found
// with all others, and the rest, which are tried around the opener alone.
type plan struct {
	rule *Rule
	open []atom
	lazy [roleWith + 1][]atom // by their role
	// Units before and after an opener that the block can reach.
	before, after int
}

func newPlan(r *Rule) (*plan, error) {
	b := r.Block
	p := &plan{rule: r, after: within(b)}
	groups := map[[2]int][]atom{}
	var keys [][2]int
	add := func(role role, cond int, expr []string) error {
		k := [2]int{int(role), cond}
		for _, e := range expr {
			a, err := parseExpr(r, role, cond, e)
			if err != nil {
				return err
			}
			groups[k] = append(groups[k], a)
		}
		if len(expr) > 0 {
			keys = append(keys, k)
		}
		return nil
	}
	err := errors.Join(add(roleFrom, 0, b.From), add(roleTo, 0, b.To), add(roleOf, 0, b.Of))
	for i, cond := range b.With {
		err = errors.Join(err, add(roleWith, i, cond))
	}
	if err != nil {
		return nil, err
	}
	opener, best := keys[0], math.Inf(1)
	if len(b.From) == 0 || math.IsInf(reach(groups[opener]), 1) {
		p.before = p.after
		for _, k := range keys {
			if w := reach(groups[k]); w < best {
				opener, best = k, w
			}
		}
	}
	for _, k := range keys {
		if k == opener {
			p.open = append(p.open, groups[k]...)
		} else {
			role := role(k[0])
			p.lazy[role] = append(p.lazy[role], groups[k]...)
		}
	}
	return p, nil
}

// reach estimates how often one of a group of atoms is looked at by chance: the
// smaller, the better an opener; infinite where one of them cannot be reached at all.
func reach(group []atom) float64 {
	sum := 0.0
	for _, a := range group {
		if a.kind == KindRegexp {
			sum += a.expr.reach
		}
	}
	return sum
}

// around appends to hits the places of p's lazy atoms, in as few units around
// the openers as the block's form allows: a run of Of ends where Of ends, and
// conditions are tried inside a run alone.
func (f *finder) around(p *plan, hits []hit) []hit {
	openers := len(hits)
	f.asked = slices.Grow(f.asked[:0], len(f.seg.Units))[:len(f.seg.Units)] // of each unit, the roles that were tried
	f.found = slices.Grow(f.found[:0], len(f.seg.Units))[:len(f.seg.Units)] // and those of hits that take it in
	asked, found := f.asked, f.found
	clear(asked)
	clear(found)
	add := func(a *atom, role role, lo, hi int, span text.Span) {
		hits = append(hits, hit{a, lo, hi, span})
		for u := lo; u < hi; u++ {
			found[u] |= 1 << role
		}
	}
	try := func(role role, u int) (any bool) {
		if len(p.lazy[role]) == 0 {
			return false
		}
		if asked[u]>>role&1 != 0 {
			return found[u]>>role&1 != 0
		}
		asked[u] |= 1 << role
		unit := &f.seg.Units[u]
		l := &f.seg.Lines[unit.Line]
		for i := range p.lazy[role] {
			a := &p.lazy[role][i]
			if f.fits(a, u, u+1) {
				add(a, role, u, u+1, unit.Span)
				any = true
			}
			if l.Units[1]-l.Units[0] > 1 && u == l.Units[0] && f.fits(a, u, l.Units[1]) {
				add(a, role, u, l.Units[1], l.Span)
				any = true
			}
		}
		return any
	}
	b := p.rule.Block
	lazyOf := len(p.lazy[roleOf]) > 0
	for _, h := range hits[:openers] {
		lo, hi := max(0, h.lo-p.before), min(h.hi+p.after, len(f.seg.Units))
		if lazyOf && (len(b.To) == 0 || p.before > 0) {
			// The run of Of that the opener stands in.
			end, gap := h.hi, 0
			for u := h.hi; u < hi && gap <= b.Gap; u++ {
				if try(roleOf, u) {
					end, gap = u+1, 0
				} else {
					gap++
				}
			}
			start := h.lo
			gap = 0
			for u := h.lo - 1; u >= lo && gap <= b.Gap; u-- {
				if try(roleOf, u) {
					start, gap = u, 0
				} else {
					gap++
				}
			}
			for u := h.lo; u < h.hi; u++ {
				try(roleOf, u)
			}
			lo, hi = max(lo, start-b.Gap-1), min(hi, end+b.Gap+1)
			if hi-lo < b.Least {
				continue
			}
		}
		for u := lo; u < hi; u++ {
			try(roleFrom, u)
			try(roleTo, u)
			try(roleWith, u)
			if lazyOf {
				try(roleOf, u)
			}
		}
	}
	return hits
}

// fits reports whether unit lo, or its line where [lo, hi) is all of a line, matches a.
func (f *finder) fits(a *atom, lo, hi int) bool {
	span := f.seg.Units[lo].Span
	if hi-lo > 1 {
		span = f.seg.Lines[f.seg.Units[lo].Line].Span
	}
	switch a.kind {
	case KindText:
		_, print := f.filled(lo, hi)
		return print == a.print
	case KindTemplate:
		toks, _ := f.filled(lo, hi)
		return a.tmpl.match(f.seg.Text, toks)
	}
	if hi-lo > 1 && !a.spans() || span.Len() > maxExpr {
		return false
	}
	if v := f.see(lo, hi); !a.expr.glance.may(v) || !f.matches(a, v, false) {
		return false
	}
	return !f.takesProse(hit{a, lo, hi, span}, func(int) bool { return false })
}

// blocks appends the runs of block p to cs. hits are the places of p's
// openers. Runs of one rule never overlap; the first one wins.
func (f *finder) blocks(cs []candidate, p *plan, hits []hit) []candidate {
	r := p.rule
	b := r.Block
	slices.SortFunc(hits, func(x, y hit) int { return x.span.Compare(y.span) })
	hits = f.around(p, hits)
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
	slices.SortFunc(with, func(x, y hit) int { return cmp.Compare(x.lo, y.lo) })
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
	with []hit        // by lo
}

func (r *run) within() int { return within(r.rule.Block) }

func within(b *Block) int {
	if b.Within > 0 {
		return b.Within
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
		first, _ := slices.BinarySearchFunc(to, h.lo, func(t hit, lo int) int { return cmp.Compare(t.lo, lo) })
		for _, t := range to[first:] {
			if t.lo-h.lo >= r.within() {
				break
			}
			if (t.lo > h.lo || t.hi > h.hi || t.span != h.span) && r.ok(h.lo, t.hi, h.hi, t.lo) {
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
	first, _ := slices.BinarySearchFunc(r.with, lo, func(h hit, lo int) int { return cmp.Compare(h.lo, lo) })
	last, _ := slices.BinarySearchFunc(r.with, hi, func(h hit, hi int) int { return cmp.Compare(h.lo, hi) })
	for cond := range b.With {
		if !slices.ContainsFunc(r.with[first:last], func(h hit) bool { return h.atom.cond == cond && lo <= h.lo && h.hi <= hi }) {
			return false
		}
	}
	return true
}

func (r *run) candidate(lo, hi int) candidate {
	us := r.f.seg.Units
	return candidate{rule: r.rule, lo: lo, hi: hi, span: text.Span{Start: us[lo].Span.Start, End: us[hi-1].Span.End}}
}
