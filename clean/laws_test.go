package clean

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"winnow/internal/quality"
	"winnow/rules"
	"winnow/text"
)

func engine(t testing.TB) *Engine {
	t.Helper()
	e, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// checkLaws asserts laws 1 and 3 on a result, and law 4 against a second run.
func checkLaws(t testing.TB, e *Engine, in Input, r *Result) {
	t.Helper()
	back, err := rules.Restore(r.Outcome.Clean, r.Outcome.Pieces(r.Document.Text))
	if err != nil || back != r.Document.Text {
		t.Fatalf("%s: does not restore: %v", in.ID, err)
	}
	if !in.IsPage && r.Document.Text != string(in.Source) {
		t.Fatalf("%s: the text is not the input", in.ID)
	}
	end, gone := 0, 0
	for _, rm := range r.Outcome.Removals {
		s := rm.Span
		if s.Start < end || s.Empty() || s.End > len(back) || rm.CleanOffset != s.Start-gone || len(rm.Matches) == 0 {
			t.Fatalf("%s: removal %v, clean offset %d, after %d with %d bytes gone", in.ID, s, rm.CleanOffset, end, gone)
		}
		for _, at := range []int{s.Start, s.End} {
			if at < len(back) && !utf8.RuneStart(back[at]) && utf8.ValidString(back) {
				t.Fatalf("%s: removal %v splits a rune", in.ID, s)
			}
		}
		end = s.End
		if rm.Mode == rules.Enforce {
			gone += s.Len()
		}
	}
	if len(back)-gone != len(r.Outcome.Clean) {
		t.Fatalf("%s: %d of %d bytes gone, but %d left", in.ID, gone, len(back), len(r.Outcome.Clean))
	}
	d := r.Document
	again := e.Rules().Apply(&d, rules.Options{})
	if rules.Marked(back, again.Removals) != rules.Marked(back, r.Outcome.Removals) {
		t.Fatalf("%s: two answers", in.ID)
	}
}

// TestLawsOnTexts runs the laws on every text of the shared corpora and news.
func TestLawsOnTexts(t *testing.T) {
	e := engine(t)
	n := 0
	run := func(in Input) {
		r, err := e.Clean(context.Background(), in, Options{})
		if err != nil {
			t.Fatalf("%s: %v", in.ID, err)
		}
		checkLaws(t, e, in, r)
		n++
	}
	if dir, ok := quality.Shared(1, "corpora"); ok {
		for d, err := range quality.Corpora(dir) {
			if err != nil {
				t.Fatal(err)
			}
			run(Input{ID: d.ID, Title: d.Title, Publisher: text.ParsePublisher(d.Publisher), Source: []byte(d.Text)})
			run(Input{ID: d.ID, Source: []byte(d.Truth)})
		}
	}
	if dir, ok := quality.Shared(1, "news-dev"); ok {
		for d, err := range quality.News(dir) {
			if err != nil {
				t.Fatal(err)
			}
			run(Input{ID: d.ID, Title: d.Title, URL: d.URL, Source: []byte(d.Text)})
		}
	}
	if n == 0 {
		t.Skip("the shared data is not here")
	}
	t.Logf("%d texts", n)
}

func TestCleanErrors(t *testing.T) {
	e := engine(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		in   Input
		o    Options
		want string
	}{
		{"profile", context.Background(), Input{}, Options{Profile: "fast"}, "INVALID_OPTION"},
		{"confidence", context.Background(), Input{}, Options{MinConfidence: 2}, "INVALID_OPTION"},
		{"budget", context.Background(), Input{}, Options{Budget: -1}, "INVALID_OPTION"},
		{"category", context.Background(), Input{}, Options{Keep: []rules.Category{"joke"}}, "INVALID_OPTION"},
		{"engine", context.Background(), Input{IsPage: true, Source: []byte("<p>x")}, Options{Engine: "magic"}, "INVALID_OPTION"},
		{"deadline", ctx, Input{}, Options{}, "DEADLINE"},
		{"charset", context.Background(), Input{Source: []byte("\xff"), Charset: "klingon"}, Options{}, "CHARSET_UNKNOWN"},
		{"depth", context.Background(), Input{IsPage: true, Source: []byte(strings.Repeat("<div>", 100000))}, Options{}, "HTML_TOO_DEEP"},
	} {
		_, err := e.Clean(c.ctx, c.in, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	for _, in := range []string{"", "\x00\x00", "\xff\xfe", "\ufeff", "\n\n\n"} {
		r, err := e.Clean(context.Background(), Input{Source: []byte(in)}, Options{})
		if err != nil || r.Outcome.Clean != in {
			t.Errorf("%q: %q, %v", in, r.Outcome.Clean, err)
		}
	}
}

// FuzzClean feeds texts and pages to the whole pipeline with the built-in packs.
func FuzzClean(f *testing.F) {
	e := engine(f)
	f.Add([]byte("A line of prose that goes on for some time, and then ends.\nNo comments:\nPost a Comment"), false)
	f.Add([]byte("<html><body><article><p>Text, of some length.<p>Comments</article>"), true)
	f.Fuzz(func(t *testing.T, src []byte, page bool) {
		in := Input{ID: "fuzz", IsPage: page, Source: src}
		r, err := e.Clean(context.Background(), in, Options{})
		if err != nil {
			return
		}
		checkLaws(t, e, in, r)
	})
}
