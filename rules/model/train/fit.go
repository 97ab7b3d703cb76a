package main

import "math"

// An example is a unit to learn from.
type example struct {
	features  []uint32 // those that hold words first
	words     int
	furniture bool
	weight    float32
}

// blind is the share of the examples that are shown without their words, as
// texts in other languages are.
const blind = 0.25

// fit returns the weights of a logistic regression over n features, learned by
// AdaGrad in epochs passes, rounded to sixteenths. The order of the examples is
// that of a fixed generator, so that the same examples give the same weights.
// Small weights are shrunk to nothing (by decay in each pass): words that one
// publisher alone has teach nothing.
func fit(n int, examples []example, epochs int, rate, decay float32) []int8 {
	w, g := make([]float32, n), make([]float32, n)
	order := make([]int32, len(examples))
	for i := range order {
		order[i] = int32(i)
	}
	seed := uint64(1)
	for e := range epochs {
		for i := len(order) - 1; i > 0; i-- {
			seed = seed*6364136223846793005 + 1442695040888963407
			j := int(seed>>33) % (i + 1)
			order[i], order[j] = order[j], order[i]
		}
		for _, k := range order {
			x := &examples[k]
			seen := x.features
			if seed = seed*6364136223846793005 + 1442695040888963407; float64(seed>>40)/(1<<24) < blind {
				seen = seen[x.words:]
			}
			sum := float32(0)
			for _, f := range seen {
				sum += w[f]
			}
			p := float32(1 / (1 + math.Exp(-float64(sum))))
			d := p
			if x.furniture {
				d = p - 1
			}
			if d *= x.weight; d < 0.002 && d > -0.002 {
				continue
			}
			for _, f := range seen {
				g[f] += d * d
				w[f] -= rate * d / float32(math.Sqrt(float64(g[f])+1))
			}
		}
		if e < epochs-1 {
			for i := range w {
				w[i] = shrink(w[i], decay)
			}
		}
	}
	out := make([]int8, n)
	for i := range w {
		out[i] = int8(max(-127, min(127, math.Round(float64(w[i])*16))))
	}
	return out
}

func shrink(w, by float32) float32 {
	switch {
	case w > by:
		return w - by
	case w < -by:
		return w + by
	}
	return 0
}
