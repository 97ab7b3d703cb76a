package eval

import (
	"testing"

	"winnow/internal/quality"
	"winnow/rules/learn"
)

// BenchmarkLearn learns from the news articles: adding, grouping, measuring and
// writing of rules. It reports bytes of text.
func BenchmarkLearn(b *testing.B) {
	dir, ok := quality.Shared(2, "news-dev")
	if !ok {
		b.Skip("the news data are not there")
	}
	labelled, rest, err := NewsData(dir)
	if err != nil {
		b.Fatal(err)
	}
	size := 0
	docs := append(labelled, rest...)
	for _, d := range docs {
		size += len(d.Text)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		l := learn.New(learn.Options{})
		for _, d := range docs {
			l.Add(d.Document)
		}
		props, err := l.Propose()
		if err != nil {
			b.Fatal(err)
		}
		if len(props) != 2 || len(props[0].Rules) < 5 || len(props[1].Rules) < 5 {
			b.Fatalf("%d proposals", len(props))
		}
	}
}
