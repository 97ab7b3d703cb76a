package archive

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func readAll(t *testing.T, in, prefer string) []*Record {
	t.Helper()
	l := NewLines(strings.NewReader(in))
	l.Prefer = prefer
	var out []*Record
	for {
		r, err := l.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
}

// describe renders a record as one line.
func describe(r *Record) string {
	switch {
	case r.Blank:
		return "blank"
	case r.Err != nil:
		return fmt.Sprintf("%s %s", r.ID, r.Err)
	}
	kind := "text"
	if r.IsPage {
		kind = "html"
	}
	var more []string
	for _, f := range r.extra {
		more = append(more, f.name+"="+string(f.raw))
	}
	for _, w := range r.Warnings {
		more = append(more, w.Code)
	}
	return strings.TrimSpace(fmt.Sprintf("%s|%s|%s|%s|%s|%s %s", r.ID, r.URL, r.Publisher, r.Title, kind, r.Source, strings.Join(more, " ")))
}

func TestLines(t *testing.T) {
	for _, c := range []struct{ in, prefer, want string }{
		{`{"id":"a","text":"x"}`, "", "a||||text|x"},
		{`{"text":""}`, "", "||||text|"},
		{`{"html":"<p>","url":"https://a.example/","publisher":"News.BBC.co.uk","title":"T"}`, "", "|https://a.example/|bbc.co.uk|T|html|<p>"},
		{`{"id":5,"text":"x"}`, "", "5||||text|x"},
		{`{"id":"a","text_base64":"Y2Fm6Q=="}`, "", "a||||text|caf\xe9"},
		{`{"html_base64":"PHA+\/w==","charset":"latin1","n":1}`, "", `||||html|<p>` + "\xff" + ` charset="latin1" n=1`},
		{`{"text":"x","html_base64":"PHA+"}`, "", `||||text|x html_base64="PHA+"`},
		{`{"text":null,"html_base64":"PHA+","text_base64":""}`, "text", `||||text| html_base64="PHA+"`},
		{`{"id":"a","text_base64":"Y2Fm6Q"}`, "", `a BAD_RECORD: line 1: the field "text_base64": illegal base64 data at input byte 4`},
		{`{"id":null,"url":null,"text":"x","html":null}`, "", "||||text|x html=null"},
		{`{"b":1,"text":"x","a":[2, 3],"language":"en","charset":"utf-8","captured":"2024-01-02"}`, "", `||||text|x b=1 a=[2, 3] language="en" charset="utf-8" captured="2024-01-02"`},
		{`{"text":"x","html":"y","id":"a"}`, "text", `a||||text|x html="y"`},
		{`{"text":"x","html":"y","id":"a"}`, "html", `a||||html|y FIELD_REPLACED`},
		{`{"text":"x","html":"y","id":"a"}`, "", `a BAD_RECORD: line 1: html and text are both there`},
		{`{"id":"a"}`, "", `a BAD_RECORD: line 1: neither html nor text is there`},
		{`{"id":"a","text":["x"]}`, "", `a BAD_RECORD: line 1: the field "text" is not a string`},
		{`{"id":{},"text":"x"}`, "", ` BAD_RECORD: line 1: the field "id" is not a string`},
		{`{"id":"a","text":"x","text":"y"}`, "", ` BAD_RECORD: line 1: the field "text" stands twice`},
		{`{"id":"a","text":"x","error":{"code":1}}`, "", `a||||text|x FIELD_REPLACED`},
		{`{"id":"a","text":"x\ud800"}`, "", "a||||text|x\uFFFD LONE_SURROGATE"},
		{"{\"id\":\"a\",\"text\":\"x\xff\"}", "", "a||||text|x\uFFFD INVALID_UTF8"},
		{"\uFEFF" + `{"text":"x"}`, "", "||||text|x"},
		{"{\"text\":\"x\"}\r\n\r\n{\"text\":\"y\"}\n \t\n\n", "", "||||text|x; blank; ||||text|y; blank; blank"},
		{"", "", ""},
		{"nonsense", "", " BAD_JSON: line 1: column 1: a JSON object was expected"},
	} {
		var got []string
		for _, r := range readAll(t, c.in, c.prefer) {
			got = append(got, describe(r))
		}
		if out := strings.Join(got, "; "); out != c.want {
			t.Errorf("%q\n got  %s\n want %s", c.in, out, c.want)
		}
	}
	r := readAll(t, `{"text":"x","captured":"2024-05-06T07:08:09+02:00"}`, "")[0]
	if want := time.Date(2024, 5, 6, 5, 8, 9, 0, time.UTC); !r.Captured.Equal(want) {
		t.Errorf("captured %v, want %v", r.Captured, want)
	}
}

// TestLongLines reads lines over the buffer and over the limit: the latter is
// that record's error, and those around it are whole.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("long ", 200_000)
	in := `{"id":"a","text":"x"}` + "\n" + `{"id":"b","text":"` + long + `"}` + "\n" + `{"id":"c","text":"y"}`
	if rs := readAll(t, in, ""); len(rs) != 3 || string(rs[1].Source) != long || rs[2].ID != "c" {
		t.Errorf("%d records", len(rs))
	}
	l := NewLines(strings.NewReader(in))
	l.lines.max = 1000
	var got []string
	for {
		r, err := l.Next()
		if err != nil {
			break
		}
		got = append(got, describe(r))
	}
	if len(got) != 3 || !strings.Contains(got[1], "INPUT_TOO_LARGE: line 2, at byte 22, is longer") || got[2] != "c||||text|y" {
		t.Errorf("got %q", got)
	}
}

