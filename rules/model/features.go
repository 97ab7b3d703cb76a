package model

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/text"
)

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
	kinds         // how many there are
)

// A shape is what a unit looks like, whatever its words.
type shape struct {
	length, end, letters uint8
	marks                uint16
	chars                uint8
	prose                bool
}

func (s shape) code() uint32 { return uint32(s.length)<<6 | uint32(s.end)<<3 | uint32(s.letters) }

// level returns how many of the steps n has reached.
func level(n int, steps ...int) uint8 {
	for i, s := range steps {
		if n < s {
			return uint8(i)
		}
	}
	return uint8(len(steps))
}

func shapeOf(seg *text.Segments, u *text.Unit) shape {
	toks, t := seg.TokensOf(u.Tokens), u.Span.In(seg.Text)
	var s shape
	n := len(toks)
	if n > 0 && len(t) < 4*n && seg.Text[toks[0].Start] >= utf8.RuneSelf {
		n = (n*2 + 4) / 5 // East Asian: a token is a character
	}
	s.length = level(n, 1, 2, 3, 5, 8, 12, 20, 35)
	s.chars = level(len(t)/max(1, len(toks)), 3, 4, 5, 6, 7, 9, 12)
	s.end = ending(t)
	if s.prose = n >= 12 && (s.end == 1 || s.end == 2 || s.end == 5) || n >= 30; s.prose {
		s.letters = 7
		return s // most of a text; what else it looks like tells little
	}
	upper, lower, none, capital := 0, 0, 0, 0
	for i, k := range toks {
		if text.IsSlot(k.Hash) {
			s.marks |= 1 << (k.Hash - text.SlotNumber)
			continue
		}
		if k.Hash == text.MarkQuote || i >= 40 {
			continue
		}
		w := seg.Text[k.Start:k.End]
		r, size := utf8.DecodeRuneInString(w)
		switch {
		case unicode.IsUpper(r):
			upper++
			if r, _ := utf8.DecodeRuneInString(w[size:]); len(w) > size && unicode.IsUpper(r) {
				capital++
			}
		case unicode.IsLower(r):
			lower++
		default:
			none++
		}
	}
	first := len(toks) > 0 && unicode.IsLower(firstRune(seg.Text[toks[0].Start:]))
	switch {
	case upper+lower == 0 && none == 0:
		s.letters = 0
	case none > upper+lower:
		s.letters = 1
	case capital > 0 && 2*capital >= upper+lower:
		s.letters = 2
	case lower == 0:
		s.letters = 3
	case first:
		s.letters = 4
	case upper*2 >= lower:
		s.letters = 5
	case upper*6 >= lower:
		s.letters = 6
	default:
		s.letters = 7
	}
	for i := 0; i < len(t) && i < 400; i++ {
		switch t[i] {
		case '|', '/', '\\':
			s.marks |= 1 << 8
		case '(', '[', '{':
			s.marks |= 1 << 9
		case '=', '<', '_', '`', '$', '#':
			s.marks |= 1 << 10
		case ':':
			s.marks |= 1 << 11
		case ',':
			s.marks |= 1 << 12
		case 0xC2:
			if i+1 < len(t) && (t[i+1] == 0xA9 || t[i+1] == 0xB7 || t[i+1] == 0xBB || t[i+1] == 0xAB) { // © · » «
				s.marks |= 1 << 13
			}
		case 0xE2:
			if i+1 < len(t) && t[i+1] >= 0x84 { // arrows, bullets, symbols; not quotation marks and dashes
				s.marks |= 1 << 14
			}
		case 0xF0:
			s.marks |= 1 << 15 // emoji
		}
	}
	return s
}

// ending returns the class of what t ends with; 0 is a letter or digit.
func ending(t string) uint8 {
	r, _ := utf8.DecodeLastRuneInString(t)
	switch r {
	case '.', '。', '।':
		return 1
	case '!', '！', '?', '？', '؟':
		return 2
	case ':', '：':
		return 3
	case ',', ';', '，', '、':
		return 4
	case '"', '\'', '”', '’', '»', '」', '』':
		return 5
	case '…', '›', '→', '>', '▼', '▾', '+':
		return 6
	case ')', ']', '}':
		return 7
	}
	return 0
}

