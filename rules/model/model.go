// Package model holds the universal model: a linear model that tells furniture
// from content by what it looks like, for publishers that no rule knows.
//
// It has two layers. The first scores every unit by its words, its shape, its
// place and its neighbours. The second sees the scores of the first layer
// around a unit, and how sure it is of all that lies between the unit and the
// edges of the text. Weights are 8-bit integers and all arithmetic is in
// integers, so that every machine gives the same answer.
package model

import (
	"winnow/text"
)

// Bits2 is the logarithm of the number of weights of the second layer.
const Bits2 = 14

// Unit is the score that stands for one unit of log odds: weights are
// sixteenths.
const Unit = 16

// A Model is a set of weights with the scores from which it acts. It is
// immutable while in use.
type Model struct {
	First  []int8 // 1<<Bits
	Second []int8 // 1<<Bits2
	Edge   int32  // least score in a run from an edge, or beside what rules take
	Inside int32  // least score elsewhere
}

// New returns a Model of zero weights.
func New() *Model {
	return &Model{First: make([]int8, 1<<Bits), Second: make([]int8, 1<<Bits2)}
}

// clampTo keeps sums of the first layer in the range that the second can tell apart.
const clampTo = 6 * Unit

// FirstScore returns the first layer's score of features; of none, as those of a
// unit that is not looked at, the least.
func (m *Model) FirstScore(fs []uint32) int32 {
	if len(fs) == 0 {
		return -clampTo
	}
	sum := int32(0)
	for _, f := range fs {
		sum += int32(m.First[f])
	}
	return sum
}

// FirstScores appends the first layer's scores of in's units.
func (m *Model) FirstScores(in *Input, out []int32) []int32 {
	for u := range in.shapes {
		if !in.Scored(u) {
			out = append(out, -clampTo)
			continue
		}
		out = append(out, m.FirstScore(in.Features(u)))
	}
	return out
}

// Layer holds what the second layer sees of a text.
type Layer struct {
	scores     []int32 // clamped
	head, tail []int32 // least smoothed score between the unit and the edge
	sums       []int32 // prefix sums of scores
	buf        []uint32
	first      []int32
}

// Reset prepares l for the first layer's scores of a text.
func (l *Layer) Reset(scores []int32) {
	n := len(scores)
	l.scores, l.sums, l.head, l.tail = l.scores[:0], append(l.sums[:0], 0), l.head[:0], l.tail[:0]
	for _, s := range scores {
		s = max(-clampTo, min(clampTo, s))
		l.scores = append(l.scores, s)
		l.sums = append(l.sums, l.sums[len(l.sums)-1]+s)
	}
	least := int32(clampTo)
	for u := range n {
		least = min(least, l.mean(u-1, u+2))
		l.head = append(l.head, least)
		l.tail = append(l.tail, 0)
	}
	least = clampTo
	for u := n - 1; u >= 0; u-- {
		least = min(least, l.mean(u-1, u+2))
		l.tail[u] = least
	}
}

// mean returns the mean score of units [lo, hi), cut to the text.
func (l *Layer) mean(lo, hi int) int32 {
	lo, hi = max(lo, 0), min(hi, len(l.scores))
	if lo >= hi {
		return clampTo
	}
	return (l.sums[hi] - l.sums[lo]) / int32(hi-lo)
}

func step(s int32, width int32) uint64 { return uint64((s + clampTo + width/2) / width) }

func (l *Layer) at(u int) uint64 {
	if u < 0 || u >= len(l.scores) {
		return 99
	}
	return step(l.scores[u], 16)
}

func (l *Layer) add(n int, a, b uint64) {
	l.buf = append(l.buf, mix(kScore, uint64(n)<<40|a<<20|b)>>(Bits-Bits2))
}

// Features returns the features of unit u of in, valid until the next call.
func (l *Layer) Features(in *Input, u int) []uint32 {
	l.buf = l.buf[:0]
	s := in.shapes[u]
	own := step(l.scores[u], 8)
	coarse := step(l.scores[u], 24)
	l.add(0, own, 0)
	l.add(1, coarse, l.at(u-1))
	l.add(2, coarse, l.at(u+1))
	l.add(3, l.at(u-1), l.at(u+1))
	l.add(4, coarse, step(l.mean(u-2, u+3), 12))
	l.add(5, coarse, step(l.mean(u-5, u), 12))
	l.add(6, coarse, step(l.mean(u+1, u+6), 12))
	l.add(7, coarse, step(l.head[u], 12))
	l.add(8, coarse, step(l.tail[u], 12))
	l.add(9, step(l.head[u], 24), step(l.tail[u], 24))
	l.add(10, coarse, uint64(s.length))
	l.add(11, coarse, uint64(in.zone[u]))
	l.add(12, coarse, in.took(u-1)<<1|in.took(u+1))
	l.add(13, step(l.mean(u-12, u+13), 12), coarse)
	l.add(14, step(l.mean(0, len(l.scores)), 12), coarse)
	l.add(15, step(max(l.head[u], l.tail[u]), 8), 0)
	return l.buf
}

// Scores appends the scores of in's units, as Unit times log odds.
func (m *Model) Scores(in *Input, l *Layer, out []int32) []int32 {
	l.first = m.FirstScores(in, l.first[:0])
	l.Reset(l.first)
	for u := range in.shapes {
		if !in.Scored(u) {
			out = append(out, -clampTo)
			continue
		}
		sum := int32(0)
		for _, f := range l.Features(in, u) {
			sum += int32(m.Second[f])
		}
		out = append(out, sum)
	}
	return out
}

// FromEdge reports of each unit whether it stands in an unbroken run, from the
// head or tail of the text, of units that score least or more, that rules
// took, or that hold no word; or within two units of what rules took.
func FromEdge(seg *text.Segments, scores []int32, taken []bool, least int32) []bool {
	n := len(scores)
	out := make([]bool, n)
	fits := func(u int) bool { return scores[u] >= least || taken[u] || seg.Units[u].Tokens.Len() == 0 }
	for u := 0; u < n && fits(u); u++ {
		out[u] = true
	}
	for u := n - 1; u >= 0 && fits(u); u-- {
		out[u] = true
	}
	for u := range n {
		if !taken[u] {
			continue
		}
		for v := u + 1; v < n && v <= u+2 && fits(v); v++ {
			out[v] = true
		}
		for v := u - 1; v >= 0 && v >= u-2 && fits(v); v-- {
			out[v] = true
		}
	}
	return out
}
