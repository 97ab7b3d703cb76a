package rules

import (
	"encoding/binary"
	"slices"
	"strings"
	"unsafe"
)

// What an expression asks of a unit is asked in the order of what it costs:
// first its glance (see glance), then how the unit begins and ends, then what
// it holds, and only then its automaton runs. All of it stands side by side in
// memory: an expression is tried now and then, so that what counts is how many
// lines of memory are fetched.

// edges are strings with one of which a match begins (or ends).
type edges []edge

// An edge is one of them. Its first (or last) eight bytes, or as many as it has, are compared as one number.
type edge struct {
	bytes, mask uint64
	whole       string
}

func newEdges(set []string, suffix bool) edges {
	var out edges
	for _, s := range set {
		e := edge{bytes: eight(s), mask: 1<<(8*min(len(s), 8)) - 1, whole: s}
		if suffix {
			e.bytes = eightBack(s)
			e.mask = ^uint64(0) << (64 - 8*min(len(s), 8))
		}
		out = append(out, e)
	}
	return out
}

// begin reports whether t, whose first eight bytes are open, begins with one of es.
func (es edges) begin(t string, open uint64) bool {
	for i := range es {
		if e := &es[i]; (open^e.bytes)&e.mask == 0 && strings.HasPrefix(t, e.whole) {
			return true
		}
	}
	return false
}

// end reports whether t, whose last eight bytes are shut, ends with one of es.
func (es edges) end(t string, shut uint64) bool {
	for i := range es {
		if e := &es[i]; (shut^e.bytes)&e.mask == 0 && strings.HasSuffix(t, e.whole) {
			return true
		}
	}
	return false
}

// eight returns the first eight bytes of s, the first one lowest, zeros where it has fewer.
func eight(s string) uint64 {
	if len(s) < 8 {
		return eightOf(s)
	}
	return binary.LittleEndian.Uint64(unsafe.Slice(unsafe.StringData(s), 8)) // which only reads
}

func eightOf(s string) (x uint64) {
	for i := len(s) - 1; i >= 0; i-- {
		x = x<<8 | uint64(s[i])
	}
	return x
}

// eightBack returns the last eight bytes of s, the last one highest, zeros where it has fewer.
func eightBack(s string) uint64 {
	if len(s) >= 8 {
		return eight(s[len(s)-8:])
	}
	return eight(s) << (64 - 8*len(s))
}

// may reports whether v, which the glance of e lets pass, may match e: whether
// it is worth running. headed says that v begins with a head of e.
func (e *expr) may(v *seen, headed bool) bool {
	if !headed && len(e.head) > 0 && !e.head.begin(v.low[v.word:], v.open) {
		return false
	}
	if len(e.tail) > 0 && !e.tail.end(v.low, v.shut) {
		return false
	}
	if len(e.need) == 0 {
		return true
	}
	has := v.has()
	for _, set := range e.need {
		if !slices.ContainsFunc(set, func(n need) bool { return has.all(n.pairs[:n.n]) && n.in(v.low) }) {
			return false
		}
	}
	return true
}

// A need is a string that a match holds, and its rarest pairs.
type need struct {
	text       string
	pairs      [4]uint16
	n          uint8
	start, end bool // whether it begins, or ends, at the edge of a word
}

func newNeeds(set []string) []need {
	out := make([]need, len(set))
	for i, s := range set {
		n := &out[i]
		n.text = strings.Trim(s, wordEdge)
		n.start, n.end = strings.HasPrefix(s, wordEdge), strings.HasSuffix(s, wordEdge)
		n.n = uint8(copy(n.pairs[:], rarestPairs(n.text)))
	}
	return out
}

// in reports whether s holds n.
func (n *need) in(s string) bool {
	if !n.start && !n.end {
		return strings.Contains(s, n.text)
	}
	for from := 0; ; {
		i := strings.Index(s[from:], n.text)
		if i < 0 {
			return false
		}
		i += from
		j := i + len(n.text)
		if !(n.start && i > 0 && wordByte(s[i-1]) && wordByte(s[i])) && !(n.end && j < len(s) && wordByte(s[j]) && wordByte(s[j-1])) {
			return true
		}
		from = i + 1
	}
}

// wordByte reports whether c is a word character of \b, which knows ASCII alone.
func wordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// mustHold returns the hashes of pairs that every match holds, whichever of the
// strings of each list it has, the rarest first.
func mustHold(lists [][]need) []uint16 {
	found := map[string]int{} // the pair: its rarity
	for _, set := range lists {
		common := map[string]bool{}
		for i := range set {
			own := map[string]bool{}
			for j := 1; j < len(set[i].text); j++ {
				if p := set[i].text[j-1 : j+1]; i == 0 || common[p] {
					own[p] = true
				}
			}
			common = own
		}
		for p := range common {
			found[p] = rarity[p[0]] + rarity[p[1]]
		}
	}
	var ps []string
	for p := range found {
		ps = append(ps, p)
	}
	slices.SortFunc(ps, func(a, b string) int {
		if found[a] != found[b] {
			return found[b] - found[a]
		}
		return strings.Compare(a, b)
	})
	out := make([]uint16, len(ps))
	for i, p := range ps {
		out[i] = pairHash(p[0], p[1])
	}
	return out
}
