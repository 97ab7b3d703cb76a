package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"winnow/text"
)

// laid makes a document of lines with paths.
func laid(t *testing.T, s string) *text.Document {
	t.Helper()
	e, err := ParseLaid(Example{Text: s})
	if err != nil {
		t.Fatal(err)
	}
	return &text.Document{Text: e.Text, Blocks: e.Blocks, Publisher: "dailyexample.com", URL: "https://www.dailyexample.com/harbour"}
}

func TestSelectors(t *testing.T) {
	const page = `html > body.home.wide > main#content > article[itemprop=articleBody] > div.story-body > p | one
html > body.home.wide > main#content > article[itemprop=articleBody] > div.story-body > aside.related.md\:w-1\/2 > ul > li | two
html > body.home.wide > div#comments-12 > p[lang=en] | three
four`
	d := laid(t, page)
	for _, c := range []struct{ selector, want string }{
		{"p", "says nothing"},
		{"div > p", "says nothing"},
		{"main p", "one"},
		{"aside", "two"},
		{"ASIDE", "two"},
		{".related", "two"},
		{".relate", ""},
		{`.md\:w-1\/2`, "two"},
		{"li", "two"},
		{"ul.related", ""},
		{"aside.related li", "two"},
		{"aside.related > li", ""},
		{"aside.related > ul > li", "two"},
		{"main#content div.story-body", "one two"},
		{"body.wide > main", "one two"},
		{"body.wide main > p", ""},
		{"[id^=comments-]", "three"},
		{"[id*=ments]", "three"},
		{"[id$='-12']", "three"},
		{`div[id = "comments-12"] p`, "three"},
		{"[class=home]", ""},
		{"[class~=home] p[lang]", "three"},
		{"[itemprop=articleBody]", "one two"},
		{"*.story-body", "one two"},
		{"div.", "a name"},
		{"div p[", "an attribute"},
		{"div:first-child", "this part of CSS"},
		{"aside >", "missing"},
		{"[id=", "not closed"},
		{"[class='a", "quotation mark"},
		{"", "missing"},
	} {
		s, err := newSelectorRule(&Rule{Text: []string{c.selector}})
		if err != nil {
			if c.want == "" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q: %v, want %q", c.selector, err, c.want)
			}
			continue
		}
		var x selectorIndex
		x.add(s)
		var in []*text.Element
		for _, b := range d.Blocks {
			in = append(in, b.In)
		}
		var got []string
		for _, i := range x.blocks(in, d.URL)[0] {
			got = append(got, d.Blocks[i].Span.In(d.Text))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q: got %q, want %q", c.selector, got, c.want)
		}
	}
}

const selectorPack = `
publisher: dailyexample.com
rules:
  - id: related
    category: related
    why: The box of other stories.
    where: anywhere
    selector: ['aside.related', '[id^=more-]']
    remove:
      - |
        main > p | The harbour will be dredged.
        main > aside.related > p | [-A ferry runs aground.-]
    keep:
      - main > p | A ferry runs aground.
  - id: column
    category: nav
    why: What stands beside the story.
    where: anywhere
    hosts: [news.dailyexample.com, .local.dailyexample.com]
    selector: [div.story-body, main]
    outside: true
    remove:
      - |
        div.story-body > p | The harbour will be dredged.
        div.rail > p | [-Most read-]
      - url: https://harbour.local.dailyexample.com/a
        text: |
          div.story-body > main > p | The harbour will be dredged.
          main > p | [-Most read-]
    keep:
      - div.rail > p | Most read
      - url: https://dailyexample.com/a
        text: |
          div.story-body > p | The harbour will be dredged.
          div.rail > p | Most read
  - id: body
    category: nav
    action: rescue
    why: The story.
    where: anywhere
    selector: [div.story-body]
    remove: [div.rail > p | Most read]
    keep: [div.story-body > p | The harbour will be dredged.]
  - id: quiz
    category: related
    action: keep
    why: The quiz stands in a box of that class.
    where: anywhere
    selector: [.quiz]
    remove: [aside.related > p | More]
    keep: [aside.related > div.quiz > p | Which harbour is it?]
`

