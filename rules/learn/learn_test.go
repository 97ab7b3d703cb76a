package learn

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow/rules"
	"winnow/text"
)

// nouns and verbs make prose that no two documents share.
var (
	nouns = strings.Fields("bridge river council mayor school teacher market farmer engine harbour winter garden letter window doctor village station museum painter singer railway forest island castle bakery library orchard tunnel valley pilot")
	verbs = strings.Fields("crossed opened painted repaired visited closed measured counted praised remembered followed described watched carried studied planted")
)

func sentence(r *rand.Rand) string {
	noun := func() string { return nouns[r.IntN(len(nouns))] }
	return fmt.Sprintf("The %s of the %s %s the old %s near the %s, and the %s %s number %d.", noun(), noun(), verbs[r.IntN(len(verbs))], noun(), noun(), noun(), verbs[r.IntN(len(verbs))], r.IntN(9000))
}

func article(r *rand.Rand, paragraphs int) string {
	var ls []string
	for range paragraphs {
		ls = append(ls, sentence(r)+" "+sentence(r))
	}
	return strings.Join(ls, "\n")
}

// site returns n documents whose text is what page makes of an article.
func site(n int, page func(i int, r *rand.Rand, body string) string) []text.Document {
	var docs []text.Document
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 7))
		docs = append(docs, text.Document{ID: fmt.Sprintf("doc-%03d", i), Publisher: "daily.example", Title: fmt.Sprintf("The %s and the %s of year %d", nouns[i%len(nouns)], nouns[(i*7+3)%len(nouns)], i),
			Captured: time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC), Text: page(i, r, article(r, 6))})
	}
	return docs
}

func propose(t *testing.T, docs []text.Document) *Proposal {
	t.Helper()
	l := New(Options{})
	for _, d := range docs {
		l.Add(d)
	}
	ps, err := l.Propose()
	if err != nil {
		t.Fatal(err)
	}
	if len(ps) != 1 {
		t.Fatalf("%d proposals", len(ps))
	}
	return ps[0]
}

// cleaned returns what p leaves of a document that it was not learned from.
func cleaned(t *testing.T, p *Proposal, d text.Document) string {
	t.Helper()
	pack, err := rules.ParsePack("p.yaml", p.YAML())
	if err != nil {
		t.Fatalf("%v\n%s", err, p.YAML())
	}
	if err := pack.Test(); err != nil {
		t.Fatal(err)
	}
	set, err := rules.NewSet(pack)
	if err != nil {
		t.Fatal(err)
	}
	d.Publisher = "daily.example"
	return set.Apply(&d, rules.Options{}).Clean
}

const footer = "Subscribe to our newsletter for more stories like this.\nFollow us on Facebook and Twitter\n© 2026 The Daily Example. All rights reserved."

func framed(_ int, _ *rand.Rand, body string) string {
	return "Home\nNews\nSport\nContact us\n" + body + "\n" + footer
}

func TestThreeDocumentsSufficeForAFrame(t *testing.T) {
	p := propose(t, site(3, framed))
	body := article(rand.New(rand.NewPCG(99, 1)), 5)
	if got := cleaned(t, p, text.Document{Text: framed(0, nil, body)}); strings.TrimSpace(got) != body {
		t.Errorf("left:\n%s\nby\n%s", got, p.YAML())
	}
}

func TestTwoDocumentsTeachNothing(t *testing.T) {
	if p := propose(t, site(2, framed)); len(p.Rules) > 0 {
		t.Errorf("%d rules of two documents", len(p.Rules))
	}
}

// Order, the division over learners and documents added twice change no byte.
func TestOrderChangesNothing(t *testing.T) {
	docs := site(40, framed)
	want := propose(t, docs).YAML()
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 3))
		shuffled := slices.Clone(docs)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		a, b := New(Options{}), New(Options{})
		for i, d := range shuffled {
			if i%3 == 0 {
				a.Add(d)
			} else {
				b.Add(d)
			}
		}
		b.Add(shuffled[1])
		a.Merge(b)
		ps, err := a.Propose()
		if err != nil {
			t.Fatal(err)
		}
		if got := ps[0].YAML(); !bytes.Equal(got, want) {
			t.Fatalf("seed %d: another pack:\n%s", seed, got)
		}
	}
}

