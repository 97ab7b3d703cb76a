package rules

import (
	"slices"
	"strings"
)

// openings finds expressions by what a unit begins with, from its first letter
// or digit on: up to maxOpening bytes of the plain form, folded.
type openings struct {
	heads  []opening
	begins *openingBits  // a bit for the hash of whatever keys begin with: what has none is the beginning of no key
	keys   *openingBits  // a bit for the hash of each key
	slots  []openingSlot // by the hash of the key, with open addressing: a power of two, at most half full
	more   []edge        // of each of heads, what comes after its key
}

// An opening is one head of an expression. Once sealed, those of one key stand
// together, the shorter ones and those that are alike side by side.
type opening struct {
	head string
	atom int32
}

// An openingSlot holds where the heads of a key stand; no key is 0.
type openingSlot struct {
	key      uint64
	from, to int32
}

// maxOpening is the length in bytes of the longest key of openings.
const maxOpening = 8

// openingKey returns the first n bytes of s as one number. The first is a
// letter or digit, or a part of one, and none is 0: n is told by the number.
func openingKey(s string, n int) (k uint64) {
	for i := range n {
		k = k<<8 | uint64(s[i])
	}
	return k
}

// openingBits are 2^17 bits.
type openingBits [1 << 11]uint64

func (b *openingBits) add(h uint64) { b[h>>6] |= 1 << (h & 63) }

func (b *openingBits) has(h uint64) bool { return b[h>>6]&(1<<(h&63)) != 0 }

func openingHash(k uint64) uint64 { return k * 0x9E3779B97F4A7C15 >> (64 - 17) }

func (o *openings) add(head string, atom int32) {
	o.heads = append(o.heads, opening{head, atom})
}

// seal makes o ready for look-ups.
func (o *openings) seal() {
	if len(o.heads) == 0 {
		return
	}
	key := func(h opening) uint64 { return openingKey(h.head, min(len(h.head), maxOpening)) }
	slices.SortStableFunc(o.heads, func(a, b opening) int {
		switch ka, kb := key(a), key(b); {
		case ka < kb:
			return -1
		case ka > kb:
			return 1
		}
		return strings.Compare(a.head, b.head)
	})
	for _, h := range o.heads {
		o.more = append(o.more, newEdges([]string{h.head[min(len(h.head), maxOpening):]}, false)...)
	}
	n := 4
	for n < 2*len(o.heads) {
		n *= 2
	}
	o.slots, o.begins, o.keys = make([]openingSlot, n), new(openingBits), new(openingBits)
	for from := 0; from < len(o.heads); {
		k, to := key(o.heads[from]), from+1
		for to < len(o.heads) && key(o.heads[to]) == k {
			to++
		}
		for n := range min(len(o.heads[from].head), maxOpening) {
			o.begins.add(openingHash(openingKey(o.heads[from].head, n+1)))
		}
		h := openingHash(k)
		o.keys.add(h)
		i := int(h) & (n - 1)
		for o.slots[i].key != 0 {
			i = (i + 1) & (n - 1)
		}
		o.slots[i] = openingSlot{k, int32(from), int32(to)}
		from = to
	}
}

// lookup calls hit with each expression that a unit may match whose plain
// form, folded, is t from its first word on.
func (o *openings) lookup(t string, hit func(atom int32)) {
	var k uint64
	for n := range min(len(t), maxOpening) {
		k = k<<8 | uint64(t[n])
		h := openingHash(k)
		if !o.begins.has(h) {
			return
		}
		if !o.keys.has(h) {
			continue
		}
		for i := int(h) & (len(o.slots) - 1); o.slots[i].key != 0; i = (i + 1) & (len(o.slots) - 1) {
			if s := o.slots[i]; s.key == k {
				rest := t[n+1:]
				next := eight(rest)
				for at := s.from; at < s.to; at++ {
					if e := &o.more[at]; (next^e.bytes)&e.mask == 0 && strings.HasPrefix(rest, e.whole) {
						hit(o.heads[at].atom)
					}
				}
				break
			}
		}
	}
}
