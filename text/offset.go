package text

import "unicode/utf8"

// An OffsetUnit is what offsets into a text count.
type OffsetUnit uint8

// The units.
const (
	Bytes      OffsetUnit = iota // bytes of UTF-8, winnow's own
	UTF16                        // UTF-16 code units, as JavaScript and Java count
	CodePoints                   // Unicode code points, as Python counts
)

// String returns the unit's name.
func (u OffsetUnit) String() string { return [...]string{"bytes", "utf-16 units", "code points"}[u] }

// A Counter turns byte offsets of one text into offsets in another unit. It
// remembers where it stood: offsets asked for in rising order cost one pass
// over the text together, an offset before the last one begins anew.
// A byte that starts no valid rune counts as one unit. Not safe for concurrent use.
type Counter struct {
	text  string
	unit  OffsetUnit
	at, n int
}

// NewCounter returns a Counter for t.
func NewCounter(t string, unit OffsetUnit) *Counter { return &Counter{text: t, unit: unit} }

// Offset returns the offset in c's unit of the byte offset i. Offsets outside
// the text are brought to its nearer end; an offset inside a rune counts as
// the rune's beginning.
func (c *Counter) Offset(i int) int {
	i = max(0, min(i, len(c.text)))
	if c.unit == Bytes {
		return i
	}
	if i < c.at {
		c.at, c.n = 0, 0
	}
	for c.at < i {
		if c.text[c.at] < utf8.RuneSelf {
			c.at++
			c.n++
			continue
		}
		r, n := utf8.DecodeRuneInString(c.text[c.at:])
		if c.at+n > i {
			break
		}
		c.at += n
		c.n++
		if c.unit == UTF16 && r > 0xFFFF {
			c.n++
		}
	}
	return c.n
}

// Span returns s in c's unit.
func (c *Counter) Span(s Span) Span {
	start := c.Offset(s.Start)
	return Span{start, c.Offset(s.End)}
}

// ByteOffset is the inverse of Counter.Offset: it returns the byte offset in t
// of offset n counted in unit. An n past the end gives len(t); an n inside a
// surrogate pair gives the beginning of its rune.
func ByteOffset(t string, unit OffsetUnit, n int) int {
	if unit == Bytes {
		return max(0, min(n, len(t)))
	}
	for i := 0; i < len(t); {
		r, size := utf8.DecodeRuneInString(t[i:])
		n--
		if unit == UTF16 && r > 0xFFFF {
			n--
		}
		if n < 0 {
			return i
		}
		i += size
	}
	return len(t)
}
