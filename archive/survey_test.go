package archive

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"winnow/text"
)

// TestSizes holds the quantiles against those of the sorted sizes.
func TestSizes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var s Sizes
	var list []int64
	for range 20_000 {
		n := int64(r.ExpFloat64() * 5000)
		s.add(n)
		list = append(list, n)
	}
	slices.Sort(list)
	for _, q := range []float64{0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1} {
		want := float64(list[int(q*float64(len(list)-1))])
		if got := float64(s.Quantile(q)); got < want*0.98-2 || got > want*1.02+2 {
			t.Errorf("the %v quantile is %v, want %v", q, got, want)
		}
	}
	if s.Min != list[0] || s.Max != list[len(list)-1] || s.Count != 20_000 {
		t.Errorf("%+v", s)
	}
	var none Sizes
	if none.Quantile(0.5) != 0 || none.Mean() != 0 {
		t.Error("no sizes: a quantile that is not 0")
	}
}

// TestManyPublishers: however many there are, those with many documents are
// found, their counts lack no more than is said, and no more are held than may be.
func TestManyPublishers(t *testing.T) {
	var s Survey
	want := map[text.Publisher]int64{}
	add := func(p string, n int) {
		for range n {
			s.Add(Source{Kind: JSONL}, &Record{Publisher: text.Publisher(p)})
		}
		want[text.Publisher(p)] += int64(n)
	}
	for i := range maxPublishers * 3 / 2 {
		add(fmt.Sprintf("p%d.example", i), 1)
		if i%1000 == 0 {
			add("early.example", 3)
		}
		if i > maxPublishers && i%1000 == 0 {
			add("late.example", 5)
		}
	}
	list, missed := s.Publishers()
	if len(list) > maxPublishers || missed == 0 {
		t.Errorf("%d publishers are held, and counts may lack %d", len(list), missed)
	}
	for i, p := range []text.Publisher{"early.example", "late.example"} {
		if list[i].Publisher != p || list[i].Documents > want[p] || list[i].Documents < want[p]-missed {
			t.Errorf("%+v, want %s %d, lacking %d at most", list[i], p, want[p], missed)
		}
	}
}
