package extract

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"syscall"
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

// BenchmarkExtract reports how many times the work of html.Parse a page is, and
// how many times the work of the same path without the block model. They take
// turns and are measured in processor time, so that a busy machine slows all.
func BenchmarkExtract(b *testing.B) {
	for _, e := range []Engine{Shiori, Readeck} {
		b.Run(string(e), func(b *testing.B) {
			pages := benchPages(b)
			b.SetBytes(size(pages))
			b.ReportAllocs()
			var parse, off, on time.Duration
			for b.Loop() {
				b.StopTimer()
				parse += processorTime(b, func() { parseAll(b, pages) })
				off += processorTime(b, func() { extractAll(b, pages, Options{Engine: e, Blocks: BlocksOff}) })
				b.StartTimer()
				on += processorTime(b, func() { extractAll(b, pages, Options{Engine: e}) })
			}
			b.ReportMetric(on.Seconds()/parse.Seconds(), "x-parse")
			b.ReportMetric(on.Seconds()/off.Seconds(), "x-engine")
			b.ReportMetric(float64(len(pages)*b.N)/b.Elapsed().Seconds(), "pages/s")
		})
	}
}

func extractAll(b *testing.B, pages []Page, o Options) {
	empty := 0
	for _, p := range pages {
		r, err := Extract(context.Background(), p, o)
		if err != nil {
			b.Fatal(err)
		}
		if r.Document.Text == "" {
			empty++
		}
	}
	if empty > len(pages)/20 {
		b.Errorf("%d of %d pages without text", empty, len(pages))
	}
}

// processorTime returns the processor time of f, that of the collector included.
func processorTime(b *testing.B, f func()) time.Duration {
	b.Helper()
	runtime.GC()
	used := func() time.Duration {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	start := used()
	f()
	return used() - start
}
