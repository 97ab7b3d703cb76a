package client

import (
	"cmp"
	"container/heap"
	"encoding/json"
	"slices"
)

// A Count is what a Tally knows of one name.
type Count struct {
	Name      string `json:"name"`
	Documents int64  `json:"documents"`
	Spans     int64  `json:"spans,omitempty"`
	Bytes     int64  `json:"bytes"` // removed; the counts of publishers have Kept as well
	Kept      int64  `json:"kept,omitempty"`
	// Over is how many of the documents may belong to names that had to make
	// room for this one.
	Over int64 `json:"over,omitempty"`

	at int // its place in Tally.heap
}

// maxTally is how many names a Tally holds.
const maxTally = 2000

// A Tally counts by name. It is exact for up to 2,000 names. With more it keeps
// those that occur most, by the Space-Saving algorithm (Metwally, Agrawal,
// El Abbadi, 2005): a new name takes the place of the rarest one and its number of
// documents with it, which Count.Over tells; bytes and spans of the name that
// goes are lost. Any name in more than one 2,000th of the documents is there.
type Tally struct {
	counts map[string]*Count
	heap   rarest // the same, the rarest first; nil until there are maxTally
}

func newTally() Tally { return Tally{counts: map[string]*Count{}} }

// add counts a document, and the spans and bytes that were removed from it.
func (t *Tally) add(name string, spans, bytes, kept int64) {
	c := t.counts[name]
	switch {
	case c != nil:
	case len(t.counts) < maxTally:
		c = &Count{Name: name}
		t.counts[name] = c
	default:
		if t.heap == nil {
			for _, c := range t.counts {
				c.at = len(t.heap)
				t.heap = append(t.heap, c)
			}
			heap.Init(&t.heap)
		}
		c = t.heap[0]
		delete(t.counts, c.Name)
		*c = Count{Name: name, Documents: c.Documents, Over: c.Documents}
		t.counts[name] = c
	}
	c.Documents++
	c.Spans += spans
	c.Bytes += bytes
	c.Kept += kept
	if t.heap != nil {
		heap.Fix(&t.heap, c.at)
	}
}

// rarest is a heap of counts. No two are equal, so that its order is the same
// whatever was done before.
type rarest []*Count

func (r rarest) Len() int { return len(r) }
func (r rarest) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(r[i].Documents, r[j].Documents), cmp.Compare(r[i].Name, r[j].Name)) < 0
}
func (r rarest) Swap(i, j int) { r[i], r[j] = r[j], r[i]; r[i].at, r[j].at = i, j }
func (r *rarest) Push(any)     {}
func (r *rarest) Pop() any     { return nil }

// Top returns the n names with the most bytes, or all where n is 0, those with
// the most first.
func (t *Tally) Top(n int) []Count {
	list := make([]Count, 0, len(t.counts))
	for _, c := range t.counts {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Documents, a.Documents), cmp.Compare(a.Name, b.Name))
	})
	if n > 0 {
		list = list[:min(n, len(list))]
	}
	return list
}

// MarshalJSON writes the counts, those with the most bytes first.
func (t Tally) MarshalJSON() ([]byte, error) { return json.Marshal(t.Top(0)) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *Tally) UnmarshalJSON(b []byte) error {
	var list []Count
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*t = newTally()
	for _, c := range list {
		t.counts[c.Name] = &c
	}
	return nil
}
