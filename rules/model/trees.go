package model

// Depth is the number of questions that a tree asks.
const Depth = 6

// A Tree asks Depth questions of the numbers of a unit, the same whatever the
// answers, and gives what stands at the leaf that the answers lead to, in
// sixteenths of a score (see Unit).
type Tree struct {
	Number [Depth]uint8 // index of the number that a question asks of
	Least  [Depth]int16 // the answer is yes where the number is at least this
	Leaf   [1 << Depth]int16
}

// Numbers is how many numbers the second layer sees of a unit, see View.Of.
const Numbers = 96

// A Row holds the numbers of a unit, and zeros up to a power of two: an index
// that is masked needs no check.
type Row [128]int16

// of returns what t gives for the numbers x, without a branch: an answer is the sign of a difference.
func (t *Tree) of(x *Row) int32 {
	leaf := uint32(0)
	for q := range Depth {
		leaf = leaf<<1 | uint32(int32(t.Least[q])-int32(x[t.Number[q]&127])-1)>>31
	}
	return int32(t.Leaf[leaf&(1<<Depth-1)])
}

// Most units are told by the first trees: what stands below plainContent after
// 8 or 16 of them, or below nearContent after 32, is content, and what stands above
// plainFurniture after 32 is furniture. Of 23,000 units none would have come to
// stand on the other side of where units go.
const (
	plainContent   = -Unit
	nearContent    = -Unit / 2
	plainFurniture = 3 * Unit
)

// Second returns the second layer's score of a unit with the numbers x. Where
// the first trees tell, it is what all would come to by and large.
func (m *Model) Second(x *Row) int32 {
	sum, from := int32(0), 0
	for _, to := range [...]int{8, 16, 32, len(m.Trees)} {
		to = min(to, len(m.Trees))
		for i := range m.Trees[from:to] {
			sum += m.Trees[from+i].of(x)
		}
		from = to
		switch {
		case to < 32 && sum < 16*plainContent, to == 32 && sum < 16*nearContent:
			return min(sum/8, -2*Unit)
		case to == 32 && sum >= 16*plainFurniture:
			return sum * 3 / 32
		}
	}
	return sum / 16
}

// A View holds what the second layer sees of a text. It may be used again, and
// is not safe for concurrent use.
type View struct {
	in       *Input
	first    []First
	spots    []spot  // one for each unit
	tallies  []tally // of the units before each unit, and of all at the end
	from, to int     // the stretch of units that has most content, by the scores of the first layer
}

// A spot is what the second layer needs of a unit besides its own numbers.
type spot struct {
	score      int32 // of the first layer, clamped
	head, tail int32 // least smoothed score between the unit and the edge
	last, next int32 // the nearest prose before and after: its unit, or -1 and the number of units
	lo, hi     int32 // the stretch of units around it that score at least 0, empty for others
	above      int32 // greatest score before the unit
	below      int32 // greatest score behind it
}

// A tally adds up units.
type tally struct {
	sum    int32 // scores
	short  int32 // units of a few words
	took   int32 // units that rules took
	twins  int32 // units that stand in the text more than once
	before int32 // bytes of prose
	caps   int32 // units in title case or capitals
	listed int32 // units with a number that end with a word, a number or a bracket
	plain  int32 // units that end with no sign
	sure   int32 // units that are likely furniture
}

// Reset prepares v for a text and the first layer's scores of it.
func (v *View) Reset(in *Input, first []First) {
	n := len(first)
	v.in, v.first = in, first
	if cap(v.spots) < n {
		v.spots = make([]spot, n, n+n/2)
	}
	if cap(v.tallies) < n+1 {
		v.tallies = make([]tally, n+1, n+n/2+1)
	}
	v.spots, v.tallies = v.spots[:n], v.tallies[:n+1]
	var t tally
	v.tallies[0] = t
	prose := int32(-1)
	for u := range n {
		s, sh := max(-clampTo, min(clampTo, first[u].Sum)), &in.shapes[u]
		v.spots[u] = spot{score: s, last: prose}
		t.sum += s
		if took := int32(in.took(u)); took > 0 || s >= 2*Unit {
			t.took += took
			t.sure++
		}
		if sh.length <= 4 {
			t.short++
		}
		if sh.end == 0 {
			t.plain++
		}
		if sh.prose {
			prose = int32(u)
			t.before += int32(in.seg.Units[u].Span.Len())
		} else {
			if in.twin[u] > 1 {
				t.twins++
			}
			if sh.letters == 2 || sh.letters == 3 || sh.letters == 5 {
				t.caps++
			}
			if sh.marks&markNumber != 0 && (sh.end == 7 || sh.end == 0) {
				t.listed++
			}
		}
		v.tallies[u+1] = t
	}
	v.stretches()
}

