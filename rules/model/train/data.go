package main

import (
	"fmt"
	"hash/fnv"
	"path/filepath"
	"slices"
	"strings"

	"winnow/internal/eval"
	"winnow/internal/quality"
	"winnow/rules"
	"winnow/rules/model"
	"winnow/rules/packs"
	"winnow/text"
)

// A form says how a document was made of a page.
type form uint8

const (
	whole   form = iota // all visible text
	bare                // title and content alone: an edge by itself is no evidence
	trimmed             // content with the furniture that touches it, as extraction leaves it
)

// The classes of a unit.
const (
	content uint8 = iota
	furniture
	skipped // ambiguous: neither learned from nor judged
)

// A sample is a document with the class of each unit.
type sample struct {
	set      string // corpus, or type of page
	group    string // publisher; folds do not split it
	form     form
	seg      *text.Segments
	taken    []bool
	class    []uint8
	learn    []uint8 // class to learn: skipped where it is doubtful
	size     []int32 // characters other than white space
	features [][]uint32
	words    []int // how many of the features hold words
	article  bool  // whether the model acts on such a text
}

// capture is a Scorer that keeps what it is shown, and finds nothing.
type capture struct {
	seg   *text.Segments
	taken []bool
}

func (c *capture) Score(seg *text.Segments, taken []bool) []rules.Scored {
	c.seg = &text.Segments{Text: seg.Text, Lines: slices.Clone(seg.Lines), Units: slices.Clone(seg.Units), Tokens: slices.Clone(seg.Tokens)}
	c.taken = slices.Clone(taken)
	return nil
}

// A reader makes samples. It sees texts as the built-in rules leave them.
type reader struct {
	set  *rules.Set
	seen capture
}

func newReader() (*reader, error) {
	r := &reader{}
	ps, err := packs.Builtin()
	if err != nil {
		return nil, err
	}
	rule := &rules.Rule{ID: "train/capture", Kind: rules.KindModel, Category: rules.Nav, Mode: rules.Enforce, Where: rules.Anywhere, Scorer: &r.seen}
	r.set, err = rules.NewSet(slices.Concat(ps, []*rules.Pack{{Rules: []*rules.Rule{rule}}})...)
	return r, err
}

// sample makes a sample of d in form f. The publisher is not named to the
// rules: it has none.
func (r *reader) sample(d *eval.Doc, set, group string, f form) *sample {
	r.seen = capture{}
	r.set.Apply(&text.Document{Text: d.Text, Title: d.Title}, rules.Options{})
	s := &sample{set: set, group: group, form: f, seg: r.seen.seg, taken: r.seen.taken}
	var in model.Input
	in.Reset(s.seg, s.taken)
	s.article = in.Article()
	in.Prepare()
	l := 0
	for u := range s.seg.Units {
		unit := &s.seg.Units[u]
		for l < len(d.Labels) && d.Labels[l].Span.End <= unit.Span.Start {
			l++
		}
		c := content
		if l < len(d.Labels) && d.Labels[l].Span.Overlaps(unit.Span) {
			switch d.Labels[l].Class {
			case eval.Furniture, eval.Varying:
				c = furniture
			case eval.Neutral:
				c = skipped
			}
		}
		learn := c
		switch {
		case !in.Scored(u):
			learn = skipped
		case c == skipped && (own(s.seg, unit) || strings.HasPrefix(unit.Span.In(d.Text), "By ")):
			learn = content // a title, a byline, a date
		case c == furniture && in.Prose(u) && doubtful[set]:
			learn = skipped
		}
		s.class, s.learn = append(s.class, c), append(s.learn, learn)
		n := int32(0)
		for _, ch := range unit.Span.In(d.Text) {
			if !text.IsSpace(ch) {
				n++
			}
		}
		s.size = append(s.size, n)
		var fs []uint32
		words := 0
		if in.Scored(u) {
			fs, words = in.Features(u)
			fs = slices.Clone(fs)
		}
		s.features = append(s.features, fs)
		s.words = append(s.words, words)
	}
	return s
}

