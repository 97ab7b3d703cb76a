package eval

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"winnow/extract"
	"winnow/internal/quality"
	"winnow/text"
)

// An item is a line of a file to evaluate on: a document with its truth (the
// main text as its author wrote it) or with labelled spans, or with neither.
type item struct {
	ID        string              `json:"id"`
	URL       string              `json:"url"`
	Publisher string              `json:"publisher"`
	Language  string              `json:"lang"`
	Title     string              `json:"title"`
	HTML      string              `json:"html"`
	Text      string              `json:"text"`
	Truth     string              `json:"truth"`
	Spans     []quality.LabelSpan `json:"spans"`
}

// Files reads documents from JSON lines, plain or gzipped; folders give the
// .jsonl and .jsonl.gz files in them. labels, where not empty, is a file of
// labelled spans by ID. With pages, records that hold html are extracted,
// else their text is taken. Documents with truth or labels come back as
// judged, the others as rest. A meta.json beside a file says which of its
// lines must be kept and which are ambiguous.
func Files(ctx context.Context, paths []string, labels string, pages bool) (judged, rest []*Doc, err error) {
	files, err := list(paths)
	if err != nil {
		return nil, nil, err
	}
	spans := map[string][]quality.LabelSpan{}
	if labels != "" {
		err := lines(labels, func(it item) error {
			if it.Spans == nil {
				it.Spans = []quality.LabelSpan{} // read, and found clean
			}
			spans[it.ID] = it.Spans
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
		files = slices.DeleteFunc(files, func(f string) bool { return filepath.Clean(f) == filepath.Clean(labels) })
	}
	for _, f := range files {
		var meta quality.CorpusMeta
		if m, err := quality.ReadCorpusMeta(filepath.Dir(f)); err == nil {
			meta = m
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
		var docs []text.Document
		var truths []string
		err := lines(f, func(it item) error {
			d, err := it.document(ctx, pages)
			if err != nil {
				return fmt.Errorf("%s: %w", it.ID, err)
			}
			s, labelled := spans[it.ID]
			switch {
			case it.Spans != nil || labelled:
				if !labelled {
					s = it.Spans
				}
				doc, err := labelSpans(d, s)
				if err != nil {
					return err
				}
				judged = append(judged, doc)
			case it.Truth != "":
				docs, truths = append(docs, d), append(truths, it.Truth)
			default:
				rest = append(rest, &Doc{Document: d})
			}
			return nil
		})
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", f, err)
		}
		judged = append(judged, Align(docs, truths, meta)...)
	}
	return judged, rest, nil
}

func list(paths []string) ([]string, error) {
	var files []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, p)
			continue
		}
		err = filepath.WalkDir(p, func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(strings.TrimSuffix(p, ".gz"), ".jsonl") {
				files = append(files, p)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

func lines(path string, f func(item) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var r io.Reader = bufio.NewReaderSize(file, 1<<20)
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			return err
		}
	}
	dec := json.NewDecoder(r)
	for n := 1; ; n++ {
		var it item
		if err := dec.Decode(&it); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("record %d: %w", n, err)
		}
		if err := f(it); err != nil {
			return err
		}
	}
}

func (it item) document(ctx context.Context, pages bool) (text.Document, error) {
	d := text.Document{Text: it.Text}
	if pages && it.HTML != "" {
		res, err := extract.Extract(ctx, extract.Page{HTML: []byte(it.HTML), URL: it.URL}, extract.Options{})
		if err != nil {
			return d, err
		}
		d = res.Document
	}
	d.ID, d.URL, d.Title, d.Language = it.ID, it.URL, strings.TrimSpace(it.Title), it.Language
	if d.Publisher = text.ParsePublisher(it.Publisher); d.Publisher == "" {
		d.Publisher = text.PublisherOf(it.URL)
	}
	return d, nil
}

// labelSpans makes labels of spans that people marked.
func labelSpans(d text.Document, spans []quality.LabelSpan) (*Doc, error) {
	doc := &Doc{Document: d}
	for _, s := range spans {
		if s.Start < 0 || s.End < s.Start || s.End > len(d.Text) {
			return nil, fmt.Errorf("%s: the label %d to %d does not lie in the text of %d bytes", d.ID, s.Start, s.End, len(d.Text))
		}
		c := Furniture
		if s.Ambiguous {
			c = Neutral
		}
		doc.Labels = append(doc.Labels, Label{Span: s.Span(), Class: c, Category: s.Label})
	}
	slices.SortFunc(doc.Labels, func(a, b Label) int { return a.Span.Compare(b.Span) })
	return doc, nil
}
