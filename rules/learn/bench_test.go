package learn

import (
	"testing"

	"winnow/internal/quality"
	"winnow/text"
)

// archives are real archives with the least number of rules that are learned of them.
var archives = []struct {
	name  string
	rules int
	read  func(b *testing.B) []text.Document
}{
	{"corpora", 100, func(b *testing.B) []text.Document {
		dir, ok := quality.Shared(2, "corpora")
		if !ok {
			b.Skip("the corpora are not there")
		}
		var docs []text.Document
		for d, err := range quality.Corpora(dir) {
			if err != nil {
				b.Fatal(err)
			}
			docs = append(docs, text.Document{ID: d.ID, URL: d.URL, Publisher: text.ParsePublisher(d.Publisher), Title: d.Title, Text: d.Text})
		}
		return docs
	}},
	{"news", 15, func(b *testing.B) []text.Document {
		dir, ok := quality.Shared(2, "news-dev")
		if !ok {
			b.Skip("the news data are not there")
		}
		var docs []text.Document
		for d, err := range quality.News(dir) {
			if err != nil {
				b.Fatal(err)
			}
			docs = append(docs, text.Document{ID: d.ID, URL: d.URL, Publisher: text.ParsePublisher(d.Publisher), Title: d.Title, Text: d.Text})
		}
		return docs
	}},
}

// BenchmarkLearn measures the whole way from documents in memory to rules with
// examples and evidence, in bytes of text. One goroutine does all of it.
func BenchmarkLearn(b *testing.B) {
	for _, a := range archives {
		b.Run(a.name, func(b *testing.B) {
			docs := a.read(b)
			size := 0
			for _, d := range docs {
				size += len(d.Text)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				l := New(Options{})
				for _, d := range docs {
					l.Add(d)
				}
				props, err := l.Propose()
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for _, p := range props {
					n += len(p.Rules)
				}
				if n < a.rules {
					b.Fatalf("%d rules, want %d", n, a.rules)
				}
			}
		})
	}
}
