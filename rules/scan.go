package rules

import (
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
	bits  [1 << 12]uint64 // 2^18 bits, by the hash of the bytes
	words map[uint32][]scanned
	slots []bucket // words, with open addressing: a power of two, at most a quarter full
}

// A bucket is a key of grams and its literals; none where the key is free.
type bucket struct {
	key  uint32
	list []scanned
}

// A scanned is a literal that is scanned for.
type scanned struct {
	whole string // folded
	at    int    // offset in whole of the byte after those that it is filed under
	atoms []int32
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
	g.words[key] = append(list, scanned{whole, at, []int32{atom}})
}

// seal makes s ready to scan.
func (s *scanner) seal() {
	s.four.seal()
	s.three.seal()
}

func (g *grams) seal() {
	n := 4
	for n < 4*len(g.words) {
		n *= 2
	}
	g.slots = make([]bucket, n)
	for key, list := range g.words {
		h := gramHash(key)
		g.bits[h>>6] |= 1 << (h & 63)
		i := int(h) & (n - 1)
		for g.slots[i].list != nil {
			i = (i + 1) & (n - 1)
		}
		g.slots[i] = bucket{key, list}
	}
	g.words = nil
}

// scan calls hit for every place [at, end) of a literal that stands in
// low[from:to], with the atoms of the literal. low is folded and has a line
// break at the end of each line.
func (s *scanner) scan(low string, from, to int, hit func(at, end int, atoms []int32)) {
	var g uint32
	for i, c := range []byte(low[from:to]) {
		g = g<<8 | uint32(c)
		if h := gramHash(g); s.four.bits[h>>6]&(1<<(h&63)) != 0 {
			s.four.found(low, from+i+1, g, hit)
		}
		if g&0x800000 != 0 {
			if h := gramHash(g & 0xFFFFFF); s.three.bits[h>>6]&(1<<(h&63)) != 0 {
				s.three.found(low, from+i+1, g&0xFFFFFF, hit)
			}
		}
	}
}

// found calls hit for the literals that stand in low where the bytes of key end at end.
func (g *grams) found(low string, end int, key uint32, hit func(at, end int, atoms []int32)) {
	i := int(gramHash(key)) & (len(g.slots) - 1)
	for g.slots[i].key != key {
		if g.slots[i].list == nil {
			return
		}
		i = (i + 1) & (len(g.slots) - 1)
	}
	for _, w := range g.slots[i].list {
		if start := end - w.at; start >= 0 && strings.HasPrefix(low[start:], w.whole) {
			hit(start, start+len(w.whole), w.atoms)
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
