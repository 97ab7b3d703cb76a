package text

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func units(t string) string {
	var s Segments
	s.Segment(t, "", nil)
	var out []string
	for _, u := range s.Units {
		out = append(out, u.Span.In(t))
	}
	return strings.Join(out, "|")
}

func TestSentences(t *testing.T) {
	pad := "This line is made long enough that it is cut into its sentences here. "
	for _, c := range []struct{ in, want string }{
		{"Mr. Kerry spoke. He left.", "Mr. Kerry spoke.|He left."},
		{"The U.S. Secretary spoke. He left.", "The U.S. Secretary spoke.|He left."},
		{"They went to the U.S. The end.", "They went to the U.S.|The end."},
		{"It cost 3.50 dollars. Really? Yes! “No,” he said.", "It cost 3.50 dollars.|Really?|Yes!|“No,” he said."},
		{"The end.The next one.", "The end.|The next one."},
		{"From Washington, D.C.Get the latest news.", "From Washington, D.C.|Get the latest news."},
		{"Call System.out.println of Node.js now", "Call System.out.println of Node.js now"},
		{"他说好。我们走！再见", "他说好。|我们走！|再见"},
		{"“Quoted.” Next", "“Quoted.”|Next"},
		{"Wait... what is it? . . .", "Wait... what is it? . . ."},
		{"Etwa z.B. Autos und usw. Lärm. Ende.", "Etwa z.B. Autos und usw. Lärm.|Ende."},
	} {
		want := strings.TrimSpace(pad) + "|" + c.want
		if got := units(pad + c.in); got != want {
			t.Errorf("%q:\n got %s\nwant %s", c.in, got, want)
		}
	}
	if got := units("Short. Line."); got != "Short. Line." {
		t.Errorf("a short line was cut: %s", got)
	}
}

func TestFullSpansAddUp(t *testing.T) {
	for _, in := range []string{"", "a", "a\n", "\n\n", "a\r\nb\rc\fd", "x\u2028y\u0085z", "\xff\xfe\n\x00", "  a  \n\t"} {
		var s Segments
		s.Segment(in, "", nil)
		at := 0
		for _, l := range s.Lines {
			if l.Full.Start != at || !l.Full.Covers(l.Span) {
				t.Fatalf("%q: line %v/%v at %d", in, l.Full, l.Span, at)
			}
			at = l.Full.End
		}
		if at != len(in) {
			t.Errorf("%q: lines end at %d of %d", in, at, len(in))
		}
	}
}

func TestPrints(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Post a Comment", "POST  A\u00a0COMMENT:", true},
		{"No comments:", "No comments", true},
		{"3 Comments", "1,204 comments", true},
		{"(35 minutes later)", "(2 minutes later)", true},
		{"Don't miss out", "Don’t miss out", true},
		{"Don't miss out", "Donâ€™t miss out", true},
		{"Café", "Cafe\u0301", true},
		{"Café", "CafÃ©", true},
		{"Updated September 18, 2015", "Updated Friday, 4 March 2021", true},
		{"Publicado el 3 de mayo de 2020", "Publicado el 12 de Enero de 1999", true},
		{"更新于2015年9月18日", "更新于2021年12月1日", true},
		{"ＳＩＧＮ　ＵＰ", "sign up", true},
		{"mail john.doe@example.org now", "mail a@b.co now", true},
		{"see http://a.example/x?y=1.", "see https://www.b.example/", true},
		{"follow @someone", "follow @an_other", true},
		{"Posted at 10:42 AM", "Posted at 3:07 pm", true},
		{"Комментарии закрыты", "КОММЕНТАРИИ ЗАКРЫТЫ.", true},
		{"Remind me later", "“Remind me later”", false},
		{"a “word”", "a \"word\"", true},
		{"„Wort«", "\"Wort\"", true},
		{"Comments", "No comments", false},
		{"我们的新闻", "我们的新", false},
		{"May", "5", false},
	} {
		if got := PrintOf(c.a) == PrintOf(c.b); got != c.same {
			t.Errorf("%q and %q: same %v, want %v\n%v\n%v", c.a, c.b, got, c.same, Tokenize(c.a), Tokenize(c.b))
		}
	}
}

