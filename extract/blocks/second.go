package blocks

import "winnow/text"

// neighbourhood is what the second stage reads from the scores of the first,
// in thousandths of a chance.
type neighbourhood struct {
	*state
	p       []int16
	weight  []int64 // words of block i times its score, summed up to i
	plain   []int64 // scores, summed up to i
	section [][2]int32
	rank    []int16 // share of the page's words that score higher
	near    [][2]int32
	all     int64 // sum of words times score
	kept    int64 // of what the engine kept
	best    int32 // the innermost element with most of it
	good    int   // words in blocks that score half or more
	goodEnd [2]int
}

// sure is the score from which a block counts as content to its neighbours.
const sure = 700

func newNeighbourhood(s *state, p []int16) *neighbourhood {
	n := len(p)
	h := &neighbourhood{state: s, p: p, weight: make([]int64, n+1), plain: make([]int64, n+1), section: make([][2]int32, n),
		rank: make([]int16, n), near: make([][2]int32, n), best: -1, goodEnd: [2]int{-1, -1}}
	for i := range s.els {
		s.els[i].scores = 0
	}
	for _, g := range s.sigs {
		g.scores = 0
	}
	var byScore [1001]int64 // words by score
	for i := range p {
		w := int64(s.wordsBefore[i+1] - s.wordsBefore[i])
		h.weight[i+1] = h.weight[i] + w*int64(p[i])
		h.plain[i+1] = h.plain[i] + int64(p[i])
		byScore[p[i]] += w
		b := &s.page.Blocks[i]
		if b.Element >= 0 {
			s.els[b.Element].scores += w * int64(p[i])
		}
		if b.Kept {
			h.kept += w * int64(p[i])
		}
		s.sigOf[i].scores += w * int64(p[i])
		if p[i] >= 500 {
			h.good += int(w)
		}
		if p[i] >= sure {
			if h.goodEnd[0] < 0 {
				h.goodEnd[0] = i
			}
			h.goodEnd[1] = i
		}
	}
	h.all = h.weight[n]
	for i := len(s.els) - 1; i >= 0; i-- {
		if up := s.page.Elements[i].Parent; up >= 0 {
			s.els[up].scores += s.els[i].scores
		}
	}
	for i := range s.els {
		if x := s.els[i].scores; x > 0 && x*10 >= h.all*8 {
			h.best = int32(i)
		}
	}
	var higher int64
	for v := 1000; v >= 0; v-- {
		w := byScore[v]
		byScore[v] = higher
		higher += w
	}
	for i := range p {
		h.rank[i] = int16(byScore[p[i]] * 1000 / int64(max(s.total.words, 1)))
	}
	// Sections: from a heading to the next.
	start := 0
	for i := 0; i <= n; i++ {
		if i < n && (i == 0 || s.page.Blocks[i].Kind != text.Heading) {
			continue
		}
		for j := start; j < i; j++ {
			h.section[j] = [2]int32{int32(start), int32(i)}
		}
		start = i
	}
	last := int32(-1)
	for i := range p {
		h.near[i][0] = last
		if p[i] >= sure {
			last = int32(i)
		}
	}
	last = -1
	for i := n - 1; i >= 0; i-- {
		h.near[i][1] = last
		if p[i] >= sure {
			last = int32(i)
		}
	}
	return h
}

// mean returns the mean score of the words in blocks [lo, hi), without block i.
func (h *neighbourhood) mean(lo, hi, i int) int {
	lo, hi = max(lo, 0), min(hi, len(h.p))
	if lo >= hi {
		return -1
	}
	sum, words := h.weight[hi]-h.weight[lo], int64(h.wordsBefore[hi]-h.wordsBefore[lo])
	if i >= lo && i < hi {
		w := int64(h.wordsBefore[i+1] - h.wordsBefore[i])
		sum, words = sum-w*int64(h.p[i]), words-w
	}
	if words == 0 {
		return -1
	}
	return int(sum / words)
}

// flat is mean by blocks instead of words.
func (h *neighbourhood) flat(lo, hi int) int {
	lo, hi = max(lo, 0), min(hi, len(h.p))
	if lo >= hi {
		return -1
	}
	return int((h.plain[hi] - h.plain[lo]) / int64(hi-lo))
}

