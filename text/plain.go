package text

import (
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Plain returns t in the form that regular expressions of rules see: white
// space at the ends cut off and in between made one space, invisible runes
// dropped, single quotation marks and apostrophes made ', double ones ", dashes
// -, an ellipsis three full stops, and compatibility forms (full-width ASCII,
// ligatures) what they stand for (NFKC). Lengths change: it is for looking at, not for offsets.
func Plain(t string) string {
	if IsPlain(t) {
		return t
	}
	return string(AppendPlain(make([]byte, 0, len(t)+8), t))
}

// AppendPlain appends the plain form of t to dst.
func AppendPlain(dst []byte, t string) []byte {
	if IsPlain(t) {
		return append(dst, t...)
	}
	return appendPlain(dst, t)
}

func appendPlain(b []byte, t string) []byte {
	from := len(b)
	space, wide := false, false
	for i := 0; i < len(t); {
		if asIs[t[i]] { // the most of any text: visible ASCII with single spaces in it
			if space {
				b = append(b, ' ')
				space = false
			}
			n := asIsRun(t[i:])
			b = append(b, t[i:i+n]...)
			i += n
			continue
		}
		if n := letterTwo(t[i:]); n > 0 {
			if space {
				b = append(b, ' ')
				space = false
			}
			b = append(b, t[i:i+n]...)
			i += n
			continue
		}
		if i+2 < len(t) && t[i] == 0xE2 && t[i+1] == 0x80 && marks[t[i+2]] != "" {
			if space {
				b = append(b, ' ')
				space = false
			}
			b = append(b, marks[t[i+2]]...)
			i += 3
			continue
		}
		r, n := rune(t[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(t[i:])
		}
		i += n
		if r <= ' ' || r >= utf8.RuneSelf {
			if IsSpace(r) {
				// Invisible runes are no space, whatever Trim makes of them at the ends.
				if r == 0x200B || r == 0x2060 || r == 0xFEFF {
					space = false
				} else {
					space = len(b) > from
				}
				continue
			}
		}
		if space {
			b = append(b, ' ')
			space = false
		}
		switch {
		case r == '`':
			b = append(b, '\'')
		case r < utf8.RuneSelf:
			b = append(b, byte(r))
		case r == utf8.RuneError && n == 1:
			b = append(b, t[i-1])
		default:
			if m, ok := mark(r); ok {
				b = append(b, m...)
			} else {
				wide = wide || r >= 0x2000
				b = append(b, t[i-n:i]...)
			}
		}
	}
	if wide && !norm.NFKC.IsNormal(b[from:]) {
		return append(b[:from], norm.NFKC.Bytes(b[from:])...)
	}
	return b
}

// mark returns what becomes of a mark that the plain form has another one for, or none.
func mark(r rune) (string, bool) {
	switch r {
	case '’', '‘', '‚', '‛', '′', 'ʼ', '´':
		return "'", true
	case '“', '”', '„', '‟', '«', '»', '″':
		return `"`, true
	case '–', '—', '‐', '‑', '‒', '―', '−':
		return "-", true
	case '…':
		return "...", true
	case 0xAD, 0x200C, 0x200D, 0x200E, 0x200F:
		return "", true
	}
	return "", false
}

// letterTwo returns the length of the run of two-byte runes that t begins with
// and that the plain form holds as they are: letters of Latin, Greek, Cyrillic
// and their neighbours. Marks and spaces of two bytes begin with 0xC2 or 0xCA.
func letterTwo(t string) (n int) {
	for n+1 < len(t) && 0xC3 <= t[n] && t[n] <= 0xDF && t[n] != 0xCA && t[n+1]&0xC0 == 0x80 {
		n += 2
	}
	return n
}

// marks holds what becomes of the commonest marks of general punctuation, by
// the last of their three bytes in UTF-8: E2 80 and this one.
var marks = func() (m [256]string) {
	for r := rune(0x2000); r < 0x2040; r++ {
		m[string(r)[2]], _ = mark(r)
	}
	return
}()

// asIs holds the bytes that the plain form holds as they are, wherever they stand.
var asIs = func() (b [256]bool) {
	for c := ' ' + 1; c < utf8.RuneSelf; c++ {
		b[c] = c != '`'
	}
	return
}()

// IsPlain reports whether t is ASCII that Plain would return as it is. It may
// say no of such a text too.
func IsPlain(t string) bool {
	if t == "" {
		return true
	}
	if t[0] == ' ' || t[len(t)-1] == ' ' {
		return false
	}
	n, space := plainEights(t)
	if n+8 <= len(t) {
		return false
	}
	i := n
	if space && i < len(t) && t[i] == ' ' {
		return false
	}
	for ; i < len(t); i++ {
		c := t[i]
		if c >= utf8.RuneSelf || c < ' ' || c == '`' || c == ' ' && t[i+1] == ' ' {
			return false
		}
	}
	return true
}

// plainEights returns how many bytes of t, eight at a time, are ASCII that the
// plain form holds as it is, without two spaces in a row, and whether the last
// one is a space. Each of the eight has its own part of a word.
func plainEights(t string) (n int, space bool) {
	last := uint64(0) // the high bit of its lowest byte: whether the byte before was a space
	for ; n+8 <= len(t); n += 8 {
		x := eightAt(t, n)
		tick := x ^ '`'*ones
		if (x|(x-' '*ones)|((tick-ones)&^tick))&highBits != 0 {
			break
		}
		sp := x ^ ' '*ones
		sp = ^((sp + 0x7F*ones) | sp) & highBits // exact, since no byte of x is over 0x7F
		if sp&(sp<<8|last) != 0 {
			break
		}
		last = sp >> 56
	}
	return n, last != 0
}

// asIsRun returns the length of what t begins with and the plain form holds as
// it is: visible ASCII with single spaces in it. t begins with some.
func asIsRun(t string) int {
	n, space := plainEights(t)
	if space {
		n--
	}
	for n < len(t) && (asIs[t[n]] || t[n] == ' ' && n+1 < len(t) && asIs[t[n+1]]) {
		n++
	}
	return n
}
