package learn

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"winnow/rules"
	"winnow/text"
)

// placed makes pages of a publisher: prose, a box whose headlines differ from
// page to page, and a list of the story's own.
func placed(t *testing.T, n int) []text.Document {
	t.Helper()
	nouns := strings.Fields("harbour council bridge school orchard valley river museum library station market hospital garden theatre castle forest")
	verbs := strings.Fields("opened closed moved burned sold bought painted flooded measured praised visited restored")
	title := func(i int) string {
		return fmt.Sprintf("The %s of ward %c was %s again", nouns[i%len(nouns)], 'A'+i%23, verbs[i%len(verbs)])
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	noun := func() string { return nouns[rnd.IntN(len(nouns))] }
	verb := func() string { return verbs[rnd.IntN(len(verbs))] }
	var docs []text.Document
	for i := range n {
		var b strings.Builder
		for range 5 {
			fmt.Fprintf(&b, "main > article > div.body > p | The %s was %s and the %s %s before %s and %s, while %s of the %s %s what %s had %s.\n",
				noun(), verb(), noun(), verb(), noun(), noun(), noun(), noun(), verb(), noun(), verb())
		}
		fmt.Fprintf(&b, "main > article > ul.facts > li | Built by %s %d\n", nouns[(i*3)%16], 1900+i)
		fmt.Fprintf(&b, "main > article > ul.facts > li | Metres: %d\n", i*13)
		fmt.Fprintf(&b, "main > aside.box.rail > h3 | More from the Daily Example\n")
		for k := 1; k <= 3; k++ {
			fmt.Fprintf(&b, "main > aside.box.rail > a | %s\n", title((i+k*5)%n))
		}
		fmt.Fprintf(&b, "main > aside.box.rail > a | Quiz: %s %s\n", nouns[i%16], verbs[i%12])
		e, err := rules.ParseLaid(rules.Example{Text: b.String()})
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, text.Document{ID: fmt.Sprint(i), Publisher: "dailyexample.com", Title: title(i), Text: e.Text, Blocks: e.Blocks})
	}
	return docs
}

// TestPlaces: what stands in the box goes whatever it says, the story's own
// list stays, and the order of the pages changes nothing.
func TestPlaces(t *testing.T) {
	docs := placed(t, 120)
	propose := func(back bool) *Proposal {
		l := New(Options{})
		for i := range docs {
			if back {
				i = len(docs) - 1 - i
			}
			l.Add(docs[i])
		}
		ps, err := l.Propose()
		if err != nil {
			t.Fatal(err)
		}
		return ps[0]
	}
	p := propose(false)
	written := string(p.YAML())
	if string(propose(true).YAML()) != written {
		t.Error("the order of the documents changes the pack")
	}
	pack, err := rules.ParsePack("p.yaml", []byte(written))
	if err != nil {
		t.Fatal(err)
	}
	if err := pack.Test(); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, r := range pack.Rules {
		if r.Kind == rules.KindSelector {
			found = append(found, fmt.Sprint(r.Text, " ", r.Category, " ", r.Mode))
			if e := r.Evidence; e == nil || e.Groups < 100 || e.Precision < cutPlace || len(e.Samples) == 0 {
				t.Errorf("%s: evidence %+v", r.ID, e)
			}
		}
	}
	if len(found) != 1 || !strings.HasSuffix(found[0], " enforce") || !strings.Contains("[aside.box] [aside.rail] [aside]", strings.Fields(found[0])[0]) {
		t.Fatalf("places found: %q\n%s", found, written)
	}
	set, err := rules.NewSet(pack)
	if err != nil {
		t.Fatal(err)
	}
	e, err := rules.ParseLaid(rules.Example{Text: `main > article > div.body > p | The mole broke in the night, and the boats lay in the street until the morning.
main > article > ul.facts > li | Built by nobody 1850
main > aside.box.rail > h3 | More from the Daily Example
main > aside.box.rail > a | A headline that nobody has seen before`})
	if err != nil {
		t.Fatal(err)
	}
	got := set.Apply(&text.Document{Publisher: "dailyexample.com", Text: e.Text, Blocks: e.Blocks}, rules.Options{}).Clean
	if strings.Contains(got, "A headline") || strings.Contains(got, "More from") || !strings.Contains(got, "Built by nobody") || !strings.Contains(got, "The mole") {
		t.Errorf("got\n%s", got)
	}
}

// TestPlacesRefused: a place where a story's own prose stood once is none, nor
// is one of few pages, nor what holds most of a page.
// TestTwins: a page and its text alone, under one name, count once, and the same
// whichever came first. A page that is cut keeps the blocks before the cut.
func TestTwins(t *testing.T) {
	docs := placed(t, 40)
	most := len(docs[0].Text) - 40 // in the box
	learn := func(bare, back bool) []byte {
		l := New(Options{MaxText: most})
		for i := range docs {
			if back {
				i = len(docs) - 1 - i
			}
			two := []text.Document{docs[i], docs[i]}
			if bare {
				two[0].Blocks = nil
			}
			if back {
				slices.Reverse(two)
			}
			l.Add(two[0])
			l.Add(two[1])
		}
		ps, err := l.Propose()
		if err != nil {
			t.Fatal(err)
		}
		return ps[0].YAML()
	}
	if !bytes.Equal(learn(true, false), learn(true, true)) {
		t.Error("the order of twins changes what is learned")
	}
	if got := learn(false, false); !bytes.Contains(got, []byte("selector:")) {
		t.Errorf("no place was learned from pages that were cut:\n%s", got)
	}
}

func TestPlacesRefused(t *testing.T) {
	for name, change := range map[string]func([]text.Document) []text.Document{
		"prose in the box": func(ds []text.Document) []text.Document {
			for i := range ds {
				if i%5 == 0 {
					last := &ds[i].Blocks[len(ds[i].Blocks)-1]
					own := fmt.Sprintf("The ferry of day %d%c%d sank with all the mail of the island on board, and no one was hurt.", i, 'a'+i%26, i*i)
					ds[i].Text = ds[i].Text[:last.Span.Start] + own
					last.Span.End = len(ds[i].Text)
				}
			}
			return ds
		},
		"four pages": func(ds []text.Document) []text.Document { return ds[:4] },
		"no places": func(ds []text.Document) []text.Document {
			for i := range ds {
				ds[i].Blocks = nil
			}
			return ds
		},
	} {
		l := New(Options{})
		for _, d := range change(placed(t, 60)) {
			l.Add(d)
		}
		ps, err := l.Propose()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range ps[0].Rules {
			if r.Kind == rules.KindSelector {
				t.Errorf("%s: %s %v", name, r.ID, r.Text)
			}
		}
	}
}
