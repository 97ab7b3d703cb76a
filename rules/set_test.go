package rules

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp/syntax"
	"strings"
	"testing"

	"winnow/text"
)

func pack(t testing.TB, yaml string) *Pack {
	t.Helper()
	p, err := ParsePack("test.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func set(t testing.TB, yaml string) *Set {
	t.Helper()
	s, err := NewSet(pack(t, yaml))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ex stands for the examples, which these tests do not run.
const ex = "\n    why: a test\n    remove: ['[-x-]']\n    keep: [y]\n"

const prose = "The council met on Monday evening and talked for three hours about the bridge over the river."

// TestMatch is the table of what rules of each kind take. The document and what
// is expected of it are one marked text.
func TestMatch(t *testing.T) {
	for _, c := range []struct{ name, rule, doc string }{
		{"text, whole line", "text: Post a Comment\n    where: anywhere", prose + "\n[-post  a comment:-]\n" + prose},
		{"text, sentence of a long line", "text: Sign up now\n    where: anywhere", prose + " [-Sign up now!-] " + prose},
		{"text, two sentences behind a mark", "text: Sign up for our newsletter today and get the best. Read it each morning.\n    where: anywhere",
			prose + "\n[-... Sign up for our newsletter today and get the best. Read it each morning.-]\n" + prose},
		{"text, quoted", "text: Sign up now\n    where: anywhere", "“Sign up now!”"},
		{"text, slots", "text: 3 Comments\n    where: anywhere", "[-1,204 comments-]\n" + prose},
		{"text, several lines", "text: [No comments, Post a Comment]\n    where: tail", prose + "\n[-No comments:\nPost a Comment-]"},
		{"tail only", "text: Comments\n    where: tail", "Comments\n" + prose + "\n[-Comments-]"},
		{"tail behind furniture", "text: Comments\n    where: tail", prose + "\n[-Comments-]\nHome\nAbout"},
		{"tail, content after it", "text: Comments\n    where: tail", prose + "\nComments\n" + prose},
		{"head", "text: Menu\n    where: head", "Skip\n[-Menu-]\n" + prose + "\nMenu"},
		{"template with a name", "template: Posted by <name> on <date>\n    where: anywhere", "[-Posted by Anna van der Berg on 3 May 2020-]\nposted by the council on 3 May 2020"},
		{"template with anything", "template: Related article <any>\n    where: anywhere", "[-Related article Ferry sinks off the coast-]\nThe related article Ferry sinks"},
		{"template, suffix", "template: <any> via Getty Images\n    where: anywhere", "[-Jane Doe/AFP via Getty Images-]\n" + prose},
		{"regexp", "regexp: '(?i)sign up for (?:the|our) .* newsletters?'\n    where: anywhere", "[-Sign up for our daily newsletter-]\nSign up for our daily newsletter, he said"},
		{"regexp without a bound, prose on the same line", "regexp: '.*newsletter.*'\n    where: anywhere", prose + " [-Sign up for our newsletter.-] " + prose},
		{"regexp with a bound, two sentences", "regexp: 'Sign up for it\\.? It is .{1,40}'\n    where: anywhere", "[-Sign up for it. It is free and comes every week day, we say.-]\n" + prose},
		{"regexp with a bound, prose on the same line", "regexp: '.{0,200}newsletter.{0,100}'\n    where: anywhere", prose + " [-Sign up for our newsletter.-]"},
		{"regexp, curly quotes", "regexp: \"don't miss .*\"\n    where: anywhere", "[-don’t miss this-]\n" + prose},
		{"regexp, Cyrillic without case", "regexp: '(?i)комментариев нет'\n    where: anywhere", "[-Комментариев НЕТ-]\n" + prose},
		{"regexp, sign", "regexp: '© .{4,20}'\n    where: anywhere", "[-© Jane Doe-]\nA © alone\n©"},
		{"prefix", "prefix: Get the latest\n    where: anywhere", "[-Get the latest: -]the council met.\n" + prose},
		{"suffix, glued", "suffix: CLICK HERE TO GET THE APP\n    where: anywhere", "He talked to the Rep.[-CLICK HERE TO GET THE APP-]\n" + prose},
		{"block, two ends", "block: {from: 'A message from us:', to: Remind me later}\n    where: tail", prose + "\n[-A message from us:\n" + prose + "\nRemind me later.-]"},
		{"block, no end", "block: {from: 'A message from us:', to: Remind me later}\n    where: tail", prose + "\nA message from us:\n" + prose},
		{"block, begins inside a line", "block: {from: Dear readers, to: Remind me later}\n    where: anywhere", prose + " [-Dear readers! " + prose + "\nRemind me later-]\n" + prose},
		{"block, until content", "block: {from: 'Related:'}\n    where: anywhere", prose + "\n[-Related:\nFerry sinks\nBridge built-]\n" + prose},
		{"block, to the edge", "block: {from: 'END OF BOOK', edge: true}\n    where: tail", prose + "\n[-END OF BOOK\n" + prose + "\n" + prose + "-]"},
		{"block, from the edge", "block: {to: 'START OF BOOK', edge: true}\n    where: head", "[-A licence of some length that reads like prose and ends with a full stop, as such texts do.\nSTART OF BOOK-]\n" + prose},
		{"block, run of", "block: {of: ['/(?i).*(?:donat|support).*/'], with: [['/(?i).*donate today.*/']], least: 2}\n    where: anywhere",
			prose + "\n[-We rely on your support.\nPlease donate today.-]\n" + prose + "\nHe gave his support.\n" + prose},
		{"block, lines without letters", "block: {from: '/_{5,}/', to: '/.* mailing list/'}\n    where: tail", prose + "\n[-_________\nUsers mailing list-]"},
		{"given", "text: (2 hours later)\n    where: anywhere\n    given: The source", "The source\n[-(35 hours later)-]\n" + prose},
		{"given, absent", "text: (2 hours later)\n    where: anywhere\n    given: The source", "(35 hours later)\n" + prose},
		{"after prose", "text: Comments\n    where: tail\n    after: prose", prose + "\n[-Comments-]"},
		{"after prose, a poem", "text: Comments\n    where: tail\n    after: prose", "A rose\nA thorn\nA stem\nComments"},
		{"unit: line", "text: Sign up now\n    where: anywhere\n    unit: line", "[-Sign up now-]\n" + prose + " Sign up now! " + prose},
		{"doubled", "doubled: true", strings.NewReplacer("P", prose, "Q", "Another "+prose, "R", "Again "+prose).Replace("P[-P-]\nQ[- Q-]\nR[-R-]\nVery old[- Very old-]\n")},
		{"doubled and set apart, as in a litany", "doubled: true", "The people say this after the priest. The people say this after the priest.\nThe people say that after the priest. The people say that after the priest.\nAnd they say all this after the priest. And they say all this after the priest.\n"},
		{"doubled, given a header", "doubled: true\n    where: anywhere\n    given: The source", "The source\n" + prose + "[-" + prose + "-]\n" + prose + " One\n" + prose + " Two\n" + prose + " Three"},
		{"doubled in lines of their own, given a header", "doubled: true\n    where: anywhere\n    given: The source", "The source\nShip sails\n[-Ship sails-]\n" + prose + "\n[-" + prose + "-]\n\n" + prose + " One\n1\n1\n"},
		{"doubled in lines of their own", "doubled: true", strings.NewReplacer("P", prose, "Q", "Another "+prose, "R", "Again "+prose).Replace("P\n[-P-]\nQ\n\n[-Q-]\nR\n[-R-]\nVery old\n[-Very old-]\n")},
		{"said three times, once doubled", "doubled: true", strings.ReplaceAll("P\nP\nP\nP\nP\nP\n", "P", prose)},
		{"a log", "doubled: true", "2026-01-02 INFO a the server of the harbour took in a call from a ship that lay on the river at 10:11\n2026-01-02 INFO a the server of the harbour took in a call from a ship that lay on the river at 10:11\n2026-01-02 INFO b the server of the harbour took in a call from a ship that lay on the river at 10:12\n2026-01-02 INFO b the server of the harbour took in a call from a ship that lay on the river at 10:12\n2026-01-02 INFO c the server of the harbour took in a call from a ship that lay on the river at 10:13\n2026-01-02 INFO c the server of the harbour took in a call from a ship that lay on the river at 10:13\n"},
		{"doubled, folded into one line", "doubled: true", strings.NewReplacer("P", prose, "Q", "Another "+prose, "R", "Again "+prose).Replace("Very old P[-P-] Q[-Q-] R[-R-] The ferry sails again.")},
		{"doubled, folded into one line, given a header", "doubled: true\n    where: anywhere\n    given: The source", "The source\n" + strings.NewReplacer("P", prose, "T", "Ship Sails Again to All of the Islands").Replace("T [-T-] (late) P[-P-] Another P And "+prose+" And more of what changed between the two of them, with all of "+prose)},
		{"a chorus in one line", "doubled: true", strings.Repeat("Row, row, row your boat gently down the stream. Row, row, row your boat gently down the stream. ", 5)},
		{"a story told twice in one line", "doubled: true", "Twice: " + strings.Repeat(prose+" ", 6)},
		{"doubled, given absent", "doubled: true\n    where: anywhere\n    given: The source", prose + prose + "\n" + prose},
		{"a refrain", "doubled: true", strings.ReplaceAll("PP\nPP\nPP\n", "P", prose) + "One line of the hymn."},
		{"not doubled", "doubled: true", "very very\n" + prose + prose + "\n" + prose + "\n" + prose},
		{"line breaks", "text: Comments\n    where: anywhere", "One\r\n[-Comments-]\r\nTwo\n\n[-Comments\n\nComments-]\n"},
	} {
		e, err := ParseMarked(c.doc)
		if err != nil {
			t.Fatal(err)
		}
		s := set(t, "any: test\nrules:\n  - id: a\n    category: legal\n    "+c.rule+ex)
		out := s.Apply(&text.Document{Text: e.Text}, Options{Budget: 1, Remove: []Category{Duplicate}})
		if got, want := Marked(e.Text, out.Removals), markSpans(e.Text, joinCuts(e.Text, e.Cut)); got != want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, want)
		}
		check(t, e.Text, out)
	}
}

