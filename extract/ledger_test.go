package extract

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"winnow/internal/quality"
	"winnow/text"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// seen returns how many bytes a reader of a page can see, and what a noscript
// element in the page holds that may take its own place.
func seen(n *html.Node) (size int, noscripts []string) {
	switch n.Type {
	case html.TextNode:
		return Visible(n.Data), nil
	case html.ElementNode:
		switch n.DataAtom {
		case atom.Template:
			if !shadow(n) {
				return 0, nil
			}
		case atom.Script, atom.Style, atom.Head, atom.Iframe, atom.Object, atom.Embed, atom.Audio, atom.Video, atom.Canvas, atom.Noframes:
			return 0, nil
		case atom.Noscript:
			if n.FirstChild != nil {
				noscripts = append(noscripts, n.FirstChild.Data)
			}
			return 0, noscripts
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		s, more := seen(c)
		size += s
		noscripts = append(noscripts, more...)
	}
	return size, noscripts
}

// checkLedger holds a ledger to its laws: all that can be seen is in it, what
// is kept is the text, and ranges are true.
func checkLedger(page []byte, res *Result) error {
	if !res.exactSource(page) {
		for _, e := range res.Ledger {
			if e.HasSource {
				return fmt.Errorf("a range in a page that is not UTF-8: %+v", e)
			}
		}
		page = nil
	}
	kept, at, last := 0, 0, -1
	for i, e := range res.Ledger {
		if e.Size != Visible(e.Text) || e.Size == 0 {
			return fmt.Errorf("entry %d: size %d of %q", i, e.Size, e.Text)
		}
		if e.Fate == Kept {
			kept += e.Size
			s := e.Extracted
			if s.Start < at {
				return fmt.Errorf("entry %d stands at %v, the one before ends at %d", i, s, at)
			}
			at = s.End
			if got, want := squeeze(s.In(res.Document.Text)), squeeze(e.Text); got != want {
				return fmt.Errorf("entry %d stands for %q, the text has %q", i, want, got)
			}
		} else if e.Reason == "" || e.Fate != Dropped || e.Extracted.End > 0 {
			return fmt.Errorf("entry %d: %+v", i, e)
		}
		if e.HasSource && page != nil {
			if e.Source.Start < last && false {
				return fmt.Errorf("entry %d: source %v", i, e.Source)
			}
			last = e.Source.Start
			raw := string(page[e.Source.Start:e.Source.End])
			raw = strings.ReplaceAll(raw, "\x00", "")
			if got, want := squeeze(html.UnescapeString(raw)), squeeze(e.Text); got != want && squeeze(raw) != want {
				return fmt.Errorf("entry %d: source %v has %q, want %q", i, e.Source, got, want)
			}
		}
	}
	if want := Visible(res.Document.Text); kept != want {
		return fmt.Errorf("%d bytes are kept, the text has %d", kept, want)
	}
	return nil
}

// squeeze takes out what visible does not count.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if r == softHyphen || text.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func (r *Result) exactSource(page []byte) bool {
	return r.Charset == "utf-8" && !strings.Contains(fmt.Sprint(r.Warnings), string(CharsetDamaged))
}

// total returns how much a ledger accounts for, and how much it should.
func total(t testing.TB, page string, ledger []LedgerEntry) (got, want int) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	want, noscripts := seen(doc)
	for _, e := range ledger {
		got += e.Size
	}
	for _, s := range noscripts {
		if got == want {
			break
		}
		inner, err := html.Parse(bytes.NewReader([]byte("<body>" + s)))
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := seen(inner); got == want+n {
			want += n
		}
	}
	return got, want
}

// TestLedgerOfPages accounts for every page at hand.
func TestLedgerOfPages(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 2,700 pages")
	}
	folder, ok := quality.Shared(1, "wcxb-dev")
	if !ok {
		t.Skip("wcxb-dev is not here")
	}
	corpora, _ := quality.Shared(1, "corpora")
	pages, entries, ranges := 0, 0, 0
	one := func(id, page, url string, o Options) {
		r, err := Extract(context.Background(), Page{HTML: []byte(page), URL: url}, o)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			return
		}
		if err := checkLedger([]byte(page), r); err != nil {
			t.Errorf("%s %v: %v", id, o, err)
		}
		if r.Charset == "utf-8" {
			if got, want := total(t, page, r.Ledger); got != want {
				t.Errorf("%s: the ledger has %d bytes of %d", id, got, want)
			}
			for _, e := range r.Ledger {
				entries++
				if e.HasSource {
					ranges++
				}
			}
		}
		pages++
	}
	for p, err := range quality.Pages(folder) {
		if err != nil {
			t.Fatal(err)
		}
		one(p.ID, p.HTML, p.URL, Options{Ledger: true})
		if pages%10 == 0 {
			one(p.ID, p.HTML, p.URL, Options{Ledger: true, Blocks: BlocksOff, Engine: Readeck, Captions: true})
		}
	}
	for d, err := range quality.Corpora(corpora) {
		if err != nil {
			t.Fatal(err)
		}
		one(d.ID, d.HTML, d.URL, Options{Ledger: true})
	}
	t.Logf("%d pages, %d entries, %d with their place in the source", pages, entries, ranges)
	if ranges*1000 < entries*995 {
		t.Errorf("%d of %d entries have their place in the source", ranges, entries)
	}
}
