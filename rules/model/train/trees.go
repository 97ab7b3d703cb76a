package main

import (
	"math"
	"slices"

	"winnow/rules/model"
)

// A row is a unit as the second layer learns from it.
type row struct {
	x         model.Row
	furniture bool
	weight    float32
}

const (
	trees    = 80
	rate     = 0.2
	ridge    = 8   // added to the curvature of a leaf
	leastSum = 12  // the least curvature on either side of a question
	bins     = 48  // bounds that a number is tried with
	share    = 0.5 // of the rows that a tree learns from
)

// boost learns trees by gradient boosting with second derivatives over
// histograms (after Friedman, Annals of Statistics 29 (2001), and Chen and
// Guestrin, KDD 2016). The same rows give the same trees.
func boost(rows []row) []model.Tree {
	n := len(rows)
	var bounds [model.Numbers][]int16 // sorted; bin b of x is how many bounds x reaches
	cols := make([][]uint8, model.Numbers)
	for f := range cols {
		var vs []int16
		for i := 0; i < n; i += 1 + n/40000 {
			vs = append(vs, rows[i].x[f])
		}
		slices.Sort(vs)
		for b := 1; b < bins; b++ {
			bounds[f] = append(bounds[f], vs[b*len(vs)/bins])
		}
		bounds[f] = slices.Compact(bounds[f])
		cols[f] = make([]uint8, n)
		for i := range rows {
			b, found := slices.BinarySearch(bounds[f], rows[i].x[f])
			if found {
				b++
			}
			cols[f][i] = uint8(b)
		}
	}
	score := make([]float32, n)
	g, h := make([]float32, n), make([]float32, n)
	node := make([]uint8, n) // within its level
	seed := uint64(7)
	var out []model.Tree
	for range trees {
		var picked []int32
		for i := range rows {
			seed = seed*6364136223846793005 + 1442695040888963407
			if float64(seed>>40)/(1<<24) < share {
				picked = append(picked, int32(i))
			}
			p := float32(1 / (1 + math.Exp(-float64(score[i]))))
			y := float32(0)
			if rows[i].furniture {
				y = 1
			}
			g[i], h[i] = rows[i].weight*(p-y), rows[i].weight*p*(1-p)
			node[i] = 0
		}
		var t model.Tree
		for level := range model.Depth {
			type sum struct{ g, h float64 }
			width := 1 << level
			best, question := 1e-9, -1
			hist := make([][bins + 1]sum, width)
			for f, col := range cols {
				clear(hist)
				for _, i := range picked {
					s := &hist[node[i]][col[i]]
					s.g += float64(g[i])
					s.h += float64(h[i])
				}
				gains := make([]float64, len(bounds[f]))
				for k := range width {
					var all, left sum
					for _, s := range hist[k] {
						all.g, all.h = all.g+s.g, all.h+s.h
					}
					for b := range bounds[f] { // left: bins up to b, right: those that reach bound b
						left.g, left.h = left.g+hist[k][b].g, left.h+hist[k][b].h
						right := sum{all.g - left.g, all.h - left.h}
						if left.h < leastSum || right.h < leastSum {
							continue
						}
						gains[b] += left.g*left.g/(left.h+ridge) + right.g*right.g/(right.h+ridge) - all.g*all.g/(all.h+ridge)
					}
				}
				for b, gain := range gains {
					if gain > best {
						best, question = gain, f
						t.Number[level], t.Least[level] = uint8(f), bounds[f][b]
					}
				}
			}
			if question < 0 {
				t.Least[level] = math.MaxInt16 // no question is worth asking: all answer no
			}
			for i := range rows {
				node[i] *= 2
				if rows[i].x[t.Number[level]] >= t.Least[level] {
					node[i]++
				}
			}
		}
		var sums [1 << model.Depth]struct{ g, h float64 }
		for _, i := range picked {
			s := &sums[node[i]]
			s.g += float64(g[i])
			s.h += float64(h[i])
		}
		for k, s := range sums {
			t.Leaf[k] = int16(math.Round(-rate * s.g / (s.h + ridge) * model.Unit * 16))
		}
		for i := range rows {
			score[i] += float32(t.Leaf[node[i]]) / (model.Unit * 16)
		}
		out = append(out, t)
	}
	return out
}
