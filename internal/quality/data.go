package quality

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"winnow/text"
)

// The data sets lie outside the tree, in a folder "shared" beside it. Tests
// that need one skip where it is absent.

// Shared returns the path of a shared data set, seen from the folder of a
// package that is depth folders below the root of the tree, and whether it is there.
func Shared(depth int, name string) (string, bool) {
	path := filepath.Join(strings.Repeat("../", depth+1), "shared", name)
	_, err := os.Stat(path)
	return path, err == nil
}

// A Page is a page of wcxb-dev: its HTML and the article that people copied
// out of it. The truth has gaps, such as captions.
type Page struct {
	ID             string   `json:"id"`
	URL            string   `json:"url"`
	Type           string   `json:"page_type"` // article, collection, documentation, forum, listing, product, service
	HTML           string   `json:"html"`
	Title          string   `json:"title"`
	Author         string   `json:"author"`
	Published      string   `json:"published"` // as a day, such as 2025-09-04, or empty
	Truth          string   `json:"truth"`
	MustContain    []string `json:"must_contain"`
	MustNotContain []string `json:"must_not_contain"`
}

// Pages yields the pages of the wcxb-dev folder, by type and then in the order
// of the files. The first error ends it.
func Pages(folder string) iter.Seq2[Page, error] { return files[Page](folder, "*.jsonl.gz") }

// A CorpusDoc is a page of one of the corpora, each of one publisher.
type CorpusDoc struct {
	ID        string  `json:"id"`
	URL       string  `json:"url"`
	Publisher string  `json:"publisher"`
	Language  string  `json:"lang"`
	Title     string  `json:"title"`
	HTML      string  `json:"html"`
	Text      string  `json:"text"`  // the visible text, one block a line
	Truth     string  `json:"truth"` // the main text, without title, date and byline
	Coverage  float64 `json:"cov"`   // share of the truth's word 3-grams that stand in the page
}

// Corpora yields the documents of all corpora in a folder, one after the other.
func Corpora(folder string) iter.Seq2[CorpusDoc, error] {
	return files[CorpusDoc](folder, "*/docs.jsonl.gz")
}

// Corpus yields the documents of one corpus.
func Corpus(folder string) iter.Seq2[CorpusDoc, error] {
	return files[CorpusDoc](folder, "docs.jsonl.gz")
}

// A CorpusMeta is what is known of a corpus as a whole.
type CorpusMeta struct {
	Name string `json:"name"`
	// Repeated lines with the number of documents that hold them, outside of
	// the truth and inside.
	RepeatedNontruth []LineCount `json:"repeated_nontruth"`
	RepeatedTruth    []LineCount `json:"repeated_truth"`
	// Labels maps must_keep and ambiguous to regular expressions over lines.
	Labels map[string][]string `json:"labels"`
}

// A LineCount is a line and the number of documents that hold it.
type LineCount struct {
	Documents int
	Line      string
}

// UnmarshalJSON reads [documents, line].
func (l *LineCount) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&l.Documents, &l.Line})
}

// ReadCorpusMeta reads the meta.json of a corpus.
func ReadCorpusMeta(folder string) (CorpusMeta, error) {
	var m CorpusMeta
	path := filepath.Join(folder, "meta.json")
	b, err := os.ReadFile(path)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// A NewsDoc is an article of news-dev as it was scraped.
type NewsDoc struct {
	ID        string `json:"id"`
	URL       string `json:"url"`
	Publisher string `json:"publisher"`
	Title     string `json:"title"`
	Published string `json:"published"`
	Text      string `json:"text"`
}

// News yields the articles of the news-dev folder.
func News(folder string) iter.Seq2[NewsDoc, error] { return files[NewsDoc](folder, "archive.jsonl.gz") }

// A NewsLabel is what people found to be no content in an article of news-dev.
type NewsLabel struct {
	ID        string      `json:"id"`
	Publisher string      `json:"publisher"`
	SHA256    string      `json:"sha256"` // of the article's text
	Spans     []LabelSpan `json:"spans"`
}

// A LabelSpan is a byte range [Start, End) of the text with its category.
// Where it is ambiguous, its removal counts neither for nor against.
type LabelSpan struct {
	Start     int    `json:"start"`
	End       int    `json:"end"`
	Label     string `json:"label"`
	Ambiguous bool   `json:"ambiguous"`
}

// Span returns the byte range alone.
func (s LabelSpan) Span() text.Span { return text.Span{Start: s.Start, End: s.End} }

// NewsLabels yields the labels of the news-dev folder.
func NewsLabels(folder string) iter.Seq2[NewsLabel, error] {
	return files[NewsLabel](folder, "labels.jsonl")
}

// files yields the JSON lines of all files in folder that match pattern, in
// the order of their names.
func files[T any](folder, pattern string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		names, err := filepath.Glob(filepath.Join(folder, pattern))
		if err == nil && len(names) == 0 {
			err = fmt.Errorf("no %s in %s", pattern, folder)
		}
		if err != nil {
			yield(zero, err)
			return
		}
		sort.Strings(names)
		for _, name := range names {
			if more, err := lines(name, yield); err != nil {
				yield(zero, fmt.Errorf("%s: %w", name, err))
				return
			} else if !more {
				return
			}
		}
	}
}

// lines yields the JSON lines of one file, gzip or plain. It reports whether
// the caller wants more.
func lines[T any](name string, yield func(T, error) bool) (more bool, err error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var r io.Reader = bufio.NewReaderSize(f, 1<<20)
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			return false, err
		}
	}
	dec := json.NewDecoder(r)
	for {
		var v T
		switch err := dec.Decode(&v); {
		case err == io.EOF:
			return true, nil
		case err != nil:
			return false, err
		case !yield(v, nil):
			return false, nil
		}
	}
}
