package rules

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"winnow/text"
)

// TestScan compares the scan with looking for each literal by itself.
func TestScan(t *testing.T) {
	literals := []string{"\x00abc", "abc\x00", "\x00cab\x00", "\x00cab ab", "\x00abca\x00", "bcabc\x00", "\x00b日", "abc", "abca", "bcabcabcabc", "cab ab", "©", "«a", "日本", "日本語の", "a©b", "ccc", "aaaaaaaaaaaa", "b日"}
	var s scanner
	glances := make([]glance, len(literals))
	for i, l := range literals {
		whole, start, end := cutEdges(l)
		s.add(whole, besides(start, end, noWordByte), int32(i))
	}
	s.seal([scopes][]glance{glances})
	if (&scanner{}).empty() == s.empty() {
		t.Fatal("empty and not are the same")
	}
	r := rand.New(rand.NewPCG(1, 3))
	pieces := []string{"a", "b", "c", "ab", "cab", " ", "©", "«", "日", "本", "語", "の", "\n", "aaaa", "bcabcabcabc", "日本語の", "\x00"}
	found := map[string]int{}
	for range 3000 {
		var b strings.Builder
		for range r.IntN(40) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		low := b.String() + "\n"
		var got, want []string
		s.scan(low, func(at, end int, w *scanned) {
			got = append(got, fmt.Sprint(at, end, w.atoms))
		})
		for i, l := range literals {
			l, start, end := cutEdges(l)
			for at := 0; at+len(l) <= len(low); at++ {
				if start && at > 0 && wordByte(low[at-1]) || end && at+len(l) < len(low) && wordByte(low[at+len(l)]) {
					continue
				}
				if low[at:at+len(l)] == l {
					want = append(want, fmt.Sprint(at, at+len(l), []int32{int32(i)}))
					found[literals[i]]++
				}
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%q: %v, want %v", low, got, want)
		}
	}
	if len(found) < len(literals) {
		t.Errorf("only these were ever there: %v", found)
	}
}

// TestOpenings compares the look-up with asking each head.
func TestOpenings(t *testing.T) {
	heads := []string{"a", "ab", "abcdefgh", "abcdefghi", "abcdefghij", "b", "ça va", "日本", "0", "abd", "abcdefgg"}
	var o openings
	for i, h := range heads {
		o.add(h, int32(i))
	}
	o.seal()
	for _, in := range append([]string{"", "abc", "abcdefghijk", "abcdefg", "日", "zz", "a\x00b", "ab\x00", "c"}, heads...) {
		var got, want []int
		o.lookup(in, func(n int32) { got = append(got, int(n)) })
		for i, h := range heads {
			if strings.HasPrefix(in, h) {
				want = append(want, i)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
}

// TestGlance: what a glance rules out, the expression does not match.
func TestGlance(t *testing.T) {
	exprs := []string{`(?i)read (?:more|on)[.!]?`, `[^"]{0,12}©.{0,4}`, `\W*(?i)share\b.{0,20}`, `.+(?:日|本)`, `(?i)é?menu`, `\d{4} comments`}
	units := []string{"Read more", "read on!", "READ ON?", "© 2019", "so many words before ©", "→ Share this", "shared", "日日", "x本", "Menu", "éMENU", "1921 comments", "1921 Comments", ".", "-"}
	r := &Rule{}
	var f finder
	matched, out := 0, 0
	for _, e := range exprs {
		x, err := newExpr(e)
		if err != nil {
			t.Fatal(err)
		}
		g := (&atom{rule: r, kind: KindRegexp, expr: x}).glance()
		for _, u := range units {
			f.segment(&text.Document{Text: u})
			v := f.see(0, 1)
			switch yes := x.dfa().match(v.plain); {
			case yes && !(g.may(v) && x.may(v, false)):
				t.Errorf("%q is ruled out for %q", e, u)
			case yes:
				matched++
			case !g.may(v):
				out++
			}
		}
	}
	if matched < 8 || out < 30 {
		t.Errorf("%d matched, %d ruled out", matched, out)
	}
}

// BenchmarkScan scans a text for the literals of a thousand expressions, at
// offsets four at a time and one at a time.
func BenchmarkScan(b *testing.B) {
	var s scanner
	for i := range 1000 {
		s.add(fmt.Sprintf("sub%cscribe %d now", 'a'+i%26, i), beside{anyByte, anyByte}, int32(i))
	}
	s.seal([scopes][]glance{make([]glance, 1000)})
	low := strings.Repeat(strings.ToLower(prose)+" subbscribe 1 now\n", 200)
	for name, scan := range map[string]func(report){
		"four": func(hit report) { s.scan(low, hit) },
		"one": func(hit report) {
			var g uint32
			for i := range len(low) {
				g = g<<8 | uint32(low[i])
				s.look(low, i+1, g, hit)
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(low)))
			for b.Loop() {
				n := 0
				scan(func(int, int, *scanned) { n++ })
				if n != 200 {
					b.Fatal(n)
				}
			}
		})
	}
}
