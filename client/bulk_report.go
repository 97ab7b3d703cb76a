package client

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"time"

	"winnow/archive"
)

// A Report is what a run has done. It takes a bounded amount of memory whatever
// the run is over. After a run that was resumed it tells of the whole, the time
// that was lost included once.
type Report struct {
	Documents int64 `json:"documents"` // those that were cleaned, the failed ones included
	Failed    int64 `json:"failed"`
	Blank     int64 `json:"blank_lines"`
	// Passed counts what the sources held and was no document, by what it is.
	Passed map[string]int `json:"passed,omitempty"`

	Read    int64 `json:"bytes_read"`    // of the sources, as they lie there
	Source  int64 `json:"bytes_source"`  // of the documents that have a result: pages as they are, texts in UTF-8
	Kept    int64 `json:"bytes_kept"`    // of the clean texts
	Removed int64 `json:"bytes_removed"` // of the removed spans; kept and removed are the extracted texts
	Shadow  int64 `json:"bytes_shadow"`  // of the spans that were only reported
	Changed int64 `json:"documents_changed"`

	Categories Tally `json:"categories"`
	Rules      Tally `json:"rules"`
	Publishers Tally `json:"publishers"`
	Errors     Tally `json:"errors"` // by reason

	Slowest []Slow  `json:"slowest"` // those that took longest, the slowest first
	Seconds float64 `json:"seconds"` // that the run took, all times that it ran

	began  time.Time
	before float64 // seconds of the times before this one
}

// A Slow is a document that took long.
type Slow struct {
	ID      string  `json:"id"`
	Seconds float64 `json:"seconds"`
	Bytes   int     `json:"bytes"` // of its source
}

// slowest is how many documents Report.Slowest holds.
const slowest = 10

func newReport() *Report {
	return &Report{Categories: newTally(), Rules: newTally(), Publishers: newTally(), Errors: newTally(), Slowest: []Slow{}}
}

// begin starts the clock.
func (r *Report) begin() { r.began, r.before = time.Now(), r.Seconds }

// end reads it.
func (r *Report) end() { r.Seconds = r.before + time.Since(r.began).Seconds() }

// pass counts what a source held besides documents.
func (r *Report) pass(what map[string]int) {
	for name, n := range what {
		if r.Passed == nil {
			r.Passed = map[string]int{}
		}
		r.Passed[name] += n
	}
}

// add counts a document.
func (r *Report) add(it *Item) {
	if it.Record.Blank {
		r.Blank++
		return
	}
	r.Documents++
	if it.Failed != nil {
		r.Failed++
		r.Errors.add(it.Failed.Reason, 0, int64(len(it.Record.Source)), 0)
		return
	}
	res := it.Result
	r.Source += int64(len(it.Record.Source))
	r.Kept += int64(len(res.Text))
	var cut int64
	var categories, rules []named
	for i := range res.Removed {
		s := &res.Removed[i]
		n := int64(len(s.Text))
		if s.Mode == archive.Shadow {
			r.Shadow += n
			continue
		}
		cut += n
		categories = addNamed(categories, s.Category, n)
		for _, id := range s.Rules {
			rules = addNamed(rules, id, n)
		}
	}
	r.Removed += cut
	if cut > 0 {
		r.Changed++
	}
	for _, c := range categories {
		r.Categories.add(c.name, c.n, c.bytes, 0)
	}
	for _, c := range rules {
		r.Rules.add(c.name, c.n, c.bytes, 0)
	}
	if p := string(res.Publisher); p != "" {
		r.Publishers.add(p, 0, cut, int64(len(res.Text)))
	}
	if took := it.Took.Seconds(); len(r.Slowest) < slowest || took > r.Slowest[len(r.Slowest)-1].Seconds {
		r.slow(Slow{short(it.Record.ID), took, len(it.Record.Source)})
	}
}

// named is what one document adds to a name of a Tally.
type named struct {
	name     string
	n, bytes int64
}

func addNamed(list []named, name string, bytes int64) []named {
	for i := range list {
		if list[i].name == name {
			list[i].n++
			list[i].bytes += bytes
			return list
		}
	}
	return append(list, named{name, 1, bytes})
}

func (r *Report) slow(s Slow) {
	i, _ := slices.BinarySearchFunc(r.Slowest, s, func(a, b Slow) int { return cmp.Compare(b.Seconds, a.Seconds) })
	r.Slowest = slices.Insert(r.Slowest, i, s)
	r.Slowest = r.Slowest[:min(len(r.Slowest), slowest)]
}

// short bounds what a report holds of an id.
func short(id string) string {
	if len(id) > 300 {
		return id[:300] + "..."
	}
	return id
}

// sampled reports whether a record belongs to a share of all records: whether
// a hash of its id, or where it has none of its source, lies in that share of all
// hashes. So a sample is the same on every machine and in every order, and a
// larger one holds the smaller.
func sampled(rec *archive.Record, share float64) bool {
	h := fnv.New64a()
	switch {
	case rec.ID != "":
		h.Write([]byte(rec.ID))
	case rec.Err == nil:
		h.Write(rec.Source)
	default:
		h.Write(binary.AppendVarint(nil, rec.Offset+int64(rec.Line)))
	}
	x := h.Sum64()
	// FNV's high bits hang on the last bytes too little: mix (splitmix64).
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11)/(1<<53) < share
}
