package extract

import (
	"context"
	"testing"

	"winnow/internal/quality"
)

// The floors are what the default engine gives with block rendering. They only
// rise.
const (
	floorAll      = .785
	floorArticles = .934
)

func TestWordF1(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 1,497 pages")
	}
	folder, ok := quality.Shared(1, "wcxb-dev")
	if !ok {
		t.Skip("wcxb-dev is not here")
	}
	for _, e := range []Engine{Shiori, Readeck} {
		var n, sum = map[string]int{}, map[string]float64{}
		for p, err := range quality.Pages(folder) {
			if err != nil {
				t.Fatal(err)
			}
			r, err := Extract(context.Background(), Page{HTML: []byte(p.HTML), URL: p.URL}, Options{Engine: e})
			f := 0.
			if err != nil {
				t.Errorf("%s %s: %v", e, p.ID, err)
			} else {
				f = quality.WordF1(r.Document.Text, p.Truth).F1
			}
			for _, k := range []string{"all", p.Type} {
				n[k]++
				sum[k] += f
			}
		}
		for k := range n {
			t.Logf("%s %s %.4f", e, k, sum[k]/float64(n[k]))
		}
		if e != Shiori {
			continue
		}
		if f := sum["all"] / float64(n["all"]); f < floorAll {
			t.Errorf("word F1 over all pages is %.4f, the floor is %.3f", f, floorAll)
		}
		if f := sum["article"] / float64(n["article"]); f < floorArticles {
			t.Errorf("word F1 over articles is %.4f, the floor is %.3f", f, floorArticles)
		}
	}
}
