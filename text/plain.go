package text

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Plain returns t in the form that regular expressions of rules see: white
// space at the ends cut off and in between made one space, invisible runes
// dropped, single quotation marks and apostrophes made ', double ones ", dashes
// -, an ellipsis three full stops, and compatibility forms (full-width ASCII,
// ligatures) what they stand for (NFKC). Lengths change: it is for looking at, not for offsets.
func Plain(t string) string {
	if plainASCII(t) {
		return t
	}
	var b strings.Builder
	b.Grow(len(t))
	space, wide := false, false
	for i, r := range t {
		if IsSpace(r) {
			space = space || b.Len() > 0
			if r == 0x200B || r == 0x2060 || r == 0xFEFF {
				space = false
			}
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		switch r {
		case '’', '‘', '‚', '‛', '′', 'ʼ', '`', '´':
			b.WriteByte('\'')
		case '“', '”', '„', '‟', '«', '»', '″':
			b.WriteByte('"')
		case '–', '—', '‐', '‑', '‒', '―', '−':
			b.WriteByte('-')
		case '…':
			b.WriteString("...")
		case 0xAD, 0x200C, 0x200D, 0x200E, 0x200F:
		case utf8.RuneError:
			if t[i] >= utf8.RuneSelf && !strings.HasPrefix(t[i:], "\uFFFD") {
				b.WriteByte(t[i])
				continue
			}
			b.WriteRune(r)
		default:
			if r >= 0x2000 {
				wide = true
			}
			b.WriteRune(r)
		}
	}
	if wide && !norm.NFKC.IsNormalString(b.String()) {
		return norm.NFKC.String(b.String())
	}
	return b.String()
}

// plainASCII reports whether Plain would return t as it is, for ASCII alone.
func plainASCII(t string) bool {
	for i := 0; i < len(t); i++ {
		c := t[i]
		if c >= utf8.RuneSelf || c < ' ' || c == '`' || c == ' ' && (i == 0 || i+1 == len(t) || t[i+1] == ' ') {
			return false
		}
	}
	return true
}
