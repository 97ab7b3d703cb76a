package model

// Depth is the number of questions that a tree asks. All trees are complete.
const Depth = 5

// A Tree asks of numbers whether they reach a bound, Depth times, and gives
// what stands at the leaf that the answers lead to, in sixteenths of a score
// (see Unit).
type Tree struct {
	Number [1<<Depth - 1]uint8 // index of the number that a node asks of
	Least  [1<<Depth - 1]int16 // it goes right where the number is at least this
	Leaf   [1 << Depth]int16
}

// Of returns what t gives for the numbers x.
func (t *Tree) Of(x *[Numbers]int16) int32 {
	node := 0
	for range Depth {
		next := 2*node + 1
		if x[t.Number[node]] >= t.Least[node] {
			next++
		}
		node = next
	}
	return int32(t.Leaf[node-(1<<Depth-1)])
}

// Second returns the second layer's score of a unit with the numbers x.
func (m *Model) Second(x *[Numbers]int16) int32 {
	sum := int32(0)
	for i := range m.Trees {
		sum += m.Trees[i].Of(x)
	}
	return sum / 16
}

// Numbers is how many numbers the second layer sees of a unit, see View.Of.
const Numbers = 52

// A View holds what the second layer sees of a text. It may be used again, and
// is not safe for concurrent use.
type View struct {
	in         *Input
	scores     []int32 // of the first layer, clamped
	sums       []int32 // prefix sums of scores
	head, tail []int32 // least smoothed score between the unit and the edge
	short      []int32 // prefix counts: short units
	took       []int32 // units that rules took
	twins      []int32 // units that stand in the text more than once
	before     []int32 // prose bytes before the unit
	last, next []int32 // the nearest prose before and after: its unit, or -1 and len
	lo, hi     []int32 // the stretch of units around it that score at least 0, empty for others
	first      []int32 // memory for scores
}

// Reset prepares v for a text and the first layer's scores of it.
func (v *View) Reset(in *Input, scores []int32) {
	n := len(scores)
	v.in = in
	zero := func(s []int32, n int) []int32 {
		if cap(s) < n {
			return make([]int32, n, n+n/2)
		}
		return s[:n]
	}
	for _, s := range []*[]int32{&v.sums, &v.short, &v.took, &v.twins, &v.before} {
		*s = zero(*s, n+1)
		(*s)[0] = 0
	}
	for _, s := range []*[]int32{&v.scores, &v.head, &v.tail, &v.last, &v.next, &v.lo, &v.hi} {
		*s = zero(*s, n)
	}
	prose := int32(-1)
	for u := range n {
		s := max(-clampTo, min(clampTo, scores[u]))
		v.scores[u] = s
		v.sums[u+1] = v.sums[u] + s
		v.short[u+1], v.took[u+1], v.twins[u+1], v.before[u+1] = v.short[u], v.took[u]+int32(in.took(u)), v.twins[u], v.before[u]
		if in.shapes[u].length <= 4 {
			v.short[u+1]++
		}
		v.last[u] = prose
		if in.shapes[u].prose {
			prose = int32(u)
			v.before[u+1] += int32(in.seg.Units[u].Span.Len())
		} else if in.twins[in.seg.Units[u].Print] > 1 {
			v.twins[u+1]++
		}
	}
	prose = int32(n)
	for u := n - 1; u >= 0; u-- {
		v.next[u] = prose
		if in.shapes[u].prose {
			prose = int32(u)
		}
	}
	least := int32(clampTo)
	for u := range n {
		least = min(least, v.mean(u-1, u+2))
		v.head[u] = least
	}
	least = clampTo
	for u := n - 1; u >= 0; u-- {
		least = min(least, v.mean(u-1, u+2))
		v.tail[u] = least
	}
	for u := 0; u < n; {
		w := u
		for w < n && (v.scores[w] >= 0 || in.took(w) == 1) {
			w++
		}
		for k := u; k < w; k++ {
			v.lo[k], v.hi[k] = int32(u), int32(w)
		}
		if w == u {
			v.lo[u], v.hi[u] = int32(u), int32(u)
			w++
		}
		u = w
	}
}

// mean returns the mean score of units [lo, hi), cut to the text.
func (v *View) mean(lo, hi int) int32 {
	lo, hi = max(lo, 0), min(hi, len(v.scores))
	if lo >= hi {
		return clampTo
	}
	return (v.sums[hi] - v.sums[lo]) / int32(hi-lo)
}

// within returns how much of what sums counts lies in units [lo, hi), cut to the text.
func (v *View) within(sums []int32, lo, hi int) int32 {
	lo, hi = max(lo, 0), min(hi, len(v.scores))
	if lo >= hi {
		return 0
	}
	return sums[hi] - sums[lo]
}

// beyond stands for the score of a unit before the first or behind the last.
const beyond = clampTo + 16

// Of fills x with the numbers of unit u.
func (v *View) Of(u int, x *[Numbers]int16) {
	in, n := v.in, len(v.scores)
	k := 0
	put := func(y int32) {
		x[k] = int16(y)
		k++
	}
	at := func(w int) int32 {
		if w < 0 || w >= n {
			return beyond
		}
		return v.scores[w]
	}
	put(v.scores[u])
	for _, d := range [...]int{1, 2, 3} {
		put(at(u - d))
		put(at(u + d))
	}
	put(v.mean(u-2, u+3))
	put(v.mean(u-5, u))
	put(v.mean(u+1, u+6))
	put(v.mean(u-12, u+13))
	put(v.mean(0, n))
	put(v.head[u])
	put(v.tail[u])
	put(max(v.head[u], v.tail[u]))
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
	twins := int32(0)
	if !s.prose {
		twins = min(6, int32(in.twins[unit.Print]))
	}
	put(twins)
	put(int32(in.took(u - 1)))
	put(int32(in.took(u + 1)))
	put(v.within(v.took, u-6, u))
	put(v.within(v.took, u+1, u+7))
	put(min(500, int32(u)))
	put(min(500, int32(n-1-u)))
	put(int32(unit.Span.Start * 100 / max(1, len(in.seg.Text))))
	put(min(100, int32(u)-v.last[u]))
	put(min(100, v.next[u]-int32(u)))
	prose := int64(max(1, v.before[n]))
	put(int32(int64(v.before[u]) * 100 / prose))
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
	put(v.within(v.short, u-8, u))
	put(v.within(v.short, u+1, u+9))
	put(v.within(v.twins, u-5, u+6))
	put(min(2000, int32(n)))
	l := &in.seg.Lines[unit.Line]
	put(min(50, int32(l.Units[1]-l.Units[0])))
	lo, hi := v.lo[u], v.hi[u]
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
}
