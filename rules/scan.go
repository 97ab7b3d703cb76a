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

// grams are literals filed under n bytes that stand in them.
type grams struct {
	n     int
	bits  *gramBits
	words map[uint32][]scanned
	slots []bucket // words, with open addressing: a power of two, at most half full
	begin []begin  // of the literals, those of one key together
	list  []scanned
}

// A bucket is a key of grams and where its literals begin. It is free where from
// is 0: list begins with an entry for nobody. What may stand beside the key rules
// out most places without a look at the literals.
type bucket struct {
	key, from uint32
	beside
}

// A beside says which bytes may stand before and after something: bits of besideClass.
type beside struct{ before, after uint32 }

// The classes of bytes of a beside. anyByte has all of them.
const (
	anyByte    = ^uint32(0)
	noLetter   = anyByte &^ (1<<26 - 1)
	noWordByte = noLetter &^ (1 << 26)
)

// besideClass has the bit of each byte: letters of ASCII have one each, digits
// and the underscore the next one, then come spaces, line breaks, what is not
// ASCII, and the rest. It is asked of folded texts.
var besideClass = func() (c [256]uint32) {
	for b := range c {
		switch {
		case 'a' <= b && b <= 'z':
			c[b] = 1 << (b - 'a')
		case 'A' <= b && b <= 'Z':
			c[b] = 1 << (b - 'A')
		case b == '_' || '0' <= b && b <= '9':
			c[b] = 1 << 26
		case b == ' ':
			c[b] = 1 << 27
		case b == '\n':
			c[b] = 1 << 28
		case b >= utf8.RuneSelf:
			c[b] = 1 << 29
		default:
			c[b] = 1 << 30
		}
	}
	return
}()

// besides returns edge for the ends that it is asked of, and any byte for others.
func besides(start, end bool, edge uint32) beside {
	b := beside{anyByte, anyByte}
	if start {
		b.before = edge
	}
	if end {
		b.after = edge
	}
	return b
}

// besideAt returns the class of byte i of t, any where it has none.
func besideAt(t string, i int) uint32 {
	if uint(i) >= uint(len(t)) {
		return anyByte
	}
	return besideClass[t[i]]
}

// A begin is what a literal begins with: its first eight bytes, or as many as it
// has. It rules out nine of ten literals whose rarest bytes were met.
type begin struct {
	bytes, mask uint64
	at          int32 // see scanned
	last        bool  // of its key
	edged       bool  // whether not all bytes may stand beside it
}

// A scanned is a literal that is scanned for.
type scanned struct {
	whole string // folded
	at    int    // offset in whole of the byte after those that it is filed under
	beside
	of    scope
	atoms []int32 // of the index of that scope
	any   glance  // of the atoms
}

// A scope says whose literal one is: exceptions' are found in the same pass as
// the others, and looked at once it is known what they may keep.
type scope uint8

const (
	ofIndex scope = iota
	ofKeeps
	ofKeepBlocks
	scopes
)

func gramHash(g uint32) uint32 { return (g * 0x9E3779B1) >> (32 - 18) }

// join files the literals of o, which are those of a scope.
func (s *scanner) join(o *scanner, of scope) {
	s.four.join(&o.four, of)
	s.three.join(&o.three, of)
}

func (g *grams) join(o *grams, of scope) {
	for key, list := range o.words {
		if g.words == nil {
			g.words = map[uint32][]scanned{}
		}
		for _, w := range list {
			w.of = of
			g.words[key] = append(g.words[key], w)
		}
	}
	o.words = nil
}

// add files a literal and what may stand beside it.
func (s *scanner) add(whole string, by beside, atom int32) {
	switch {
	case len(whole) >= 4:
		i := rarest(whole)
		s.four.file(whole, i+4, gram(whole[i:]), by, atom)
	case len(whole) == 3 && whole[0] >= utf8.RuneSelf:
		s.three.file(whole, 3, uint32(whole[0])<<16|uint32(whole[1])<<8|uint32(whole[2]), by, atom)
	default: // whatever byte comes after it; a line break is the last
		for c := range 256 {
			switch {
			case lower[c] != byte(c) || by.after&besideClass[c] == 0:
			case len(whole) == 2:
				s.three.file(whole, 3, uint32(whole[0])<<16|uint32(whole[1])<<8|uint32(c), by, atom)
			default:
				s.four.file(whole, 4, uint32(whole[0])<<24|uint32(whole[1])<<16|uint32(whole[2])<<8|uint32(c), by, atom)
			}
		}
	}
}

func (g *grams) file(whole string, at int, key uint32, by beside, atom int32) {
	if g.words == nil {
		g.words = map[uint32][]scanned{}
	}
	list := g.words[key]
	for i := range list {
		if list[i].whole == whole && list[i].beside == by {
			list[i].atoms = append(list[i].atoms, atom)
			return
		}
	}
	g.words[key] = append(list, scanned{whole: whole, at: at, beside: by, atoms: []int32{atom}})
}

// seal makes s ready to scan. glances are those of the atoms of each scope.
func (s *scanner) seal(glances [scopes][]glance) {
	if len(s.four.words)+len(s.three.words) == 0 {
		return
	}
	s.four.n, s.three.n = 4, 3
	s.four.seal(glances)
	s.three.seal(glances)
}

// empty reports whether s, which is sealed, holds no literal.
func (s *scanner) empty() bool { return s.four.bits == nil }

