package archive

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the goldens")

const archives = "../testdata/archives"

// source returns a source for a file, as Sources does.
func source(t *testing.T, path string) Source {
	t.Helper()
	list, _, err := Sources([]string{path}, "")
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

// all reads a file to its end.
func all(t *testing.T, s Source, o ReadOptions) ([]*Record, Reader) {
	t.Helper()
	r, err := Open(s, o)
	if err != nil {
		t.Fatalf("%s: %v", s.Path, err)
	}
	defer r.Close()
	var list []*Record
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return list, r
		}
		if err != nil {
			t.Fatalf("%s: %v", s.Path, err)
		}
		list = append(list, rec)
		if len(list) > 100_000 {
			t.Fatalf("%s: no end", s.Path)
		}
	}
}

// line describes a record in one line.
func line(r *Record) string {
	if r.Blank {
		return "(blank)"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d", r.Offset)
	if r.Line > 0 {
		fmt.Fprintf(&b, " line %d", r.Line)
	}
	add := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, " %s=%s", name, value)
		}
	}
	add("id", r.ID)
	add("name", r.Name)
	add("url", r.URL)
	add("publisher", string(r.Publisher))
	add("language", r.Language)
	add("charset", r.Charset)
	add("type", r.ContentType)
	if !r.Captured.IsZero() {
		add("captured", formatTime(r.Captured))
	}
	for _, w := range r.Warnings {
		add("warning", w.Code)
	}
	if r.Err != nil {
		return b.String() + " ! " + r.Err.Code + " " + r.Err.Error()
	}
	kind := "text"
	if r.IsPage {
		kind = "page"
	}
	s := string(r.Source)
	if len(s) > 300 {
		s = s[:40] + "..." + s[len(s)-40:]
	}
	return b.String() + fmt.Sprintf(" %s(%d) %q", kind, len(r.Source), s)
}

func passed(r Reader) string {
	var b strings.Builder
	m := r.Passed()
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, " %d %s,", m[k], k)
	}
	return strings.TrimSuffix(b.String(), ",")
}

// TestGolden reads the files that others wrote.
func TestGolden(t *testing.T) {
	var b strings.Builder
	files, err := os.ReadDir(archives)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.IsDir() || slices.Contains([]string{"make", "write.mjs", "check", "check.mjs", "records.golden"}, f.Name()) {
			continue
		}
		s := source(t, filepath.Join(archives, f.Name()))
		list, r := all(t, s, ReadOptions{})
		fmt.Fprintf(&b, "== %s: %s, %d records, passed by:%s\n", f.Name(), s.Format(), len(list), passed(r))
		for i, rec := range list {
			if i < 25 || i == len(list)-1 {
				b.WriteString(line(rec) + "\n")
			}
		}
	}
	golden := filepath.Join(archives, "records.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	wants := strings.Split(string(want), "\n")
	for i, got := range strings.Split(b.String(), "\n") {
		if i >= len(wants) || got != wants[i] {
			t.Fatalf("line %d is\n%s\nwant\n%s", i+1, got, wants[min(i, len(wants)-1)])
		}
	}
}

// TestMarks reads every file again from behind each of its records.
func TestMarks(t *testing.T) {
	files, err := os.ReadDir(archives)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !f.IsDir() {
			againFromMarks(t, source(t, filepath.Join(archives, f.Name())))
		}
	}
}

// againFromMarks fails unless reading from each mark gives what followed it.
func againFromMarks(t *testing.T, s Source) {
	t.Helper()
	list, _ := all(t, s, ReadOptions{})
	step := max(1, len(list)/12)
	for i := 0; i < len(list); i += step {
		rest, _ := all(t, s, ReadOptions{At: list[i].After})
		if len(rest) != len(list)-i-1 {
			t.Fatalf("%s: behind record %d of %d, at %+v, there are %d", s.Path, i+1, len(list), list[i].After, len(rest))
		}
		for k, rec := range rest {
			if want := list[i+1+k]; line(rec) != line(want) {
				t.Fatalf("%s: from %+v on:\ngot  %s %+v\nwant %s %+v", s.Path, list[i].After, line(rec), rec.After, line(want), want.After)
			}
		}
	}
}

// results returns what a cleaner might make of records: it removes the second
// line where there is one.
func result(rec *Record) (*Result, *Error) {
	if rec.Err != nil {
		return nil, rec.Err
	}
	res := &Result{Publisher: rec.Publisher, Title: rec.Title, Text: string(rec.Source), Revision: "r1",
		Sums: Sums{"s", "e", "c"}, Warnings: []Warning{{"W", "a warning"}}}
	if i := strings.IndexByte(res.Text, '\n'); i >= 0 {
		for n, part := range []string{res.Text[i:]} {
			res.Removed = append(res.Removed, Removed{Start: i, End: i + len(part), Text: part, Rules: []string{"a/b", "c/d"}[:2-n],
				Category: "comments", Stage: "rule", Mode: Enforced, Confidence: 0.99})
		}
		res.Text = res.Text[:i]
	}
	return res, nil
}

// writeFile writes what became of list to a file, with a cut after each cut
// records, and starts again after each of them where resume says so.
func writeFile(t *testing.T, list []*Record, o WriteOptions, cut int, resume bool) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out."+o.Format.String())
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { f.Close() }()
	w, err := NewWriter(f, o)
	if err != nil {
		t.Fatal(err)
	}
	for i, rec := range list {
		res, failed := result(rec)
		if err := w.Write(rec, res, failed); err != nil {
			t.Fatalf("%s: %v", o.Format, err)
		}
		if (i+1)%cut != 0 {
			continue
		}
		at, err := w.Cut()
		if err != nil {
			t.Fatal(err)
		}
		if !resume {
			continue
		}
		// What was written behind the cut is lost, and some of it is in the file.
		for _, rec := range list[i+1 : min(i+3, len(list))] {
			res, failed := result(rec)
			w.Write(rec, res, failed)
		}
		w.Cut()
		f.Close()
		if f, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
			t.Fatal(err)
		}
		if w, err = ResumeWriter(f, at, o); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// inputs are files with records of every kind of field.
func inputs(t *testing.T) map[string][]*Record {
	m := map[string][]*Record{}
	for _, name := range []string{"lines.jsonl", "wget.warc", "pages.warc.wet.gz", "duckdb.parquet", "hyparquet.parquet", "arrow.parquet", "tree.pax.tar"} {
		list, _ := all(t, source(t, filepath.Join(archives, name)), ReadOptions{})
		n := 300
		if testing.Short() {
			n = 50
		}
		m[name] = list[:min(len(list), n)]
	}
	return m
}

var outputs = []string{"jsonl", "jsonl.gz", "jsonl.zst", "parquet", "wet", "wet.gz", "tar", "tar.gz", "text"}

// TestResumedWriters: cut and resumed at any cut, the file is the same.
func TestResumedWriters(t *testing.T) {
	for name, list := range inputs(t) {
		for _, out := range outputs {
			f, err := ParseFormat(out)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []Part{Whole, Kept, RemovedOnly} {
				o := WriteOptions{Format: f, Part: part}
				if _, err := NewWriter(io.Discard, o); err != nil && part == RemovedOnly {
					continue
				}
				cut := max(2, len(list)/5)
				want, err := os.ReadFile(writeFile(t, list, o, cut, false))
				if err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(writeFile(t, list, o, cut, true))
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s to %s, part %d: %d bytes when resumed, %d when not", name, out, part, len(got), len(want))
				}
			}
		}
	}
}
