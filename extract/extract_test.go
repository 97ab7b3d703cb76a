package extract

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"winnow/text"

	"golang.org/x/net/html"
)

var update = flag.Bool("update", false, "write the golden files anew")

const prose = "It was a bright, cold day in the valley, and the clocks of the town, as on most days, were striking the hour one after the other. "

// samplePage is a page that every engine finds an article in.
var samplePage = "<html><body><article><p>" + strings.Repeat(prose, 4) + "</p><p>" + strings.Repeat(prose, 4) + "</p></article></body></html>"

func mustExtract(t testing.TB, p Page, o Options) *Result {
	t.Helper()
	r, err := Extract(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	checkResult(t, r)
	return r
}

// checkResult holds a result to what Result promises.
func checkResult(t testing.TB, r *Result) {
	t.Helper()
	d := r.Document
	if !utf8.ValidString(d.Text) {
		t.Error("the text is not valid UTF-8")
	}
	if (len(d.Blocks) == 0) != (d.Text == "") {
		t.Errorf("%d blocks for %d bytes", len(d.Blocks), len(d.Text))
	}
	end := -1
	for i, b := range d.Blocks {
		if b.Span.Start != end+1 || b.Span.End > len(d.Text) || b.Span.Empty() {
			t.Fatalf("block %d %v after one that ends at %d, text of %d", i, b.Span, end, len(d.Text))
		}
		if end >= 0 && d.Text[end] != '\n' {
			t.Fatalf("blocks %d and %d are joined by %q", i-1, i, d.Text[end])
		}
		s := b.Span.In(d.Text)
		if strings.TrimRight(s, " \t\n") != s || b.Kind != text.Code && strings.TrimSpace(s) != s {
			t.Errorf("block %d has white space at an end: %q", i, s)
		}
		if b.Kind == text.TableRow && strings.Contains(s, "\n") {
			t.Errorf("row %d has a line break: %q", i, s)
		}
		end = b.Span.End
	}
	if len(d.Blocks) > 0 && end != len(d.Text) {
		t.Errorf("the last block ends at %d of %d", end, len(d.Text))
	}
}

// TestPages compares pages with goldens, for both engines.
func TestPages(t *testing.T) {
	files, err := filepath.Glob("../testdata/pages/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal("no pages", err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range []Engine{Shiori, Readeck} {
			name := strings.TrimSuffix(filepath.Base(file), ".html")
			t.Run(name+"/"+string(e), func(t *testing.T) {
				p := Page{HTML: src, URL: "https://news.example.co.uk/2024/" + name}
				o := Options{Engine: e, HTML: true, Markdown: true}
				r := mustExtract(t, p, o)
				if again := mustExtract(t, p, o); !reflect.DeepEqual(r, again) {
					t.Error("a second run gives another result")
				}
				golden(t, strings.TrimSuffix(file, ".html")+"."+string(e)+".golden", dump(r))
			})
		}
	}
}

func dump(r *Result) string {
	var b strings.Builder
	d, m := r.Document, r.Metadata
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	for _, f := range [][2]string{
		{"title", d.Title}, {"byline", m.Byline}, {"site", m.SiteName}, {"language", d.Language}, {"excerpt", m.Excerpt},
		{"image", m.Image}, {"published", stamp(m.Published)}, {"modified", stamp(m.Modified)},
		{"publisher", string(d.Publisher)}, {"charset", r.Charset}, {"warnings", fmt.Sprint(r.Warnings)},
	} {
		fmt.Fprintf(&b, "%s: %s\n", f[0], f[1])
	}
	b.WriteString("-- text --\n")
	for _, k := range d.Blocks {
		fmt.Fprintf(&b, "[%s %d] %s\n", k.Kind, k.Level, k.Span.In(d.Text))
	}
	b.WriteString("-- markdown --\n" + r.Markdown + "\n-- html --\n" + r.HTML + "\n")
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update writes it anew. Got:\n%s", file, got)
	}
}

