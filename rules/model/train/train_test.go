package main

import (
	"slices"
	"testing"

	"winnow/rules/model"
)

// generator is a fixed source of numbers for made-up examples.
type generator uint64

func (g *generator) next(n int) int {
	*g = *g*6364136223846793005 + 1442695040888963407
	return int(*g>>33) % n
}

// TestFit: the same examples give the same weights, a feature that goes with
// furniture has a weight above one that does not, and what says nothing has none.
func TestFit(t *testing.T) {
	var g generator
	var xs []example
	for range 4000 {
		x := example{features: []uint32{uint32(10 + g.next(40)), 3}, words: 1, furniture: g.next(2) == 0, weight: 1}
		if x.furniture {
			x.features = append(x.features, 1)
		} else {
			x.features = append(x.features, 2)
		}
		xs = append(xs, x)
	}
	a, b := fit(64, xs, 4, 0.25, 0.01), fit(64, xs, 4, 0.25, 0.01)
	if !slices.Equal(a, b) {
		t.Error("two fits give two answers")
	}
	if a[1] < 16 || a[2] > -16 || a[63] != 0 {
		t.Errorf("weights %d of furniture, %d of content, %d of nothing", a[1], a[2], a[63])
	}
}

// TestBoost: the same rows give the same trees, and trees find what no single
// number says: furniture is where exactly one of two numbers is high.
func TestBoost(t *testing.T) {
	var g generator
	var rows []row
	for range 4000 {
		r := row{weight: 1}
		r.x[5], r.x[9], r.x[30] = int16(g.next(100)), int16(g.next(100)), int16(g.next(100))
		r.furniture = (r.x[5] >= 50) != (r.x[9] >= 30)
		rows = append(rows, r)
	}
	trees := boost(rows)
	if !slices.Equal(trees, boost(rows)) {
		t.Error("two runs give two answers")
	}
	m, wrong := model.Model{Trees: trees}, 0
	for _, r := range rows {
		if (m.Second(&r.x) > 0) != r.furniture {
			wrong++
		}
	}
	if wrong > len(rows)/50 {
		t.Errorf("%d of %d rows are told wrongly", wrong, len(rows))
	}
}
