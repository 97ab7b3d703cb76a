// Package eval judges rules by documents whose furniture is known: by labels
// that people made, or by a truth that the page was rendered from. It always
// judges on documents that nothing was learned from.
//
// Figures count characters (runes) other than white space. Each is content,
// furniture or neutral: the removal of a neutral one is neither rewarded nor
// punished.
package eval

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"winnow/rules"
	"winnow/text"
)

// A Class says what a stretch of a document is.
type Class uint8

// The classes.
const (
	Content   Class = iota // must stay
	Furniture              // should go, and stands in three documents or more
	Varying                // should go, but stands in fewer: no repetition to learn it from
	Neutral                // ambiguous, or judged apart (title, date, byline)
)

// A Label is a stretch of a document with its class. What no label covers is content.
type Label struct {
	Span     text.Span
	Class    Class
	Category string // where the truth names one
}

// A Doc is a document with its truth.
type Doc struct {
	text.Document
	Labels []Label // sorted, apart
}

// A Score adds up judged documents. All figures are characters but Docs.
type Score struct {
	Docs             int
	Content, Lost    int                // content in all, and how much of it was removed
	Furniture, Found int                // fixed and varying
	Fixed, FoundFix  int                // furniture that stands in three documents or more
	Neutral          int                // removed neutral characters
	Categories       map[string]*[2]int // furniture by category: in all, found
}

// Precision returns the share of the judged removals that were right, 1 where nothing was removed.
func (s Score) Precision() float64 { return ratio(s.Found, s.Found+s.Lost, 1) }

// Recall returns the share of the furniture that was removed.
func (s Score) Recall() float64 { return ratio(s.Found, s.Furniture, 1) }

// FixedRecall returns the share of the fixed furniture that was removed.
func (s Score) FixedRecall() float64 { return ratio(s.FoundFix, s.Fixed, 1) }

// Loss returns the share of the content that was removed.
func (s Score) Loss() float64 { return ratio(s.Lost, s.Content, 0) }

func ratio(a, b int, none float64) float64 {
	if b == 0 {
		return none
	}
	return float64(a) / float64(b)
}

// String renders s as one line of a table.
func (s Score) String() string {
	return fmt.Sprintf("docs %4d  precision %.4f  recall %.3f  fixed %.3f  loss %.4f %%", s.Docs, s.Precision(), s.Recall(), s.FixedRecall(), 100*s.Loss())
}

// Add adds o to s.
func (s *Score) Add(o Score) {
	s.Docs += o.Docs
	s.Content, s.Lost = s.Content+o.Content, s.Lost+o.Lost
	s.Furniture, s.Found = s.Furniture+o.Furniture, s.Found+o.Found
	s.Fixed, s.FoundFix = s.Fixed+o.Fixed, s.FoundFix+o.FoundFix
	s.Neutral += o.Neutral
	for c, n := range o.Categories {
		to := s.category(c)
		to[0], to[1] = to[0]+n[0], to[1]+n[1]
	}
}

func (s *Score) category(c string) *[2]int {
	if s.Categories == nil {
		s.Categories = map[string]*[2]int{}
	}
	if s.Categories[c] == nil {
		s.Categories[c] = new([2]int)
	}
	return s.Categories[c]
}

// A Wrong is a stretch of content that was removed.
type Wrong struct {
	Doc   *Doc
	Span  text.Span
	Rules []rules.ID
}

// Judge compares what was removed from d with its labels.
func Judge(d *Doc, removed []rules.Removal) (Score, []Wrong) {
	s := Score{Docs: 1}
	var wrong []Wrong
	cut := make([]int, 0, len(removed))
	for i, r := range removed {
		if r.Mode == rules.Enforce {
			cut = append(cut, i)
		}
	}
	l := 0
	for at, r := range d.Text {
		if text.IsSpace(r) {
			continue
		}
		for l < len(d.Labels) && d.Labels[l].Span.End <= at {
			l++
		}
		for len(cut) > 0 && removed[cut[0]].Span.End <= at {
			cut = cut[1:]
		}
		gone := len(cut) > 0 && removed[cut[0]].Span.Contains(at)
		class, category := Content, ""
		if l < len(d.Labels) && d.Labels[l].Span.Contains(at) {
			class, category = d.Labels[l].Class, d.Labels[l].Category
		}
		switch class {
		case Content:
			s.Content++
			if gone {
				s.Lost++
				if n := len(wrong); n > 0 && wrong[n-1].Rules != nil && removed[cut[0]].Span.Covers(text.Span{Start: wrong[n-1].Span.Start, End: at}) {
					wrong[n-1].Span.End = at + len(string(r))
				} else {
					wrong = append(wrong, Wrong{d, text.Span{Start: at, End: at + len(string(r))}, removed[cut[0]].IDs()})
				}
			}
		case Neutral:
			if gone {
				s.Neutral++
			}
		default:
			n := s.category(category)
			n[0]++
			s.Furniture++
			if class == Furniture {
				s.Fixed++
			}
			if gone {
				n[1]++
				s.Found++
				if class == Furniture {
					s.FoundFix++
				}
			}
		}
	}
	return s, wrong
}

// Run cleans each document by set and adds up the scores.
func Run(set *rules.Set, docs []*Doc, o rules.Options) (Score, []Wrong) {
	var s Score
	var wrong []Wrong
	for _, d := range docs {
		one, w := Judge(d, set.Apply(&d.Document, o).Removals)
		s.Add(one)
		wrong = append(wrong, w...)
	}
	return s, wrong
}

// Split divides docs into those to learn from, about share of them, and those
// to judge by. It depends on each document's ID alone.
func Split(docs []*Doc, share float64) (train, test []*Doc) {
	for _, d := range docs {
		if float64(order(d.ID)%1000) < 1000*share {
			train = append(train, d)
		} else {
			test = append(test, d)
		}
	}
	return train, test
}

// First returns n of docs, chosen by their IDs alone.
func First(docs []*Doc, n int) []*Doc {
	docs = slices.Clone(docs)
	slices.SortFunc(docs, func(a, b *Doc) int {
		return cmp.Or(cmp.Compare(order("first "+a.ID), order("first "+b.ID)), strings.Compare(a.ID, b.ID))
	})
	return docs[:min(n, len(docs))]
}

func order(id string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(id))
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return x ^ x>>33
}