// TestBadInput gives Extract what it must survive. Each case ends within
// seconds, with a result or with the reason named.
func TestBadInput(t *testing.T) {
	const reasonable = 20 * time.Second
	for _, c := range []struct {
		name string
		html string
		want string // the reason, or "" for a result
	}{
		{"empty", "", ""},
		{"white space", " \n ", ""},
		{"no mark-up", "plain words only", ""},
		{"100,000 nested divs", strings.Repeat("<div>", 100_000), "HTML_TOO_DEEP"},
		{"600 nested divs", strings.Repeat("<div>", 600) + prose, "HTML_TOO_DEEP"},
		{"nested deep in a noscript", samplePage + "<noscript>" + strings.Repeat("<div>", 600) + strings.Repeat(prose, 20) + "</noscript>", ""},
		{"20 MB of p", strings.Repeat("<p>", 20<<20/3), "INPUT_TOO_LARGE"},
		{"20 MB of p end tags", strings.Repeat("</p>", 20<<20/4), "INPUT_TOO_LARGE"},
		{"20 MB of <", strings.Repeat("<", 20<<20), ""},
		{"20 MB of tags without end", strings.Repeat("<b", 20<<20/2), ""},
		{"20 MB of one text", "<p>" + strings.Repeat("a ", 10<<20), ""},
		{"40 MB", strings.Repeat("a", 40<<20), "INPUT_TOO_LARGE"},
		{"120,000 links", strings.Repeat("<a href=/x>link</a>\n", 120_000), "INPUT_TOO_LARGE"},
		{"60,000 links", strings.Repeat("<a href=/x>link</a>\n", 60_000), ""},
		{"100,000 rows", "<table>" + strings.Repeat("<tr><td>a</td></tr>\n", 100_000) + "</table>", "INPUT_TOO_LARGE"},
		{"40,000 rows", "<table>" + strings.Repeat("<tr><td>a</td></tr>\n", 40_000) + "</table>", ""},
		{"formatting that is left open", openBold(400) + strings.Repeat("<p>x", 100_000), "INPUT_TOO_LARGE"},
		{"formatting that is left open under cover", openBold(400) + "<table><td>" + strings.Repeat("</b>", 400) + "</table>" +
			strings.Repeat("<p>x", 100_000), "INPUT_TOO_LARGE"},
		{"much text nested deep", strings.Repeat("<div>", 480) + strings.Repeat("<p>"+strings.Repeat(prose, 50), 1500), "INPUT_TOO_LARGE"},
		{"invalid UTF-8", samplePage + "\xff\xfe\xc3\x28", ""},
		{"NUL bytes", strings.ReplaceAll(samplePage, "valley", "val\x00ley"), ""},
		{"control characters", strings.ReplaceAll(samplePage, "valley", "\x01\x08\x1f"), ""},
		{"binary", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\xff\xfe\x80", ""},
		{"huge attribute", "<p title='" + strings.Repeat("a<b>", 5<<18) + "'>x", ""},
		{"doctype alone", "<!DOCTYPE html>", ""},
		{"frames", "<frameset><frame src=a></frameset>", ""},
	} {
		for _, e := range []Engine{Shiori, Readeck} {
			start := time.Now()
			small := len(c.html) < 1<<20
			r, err := Extract(context.Background(), Page{HTML: []byte(c.html)}, Options{Engine: e, HTML: small, Markdown: small})
			d := time.Since(start)
			t.Logf("%s, %s: %v", c.name, e, d.Round(time.Millisecond))
			if d > reasonable {
				t.Errorf("%s, %s: took %v", c.name, e, d)
			}
			var got *Error
			switch {
			case err == nil:
				checkResult(t, r)
				if c.want != "" {
					t.Errorf("%s, %s: a result, want %s", c.name, e, c.want)
				}
			case !errors.As(err, &got):
				t.Errorf("%s, %s: %v is no *Error", c.name, e, err)
			case string(got.Reason) != c.want:
				t.Errorf("%s, %s: %v, want %q", c.name, e, err, c.want)
			}
		}
	}
}

// openBold returns n elements that are opened, not closed and all different.
func openBold(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<b id=%d>", i)
	}
	return b.String()
}

