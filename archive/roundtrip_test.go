package archive

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// TestDetect: shapes that no magic tells.
func TestDetect(t *testing.T) {
	long := strings.Repeat("word ", HeadSize)
	for _, c := range []struct{ name, head, want string }{
		{"a.txt", "A text.", "text"},
		{"a.txt", "", "text"},
		{"a.html", "", "html"},
		{"a.html", "no mark-up", "html"},
		{"a.txt", "<!DOCTYPE html><html>", "html"},
		{"a.txt", "\uFEFF \n<!-- saved -->\n<!doctype HTML>", "html"},
		{"a.jsonl", "<html><body>an error page</body></html>", "html"},
		{"a.txt", "<p>A text on <b> and <p>.", "text"},
		{"a.php", "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"x\">", "html"},
		{"a.php", "<div><body class=x>text</body>", "html"},
		{"a.xml", "<?xml version=\"1.0\"?><rss></rss>", "neither what it holds nor its name tells what it is"},
		{"a.html", "<?xml version=\"1.0\"?><rss></rss>", "html"},
		{"a.txt", "\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00", "html"},
		{"a.txt", "\xff\xfeA\x00 \x00t\x00", "text"},
		{"a.txt", "a\x00b", "text"},
		{"a.bin", "a\x00b", "it is no text: it holds zero bytes"},
		{"a.txt", `{"id":1,"text":"x"}` + "\n" + `{"id":2`, "jsonl"},
		{"a.txt", `{"id":1,"text":"` + long, "jsonl"},
		{"a.txt", `{"note":"x"} is JSON`, "text"},
		{"a.txt", `{"note":"x"}`, "text"},
		{"a.jsonl", `{"note":"x"}`, "jsonl"},
		{"a.jsonl", `not yet`, "jsonl"},
		{"a.json", "{\n  \"text\": \"x\"\n}", "neither what it holds nor its name tells what it is"},
		{"a", "plain", "text"},
		{"a.css", "body {}", "neither what it holds nor its name tells what it is"},
		{"a.txt", "PK\x03\x04", "it is a ZIP file, which is not read"},
		{"a.jsonl", "ZIM\x04", "it is a ZIM file, which is not read"},
		{"a.warc", "noise", "warc"},
		{"a.warc.gz", "\x1f\x8b\x08 cut", "warc.gz"},
		{"a.txt", "WARC/1.0\r\nWARC-Type: warcinfo\r\n\r\n\r\nWARC/1.0\r\nwarc-type:conversion\r\n", "wet"},
		{"a.txt", "WARC/1.1\r\nWARC-Type: response\r\n", "warc"},
	} {
		head := c.head
		f, err := Detect([]byte(head[:min(len(head), HeadSize)]), c.name)
		got := f.String()
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("Detect(%.40q, %s) = %s, want %s", c.head, c.name, got, c.want)
		}
	}
}

// TestFormatNames: what FormatOf and ParseFormat read String writes.
func TestFormatNames(t *testing.T) {
	for name, want := range map[string]string{"a.jsonl": "jsonl", "b/a.NDJSON.GZ": "jsonl.gz", "a.warc.zst": "warc.zst", "a.tgz": "tar.gz",
		"a.txt.bz2": "text.bz2", "a.parquet": "parquet", "a.dat": "", "a.gz": "text.gz", ".gz": ""} {
		got := FormatOf(name).String()
		if got != want {
			t.Errorf("FormatOf(%s) = %q, want %q", name, got, want)
		}
		if f, err := ParseFormat(got); (err == nil) != (FormatOf(name).Kind != "") || err == nil && f.String() != got {
			t.Errorf("ParseFormat(%s) = %s %v", got, f, err)
		}
	}
}

// restored puts the removed spans of a result back.
func restored(text string, removed []Removed) string {
	for _, r := range removed {
		text = text[:r.Start] + r.Text + text[r.Start:]
	}
	return text
}

