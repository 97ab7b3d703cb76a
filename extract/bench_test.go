package extract

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"winnow/internal/quality"

	"golang.org/x/net/html"
)

// benchPages returns every tenth real page, or skips.
func benchPages(b *testing.B) []Page {
	b.Helper()
	folder, ok := quality.Shared(1, "wcxb-dev")
	if !ok {
		b.Skip("wcxb-dev is not here")
	}
	pages, err := loadBenchPages(folder)
	if err != nil {
		b.Fatal(err)
	}
	return pages
}

var benchCache struct {
	once  sync.Once
	pages []Page
	err   error
}

func loadBenchPages(folder string) ([]Page, error) {
	c := &benchCache
	c.once.Do(func() {
		i := 0
		for p, err := range quality.Pages(folder) {
			if err != nil {
				c.err = err
				return
			}
			if i++; i%10 == 0 {
				c.pages = append(c.pages, Page{HTML: []byte(p.HTML), URL: p.URL})
			}
		}
	})
	return c.pages, c.err
}

func size(pages []Page) (n int64) {
	for _, p := range pages {
		n += int64(len(p.HTML))
	}
	return n
}

func parseAll(b *testing.B, pages []Page) {
	for _, p := range pages {
		doc, err := html.Parse(bytes.NewReader(p.HTML))
		if err != nil || doc.FirstChild == nil {
			b.Fatal("no tree", err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	pages := benchPages(b)
	b.SetBytes(size(pages))
	for b.Loop() {
		parseAll(b, pages)
	}
}

// BenchmarkExtract reports how many times the work of html.Parse a page is. It
// takes turns with the parser, so that a busy machine slows both.
func BenchmarkExtract(b *testing.B) {
	for _, e := range []Engine{Shiori, Readeck} {
		b.Run(string(e), func(b *testing.B) {
			pages := benchPages(b)
			b.SetBytes(size(pages))
			b.ReportAllocs()
			var parse time.Duration
			empty := 0
			for b.Loop() {
				b.StopTimer()
				start := time.Now()
				parseAll(b, pages)
				parse += time.Since(start)
				b.StartTimer()
				empty = 0
				for _, p := range pages {
					r, err := Extract(context.Background(), p, Options{Engine: e})
					if err != nil {
						b.Fatal(err)
					}
					if r.Document.Text == "" {
						empty++
					}
				}
			}
			if empty > len(pages)/20 {
				b.Errorf("%d of %d pages without text", empty, len(pages))
			}
			b.ReportMetric(b.Elapsed().Seconds()/parse.Seconds(), "x-parse")
			b.ReportMetric(float64(len(pages)*b.N)/b.Elapsed().Seconds(), "pages/s")
		})
	}
}
