package model

// A cutter decides which units go, see Model.Cuts.
type cutter struct {
	m             *Model
	in            *Input
	scores, asked []int32
	cut           []bool
}

// Cuts returns, in the memory of cut, of each unit whether its score is high enough for its place.
// asked is what Asked returned.
func (m *Model) Cuts(in *Input, scores, asked []int32, cut []bool) []bool {
	cut = cut[:0]
	for u, score := range scores {
		cut = append(cut, !in.taken[u] && score-asked[u] >= m.Least)
	}
	c := cutter{m, in, scores, asked, cut}
	// Furniture comes in company; one short line alone may be a heading or a name.
	c.runs(func(lo, hi int) {
		if hi-lo < company {
			c.raise(lo, hi, surer)
		}
	})
	c.opened()
	c.raise(0, len(cut), c.unruled())
	c.raise(0, len(cut), c.silent())
	c.runs(c.unvouched)
	c.whole()
	return cut
}

// company is the number of units in a row, found by the model or taken by
// rules, from which each needs no more than its own score.
const company = 3

// never is more than any score.
const never = 1 << 20

// runs calls f with each stretch of units that the model would cut or rules took.
func (c *cutter) runs(f func(lo, hi int)) {
	for lo := 0; lo < len(c.cut); {
		hi := lo
		for hi < len(c.cut) && (c.cut[hi] || c.in.taken[hi]) {
			hi++
		}
		if hi > lo {
			f(lo, hi)
		}
		lo = max(hi, lo+1)
	}
}

// raise keeps those of units [lo, hi) whose score is not as much higher as more.
func (c *cutter) raise(lo, hi int, more int32) {
	for u := lo; u < hi && more > 0; u++ {
		c.cut[u] = c.cut[u] && c.scores[u]-c.asked[u] >= c.m.Least+more
	}
}

// opened keeps the lists that a line with a colon opens, or the heading of a
// list that belongs to the story, up to the first lines that speak as menus do.
// Such a line opens nothing where it, or the one before it, would go itself.
func (c *cutter) opened() {
	in := c.in
	goes := func(u int) bool { return c.cut[u] || in.taken[u] }
	for u := 0; u < len(c.cut); u++ {
		if in.shapes[u].end != endColon && in.cues[u]&contentCues == 0 || u > 0 && goes(u-1) || in.shapes[u].end == endColon && goes(u) {
			continue
		}
		for ; u < len(c.cut) && !(goes(u) && in.vouches(u) && (in.taken[u] || in.vouchers(u, u+5) > 1)); u++ {
			if c.cut[u] = false; u+1 < len(c.cut) && in.shapes[u+1].prose {
				break
			}
		}
	}
}

// unruled returns how much more is asked where hand-written rules know nothing,
// or one line only, of a text: what is cut by form alone may be a list of names, a poem, a play.
func (c *cutter) unruled() int32 {
	ruled := 0
	for _, t := range c.in.taken {
		if t {
			ruled++
		}
	}
	switch ruled {
	case 0:
		return never
	case 1:
		return surest
	}
	return 0
}

// silent returns how much more is asked where little of what would go speaks as
// menus do: such a text is not all that its page showed, and what looks like furniture may be what extraction left.
func (c *cutter) silent() int32 {
	all, vouched := 0, 0
	for u, cut := range c.cut {
		if cut || c.in.taken[u] {
			all++
			if c.in.vouches(u) {
				vouched++
			}
		}
	}
	switch {
	case vouched < leastVouched:
		return never
	case vouched*12 < all:
		return surest
	case vouched*6 < all:
		return surer
	}
	return 0
}

// leastVouched is the number of lines that speak as menus do, or that rules took, that any page shows.
const leastVouched = 3

// unvouched asks more of runs in which no line, or hardly one, speaks as menus do.
func (c *cutter) unvouched(lo, hi int) {
	n, vouched := hi-lo, int(c.in.vouchers(lo, hi))
	switch {
	case vouched == 0 && n >= long:
		c.raise(lo, hi, surest)
	case vouched*long < n:
		c.raise(lo, hi, surer)
	case vouched*10 < n:
		c.raise(lo, hi, Unit)
	}
}

// long is the number of units in a row of which one at least speaks as menus do.
const long = 24

// whole keeps lines of several sentences, which read like a paragraph, unless all of one is sure to go.
func (c *cutter) whole() {
	for i := range c.in.seg.Lines {
		lo, hi := c.in.seg.Lines[i].Units[0], c.in.seg.Lines[i].Units[1]
		if hi-lo < 2 {
			continue
		}
		for u := lo; u < hi; u++ {
			if !c.in.taken[u] && (!c.cut[u] || c.scores[u]-c.asked[u] < c.m.Least+surer) {
				clear(c.cut[lo:hi])
				break
			}
		}
	}
}
