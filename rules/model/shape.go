package model

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/text"
)

// A shape is what a unit looks like, whatever its words.
type shape struct {
	length, end, letters uint8
	marks                uint16
	chars                uint8
	prose                bool
}

func (s *shape) code() uint32 { return uint32(s.length)<<6 | uint32(s.end)<<3 | uint32(s.letters) }

// A scale says of each number how many of some steps it has reached; numbers
// beyond the last step have reached all.
type scale []uint8

func newScale(steps ...int) scale {
	s := make(scale, steps[len(steps)-1]+1)
	for _, step := range steps {
		for n := step; n < len(s); n++ {
			s[n]++
		}
	}
	return s
}

func (s scale) of(n int) uint8 {
	if n >= len(s) {
		n = len(s) - 1
	}
	return s[n]
}

var (
	lengths = newScale(1, 2, 3, 5, 8, 12, 20, 35)
	charses = newScale(3, 4, 5, 6, 7, 9, 12)
	edges   = newScale(1, 2, 3, 5, 9, 17, 33, 65)
	runs    = newScale(1, 2, 3, 5, 8, 15, 30)
	zones   = newScale(2, 4, 8, 16)
	sides   = newScale(2, 3, 5, 9, 20)
	glues   = newScale(2, 3, 6, 15)
)

func shapeOf(seg *text.Segments, u *text.Unit) shape {
	toks, t := seg.TokensOf(u.Tokens), u.Span.In(seg.Text)
	var s shape
	n := len(toks)
	if n > 0 && len(t) < 4*n && seg.Text[toks[0].Start] >= utf8.RuneSelf {
		n = (n*2 + 4) / 5 // East Asian: a token is a character
	}
	s.length = lengths.of(n)
	s.chars = charses.of(len(t) / max(1, len(toks)))
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
		if c := w[0]; c < utf8.RuneSelf {
			switch {
			case 'a' <= c && c <= 'z':
				lower++
			case 'A' <= c && c <= 'Z':
				upper++
				if len(w) > 1 && ('A' <= w[1] && w[1] <= 'Z' || w[1] >= utf8.RuneSelf && unicode.IsUpper(firstRune(w[1:]))) {
					capital++
				}
			default:
				none++
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(w)
		switch {
		case unicode.IsUpper(r):
			upper++
			if len(w) > size && unicode.IsUpper(firstRune(w[size:])) {
				capital++
			}
		case unicode.IsLower(r):
			lower++
		default:
			none++
		}
	}
	switch {
	case upper+lower == 0 && none == 0:
		s.letters = 0
	case none > upper+lower:
		s.letters = 1
	case capital > 0 && 2*capital >= upper+lower:
		s.letters = 2
	case lower == 0:
		s.letters = 3
	case len(toks) > 0 && unicode.IsLower(firstRune(seg.Text[toks[0].Start:])):
		s.letters = 4
	case upper*2 >= lower:
		s.letters = 5
	case upper*6 >= lower:
		s.letters = 6
	default:
		s.letters = 7
	}
	for i := 0; i < len(t) && i < 400; i++ {
		c := t[i]
		if c < utf8.RuneSelf {
			s.marks |= markOf[c]
			continue
		}
		switch c {
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

// Bits of shape.marks: the slots come first, of which a number is the first;
// then signs, of which some stand in code more often than in text.
const (
	markNumber = 1
	markCode   = 1 << 10
)

// markOf holds the bit of shape.marks that a character stands for.
var markOf = func() (m [utf8.RuneSelf]uint16) {
	for bit, chars := range map[int]string{8: "|/\\", 9: "([{", 10: "=<_`$#", 11: ":", 12: ","} {
		for _, c := range chars {
			m[c] = 1 << bit
		}
	}
	return
}()

// endings names the characters that a unit may end with by their class; all
// others, letters and digits among them, are of class 0.
var endings = [...]string{1: ".。।", 2: "!！?？؟", 3: ":：", 4: ",;，、", 5: "\"'”’»」』", 6: "…›→>▼▾+", 7: ")]}"}

// endColon is the class of a colon in endings.
const endColon = 3

var endOf = func() (m [utf8.RuneSelf]uint8) {
	for class, chars := range endings {
		for _, c := range chars {
			if c < utf8.RuneSelf {
				m[c] = uint8(class)
			}
		}
	}
	return
}()

// ending returns the class of what t, which is not empty, ends with.
func ending(t string) uint8 {
	if c := t[len(t)-1]; c < utf8.RuneSelf {
		return endOf[c]
	}
	r, _ := utf8.DecodeLastRuneInString(t)
	for class, chars := range endings {
		if strings.ContainsRune(chars, r) {
			return uint8(class)
		}
	}
	return 0
}

func firstRune(t string) rune { r, _ := utf8.DecodeRuneInString(t); return r }
