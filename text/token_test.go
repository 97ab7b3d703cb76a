package text

import (
	"strings"
	"testing"
)

// TestWordForms: a word has one hash in all of its forms, whatever its length
// beside the eight bytes that are hashed at once, and wherever it stands.
func TestWordForms(t *testing.T) {
	const letters = "thequickbrownfoxjumpsoverthelazydogandrunsaway"
	seen := map[uint64]string{}
	for n := 1; n <= len(letters); n++ {
		w := letters[:n]
		h := HashWord(w)
		if other, ok := seen[h]; ok {
			t.Fatalf("%q and %q have one hash", w, other)
		}
		seen[h] = w
		wide := strings.Map(func(r rune) rune { return r - 'a' + 'ａ' }, w)
		forms := []string{strings.ToUpper(w), wide, w[:n/2] + "\u00ad" + w[n/2:]}
		if n > 1 {
			forms = append(forms, w[:n/2]+"’"+w[n/2:], w[:n/2]+"'"+w[n/2:], w[:n/2]+wide[3*(n/2):])
		}
		for _, f := range forms {
			if n == 1 && f[0] == 0xC2 {
				continue // no word begins with a soft hyphen
			}
			for _, in := range []string{f, f + " ", f + ". ", "- " + f + "— and more", f + "”", f + "\n"} {
				if got := Tokenize(in)[0]; got.Hash != h || got.Span().In(in) != f {
					t.Errorf("%q in %q: token %q with another hash than %q", f, in, got.Span().In(in), w)
				}
			}
		}
	}
	if HashWord("été") == HashWord("ete") || HashWord("x2") == HashWord("x") {
		t.Error("accents or digits are not told apart")
	}
}

// BenchmarkWords hashes the words of a text as Tokenize does, and segments it.
func BenchmarkWords(b *testing.B) {
	t := strings.Repeat("The council met on Monday and spoke of the new bridge, which will cost more than anyone had thought before the winter: “It won’t do,” she said.\n", 100)
	words := len(Tokenize(t))
	b.Run("tokens", func(b *testing.B) {
		b.SetBytes(int64(len(t)))
		var toks []Token
		for b.Loop() {
			if toks, _ = tokenize(toks[:0], t, 0, len(t), 1<<30); len(toks) != words {
				b.Fatal(len(toks))
			}
		}
	})
	b.Run("segments", func(b *testing.B) {
		b.SetBytes(int64(len(t)))
		var s Segments
		for b.Loop() {
			if s.Segment(t, "", nil); len(s.Lines) != 100 || len(s.Tokens) != words {
				b.Fatal(len(s.Lines), len(s.Tokens))
			}
		}
	})
}
