package eval

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"winnow/internal/quality"
	"winnow/rules"
	"winnow/text"
)

// truths returns the main texts of the corpora by publisher: documents without any furniture.
func truths(t *testing.T) map[string][]*Doc {
	dir, ok := quality.Shared(2, "corpora")
	if !ok {
		t.Skip("the corpora are not there")
	}
	by := map[string][]*Doc{}
	for d, err := range quality.Corpora(dir) {
		if err != nil {
			t.Fatal(err)
		}
		p := text.ParsePublisher(d.Publisher)
		by[string(p)] = append(by[string(p)], &Doc{Document: text.Document{ID: d.ID, URL: d.URL, Publisher: p, Title: d.Title, Text: d.Truth}})
	}
	return by
}

// TestNoFurniture learns from documents that hold none: next to nothing may go.
func TestNoFurniture(t *testing.T) {
	by := truths(t)
	for _, p := range slices.Sorted(maps.Keys(by)) {
		set, props, err := Learn(by[p])
		if err != nil {
			t.Fatal(err)
		}
		s, wrong := Run(set, by[p], rules.Options{})
		t.Logf("%-26s %d rules, loss %.4f %%", p, len(props[0].Rules), 100*s.Loss())
		report(t, wrong)
		if s.Loss() > 0.0005 {
			t.Errorf("%s: %.4f %% of the content went", p, 100*s.Loss())
		}
	}
}

func report(t *testing.T, wrong []Wrong) {
	if os.Getenv("WRONG") == "" {
		return
	}
	seen := map[string]bool{}
	for _, w := range wrong {
		if k := w.Span.In(w.Doc.Text); !seen[k] {
			seen[k] = true
			t.Logf("   wrong %v %.140q", w.Rules, k)
		}
	}
}

// A trap is content that repeats. It changes docs and returns the texts that must stay.
var traps = []struct {
	name string
	set  func(docs []*Doc) []string
}{
	{"background at the end of a fifth, by topic", func(docs []*Doc) []string { return background(docs, 1) }},
	{"background in the middle of a fifth, by topic", func(docs []*Doc) []string { return background(docs, 0.5) }},
	{"stories at two addresses", func(docs []*Doc) []string {
		var keep []string
		for i := 0; i+1 < len(docs); i += 2 {
			docs[i+1].Text, docs[i+1].Labels = docs[i].Text, slices.Clone(docs[i].Labels)
			for _, l := range longLines(docs[i], 3) {
				n := 0
				for _, d := range docs {
					if strings.Contains(d.Text, l) {
						n++
					}
				}
				if n <= 2 { // the pair's own
					keep = append(keep, l)
				}
			}
		}
		return keep
	}},
	{"refrains", func(docs []*Doc) []string {
		refrain := "Roll on, you river, roll on to the sea, and carry my love letter home to me."
		for i, d := range docs {
			if i%6 == 0 {
				for _, at := range []float64{0.3, 0.6, 1} {
					insert(d, refrain, at)
				}
			}
		}
		return []string{refrain}
	}},
	{"quotations shared by a few", func(docs []*Doc) []string {
		quote := "“We will not rest until every family has a safe place to sleep,” the minister told reporters on Tuesday."
		for i, d := range docs {
			if i%25 == 3 {
				insert(d, quote, 0.4)
			}
		}
		return []string{quote}
	}},
	{"headings that recur", func(docs []*Doc) []string {
		for i, d := range docs {
			if i%2 == 0 {
				insert(d, "What you need to know", 0.3)
				insert(d, "Conclusion", 0.8)
			}
			if i%3 == 0 {
				insert(d, "THE ROAD AHEAD", 0.6)
			}
		}
		return []string{"What you need to know", "Conclusion", "THE ROAD AHEAD"}
	}},
	{"a series with an introduction of its own", func(docs []*Doc) []string {
		intro := "This is one part of our long look at how the valley lost its railway and what came after."
		for i, d := range docs {
			if i%12 == 5 {
				insert(d, intro, 0)
			}
		}
		return []string{intro}
	}},
	{"news that talks of newsletters and donations", func(docs []*Doc) []string {
		said := "Readers who subscribe to the newsletter donate more often, the study by the charity found."
		for i, d := range docs {
			if i%20 == 7 {
				insert(d, said, 0.5)
			}
		}
		return []string{said}
	}},
}

