package extract

import (
	"context"
	"runtime"
	"sync"
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

// TestEveryPage extracts every page of wcxb-dev and of the corpora: the
// ledger must account for all of each, and word F1 may not fall.
func TestEveryPage(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 2,745 pages")
	}
	folder, ok := quality.Shared(1, "wcxb-dev")
	if !ok {
		t.Skip("wcxb-dev is not here")
	}
	type job struct {
		p quality.Page
		o Options
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	f1 := map[Blocking]map[string][]float64{BlocksOn: {}, BlocksOff: {}}
	pages, entries, ranges := 0, 0, 0
	jobs := make(chan job)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for j := range jobs {
				r, err := Extract(context.Background(), Page{HTML: []byte(j.p.HTML), URL: j.p.URL}, j.o)
				if err != nil {
					t.Errorf("%s %v: %v", j.p.ID, j.o, err)
					continue
				}
				f := quality.WordF1(r.Document.Text, j.p.Truth).F1
				if j.o.Ledger {
					slack := 0
					if j.o.Blocks == BlocksOff {
						slack = 1 // a text of one byte that the engine moved has no address to know it by
					}
					if err := checkLedger([]byte(j.p.HTML), r, slack); err != nil {
						t.Errorf("%s %v: %v", j.p.ID, j.o, err)
					}
					if r.Charset == "utf-8" {
						if got, want := total(t, j.p.HTML, r.Ledger); got != want {
							t.Errorf("%s %v: the ledger has %d bytes of %d", j.p.ID, j.o, got, want)
						}
					}
				}
				mu.Lock()
				pages++
				if j.o.Engine == "" && j.p.Type != "" {
					for _, k := range []string{"all", j.p.Type} {
						f1[j.o.Blocks][k] = append(f1[j.o.Blocks][k], f)
					}
				}
				for _, e := range r.Ledger {
					entries++
					if e.HasSource {
						ranges++
					}
				}
				mu.Unlock()
			}
		})
	}
	n := 0
	for p, err := range quality.Pages(folder) {
		if err != nil {
			t.Fatal(err)
		}
		jobs <- job{p, Options{Blocks: BlocksOff}}
		jobs <- job{p, Options{Blocks: BlocksOn, Ledger: true}}
		if n++; n%10 == 0 {
			jobs <- job{p, Options{Blocks: BlocksOff, Engine: Readeck, Captions: true, Ledger: true}}
			jobs <- job{p, Options{Blocks: BlocksOn, Engine: Readeck, Captions: true, Ledger: true}}
			jobs <- job{p, Options{Blocks: BlocksOff, Engine: Shiori, Ledger: true}}
		}
	}
	if corpora, ok := quality.Shared(1, "corpora"); ok {
		for d, err := range quality.Corpora(corpora) {
			if err != nil {
				t.Fatal(err)
			}
			jobs <- job{quality.Page{ID: d.ID, URL: d.URL, HTML: d.HTML, Truth: d.Truth}, Options{Blocks: BlocksOn, Ledger: true}}
		}
	}
	close(jobs)
	wg.Wait()
	t.Logf("%d extractions, %d entries, %d with their place in the source", pages, entries, ranges)
	if ranges*1000 < entries*995 {
		t.Errorf("%d of %d entries have their place in the source", ranges, entries)
	}
	for b, kinds := range floors {
		for k, floor := range kinds {
			sum := 0.
			for _, f := range f1[b][k] {
				sum += f
			}
			got := sum / float64(len(f1[b][k]))
			t.Logf("blocks %s, %s: %.4f", b, k, got)
			if got < floor {
				t.Errorf("blocks %s: word F1 over %s pages is %.4f, the floor is %.3f", b, k, got, floor)
			}
		}
	}
}