func firstRune(t string) rune { r, _ := utf8.DecodeRuneInString(t); return r }

// An Input is a text in the form that the model scores: its features and
// shapes. It may be used again, and is not safe for concurrent use.
type Input struct {
	seg    *text.Segments
	taken  []bool
	shapes []shape
	run    []uint8
	zone   []uint8
	prose  int  // bytes of prose
	asian  bool // mostly in a script that is written without spaces
	twins  map[text.Fingerprint]int
	buf    []uint32
	words  []uint64                      // of the unit's tokens, by text.Stable: weights outlive versions
	saw    func(kind, uint32, text.Span) // told of each feature while reasons are made
}

// Reset prepares in for a text. taken is as in rules.Scorer.
func (in *Input) Reset(seg *text.Segments, taken []bool) {
	n := len(seg.Units)
	in.seg, in.taken = seg, taken
	in.shapes, in.run, in.zone = in.shapes[:0], in.run[:0], in.zone[:0]
	if in.twins == nil {
		in.twins = map[text.Fingerprint]int{}
	}
	clear(in.twins)
	first, last := n, -1
	in.prose, in.asian = 0, len(seg.Tokens) > 0 && len(seg.Text) < 4*len(seg.Tokens) && strings.ContainsAny(seg.Text, "的是のはを")
	for i := range seg.Units {
		s := shapeOf(seg, &seg.Units[i])
		in.shapes = append(in.shapes, s)
		if s.prose {
			first, last = min(first, i), i
			in.prose += seg.Units[i].Span.Len()
		} else {
			in.twins[seg.Units[i].Print]++
		}
	}
	for i := 0; i < n; {
		j := i
		for j < n && in.shapes[j].end == 0 && in.shapes[j].length <= 4 {
			j++
		}
		r := 1 + level(j-i, 1, 2, 3, 5, 8, 15, 30)
		if j == i {
			in.run = append(in.run, 0)
			i++
			continue
		}
		for ; i < j; i++ {
			in.run = append(in.run, r)
		}
	}
	for i := range n {
		z := uint8(1)
		switch {
		case last < 0:
			z = 0
		case i < first:
			z = 2 + level(first-i, 2, 4, 8, 16)
		case i > last:
			z = 8 + level(i-last, 2, 4, 8, 16)
		}
		in.zone = append(in.zone, z)
	}
}

// Article reports whether the text has enough prose to be judged as an
// article. In lists, catalogues and tables the content looks like furniture. Texts
// without spaces between words are left alone: too few were there to learn from.
func (in *Input) Article() bool {
	return !in.asian && len(in.shapes) >= fewest && in.prose >= leastProse && in.prose*100 >= leastShare*len(in.seg.Text)
}

// Below so many units, bytes of prose or per cent of prose a text is left alone.
const (
	fewest     = 8
	leastProse = 1000
	leastShare = 30
)

// Scored reports whether the model looks at unit u. Prose that stands neither
// near an edge nor beside what rules took is content unseen: it costs most and
// is hardly ever furniture.
func (in *Input) Scored(u int) bool {
	return !in.shapes[u].prose || u < nearEdge || u >= len(in.shapes)-nearEdge || in.took(u-1)+in.took(u+1) > 0
}

// nearEdge is the number of units from either edge in which prose is looked at.
const nearEdge = 10

// Len returns the number of units.
func (in *Input) Len() int { return len(in.shapes) }

// Prose reports whether unit u is a sentence of some length.
func (in *Input) Prose(u int) bool { return in.shapes[u].prose }

func mix(k kind, v uint64) uint32 {
	v = (v ^ uint64(k)*0x9E3779B97F4A7C15) * 0xff51afd7ed558ccd
	v ^= v >> 32
	v *= 0xc4ceb9fe1a85ec53
	return uint32(v >> (64 - Bits))
}

