package rules

import (
	"maps"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// A scanner finds the literals of a set of expressions in a text. Each literal
// is filed under the four rarest bytes in a row that it holds; these are hashed
// at every offset of the text and looked up in a bit table, and only a hit is
// compared. After Rabin and Karp (1987), with the filter of Wu and Manber (1994).
type scanner struct {
	four  grams
	three grams // literals of two or three bytes that begin with one that is not ASCII: signs, single characters of East Asia
}

// grams are literals filed under bytes that stand in them.
type grams struct {
	bits  *[1 << 12]uint64 // 2^18 bits, by the hash of the bytes
	words map[uint32][]scanned
	slots []bucket // words, with open addressing: a power of two, at most half full
	begin []begin  // of the literals, those of one key together
	list  []scanned
}

// A bucket is a key of grams and where its literals begin; last marks the last
// of a key. It is free where from is 0: list begins with an entry for nobody.
type bucket struct{ key, from uint32 }

// A begin is what a literal begins with: its first eight bytes, or as many as it
// has. It rules out nine of ten literals whose rarest bytes were met.
type begin struct {
	bytes, mask uint64
	at          int32 // see scanned
	last        bool  // of its key
}

// A scanned is a literal that is scanned for.
type scanned struct {
	whole string // folded
	at    int    // offset in whole of the byte after those that it is filed under
	atoms []int32
	any   glance // of the atoms
}

func gramHash(g uint32) uint32 { return (g * 0x9E3779B1) >> (32 - 18) }

// add files a literal.
func (s *scanner) add(whole string, atom int32) {
	switch {
	case len(whole) >= 4:
		i := rarest(whole)
		s.four.file(whole, i+4, gram(whole[i:]), atom)
	case len(whole) == 3 && whole[0] >= utf8.RuneSelf:
		s.three.file(whole, 3, uint32(whole[0])<<16|uint32(whole[1])<<8|uint32(whole[2]), atom)
	default: // whatever byte comes after it; a line break is the last
		for c := range 256 {
			switch {
			case lower[c] != byte(c):
			case len(whole) == 2:
				s.three.file(whole, 3, uint32(whole[0])<<16|uint32(whole[1])<<8|uint32(c), atom)
			default:
				s.four.file(whole, 4, uint32(whole[0])<<24|uint32(whole[1])<<16|uint32(whole[2])<<8|uint32(c), atom)
			}
		}
	}
}

func (g *grams) file(whole string, at int, key uint32, atom int32) {
	if g.words == nil {
		g.words = map[uint32][]scanned{}
	}
	list := g.words[key]
	for i := range list {
		if list[i].whole == whole {
			list[i].atoms = append(list[i].atoms, atom)
			return
		}
	}
	g.words[key] = append(list, scanned{whole: whole, at: at, atoms: []int32{atom}})
}

// seal makes s ready to scan. glances are those of the atoms.
func (s *scanner) seal(glances []glance) {
	if len(s.four.words)+len(s.three.words) == 0 {
		return
	}
	s.four.seal(glances)
	s.three.seal(glances)
}

// empty reports whether s, which is sealed, holds no literal.
func (s *scanner) empty() bool { return s.four.bits == nil }

func (g *grams) seal(glances []glance) {
	n := 4
	for n < 2*len(g.words) {
		n *= 2
	}
	g.slots, g.bits = make([]bucket, n), new([1 << 12]uint64)
	g.list, g.begin = make([]scanned, 1), make([]begin, 1)
	for _, key := range slices.Sorted(maps.Keys(g.words)) {
		h := gramHash(key)
		g.bits[h>>6] |= 1 << (h & 63)
		i := int(h) & (n - 1)
		for g.slots[i].from > 0 {
			i = (i + 1) & (n - 1)
		}
		g.slots[i] = bucket{key, uint32(len(g.list))}
		for _, w := range g.words[key] {
			w.any = glances[w.atoms[0]]
			for _, a := range w.atoms[1:] {
				w.any = w.any.or(glances[a])
			}
			g.list = append(g.list, w)
			g.begin = append(g.begin, begin{bytes: eight(w.whole), mask: 1<<(8*min(len(w.whole), 8)) - 1, at: int32(w.at)})
		}
		g.begin[len(g.begin)-1].last = true
	}
	g.words = nil
}

// A report is told of a place [at, end) of a literal, of the atoms of the
// literal, and what these ask for at least.
type report func(at, end int, atoms []int32, any *glance)

// scan calls hit for every place of a literal that stands in low[from:to]. low
// is folded and has a line break at the end of each line. Four offsets are
// looked at together: the bytes of five neighbouring ones lie in one word.
func (s *scanner) scan(low string, from, to int, hit report) {
	four, three := s.four.bits, s.three.bits
	var g uint32
	i := from
	for ; i < to && i < from+4; i++ {
		g = g<<8 | uint32(low[i])
		s.look(low, i+1, g, hit)
	}
	for ; i+4 <= to; i += 4 {
		x := bits.ReverseBytes64(eight(low[i-4 : i+4]))
		if x&0x808080800000 != 0 { // of three bytes too
			for k := range 4 {
				g := uint32(x >> (24 - 8*k))
				if h := gramHash(g); four[h>>6]&(1<<(h&63)) != 0 {
					s.four.found(low, i+k+1, g, hit)
				}
				if g &= 0xFFFFFF; g>>23 != 0 {
					if h := gramHash(g); three[h>>6]&(1<<(h&63)) != 0 {
						s.three.found(low, i+k+1, g, hit)
					}
				}
			}
			continue
		}
		a, b, c, d := gramHash(uint32(x>>24)), gramHash(uint32(x>>16)), gramHash(uint32(x>>8)), gramHash(uint32(x))
		if four[a>>6]&(1<<(a&63)) != 0 {
			s.four.found(low, i+1, uint32(x>>24), hit)
		}
		if four[b>>6]&(1<<(b&63)) != 0 {
			s.four.found(low, i+2, uint32(x>>16), hit)
		}
		if four[c>>6]&(1<<(c&63)) != 0 {
			s.four.found(low, i+3, uint32(x>>8), hit)
		}
		if four[d>>6]&(1<<(d&63)) != 0 {
			s.four.found(low, i+4, uint32(x), hit)
		}
	}
	for ; i < to; i++ {
		s.look(low, i+1, gram(low[i-3:]), hit)
	}
}

// look looks for the literals that are filed under g, the four bytes of low before end.
func (s *scanner) look(low string, end int, g uint32, hit report) {
	if h := gramHash(g); s.four.bits[h>>6]&(1<<(h&63)) != 0 {
		s.four.found(low, end, g, hit)
	}
	if g&0x800000 != 0 {
		if h := gramHash(g & 0xFFFFFF); s.three.bits[h>>6]&(1<<(h&63)) != 0 {
			s.three.found(low, end, g&0xFFFFFF, hit)
		}
	}
}

// found calls hit for the literals that stand in low where the bytes of key end at end.
func (g *grams) found(low string, end int, key uint32, hit report) {
	i := int(gramHash(key)) & (len(g.slots) - 1)
	for g.slots[i].key != key {
		if g.slots[i].from == 0 {
			return
		}
		i = (i + 1) & (len(g.slots) - 1)
	}
	for n := g.slots[i].from; n > 0; n++ {
		b := &g.begin[n]
		if start := end - int(b.at); start >= 0 && (start+8 > len(low) || (eight(low[start:])^b.bytes)&b.mask == 0) {
			if w := &g.list[n]; strings.HasPrefix(low[start:], w.whole) {
				hit(start, start+len(w.whole), w.atoms, &w.any)
			}
		}
		if b.last {
			return
		}
	}
}

// rarest returns the offset in lit of the four bytes that are rarest in running text.
func rarest(lit string) int {
	best := 0
	for i := 1; i+4 <= len(lit); i++ {
		if gramRate(lit[i:]) < gramRate(lit[best:]) {
			best = i
		}
	}
	return best
}
