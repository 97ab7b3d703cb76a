package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"winnow/rules"
	"winnow/rules/learn"
	"winnow/text"
)

// A labelLine is a line of a file of labels: one document that somebody read.
type labelLine struct {
	ID     string `json:"id"`
	SHA256 string `json:"sha256"` // of the document's text, in hexadecimal; may be left out
	Spans  []struct {
		Start     int  `json:"start"` // bytes of the text
		End       int  `json:"end"`
		Ambiguous bool `json:"ambiguous"`
	} `json:"spans"`
}

// labels are what people found in documents of the archive. Those documents
// are not learned from: the rules are judged by them.
type labels struct {
	lines map[string]labelLine // by document

	mu    sync.Mutex
	docs  map[string]learn.Labelled // those that the archive holds
	twice map[string]bool           // those that it holds with different texts: nobody can say which is meant
}

func readLabels(path string) (*labels, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l := &labels{lines: map[string]labelLine{}, docs: map[string]learn.Labelled{}, twice: map[string]bool{}}
	for dec, n := json.NewDecoder(f), 1; ; n++ {
		var line labelLine
		if err := dec.Decode(&line); errors.Is(err, io.EOF) {
			return l, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: record %d: %w", path, n, err)
		}
		if line.ID == "" {
			return nil, fmt.Errorf("%s: record %d has no id", path, n)
		}
		if _, ok := l.lines[line.ID]; ok {
			return nil, fmt.Errorf("%s: record %d: %q is labelled already", path, n, line.ID)
		}
		l.lines[line.ID] = line
	}
}

// take reports whether d is labelled, and holds it back if it is. The error is
// for labels that do not fit d. It is safe for concurrent use.
func (l *labels) take(d text.Document) (bool, error) {
	if l == nil {
		return false, nil
	}
	line, ok := l.lines[d.ID]
	if !ok {
		return false, nil
	}
	if sum := sha256.Sum256([]byte(d.Text)); line.SHA256 != "" && !strings.EqualFold(line.SHA256, fmt.Sprintf("%x", sum)) {
		return true, errors.New("its labels are for another text, by their sha256")
	}
	doc := learn.Labelled{Document: d}
	for _, s := range line.Spans {
		if s.Start < 0 || s.End < s.Start || s.End > len(d.Text) {
			return true, fmt.Errorf("the label %d to %d does not lie in its text of %d bytes", s.Start, s.End, len(d.Text))
		}
		doc.Labels = append(doc.Labels, learn.Label{Span: text.Span{Start: s.Start, End: s.End}, Ambiguous: s.Ambiguous})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if old, ok := l.docs[d.ID]; ok && old.Text != d.Text {
		l.twice[d.ID] = true
		return true, errors.New("the archive holds another text of this id, and the labels do not say which is meant")
	}
	l.docs[d.ID] = doc
	return true, nil
}

// documents returns the labelled documents, by id.
func (l *labels) documents() []learn.Labelled {
	var out []learn.Labelled
	for _, id := range slices.Sorted(maps.Keys(l.docs)) {
		if !l.twice[id] {
			out = append(out, l.docs[id])
		}
	}
	return out
}

// judge corrects the rules of p by the labelled documents of its publisher and
// tells what came of it.
func (l *labels) judge(out io.Writer, p *learn.Proposal) error {
	if l == nil {
		return nil
	}
	j, err := p.Judge(l.documents())
	if err != nil || j.Documents == 0 {
		return err
	}
	fmt.Fprintf(out, "%s: %s: rules are right at %d of %d places\n", rules.PackName(p.Publisher), count(j.Documents, "labelled document"), j.Right, j.Right+j.Wrong)
	for _, id := range j.Demoted {
		fmt.Fprintf(out, "  takes content, only reported from now on: %s\n", id)
	}
	for _, id := range j.Confirmed {
		fmt.Fprintf(out, "  in shadow mode, and right wherever labels are: %s\n", id)
	}
	return nil
}
