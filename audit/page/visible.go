package page

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// A piece is a run of text that can be shown as it is, or, where Name is set,
// one rune (N times in a row) that could not be seen or would change how the
// text around it is read. Nothing in the page shows untrusted text otherwise.
type piece struct {
	Text string
	Name string // short, for example "RLO" or "U+00AD"
	Long string // what it is, in words
	N    int
}

// named are the unseen runes that have a name people know.
var named = map[rune][2]string{
	0x00:   {"NUL", "null"},
	0x08:   {"BS", "backspace"},
	0x0B:   {"VT", "vertical tab"},
	0x0C:   {"FF", "form feed"},
	0x0D:   {"CR", "carriage return"},
	0x1B:   {"ESC", "escape"},
	0x7F:   {"DEL", "delete"},
	0x85:   {"NEL", "next line"},
	0xAD:   {"SHY", "soft hyphen"},
	0x061C: {"ALM", "Arabic letter mark"},
	0x200B: {"ZWSP", "zero-width space"},
	0x200C: {"ZWNJ", "zero-width non-joiner"},
	0x200D: {"ZWJ", "zero-width joiner"},
	0x200E: {"LRM", "left-to-right mark"},
	0x200F: {"RLM", "right-to-left mark"},
	0x2028: {"LSEP", "line separator"},
	0x2029: {"PSEP", "paragraph separator"},
	0x202A: {"LRE", "left-to-right embedding"},
	0x202B: {"RLE", "right-to-left embedding"},
	0x202C: {"PDF", "pop directional formatting"},
	0x202D: {"LRO", "left-to-right override"},
	0x202E: {"RLO", "right-to-left override"},
	0x2060: {"WJ", "word joiner"},
	0x2066: {"LRI", "left-to-right isolate"},
	0x2067: {"RLI", "right-to-left isolate"},
	0x2068: {"FSI", "first strong isolate"},
	0x2069: {"PDI", "pop directional isolate"},
	0xFEFF: {"BOM", "byte-order mark, or zero-width no-break space"},
}

// unseen reports whether r is shown by name: control and format characters,
// and what fonts draw as nothing.
func unseen(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20 || 0x7F <= r && r < 0xA0:
		return true
	case r < 0xAD:
		return false
	}
	return r == 0x2028 || r == 0x2029 ||
		unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// joins reports whether a joiner between a and b does its proper work, in an
// emoji or in a script that needs it.
func joins(a, b rune) bool { return a > 0x2FF && b > 0x2FF && !unseen(a) && !unseen(b) }

// mostMarks is how many marks one letter may carry; the rest of a pile, which
// would cover the lines around it, is shown by name. Real scripts need five or so.
const mostMarks = 8

// visible cuts t into pieces. A carriage return before a line feed is part of
// the line break.
func visible(t string) []piece {
	var out []piece
	start := 0 // of the text not yet in a piece
	piled := 0 // marks on the letter at hand
	before := rune(-1)
	flush := func(end int) {
		if end > start {
			out = append(out, piece{Text: t[start:end]})
		}
	}
	for i := 0; i < len(t); {
		r, n := utf8.DecodeRuneInString(t[i:])
		name, long := "", ""
		switch {
		case r == utf8.RuneError && n == 1:
			name, long = fmt.Sprintf("\\x%02X", t[i]), "a byte that is not UTF-8"
		case r == '\r' && i+1 < len(t) && t[i+1] == '\n':
		case (r == 0x200C || r == 0x200D) && joins(before, next(t[i+n:])):
		case unseen(r):
			name, long = fmt.Sprintf("U+%04X", r), "a character that cannot be seen"
			if nm, ok := named[r]; ok {
				name, long = nm[0], fmt.Sprintf("U+%04X %s", r, nm[1])
			}
		}
		if !unicode.Is(unicode.M, r) {
			piled = 0
		} else if piled++; piled > mostMarks && name == "" {
			name, long = "marks", "more marks on one letter than any script has"
		}
		if name != "" {
			flush(i)
			start = i + n
			if k := len(out) - 1; k >= 0 && out[k].Name == name {
				out[k].N++
			} else {
				out = append(out, piece{Name: name, Long: long, N: 1})
			}
		}
		before = r
		i += n
	}
	flush(len(t))
	return out
}

// next is the first rune of t, -1 where there is none.
func next(t string) rune {
	if t == "" {
		return -1
	}
	r, _ := utf8.DecodeRuneInString(t)
	return r
}

// cut returns a beginning of t of at most n bytes, whole runes where t is UTF-8.
func cut(t string, n int) string {
	if len(t) <= n {
		return t
	}
	for i := n; i >= max(n-utf8.UTFMax+1, 0); i-- {
		if utf8.RuneStart(t[i]) {
			return t[:i]
		}
	}
	return t[:n]
}

// cutFront returns an end of t of at most n bytes, whole runes where t is UTF-8.
func cutFront(t string, n int) string {
	if len(t) <= n {
		return t
	}
	from := len(t) - n
	for i := from; i <= min(from+utf8.UTFMax-1, len(t)); i++ {
		if i == len(t) || utf8.RuneStart(t[i]) {
			return t[i:]
		}
	}
	return t[from:]
}
