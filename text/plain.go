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
	if plainASCII(t) {
		return t
	}
	b := make([]byte, 0, len(t)+8)
	space, wide := false, false
	for i := 0; i < len(t); {
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
					space = len(b) > 0
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
			switch r {
			case '’', '‘', '‚', '‛', '′', 'ʼ', '´':
				b = append(b, '\'')
			case '“', '”', '„', '‟', '«', '»', '″':
				b = append(b, '"')
			case '–', '—', '‐', '‑', '‒', '―', '−':
				b = append(b, '-')
			case '…':
				b = append(b, "..."...)
			case 0xAD, 0x200C, 0x200D, 0x200E, 0x200F:
			default:
				wide = wide || r >= 0x2000
				b = append(b, t[i-n:i]...)
			}
		}
	}
	if wide && !norm.NFKC.IsNormal(b) {
		return string(norm.NFKC.Bytes(b))
	}
	return string(b)
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
