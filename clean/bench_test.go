package clean

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"winnow/internal/quality"
	"winnow/rules"
	"winnow/text"
)

// corpus returns texts of the shared corpora, and their bytes.
func corpus(b *testing.B) (docs []Input, bytes int64) {
	dir, ok := quality.Shared(1, "corpora")
	if !ok {
		b.Skip("the shared corpora are not here")
	}
	for d, err := range quality.Corpora(dir) {
		if err != nil {
			b.Fatal(err)
		}
		docs = append(docs, Input{ID: d.ID, Publisher: text.ParsePublisher(d.Publisher), Source: []byte(d.Text)})
		bytes += int64(len(d.Text))
	}
	return docs, bytes
}

// loaded returns the built-in packs and n generated rules: texts, prefixes and
// suffixes for any publisher, and for each of the corpora's publishers, that
// match nothing but stand in the way of every look-up.
func loaded(b *testing.B, n int) *rules.Set {
	ps, err := Builtin()
	if err != nil {
		b.Fatal(err)
	}
	extra := &rules.Pack{}
	kinds := []rules.Kind{rules.KindText, rules.KindText, rules.KindText, rules.KindPrefix, rules.KindSuffix}
	for i := range n {
		r := &rules.Rule{ID: rules.ID(fmt.Sprintf("bench/%07d", i)), Category: rules.Nav, Mode: rules.Enforce, Where: rules.Anywhere,
			Kind: kinds[i%len(kinds)], Text: []string{fmt.Sprintf("read word%dx word%dy more", i, i)}, Confidence: 1}
		extra.Rules = append(extra.Rules, r)
	}
	set, err := rules.NewSet(append(append([]*rules.Pack{}, ps...), extra)...)
	if err != nil {
		b.Fatal(err)
	}
	return set
}

// BenchmarkText measures the whole clean path for texts on one core, with the
// built-in packs alone and with more and more rules loaded. Every run must
// remove the same spans.
func BenchmarkText(b *testing.B) {
	docs, bytes := corpus(b)
	var want string
	for _, n := range []int{0, 1_000, 10_000, 1_000_000} {
		b.Run(fmt.Sprintf("rules=builtin+%d", n), func(b *testing.B) {
			e := New(loaded(b, n))
			runtime.GC()
			b.SetBytes(bytes)
			b.ReportAllocs()
			for b.Loop() {
				cut, spans := 0, 0
				for _, d := range docs {
					r, err := e.Clean(context.Background(), d, Options{})
					if err != nil {
						b.Fatal(err)
					}
					cut += len(r.Document.Text) - len(r.Outcome.Clean)
					spans += len(r.Outcome.Removals)
				}
				got := fmt.Sprintf("%d bytes in %d spans of %d documents", cut, spans, len(docs))
				if want == "" {
					want = got
				}
				if got != want || cut == 0 {
					b.Fatalf("removed %s, before %s", got, want)
				}
			}
		})
	}
}