func TestBadInputKeepsWords(t *testing.T) {
	for _, c := range []struct{ name, page, want string }{
		{"NUL", strings.ReplaceAll(samplePage, "valley", "val\x00ley"), "the valley"},
		{"invalid", strings.ReplaceAll(samplePage, "bright,", "bri\xffght é ü ö ä ß é ü ö ä ß,"), "bri\uFFFDght"},
		{"latin 1", strings.ReplaceAll(samplePage, "valley", "vall\xe9e"), "vallée"},
		{"utf-16", string(encoded(t, samplePage, "utf-16le")), "the valley"},
		{"mark", "\xef\xbb\xbf" + samplePage, "the valley"},
	} {
		r := mustExtract(t, Page{HTML: []byte(c.page)}, Options{})
		if !strings.Contains(r.Document.Text, c.want) {
			t.Errorf("%s: no %q in %q", c.name, c.want, r.Document.Text)
		}
		if strings.HasPrefix(r.Document.Text, "\ufeff") {
			t.Errorf("%s: a byte-order mark was left", c.name)
		}
	}
}

func TestNoArticle(t *testing.T) {
	r := mustExtract(t, Page{HTML: []byte("<title>T</title><body></body>")}, Options{HTML: true, Markdown: true})
	if r.Document.Text != "" || r.HTML != "" || r.Markdown != "" || r.Document.Title != "T" {
		t.Errorf("got %+v", r)
	}
	if len(r.Warnings) != 1 || r.Warnings[0].Code != NoArticle {
		t.Errorf("warnings %v", r.Warnings)
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"zero", Options{}, ""},
		{"engine", Options{Engine: "gecko"}, "INVALID_OPTION"},
		{"bytes", Options{Limits: Limits{MaxBytes: -1}}, "INVALID_OPTION"},
		{"nodes", Options{Limits: Limits{MaxNodes: -1}}, "INVALID_OPTION"},
		{"few bytes", Options{Limits: Limits{MaxBytes: 10}}, "INPUT_TOO_LARGE"},
		{"just the bytes", Options{Limits: Limits{MaxBytes: len(samplePage)}}, ""},
		{"few nodes", Options{Limits: Limits{MaxNodes: 5}}, "INPUT_TOO_LARGE"},
		{"just the nodes", Options{Limits: Limits{MaxNodes: 9}}, ""}, // document, html, head, body, article, 2 p, 2 texts
		{"a node too few", Options{Limits: Limits{MaxNodes: 8}}, "INPUT_TOO_LARGE"},
	} {
		_, err := Extract(context.Background(), Page{HTML: []byte(samplePage)}, c.o)
		var e *Error
		got := ""
		if errors.As(err, &e) {
			got = string(e.Reason)
		}
		if got != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestContext(t *testing.T) {
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(stopped)
	_, err := Extract(ctx, Page{HTML: []byte(samplePage)}, Options{})
	var e *Error
	if !errors.As(err, &e) || e.Reason != Deadline || !errors.Is(err, stopped) {
		t.Errorf("got %v", err)
	}
	// The parser itself stops.
	if _, err := parse(ctx, []byte(samplePage)); !errors.As(err, &e) || e.Reason != Deadline {
		t.Errorf("parse: %v", err)
	}
}

func TestPanicIsAnError(t *testing.T) {
	_, err := runEngine(func(*html.Node, *url.URL) (article, error) { panic("boom") }, nil, nil)
	var e *Error
	if !errors.As(err, &e) || e.Reason != EngineFailed || strings.Contains(e.Message, "boom") ||
		!strings.Contains(e.Unwrap().Error(), "boom") {
		t.Errorf("got %v", err)
	}
}

func TestDocumentFields(t *testing.T) {
	r := mustExtract(t, Page{HTML: []byte(samplePage), URL: "https://www.news.example.co.uk/a?b#c"}, Options{})
	d := r.Document
	if d.URL != "https://www.news.example.co.uk/a?b#c" || d.Publisher != "example.co.uk" {
		t.Errorf("got %q, %q", d.URL, d.Publisher)
	}
	if r.NodeCount != 9 {
		t.Errorf("%d nodes", r.NodeCount)
	}
	for _, u := range []string{"", "%zz", "not an address", "mailto:a@b.c", "//"} {
		if r := mustExtract(t, Page{HTML: []byte(samplePage), URL: u}, Options{}); r.Document.Text != d.Text {
			t.Errorf("with URL %q the text differs", u)
		}
	}
}

// TestConcurrent shares what is shared between pages, the Markdown converter
// above all, among goroutines.
func TestConcurrent(t *testing.T) {
	o := Options{HTML: true, Markdown: true}
	want := mustExtract(t, Page{HTML: []byte(samplePage)}, o)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				r, err := Extract(context.Background(), Page{HTML: []byte(samplePage)}, o)
				if err != nil || !reflect.DeepEqual(r, want) {
					t.Errorf("got %+v, %v", r, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestNoscript has a page whose only text stands in a noscript element.
func TestNoscript(t *testing.T) {
	const shell = "<html><body><div id=app></div><noscript>%s</noscript></body></html>"
	words := "<div><h2>Topic</h2><p>" + strings.Repeat(prose, 4) + "</p><p>" + strings.Repeat(prose, 4) + "</p></div>"
	r := mustExtract(t, Page{HTML: fmt.Appendf(nil, shell, words)}, Options{})
	if !strings.Contains(r.Document.Text, "bright, cold day") {
		t.Errorf("got %q", r.Document.Text)
	}
	r = mustExtract(t, Page{HTML: fmt.Appendf(nil, shell, "Please switch JavaScript on.")}, Options{})
	if r.Document.Text != "" {
		t.Errorf("a notice became the article: %q", r.Document.Text)
	}
	full := strings.Replace(samplePage, "</body>", "<noscript><p>You see this without scripts. "+prose+"</p></noscript></body>", 1)
	r = mustExtract(t, Page{HTML: []byte(full)}, Options{})
	if strings.Contains(r.Document.Text, "without scripts") {
		t.Errorf("text for readers without scripts came in beside the article")
	}
}

func FuzzExtract(f *testing.F) {
	files, _ := filepath.Glob("../testdata/pages/*.html")
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil {
			f.Add(b, "", "")
		}
	}
	f.Add([]byte(samplePage), "utf-8", "text/html; charset=koi8-r")
	f.Add(encoded(f, samplePage, "utf-16be"), "", "")
	f.Add([]byte("<p>\xff\x00<table><td><pre>\n<svg><p>"), "x", ";;")
	f.Add([]byte("<noscript>"+strings.Repeat("<p>"+prose, 5)), "", "")
	f.Fuzz(func(t *testing.T, src []byte, label, contentType string) {
		if len(src) > 1<<14 {
			return // more is slower, not other
		}
		p := Page{HTML: src, URL: "http://example.org/a/", Charset: label, ContentType: contentType}
		before := string(src)
		for _, e := range []Engine{Shiori, Readeck} {
			o := Options{Engine: e, Captions: len(src)%2 == 0, HTML: true, Markdown: true}
			r, err := Extract(context.Background(), p, o)
			if string(src) != before {
				t.Fatal("the input was written to")
			}
			var fail *Error
			if errors.As(err, &fail) && fail.Reason != EngineFailed {
				continue
			}
			if err != nil {
				t.Fatalf("%v: %v", err, errors.Unwrap(err))
			}
			checkResult(t, r)
			if again, err := Extract(context.Background(), p, o); err != nil || !reflect.DeepEqual(r, again) {
				t.Fatalf("a second run differs, %v", err)
			}
		}
	})
}