func TestWrittenIsReadBack(t *testing.T) {
	rec := readAll(t, `{"id":7,"text":"a\u2028<b>","n":1.0,"text2":"\ud83d\ude00","language":"d\u0065"}`, "")[0]
	res := &Result{Publisher: "p.example", Title: "T & t", Text: "a\u2028", Revision: "abc",
		Removed:  []Removed{{Start: 4, End: 7, Text: "<b>", Rules: []string{"a/b", "a/c"}, Category: "nav", Stage: "rule", Mode: Enforced, Confidence: 0.97}},
		Warnings: []Warning{{"CODE", "a \"message\""}}, Sums: Sums{"s", "e", "c"}}
	line := string(rec.AppendResult(nil, res))
	want := `{"id":7,"url":"","publisher":"p.example","title":"T & t","text":"a\u2028","removed":[{"start":4,"end":7,"text":"<b>",` +
		`"rules":["a/b","a/c"],"category":"nav","stage":"rule","mode":"enforced","confidence":0.97}],` +
		`"warnings":[{"code":"CODE","message":"a \"message\""}],"revision":"abc","sha256":{"source":"s","extracted":"e","clean":"c"},` +
		`"n":1.0,"text2":"\ud83d\ude00","language":"d\u0065"}` + "\n"
	if line != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
	w, err := NewResults(strings.NewReader(line)).Next()
	if err != nil || w.ID != "7" || w.Text != res.Text || len(w.Removed) != 1 || w.Removed[0].Text != "<b>" || w.Sums != res.Sums {
		t.Errorf("read back: %+v %v", w, err)
	}
	if got, want := string(w.AppendRestored(nil, "a\u2028<b>")), `{"id":7,"url":"","publisher":"p.example","title":"T & t","text":"a\u2028<b>","n":1.0,"text2":"\ud83d\ude00","language":"d\u0065"}`+"\n"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	e := rec.AppendError(nil, &Error{"INTERNAL", "X", "m"})
	if want := `{"id":7,"error":{"code":"INTERNAL","reason":"X","message":"m"}}` + "\n"; string(e) != want {
		t.Errorf("got %s want %s", e, want)
	}
	if w, err := NewResults(strings.NewReader(string(e))).Next(); err != nil || w.Err == nil || *w.Err != (Error{"INTERNAL", "X", "m"}) {
		t.Errorf("read back: %+v %v", w, err)
	}
}

// FuzzLines never fails on any line, gives a record or its error, and what it
// writes is one line that can be read back.
func FuzzLines(f *testing.F) {
	for _, s := range []string{`{"id":"a","text":"b"}`, `{"id":1,"html":"<p>","x":{"y":[]}}`, `{"text":"\ud83d"}`, "{}\n\n{", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		l := NewLines(strings.NewReader(in))
		for {
			r, err := l.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var line []byte
			switch {
			case r.Blank:
				continue
			case r.Err != nil:
				line = r.AppendError(nil, r.Err)
			default:
				line = r.AppendResult(nil, &Result{Text: string(r.Source)})
			}
			if strings.Count(string(line), "\n") != 1 {
				t.Fatalf("%q is not one line", line)
			}
			w, err := NewResults(strings.NewReader(string(line))).Next()
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if w.ID != r.ID || r.Err == nil && w.Text != string(r.Source) || (r.Err == nil) != (w.Err == nil) {
				t.Fatalf("%q came back as %+v", line, w)
			}
		}
	})
}