// stretches fills in what depends on the units on both sides.
func (v *View) stretches() {
	n := len(v.spots)
	prose := int32(n)
	least, most := int32(clampTo), int32(-clampTo)
	for u := n - 1; u >= 0; u-- {
		s := &v.spots[u]
		s.next, s.below = prose, most
		if v.in.shapes[u].prose {
			prose = int32(u)
		}
		most = max(most, s.score)
		least = min(least, v.mean(u-1, u+2))
		s.tail = least
	}
	least, most = clampTo, -clampTo
	sum, best, from := int32(0), int32(0), 0
	v.from, v.to = 0, 0
	for u := range n {
		s := &v.spots[u]
		s.above = most
		most = max(most, s.score)
		least = min(least, v.mean(u-1, u+2))
		s.head = least
		if sum -= s.score; sum < 0 {
			sum, from = 0, u+1
		}
		if sum > best {
			best, v.from, v.to = sum, from, u+1
		}
	}
	for u := 0; u < n; {
		w := u
		for w < n && (v.spots[w].score >= 0 || v.in.took(w) == 1) {
			w++
		}
		for k := u; k < w; k++ {
			v.spots[k].lo, v.spots[k].hi = int32(u), int32(w)
		}
		if w == u {
			v.spots[u].lo, v.spots[u].hi = int32(u), int32(u)
			w++
		}
		u = w
	}
}

// tally returns what stands before unit u, which is brought into the text.
func (v *View) tally(u int) *tally { return &v.tallies[max(0, min(u, len(v.tallies)-1))] }

// mean returns the mean score of units [lo, hi), cut to the text.
func (v *View) mean(lo, hi int) int32 {
	lo, hi = max(lo, 0), min(hi, len(v.spots))
	if lo >= hi {
		return clampTo
	}
	return (v.tallies[hi].sum - v.tallies[lo].sum) / int32(hi-lo)
}

// beyond stands for the score of a unit before the first or behind the last.
const beyond = clampTo + 16