func TestTitleSlot(t *testing.T) {
	var s Segments
	print := func(text, title string) Fingerprint {
		s.Segment(text, title, nil)
		return s.Units[0].Print
	}
	if print("Comments on A Day at Sea", "A day at sea!") != print("Comments on The Long Way Home", "The Long Way Home") {
		t.Error("own titles make different fingerprints")
	}
	if print("Comments on News of 3 May 2020", "News of 3 May 2020") != print("Comments on The Long Way Home", "The Long Way Home") {
		t.Error("an own title with a date makes another fingerprint")
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"plain":              "plain",
		" a\u00a0 b\t":       "a b",
		"“It’s” – so…":       `"It's" - so...`,
		"ＯＫ！":                "OK!",
		"a\u200bb":           "ab",
		"ﬁne":                "fine",
		"bad \xff byte":      "bad \xff byte",
		"replacement \uFFFD": "replacement \uFFFD",
	} {
		if got := Plain(in); got != want {
			t.Errorf("Plain(%q) = %q, want %q", in, got, want)
		}
	}
}

// The ways past the decoder give what the decoder gives.
func TestPlainShortcuts(t *testing.T) {
	for r := rune(0x80); r < 0x2100; r++ {
		want := string(r)
		if m, ok := mark(r); ok {
			want = m
		} else if IsSpace(r) {
			want = " "
			if r == 0x200B || r == 0x2060 {
				want = ""
			}
		} else if r >= 0x2000 {
			want = norm.NFKC.String(want)
		}
		if got := Plain("a" + string(r) + "b"); got != "a"+want+"b" {
			t.Errorf("%U: %q, want %q", r, got, "a"+want+"b")
		}
	}
}

// Whatever IsPlain says yes to, Plain's long way leaves as it is; and it says yes to ordinary sentences.
func TestIsPlain(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	const alphabet = "ab  .,`’\t\x7f~Z @[é"
	letters := []rune(alphabet)
	yes := 0
	for range 200_000 {
		r := make([]rune, rnd.IntN(40))
		for i := range r {
			r[i] = letters[0]
			if rnd.IntN(6) == 0 {
				r[i] = letters[rnd.IntN(len(letters))]
			}
		}
		s := string(r)
		if plain := string(appendPlain(nil, s)); IsPlain(s) {
			yes++
			if plain != s {
				t.Fatalf("IsPlain(%q), but its plain form is %q", s, plain)
			}
		} else if plain == s && !strings.Contains(s, "é") {
			t.Fatalf("not IsPlain(%q)", s)
		}
	}
	if yes < 10_000 {
		t.Errorf("only %d of the texts were plain", yes)
	}
}

func TestCounter(t *testing.T) {
	in := "aé😀z\xff!"
	c16, cp := NewCounter(in, UTF16), NewCounter(in, CodePoints)
	for _, c := range []struct{ b, u, p int }{{0, 0, 0}, {1, 1, 1}, {3, 2, 2}, {7, 4, 3}, {8, 5, 4}, {9, 6, 5}, {10, 7, 6}, {3, 2, 2}} {
		if u, p := c16.Offset(c.b), cp.Offset(c.b); u != c.u || p != c.p {
			t.Errorf("byte %d: %d, %d, want %d, %d", c.b, u, p, c.u, c.p)
		}
		if b := ByteOffset(in, UTF16, c.u); b != c.b {
			t.Errorf("utf-16 %d: byte %d, want %d", c.u, b, c.b)
		}
		if b := ByteOffset(in, CodePoints, c.p); b != c.b {
			t.Errorf("code point %d: byte %d, want %d", c.p, b, c.b)
		}
	}
}

func TestPublisherOf(t *testing.T) {
	for in, want := range map[string]Publisher{
		"https://www.bbc.co.uk/news/1":    "bbc.co.uk",
		"http://user@News.Example.COM:80": "example.com",
		"//a.blogspot.com/x":              "a.blogspot.com",
		"example.org":                     "example.org",
		"http://127.0.0.1/x":              "127.0.0.1",
		"https://bücher.example/":         "xn--bcher-kva.example",
		"co.uk":                           "",
		"":                                "",
		"::::":                            "",
	} {
		if got := PublisherOf(in); got != want {
			t.Errorf("PublisherOf(%q) = %q, want %q", in, got, want)
		}
	}
}

// handleAfterQuote holds a handle right behind the quotation mark that ends the
// sentence before it: the handle may not take the mark's token.
const handleAfterQuote = "「これは六十バイトより長い行であり、二つの文に分けられるはずです。」@winnow さんがそう書いた。"

func TestHandleAfterQuote(t *testing.T) {
	var s Segments
	s.Segment(handleAfterQuote, "", nil)
	if len(s.Units) != 2 || s.Units[1].Tokens.Start != s.Units[0].Tokens.End {
		t.Fatalf("units %+v", s.Units)
	}
	if got := s.TokensOf(s.Units[1].Tokens)[0]; got.Hash != SlotHandle || got.Span().In(s.Text) != "@winnow" {
		t.Errorf("first token %+v, want the handle", got)
	}
}

