package rules

// maxFurniture is the most short units in a row that may stand, unmatched, in
// the head or tail of a document.
const maxFurniture = 12

// A region is the head [0, head) and the tail [tail, ...) of a document, in
// units: the unbroken runs of matched or short furniture units at its two ends.
type region struct{ head, tail int }

// regions finds the head and tail that the matches of enforcing rules make;
// with shadow, those that the matches of all rules make. Categories and
// options play no part: a picture credit that is kept is furniture all the same.
func (f *finder) regions(cs []candidate, shadow bool) region {
	units := len(f.seg.Units)
	// reach[u] is the unit after the longest match that begins at or covers u, back[u] the first unit of such a match.
	reach, back := f.ints(units), f.ints(units)
	for u := range reach {
		reach[u], back[u] = u, u+1
	}
	for _, c := range cs {
		if c.partial || c.rule.Mode == Shadow && !shadow {
			continue
		}
		for u := c.lo; u < c.hi; u++ {
			if c.rule.Where != Tail {
				reach[u] = max(reach[u], c.hi)
			}
			if c.rule.Where != Head {
				back[u] = min(back[u], c.lo)
			}
		}
	}
	var r region
	for idle := 0; r.head < units; {
		switch u := r.head; {
		case reach[u] > u:
			r.head, idle = reach[u], 0
		case f.furniture(u) && idle < maxFurniture:
			r.head++
			idle++
		default:
			goto tail
		}
	}
tail:
	r.tail = units
	for idle := 0; r.tail > 0; {
		switch u := r.tail - 1; {
		case back[u] <= u:
			r.tail, idle = back[u], 0
		case f.furniture(u) && idle < maxFurniture:
			r.tail--
			idle++
		default:
			return r
		}
	}
	return r
}

// allows reports whether c stands where its rule asks for. A prefix or suffix
// may stand at the edge of the unit that the head or tail borders on.
func (r region) allows(c candidate) bool {
	switch c.rule.Where {
	case Head:
		return c.hi <= r.head || c.partial && c.lo <= r.head
	case Tail:
		return c.lo >= r.tail || c.partial && c.hi >= r.tail
	}
	return true
}

// proseLine is the length in bytes from which a line that nothing takes counts as prose.
const proseLine = 60

// besideProse reports whether one of the six nearest lines that nothing
// takes, above c for a rule of the tail and below it for one of the head, is
// prose. In a line of several sentences the others of that line will do.
func (f *finder) besideProse(c candidate, cs []candidate) bool {
	line, step := f.seg.Units[c.lo].Line, -1
	if c.rule.Where == Head {
		line, step = f.seg.Units[c.hi-1].Line, 1
	}
	own := f.seg.Lines[line].Units
	if step < 0 {
		own[1] = c.lo
	} else {
		own[0] = c.hi
	}
	for u := own[0]; u < own[1]; u++ {
		if f.seg.Units[u].Span.Len() > proseLine && !taken([2]int{u, u + 1}, cs) {
			return true
		}
	}
	for left := 6; left > 0; {
		if line += step; line < 0 || line >= len(f.seg.Lines) {
			return false
		}
		l := &f.seg.Lines[line]
		if l.Blank() || taken(l.Units, cs) {
			continue
		}
		if l.Span.Len() > proseLine {
			return true
		}
		left--
	}
	return false
}

// taken reports whether a match covers all of the units.
func taken(units [2]int, cs []candidate) bool {
	for _, c := range cs {
		if c.lo <= units[0] && units[1] <= c.hi && !c.partial {
			return true
		}
	}
	return false
}