// A sample of the documents with the lowest hashes is the same whatever the order.
func TestSampleIsBoundedAndTheSame(t *testing.T) {
	docs := site(60, framed)
	var packs [][]byte
	for range 2 {
		slices.Reverse(docs)
		l := New(Options{Sample: 20})
		for _, d := range docs {
			l.Add(d)
		}
		if n := len(l.samples["daily.example"].docs); n != 20 {
			t.Fatalf("%d documents held", n)
		}
		ps, err := l.Propose()
		if err != nil {
			t.Fatal(err)
		}
		if ps[0].Documents != 60 {
			t.Errorf("%d documents seen", ps[0].Documents)
		}
		packs = append(packs, ps[0].YAML())
	}
	if !bytes.Equal(packs[0], packs[1]) {
		t.Error("two packs")
	}
}

// What repeats and is content must stay; each case frames its articles too.
func TestRepeatedContentStays(t *testing.T) {
	const background = "The harbour strike began two winters ago, when the port company dismissed four hundred workers."
	const quote = "“We will rebuild the station stone by stone,” the mayor told reporters on Monday evening."
	for name, page := range map[string]func(int, *rand.Rand, string) string{
		"a background paragraph at the end of its stories": func(i int, r *rand.Rand, body string) string {
			if i%6 == 0 {
				body = "A harbour strike stopped every crane. " + body + "\nThe harbour strike goes on. " + sentence(r) + "\n" + background
			}
			return framed(i, r, body)
		},
		"a quotation that a few share": func(i int, r *rand.Rand, body string) string {
			if i%15 == 0 {
				body += "\n" + quote + "\n" + sentence(r)
			}
			return framed(i, r, body)
		},
		"headings": func(i int, r *rand.Rand, body string) string {
			return framed(i, r, body+"\nConclusion\n"+sentence(r)+" "+sentence(r))
		},
		"a refrain": func(i int, r *rand.Rand, body string) string {
			if i%10 == 0 {
				refrain := "\nRoll on, you river, roll on to the sea, and carry my letter home to me.\n"
				body += refrain + sentence(r) + refrain + sentence(r)
			}
			return framed(i, r, body)
		},
		"the same story at two addresses": func(i int, r *rand.Rand, body string) string {
			return framed(i, r, article(rand.New(rand.NewPCG(uint64(i/2), 11)), 6))
		},
		"ten versions of each story": func(i int, r *rand.Rand, _ string) string {
			return framed(i, r, article(rand.New(rand.NewPCG(uint64(i/10), 13)), 6)+"\n"+sentence(r))
		},
		"a table": func(i int, r *rand.Rand, body string) string {
			return framed(i, r, fmt.Sprintf("%s\nPay March %d\nQtly div %d cts\n%s", body, 1+i%28, i, sentence(r)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			docs := site(60, page)
			p := propose(t, docs)
			for i, d := range docs {
				got := cleaned(t, p, d)
				want := strings.TrimSuffix(strings.TrimPrefix(d.Text, "Home\nNews\nSport\nContact us\n"), "\n"+footer)
				if strings.TrimSpace(got) != want {
					t.Fatalf("document %d: left\n%s\nof\n%s\nby\n%s", i, got, d.Text, p.YAML())
				}
			}
		})
	}
}

// Headlines of other stories never repeat; their form does.
func TestFormsAreLearned(t *testing.T) {
	docs := site(60, func(i int, r *rand.Rand, body string) string {
		ls := strings.Split(body, "\n")
		other := (i*13 + 5) % 60
		headline := fmt.Sprintf("THE %s AND THE %s OF YEAR %d", strings.ToUpper(nouns[other%len(nouns)]), strings.ToUpper(nouns[(other*7+3)%len(nouns)]), other)
		ls[2] += headline + ls[3] + "(Jane Doe/AFP via Getty Images)" + ls[4]
		return strings.Join(append(ls[:3], ls[5:]...), "\n")
	})
	p := propose(t, docs)
	d := text.Document{Text: "The council met on Monday.\nIt spoke of the old dam.NEW DAM TO REPLACE THE ONE AT LONGFORDThe mayor was there.(John Roe/Reuters)She left."}
	if got, want := cleaned(t, p, d), "The council met on Monday.\nIt spoke of the old dam.The mayor was there.She left."; got != want {
		t.Errorf("left %q, want %q, by\n%s", got, want, p.YAML())
	}
}

func TestAuthorsAreKeptByDefault(t *testing.T) {
	docs := site(40, func(i int, r *rand.Rand, body string) string {
		return "Home\nNews\nSport\nContact us\nBy Jane Doe\n" + body + "\n" + footer
	})
	p := propose(t, docs)
	if got := cleaned(t, p, docs[0]); !strings.Contains(got, "By Jane Doe") {
		t.Errorf("the byline went:\n%s", p.YAML())
	}
}

func FuzzLearn(f *testing.F) {
	f.Add("Home\nA story.\n© 2026", "Home\nAnother story.\n© 2026", "t")
	f.Add("\xff\n[-x-]\n'\"", "\xff\n[-x-]\n'\"", "[-x-]")
	f.Fuzz(func(t *testing.T, a, b, title string) {
		l := New(Options{})
		for i := range 5 {
			l.Add(text.Document{ID: fmt.Sprint(i), Publisher: "p.example", Title: title, Text: fmt.Sprintf("%s\n%d %s\n%s", a, i, strings.Repeat(title, i), b)})
		}
		ps, err := l.Propose()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range ps {
			pack, err := rules.ParsePack("p.yaml", p.YAML())
			if err == nil {
				err = pack.Test()
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, p.YAML())
			}
		}
	})
}

