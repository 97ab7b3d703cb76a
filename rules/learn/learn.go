// Package learn finds in an archive what its publishers wrap around their
// articles, and writes it down as rules with evidence. It needs no labels.
//
// A Learner takes documents in any order. Rules are proposed publisher by
// publisher from a sample of the documents whose choice depends on the
// documents alone, so neither order, nor how the documents were divided over
// calls or learners (see Merge), nor the number of workers changes a byte of
// a proposal.
//
// The way from documents to rules:
//
//  1. Documents are cut into units (text.Segments) and near-duplicates put into
//     one group: a group has one vote.
//  2. Units that several groups hold are measured: how often, where, beside
//     what, with what words, how alike the documents are (see features).
//  3. A logistic function of the measures, fitted on other publishers, and
//     guards that no score outvotes, decide which are furniture.
//  4. From what was accepted: templates over what varies, runs between two
//     accepted ends, forms (capitals, credits, lead-ins), titles of other documents.
//  5. Each rule is tried against the documents it was learned from, and written
//     with examples and evidence.
package learn

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"winnow/rules"
	"winnow/text"
)

// Version names the learner in the evidence of its rules. It changes when the
// same archive gives other rules.
const Version = "2"

// DefaultSample is the number of documents a publisher that rules are learned
// from, unless Options say otherwise.
const DefaultSample = 20000

// Options say how to learn. The zero value is the default.
type Options struct {
	// Sample is the most documents of a publisher that are looked at; of more,
	// those with the lowest hashes are taken. It bounds memory: a sample of
	// 20,000 articles holds about 150 MB of text, and what stands in one
	// document of a thousand is still seen twenty times.
	Sample int
	// MaxText is the length in bytes after which a document is cut off, 1 MiB where it is 0.
	MaxText int
}

// A Learner gathers documents. It is not safe for concurrent use; let each
// worker have its own and Merge them.
type Learner struct {
	opts    Options
	samples map[text.Publisher]*sample
}

// New returns an empty Learner.
func New(o Options) *Learner {
	if o.Sample <= 0 {
		o.Sample = DefaultSample
	}
	if o.MaxText <= 0 {
		o.MaxText = 1 << 20
	}
	return &Learner{opts: o, samples: map[text.Publisher]*sample{}}
}

// A sample holds the documents of a publisher with the lowest hashes.
type sample struct {
	seen int // documents added, those not held too
	docs map[[32]byte]text.Document
	heap [][32]byte // of the hashes, the highest first
}

// Add gives a document to the learner, which keeps or drops it. A document
// that was added before (same ID, title and text) counts once, as the earliest
// captured of the two.
func (l *Learner) Add(d text.Document) {
	if strings.TrimSpace(d.Text) == "" {
		return
	}
	if len(d.Text) > l.opts.MaxText {
		end := l.opts.MaxText
		for end > 0 && d.Text[end]&0xC0 == 0x80 {
			end--
		}
		d.Text = strings.Clone(d.Text[:end])
		d.Blocks = d.Blocks[:sort.Search(len(d.Blocks), func(i int) bool { return d.Blocks[i].Span.End > end })]
	}
	s := l.samples[d.Publisher]
	if s == nil {
		s = &sample{docs: map[[32]byte]text.Document{}}
		l.samples[d.Publisher] = s
	}
	s.add(sum(&d), d, l.opts.Sample)
}

// Merge gives everything that o has seen to l.
func (l *Learner) Merge(o *Learner) {
	for p, from := range o.samples {
		to := l.samples[p]
		if to == nil {
			to = &sample{docs: map[[32]byte]text.Document{}}
			l.samples[p] = to
		}
		seen := to.seen + from.seen
		for h, d := range from.docs {
			to.add(h, d, l.opts.Sample)
		}
		to.seen = seen
	}
}

func sum(d *text.Document) [32]byte {
	h := sha256.New()
	var b [4096]byte
	for _, s := range [...]string{d.ID, d.Title, d.Text} {
		h.Write(binary.LittleEndian.AppendUint64(b[:0], uint64(len(s))))
		for s != "" {
			n := copy(b[:], s)
			h.Write(b[:n])
			s = s[n:]
		}
	}
	return [32]byte(h.Sum(nil))
}

func compareSums(a, b [32]byte) int { return slices.Compare(a[:], b[:]) }

// compareTwins orders documents of the same ID, title and text by all else that
// is learned from, so that the order in which they come does not matter.
func compareTwins(x, y *text.Document) int {
	return cmp.Or(x.Captured.Compare(y.Captured), slices.CompareFunc(y.Blocks, x.Blocks, func(a, b text.Block) int {
		if o := cmp.Or(cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Span.End, b.Span.End)); o != 0 {
			return o
		}
		return strings.Compare(rules.PathOf(a.In), rules.PathOf(b.In))
	}))
}

func (s *sample) add(h [32]byte, d text.Document, most int) {
	if held, ok := s.docs[h]; ok {
		if compareTwins(&d, &held) < 0 {
			s.docs[h] = d
		}
		return
	}
	s.seen++
	if len(s.docs) >= most {
		if compareSums(h, s.heap[0]) > 0 {
			return
		}
		delete(s.docs, s.heap[0])
		s.heap[0] = h
		s.down(0)
	} else {
		s.heap = append(s.heap, h)
		for i := len(s.heap) - 1; i > 0 && compareSums(s.heap[i], s.heap[(i-1)/2]) > 0; i = (i - 1) / 2 {
			s.heap[i], s.heap[(i-1)/2] = s.heap[(i-1)/2], s.heap[i]
		}
	}
	s.docs[h] = d
}

func (s *sample) down(i int) {
	for {
		c := 2*i + 1
		if c >= len(s.heap) {
			return
		}
		if c+1 < len(s.heap) && compareSums(s.heap[c+1], s.heap[c]) > 0 {
			c++
		}
		if compareSums(s.heap[c], s.heap[i]) <= 0 {
			return
		}
		s.heap[i], s.heap[c] = s.heap[c], s.heap[i]
		i = c
	}
}

// Publishers returns the publishers that l has documents of, sorted.
func (l *Learner) Publishers() []text.Publisher {
	return slices.Sorted(maps.Keys(l.samples))
}

// A Proposal is what was learned of one publisher.
type Proposal struct {
	Publisher text.Publisher
	Documents int           // that were seen
	Groups    int           // near-duplicate groups among those looked at
	Rules     []*rules.Rule // in the order of their IDs
	Corpus    string        // hash of the documents looked at
}

// Propose learns the rules of every publisher, in the order of their names. A
// publisher of which nothing was learned has a Proposal without rules.
func (l *Learner) Propose() ([]*Proposal, error) {
	shared := newShared()
	archives := map[text.Publisher]*archive{}
	for _, p := range l.Publishers() {
		a, err := newArchive(p, l.samples[p])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		archives[p] = a
		shared.add(a)
	}
	var out []*Proposal
	for _, p := range l.Publishers() {
		prop, err := archives[p].propose(shared)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		out = append(out, prop)
		archives[p] = nil
	}
	return out, nil
}

// sorted returns the documents of s in the order of their hashes, and the hash of them all.
func (s *sample) sorted() (docs []text.Document, corpus string) {
	sums := slices.SortedFunc(maps.Keys(s.docs), compareSums)
	h := sha256.New()
	for _, k := range sums {
		h.Write(k[:])
		docs = append(docs, s.docs[k])
	}
	return docs, fmt.Sprintf("sha256:%x", h.Sum(nil)[:4])
}