// TestWhiteSpace pins which white space goes with a removal.
func TestWhiteSpace(t *testing.T) {
	s := set(t, "any: test\nrules:\n  - id: a\n    category: legal\n    where: anywhere\n    text: Cut this"+ex)
	for in, want := range map[string]string{
		"A\nCut this\nB\n":                   "A\nB\n",
		"A\nCut this":                        "A",
		"A\nCut this\n":                      "A\n",
		"Cut this\nB":                        "B",
		"A\r\nCut this\r\nB":                 "A\r\nB",
		"A\n\nCut this\n\nB":                 "A\n\n\nB",
		"A\n  Cut this  \nB":                 "A\nB",
		prose + " Cut this! " + prose:        prose + " " + prose,
		prose + " Cut this!\nB":              prose + "\nB",
		"Cut this! " + prose + prose + "\nB": prose + prose + "\nB",
	} {
		if got := s.Apply(&text.Document{Text: in}, Options{Budget: 1}).Clean; got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestNothingLeft(t *testing.T) {
	s := set(t, "any: test\nrules:\n  - id: a\n    category: archive\n    where: anywhere\n    text: Cut this"+ex)
	for in, want := range map[string]string{"Cut this\n": "NOTHING_LEFT", "Cut this\nx": "", " \n": ""} {
		got := ""
		for _, w := range s.Apply(&text.Document{Text: in}, Options{}).Warnings {
			got += w.Code
		}
		if got != want {
			t.Errorf("%q: warnings %q, want %q", in, got, want)
		}
	}
}

func FuzzParseMarked(f *testing.F) {
	for _, s := range []string{"a [-b-] c", "[-]", "[--]", "-][-", "[-a[-b-]-]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseMarked(s)
		if err != nil {
			return
		}
		for _, c := range e.Cut {
			if c.Start < 0 || c.Empty() || c.End > len(e.Text) {
				t.Fatalf("%q: %v", s, e.Cut)
			}
		}
		if len(e.Cut) == 0 && !strings.Contains(s, "[-") && e.Text != s {
			t.Fatalf("%q became %q", s, e.Text)
		}
	})
}

func TestScopes(t *testing.T) {
	rule := "rules:\n  - id: a\n    category: legal\n    where: anywhere\n    text: "
	one := pack(t, "publisher: one.example\n"+rule+"Only one"+ex)
	two := pack(t, "group: pair\nmembers: [two.example, three.example]\n"+rule+"A pair"+ex)
	all := pack(t, "any: all\n"+rule+"Anybody"+ex)
	s, err := NewSet(one, two, all)
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[text.Publisher]string{
		"":              "Only one\nA pair\n[-Anybody-]",
		"one.example":   "[-Only one-]\nA pair\n[-Anybody-]",
		"three.example": "Only one\n[-A pair\nAnybody-]",
	} {
		doc := "Only one\nA pair\nAnybody"
		out := s.Apply(&text.Document{Text: doc, Publisher: p}, Options{Budget: 1})
		if got := Marked(doc, out.Removals); got != want {
			t.Errorf("%q: %q, want %q", p, got, want)
		}
	}
}

// TestOptions renders what each option makes of one document.
func TestOptions(t *testing.T) {
	s := set(t, `any: test
rules:
  - {id: share, category: share, where: anywhere, text: Share this, confidence: 0.9, why: w, remove: ['[-x-]'], keep: [y]}
  - {id: credit, category: credit, where: anywhere, text: Photo by us, why: w, remove: ['[-x-]'], keep: [y]}
  - {id: shy, category: ad, where: anywhere, text: Buy it, mode: shadow, why: w, remove: ['[-x-]'], keep: [y]}
  - {id: gone, category: ad, where: anywhere, text: Never, mode: 'off', why: w, remove: ['[-x-]'], keep: [y]}
  - {id: not, action: keep, category: ad, where: anywhere, text: Share this please, why: w, remove: ['x'], keep: [y]}
  - {id: all, category: share, where: anywhere, regexp: 'Share .*', why: w, remove: ['[-x-]'], keep: [y]}
`)
	doc := prose + "\nShare this\nPhoto by us\n" + prose + "\nBuy it\nNever\nShare this please"
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, "[-Share this-] Photo by us [?Buy it?] Never Share this please"},
		{Options{Remove: []Category{Credit}}, "[-Share this Photo by us-] [?Buy it?] Never Share this please"},
		{Options{Keep: []Category{Share}}, "Share this Photo by us [?Buy it?] Never Share this please"},
		{Options{Only: []Category{Ad}}, "Share this Photo by us [?Buy it?] Never Share this please"},
		{Options{ShadowAll: true}, "[?Share this?] Photo by us [?Buy it?] Never Share this please"},
		{Options{ShadowCuts: true}, "[-Share this-] Photo by us [-Buy it-] Never Share this please"},
		{Options{MinConfidence: 0.95, Keep: []Category{Ad}}, "[-Share this-] Photo by us Buy it Never Share this please"},
		{Options{Budget: 0.01}, "Share this Photo by us [?Buy it?] Never Share this please"},
	} {
		out := s.Apply(&text.Document{Text: doc}, c.o)
		got := strings.ReplaceAll(strings.ReplaceAll(Marked(doc, out.Removals), prose+"\n", ""), "\n", " ")
		if got != c.want {
			t.Errorf("%+v:\n got %s\nwant %s", c.o, got, c.want)
		}
		check(t, doc, out)
		if over := len(out.Warnings) == 1 && out.Warnings[0].Code == OverBudget; over != (c.o.Budget > 0) {
			t.Errorf("%+v: warnings %v", c.o, out.Warnings)
		}
	}
	out := s.Apply(&text.Document{Text: doc}, Options{})
	if len(out.Kept) != 1 || out.Kept[0].Rule.ID != "test/not" || out.Kept[0].Match.Rule.ID != "test/all" {
		t.Errorf("exceptions are not listed: %+v", out.Kept)
	}
	if ids := fmt.Sprint(out.Removals[0].IDs()); ids != "[test/all test/share]" {
		t.Errorf("rules of the first removal: %s", ids)
	}
}