func TestSelectorPack(t *testing.T) {
	p, err := ParsePack("p.yaml", []byte(selectorPack))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Test(); err != nil {
		t.Fatal(err)
	}
	set, err := NewSet(p)
	if err != nil {
		t.Fatal(err)
	}
	d := laid(t, `main > p | The harbour will be dredged.
main > aside.related > p | A ferry runs aground.
main > aside.related > div.quiz > p | Which harbour is it?
main > aside.related > p | The mayor resigns.
main > p | The work takes six weeks.
main > div#more-7 > p | Most read
`)
	got := Marked(d.Text, set.Apply(d, Options{}).Removals)
	const want = `The harbour will be dredged.
[-A ferry runs aground.-]
Which harbour is it?
[-The mayor resigns.-]
The work takes six weeks.
[-Most read-]
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
	if out := set.Apply(d, Options{}); len(out.Kept) != 1 || out.Kept[0].Rule.ID != "dailyexample.com/quiz" {
		t.Errorf("the exception is not listed: %v", out.Kept)
	}
	// A text without blocks has no places.
	d.Blocks = nil
	if rs := set.Apply(d, Options{}).Removals; len(rs) > 0 {
		t.Errorf("removed %v from a text", rs)
	}
	rescue := set.Rescue("dailyexample.com", d.URL)
	e := laid(t, "div.story-body > p | a\ndiv.rail > p | b\ndiv.quiz | c\n")
	var in []*text.Element
	for _, b := range e.Blocks {
		in = append(in, b.In)
	}
	if got := rescue(in); !slices.Equal(got, []bool{true, false, true}) {
		t.Errorf("rescued %v", got)
	}
	if set.Rescue("elsewhere.example", "") != nil {
		t.Error("rules of one publisher rescue at another")
	}
}

// TestSelectorErrors: one mistake a rule, each told.
func TestSelectorErrors(t *testing.T) {
	for _, c := range []struct{ field, want string }{
		{"selector: [div]", "says nothing that not every page has"},
		{"selector: ['.a:hover']", "this part of CSS"},
		{"text: More stories\n    outside: true", "are for selectors"},
		{"text: More stories\n    hosts: [a.example]", "are for selectors"},
		{"text: More stories\n    action: rescue", "are for selectors"},
		{"selector: ['.a']\n    given: [Version]", "looks at no other text"},
		{"selector: ['.b']", "remove example: removed as"},
	} {
		src := fmt.Sprintf(`
publisher: a.example
rules:
  - id: x
    category: nav
    why: A test.
    where: anywhere
    %s
    remove: ['.a | [-More stories-]']
    keep: ['.c | The harbour']
`, c.field)
		p, err := ParsePack("p.yaml", []byte(src))
		if err == nil {
			err = p.Test()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.field, err, c.want)
		}
	}
}

func TestParseLaid(t *testing.T) {
	const src = "main > p | One [-two\naside.a > b.c | three-] four\n\nplain | [-five-]\n six"
	e, err := ParseMarked(src)
	if err != nil {
		t.Fatal(err)
	}
	e, err = ParseLaid(e)
	if err != nil {
		t.Fatal(err)
	}
	var cuts []string
	for _, c := range e.Cut {
		cuts = append(cuts, c.In(e.Text))
	}
	if e.Text != "One two\nthree four\n\nfive\n six" || fmt.Sprintf("%q", cuts) != `["two\nthree" "five"]` || len(e.Blocks) != 4 {
		t.Errorf("got %q, cuts %q, %d blocks", e.Text, cuts, len(e.Blocks))
	}
	if got := e.Marked(); got != src {
		t.Errorf("written again:\n%s", got)
	}
	for _, bad := range []string{"a b | x", "a[b^=c] | x", " | x"} {
		if _, err := ParseLaid(Example{Text: bad}); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestHostOf(t *testing.T) {
	for url, want := range map[string]string{
		"https://www.Example.com:8080/a": "example.com", "http://u@[::1]:80?x": "[::1]", "//a.b#c": "a.b", "a.b/c": "", "": "",
	} {
		if got := hostOf(url); got != want {
			t.Errorf("%q: %q, want %q", url, got, want)
		}
	}
}

// FuzzParseSelector: whatever is written, a selector is parsed or refused, and
// one made of an element finds it.
func FuzzParseSelector(f *testing.F) {
	f.Add("main > div.a#b [c='d']", "tag", "id", "class")
	f.Add(`.a\`, "p", "", "md:w-1/2")
	f.Fuzz(func(t *testing.T, source, tag, id, class string) {
		if s, err := parseSelector(source); err == nil {
			s.matches(&text.Element{Tag: "p"})
		}
		if tag = strings.ToLower(tag); id == "" || strings.ContainsAny(tag, selectorSigns) {
			return
		}
		if strings.Trim(tag, "abcdefghijklmnopqrstuvwxyz") != "" || strings.ContainsAny(class, " \t\r\n\f") {
			return
		}
		e := &text.Element{Tag: tag, Attrs: []text.Attr{{Key: "id", Value: id}, {Key: "class", Value: class + " other"}}}
		var classes []string
		if class != "" {
			classes = []string{class}
		}
		s, err := parseSelector(FormatSelector(tag, id, classes...))
		if err != nil {
			t.Fatalf("%q, %q, %q: %v", tag, id, class, err)
		}
		if made := ClassNames(e.Attrs[1].Value); class != "" && !slices.Contains(made, class) {
			t.Errorf("%q is not in %q", class, made)
		}
		if !s.matches(e) {
			t.Errorf("%q does not find its element", s.source)
		}
	})
}
