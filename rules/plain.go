package rules

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
	"unsafe"

	"winnow/text"
)

// A plain is a text in the form that expressions see: of each line its plain
// form (text.Plain) and a line break. It is made once for a document, so that
// expressions and their literals meet the same text, and no unit needs a copy
// of its own.
type plain struct {
	text  string      // valid until the next set, as low is: both are views of the buffers
	low   string      // text with its ASCII letters in lower case; the same offsets
	units []text.Span // in text, of the units of the segments
	lines []text.Span // in text, of their lines, without the line break

	buf, lowBuf []byte
}

// set makes p the plain form of seg.
func (p *plain) set(seg *text.Segments) {
	b := p.buf[:0]
	p.units, p.lines = p.units[:0], p.lines[:0]
	for i := range seg.Lines {
		l := &seg.Lines[i]
		start := len(b)
		if t := l.Span.In(seg.Text); text.IsPlain(t) {
			b = append(b, t...)
			for _, u := range seg.Units[l.Units[0]:l.Units[1]] {
				p.units = append(p.units, text.Span{Start: start + u.Span.Start - l.Span.Start, End: start + u.Span.End - l.Span.Start})
			}
		} else {
			end := l.Span.Start // of the unit before
			for _, u := range seg.Units[l.Units[0]:l.Units[1]] {
				if spaced(seg.Text[end:u.Span.Start]) {
					b = append(b, ' ')
				}
				at := len(b)
				b = text.AppendPlain(b, u.Span.In(seg.Text))
				p.units = append(p.units, text.Span{Start: at, End: len(b)})
				end = u.Span.End
			}
		}
		p.lines = append(p.lines, text.Span{Start: start, End: len(b)})
		b = append(b, '\n')
	}
	p.buf = b
	p.lowBuf = appendLower(p.lowBuf[:0], b)
	p.text, p.low = view(p.buf), view(p.lowBuf)
}

// of returns where unit lo stands in p.text, or its line where [lo, hi) is more than that unit.
func (p *plain) of(seg *text.Segments, lo, hi int) text.Span {
	if hi-lo > 1 {
		return p.lines[seg.Units[lo].Line]
	}
	return p.units[lo]
}

// spaced reports whether gap, the white space between two units, is there to be seen.
func spaced(gap string) bool {
	for _, r := range gap {
		if r != 0x200B && r != 0x2060 && r != 0xFEFF {
			return true
		}
	}
	return false
}

// view returns b as a string that shares its memory.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// appendLower appends b to dst with its ASCII letters in lower case, eight bytes at once.
func appendLower(dst, b []byte) []byte {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	n := len(dst)
	dst = slices.Grow(dst, len(b))[:n+len(b)]
	to := dst[n:]
	for ; len(b) >= 8 && len(to) >= 8; b, to = b[8:], to[8:] {
		x := binary.LittleEndian.Uint64(b)
		seven := x &^ high
		// The high bit of each byte: whether it is an ASCII letter in upper case.
		upper := (seven + (0x80-'A')*ones) &^ (seven + (0x80-'Z'-1)*ones) &^ x & high
		binary.LittleEndian.PutUint64(to, x|upper>>2)
	}
	for i, c := range b {
		to[i] = lower[c]
	}
	return dst
}

// firstWord returns the offset of the first letter or digit of t, or len(t).
func firstWord(t string) int {
	for i := 0; i < len(t); i++ {
		if c := t[i]; c >= utf8.RuneSelf {
			for j, r := range t[i:] {
				if wordRune(r) {
					return i + j
				}
			}
			break
		} else if wordByte(c) && c != '_' {
			return i
		}
	}
	return len(t)
}