func TestExplain(t *testing.T) {
	s := set(t, `any: test
rules:
  - {id: share, category: share, where: tail, text: Share this, why: w, remove: ['[-x-]'], keep: [y]}
  - {id: news, category: subscribe, where: anywhere, regexp: 'Get our newsletter', why: w, remove: ['[-x-]'], keep: [y]}
`)
	doc := "Share this\n" + prose + "\nGet our newsletter today\nShare this"
	for at, want := range map[int]string{
		0:              "test/share not at the place the rule asks for",
		20:             "",
		len(doc) - 20:  "test/news does not match",
		len(doc) - 3:   "test/share cut",
		len(doc):       "",
		len(doc) + 999: "",
	} {
		x := s.Explain(&text.Document{Text: doc}, text.Span{Start: at, End: at + 1}, Options{})
		got := ""
		if len(x.Findings) > 0 {
			got = fmt.Sprintf("%s %s", x.Findings[0].Rule.ID, x.Findings[0].Verdict)
		}
		if got != want || (x.Removed != nil) != strings.HasSuffix(want, "cut") {
			t.Errorf("at %d: %q, want %q", at, got, want)
		}
	}
}

// TestBadPacks reads one mistake a file and compares the message with the comment that the file begins with.
func TestBadPacks(t *testing.T) {
	names, err := filepath.Glob("testdata/*.bad.yaml")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d bad packs: %v", len(names), err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		first, rest, _ := strings.Cut(string(data), "\n")
		want := strings.TrimPrefix(first, "# ")
		p, err := ParsePack("x.yaml", []byte("\n"+rest))
		if err == nil {
			err = p.Test()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", name, err, want)
		}
	}
}

