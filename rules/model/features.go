package model

import "math/bits"

// What the model sees of a unit. Each feature is a kind and a value, hashed to
// one of 2^Bits weights. Nothing here depends on a language but the words
// themselves.

// Bits is the logarithm of the number of weights of the first layer.
const Bits = 18

// kind says what a feature tells; its name is what reasons say.
type kind uint8

const (
	kBias    kind = iota
	kWord         // a word of the unit
	kPair         // two words in a row
	kFirst        // the first word
	kLast         // the last word
	kShape        // length, end and case together
	kLength       // tokens
	kEnd          // what it ends with
	kCase         // upper and lower case
	kMarks        // signs and slots in it
	kChars        // bytes a token
	kHead         // lines from the head
	kTail         // lines from the tail
	kPlace        // share of the text before it
	kSpot         // head and tail position with length
	kPrev         // shape of the unit before
	kNext         // shape of the unit after
	kPrev2        // the one before that
	kNext2        // the one after that
	kAround       // shapes before and after together
	kRun          // short units in a row around it
	kTwin         // stands in the text more than once
	kRules        // taken by rules, or beside what they take
	kGlued        // several sentences on its line
	kZone         // before, among or behind the prose
	kZoneLen      // zone with length
	kEdges        // first and last word together
	kTopic        // how many of its words the prose holds
	kBlock        // its place beside the main block
	kCue          // a subject of menus that it speaks of
	kNear         // the subjects of the lines beside it
	kVouch        // how many lines around speak of such subjects
	kinds         // how many there are
)

func mix(k kind, v uint64) uint32 {
	v = (v ^ uint64(k)*0x9E3779B97F4A7C15) * 0xff51afd7ed558ccd
	v ^= v >> 32
	v *= 0xc4ceb9fe1a85ec53
	return uint32(v >> (64 - Bits))
}

// most and final are how many words of a unit the model sees: its first and its last.
const (
	most  = 24
	final = 6
)

// A list holds the features of one unit: the indices of their weights, those
// that hold words first.
type list struct {
	n, words int
	at       [2*(most+final) + 100]uint32
	kinds    [2*(most+final) + 100]kind
	tokens   [2*(most+final) + 3]uint16 // of those that hold words: the token of the unit, or the first of two
}

func (l *list) add(k kind, v uint64) {
	l.at[l.n] = mix(k, v)
	l.kinds[l.n] = k
	l.n++
}

func (l *list) word(k kind, v uint64, token int) {
	l.tokens[l.n] = uint16(min(token, 1<<16-1))
	l.add(k, v)
}

// Features returns the features of unit u, as indices of weights, and how many
// of them, the first ones, hold words. They are valid until the next call.
func (in *Input) Features(u int) (at []uint32, words int) {
	l := &in.list
	l.n = 0
	unit, s := &in.seg.Units[u], &in.shapes[u]
	toks := in.seg.TokensOf(unit.Tokens)
	for i, t := range toks {
		if i >= most && i < len(toks)-final {
			continue
		}
		l.word(kWord, t.Hash, i)
		if i+1 < len(toks) {
			l.word(kPair, t.Hash*31+toks[i+1].Hash, i)
		}
	}
	if n := len(toks); n > 0 {
		first, last := toks[0].Hash, toks[n-1].Hash
		l.word(kFirst, first, 0)
		l.word(kLast, last, n-1)
		if n <= 12 {
			l.word(kEdges, first*31+last, 0)
		}
	}
	l.words = l.n
	code := uint64(s.code())
	l.add(kBias, 0)
	l.add(kShape, code)
	l.add(kLength, uint64(s.length))
	l.add(kEnd, uint64(s.end))
	l.add(kCase, uint64(s.letters))
	for m := s.marks; m != 0; m &= m - 1 {
		l.add(kMarks, uint64(bits.TrailingZeros16(m)))
	}
	l.add(kMarks, 100+uint64(s.marks))
	l.add(kChars, uint64(s.chars)<<4|uint64(s.length))
	n := len(in.shapes)
	head, tail := edges.of(u), edges.of(n-1-u)
	l.add(kHead, uint64(head))
	l.add(kTail, uint64(tail))
	l.add(kPlace, uint64(unit.Span.Start*10/max(1, len(in.seg.Text))))
	l.add(kSpot, uint64(head)<<20|uint64(tail)<<16|uint64(s.length))
	before, after := in.shape(u-1), in.shape(u+1)
	l.add(kPrev, before)
	l.add(kNext, after)
	l.add(kPrev2, in.shape(u-2))
	l.add(kNext2, in.shape(u+2))
	l.add(kAround, before<<42|code<<21|after)
	l.add(kRun, uint64(in.run[u])<<8|uint64(in.zone[u]))
	if !s.prose {
		l.add(kTwin, uint64(min(in.twin[u], 4))<<4|uint64(s.length))
	}
	l.add(kRules, in.took(u)<<4|in.took(u-1)<<3|in.took(u+1)<<2|in.took(u-2)<<1|in.took(u+2))
	line := &in.seg.Lines[unit.Line]
	l.add(kGlued, uint64(glues.of(line.Units[1]-line.Units[0]))<<4|uint64(s.length))
	l.add(kZone, uint64(in.zone[u]))
	l.add(kZoneLen, uint64(in.zone[u])<<12|code)
	topic := uint64(in.topic[u])
	l.add(kTopic, topic<<4|uint64(s.length))
	place := uint64(8)
	if side := beside(u, in.lo, in.hi); side < 0 {
		place = uint64(7 - sides.of(-side))
	} else if side > 0 {
		place = uint64(9 + sides.of(side))
	}
	l.add(kBlock, place<<12|code)
	l.add(kBlock, 1<<20|place<<4|topic)
	if me := in.cues[u]; me != 0 {
		few := uint64(min(s.length, 5))
		for m := me; m != 0; m &= m - 1 {
			l.add(kCue, uint64(bits.TrailingZeros32(m))<<8|few)
		}
		l.add(kCue, 1<<20|uint64(in.told[u])<<4|few)
	}
	for d, m := range [...]uint32{in.cue(u - 1), in.cue(u + 1)} {
		for ; m != 0; m &= m - 1 {
			l.add(kNear, uint64(d)<<8|uint64(bits.TrailingZeros32(m)))
		}
	}
	vouch := uint64(min(7, in.vouchers(u-8, u+9)))
	l.add(kVouch, vouch<<4|uint64(s.length))
	l.add(kVouch, 1<<20|vouch<<4|uint64(in.zone[u]))
	return l.at[:l.n], l.words
}
