package eval

import (
	"path/filepath"
	"slices"

	"winnow/internal/quality"
	"winnow/rules"
	"winnow/rules/learn"
	"winnow/text"
)

// Corpora returns the corpora in folder by name, their visible texts labelled by their truths.
func Corpora(folder string) (map[string][]*Doc, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*", "docs.jsonl.gz"))
	if err != nil {
		return nil, err
	}
	out := map[string][]*Doc{}
	for _, n := range names {
		dir := filepath.Dir(n)
		meta, err := quality.ReadCorpusMeta(dir)
		if err != nil {
			return nil, err
		}
		var docs []text.Document
		var truths []string
		for d, err := range quality.Corpus(dir) {
			if err != nil {
				return nil, err
			}
			docs = append(docs, text.Document{ID: d.ID, URL: d.URL, Publisher: text.ParsePublisher(d.Publisher), Language: d.Language, Title: d.Title, Text: d.Text})
			truths = append(truths, d.Truth)
		}
		out[filepath.Base(dir)] = Align(docs, truths, meta)
	}
	return out, nil
}

// NewsData returns the articles of the news data: the labelled ones, and the
// others, which nobody read, without labels.
func NewsData(folder string) (labelled, rest []*Doc, err error) {
	labels := map[string]quality.NewsLabel{}
	for l, err := range quality.NewsLabels(folder) {
		if err != nil {
			return nil, nil, err
		}
		labels[l.ID] = l
	}
	for d, err := range quality.News(folder) {
		if err != nil {
			return nil, nil, err
		}
		if l, ok := labels[d.ID]; ok {
			labelled = append(labelled, News(d, l))
		} else {
			rest = append(rest, &Doc{Document: NewsDocument(d)})
		}
	}
	return labelled, rest, nil
}

// Learn returns the set of the rules that are learned from docs, with the proposals.
func Learn(docs []*Doc) (*rules.Set, []*learn.Proposal, error) {
	l := learn.New(learn.Options{})
	for _, d := range docs {
		l.Add(d.Document)
	}
	props, err := l.Propose()
	if err != nil {
		return nil, nil, err
	}
	var packs []*rules.Pack
	for _, p := range props {
		packs = append(packs, p.Pack())
	}
	set, err := rules.NewSet(packs...)
	return set, props, err
}

// CountLines is the baseline that learning is compared with: a rule for every
// unit that stands in at least n of docs.
func CountLines(docs []*Doc, n int) (*rules.Set, error) {
	counts := map[text.Fingerprint]int{}
	texts := map[text.Fingerprint]string{}
	var seg text.Segments
	for _, d := range docs {
		seg.Segment(d.Text, d.Title, nil)
		seen := map[text.Fingerprint]bool{}
		for _, u := range seg.Units {
			if !seen[u.Print] {
				seen[u.Print] = true
				counts[u.Print]++
				texts[u.Print] = u.Span.In(d.Text)
			}
		}
	}
	pack := &rules.Pack{Name: "count"}
	for p, c := range counts {
		if c < n {
			continue
		}
		r := &rules.Rule{ID: rules.ID("count/" + texts[p]), Kind: rules.KindText, Category: rules.Nav, Mode: rules.Enforce, Where: rules.Anywhere, Text: []string{texts[p]}, Confidence: 1, Exempt: true}
		if _, err := rules.NewSet(&rules.Pack{Rules: []*rules.Rule{r}}); err == nil {
			pack.Rules = append(pack.Rules, r)
		}
	}
	slices.SortFunc(pack.Rules, func(a, b *rules.Rule) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	return rules.NewSet(pack)
}