// Of fills x with the numbers of unit u.
func (v *View) Of(u int, x *Row) {
	in, n := v.in, len(v.spots)
	k := 0
	put := func(y int32) {
		x[k] = int16(y)
		k++
	}
	at := func(w int) int32 {
		if w < 0 || w >= n {
			return beyond
		}
		return v.spots[w].score
	}
	me := &v.spots[u]
	put(me.score)
	for _, d := range [...]int{1, 2, 3} {
		put(at(u - d))
		put(at(u + d))
	}
	put(v.mean(u-2, u+3))
	put(v.mean(u-5, u))
	put(v.mean(u+1, u+6))
	put(v.mean(u-12, u+13))
	put(v.mean(0, n))
	put(me.head)
	put(me.tail)
	put(max(me.head, me.tail))
	s, unit := in.shapes[u], &in.seg.Units[u]
	put(min(60, int32(unit.Tokens.Len())))
	put(min(400, int32(unit.Span.Len())))
	put(int32(s.end))
	put(int32(s.letters))
	put(int32(s.marks & 0xFF))
	put(int32(s.marks >> 8))
	put(int32(s.chars))
	put(int32(in.zone[u]))
	put(int32(in.run[u]))
	put(min(6, int32(in.twin[u])))
	put(int32(in.took(u - 1)))
	put(int32(in.took(u + 1)))
	put(v.tally(u).took - v.tally(u-6).took)
	put(v.tally(u+7).took - v.tally(u+1).took)
	put(min(500, int32(u)))
	put(min(500, int32(n-1-u)))
	put(int32(unit.Span.Start * 100 / max(1, len(in.seg.Text))))
	put(min(100, int32(u)-me.last))
	put(min(100, me.next-int32(u)))
	prose := int64(max(1, v.tallies[n].before))
	put(int32(int64(v.tallies[u].before) * 100 / prose))
	put(int32(prose * 100 / int64(max(1, len(in.seg.Text)))))
	for _, w := range [...]int{u - 1, u + 1} {
		if w < 0 || w >= n {
			put(-1)
			put(-1)
			put(-1)
			continue
		}
		put(int32(in.shapes[w].length))
		put(int32(in.shapes[w].end))
		put(int32(in.shapes[w].letters))
	}
	put(v.tally(u).short - v.tally(u-8).short)
	put(v.tally(u+9).short - v.tally(u+1).short)
	put(v.tally(u+6).twins - v.tally(u-5).twins)
	put(min(2000, int32(n)))
	l := &in.seg.Lines[unit.Line]
	put(min(50, int32(l.Units[1]-l.Units[0])))
	lo, hi := me.lo, me.hi
	put(min(200, hi-lo))
	put(v.mean(int(lo), int(hi)))
	edge := int32(0)
	if lo < hi && lo == 0 {
		edge = 1
	}
	if lo < hi && int(hi) == n {
		edge += 2
	}
	put(edge)
	put(at(int(lo) - 1))
	put(at(int(hi)))
	p := v.first[u]
	put(max(-200, min(200, p.Words)))
	put(max(-200, min(200, p.Sum-p.Words)))
	put(p.Known)
	put(int32(in.topic[u]))
	d := beside(u, in.lo, in.hi)
	put(int32(max(-200, min(200, d))))
	put(int32(max(-200, min(200, beside(u, v.from, v.to)))))
	put(min(200, int32(n-in.hi)))
	put(min(200, int32(in.lo)))
	put(v.mean(0, u))
	put(v.mean(u+1, n))
	put(me.above)
	put(me.below)
	put(v.tally(u).sure - v.tally(u-10).sure)
	put(v.tally(u+11).sure - v.tally(u+1).sure)
	put(v.tally(int(me.hi)).sure - v.tally(int(me.lo)).sure)
	put(v.tally(u).caps - v.tally(u-8).caps)
	put(v.tally(u+9).caps - v.tally(u+1).caps)
	put(v.tally(u+7).listed - v.tally(u-6).listed)
	put(v.tally(u).plain - v.tally(u-8).plain)
	put(v.tally(u+9).plain - v.tally(u+1).plain)
	same := int32(0)
	for w := max(0, u-6); w < min(n, u+7); w++ {
		if o := &in.shapes[w]; o.letters == s.letters && o.end == s.end && o.marks == s.marks {
			same++
		}
	}
	put(same)
	near := int32(0)
	for w := max(0, u-4); w < min(n, u+5); w++ {
		if t := int32(in.topic[w]); t > 0 && t < 12 {
			near += t - 1
		}
	}
	put(near)
	put(v.mean(u-25, u+26))
	if d < 0 {
		put(v.mean(u+1, in.lo))
		put(v.mean(0, in.lo))
		put(v.tally(in.lo).sure - v.tally(0).sure)
	} else if d > 0 {
		put(v.mean(in.hi, u))
		put(v.mean(in.hi, n))
		put(v.tally(n).sure - v.tally(in.hi).sure)
	} else {
		put(beyond)
		put(beyond)
		put(-1)
	}
	put(int32(in.topic[max(0, u-1)]))
	put(int32(in.topic[min(n-1, u+1)]))
	if unit.Span.Start == l.Span.Start && unit.Span.End == l.Span.End {
		put(1)
	} else {
		put(0)
	}
	put(min(500, int32(l.Span.Len())))
	put(int32(min(100, in.hi-in.lo)))
	put(int32(in.told[u]))
	put(in.vouchers(u-6, u))
	put(in.vouchers(u+1, u+7))
	put(in.vouchers(u-20, u))
	put(in.vouchers(u+1, u+21))
	put(in.vouchers(int(lo), int(hi)))
	if n := hi - lo; n > 0 {
		put(in.vouchers(int(lo), int(hi)) * 100 / n)
	} else {
		put(-1)
	}
	switch {
	case d < 0:
		put(in.vouchers(u+1, in.lo))
		put(in.vouchers(0, u))
		put(int32(min(200, in.lo)) - in.vouchers(0, in.lo))
	case d > 0:
		put(in.vouchers(in.hi, u))
		put(in.vouchers(u+1, n))
		put(int32(min(200, n-in.hi)) - in.vouchers(in.hi, n))
	default:
		put(-1)
		put(-1)
		put(-1)
	}
	// Lines since the last that spoke of subjects of menus, and of lists that are content.
	since := int32(0)
	for w := u - 1; w >= 0 && since < 60 && in.vouch[w+1] == in.vouch[w]; w-- {
		since++
	}
	put(since)
	listed := int32(0)
	for w := u - 1; w >= 0 && listed < 60 && in.cues[w]&contentCues == 0; w-- {
		listed++
	}
	put(listed)
	put(min(1000, v.tallies[n].short))
}
