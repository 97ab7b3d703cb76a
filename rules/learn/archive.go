package learn

import (
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/text"
)

// An archive is the documents of one publisher, cut into units.
type archive struct {
	publisher text.Publisher
	seen      int
	corpus    string
	docs      []doc
	groups    int // near-duplicate groups
	units     map[text.Fingerprint]*stat
	order     []text.Fingerprint        // keys of units, sorted: the most groups first
	titles    map[text.Fingerprint]int  // fingerprint of a title to its document, -1 where several share it
	accepted  map[text.Fingerprint]bool // units found to be furniture
	df        map[uint32]int32          // groups that hold a word outside repeated units
	words     [][]uint32                // of each document, sorted: its words outside repeated units
	series    [][]seriesUnit            // of each document, sorted by print
	kin0      float64
	affinity0 float64 // how alike two documents are that were taken at random
}

// A doc is a document with its units.
type doc struct {
	text.Document
	units []unit
	group int32
	title text.Fingerprint // of its title, 0 where it has none
}

// A unit is a text.Unit in less memory.
type unit struct {
	print      text.Fingerprint
	start, end int32
	line       int32
	tokens     uint16
	words      uint16 // tokens that are no slots
	flags      uint8
}

const (
	isLine    = 1 << iota // the unit is a whole line
	isStopped             // ends like a sentence
	isLead                // the first unit of its line
	isTelling             // holds a word that a cue or a note on authors begins with
)

func (u unit) span() text.Span { return text.Span{Start: int(u.start), End: int(u.end)} }

func (d *doc) text(u unit) string { return d.Text[u.start:u.end] }

// A stat is what is known of one unit that several documents hold.
type stat struct {
	print       text.Fingerprint
	groups      int32
	occurrences int32
	head, tail  int32   // occurrences in the run at the beginning, at the end
	at          []place // one a document, at most maxPlaces
}

type place struct{ doc, unit int32 }

const maxPlaces = 400

// newArchive cuts the documents of s and counts their units.
func newArchive(p text.Publisher, s *sample) *archive {
	a := &archive{publisher: p, seen: s.seen, accepted: map[text.Fingerprint]bool{}, titles: map[text.Fingerprint]int{}}
	docs, corpus := s.sorted()
	a.corpus = corpus
	a.docs = make([]doc, len(docs))
	var seg text.Segments
	for i := range docs {
		a.docs[i] = cut(&seg, docs[i])
		if t := a.docs[i].title; t != 0 {
			if _, ok := a.titles[t]; ok {
				a.titles[t] = -1
			} else {
				a.titles[t] = i
			}
		}
	}
	a.group()
	a.count()
	a.topics()
	return a
}

func cut(seg *text.Segments, d text.Document) doc {
	out := doc{Document: d}
	seg.Segment(d.Text, d.Title, nil)
	out.units = make([]unit, len(seg.Units))
	for i, u := range seg.Units {
		l := seg.Lines[u.Line]
		x := unit{print: u.Print, start: int32(u.Span.Start), end: int32(u.Span.End), line: int32(u.Line)}
		x.tokens = uint16(min(u.Tokens.Len(), 1<<16-1))
		for _, t := range seg.TokensOf(u.Tokens) {
			if !text.IsSlot(t.Hash) && t.Hash != text.MarkQuote && x.words < 1<<16-1 {
				x.words++
			}
			if telling[t.Hash] {
				x.flags |= isTelling
			}
		}
		if l.Units[1]-l.Units[0] == 1 {
			x.flags |= isLine
		}
		if i == l.Units[0] {
			x.flags |= isLead
		}
		if stopped(u.Span.In(d.Text)) {
			x.flags |= isStopped
		}
		out.units[i] = x
	}
	if toks := text.Tokenize(d.Title); len(toks) >= 3 {
		out.title = text.Print(toks)
	}
	return out
}

// stopped reports whether t ends like a sentence.
func stopped(t string) bool {
	for t != "" {
		r, n := utf8.DecodeLastRuneInString(t)
		switch r {
		case '.', '!', '?', '…', '。', '！', '？', ';', '؟', '।':
			return true
		case '"', '\'', ')', ']', '”', '’', '»', '」', '』', '）':
			t = t[:len(t)-n]
			continue
		}
		return false
	}
	return false
}

// longUnit is the number of tokens from which a unit says something of its own.
const longUnit = 8