// TestNothingIsLost writes results in every format that holds removed spans, and
// spans apart from texts, reads them back, and puts them together again.
func TestNothingIsLost(t *testing.T) {
	for name, list := range inputs(t) {
		for _, out := range []string{"jsonl", "jsonl.gz", "jsonl.zst", "parquet"} {
			f, err := ParseFormat(out)
			if err != nil {
				t.Fatal(err)
			}
			for _, rec := range list {
				if rec.Err == nil {
					rec.IsPage = false // so that MakeUTF8 looks at it
					rec.MakeUTF8()
				}
			}
			whole := written(t, writeFile(t, list, WriteOptions{Format: f}, 7, false))
			keptAt := writeFile(t, list, WriteOptions{Format: f, Part: Kept}, 7, false)
			kept, _ := all(t, source(t, keptAt), ReadOptions{})
			spans := joined(t, keptAt, writeFile(t, list, WriteOptions{Format: f, Part: RemovedOnly}, 7, false))
			if len(whole) != len(list) || len(kept) != len(list) || len(spans) != len(list) {
				t.Fatalf("%s to %s: %d, %d and %d of %d", name, out, len(whole), len(kept), len(spans), len(list))
			}
			for i, rec := range list {
				w, k, s := whole[i], kept[i], spans[i]
				if rec.Err != nil {
					if w.Err == nil || *w.Err != *rec.Err {
						t.Fatalf("%s to %s: %v, want %v", name, out, w.Err, rec.Err)
					}
					continue
				}
				if w.ID != rec.ID || restored(w.Text, w.Removed) != string(rec.Source) || restored(string(k.Source), s.Removed) != string(rec.Source) ||
					s.ID != w.ID || s.Text != w.Text || s.Sums != w.Sums || !reflect.DeepEqual(s.Removed, w.Removed) {
					t.Fatalf("%s to %s: %s is not restored", name, out, rec.ID)
				}
				if len(w.Removed) > 0 && (w.Removed[0].Rules[1] != "c/d" || w.Removed[0].Confidence != 0.99 || w.Removed[0].Mode != Enforced) {
					t.Fatalf("%s to %s: %+v", name, out, w.Removed[0])
				}
				if k.ID != rec.ID || k.URL != rec.URL || !k.Captured.Equal(rec.Captured) && rec.row != nil {
					t.Fatalf("%s to %s: %s, want %s", name, out, line(k), line(rec))
				}
			}
		}
	}
}

func written(t *testing.T, path string) (list []*Written) {
	t.Helper()
	rs, err := OpenResults(source(t, path), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rs.Close()
	for {
		w, err := rs.Next()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, w)
	}
}

// joined reads back results whose spans stand apart.
func joined(t *testing.T, kept, spans string) (list []*Written) {
	t.Helper()
	p, err := OpenParted(source(t, kept), source(t, spans), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for {
		w, err := p.Next()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, w)
	}
}

// TestTexts: clean texts go through WET, tar and folders.
func TestTexts(t *testing.T) {
	for name, list := range inputs(t) {
		var want []string
		for _, rec := range list {
			if res, failed := result(rec); failed == nil {
				want = append(want, res.Text)
			}
		}
		for _, out := range []string{"wet", "wet.gz", "wet.zst", "tar", "tar.gz"} {
			f, err := ParseFormat(out)
			if err != nil {
				t.Fatal(err)
			}
			s := source(t, writeFile(t, list, WriteOptions{Format: f}, 7, false))
			if s.Format() != f {
				t.Errorf("%s is told to be %s", f, s.Format())
			}
			var got []string
			read, _ := all(t, s, ReadOptions{})
			for _, rec := range read {
				got = append(got, string(rec.Source))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s to %s: %d texts, want %d", name, out, len(got), len(want))
			}
		}
	}
}

