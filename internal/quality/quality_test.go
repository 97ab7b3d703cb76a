package quality

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestWordF1(t *testing.T) {
	for _, c := range []struct{ got, want, f1 string }{
		{"", "", "1.00 1.00 1.00"},
		{"", "a", "0.00 0.00 0.00"},
		{"a", "", "0.00 0.00 0.00"},
		{"a b", "c", "0.00 0.00 0.00"},
		{"Big, bad\nWOLF_1!", "big bad wolf_1", "1.00 1.00 1.00"},
		{"a a a b", "a b b", "0.50 0.67 0.57"},
		{"été", "Été.", "1.00 1.00 1.00"},
		{"don't", "dont", "0.00 0.00 0.00"},
		{"a b c d", "a b", "0.50 1.00 0.67"},
	} {
		f := WordF1(c.got, c.want)
		if s := fmt.Sprintf("%.2f %.2f %.2f", f.Precision, f.Recall, f.F1); s != c.f1 {
			t.Errorf("%q, %q: got %s, want %s", c.got, c.want, s, c.f1)
		}
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	b := []byte(content)
	if filepath.Ext(name) == ".gz" {
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		if _, err := z.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		b = buf.Bytes()
	}
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReaders(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/w/b.jsonl.gz", `{"id":"3","page_type":"forum","author":null}`+"\n")
	write(t, dir+"/w/a.jsonl.gz", `{"id":"1","truth":"x","must_contain":["y"]}`+"\n"+`{"id":"2"}`+"\n")
	write(t, dir+"/c/two/docs.jsonl.gz", `{"id":"b","lang":"ru"}`)
	write(t, dir+"/c/one/docs.jsonl.gz", `{"id":"a","cov":0.5}`)
	write(t, dir+"/c/one/meta.json", `{"name":"one","repeated_nontruth":[[7,"Edit"]],"labels":{"must_keep":["^x"]}}`)
	write(t, dir+"/n/archive.jsonl.gz", `{"id":"n","text":"t"}`)
	write(t, dir+"/n/labels.jsonl", `{"id":"n","spans":[{"start":1,"end":3,"label":"legal","ambiguous":true}]}`)

	got := ""
	for p, err := range Pages(dir + "/w") {
		got += fmt.Sprint(p.ID, p.Truth, p.MustContain, err, " ")
	}
	for d, err := range Corpora(dir + "/c") {
		got += fmt.Sprint(d.ID, d.Coverage, d.Language, err, " ")
	}
	for d, err := range Corpus(dir + "/c/two") {
		got += fmt.Sprint(d.ID, err, " ")
	}
	for d, err := range News(dir + "/n") {
		got += fmt.Sprint(d.ID, d.Text, err, " ")
	}
	for l, err := range NewsLabels(dir + "/n") {
		got += fmt.Sprint(l.ID, l.Spans[0].Span(), l.Spans[0].Label, l.Spans[0].Ambiguous, err, " ")
	}
	m, err := ReadCorpusMeta(dir + "/c/one")
	got += fmt.Sprint(m.Name, m.RepeatedNontruth, m.Labels, err)
	const want = "1x[y] <nil> 2[] <nil> 3[] <nil> a0.5 <nil> b0ru <nil> b <nil> nt <nil> n[1,3)legaltrue <nil> " +
		"one[{7 Edit}] map[must_keep:[^x]] <nil>"
	if normal(got) != normal(want) {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// normal takes out the spaces that fmt.Sprint puts in by its own rules.
func normal(s string) string { return string(bytes.ReplaceAll([]byte(s), []byte(" "), nil)) }

func TestReadersFail(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/bad/a.jsonl.gz", `{"id":"1"}`+"\n"+`{"id":`)
	write(t, dir+"/plain/archive.jsonl.gz", `x`)
	if err := os.WriteFile(dir+"/plain/archive.jsonl.gz", []byte("no gzip"), 0o644); err != nil {
		t.Fatal(err)
	}
	n, failed := 0, 0
	for _, err := range Pages(dir + "/bad") {
		if err != nil {
			failed++
		} else {
			n++
		}
	}
	if n != 1 || failed != 1 {
		t.Errorf("%d pages, %d errors", n, failed)
	}
	for _, err := range News(dir + "/plain") {
		if err == nil {
			t.Error("no error for a file that is no gzip")
		}
	}
	for _, err := range Pages(dir + "/absent") {
		if err == nil {
			t.Error("no error for a folder that is not there")
		}
	}
	for range Pages(dir + "/bad") {
		break // a reader may be left
	}
}
