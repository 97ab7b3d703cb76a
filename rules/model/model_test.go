package model

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"winnow/rules"
	"winnow/rules/packs"
	"winnow/text"
)

// sets returns the built-in packs alone, and with the model enforced.
func sets(t testing.TB) (without, with *rules.Set) {
	t.Helper()
	ps, err := packs.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if without, err = rules.NewSet(ps...); err != nil {
		t.Fatal(err)
	}
	p, err := Pack(rules.Enforce)
	if err != nil {
		t.Fatal(err)
	}
	if with, err = rules.NewSet(slices.Concat(ps, []*rules.Pack{p})...); err != nil {
		t.Fatal(err)
	}
	return without, with
}

// TestGoldensStay: with the model enforced, nothing more goes from any
// whole-document golden of the packs, nor from the seeds.
func TestGoldensStay(t *testing.T) {
	without, with := sets(t)
	seen := 0
	same := func(name, in string) {
		seen++
		doc := &text.Document{Text: in}
		want, got := without.Apply(doc, rules.Options{}), with.Apply(doc, rules.Options{})
		if want.Clean == got.Clean {
			return
		}
		for _, r := range got.Removals {
			for _, m := range r.Matches {
				if m.Rule.ID == ID {
					t.Errorf("%s: %q: %s", name, m.Span.In(in), m.Reason)
				}
			}
		}
	}
	names, _ := filepath.Glob("../packs/*.txtar")
	for _, n := range names {
		a, err := txtar.ParseFile(n)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			e, err := rules.ParseMarked(string(f.Data))
			if err != nil {
				t.Fatal(err)
			}
			same(filepath.Base(n)+"/"+f.Name, e.Text)
		}
	}
	names, _ = filepath.Glob("../../testdata/seeds/*.txt")
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		same(filepath.Base(n), string(b))
	}
	if seen < 20 {
		t.Fatalf("only %d goldens", seen)
	}
}

// page is all visible text of a made-up page of a publisher that no rule knows.
var page = menu + strings.Repeat("The council met on Monday and spoke of the new bridge, which will cost more than anyone had thought before the winter.\n", 30) +
	"Related articles\nMost popular\nFollow us\nFacebook\nTwitter\nInstagram\nLinkedIn\nYouTube\n" + menu + "Careers\nTerms of use\nPrivacy policy\nCookie policy\nSitemap\n© 2024 Example Media Ltd. All rights reserved.\n"

const menu = "Home\nNews\nLog in\nRegister\nMy account\nSearch\nHome\nNews\nSport\nBusiness\nTechnology\nHealth\nScience\nVideo\nPodcasts\nEvents\nContact us\nAbout us\nBlog\nShop\nCart\nFAQ\nHelp\nSupport\n"

// TestDeterministic: the same text gives the same answer, whatever was scored
// before, and every match has a reason.
func TestDeterministic(t *testing.T) {
	_, with := sets(t)
	doc := &text.Document{Text: page}
	first := with.Apply(doc, rules.Options{})
	with.Apply(&text.Document{Text: strings.Repeat("Home\nNews and more\n", 50)}, rules.Options{})
	second := with.Apply(doc, rules.Options{})
	show := func(o rules.Outcome) string {
		var b strings.Builder
		for _, r := range o.Removals {
			for _, m := range r.Matches {
				b.WriteString(string(m.Rule.ID) + " " + m.Span.In(page) + ": " + m.Reason + "\n")
				if m.Rule.ID == ID && !strings.HasPrefix(m.Reason, "score ") {
					t.Errorf("no reason at %v: %q", m.Span, m.Reason)
				}
			}
		}
		return b.String()
	}
	if show(first) != show(second) {
		t.Errorf("two answers:\n%s\n%s", show(first), show(second))
	}
	if !strings.Contains(show(first), string(ID)) {
		t.Errorf("the model takes nothing from\n%s", page)
	}
	if n := strings.Count(first.Clean, "The council met"); n != 30 {
		t.Errorf("%d of 30 lines of prose left", n)
	}
	if back, err := rules.Restore(first.Clean, first.Pieces(page)); err != nil || back != page {
		t.Errorf("does not restore: %v", err)
	}
}

// TestTraps: texts of which all is content lose nothing, however much their
// short lines look like menus: no rule knows a line of them.
func TestTraps(t *testing.T) {
	_, with := sets(t)
	prose := strings.Repeat("The society met in the old hall on a wet evening in March, and more people came than there were chairs.\n", 12)
	list := func(n int, words ...string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(words[i%len(words)] + " " + words[(i+1+i/len(words)*3)%len(words)] + "\n")
		}
		return b.String()
	}
	names := list(40, "Anna", "Boris", "Carla", "David", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Katja")
	play := list(60, "Romeo.", "Juliet.", "Nurse.", "Farewell!", "Go home.", "Who is it?", "Speak again.")
	poem := strings.Repeat("Home, said the captain\nhome, said the crew\nsearch for the islands\nfollow them through\n\n", 8)
	for name, in := range map[string]string{
		"names before": "Present\n" + names + prose, "names behind": prose + "Participants\n" + names, "names among": prose + names + prose,
		"play": play + prose, "poem": poem + prose, "dictionary": prose + list(40, "house", "Haus", "search", "Suche", "contact", "Kontakt"),
		"changes": prose + "New search\nBetter login\nFixed menu\nFaster home page\nShare buttons\nContact form\nHelp pages\nDownload links\n",
	} {
		for _, r := range with.Apply(&text.Document{Text: in}, rules.Options{}).Removals {
			t.Errorf("%s: %q goes", name, r.Span.In(in))
		}
	}
	// The same lists on a page: what stands around them goes, and what a line opens stays.
	in := menu + prose + "They took part:\n" + names + "Privacy policy\nTerms of use\n© 2024 Example Ltd. All rights reserved.\n"
	if got := with.Apply(&text.Document{Text: in}, rules.Options{}).Clean; strings.Count(got, "\n") < 50 || strings.Contains(got, "My account") {
		t.Errorf("of a page with a list this stays:\n%s", got)
	}
}