// own reports whether unit holds the document's title or a date.
func own(seg *text.Segments, unit *text.Unit) bool {
	return slices.ContainsFunc(seg.TokensOf(unit.Tokens), func(t text.Token) bool { return t.Hash == text.SlotTitle || t.Hash == text.SlotDate })
}

// doubtful types of pages have truths that leave much of the content out.
var doubtful = map[string]bool{"collection": true, "forum": true, "listing": true, "product": true, "service": true}

// cut makes another document of d: its title, its content, and the furniture
// within reach lines of content.
func cut(d *eval.Doc, reach int) *eval.Doc {
	var seg text.Segments
	seg.Segment(d.Text, "", nil)
	classes := make([]eval.Class, len(seg.Lines))
	l := 0
	for i, line := range seg.Lines {
		for l < len(d.Labels) && d.Labels[l].Span.End <= line.Span.Start {
			l++
		}
		if !line.Blank() && l < len(d.Labels) && d.Labels[l].Span.Overlaps(line.Span) {
			classes[i] = d.Labels[l].Class
		}
	}
	out := &eval.Doc{Document: d.Document}
	var b strings.Builder
	if d.Title != "" && reach == 0 {
		b.WriteString(d.Title + "\n")
		out.Labels = append(out.Labels, eval.Label{Span: text.Span{End: len(d.Title)}, Class: eval.Neutral})
	}
	any := false
	for i, line := range seg.Lines {
		if line.Blank() {
			continue
		}
		near := false
		for j := max(0, i-reach); j <= min(len(classes)-1, i+reach); j++ {
			near = near || classes[j] == eval.Content && !seg.Lines[j].Blank()
		}
		if !near {
			continue
		}
		any = any || classes[i] == eval.Content
		if classes[i] != eval.Content {
			out.Labels = append(out.Labels, eval.Label{Span: text.Span{Start: b.Len(), End: b.Len() + line.Span.Len()}, Class: classes[i]})
		}
		b.WriteString(line.Span.In(d.Text) + "\n")
	}
	if !any {
		return nil
	}
	out.Text = b.String()
	return out
}

// read makes samples of the corpora and the pages. No publisher gives more than most documents.
func read(shared string, most int) ([]*sample, error) {
	r, err := newReader()
	if err != nil {
		return nil, err
	}
	var out []*sample
	add := func(d *eval.Doc, set, group string) {
		out = append(out, r.sample(d, set, group, whole))
		if c := cut(d, 0); c != nil {
			out = append(out, r.sample(c, set, group, bare))
		}
		if c := cut(d, 2); c != nil {
			out = append(out, r.sample(c, set, group, trimmed))
		}
	}
	corpora, err := eval.Corpora(filepath.Join(shared, "corpora"))
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(corpora))
	for n := range corpora {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		group, _, _ := strings.Cut(n, "-") // flink is one publisher in two languages
		for _, d := range eval.First(corpora[n], most) {
			add(d, n, group)
		}
	}
	var docs []text.Document
	var truths, types []string
	for p, err := range quality.Pages(filepath.Join(shared, "wcxb-dev")) {
		if err != nil {
			return nil, err
		}
		t, err := visible(p.HTML)
		if err != nil {
			continue // nested too deeply
		}
		docs = append(docs, text.Document{ID: p.ID, URL: p.URL, Title: p.Title, Text: t})
		truths, types = append(truths, p.Truth), append(types, p.Type)
	}
	count := map[string]int{}
	for i, d := range eval.Align(docs, truths, quality.CorpusMeta{}) {
		group := string(text.PublisherOf(d.URL))
		if count[group]++; count[group] <= most && d.Text != "" {
			add(d, types[i], group)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no documents in %s", shared)
	}
	return out, nil
}

// fold returns the fold of a publisher.
func fold(group string) int {
	h := fnv.New32a()
	h.Write([]byte(group))
	return int(h.Sum32()>>8) % folds
}