func FuzzSegment(f *testing.F) {
	f.Add("One. Two.\nThree", "One")
	f.Add("“a”\r\n\xff\xc2", "")
	f.Add(handleAfterQuote, "")
	f.Fuzz(func(t *testing.T, in, title string) {
		var s Segments
		s.Segment(in, title, nil)
		at, unit, tok := 0, 0, int32(0)
		for i, l := range s.Lines {
			if l.Full.Start != at || l.Full.Empty() || !l.Full.Covers(l.Span) || l.Units[0] != unit {
				t.Fatalf("line %d: %+v at %d", i, l, at)
			}
			at, unit = l.Full.End, l.Units[1]
			end := l.Span.Start
			for _, u := range s.Units[l.Units[0]:l.Units[1]] {
				if u.Span.Empty() || u.Span.Start < end || u.Span.End > l.Span.End || u.Line != i || u.Tokens.Start != tok {
					t.Fatalf("unit %+v of line %+v", u, l)
				}
				if got := in[end:u.Span.Start]; len(got) > 0 && !(Span{end, u.Span.Start}).Trim(in).Empty() {
					t.Fatalf("text %q between units", got)
				}
				end, tok = u.Span.End, u.Tokens.End
				for _, k := range s.TokensOf(u.Tokens) {
					if !u.Span.Covers(k.Span()) || k.Span().Empty() {
						t.Fatalf("token %v of unit %v", k, u)
					}
				}
			}
			if !(Span{end, l.Span.End}).Trim(in).Empty() {
				t.Fatalf("text after the last unit of line %d", i)
			}
		}
		if at != len(in) {
			t.Fatalf("lines end at %d of %d", at, len(in))
		}
		checkCut(t, &s, in, title)
	})
}

// checkCut compares Cut, and what is filled in later, with Segment.
func checkCut(t *testing.T, want *Segments, in, title string) {
	t.Helper()
	hashes := func(toks []Token) (hs []uint64) {
		for _, k := range toks {
			hs = append(hs, k.Hash)
		}
		return hs
	}
	var s Segments
	s.Cut(in, title, nil)
	if len(s.Lines) != len(want.Lines) || len(s.Units) != len(want.Units) {
		t.Fatalf("%d lines and %d units, want %d and %d", len(s.Lines), len(s.Units), len(want.Lines), len(want.Units))
	}
	for u := range s.Units {
		w := &want.Units[u]
		hs := append(hashes(want.TokensOf(w.Tokens)), 0, 0)
		if first, second, sure := s.Begin(u); sure && (first != hs[0] || second != hs[1] && second != Unknown) {
			t.Errorf("%q begins with %x %x, want %x", w.Span.In(in), first, second, hs)
		}
		if last, sure := s.Last(u); sure && last != hs[max(w.Tokens.Len()-1, 0)] && !(IsSlot(last) && IsSlot(hs[max(w.Tokens.Len()-1, 0)])) {
			t.Errorf("%q ends with %x, want %x", w.Span.In(in), last, hs)
		}
		if u%2 == 0 {
			if got := s.Fill(u); got.Span != w.Span || got.Print != w.Print || !slices.Equal(s.TokensOf(got.Tokens), want.TokensOf(w.Tokens)) {
				t.Errorf("%q: %+v, want %+v", w.Span.In(in), got, w)
			}
		}
	}
	for i := range s.Lines {
		w := &want.Lines[i]
		if got := s.FillLine(i); got.Span != w.Span || got.Print != w.Print || !slices.Equal(s.TokensOf(got.Tokens), want.TokensOf(w.Tokens)) {
			t.Errorf("%q: %+v, want %+v", w.Span.In(in), got, w)
		}
	}
}

// TestCut: what a unit begins and ends with is known without its tokens, or not known.
func TestCut(t *testing.T) {
	unsure := map[string]bool{"see www": true, "see http://": true, "so â€”": true, "ending in May": true}
	for _, in := range []string{"", "Word", "Two words", "Don’t ask me", "the story goes on", "“Quoted,” he said”", "日本語の文。", "Читать далее", "Sign-up now", "U.S. law", "boys'",
		"5 May is near", "the 3 of us", "write to a.b@example.com", "see www", "see http://", "May day", "so â€”", "ending in May", "»x«", "été", "Ã©tÃ©", `"0@0`, "“word日@x", "a b3@c.de", "on 3"} {
		var s Segments
		s.Segment(in, "", nil)
		checkCut(t, &s, in, "")
		s.Cut(in, "", nil)
		for u := range s.Units {
			_, _, begin := s.Begin(u)
			if last, sure := s.Last(u); begin && sure == unsure[in] {
				t.Errorf("%q: the last token is known: %v", in, last)
			}
		}
	}
}
