package siteconfig

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/rules"
	"winnow/text"
)

var update = flag.Bool("update", false, "write the goldens anew")

func TestWays(t *testing.T) {
	for _, c := range []struct{ xpath, want string }{
		{`//aside`, `aside`},
		{`//*[@id="a"]`, `[id="a"]`},
		{`/html/body/div[@class='a b']`, `html > body > div[class="a b"]`},
		{`//div[contains(@class,'a')]//p/b`, `div[class*="a"] p > b`},
		{`//div[@id='a'][@role]`, `div[id="a"][role]`},
		{`//DIV[@ID='a']`, `div[id="a"]`},
		{`//div[@a='x' and (@b='y' or @c='z')]`, `div[a="x"][b="y"], div[a="x"][c="z"]`},
		{`//a[@x='1'] | //b[@y='2']`, `a[x="1"], b[y="2"]`},
		{`//*[contains(concat(' ', @class, ' '), ' a ')]`, `[class~="a"]`},
		{`//*[contains(concat(" ",normalize-space(@class)," ")," a ")]`, `[class~="a"]`},
		{`//*[contains(@class, ' a')]`, `[class*="a"]`},
		{`//*[starts-with(@id,'c-')]`, `[id^="c-"]`},
		{`//footer/self::footer`, `footer`},
		{`//div/self::*[@id='a']`, `div[id="a"]`},
		{`//div[@id='a']/descendant::p`, `div[id="a"] p`},
		{`//div[@id='a']/child::p`, `div[id="a"] > p`},
		{`//p[@title="it's"]`, `p[title="it's"]`},
		{`//p[@title='a "b"']`, `p[title="a \"b\""]`},
		{`//p[1]`, `error: it asks for something other than attributes`},
		{`//p[last()]`, `error: it asks for something other`},
		{`//p[.='x']`, `error: it asks for something other`},
		{`//p[not(@class)]`, `error: a selector cannot say not()`},
		{`//p[contains(text(),'a')]`, `error: it asks for something other`},
		{`//p[contains(., 'a')]`, `error: it asks for something other`},
		{`//p/text()`, `error: text() is no element`},
		{`//meta/@content`, `error: it selects an attribute`},
		{`//p/parent::div`, `error: parent:: looks at`},
		{`//p/..`, `error: it selects from where it stands`},
		{`(//p)[1]`, `error: brackets around a path`},
		{`substring-after(//p, ':')`, `error: substring-after() computes`},
		{`//p[@a='`, `error: a quotation mark is not closed`},
		{`//p[@a=''`, `error: it compares with an empty text`},
		{`//p[@a`, `error: a predicate is not understood`},
		{`//p]`, `error: it is not understood`},
		{`//svg:g`, `error: it is not understood`},
		{``, `error: an element should stand`},
		{`//a[@b='1' or @b='2' or @b='3'][@c='1' or @c='2' or @c='3'][@d='1' or @d='2' or @d='3' or @d='4']`, `error: it would be more than`},
	} {
		var ws [][]step
		var err error
		for _, part := range union(c.xpath) {
			some, e := ways(part, false)
			ws, err = append(ws, some...), errors.Join(err, e)
		}
		var got []string
		for _, w := range ws {
			got = append(got, selector(w))
		}
		s := strings.Join(got, ", ")
		if err != nil {
			s = "error: " + err.Error()
		}
		if s != c.want && !(strings.HasPrefix(c.want, "error:") && strings.HasPrefix(s, c.want)) {
			t.Errorf("%s\n got %s\nwant %s", c.xpath, s, c.want)
		}
	}
}

// TestFirst: of a body the first is meant anyway.
func TestFirst(t *testing.T) {
	for xpath, want := range map[string]string{"//article[1]": "article", "(//div[@id='a'])[1]": `div[id="a"]`, "//div[@id='a'][2]": "", "(//a)[2]": ""} {
		ws, err := ways(xpath, true)
		if err != nil != (want == "") || err == nil && selector(ws[0]) != want {
			t.Errorf("%s: %v, %v", xpath, ws, err)
		}
	}
}

