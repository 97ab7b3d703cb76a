package winnow_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"winnow/clean"
	"winnow/rules"
	"winnow/text"
)

var update = flag.Bool("update", false, "write the table of testdata/quality.golden into the README")

// fences returns the fenced blocks of a Markdown file that are of the language.
func fences(t *testing.T, file, language string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$").FindAllStringSubmatch(string(data), -1) {
		if m[1] == language {
			out = append(out, m[2])
		}
	}
	return out
}

// TestPacksInDocs loads every pack that the documentation shows, with its examples.
func TestPacksInDocs(t *testing.T) {
	for file, want := range map[string]int{"README.md": 1, "docs/rules.md": 9} {
		blocks := fences(t, file, "yaml")
		if len(blocks) < want {
			t.Errorf("%s shows %d packs, at least %d wanted", file, len(blocks), want)
		}
		for _, b := range blocks {
			p, err := rules.ParsePack(file, []byte(b))
			if err == nil {
				err = p.Test()
			}
			if err != nil {
				t.Errorf("%v\nin\n%s", err, b)
			}
		}
	}
}

// TestFieldsInDocs: every field that packs can have stands in docs/rules.md.
func TestFieldsInDocs(t *testing.T) {
	doc, err := os.ReadFile("docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range []string{"rules/pack.go", "rules/shape.go"} {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fields, _, _ := strings.Cut(string(src), "func (r *reader) evidence(") // which nobody writes by hand
		for _, m := range regexp.MustCompile(`(?m)^\t\t"([a-z]+)": `).FindAllStringSubmatch(fields, -1) {
			n++
			if !regexp.MustCompile("`" + m[1] + "[`:]").Match(doc) {
				t.Errorf("docs/rules.md does not tell of the field %q of %s", m[1], file)
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d fields were found", n)
	}
}

// TestMarkedInReadme cleans the text before the marks, and must get the marks.
func TestMarkedInReadme(t *testing.T) {
	packs, err := clean.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	set, err := rules.NewSet(packs...)
	if err != nil {
		t.Fatal(err)
	}
	blocks := fences(t, "README.md", "text")
	if len(blocks) == 0 {
		t.Fatal("the README shows no marked text")
	}
	want, err := rules.ParseMarked(blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	out := set.Apply(&text.Document{Text: want.Text}, rules.Options{})
	if got := rules.Marked(want.Text, out.Removals); got != blocks[0] || len(out.Removals) == 0 {
		t.Errorf("got\n%s\nwant\n%s", got, blocks[0])
	}
}

// TestGoInReadme: the Go that the README shows stands in the examples, which run.
func TestGoInReadme(t *testing.T) {
	src, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	flat := func(s string) string { return regexp.MustCompile(`\s+`).ReplaceAllString(s, " ") }
	blocks := fences(t, "README.md", "go")
	if len(blocks) < 2 {
		t.Errorf("the README shows %d pieces of Go, 2 wanted", len(blocks))
	}
	for _, b := range blocks {
		if !strings.Contains(flat(string(src)), strings.TrimSpace(flat(b))) {
			t.Errorf("this stands in no example:\n%s", b)
		}
	}
}

// TestCommandsInReadme: the first two commands are targets of the Makefile.
func TestCommandsInReadme(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	blocks := fences(t, "README.md", "sh")
	if len(blocks) == 0 {
		t.Fatal("the README shows no commands")
	}
	lines := strings.Split(strings.TrimSpace(blocks[0]), "\n")
	if len(lines) != 2 {
		t.Errorf("the first commands are %q, exactly two wanted", lines)
	}
	for _, l := range lines {
		target := regexp.MustCompile(`^make (\w+)`).FindStringSubmatch(l)
		if target == nil || !strings.Contains(string(makefile), "\n"+target[1]+":") {
			t.Errorf("%q is no target of the Makefile", l)
		}
	}
}

// TestReadmeQuality compares the README's table with the golden that it shows.
func TestReadmeQuality(t *testing.T) {
	golden, err := os.ReadFile("testdata/quality.golden")
	if err != nil {
		t.Fatal(err)
	}
	var table []string
	for _, l := range strings.Split(string(golden), "\n") {
		if len(table) > 0 && l == "#" {
			break // of the model that is built in, which knows these pages
		}
		if l = strings.TrimSuffix(strings.TrimPrefix(l, "# "), "#"); strings.HasPrefix(l, "type ") || len(table) > 0 && l != "" {
			table = append(table, l)
		}
	}
	if len(table) == 0 {
		t.Fatal("testdata/quality.golden holds no table that begins with \"type\"")
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- from testdata/quality.golden -->\n```\n", "```\n<!-- end -->\n"
	before, rest, ok := strings.Cut(string(readme), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the README has no place for the table")
	}
	want := strings.Join(table, "\n") + "\n"
	if old == want {
		return
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(before+begin+want+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("the README shows\n%s\ntestdata/quality.golden has\n%s\n(go test . -run ReadmeQuality -update)", old, want)
}
