package rules

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
)

func TestDFA(t *testing.T) {
	exprs := []string{
		``, `a`, `(?i)straße`, `(?i)K.*k`, `a|`, `(?:ab?)*c`, `[^"]*\bfoo\b[^"]{0,9}`, `\w+ \W+`, `.{3,}`, `(?s).+`, `\p{Lu}[\p{L}'-]+`,
		`©? ?[0-9]{4}`, `(?i)[^.]*\B(?:us|me)$`, `^^x$$`, `(?m)^a$`, `[\x{4E00}-\x{9FFF}]+。`, `\bы\b`, `x*y*z*`, `(?:(?:a{1,3}){1,3}){1,3}`, `a.{40}b.*|.*a.{12}`, `(?:a{20}|[ab]{9,})b`, `.{0,30}foo.{0,9}`,
	}
	texts := []string{
		"", "a", "ab", "abc", "ababac", "STRASSE", "straße", "STRAẞE", "K k", "KK", "kilo mark", "foo", "a foo b", "afoo", "a foo and a long end", "\xff", "a\xffb",
		"\xc3", "a \x00!", "Ünder-world", "Émile's", "© 2024", "2024", "thus", "us", "it is us", "x", "xx", "漢字。", "ы", "xyz", "xxyyzz", "xzy", strings.Repeat("a", 27), strings.Repeat("a", 28),
		"a\n", "a\nb", strings.Repeat("ab", 40),
	}
	for _, e := range exprs {
		d, re := newDFA(e), regexp.MustCompile(`^(?:`+e+`)$`)
		for range 2 { // states that are made, then states that are there
			for _, s := range texts {
				if got, want := d.match(s), re.MatchString(s); got != want {
					t.Errorf("%q on %q: %v, regexp says %v", e, s, got, want)
				}
			}
		}
		if d.gaveUp.Load() && e != `(?m)^a$` {
			t.Errorf("%q was left to regexp", e)
		}
	}
}

// An expression with too many states is left to regexp and keeps its answers.
func TestDFAGivesUp(t *testing.T) {
	const e = `.*a(?:.{8}.{8}|.{4}b.{7}c)`
	d, re := newDFA(e), regexp.MustCompile(`^(?:`+e+`)$`)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		b := make([]byte, rnd.IntN(60))
		for i := range b {
			b[i] = "abc"[rnd.IntN(3)]
		}
		if got, want := d.match(string(b)), re.Match(b); got != want {
			t.Fatalf("%q: %v, regexp says %v", b, got, want)
		}
	}
	if !d.gaveUp.Load() {
		t.Error("it did not give up")
	}
}

func TestDFAConcurrent(t *testing.T) {
	const e = `(?i)[^"]*\b(?:donate|support us|gift)(?: [\w-]+){0,4} (?:today|now|here)\b[^"]*`
	d, re := newDFA(e), regexp.MustCompile(`^(?:`+e+`)$`)
	texts := strings.SplitAfter(strings.Repeat("Please donate what you can today, or support us with a gift here. Now, this gift of hers is nothing to do with us now. ", 3), ".")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, s := range texts {
				if got, want := d.match(s), re.MatchString(s); got != want {
					t.Errorf("%q: %v, regexp says %v", s, got, want)
				}
			}
		})
	}
	wg.Wait()
}

// FuzzDFA compares a dfa with regexp.
func FuzzDFA(f *testing.F) {
	f.Add(`(?i)[^"]*\b(?:a|b)+\b.{0,3}`, "so, A b a!")
	f.Add(`\W*\p{Lu}.*\d$`, "“Ärger 7")
	f.Fuzz(func(t *testing.T, e, s string) {
		if len(e) > 200 || len(s) > 2000 {
			return
		}
		re, err := regexp.Compile(`^(?:` + e + `)$`)
		if err != nil {
			return
		}
		if _, err := regexp.Compile(e); err != nil {
			return
		}
		if got, want := newDFA(e).match(s), re.MatchString(s); got != want {
			t.Errorf("%q on %q: %v, regexp says %v", e, s, got, want)
		}
	})
}