// check asserts the laws on what was made of in.
func check(t testing.TB, in string, out Outcome) {
	t.Helper()
	back, err := Restore(out.Clean, out.Pieces(in))
	if err != nil || back != in {
		t.Fatalf("does not restore (%v): %q", err, in)
	}
	end, gone := 0, 0
	for _, r := range out.Removals {
		if r.Span.Start < end || r.Span.Empty() || r.Span.End > len(in) || r.CleanOffset != r.Span.Start-gone || len(r.Matches) == 0 {
			t.Fatalf("removal %+v after %d, %d gone: %q", r, end, gone, in)
		}
		for _, at := range []int{r.Span.Start, r.Span.End} {
			if !boundary(in, at) {
				t.Fatalf("removal %v splits a rune of %q", r.Span, in)
			}
		}
		end = r.Span.End
		if r.Mode == Enforce {
			gone += r.Span.Len()
		}
	}
}

func boundary(s string, at int) bool {
	for i := range s {
		if i == at {
			return true
		}
	}
	return at == len(s)
}

const fuzzPack = `any: fuzz
rules:
  - {id: t, category: share, where: anywhere, text: [ab, b c], why: w, remove: ['[-x-]'], keep: [y]}
  - {id: h, category: share, where: head, regexp: '(?i)abc.*', why: w, remove: ['[-x-]'], keep: [y]}
  - {id: p, category: nav, where: anywhere, prefix: c, why: w, remove: ['[-x-]'], keep: [y]}
  - {id: s, category: nav, where: tail, suffix: a b, mode: shadow, why: w, remove: ['[-x-]'], keep: [y]}
  - {id: n, category: ad, where: anywhere, template: a <any> b, why: w, remove: ['[-x-]'], keep: [y]}
  - {id: k, category: ad, action: keep, where: anywhere, text: a a, why: w, remove: [x], keep: [y]}
  - {id: b, category: legal, where: anywhere, block: {from: d, to: e, within: 5}, why: w, remove: ['[-x-]'], keep: [y]}
  - {id: o, category: legal, where: anywhere, block: {of: [f, g], least: 2, gap: 1}, mode: shadow, why: w, remove: ['[-x-]'], keep: [y]}
  - {id: d, category: duplicate, doubled: true, why: w, remove: ['[-x-]'], keep: [y]}
`

