package extract

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
// is kept is the text but for slack bytes, and ranges are true.
func checkLedger(page []byte, res *Result, slack int) error {
	if !res.exactSource(page) {
		for _, e := range res.Ledger {
			if e.HasSource {
				return fmt.Errorf("a range in a page that is not UTF-8: %+v", e)
			}
		}
		page = nil
	}
	kept, at := 0, 0
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
			raw := string(page[e.Source.Start:e.Source.End])
			raw = strings.ReplaceAll(raw, "\x00", "")
			if got, want := squeeze(html.UnescapeString(raw)), squeeze(e.Text); got != want && squeeze(raw) != want {
				return fmt.Errorf("entry %d: source %v has %q, want %q", i, e.Source, got, want)
			}
		}
	}
	if want := Visible(res.Document.Text); kept > want || kept < want-slack {
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

// TestLedgerOfCases accounts for pages of special make.
func TestLedgerOfCases(t *testing.T) {
	files, err := filepath.Glob("../testdata/pages/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal("no pages", err)
	}
	pages := map[string]string{
		"empty": "", "text": "plain words only", "mark": "\xef\xbb\xbf" + samplePage,
		"moved out of a table": "<p>a</p><table>moved <tr><td>cell</td> out</tr></table>" + samplePage,
		"put together":         "<p>one</nothing> and</nothing> two &amp; three</p>" + samplePage,
		"private use":          strings.ReplaceAll(samplePage, "valley", "\ue000val\ue0000\ue000ley&#xE001;"),
		"controls":             "<select><option>One</select><textarea>two</textarea><svg><text>three</text></svg>" + samplePage,
		"a link of scripts":    strings.ReplaceAll(samplePage, "valley", "<a href='javascript:go()'><b>val</b><i>ley</i></a>"),
		"hidden":               "<p hidden>nobody sees me</p><p style='display: none'>nor me</p>" + samplePage,
		"latin1":               strings.ReplaceAll(samplePage, "valley", "vall\xe9e"),
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		pages[filepath.Base(f)] = string(src)
	}
	for name, page := range pages {
		for _, o := range []Options{{}, {Blocks: BlocksOff}, {Engine: Readeck, Captions: true}, {Engine: Readeck, Blocks: BlocksOff, Captions: true}} {
			plain := mustExtract(t, Page{HTML: []byte(page)}, o)
			o.Ledger = true
			r := mustExtract(t, Page{HTML: []byte(page)}, o)
			if err := checkLedger([]byte(page), r, 0); err != nil {
				t.Errorf("%s %v: %v", name, o, err)
			}
			if r.Charset == "utf-8" {
				if got, want := total(t, page, r.Ledger); got != want {
					t.Errorf("%s %v: the ledger has %d bytes of %d", name, o, got, want)
				}
			}
			if r.Document.Text != plain.Document.Text {
				t.Errorf("%s %v: the ledger changes the text", name, o)
			}
		}
	}
	has := func(name string, want LedgerEntry) {
		r := mustExtract(t, Page{HTML: []byte(pages[name])}, Options{Ledger: true})
		for _, e := range r.Ledger {
			if strings.TrimSpace(e.Text) == want.Text {
				if e.Fate != want.Fate || e.Reason != want.Reason || want.Path != "" && e.Path != want.Path {
					t.Errorf("%s: %+v, want %+v", name, e, want)
				}
				return
			}
		}
		t.Errorf("%s: no entry %q", name, want.Text)
	}
	has("controls", LedgerEntry{Text: "One", Fate: Dropped, Reason: IsControl, Path: "/html/body/select/option"})
	has("controls", LedgerEntry{Text: "two", Fate: Dropped, Reason: IsControl})
	has("controls", LedgerEntry{Text: "three", Fate: Dropped, Reason: IsDrawing})
	has("hidden", LedgerEntry{Text: "nobody sees me", Fate: Dropped, Reason: IsHidden})
	has("hidden", LedgerEntry{Text: "nor me", Fate: Dropped, Reason: IsHidden, Path: "/html/body/p[2]"})
	has("lazy.html", LedgerEntry{Text: "The third tile. Photo: L. Marsh", Fate: Dropped, Reason: IsCaption})
	has("forum.html", LedgerEntry{Text: "Which oil for old clocks?", Fate: Kept, Path: "/html/body/noscript/div/h1"})
}
