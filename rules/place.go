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
func (f *finder) besideProse(c candidate, by *cover) bool {
	line, next := f.seg.Units[c.lo].Line, by.above
	own := f.seg.Lines[line].Units
	if c.rule.Where == Head {
		line, next = f.seg.Units[c.hi-1].Line, by.below
		own = f.seg.Lines[line].Units
		own[0] = c.hi
	} else {
		own[1] = c.lo
	}
	for u := own[0]; u < own[1]; u++ {
		if f.seg.Units[u].Span.Len() > proseLine && !by.takes(u, u+1) {
			return true
		}
	}
	for range 6 {
		if line = next[line]; line < 0 {
			return false
		}
		if f.seg.Lines[line].Span.Len() > proseLine {
			return true
		}
	}
	return false
}

// A cover tells what matches take of a document.
type cover struct {
	reach        []int // of each unit, where the matches that begin with it or before it end at most
	above, below []int // of each line, the next one that is not blank and that no match takes; -1 for none
}

// cover returns what cs take, until the next document.
func (f *finder) cover(cs []candidate) *cover {
	lines := f.seg.Lines
	by := &cover{reach: f.ints(len(f.seg.Units)), above: f.ints(len(lines)), below: f.ints(len(lines))}
	clear(by.reach)
	for _, c := range cs {
		if !c.partial {
			by.reach[c.lo] = max(by.reach[c.lo], c.hi)
		}
	}
	for u := 1; u < len(by.reach); u++ {
		by.reach[u] = max(by.reach[u], by.reach[u-1])
	}
	free := func(i int) bool { return !lines[i].Blank() && !by.takes(lines[i].Units[0], lines[i].Units[1]) }
	for i, last := 0, -1; i < len(lines); i++ {
		if by.above[i] = last; free(i) {
			last = i
		}
	}
	for i, last := len(lines)-1, -1; i >= 0; i-- {
		if by.below[i] = last; free(i) {
			last = i
		}
	}
	return by
}

// takes reports whether one match takes all of units [lo, hi).
func (by *cover) takes(lo, hi int) bool { return by.reach[lo] >= hi }
