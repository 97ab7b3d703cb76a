package audit

import (
	"strings"
	"testing"
)

// TestWords: letters, digits and marks in lower case, with one space between what
// is anything else.
func TestWords(t *testing.T) {
	for _, in := range []string{"", " ", "...", "a", "A", " a", "a ", "a  B", "It's 24°C", "Ünïcode \xff\x00 bytes", "\u212a\u0130Ⱥ", "дом.Дом", "你好，世界",
		"e\u0301te\u0301", strings.Repeat("Ⱥ", 100) + "x", strings.Repeat("word, ", 50) + "—" + strings.Repeat(" A.", 50), "a\u3000b", "\u3000"} {
		want := strings.Join(strings.FieldsFunc(strings.Map(func(r rune) rune {
			if r = foldRune(r); r == 0 {
				return ' '
			}
			return r
		}, in), func(r rune) bool { return r == ' ' }), " ")
		if got := words(in); got != " "+want+" " {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestSeen: the index says what scanning says.
func TestSeen(t *testing.T) {
	kept := "Ann Example saw 47 ships, and 47 ships saw Ann. Miriam Okafor of the harbour board counted them all twice."
	for _, own := range []string{"", "47 ships, and", "Miriam Okafor"} {
		for _, q := range []string{"47", "48", "4", "Ann Example", "Example Ann", "miriam okafor", "ships saw Ann", "of the harbour board counted them", "of the harbour board counted all", "Ann", "twice", "47 ships", "zzz"} {
			scan, index := &seen{of: kept}, &seen{of: kept, spent: scanLimit}
			var o1, o2 *seen
			if own != "" {
				o1, o2 = &seen{of: own}, &seen{of: own}
			}
			a, b := scan.holds(words(q), o1), index.holds(words(q), o2)
			if a != b || (scan.runs != nil) || index.runs == nil {
				t.Errorf("%q without %q: scanning says %v, the index %v", q, own, a, b)
			}
		}
	}
	for _, empty := range []string{"", "...", "x"} {
		if s := (&seen{of: empty, spent: scanLimit}); s.holds(words("y"), nil) {
			t.Errorf("%q holds y", empty)
		}
	}
}
