package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"winnow/internal/quality"
)

const testPage = `<!doctype html><html><head><title>Harbour</title></head><body><nav><a href="/">Home</a> <a href="/news">News</a></nav>
<article><h1>Harbour</h1>
<p>The harbour will be dredged in spring, the council decided on Tuesday evening after a long debate, and ferries sail as usual.</p>
<p>The work takes six weeks, and costs more than the last time that it was done, which the mayor did not want to comment on.</p>
<p>The last time the harbour was dredged was in the year of the flood, when the old mole broke and the boats lay in the street.</p>
<p>Fishermen say that it comes too late, for the larger boats have gone to the port across the bay, where the water is deep enough.</p>
</article><footer>All rights reserved</footer></body></html>`

// TestEngines: every engine gives the article of an easy page, in each form.
func TestEngines(t *testing.T) {
	for _, e := range engines() {
		texts, err := guarded(e, []byte(testPage), "https://dailyexample.com/harbour")
		if err != nil {
			t.Errorf("%s: %v", e.name, err)
			continue
		}
		if len(texts) != len(e.forms) {
			t.Errorf("%s: %d texts, %d forms", e.name, len(texts), len(e.forms))
		}
		for i, s := range texts {
			if !strings.Contains(flat(s), flat("The work takes six weeks")) {
				t.Errorf("%s, %s:\n%s", e.name, e.forms[i], s)
			}
		}
	}
}

func TestGuarded(t *testing.T) {
	e := engine{run: func([]byte, string) ([]string, error) { panic("no") }}
	if _, err := guarded(e, nil, ""); err == nil || !strings.Contains(err.Error(), "no") {
		t.Errorf("got %v", err)
	}
}

func TestJudge(t *testing.T) {
	p := &quality.Page{Type: "article", Truth: "one two three", MustContain: []string{"Two three", "four"}, MustNotContain: []string{"wo", "menu"}}
	got := judge(p, []string{"One two, three. Menu"})
	s := got.Scores[0]
	if s.Recall != 1 || s.Precision != .75 || s.Good != 1 || s.Bad != 1 || got.Must != 2 || got.MustNot != 2 || got.Error {
		t.Errorf("got %+v", got)
	}
	if !judge(p, nil).Error {
		t.Error("no texts are no error")
	}
	r := &result{engine: engine{forms: []string{own}}, Pages: []page{got, judge(p, nil)}}
	if m := r.over("", 0); m.pages != 2 || m.errors != 1 || m.recall != .5 || m.badShare() != .25 {
		t.Errorf("mean %+v", m)
	}
}

// TestReport: the page holds every engine that may be compared, and no figure
// of quality for one that was trained on the pages; the plots are XML.
func TestReport(t *testing.T) {
	var all []*result
	for i, e := range engines() {
		p := page{Type: "article", Scores: []score{{F1: .5 + .01*float64(i)}, {F1: .4}}}
		all = append(all, &result{engine: e, Pages: []page{p, {Type: "forum", Scores: p.Scores}}, CPU: float64(i + 2), Parse: 1})
	}
	md := string(report(all))
	text, time, ok := strings.Cut(md, "## Time and memory")
	if !ok {
		t.Fatal("no part on time")
	}
	for _, r := range all {
		row := "| " + r.engine.name + " |"
		if got := strings.Contains(text, row); got == r.engine.trained {
			t.Errorf("%s: a figure of quality: %v", r.engine.name, got)
		}
		if got := strings.Contains(time, row); got == r.engine.cross {
			t.Errorf("%s: a figure of time: %v", r.engine.name, got)
		}
	}
	if !bytes.Equal(report(all), []byte(md)) {
		t.Error("the report differs from one writing to the next")
	}
	for _, svg := range [][]byte{qualityPlot(all), speedPlot(all)} {
		d := xml.NewDecoder(bytes.NewReader(svg))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestChild runs one engine in a process's way over a few real pages.
func TestChild(t *testing.T) {
	const data = "../../shared/wcxb-dev"
	if _, err := os.Stat(data); err != nil {
		t.Skip("wcxb-dev is not here")
	}
	if testing.Short() {
		t.Skip("reads 1,497 pages")
	}
	var out bytes.Buffer
	if err := runChild("winnow, engine alone", options{data: data, every: 200}, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"Type":"forum"`) || !strings.Contains(out.String(), `"F1":`) {
		t.Errorf("got %.200s", out.String())
	}
	if err := runChild("nobody", options{}, &out); err == nil {
		t.Error("an unknown engine is no error")
	}
}

// TestForeign reads the list of the other evaluation, and counts as it does.
func TestForeign(t *testing.T) {
	pages, _, err := readForeign()
	if err != nil {
		t.Fatal(err)
	}
	with, without := 0, 0
	for _, p := range pages {
		with += len(p.with)
		without += len(p.without)
		if p.address == "" || slices.Contains(p.with, "") || slices.Contains(p.without, "") {
			t.Errorf("%+v", p)
		}
	}
	if len(pages) < 800 || with < 2*len(pages) || without < 2*len(pages) {
		t.Errorf("%d pages with %d and %d snippets", len(pages), with, without)
	}
	var s tally
	s.add("One harbour, two boats", &foreign{with: []string{"two boats", "three"}, without: []string{"harbour", "menu", "log in"}})
	if s != (tally{found: 1, lost: 1, bad: 1, good: 2}) || s.precision() != .5 || s.f() != .5 || s.accuracy() != .6 {
		t.Errorf("%+v", s)
	}
}
