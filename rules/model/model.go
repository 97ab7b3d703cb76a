// Package model holds the universal model, which tells furniture from content
// by what it looks like, for publishers that no rule knows.
//
// It has two layers. The first is linear and scores every unit by its words,
// its shape, its place and its neighbours. The second is a sum of small trees
// over the scores of the first around a unit, how sure it is of all that lies
// between the unit and the edges of the text, and where prose, repeated lines
// and what rules took stand. All arithmetic is in integers, so that every
// machine gives the same answer.
package model

import ()

// Unit is the score that stands for one unit of log odds: weights are
// sixteenths.
const Unit = 16

// A Model is a set of weights with the score from which it acts. It is
// immutable while in use.
type Model struct {
	First []int8 // 1<<Bits
	Trees []Tree
	Least int32 // the least score of a unit that goes, see Cuts
}

// New returns a Model of zero weights.
func New() *Model {
	return &Model{First: make([]int8, 1<<Bits)}
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

// Scores appends the scores of in's units, as Unit times log odds.
func (m *Model) Scores(in *Input, v *View, out []int32) []int32 {
	v.first = m.FirstScores(in, v.first[:0])
	v.Reset(in, v.first)
	var x [Numbers]int16
	for u, first := range v.first {
		if first < Hopeless {
			out = append(out, -clampTo)
			continue
		}
		v.Of(u, &x)
		out = append(out, m.Second(&x))
	}
	return out
}

// Hopeless is the score of the first layer below which the second is not asked.
const Hopeless = -3 * Unit
