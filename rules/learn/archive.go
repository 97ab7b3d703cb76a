package learn

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"winnow/rules"
	"winnow/text"
)

// An archive is the documents of one publisher, cut into units.
type archive struct {
	publisher text.Publisher
	seen      int
	corpus    string
	docs      []doc
	groups    int                // near-duplicate groups
	prints    []text.Fingerprint // of units, by their numbers
	numbers   map[text.Fingerprint]unitID
	stats     []*stat                  // of units that two groups or more hold, by their numbers; nil for others
	order     []unitID                 // units that have a stat: the most groups first
	titles    map[text.Fingerprint]int // fingerprint of a title to its document, -1 where several share it
	accepted  []bool                   // by number: units found to be furniture
	topic     topics
	series    [][]seriesUnit // of each document, sorted by print
	scratch   scratch
	kin0      float64 // how many units documents share that were taken at random, see kin
}

// A unitID numbers the distinct units of an archive, in the order in which they are met.
type unitID int32

// A doc is a document with its units.
type doc struct {
	text.Document
	units []unit
	group int32
	title text.Fingerprint // of its title, 0 where it has none
	forms [len(staticForms)][]text.Span
	masks []masked // units with names, see templates
}

// A unit is a text.Unit in less memory.
type unit struct {
	id         unitID
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
	isCall                // a call, see callOf
	isDated               // a line of few words with a date
)

func (u unit) span() text.Span { return text.Span{Start: int(u.start), End: int(u.end)} }

func (d *doc) text(u unit) string { return d.Text[u.start:u.end] }

// A stat is what is known of one unit that several documents hold.
type stat struct {
	id          unitID
	groups      int32
	occurrences int32
	head, tail  int32   // occurrences in the run at the beginning, at the end
	at          []place // one a document, at most maxPlaces
}

type place struct{ doc, unit int32 }

const maxPlaces = 400

// stat returns what is known of u, nil where one group alone holds it.
func (a *archive) stat(u unit) *stat { return a.stats[u.id] }

// newArchive cuts the documents of s and counts their units.
func newArchive(p text.Publisher, s *sample) (*archive, error) {
	a := &archive{publisher: p, seen: s.seen, titles: map[text.Fingerprint]int{}}
	docs, corpus := s.sorted()
	a.corpus = corpus
	a.docs = make([]doc, len(docs))
	forms, err := newPatterns(staticForms[:]...)
	if err != nil {
		return nil, err
	}
	raws := make([]raw, len(docs))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			c := cutter{forms: forms}
			for i := next.Add(1) - 1; i < int64(len(docs)); i = next.Add(1) - 1 {
				a.docs[i], raws[i] = c.cut(docs[i])
			}
		})
	}
	wg.Wait()
	a.numbers = map[text.Fingerprint]unitID{}
	for i := range a.docs {
		d := &a.docs[i]
		for j, p := range raws[i].prints {
			n, ok := a.numbers[p]
			if !ok {
				n = unitID(len(a.prints))
				a.numbers[p] = n
				a.prints = append(a.prints, p)
			}
			d.units[j].id = n
		}
		raws[i].prints = nil
		if d.title != 0 {
			if _, ok := a.titles[d.title]; ok {
				a.titles[d.title] = -1
			} else {
				a.titles[d.title] = i
			}
		}
	}
	a.accepted = make([]bool, len(a.prints))
	a.group()
	a.count()
	a.topics(raws)
	return a, nil
}

// maxDateline is the most tokens of a dateline.
const maxDateline = 12

// A raw is what is known of a document's units until they are counted.
type raw struct {
	prints []text.Fingerprint
	words  []uint32 // of all units, see appendWords
	ends   []int32  // of each unit's words
}

// A cutter cuts documents, one after the other.
type cutter struct {
	seg   text.Segments
	forms []*rules.Pattern
}

