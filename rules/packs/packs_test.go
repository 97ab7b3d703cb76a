package packs

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"winnow/internal/quality"
	"winnow/rules"
	"winnow/text"
)

var update = flag.Bool("update", false, "rewrite the goldens with what the packs remove now")

func TestBuiltinLoads(t *testing.T) {
	if _, err := rules.LoadFS(files, "builtin"); err != nil {
		t.Fatal(err)
	}
}

// TestGoldens applies all built-in packs together to the whole documents that
// stand beside them, and compares what goes byte for byte.
func TestGoldens(t *testing.T) {
	set, err := Set()
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range a.Files {
			t.Run(strings.TrimSuffix(name, ".txtar")+"/"+f.Name, func(t *testing.T) {
				want, err := rules.ParseMarked(string(f.Data))
				if err != nil {
					t.Fatal(err)
				}
				out := set.Apply(&text.Document{Text: want.Text}, rules.Options{})
				back, err := rules.Restore(out.Clean, out.Pieces(want.Text))
				if err != nil || back != want.Text {
					t.Errorf("does not restore: %v", err)
				}
				if got := rules.Marked(want.Text, out.Removals); got != canonical(want) {
					if *update {
						a.Files[i].Data = []byte(got)
						return
					}
					t.Errorf("got\n%s\nwant\n%s", got, canonical(want))
				}
			})
		}
		if *update {
			if err := os.WriteFile(name, txtar.Format(a), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// maxCost is the share of a text's bytes that the expressions of one rule may
// run on in vain: Go's regexp does 10 MB/s, and there are hundreds of rules.
const maxCost = 0.004

// TestCost runs the packs over real texts and names the rules whose expressions
// run too often. Such a rule wants a more telling beginning or word.
func TestCost(t *testing.T) {
	set, err := Set()
	if err != nil {
		t.Fatal(err)
	}
	news, ok1 := quality.Shared(2, "news-dev")
	pages, ok2 := quality.Shared(2, "corpora")
	if !ok1 || !ok2 {
		t.Skip("the shared texts are not here")
	}
	bytes, total, cost := 0, 0, map[rules.ID]int{}
	run := func(doc string) {
		bytes += len(doc)
		for id, n := range set.Cost(&text.Document{Text: doc}) {
			cost[id] += n
			total += n
		}
	}
	for d, err := range quality.News(news) {
		if err != nil {
			t.Fatal(err)
		}
		run(d.Text)
	}
	for d, err := range quality.Corpora(pages) {
		if err != nil {
			t.Fatal(err)
		}
		run(d.Text)
	}
	t.Logf("all expressions together run in vain on %.1f %% of %d bytes", 100*float64(total)/float64(bytes), bytes)
	for _, r := range set.Rules() {
		if share := float64(cost[r.ID]) / float64(bytes); share > maxCost {
			t.Errorf("%s: its expressions run in vain on %.2f %% of the text, more than %.2f %%", r.ID, 100*share, 100*maxCost)
		}
	}
}

// canonical writes the marks of e as removals are written.
func canonical(e rules.Example) string {
	var rs []rules.Removal
	for _, s := range e.Cut {
		rs = append(rs, rules.Removal{Span: s, Mode: rules.Enforce})
	}
	return rules.Marked(e.Text, rs)
}

// TestSeeds cleans the five seeds as they are, with no address and no
// publisher, and compares with the marked goldens beside them.
func TestSeeds(t *testing.T) {
	set, err := Set()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "..", "testdata", "seeds")
	names, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(names) != 5 {
		t.Fatalf("%d seeds: %v", len(names), err)
	}
	for _, name := range names {
		in, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out := set.Apply(&text.Document{Text: string(in)}, rules.Options{})
		golden := strings.TrimSuffix(name, ".txt") + ".marked"
		got := rules.Marked(string(in), out.Removals)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", filepath.Base(name), got, want)
		}
	}
}