// insert puts a line into the main text of d: before it for 0, after it for 1.
// The labels move along; the new line is content.
func insert(d *Doc, line string, at float64) {
	var starts []int // of the lines of the main text
	end := 0
	pos, k := 0, 0
	for l := range strings.SplitSeq(d.Text, "\n") {
		for k < len(d.Labels) && d.Labels[k].Span.End <= pos {
			k++
		}
		if strings.TrimSpace(l) != "" && (k == len(d.Labels) || d.Labels[k].Span.Start >= pos+len(l)) {
			starts = append(starts, pos)
			end = min(len(d.Text), pos+len(l)+1)
		}
		pos += len(l) + 1
	}
	if len(starts) == 0 {
		return
	}
	starts = append(starts, end)
	where := starts[int(at*float64(len(starts)-1))]
	if where > 0 && d.Text[where-1] != '\n' {
		line = "\n" + line
	}
	line += "\n"
	d.Text = d.Text[:where] + line + d.Text[where:]
	for i := range d.Labels {
		if l := &d.Labels[i]; l.Span.Start >= where {
			l.Span.Start += len(line)
			l.Span.End += len(line)
		}
	}
}

// longLines returns the first n long lines of d's main text.
func longLines(d *Doc, n int) []string {
	var out []string
	pos, k := 0, 0
	for l := range strings.SplitSeq(d.Text, "\n") {
		for k < len(d.Labels) && d.Labels[k].Span.End <= pos {
			k++
		}
		if len(l) > 80 && len(out) < n && (k == len(d.Labels) || d.Labels[k].Span.Start >= pos+len(l)) {
			out = append(out, strings.TrimSpace(l))
		}
		pos += len(l) + 1
	}
	return out
}

// background puts a paragraph about a topic into the documents that hold its word.
func background(docs []*Doc, at float64) []string {
	df := map[string]int{}
	for _, d := range docs {
		seen := map[string]bool{}
		for _, w := range quality.Words(d.Text) {
			if len(w) > 6 && !seen[w] {
				seen[w] = true
				df[w]++
			}
		}
	}
	topic := ""
	for _, w := range slices.Sorted(maps.Keys(df)) {
		if df[w] >= len(docs)/6 && df[w] <= len(docs)/4 {
			topic = w
			break
		}
	}
	para := fmt.Sprintf("The debate on %s began two years ago, when thousands marched through the capital and the government fell.", topic)
	for _, d := range docs {
		if topic != "" && slices.Contains(quality.Words(d.Text), topic) {
			insert(d, para, at)
		}
	}
	return []string{para}
}

// TestTraps sets traps in documents without furniture, and in all-visible
// texts with it: of repeated content at most one place in two hundred may go.
func TestTraps(t *testing.T) {
	if testing.Short() {
		t.Skip("learns a hundred times")
	}
	dir, ok := quality.Shared(2, "corpora")
	if !ok {
		t.Skip("the corpora are not there")
	}
	for _, trap := range traps {
		t.Run(trap.name, func(t *testing.T) {
			bare := truths(t)
			full, err := Corpora(dir)
			if err != nil {
				t.Fatal(err)
			}
			places, gone := 0, 0
			for _, by := range []map[string][]*Doc{bare, full} {
				for _, p := range slices.Sorted(maps.Keys(by)) {
					docs := First(by[p], 80)
					keep := trap.set(docs)
					set, _, err := Learn(docs)
					if err != nil {
						t.Fatal(err)
					}
					for _, d := range docs {
						out := set.Apply(&d.Document, rules.Options{})
						for _, k := range keep {
							n := strings.Count(d.Text, k) - strings.Count(out.Clean, k)
							places += strings.Count(d.Text, k)
							gone += max(0, n)
							if n > 0 && os.Getenv("WRONG") != "" {
								t.Logf("%s %d docs: %.100q", p, len(docs), k)
								for _, r := range out.Removals {
									if at := strings.Index(d.Text, k); r.Span.Overlaps(text.Span{Start: at, End: at + len(k)}) || strings.Contains(r.Span.In(d.Text), k) {
										t.Logf("    by %v %.60q", r.IDs(), r.Span.In(d.Text))
									}
								}
							}
						}
					}
				}
			}
			t.Logf("%d of %d places of repeated content went", gone, places)
			if places == 0 || 200*gone > places {
				t.Errorf("%d of %d places of repeated content went", gone, places)
			}
		})
	}
}