// FuzzApply throws texts made of the rules' own words at a set of all kinds.
func FuzzApply(f *testing.F) {
	s := set(f, fuzzPack)
	f.Add("a b\nc d\n\xff e\r\nabc def", uint64(1))
	f.Fuzz(func(t *testing.T, in string, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		words := []string{"a", "b", "c", "d", "e", "f", "g", "ab", "abc", "\n", ". ", "“", "é", "\u2028", "\xff", " ", "\r\n", prose}
		var b strings.Builder
		for range r.IntN(60) {
			b.WriteString(words[r.IntN(len(words))])
			if r.IntN(3) > 0 {
				b.WriteByte(' ')
			}
		}
		doc := []string{in, b.String(), in + b.String()}[r.IntN(3)]
		o := []Options{{}, {Budget: 1}, {Budget: 1, ShadowCuts: true}, {ShadowAll: true}}[r.IntN(4)]
		d := &text.Document{Text: doc}
		if r.IntN(4) == 0 {
			d.Title = in
		}
		out := s.Apply(d, o)
		check(t, doc, out)
		if again := s.Apply(d, o); Marked(doc, again.Removals) != Marked(doc, out.Removals) {
			t.Fatalf("two answers for %q", doc)
		}
	})
}

// TestMoreRulesKeepNoMore: adding an enforcing rule never keeps what went without it.
func TestMoreRulesKeepNoMore(t *testing.T) {
	all := pack(t, fuzzPack)
	r := rand.New(rand.NewPCG(7, 7))
	words := []string{"a", "b", "c", "d", "e", "f", "g", "ab", "abc", "\n", "\n", ". ", prose + "\n"}
	for range 3000 {
		var b strings.Builder
		for range r.IntN(40) {
			b.WriteString(words[r.IntN(len(words))] + " ")
		}
		doc := &text.Document{Text: b.String()}
		var packs []*Rule
		before := make([]bool, len(doc.Text))
		for _, i := range r.Perm(len(all.Rules)) {
			rule := all.Rules[i]
			if rule.Keep || rule.Kind == KindDoubled {
				continue
			}
			packs = append(packs, rule)
			s, err := NewSet(&Pack{Rules: packs})
			if err != nil {
				t.Fatal(err)
			}
			after := make([]bool, len(doc.Text))
			for _, rm := range s.Apply(doc, Options{Budget: 1}).Removals {
				for i := rm.Span.Start; rm.Mode == Enforce && i < rm.Span.End; i++ {
					after[i] = true
				}
			}
			for i := range before {
				if before[i] && !after[i] {
					t.Fatalf("rule %s brings byte %d of %q back", rule.ID, i, doc.Text)
				}
			}
			before = after
		}
	}
}

func TestLiterals(t *testing.T) {
	for expr, want := range map[string]string{
		`(?i)Sign up for newsletters?`: "[sign up for newsletters sign up for newsletter]",
		`(?:foo|bar)x`:                 "[foox barx]",
		`.*(?:donate|support).*`:       "[donate support]",
		`\d+ comments`:                 "[ comments]",
		`a.b`:                          "[]",
		`(?:abc)?`:                     "[]",
		`[A-Z]+`:                       "[]",
		`it's here`:                    "[it's here]",
		`© .*`:                         "[© ]",
		`阅读更多`:                         "[阅读更多]",
		`.*\b(?:read\b more|sees?)\b`:  "[\x00read more\x00 \x00sees\x00 \x00see\x00]",
	} {
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(deriver{}.literals(re.Simplify())); got != want {
			t.Errorf("%s: %s, want %s", expr, got, want)
		}
	}
}