// TestDoubt: who asks why a line stays is told which condition holds it.
func TestDoubt(t *testing.T) {
	m, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	prose := strings.Repeat("The council met on Monday and spoke of the new bridge, which will cost more than anyone had thought before the winter.\n", 12)
	for in, want := range map[string]string{
		"Home\nNews\n":                            "short",
		strings.Repeat("Home\nNews\n", 20):        "no article",
		prose + strings.Repeat("Grey water\n", 9): "no rule took",
	} {
		var seg text.Segments
		seg.Segment(in, "", nil)
		if got := m.Doubt(&seg, make([]bool, len(seg.Units)), len(seg.Units)-1); !strings.Contains(got, want) {
			t.Errorf("%.30q: %q does not hold %q", in, got, want)
		}
	}
}

// TestFormat: weights come back as they were written, the same bytes each
// time, and the embedded file is under a megabyte.
func TestFormat(t *testing.T) {
	m, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := Write(dir, m); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.First, again.First) || !slices.Equal(m.Trees, again.Trees) || m.Least != again.Least {
		t.Error("other weights came back")
	}
	if len(weights) >= 1<<20 {
		t.Errorf("the file has %d bytes", len(weights))
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write([]byte("winnow-model-1\n"))
	w.Close()
	for _, bad := range [][]byte{nil, []byte("no gzip"), z.Bytes()} {
		if _, err := Read(bad); err == nil {
			t.Errorf("no error for %d bytes", len(bad))
		}
	}
}

// TestNumbers: a View fills all of the numbers, and the trees ask of no other.
func TestNumbers(t *testing.T) {
	var seg text.Segments
	seg.Segment(page, "", nil)
	var in Input
	in.Reset(&seg, make([]bool, len(seg.Units)))
	in.Prepare()
	var v View
	v.Reset(&in, make([]First, len(seg.Units)))
	var x Row
	for u := range seg.Units {
		for i := range x {
			x[i] = -9999
		}
		v.Of(u, &x)
		if i := slices.Index(x[:Numbers], -9999); i >= 0 {
			t.Fatalf("unit %d: number %d is not filled", u, i)
		}
	}
}

func TestCategory(t *testing.T) {
	for in, want := range map[string]rules.Category{
		"Home": rules.Nav, "© 2024 Example": rules.Legal, "Share on Facebook": rules.Share, "Newsletter": rules.Subscribe,
		"3 Comments": rules.Comments, "Recommended for you": rules.Related, "Anzeige": rules.Ad, "Donate": rules.Appeal,
	} {
		var seg text.Segments
		seg.Segment(in, "", nil)
		if got := category(&seg, 0); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestNumbered(t *testing.T) {
	for in, want := range map[string]bool{
		"1. Overview": true, "2) Next": true, "3.1 Setup": true, "10.2.1 Errors": true,
		"2024 report": false, "12 comments": false, "3": false, "1.5": false, "": false, ". Dot": false, "Part 1. Overview": false,
	} {
		if numbered(in) != want {
			t.Errorf("%q: numbered is %v", in, !want)
		}
	}
}

// TestAsked: lines that may be data, headings or a list of contents need a higher score.
func TestAsked(t *testing.T) {
	prose := strings.Repeat("The council met on Monday and spoke of the new bridge, which will cost more than anyone had thought before the winter.\n", 12)
	table := "Rest\nRun 30 min\nRun 40 min\nRun 50 min\nLong run 60 min\nRun 20 min\nRun 25 min\nRun 35 min\n"
	for _, c := range []struct {
		in, line string
		want     int32
	}{
		{prose + "Home\nNews\nSport\n", "News", 0},
		{prose + "1. Overview\n" + prose, "1. Overview", surer},
		{prose + "Overview of the year #\n" + prose, "Overview of the year #", 1 << 20},
		{prose + "Monday, 3 March 2014\n", "Monday, 3 March 2014", 1 << 20},
		{prose + "常用指南\n", "常用指南", surer},
		{prose + table, "Run 50 min", surest},
		{prose + table + prose, "Run 50 min", surest},
	} {
		var seg text.Segments
		seg.Segment(c.in, "", nil)
		var in Input
		in.Reset(&seg, make([]bool, len(seg.Units)))
		in.Prepare()
		asked := Asked(&in, make([]int32, len(seg.Units)), nil)
		u := slices.IndexFunc(seg.Units, func(u text.Unit) bool { return u.Span.In(c.in) == c.line })
		if asked[u] != c.want {
			t.Errorf("%q: %d more is asked, want %d", c.line, asked[u], c.want)
		}
	}
}

// TestHashes: the weights know words by the values of text.Token.Hash. Where
// these change, train anew (see the README) and write the new values here.
func TestHashes(t *testing.T) {
	for word, want := range map[string]uint64{"home": 0x752828fc661ba5b1, "copyright": 0xb18d24824de21d1c} {
		if got := text.HashWord(word); got != want {
			t.Errorf("%q has the hash %#x, and had %#x when the weights were made", word, got, want)
		}
	}
}
