package packs

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"winnow/rules"
	"winnow/text"
)

var update = flag.Bool("update", false, "rewrite the goldens with what the packs remove now")

func TestBuiltinLoads(t *testing.T) {
	if _, err := Set(); err != nil {
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