// TestTree writes a folder as a tar file names it.
func TestTree(t *testing.T) {
	dir := t.TempDir()
	list, _ := all(t, source(t, filepath.Join(archives, "tree.pax.tar")), ReadOptions{})
	tree := NewTree(dir)
	tree.Sync = true
	for _, rec := range append(list, &Record{ID: "../../up", Source: []byte("x")}, &Record{Name: "../a/../b.txt.gz", Source: []byte("y")}) {
		res, failed := result(rec)
		if err := tree.Write(rec, res, failed); err != nil {
			t.Fatal(err)
		}
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
	files, _, err := Sources([]string{dir}, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.Name)
	}
	deep := list[1].Name
	want := []string{"_._.._up.txt", "a/_/b.txt", "a.txt", deep, "sub/grüße.txt", "sub/page.html.txt"}
	slices.Sort(want)
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestRowsAsJSON: columns that are not ours as fields, of every type and nesting.
func TestRowsAsJSON(t *testing.T) {
	list, _ := all(t, source(t, filepath.Join(archives, "duckdb.parquet")), ReadOptions{})
	for i, want := range map[int]string{
		0: `"n":0,"big":0,"ratio":0,"price":0.00,"tags":null,"origin":{"desk":"city","page":0},"counts":{"k0":0,"all":0},"grid":[[0],[],null,[0,1]],` +
			`"day":"2026-01-01","captured":"2026-01-01T08:00:00.123456","raw":"qwA=","even":true,"u":"00000000-0000-4000-8000-000000000001"}`,
		101: `"n":101,"big":101000000707,"ratio":12.625,"price":1.01,"tags":["sea",null,"quay 101"],"origin":{"desk":null,"page":101},"counts":{"k101":101,"all":0},"grid":[[101],[],null,[101,102]],` +
			`"day":"2026-04-12","captured":"2026-01-01T09:41:00.123456","raw":"qwA=","even":false,"u":"00000000-0000-4000-8000-000000000001"}`,
		1: `"tags":[],`,
	} {
		res, _ := result(list[i])
		if got := string(list[i].AppendResult(nil, res)); !strings.Contains(got, want) {
			t.Errorf("row %d: %s\nwant %s", i, got, want)
		}
	}
	arrow, _ := all(t, source(t, filepath.Join(archives, "arrow.parquet")), ReadOptions{Fields: map[string]string{"id": "doc"}})
	if arrow[0].ID != "x" || arrow[2].ID != "z" {
		t.Errorf("a column of another name: %q", short(arrow))
	}
	for fields, want := range map[string]string{"text": `no column "nowhere" can be read as text`, "html": `no column "nowhere" can be read as html`} {
		_, err := Open(source(t, filepath.Join(archives, "arrow.parquet")), ReadOptions{Fields: map[string]string{fields: "nowhere"}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestCarriedColumns: the columns of a Parquet file come out with their types,
// values, nulls and order.
func TestCarriedColumns(t *testing.T) {
	ours := []string{"text", "html", "url", "publisher", "title"}
	for _, name := range []string{"duckdb.parquet", "hyparquet.parquet", "arrow.parquet"} {
		list, _ := all(t, source(t, filepath.Join(archives, name)), ReadOptions{})
		in := schemaOf(t, filepath.Join(archives, name))
		path := writeFile(t, list, WriteOptions{Format: Format{Kind: Parquet}}, 1000, true)
		out := schemaOf(t, path)
		carried := map[string]bool{}
		var want, got []string
		describe := func(s *parquet.Schema, f parquet.Field) string {
			return f.Name() + strings.TrimPrefix(f.String(), s.Name())
		}
		for _, f := range in.Fields() {
			if !slices.Contains(ours, f.Name()) {
				carried[f.Name()] = true
				want = append(want, describe(in, f))
			}
		}
		for _, f := range out.Fields() {
			if carried[f.Name()] {
				got = append(got, describe(out, f))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: columns\n%q\nwant\n%q", name, got, want)
		}
		back, _ := all(t, source(t, path), ReadOptions{})
		if len(back) != len(list) {
			t.Fatalf("%s: %d rows, want %d", name, len(back), len(list))
		}
		for i, rec := range list {
			if got, want := carriedJSON(t, back[i], carried), carriedJSON(t, rec, carried); got != want || want == "" {
				t.Fatalf("%s, row %d:\n%s\nwant\n%s", name, i+1, got, want)
			}
		}
	}
}

func schemaOf(t *testing.T, path string) *parquet.Schema {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	pf, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return pf.Schema()
}

// carriedJSON is those columns of a row.
func carriedJSON(t *testing.T, rec *Record, carried map[string]bool) string {
	t.Helper()
	fs, err := fields(nil, append(append([]byte{'{'}, rec.table.appendFields(nil, rec.row, true)[1:]...), '}'))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range fs {
		if carried[f.name] {
			b.WriteString(f.name + "=" + string(f.raw) + " ")
		}
	}
	return b.String()
}