func (c *cutter) cut(d text.Document) (doc, raw) {
	out := doc{Document: d}
	seg := &c.seg
	seg.Segment(d.Text, d.Title, nil)
	n := len(seg.Units)
	out.units = make([]unit, n)
	r := raw{prints: make([]text.Fingerprint, n), ends: make([]int32, n), words: make([]uint32, 0, len(seg.Tokens)*2/3)}
	for i, u := range seg.Units {
		l := &seg.Lines[u.Line]
		x := unit{start: int32(u.Span.Start), end: int32(u.Span.End), line: int32(u.Line)}
		toks := seg.TokensOf(u.Tokens)
		x.tokens = uint16(min(len(toks), 1<<16-1))
		tells, titled := false, false
		for _, t := range toks {
			if !text.IsSlot(t.Hash) && t.Hash != text.MarkQuote {
				x.words += uint16(min(1, 1<<16-1-x.words))
				tells = tells || telling.holds(t.Hash)
			} else if t.Hash == text.SlotTitle {
				titled = true
			} else if t.Hash == text.SlotDate && len(toks) <= maxDateline {
				x.flags |= isDated
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
		if tells && minTemplate <= len(toks) && len(toks) <= maxTemplate {
			out.masks = appendMasks(out.masks, d.Text, toks, int32(i))
		}
		if titled { // the words of the title count as those of any other text
			toks = text.Tokenize(u.Span.In(d.Text))
			for k := range toks {
				toks[k].Start, toks[k].End = toks[k].Start+x.start, toks[k].End+x.start
			}
		}
		if tells && callOf(u.Span.In(d.Text), toks) {
			x.flags |= isCall
		}
		r.words = appendWords(r.words, d.Text, toks)
		r.ends[i] = int32(len(r.words))
		r.prints[i] = u.Print
		out.units[i] = x
	}
	for k, spans := range rules.Forms(seg, c.forms) {
		out.forms[k] = spans
	}
	if toks := text.Tokenize(d.Title); len(toks) >= 3 {
		out.title = text.Print(toks)
	}
	return out, r
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
	// Of each document its long units, sorted, and of each of those how many documents hold it.
	sets := make([][]unitID, len(a.docs))
	holders := make([]int32, len(a.prints))
	for i := range a.docs {
		var set []unitID
		for _, u := range a.docs[i].units {
			if u.words >= longUnit {
				set = append(set, u.id)
			}
		}
		slices.Sort(set)
		sets[i] = slices.Compact(set)
		for _, id := range sets[i] {
			holders[id]++
		}
	}
	maxRare := int32(max(2, min(6, len(a.docs)/4)))
	rare := map[unitID][]int32{}
	for i, set := range sets {
		for _, id := range set {
			if n := holders[id]; n >= 2 && n <= maxRare && int(n) != len(a.docs) {
				rare[id] = append(rare[id], int32(i))
			}
		}
	}
	shared := map[[2]int32]int{}
	for _, h := range rare {
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
		least := min(len(sets[pair[0]]), len(sets[pair[1]]))
		if n >= 3 && 2*n >= least || n >= 2 && n == least {
			x, y := find(pair[0]), find(pair[1])
			parent[max(x, y)] = min(x, y)
		}
	}
	for _, pair := range a.alikes(sets, holders) {
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
// sets are the long units of each document, holders how many documents hold each.
func (a *archive) alikes(sets [][]unitID, holders []int32) [][2]int32 {
	type key struct {
		seed int
		min  uint64
	}
	first := map[key]int32{}
	shared := make([][]unitID, len(sets)) // those of sets that play a part
	var out [][2]int32
	for i, all := range sets {
		var set []unitID
		for _, id := range all {
			if holders[id] >= 2 && 2*int(holders[id]) <= len(a.docs) {
				set = append(set, id)
			}
		}
		if shared[i] = set; len(set) < 3 {
			continue
		}
		for seed := range 8 {
			k := key{seed, math.MaxUint64}
			for _, id := range set {
				k.min = min(k.min, (uint64(a.prints[id])^uint64(seed)*0x9E3779B97F4A7C15)*0xff51afd7ed558ccd)
			}
			j, ok := first[k]
			if !ok {
				first[k] = int32(i)
				continue
			}
			if both := inBoth(set, shared[j]); both >= 3 && 2*both >= min(len(all), len(sets[j])) {
				out = append(out, [2]int32{j, int32(i)})
			}
		}
	}
	return out
}

// inBoth returns how many numbers x and y, sorted and without doubles, share.
func inBoth(x, y []unitID) int {
	n := 0
	for k, l := 0, 0; k < len(x) && l < len(y); {
		switch {
		case x[k] < y[l]:
			k++
		case x[k] > y[l]:
			l++
		default:
			n, k, l = n+1, k+1, l+1
		}
	}
	return n
}

// count fills a.stats with the units that two groups or more hold.
func (a *archive) count() {
	type tally struct{ groups, last, occurrences int32 }
	all := make([]tally, len(a.prints))
	for _, i := range a.byGroup() {
		g := a.docs[i].group
		for _, u := range a.docs[i].units {
			if u.words == 0 {
				continue
			}
			t := &all[u.id]
			t.occurrences++
			if t.groups == 0 || t.last != g {
				t.groups, t.last = t.groups+1, g
			}
		}
	}
	a.stats = make([]*stat, len(a.prints))
	for id, t := range all {
		if t.groups >= 2 {
			a.stats[id] = &stat{id: unitID(id), groups: t.groups, occurrences: t.occurrences}
			a.order = append(a.order, unitID(id))
		}
	}
	for i := range a.docs {
		for j, u := range a.docs[i].units {
			if s := a.stat(u); s != nil && len(s.at) < maxPlaces && (len(s.at) == 0 || s.at[len(s.at)-1].doc != int32(i)) {
				s.at = append(s.at, place{int32(i), int32(j)})
			}
		}
	}
	slices.SortFunc(a.order, func(x, y unitID) int {
		return cmp.Or(cmp.Compare(a.stats[y].groups, a.stats[x].groups), cmp.Compare(a.prints[x], a.prints[y]))
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
	var raw []string
	for _, p := range s.at {
		d := &a.docs[p.doc]
		if t := d.text(d.units[p.unit]); len(raw) == 0 || t != raw[len(raw)-1] {
			raw = append(raw, t)
		}
	}
	if len(raw) == 1 {
		return 1
	}
	slices.Sort(raw)
	raw = slices.Compact(raw)
	seen := map[string]bool{}
	for _, t := range raw {
		seen[strings.Join(strings.Fields(t), " ")] = true
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
