// Package text is the ground that every other package of winnow stands on:
// spans, documents, publishers, offsets, units and fingerprints.
//
// Offsets are byte offsets into a named text and ranges are half-open,
// [Start, End), everywhere in winnow. A text is any sequence of bytes held in a
// Go string; it need not be valid UTF-8. Where a text is invalid, every byte
// that starts no rune counts as a rune of one byte, as in a Go range loop.
package text

import (
	"fmt"
	"unicode/utf8"
)

// A Span is the half-open byte range [Start, End) of a text.
// The zero Span is empty and stands at the beginning.
type Span struct {
	Start int // first byte
	End   int // one past the last byte
}

// Len returns the length in bytes.
func (s Span) Len() int { return s.End - s.Start }

// Empty reports whether s holds no byte.
func (s Span) Empty() bool { return s.End <= s.Start }

// Contains reports whether the byte at offset i lies in s.
func (s Span) Contains(i int) bool { return s.Start <= i && i < s.End }

// Covers reports whether all of o lies in s.
func (s Span) Covers(o Span) bool { return s.Start <= o.Start && o.End <= s.End }

// Overlaps reports whether s and o share a byte.
func (s Span) Overlaps(o Span) bool { return s.Start < o.End && o.Start < s.End }

// Touches reports whether s and o overlap or stand side by side.
func (s Span) Touches(o Span) bool { return s.Start <= o.End && o.Start <= s.End }

// Union returns the smallest span that covers s and o.
func (s Span) Union(o Span) Span { return Span{min(s.Start, o.Start), max(s.End, o.End)} }

// In returns the bytes of t that s stands for. It panics if s does not lie in t.
func (s Span) In(t string) string { return t[s.Start:s.End] }

// String renders s as "[start,end)".
func (s Span) String() string { return fmt.Sprintf("[%d,%d)", s.Start, s.End) }

// Compare orders spans by start, then by end.
func (s Span) Compare(o Span) int {
	if s.Start != o.Start {
		return s.Start - o.Start
	}
	return s.End - o.End
}

// Trim returns s without the white space at its two ends, read in t.
// A span of white space alone becomes an empty span at its end.
func (s Span) Trim(t string) Span {
	for s.Start < s.End {
		n := leadingSpace(t[s.Start:s.End])
		if n == 0 {
			break
		}
		s.Start += n
	}
	for s.Start < s.End {
		n := trailingSpace(t[s.Start:s.End])
		if n == 0 {
			break
		}
		s.End -= n
	}
	return s
}

// leadingSpace returns the length in bytes of the white-space rune that t begins with, or 0.
func leadingSpace(t string) int {
	if c := t[0]; c < utf8.RuneSelf {
		if asciiSpace(c) {
			return 1
		}
		return 0
	}
	r, n := utf8.DecodeRuneInString(t)
	if IsSpace(r) {
		return n
	}
	return 0
}

// trailingSpace returns the length in bytes of the white-space rune that t ends with, or 0.
func trailingSpace(t string) int {
	if c := t[len(t)-1]; c < utf8.RuneSelf {
		if asciiSpace(c) {
			return 1
		}
		return 0
	}
	r, n := utf8.DecodeLastRuneInString(t)
	if IsSpace(r) {
		return n
	}
	return 0
}

func asciiSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// IsSpace reports whether r is white space to winnow: Unicode's White_Space
// property, and the invisible runes that pages use as padding (zero-width
// space, word joiner, byte-order mark).
func IsSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\v', '\f', '\r', 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
		0x200B, 0x2060, 0xFEFF:
		return true
	}
	return 0x2000 <= r && r <= 0x200A
}