func (g *grams) seal(glances [scopes][]glance) {
	n := 4
	for n < 2*len(g.words) {
		n *= 2
	}
	g.slots, g.bits = make([]bucket, n), new(gramBits)
	g.list, g.begin = make([]scanned, 1), make([]begin, 1)
	for _, key := range slices.Sorted(maps.Keys(g.words)) {
		h := gramHash(key)
		g.bits[h>>6] |= 1 << (h & 63)
		i := int(h) & (n - 1)
		for g.slots[i].from > 0 {
			i = (i + 1) & (n - 1)
		}
		b := bucket{key: key, from: uint32(len(g.list))}
		for _, w := range g.words[key] {
			before, after := w.before, w.after
			if w.at > g.n {
				before = besideAt(w.whole, w.at-g.n-1)
			}
			if w.at < len(w.whole) {
				after = besideAt(w.whole, w.at)
			} else if w.at > len(w.whole) { // the key reaches beyond it
				after = anyByte
			}
			b.before |= before
			b.after |= after
			own := glances[w.of]
			w.any = own[w.atoms[0]]
			for _, a := range w.atoms[1:] {
				w.any = w.any.or(own[a])
			}
			g.list = append(g.list, w)
			g.begin = append(g.begin, begin{bytes: eight(w.whole), mask: 1<<(8*min(len(w.whole), 8)) - 1, at: int32(w.at), edged: w.beside != beside{anyByte, anyByte}})
		}
		g.slots[i] = b
		g.begin[len(g.begin)-1].last = true
	}
	g.words = nil
}

// A report is told of a place [at, end) of a literal.
type report func(at, end int, w *scanned)

// scan calls hit for every place of a literal that stands in low, which is
// folded and has a line break at the end of each line. The places that the
// filters let pass are gathered first, so that nothing else is done beside them.
func (s *scanner) scan(low string, hit report) {
	i := min(4, len(low))
	var g uint32
	for at := range i {
		g = g<<8 | uint32(low[at])
		s.look(low, at+1, g, hit)
	}
	var buf [scanChunk]uint32
	for i < len(low) {
		next := min(i+scanChunk, len(low))
		for _, end := range buf[:s.filter(&buf, low, i, next)] {
			s.look(low, int(end), gram(low[end-4:]), hit)
		}
		i = next
	}
}

// scanChunk is how many places are filtered at once.
const scanChunk = 256

// filter puts the ends of the bytes in low[from:to] that a literal may be filed
// under, in order, into out and returns how many there are. from is at least 4,
// to at most scanChunk beyond it. Four offsets are looked at together: the bytes
// of five neighbouring ones lie in one word.
func (s *scanner) filter(out *[scanChunk]uint32, low string, from, to int) (n int) {
	four := s.four.bits
	i := from
	for ; i+4 <= to; i += 4 {
		x := bits.ReverseBytes64(eight(low[i-4 : i+4]))
		if x&0x808080800000 != 0 {
			n = s.wide(out, n, x, i)
			continue
		}
		if four.has(uint32(x >> 24)) {
			out[n&(scanChunk-1)] = uint32(i + 1)
			n++
		}
		if four.has(uint32(x >> 16)) {
			out[n&(scanChunk-1)] = uint32(i + 2)
			n++
		}
		if four.has(uint32(x >> 8)) {
			out[n&(scanChunk-1)] = uint32(i + 3)
			n++
		}
		if four.has(uint32(x)) {
			out[n&(scanChunk-1)] = uint32(i + 4)
			n++
		}
	}
	for ; i < to; i++ {
		out[n] = uint32(i + 1)
		n++
	}
	return n
}

// wide is filter for four offsets from i on whose bytes, in x, are not all ASCII.
func (s *scanner) wide(out *[scanChunk]uint32, n int, x uint64, i int) int {
	four, three := s.four.bits, s.three.bits
	for k := range 4 {
		if g := uint32(x >> (24 - 8*k)); four.has(g) || leads(g) && three.has(g&0xFFFFFF) {
			out[n&(scanChunk-1)] = uint32(i + k + 1)
			n++
		}
	}
	return n
}

// gramBits are 2^18 bits, by the hash of a key.
type gramBits [1 << 12]uint64

func (b *gramBits) has(key uint32) bool {
	h := gramHash(key)
	return b[h>>6]&(1<<(h&63)) != 0
}

// leads reports whether of the four bytes of g the second one begins a rune that is not ASCII.
func leads(g uint32) bool { return g&0xC00000 == 0xC00000 }

// look looks for the literals that are filed under g, the four bytes of low before end.
func (s *scanner) look(low string, end int, g uint32, hit report) {
	if s.four.bits.has(g) {
		s.four.found(low, end, g, hit)
	}
	if leads(g) && s.three.bits.has(g&0xFFFFFF) {
		s.three.found(low, end, g&0xFFFFFF, hit)
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
	s := &g.slots[i]
	if s.before&besideAt(low, end-g.n-1) == 0 || s.after&besideAt(low, end) == 0 {
		return
	}
	for n := s.from; n > 0; n++ {
		b := &g.begin[n]
		if start := end - int(b.at); start >= 0 && (start+8 > len(low) || (eight(low[start:])^b.bytes)&b.mask == 0) {
			if w := &g.list[n]; strings.HasPrefix(low[start:], w.whole) && (!b.edged || w.before&besideAt(low, start-1) != 0 && w.after&besideAt(low, start+len(w.whole)) != 0) {
				hit(start, start+len(w.whole), w)
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