func parse(t *testing.T, data []byte) *rules.Pack {
	t.Helper()
	p, err := rules.ParsePack("p.yaml", data)
	if err == nil {
		err = p.Test()
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMergeCarriesOn(t *testing.T) {
	old := propose(t, site(20, framed)).YAML()
	renewed := func(i int, r *rand.Rand, body string) string {
		return strings.Replace(framed(i+20, r, article(rand.New(rand.NewPCG(uint64(i), 77)), 6)), "Home\nNews\nSport\nContact us\n", "Start\nWorld\nCulture\nAbout us\n", 1)
	}
	docs := site(10, renewed)
	for i := range docs {
		docs[i].Captured = docs[i].Captured.AddDate(3, 0, 0)
	}
	p := propose(t, docs)
	fresh := len(p.Rules)
	p.Merge(parse(t, old))
	pack := parse(t, p.YAML())
	if len(pack.Rules) <= fresh {
		t.Errorf("%d rules, %d of them new: none was carried on", len(pack.Rules), fresh)
	}
	both, aged := false, false
	for _, r := range pack.Rules {
		both = both || r.Evidence.Documents == 30 && r.Evidence.Groups == 30 && r.Evidence.First < "2026-02" && r.Evidence.Last > "2029"
		aged = aged || r.Mode == rules.Shadow && strings.Contains(r.Why, "Not seen since 2026-01-20") && strings.Contains(strings.Join(r.Text, " "), "Sport")
	}
	if !both || !aged {
		t.Errorf("counted together: %v, aged: %v\n%s", both, aged, p.YAML())
	}
}

func TestMergeOfTheSameArchiveChangesNothing(t *testing.T) {
	docs := site(20, framed)
	want := propose(t, docs).YAML()
	p := propose(t, docs)
	p.Merge(parse(t, want))
	if got := p.YAML(); !bytes.Equal(got, want) {
		t.Errorf("another pack:\n%s", got)
	}
}

func TestRulesThatPeopleDecidedOnAreKept(t *testing.T) {
	old := parse(t, propose(t, site(20, framed)).YAML())
	p := propose(t, site(20, func(_ int, _ *rand.Rand, body string) string { return body }))
	if len(p.Rules) > 0 {
		t.Fatalf("%d rules of bare articles", len(p.Rules))
	}
	p.Keep(old, func(id rules.ID) bool { return id == old.Rules[1].ID })
	if pack := parse(t, p.YAML()); len(pack.Rules) != 1 || pack.Rules[0].ID != old.Rules[1].ID {
		t.Errorf("kept:\n%s", p.YAML())
	}
}
