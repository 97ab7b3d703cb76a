package clean

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"winnow/internal/quality"
	"winnow/rules"
	"winnow/rules/packs"
	"winnow/text"
)

// news returns the texts of the shared news archive, and their bytes: articles
// with little around them.
func news(b *testing.B) (docs []Input, bytes int64) {
	dir, ok := quality.Shared(1, "news-dev")
	if !ok {
		b.Skip("the shared news archive is not here")
	}
	for d, err := range quality.News(dir) {
		if err != nil {
			b.Fatal(err)
		}
		docs = append(docs, Input{ID: d.ID, Publisher: text.ParsePublisher(d.Publisher), Title: d.Title, Source: []byte(d.Text)})
		bytes += int64(len(d.Text))
	}
	return docs, bytes
}

// corpus returns the visible texts of the pages of the shared corpora, a
// quarter of which is furniture, and their bytes.
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
func loaded(b *testing.B, n int, builtin func() ([]*rules.Pack, error)) *rules.Set {
	ps, err := builtin()
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

// BenchmarkText measures the whole clean path for texts on one core (run it
// with GOMAXPROCS=1), with the built-in packs alone, with more and more rules
// loaded, and with the universal model. Every run of the same texts by the same
// rules must remove the same spans.
func BenchmarkText(b *testing.B) {
	for _, from := range []struct {
		name string
		docs func(*testing.B) ([]Input, int64)
	}{{"pages", corpus}, {"news", news}} {
		var want string
		run := func(name string, n int, builtin func() ([]*rules.Pack, error)) {
			b.Run(from.name+"/"+name, func(b *testing.B) {
				docs, bytes := from.docs(b)
				e := New(loaded(b, n, builtin))
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
		for _, n := range []int{0, 1_000, 10_000, 1_000_000} {
			run(fmt.Sprintf("rules=packs+%d", n), n, packs.Builtin)
		}
		want = ""
		run("rules=packs+model", 0, Builtin)
	}
}

// BenchmarkRequests cleans texts of nothing but furniture, where every unit is
// somebody's candidate, opens a block and holds a call, at two lengths. A byte of the long one must not take
// much longer than a byte of the short one.
func BenchmarkRequests(b *testing.B) {
	ps, err := packs.Builtin()
	if err != nil {
		b.Fatal(err)
	}
	set, err := rules.NewSet(ps...)
	if err != nil {
		b.Fatal(err)
	}
	e := New(set)
	const short, times = 32 << 10, 8
	for name, request := range map[string]string{
		"line": "Please donate $5 to our newsroom today. ", "lines": "Please donate $5 to our newsroom today.\n",
		"appeal": "We need your help. Since you're here, support our journalism and become a member for $3 a month.\n",
		"share":  "Share on Facebook\nRead more:\nSign up for our newsletter\n", "menu": "Home\nAbout\nContact\n", "numbers": "1 2 3 4 5 next\n", "slashes": "x/AP ", "leads": "related x ", "unit": "Text harbour and give donate subscribe ", "quoted": "\"Donate now,\" he said. Subscribe to our paper. ",
	} {
		b.Run(name, func(b *testing.B) {
			clean := func(n int) time.Duration {
				in := Input{Source: []byte(strings.Repeat(request, n/len(request)) + ". And so it ends.")}
				begin := time.Now()
				r, err := e.Clean(context.Background(), in, Options{})
				if err != nil || len(r.Outcome.Clean) > len(in.Source) {
					b.Fatalf("%v", err)
				}
				return time.Since(begin)
			}
			clean(short)
			for b.Loop() {
				a, z := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
				for range 3 {
					a, z = min(a, clean(short)), min(z, clean(times*short))
				}
				ratio := float64(z) / float64(a) / times
				if b.ReportMetric(ratio, "long/short"); ratio > 3 {
					b.Fatalf("a byte of a text %d times as long takes %.1f times as long", times, ratio)
				}
			}
		})
	}
}
