package archive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSourcesAndNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.txt", "a/x.html", "a/x.txt", "a/y.HTM", "a/z.jsonl", "c", "pic.jpg", ".hidden.txt", "d/e/f.md"} {
		write(t, filepath.Join(dir, name), name)
	}
	list, skipped, err := Sources([]string{dir}, "")
	if err != nil {
		t.Fatal(err)
	}
	names, err := OutNames(list)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, s := range list {
		got = append(got, string(s.Kind)+":"+s.Name+">"+filepath.ToSlash(names[i]))
	}
	want := "html:a/x.html>a/x.html.txt text:a/x.txt>a/x.txt html:a/y.HTM>a/y.txt jsonl:a/z.jsonl>a/z.jsonl text:b.txt>b.txt text:c>c text:d/e/f.md>d/e/f.md"
	if out := strings.Join(got, " "); out != want || skipped != 2 {
		t.Errorf("got  %s, %d skipped\nwant %s, 2 skipped", out, skipped, want)
	}
	if list, _, err := Sources([]string{filepath.Join(dir, "pic.jpg"), "-"}, ""); err != nil || len(list) != 2 || list[0].Kind != Text || list[1].Kind != JSONL {
		t.Errorf("named files: %+v %v", list, err)
	}
	if _, err := OutNames([]Source{{Name: "a.txt", Kind: Text}, {Name: "a.txt", Kind: Text}}); err == nil {
		t.Error("two files of one name: no error")
	}
}

func write(t *testing.T, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestCreateIsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "deep", "out.txt")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("half")
	f.Abandon()
	if all, _ := os.ReadDir(filepath.Dir(path)); len(all) != 0 {
		t.Errorf("an abandoned file left %v", all)
	}
	write(t, path, "old")
	if f, err = Create(path); err != nil {
		t.Fatal(err)
	}
	f.WriteString("new")
	if b, _ := os.ReadFile(path); string(b) != "old" {
		t.Errorf("before the commit the file holds %q", b)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	f.Abandon() // does nothing now
	if b, _ := os.ReadFile(path); string(b) != "new" {
		t.Errorf("after the commit the file holds %q", b)
	}
	if all, _ := os.ReadDir(filepath.Dir(path)); len(all) != 1 {
		t.Errorf("more than the file is there: %v", all)
	}
	// A link stays a link.
	link := filepath.Join(dir, "link.txt")
	if err := os.Symlink(path, link); err != nil {
		t.Skip("no links here")
	}
	if f, err = Create(link); err != nil {
		t.Fatal(err)
	}
	f.WriteString("through")
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "through" {
		t.Errorf("through the link: %q", b)
	}
}

func TestOverlaps(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	write(t, filepath.Join(in, "a.txt"), "a")
	for out, want := range map[string]bool{in: true, filepath.Join(in, "sub"): true, filepath.Join(dir, "out"): false, dir: false, in + "2": false} {
		if got := Overlaps(out, []string{in}); got != want {
			t.Errorf("Overlaps(%s) = %v, want %v", out, got, want)
		}
	}
}