func (in *Input) add(k kind, v uint64) { in.addAt(k, v, text.Span{}) }

func (in *Input) addAt(k kind, v uint64, s text.Span) {
	h := mix(k, v)
	in.buf = append(in.buf, h)
	if in.saw != nil {
		in.saw(k, h, s)
	}
}

func (in *Input) shape(u int) uint64 {
	if u < 0 || u >= len(in.shapes) {
		return 1 << 20
	}
	return uint64(in.shapes[u].code())
}

func (in *Input) took(u int) uint64 {
	if u >= 0 && u < len(in.taken) && in.taken[u] {
		return 1
	}
	return 0
}

// Features returns the features of unit u, as indices of weights. They are
// valid until the next call.
func (in *Input) Features(u int) []uint32 {
	in.buf = in.buf[:0]
	unit, s := &in.seg.Units[u], in.shapes[u]
	toks := in.seg.TokensOf(unit.Tokens)
	in.add(kBias, 0)
	const most = 24
	in.words = slices.Grow(in.words[:0], len(toks))[:len(toks)]
	for i, t := range toks {
		if i <= most || i >= len(toks)-6 {
			in.words[i] = text.Stable(in.seg.Text, t)
		}
	}
	for i, t := range toks {
		if i >= most && i < len(toks)-6 {
			continue
		}
		in.addAt(kWord, in.words[i], t.Span())
		if i+1 < len(toks) {
			in.addAt(kPair, in.words[i]*31+in.words[i+1], text.Span{Start: int(t.Start), End: int(toks[i+1].End)})
		}
	}
	if n := len(toks); n > 0 {
		in.addAt(kFirst, in.words[0], toks[0].Span())
		in.addAt(kLast, in.words[n-1], toks[n-1].Span())
		if n <= 12 {
			in.add(kEdges, in.words[0]*31+in.words[n-1])
		}
	}
	in.add(kShape, uint64(s.code()))
	in.add(kLength, uint64(s.length))
	in.add(kEnd, uint64(s.end))
	in.add(kCase, uint64(s.letters))
	for b := range 16 {
		if s.marks>>b&1 == 1 {
			in.add(kMarks, uint64(b))
		}
	}
	in.add(kMarks, 100+uint64(s.marks))
	in.add(kChars, uint64(s.chars)<<4|uint64(s.length))
	n := len(in.shapes)
	head, tail := level(u, 1, 2, 3, 5, 9, 17, 33, 65), level(n-1-u, 1, 2, 3, 5, 9, 17, 33, 65)
	in.add(kHead, uint64(head))
	in.add(kTail, uint64(tail))
	in.add(kPlace, uint64(unit.Span.Start*10/max(1, len(in.seg.Text))))
	in.add(kSpot, uint64(head)<<20|uint64(tail)<<16|uint64(s.length))
	in.add(kPrev, in.shape(u-1))
	in.add(kNext, in.shape(u+1))
	in.add(kPrev2, in.shape(u-2))
	in.add(kNext2, in.shape(u+2))
	in.add(kAround, in.shape(u-1)<<42|in.shape(u)<<21|in.shape(u+1))
	in.add(kRun, uint64(in.run[u])<<8|uint64(in.zone[u]))
	if !s.prose {
		in.add(kTwin, uint64(min(in.twins[unit.Print], 4))<<4|uint64(s.length))
	}
	in.add(kRules, in.took(u)<<4|in.took(u-1)<<3|in.took(u+1)<<2|in.took(u-2)<<1|in.took(u+2))
	l := &in.seg.Lines[unit.Line]
	glued := uint64(level(l.Units[1]-l.Units[0], 2, 3, 6, 15))
	in.add(kGlued, glued<<4|uint64(s.length))
	in.add(kZone, uint64(in.zone[u]))
	in.add(kZoneLen, uint64(in.zone[u])<<12|uint64(s.code()))
	return in.buf
}
