package page

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// render writes pieces as one line: what is shown by name stands in angle brackets.
func render(ps []piece) string {
	var b strings.Builder
	for _, p := range ps {
		if p.Name != "" {
			fmt.Fprintf(&b, "<%s×%d>", p.Name, p.N)
		}
		b.WriteString(p.Text)
	}
	return b.String()
}

func TestVisible(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"plain", "Ferries sail.\n\tAs usual.", "Ferries sail.\n\tAs usual."},
		{"other scripts", "Ĝis! Здравствуй, 你好, שלום, مرحبا", "Ĝis! Здравствуй, 你好, שלום, مرحبا"},
		{"line breaks of Windows", "a\r\nb", "a\r\nb"},
		{"a carriage return alone", "a\rb", "a<CR×1>b"},
		{"an override", "user\u202Egpj.exe\u202C", "user<RLO×1>gpj.exe<PDF×1>"},
		{"isolates", "\u2066a\u2069", "<LRI×1>a<PDI×1>"},
		{"marks", "a\u200Eb\u200Fc\u061Cd", "a<LRM×1>b<RLM×1>c<ALM×1>d"},
		{"invisible", "a\u200Bb\u00ADc\uFEFFd\u2060e", "a<ZWSP×1>b<SHY×1>c<BOM×1>d<WJ×1>e"},
		{"many in a row", strings.Repeat("\u200B", 5000) + "x", "<ZWSP×5000>x"},
		{"controls", "a\x00b\x1b[31mc\x7fd", "a<NUL×1>b<ESC×1>[31mc<DEL×1>d"},
		{"line separators", "a\u2028b\u2029c\u0085d", "a<LSEP×1>b<PSEP×1>c<NEL×1>d"},
		{"bytes that are not UTF-8", "a\xff\xffb\xe2\x82", "a<\\xFF×2>b<\\xE2×1><\\x82×1>"},
		{"the replacement character itself", "a\uFFFDb", "a\uFFFDb"},
		{"a joiner at work in an emoji", "👩\u200D🚀", "👩\u200D🚀"},
		{"a joiner at work in Persian", "می\u200Cخواهم", "می\u200Cخواهم"},
		{"a joiner between Latin letters", "pay\u200Dpal", "pay<ZWJ×1>pal"},
		{"a joiner at the end", "👩\u200D", "👩<ZWJ×1>"},
		{"tags", "a\U000E0041\U000E0042", "a<U+E0041×1><U+E0042×1>"},
		{"fillers that fonts draw as nothing", "a\u3164b\u115F", "a<U+3164×1>b<U+115F×1>"},
		{"signs of numbers in Arabic are seen", "\u0600\u0661", "\u0600\u0661"},
		{"marks on letters", "e\u0301\u0323, \u05d1\u05bc\u05b0", "e\u0301\u0323, \u05d1\u05bc\u05b0"},
		{"a pile of marks", "Z" + strings.Repeat("\u0337", 500) + "algo", "Z" + strings.Repeat("\u0337", 8) + "<marks×492>algo"},
		{"mark-up is left to the templates", "<b>&amp;", "<b>&amp;"},
	} {
		if got := render(visible(c.in)); got != c.want {
			t.Errorf("%s: %q: got %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

// FuzzVisible: nothing is lost, and nothing unseen is left.
func FuzzVisible(f *testing.F) {
	f.Add("a\u202Eb\xff\r\nc\u200D👩")
	f.Fuzz(func(t *testing.T, in string) {
		ps := visible(in)
		n := 0
		for _, p := range ps {
			n += len(p.Text)
			if (p.Name == "") == (p.Text == "") {
				t.Fatalf("a piece of %q is both or neither: %+v", in, p)
			}
			if !utf8.ValidString(p.Text) {
				t.Fatalf("%q is shown as it is, and is not UTF-8", p.Text)
			}
			for _, r := range p.Text {
				if unseen(r) && r != '\r' && r != 0x200C && r != 0x200D {
					t.Fatalf("%U of %q is shown as it is", r, in)
				}
			}
		}
		if n > len(in) {
			t.Fatalf("%d bytes of %d are shown", n, len(in))
		}
	})
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in          string
		n           int
		front, back string
	}{
		{"abc", 5, "abc", "abc"},
		{"abc", 2, "ab", "bc"},
		{"aéb", 2, "a", "b"},
		{"👩👩", 5, "👩", "👩"},
		{"👩", 2, "", ""},
		{"\x80\x80\x80\x80\x80\x80", 5, "\x80\x80\x80\x80\x80", "\x80\x80\x80\x80\x80"},
		{"", 0, "", ""},
	} {
		if got := cut(c.in, c.n); got != c.front {
			t.Errorf("cut(%q, %d) = %q, want %q", c.in, c.n, got, c.front)
		}
		if got := cutFront(c.in, c.n); got != c.back {
			t.Errorf("cutFront(%q, %d) = %q, want %q", c.in, c.n, got, c.back)
		}
	}
}
