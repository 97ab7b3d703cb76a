package clean

import (
	"context"
	"strings"
	"testing"

	"winnow/rules"
	"winnow/text"
)

// A page with a column that an engine takes for no part of the article, and a
// box in the middle of it.
const selectorPage = `<!doctype html><title>Harbour</title><body>
<div id="rail"><ul><li><a href="/1">One</a></li><li><a href="/2">Two words</a></li></ul></div>
<main><article class="story"><h1>Harbour</h1>
<p>The harbour will be dredged in spring, the council decided on Tuesday evening after a long debate, and ferries sail as usual.</p>
<p>The work takes six weeks, and costs more than the last time that it was done, which the mayor did not want to comment on.</p>
<div class="box promo"><p>The ferry in pictures, as our readers have seen it over the years, from the first to the last.</p></div>
<p>The last time the harbour was dredged was in the year of the flood, when the old mole broke and the boats lay in the street.</p>
</article><div class="figures"><span>Depth</span> <b>7 m</b></div></main></body>`

const selectorRules = `
publisher: dailyexample.com
rules:
  - id: box
    category: related
    why: The box of pictures.
    where: anywhere
    selector: ['article > div.promo']
    remove: ['article > div.box.promo > p | [-In pictures-]']
    keep: ['article > p | In pictures']
  - id: figures
    category: nav
    action: rescue
    why: The figures below the story.
    where: anywhere
    selector: ['main > .figures']
    remove: ['main > p | Depth']
    keep: ['main > div.figures | Depth']
`

// TestSelectorsOnPages: a rule takes a block by its place, another brings back
// what extraction drops, and what is removed is put back byte for byte.
func TestSelectorsOnPages(t *testing.T) {
	p, err := rules.ParsePack("p.yaml", []byte(selectorRules))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Test(); err != nil {
		t.Fatal(err)
	}
	set, err := rules.NewSet(p)
	if err != nil {
		t.Fatal(err)
	}
	none, err := rules.NewSet()
	if err != nil {
		t.Fatal(err)
	}
	in := Input{URL: "https://www.dailyexample.com/harbour", IsPage: true, Source: []byte(selectorPage)}
	bare, err := New(none).Clean(context.Background(), in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(bare.Outcome.Clean, "in pictures") || strings.Contains(bare.Outcome.Clean, "7 m") {
		t.Fatalf("the page is no test any more: without rules it gives\n%s", bare.Outcome.Clean)
	}
	res, err := New(set).Clean(context.Background(), in, Options{Ledger: true})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(res.Outcome.Clean, "in pictures") || !strings.Contains(res.Outcome.Clean, "Depth 7 m") {
		t.Errorf("with rules it gives\n%s", res.Outcome.Clean)
	}
	if rs := res.Outcome.Removals; len(rs) != 1 || rs[0].Matches[0].Rule.ID != "dailyexample.com/box" {
		t.Errorf("removals: %v", rs)
	}
	for _, b := range res.Document.Blocks {
		if b.In == nil {
			t.Errorf("%q stands in no element", b.Span.In(res.Document.Text))
		}
	}
	rescued := false
	for _, e := range res.Page.Ledger {
		rescued = rescued || e.Rescued && e.Text == "7 m"
	}
	if !rescued {
		t.Error("the ledger does not tell of the rescue")
	}
	// Another publisher's page is left alone.
	in.Publisher = text.Publisher("elsewhere.example")
	other, err := New(set).Clean(context.Background(), in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if other.Outcome.Clean != bare.Outcome.Clean {
		t.Errorf("another publisher's page gives\n%s", other.Outcome.Clean)
	}
}