// group joins near-duplicate documents: those that share half of the long
// units of the shorter one, where those units are rare (in at most six documents, and in a quarter).
func (a *archive) group() {
	maxRare := max(2, min(6, len(a.docs)/4))
	holders := map[text.Fingerprint][]int32{}
	long := make([]int, len(a.docs))
	for i := range a.docs {
		seen := map[text.Fingerprint]bool{}
		for _, u := range a.docs[i].units {
			if u.words >= longUnit && !seen[u.print] {
				seen[u.print] = true
				long[i]++
				if h := holders[u.print]; len(h) <= maxRare {
					holders[u.print] = append(h, int32(i))
				}
			}
		}
	}
	shared := map[[2]int32]int{}
	for _, h := range holders {
		if len(h) < 2 || len(h) > maxRare || len(h) == len(a.docs) {
			continue
		}
		for i := range h {
			for _, j := range h[i+1:] {
				shared[[2]int32{h[i], j}]++
			}
		}
	}
	parent := make([]int32, len(a.docs))
	for i := range parent {
		parent[i] = int32(i)
	}
	find := func(i int32) int32 {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for pair, n := range shared {
		least := min(long[pair[0]], long[pair[1]])
		if n >= 3 && 2*n >= least || n >= 2 && n == least {
			x, y := find(pair[0]), find(pair[1])
			parent[max(x, y)] = min(x, y)
		}
	}
	for _, pair := range a.alikes() {
		x, y := find(pair[0]), find(pair[1])
		parent[max(x, y)] = min(x, y)
	}
	number := map[int32]int32{}
	for i := range a.docs {
		r := find(int32(i))
		if _, ok := number[r]; !ok {
			number[r] = int32(len(number))
		}
		a.docs[i].group = number[r]
	}
	a.groups = len(number)
}

// alikes returns pairs of documents half of whose long units are the same,
// however many more documents hold those: the versions of a story that an
// archive took day by day. Documents meet where one of eight minima over their
// units agrees (Broder's min-wise hashing); units of half of all documents play no part.
func (a *archive) alikes() [][2]int32 {
	holders := map[text.Fingerprint]int{}
	sets := make([]map[text.Fingerprint]bool, len(a.docs))
	long := make([]int, len(a.docs))
	for i := range a.docs {
		sets[i] = longUnits(&a.docs[i])
		long[i] = len(sets[i])
		for p := range sets[i] {
			holders[p]++
		}
	}
	type key struct {
		seed int
		min  uint64
	}
	first := map[key]int32{}
	var out [][2]int32
	for i := range a.docs {
		set := sets[i]
		maps.DeleteFunc(set, func(p text.Fingerprint, _ bool) bool { return holders[p] < 2 || 2*holders[p] > len(a.docs) })
		if len(set) < 3 {
			continue
		}
		for seed := range 8 {
			k := key{seed, math.MaxUint64}
			for p := range set {
				k.min = min(k.min, (uint64(p)^uint64(seed)*0x9E3779B97F4A7C15)*0xff51afd7ed558ccd)
			}
			j, ok := first[k]
			if !ok {
				first[k] = int32(i)
				continue
			}
			both := 0
			for p := range set {
				if sets[j][p] {
					both++
				}
			}
			if both >= 3 && 2*both >= min(long[i], long[j]) {
				out = append(out, [2]int32{j, int32(i)})
			}
		}
	}
	return out
}

// longUnits returns the long units of d.
func longUnits(d *doc) map[text.Fingerprint]bool {
	m := map[text.Fingerprint]bool{}
	for _, u := range d.units {
		if u.words >= longUnit {
			m[u.print] = true
		}
	}
	return m
}

// count fills a.units with the units that two groups or more hold.
func (a *archive) count() {
	type tally struct{ groups, last, occ int32 }
	all := map[text.Fingerprint]tally{}
	for _, i := range a.byGroup() {
		g := a.docs[i].group
		for _, u := range a.docs[i].units {
			if u.words == 0 {
				continue
			}
			t := all[u.print]
			t.occ++
			if t.groups == 0 || t.last != g {
				t.groups, t.last = t.groups+1, g
			}
			all[u.print] = t
		}
	}
	a.units = map[text.Fingerprint]*stat{}
	for p, t := range all {
		if t.groups >= 2 {
			a.units[p] = &stat{print: p, groups: t.groups, occurrences: t.occ}
		}
	}
	for i := range a.docs {
		for j, u := range a.docs[i].units {
			if s := a.units[u.print]; s != nil && len(s.at) < maxPlaces && (len(s.at) == 0 || s.at[len(s.at)-1].doc != int32(i)) {
				s.at = append(s.at, place{int32(i), int32(j)})
			}
		}
	}
	for p := range a.units {
		a.order = append(a.order, p)
	}
	slices.SortFunc(a.order, func(x, y text.Fingerprint) int {
		if d := a.units[y].groups - a.units[x].groups; d != 0 {
			return int(d)
		}
		if x < y {
			return -1
		}
		return 1
	})
}

// byGroup returns the indices of the documents, those of one group together.
func (a *archive) byGroup() []int {
	idx := make([]int, len(a.docs))
	for i := range idx {
		idx[i] = i
	}
	slices.SortStableFunc(idx, func(x, y int) int { return int(a.docs[x].group - a.docs[y].group) })
	return idx
}

// sampleOf returns the text of one occurrence of s.
func (a *archive) sampleOf(s *stat) string {
	p := s.at[0]
	d := &a.docs[p.doc]
	return d.text(d.units[p.unit])
}

// rawVariants returns how many distinct texts the places of s have, white space aside.
func (a *archive) rawVariants(s *stat) int {
	seen := map[string]bool{}
	for _, p := range s.at {
		d := &a.docs[p.doc]
		seen[strings.Join(strings.Fields(d.text(d.units[p.unit])), " ")] = true
	}
	return len(seen)
}

// letters returns the share of the runes of t, white space aside, that are letters.
func letters(t string) float64 {
	all, n := 0, 0
	for _, r := range t {
		if text.IsSpace(r) {
			continue
		}
		all++
		if unicode.IsLetter(r) {
			n++
		}
	}
	if all == 0 {
		return 0
	}
	return float64(n) / float64(all)
}
