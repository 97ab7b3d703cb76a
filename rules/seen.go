package rules

import (
	"math"
	"unicode/utf8"

	"winnow/text"
)

// A seen is a unit, or a line of several, as expressions see it, with what
// rules most of them out at a glance. It is made once for all of them.
type seen struct {
	at    text.Span // in the plain form
	plain string
	low   string
	word  int    // offset in low of the first letter or digit
	first uint64 // the class of the byte there, as a bit; noWord where there is none
	last  uint64 // that of low's last byte
	open  uint64 // the eight bytes of low from word on; see eight
	shut  uint64 // its last eight bytes; see eightBack

	runes int   // how many plain has; -1 until it is asked for
	pairs pairs // of low, once paired
	known bool  // whether pairs is filled
}

// see returns unit lo, or its line where [lo, hi) is all of it. It is valid
// until the next unit (or line) is seen.
func (f *finder) see(lo, hi int) *seen {
	v := &f.views[0]
	if hi-lo > 1 {
		v = &f.views[1]
	}
	at := f.plain.of(&f.seg, lo, hi)
	if at == v.at {
		return v
	}
	v.at, v.plain, v.low = at, at.In(f.plain.text), at.In(f.plain.low)
	v.runes, v.known = -1, false
	v.word = firstWord(v.low)
	v.first, v.last = noWord, 0
	if v.word < len(v.low) {
		v.first = byteClass[v.low[v.word]]
	}
	v.open, v.shut = eight(v.low[v.word:]), eightBack(v.low)
	if v.low != "" {
		v.last = byteClass[v.low[len(v.low)-1]]
	}
	return v
}

// count returns the number of runes.
func (v *seen) count() int {
	if v.runes < 0 {
		v.runes = utf8.RuneCountInString(v.plain)
	}
	return v.runes
}

// has returns the pairs.
func (v *seen) has() *pairs {
	if !v.known {
		v.pairs.set(v.low)
		v.known = true
	}
	return &v.pairs
}

// A glance is what an expression asks of a unit at least: its length, the
// classes of its first and last bytes, and pairs of bytes that it holds.
// Expressions have one in a row of their own, since most tries end here.
type glance struct {
	min, max    int32 // in runes
	first, last uint64
	must        [6]uint16 // hashes of pairs; see pairs
	musts       uint8     // how many of them there are
	spans       bool      // see atom.spans
}

// newGlance returns what e asks for.
func (e *expr) newGlance() glance {
	g := glance{min: int32(min(max(e.min, 1), math.MaxInt32)), max: math.MaxInt32, first: ^uint64(0), last: ^uint64(0)}
	if e.max >= 0 {
		g.max = int32(min(e.max, math.MaxInt32))
	}
	if len(e.head) > 0 {
		g.first = 0
		for i := range e.head {
			g.first |= byteClass[e.head[i].whole[0]]
		}
	}
	if len(e.tail) > 0 {
		g.last = 0
		for i := range e.tail {
			t := e.tail[i].whole
			g.last |= byteClass[t[len(t)-1]]
		}
	}
	must := mustHold(e.need)
	g.musts = uint8(copy(g.must[:], must))
	return g
}

// glance returns what the expression of a asks for.
func (a *atom) glance() glance {
	g := a.expr.glance
	g.spans = a.spans()
	return g
}

// or returns what g or o asks for, and more at times.
func (g glance) or(o glance) glance {
	return glance{min: min(g.min, o.min), max: max(g.max, o.max), first: g.first | o.first, last: g.last | o.last, spans: g.spans || o.spans}
}

// may reports whether v may match.
func (g *glance) may(v *seen) bool {
	n := len(v.low)
	if n < int(g.min) || g.first&v.first == 0 || g.last&v.last == 0 || n/utf8.UTFMax > int(g.max) {
		return false
	}
	return (g.musts == 0 || v.has().all(g.must[:g.musts])) && (n <= int(g.max) || v.count() <= int(g.max))
}

// noWord is the first class of a unit without a word.
const noWord = 1 << 63

// byteClass parts the bytes into 63 classes, each a bit of its own: letters
// and digits and the commonest marks each have one, of the others several share one.
var byteClass = func() (c [256]uint64) {
	for b := range c {
		c[b] = 1 << (45 + b%18)
	}
	for i, b := range []byte("abcdefghijklmnopqrstuvwxyz0123456789.,:;!?)\"'") {
		c[b] = 1 << i
	}
	return
}()
