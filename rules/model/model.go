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

import "slices"

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

// A First is what the first layer says of a unit.
type First struct {
	Sum   int32 // the score
	Words int32 // the part of it that words have
	Known int32 // how many word features have a weight
}

// unseen stands for units that the first layer does not look at.
var unseen = First{Sum: -clampTo}

// FirstScore returns the first layer's score of features, the first words of
// which hold words; of none, as those of a unit that is not looked at, the least.
func (m *Model) FirstScore(fs []uint32, words int) First {
	if len(fs) == 0 {
		return unseen
	}
	var f First
	for _, x := range fs[:words] {
		w := int32(m.First[x])
		f.Words += w
		if uint32(w+1) > 2 {
			f.Known++
		}
	}
	f.Sum = f.Words
	for _, x := range fs[words:] {
		f.Sum += int32(m.First[x])
	}
	return f
}

// FirstScores appends the first layer's scores of in's units.
func (m *Model) FirstScores(in *Input, out []First) []First {
	for u := range in.shapes {
		if !in.Scored(u) {
			out = append(out, unseen)
			continue
		}
		out = append(out, m.FirstScore(in.Features(u)))
	}
	return out
}

// Scores appends the scores of in's units, as Unit times log odds.
func (m *Model) Scores(in *Input, v *View, out []int32) []int32 {
	first := m.FirstScores(in, v.first[:0])
	v.first = first
	if !slices.ContainsFunc(first, func(f First) bool { return f.Sum >= Hopeless }) {
		for range first {
			out = append(out, -clampTo)
		}
		return out
	}
	v.Reset(in, first)
	var x Row
	for u, f := range first {
		if f.Sum < Hopeless {
			out = append(out, -clampTo)
			continue
		}
		v.Of(u, &x)
		out = append(out, m.Second(&x))
	}
	return out
}

// Hopeless is the score of the first layer below which the second is not asked.
const Hopeless = -5 * Unit