// second adds what the scores tell of block i to its row.
func (h *neighbourhood) second(r *row, i int) {
	n := len(h.p)
	w := int64(h.wordsBefore[i+1] - h.wordsBefore[i])
	r.put("score", int(h.p[i]))
	r.put("score-rank", int(h.rank[i]))
	for d := -3; d <= 3; d++ {
		if d == 0 {
			continue
		}
		v := -1
		if j := i + d; j >= 0 && j < n {
			v = int(h.p[j])
		}
		r.put(scoreNames[d+3], v)
	}
	r.put("score-before-5", h.mean(i-5, i, i))
	r.put("score-after-5", h.mean(i+1, i+6, i))
	r.put("score-before-15", h.mean(i-15, i, i))
	r.put("score-after-15", h.mean(i+1, i+16, i))
	r.put("score-around-4", h.flat(i-4, i+5))
	r.put("score-around-12", h.flat(i-12, i+13))
	sec := h.section[i]
	r.put("score-section", h.mean(int(sec[0]), int(sec[1]), i))
	r.put("score-section-after", h.mean(i+1, int(sec[1]), i))
	r.put("section-blocks", int(sec[1]-sec[0]))
	r.put("section-words", int(h.wordsBefore[sec[1]]-h.wordsBefore[sec[0]]))
	r.put("score-heading", int(h.p[sec[0]]))
	for k, at := range h.near[i] {
		if at < 0 {
			r.put(nearNames[k][0], -1)
			r.put(nearNames[k][1], -1)
			continue
		}
		d := int(at) - i
		r.put(nearNames[k][0], max(d, -d))
		lo, hi := min(int(at), i), max(int(at), i)
		r.put(nearNames[k][1], int(h.wordsBefore[hi]-h.wordsBefore[lo]))
	}
	r.put("from-good-start", i-h.goodEnd[0])
	r.put("from-good-end", i-h.goodEnd[1])
	e := h.page.Blocks[i].Element
	for k := range 5 {
		if e < 0 {
			r.put(boxScore[k], -1)
			r.put(boxRest[k], -1)
			r.put(boxShare[k], -1)
			continue
		}
		x := &h.els[e]
		r.put(boxScore[k], int(x.scores/int64(max(x.words, 1))))
		v := -1
		if rest := int64(x.words) - w; rest > 0 {
			v = int((x.scores - w*int64(h.p[i])) / rest)
		}
		r.put(boxRest[k], v)
		r.put(boxShare[k], share(x.scores, h.all))
		e = x.up
	}
	g := h.sigOf[i]
	v := -1
	if rest := int64(g.words) - w; rest > 0 {
		v = int((g.scores - w*int64(h.p[i])) / rest)
	}
	r.put("make-score", v)
	r.put("make-score-share", share(g.scores, h.all))
	r.put("score-to-best", h.steps(h.page.Blocks[i].Element, h.best))
	words := int64(max(h.total.words, 1))
	r.put("page:score", int(h.all/words))
	r.put("page:good", share(int64(h.good), words))
	r.put("page:good-words", h.good)
	r.put("page:kept-score", int(h.kept/int64(max(h.total.kept, 1))))
	r.put("page:score-kept", share(h.kept, h.all))
	r.put("page:sureness", share(h.all, int64(max(h.good, 1))*1000))
}

var (
	scoreNames = [7]string{"score-3", "score-2", "score-1", "", "score+1", "score+2", "score+3"}
	nearNames  = [2][2]string{{"good-before", "good-before-words"}, {"good-after", "good-after-words"}}
	boxScore   = [5]string{"box-1:score", "box-2:score", "box-3:score", "box-4:score", "box-5:score"}
	boxRest    = [5]string{"box-1:score-rest", "box-2:score-rest", "box-3:score-rest", "box-4:score-rest", "box-5:score-rest"}
	boxShare   = [5]string{"box-1:score-share", "box-2:score-share", "box-3:score-share", "box-4:score-share", "box-5:score-share"}
)