// TestConvert compares packs and reports with those beside the fixtures, and
// has every rule try its examples.
func TestConvert(t *testing.T) {
	for _, name := range []string{"dailyexample.com.txt", ".dailyexample.com.txt"} {
		src := filepath.Join("testdata", name)
		data, err := os.ReadFile(src)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(name, data)
		if err != nil {
			t.Fatal(err)
		}
		res := Convert(c, true)
		p, err := rules.ParsePack(name, res.Pack)
		if err == nil {
			err = p.Test()
		}
		if err != nil || len(p.Rules) != res.Rules {
			t.Fatalf("%s: %v; %d rules, %d told", name, err, len(p.Rules), res.Rules)
		}
		lines := 0
		for _, d := range c.Lines {
			if !strings.HasPrefix(d.Name, "test_") {
				lines++
			}
		}
		parts := 0
		for _, l := range res.Left {
			if strings.HasPrefix(l.Why, "in part") {
				parts++
			}
		}
		if len(res.Carried)+len(res.Left)-parts != lines {
			t.Errorf("%s: %d directives, %d carried over and %d left", name, lines, len(res.Carried), len(res.Left))
		}
		var got bytes.Buffer
		got.Write(res.Pack)
		got.WriteString("---\n")
		for _, l := range res.Left {
			fmt.Fprintf(&got, "# %d: %s: %s\n", l.Line, l.Directive, l.Why)
		}
		for _, x := range res.Tests {
			fmt.Fprintf(&got, "# test %s %q %q\n", x.URL, x.Contains, x.NotContains)
		}
		golden := strings.TrimSuffix(src, ".txt") + ".golden"
		if *update {
			if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: the pack differs from %s; run with -update and look at the difference", name, golden)
		}
	}
}

func TestHostOf(t *testing.T) {
	for name, want := range map[string]string{
		"example.com.txt": "example.com", ".example.com.txt": ".example.com", "www.example.com.txt": "example.com",
		"Sport.Example.co.uk.txt": "sport.example.co.uk", "LICENSE.txt": "", "global.txt": "", "README.md": "", "com.txt": "",
	} {
		if got := HostOf(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, err := Parse("LICENSE.txt", nil); err == nil {
		t.Error("a name that is no host's is no error")
	}
}

func TestCategoryOf(t *testing.T) {
	for name, want := range map[string]rules.Category{
		"article-shareBar": rules.Share, "relatedStories": rules.Related, "ad": rules.Ad, "header": rules.Nav, "badge": rules.Nav,
		"c-newsletter__box": rules.Subscribe, "wp-caption-text": rules.CaptionLine, "": rules.Nav,
	} {
		if got := categoryOf([][]step{{{tests: []test{{"class", name, '*'}}}}}); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestHosts: the rules of a file hold on its host alone.
func TestHosts(t *testing.T) {
	c, err := Parse("sport.dailyexample.com.txt", []byte("strip: //aside\nbody: //main\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := rules.ParsePack("p.yaml", Convert(c, true).Pack)
	if err != nil {
		t.Fatal(err)
	}
	set, err := rules.NewSet(p)
	if err != nil {
		t.Fatal(err)
	}
	e, err := rules.ParseLaid(rules.Example{Text: "main > p | one\nmain > aside | two\n"})
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]int{"https://sport.dailyexample.com/a": 1, "https://www.sport.dailyexample.com/a": 1, "https://www.dailyexample.com/a": 0} {
		d := &text.Document{Text: e.Text, Blocks: e.Blocks, URL: url, Publisher: text.PublisherOf(url)}
		if n := len(set.Apply(d, rules.Options{}).Removals); n != want {
			t.Errorf("%s: %d removals, want %d", url, n, want)
		}
	}
}

// FuzzConvert: whatever stands in a file, each directive is carried over or
// left, and the pack loads.
func FuzzConvert(f *testing.F) {
	data, err := os.ReadFile("testdata/dailyexample.com.txt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for line := range bytes.Lines(data) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("dailyexample.com.txt", data)
		if err != nil {
			t.Fatal(err)
		}
		res := Convert(c, true)
		if res.Rules == 0 {
			return
		}
		p, err := rules.ParsePack(c.File, res.Pack)
		if err == nil {
			err = p.Test()
		}
		if err != nil {
			t.Error(err)
		}
	})
}
