package archive

import (
	"cmp"
	"math"
	"slices"
	"time"

	"winnow/text"
)

// A Survey counts what is in archives. Its memory does not grow with them. The
// zero value is ready; it is not safe for concurrent use.
type Survey struct {
	Files     map[string]*FormatCount `json:"files"` // by format
	Documents int64                   `json:"documents"`
	Texts     Sizes                   `json:"texts"`
	Pages     Sizes                   `json:"pages"`
	Blank     int64                   `json:"blank_lines,omitempty"`
	Passed    map[string]int64        `json:"passed_by,omitempty"`
	Errors    map[string]*ErrorCount  `json:"errors,omitempty"` // by reason
	Warnings  map[string]int64        `json:"warnings,omitempty"`
	First     time.Time               `json:"captured_first,omitzero"`
	Last      time.Time               `json:"captured_last,omitzero"`
	Undated   int64                   `json:"not_dated,omitempty"`

	publishers map[text.Publisher]int64
	missed     int64 // the most that a publisher's count may lack
}

// A FormatCount is what files of one format hold together.
type FormatCount struct {
	Files     int64 `json:"files"`
	Bytes     int64 `json:"bytes"` // as they lie there
	Documents int64 `json:"documents"`
}

// An ErrorCount counts errors of one reason and keeps the first of them.
type ErrorCount struct {
	Count int64    `json:"count"`
	First []string `json:"first"` // at most three, with the file
}

// AddFile counts a file.
func (s *Survey) AddFile(src Source) { f := s.format(src); f.Files++; f.Bytes += src.Size }

func (s *Survey) format(src Source) *FormatCount {
	name := src.Format().String()
	if s.Files == nil {
		s.Files = map[string]*FormatCount{}
	}
	if s.Files[name] == nil {
		s.Files[name] = &FormatCount{}
	}
	return s.Files[name]
}

// AddPassed counts what a reader has passed by.
func (s *Survey) AddPassed(r Reader) {
	for what, n := range r.Passed() {
		if s.Passed == nil {
			s.Passed = map[string]int64{}
		}
		s.Passed[what] += int64(n)
	}
}

// AddError counts an error at a place, such as a file that cannot be opened.
func (s *Survey) AddError(place, reason, message string) {
	if s.Errors == nil {
		s.Errors = map[string]*ErrorCount{}
	}
	e := s.Errors[reason]
	if e == nil {
		e = &ErrorCount{}
		s.Errors[reason] = e
	}
	if e.Count++; len(e.First) < 3 {
		e.First = append(e.First, place+": "+message)
	}
}

// Add counts a record of a file. It reports whether it is a document.
func (s *Survey) Add(src Source, rec *Record) bool {
	switch {
	case rec.Blank:
		s.Blank++
		return false
	case rec.Err != nil:
		s.AddError(src.Path, rec.Err.Reason, rec.Err.Message)
		return false
	}
	s.Documents++
	s.format(src).Documents++
	sizes := &s.Texts
	if rec.IsPage {
		sizes = &s.Pages
	}
	sizes.add(int64(len(rec.Source)))
	for _, w := range rec.Warnings {
		if s.Warnings == nil {
			s.Warnings = map[string]int64{}
		}
		s.Warnings[w.Code]++
	}
	switch t := rec.Captured; {
	case t.IsZero():
		s.Undated++
	default:
		if s.First.IsZero() || t.Before(s.First) {
			s.First = t.UTC()
		}
		if t.After(s.Last) {
			s.Last = t.UTC()
		}
	}
	p := rec.Publisher
	if p == "" {
		p = text.PublisherOf(rec.URL)
	}
	s.addPublisher(p)
	return true
}

// maxPublishers is how many publishers are counted by name, 20 MB or so.
const maxPublishers = 200_000

// addPublisher counts a document of p. Where there are too many publishers the
// rarer half of them is forgotten (lossy counting, after Manku and Motwani, 2002).
func (s *Survey) addPublisher(p text.Publisher) {
	if s.publishers == nil {
		s.publishers = map[text.Publisher]int64{}
	}
	s.publishers[p]++
	if len(s.publishers) <= maxPublishers {
		return
	}
	counts := make([]int64, 0, len(s.publishers))
	for _, n := range s.publishers {
		counts = append(counts, n)
	}
	slices.Sort(counts)
	median := counts[len(counts)/2]
	for p, n := range s.publishers {
		if n <= median {
			delete(s.publishers, p)
		}
	}
	s.missed += median
}

// A PublisherCount is how many documents a publisher has.
type PublisherCount struct {
	Publisher text.Publisher `json:"publisher"` // empty for documents that name none
	Documents int64          `json:"documents"`
}

// Publishers returns those that are counted by name, those with the most
// documents first, and the most that a count may lack: 0 unless there are more
// than 200,000 publishers.
func (s *Survey) Publishers() (list []PublisherCount, missed int64) {
	for p, n := range s.publishers {
		list = append(list, PublisherCount{p, n})
	}
	slices.SortFunc(list, func(a, b PublisherCount) int {
		return cmp.Or(cmp.Compare(b.Documents, a.Documents), cmp.Compare(a.Publisher, b.Publisher))
	})
	return list, s.missed
}

// Sizes are the sizes of documents in bytes. Quantiles are right to 1 %.
type Sizes struct {
	Count int64 `json:"count"`
	Bytes int64 `json:"bytes"`
	Min   int64 `json:"min"`
	Max   int64 `json:"max"`

	steps map[int]int64 // by the logarithm of the size
}

// sizeStep is the ratio between two neighbouring steps.
var sizeStep = math.Log(1.02)

func (s *Sizes) add(n int64) {
	if s.steps == nil {
		s.steps = map[int]int64{}
		s.Min = n
	}
	s.Count++
	s.Bytes += n
	s.Min, s.Max = min(s.Min, n), max(s.Max, n)
	step := -1
	if n > 0 {
		step = int(math.Log(float64(n)) / sizeStep)
	}
	s.steps[step]++
}

// Mean returns the mean size.
func (s *Sizes) Mean() int64 { return s.Bytes / max(s.Count, 1) }

// Quantile returns the size that a share q of the documents does not go beyond,
// 0 <= q <= 1.
func (s *Sizes) Quantile(q float64) int64 {
	steps := make([]int, 0, len(s.steps))
	for k := range s.steps {
		steps = append(steps, k)
	}
	slices.Sort(steps)
	want := int64(math.Ceil(q * float64(s.Count)))
	var sum int64
	for _, k := range steps {
		if sum += s.steps[k]; sum >= want {
			if k < 0 {
				return 0
			}
			middle := int64(math.Exp((float64(k) + 0.5) * sizeStep))
			return min(max(middle, s.Min), s.Max)
		}
	}
	return s.Max
}
