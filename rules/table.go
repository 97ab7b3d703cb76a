package rules

import "winnow/text"

// steps are the numbers of tokens by which prefixes and suffixes are keyed.
var steps = [...]int{1, 2, 3, 4, 6, 8, 12, 16}

func step(n int) int {
	best := 0
	for _, s := range steps {
		if s <= n {
			best = s
		}
	}
	return best
}

// A filter says of most hashes that they are none of those added: one probe,
// about 16 bits an entry. The zero filter has none.
type filter []uint64 // a power of two of words

func newFilter(entries int) filter {
	if entries == 0 {
		return nil
	}
	n := 64
	for n < entries/4 {
		n *= 2
	}
	return make(filter, n)
}

func (f filter) add(h uint64) { f[h>>6&uint64(len(f)-1)] |= 1 << (h & 63) }

func (f filter) has(h uint64) bool {
	return len(f) > 0 && f[h>>6&uint64(len(f)-1)]&(1<<(h&63)) != 0
}

// A table maps fingerprints to atoms. A filter in front of the map answers
// most look-ups, which find nothing, without touching the map.
type table struct {
	filter filter
	first  map[text.Fingerprint]int32
	next   map[int32]int32 // further atoms of the same fingerprint

	// Of prefixes, and of suffixes from their end: the first tokens.
	firsts map[uint64]bool // until it is sealed
	starts filter
	slots  bool // whether one of them is a slot
}

// addEdge is add for a prefix, or a suffix from its end, of these tokens.
func (t *table) addEdge(hashes []uint64, atom int32) {
	t.firsts = put(t.firsts, hashes[0])
	t.slots = t.slots || text.IsSlot(hashes[0])
	t.add(key(hashes), atom)
}

// mayEnd reports whether one of t, which holds suffixes, may be the end of unit u.
func (t *table) mayEnd(seg *text.Segments, u int) bool {
	if len(t.starts) == 0 {
		return false
	}
	last, sure := seg.Last(u)
	return !sure || t.slots && text.IsSlot(last) || t.starts.has(last)
}

func (t *table) add(p text.Fingerprint, atom int32) {
	if t.first == nil {
		t.first = map[text.Fingerprint]int32{}
	}
	if at, ok := t.first[p]; ok {
		if t.next == nil {
			t.next = map[int32]int32{}
		}
		t.next[atom] = at
	}
	t.first[p] = atom
}

// seal builds the filters.
func (t *table) seal() {
	t.filter = newFilter(len(t.first))
	for p := range t.first {
		t.filter.add(uint64(p))
	}
	t.starts = newFilter(len(t.firsts))
	for h := range t.firsts {
		t.starts.add(h)
	}
	t.firsts = nil
}

// lookup calls hit with each atom of p.
func (t *table) lookup(p text.Fingerprint, hit func(atom int32)) {
	if !t.filter.has(uint64(p)) {
		return
	}
	a, ok := t.first[p]
	for ok {
		hit(a)
		a, ok = t.next[a]
	}
}

// begins tells of most units, by their first two tokens, that they are none of
// an index's texts and begin with none of its prefixes, so that nobody asks for
// their other tokens. Patterns whose first two tokens are slots need not be in
// it: what a unit begins with is not sure then (see text.Segments.Begin).
type begins struct {
	keys   map[uint64]bool // until it is sealed
	filter filter
	single bool // whether there are prefixes of one token
}

// What may stand for the second token of a key. No token has these hashes but by chance.
const (
	anyToken = 2 // of a prefix of one token: whatever comes
	somebody = 3 // of every pattern: for units whose second token is not known
)

func beginKey(first, second uint64) uint64 {
	return (first ^ second*0x9E3779B97F4A7C15) * 0xff51afd7ed558ccd
}

// add adds a pattern by its tokens, or the first two of them. whole says that
// units have no more than these.
func (b *begins) add(hashes []uint64, whole bool) {
	if len(hashes) > 0 {
		b.keys = put(b.keys, beginKey(hashes[0], somebody))
	}
	switch {
	case len(hashes) == 0:
	case len(hashes) > 1:
		b.keys = put(b.keys, beginKey(hashes[0], hashes[1]))
	case whole:
		b.keys = put(b.keys, beginKey(hashes[0], 0))
	default:
		b.single = true
		b.keys = put(b.keys, beginKey(hashes[0], anyToken))
	}
}

func (b *begins) seal() {
	b.filter = newFilter(len(b.keys))
	for k := range b.keys {
		b.filter.add(k)
	}
	b.keys = nil
}

// has reports whether a unit with these first tokens may be one of b; second is
// 0 for none, and may be text.Unknown.
func (b *begins) has(first, second uint64) bool {
	if second == text.Unknown {
		second = somebody
	}
	return b.filter.has(beginKey(first, second)) || b.single && b.filter.has(beginKey(first, anyToken))
}
