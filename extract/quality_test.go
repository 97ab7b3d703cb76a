package extract

import (
	"context"
	"testing"

	"winnow/internal/quality"
)

// The floors are what the engine alone gives with block rendering, and what the
// block model gives on the pages that it was trained on. They only rise. What
// it gives on pages that it has not seen stands in blocks/figures.txt.
var floors = map[Blocking]map[string]float64{
	BlocksOff: {"all": .785, "article": .934},
	BlocksOn:  {"all": .90, "article": .96},
}

func TestWordF1(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 1,497 pages")
	}
	folder, ok := quality.Shared(1, "wcxb-dev")
	if !ok {
		t.Skip("wcxb-dev is not here")
	}
	for _, o := range []Options{{Blocks: BlocksOff}, {Blocks: BlocksOn}, {Blocks: BlocksOff, Engine: Readeck}, {Blocks: BlocksOn, Engine: Readeck}} {
		var n, sum = map[string]int{}, map[string]float64{}
		for p, err := range quality.Pages(folder) {
			if err != nil {
				t.Fatal(err)
			}
			r, err := Extract(context.Background(), Page{HTML: []byte(p.HTML), URL: p.URL}, o)
			f := 0.
			if err != nil {
				t.Errorf("%s %s: %v", o.Engine, p.ID, err)
			} else {
				f = quality.WordF1(r.Document.Text, p.Truth).F1
			}
			for _, k := range []string{"all", p.Type} {
				n[k]++
				sum[k] += f
			}
		}
		for k := range n {
			t.Logf("%s %s %s %.4f", o.Engine, o.Blocks, k, sum[k]/float64(n[k]))
		}
		if o.Engine != "" {
			continue
		}
		for k, floor := range floors[o.Blocks] {
			if f := sum[k] / float64(n[k]); f < floor {
				t.Errorf("%s: word F1 over %s pages is %.4f, the floor is %.3f", o.Blocks, k, f, floor)
			}
		}
	}
}
