package extract

import (
	"fmt"
	"strings"
	"testing"

	"winnow/text"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// show renders blocks as one string: a letter for the kind, the level, the text.
func show(s string, blocks []text.Block) string {
	var parts []string
	for _, b := range blocks {
		kind := strings.ToUpper(b.Kind.String()[:1])
		if b.Kind == text.Code {
			kind = "X"
		}
		if b.Level > 0 {
			kind += fmt.Sprint(b.Level)
		}
		parts = append(parts, kind+" "+strings.ReplaceAll(b.Span.In(s), "\n", "⏎"))
	}
	return strings.Join(parts, " | ")
}

func fragment(t testing.TB, src string) *html.Node {
	t.Helper()
	div := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"}
	parts, err := html.ParseFragment(strings.NewReader(src), div)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		div.AppendChild(p)
	}
	return div
}

func TestRender(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"nothing", ``, ``},
		{"white space alone", " <p> \n\t&nbsp;</p><div>\u200b</div> ", ``},
		{"paragraphs", `<p>one</p><p>two</p>`, `P one | P two`},
		{"blocks without white space", `<div>one<div>two</div>three</div>`, `P one | P two | P three`},
		{"inline keeps words whole", `<p>un<b>believ</b>able <i>x</i><u>y</u></p>`, `P unbelievable xy`},
		{"white space around inline", "<p>a<b> b </b>c <b>\n d</b></p>", `P a b c d`},
		{"white space collapses", "<p>  a \n\t b\r\nc  </p>", `P a b c`},
		{"white space across inline edges", "<p>a <b> </b> b</p>", `P a b`},
		{"no-break space", "<p>10&nbsp;000 &nbsp; km&nbsp;</p>", `P 10 000 km`},
		{"line separators", "<p>a\u2028b\u2029c\u0085d</p>", `P a b c d`},
		{"other spaces stay", "<p>a\u2009b\u3000c</p>", "P a\u2009b\u3000c"},
		{"soft hyphen", "<p>Donau&shy;dampf\u00adschiff</p>", `P Donaudampfschiff`},
		{"wbr", `<p>super<wbr>califragilistic</p>`, `P supercalifragilistic`},
		{"letters that begin like spaces", `<p>£5 “ok” – ÂÃ</p>`, `P £5 “ok” – ÂÃ`},
		{"custom elements", `<p><x-a>one</x-a><x-a>two</x-a></p>`, `P one two`},

		{"br", `<p>one<br>two <br/> three</p>`, `P one⏎two⏎three`},
		{"br at the ends", `<p><br>one<br></p><p>two</p>`, `P one | P two`},
		{"two br", `<p>one<br> <br>two<br>three</p>`, `P one | P two⏎three`},
		{"many br", `<p>one<br><br><br><br>two</p>`, `P one | P two`},

		{"headings", `<h1>a</h1><h3>b <small>c</small></h3><h6>d</h6>`, `H1 a | H3 b c | H6 d`},
		{"heading in section", `<section><h2>a</h2>b</section>`, `H2 a | P b`},

		{"list", `<ul><li>a</li><li>b</li></ul>`, `L1 a | L1 b`},
		{"nested lists", `<ul><li>a<ol><li>b</li></ol>c</li><li>d</li></ul>`, `L1 a | L2 b | L1 c | L1 d`},
		{"paragraphs in an item", `<ul><li><p>a</p><p>b</p></li></ul>`, `L1 a | L1 b`},
		{"item without list", `<li>a</li>`, `L1 a`},
		{"definitions", `<dl><dt>a</dt><dd>b</dd></dl>`, `L1 a | L1 b`},

		{"quote", `<blockquote>a<p>b</p></blockquote>c`, `Q1 a | Q1 b | P c`},
		{"quote in quote", `<blockquote>a<blockquote>b</blockquote></blockquote>`, `Q1 a | Q2 b`},
		{"list in quote", `<blockquote><ul><li>a</li></ul></blockquote>`, `L1 a`},

		{"code", "<pre>\n  if x {\n\n\ty()\n  }\n</pre>", "X   if x {⏎⏎\ty()⏎  }"},
		{"coloured code", "<pre><code><span>a</span> <b>b</b>\nc</code></pre>", "X a b⏎c"},
		{"code with br", "<pre>a<br>b</pre>", "X a⏎b"},
		{"code with a block a line", "<pre><div>a</div><div>  b</div></pre>", "X a⏎  b"},
		{"code with no-break spaces", "<pre>&nbsp;&nbsp;a</pre>", "X   a"},
		{"inline code", "<p>call <code>f(  x )</code>.</p>", "P call f( x )."},
		{"code beside text", "a<pre>b</pre>c", "P a | X b | P c"},
		{"empty code", "<pre> \n </pre>a", "P a"},

		{"table", `<table><caption>c</caption><tr><th>a<th>b<tr><td>1<td><p>2</p></table>`, "C c | T a\tb | T 1\t2"},
		{"empty cells", `<table><tr><td><td>a<td><td>b<td></table>`, "T a\t\tb"},
		{"empty rows", `<table><tr><td> <td></tr><tr><td>a<td>b</table>`, "T a\tb"},
		{"br in a cell", `<table><tr><td>a<br>b<td>c</table>`, "T a b\tc"},
		{"one column", `<table><tr><td>a<tr><td>b</table>`, "T a | T b"},
		{"layout table", `<table><tr><td><p>a</p><p>b</p><td>c</table>`, "P a | P b | P c"},
		{"table in a table", `<table><tr><td>a<td><table><tr><td>b<td>c</table></table>`, "P a | T b\tc"},
		{"heading alone in a row", `<table><tr><td><h2>a</h2></table>`, "H2 a"},
		{"code in a row", "<table><tr><td>1<td><pre>a\nb</pre></table>", "P 1 | X a⏎b"},

		{"figure", `<figure><img alt="x" src="y"><figcaption>c</figcaption></figure><p>a</p>`, `P a`},
		{"caption ends a block", `a<figcaption>c</figcaption>b`, `P a | P b`},
		{"no text of their own", `<p>a<script>x</script><style>y</style><svg><text>z</text></svg><select><option>o</select>b</p>`, `P ab`},
		{"details", `<details><summary>a</summary>b</details>`, `P a | P b`},
		{"hr", `a<hr>b`, `P a | P b`},
		{"comment", `a<!-- x -->b`, `P ab`},
		{"ruby", `<p><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby></p>`, `P 漢(kan)`},
	} {
		got := show(render(fragment(t, c.src), false))
		if got != c.want {
			t.Errorf("%s: %s\n got %q\nwant %q", c.name, c.src, got, c.want)
		}
	}
}

func TestRenderCaptions(t *testing.T) {
	src := `<figure><img src="y"><figcaption>a <i>c</i></figcaption></figure><p>b</p>`
	if got, want := show(render(fragment(t, src), true)), `C a c | P b`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRenderNil(t *testing.T) {
	if s, blocks := render(nil, true); s != "" || blocks != nil {
		t.Errorf("got %q, %v", s, blocks)
	}
}

// TestRenderRenamed holds on to what engines do: they change an element's name
// and leave its atom as it was.
func TestRenderRenamed(t *testing.T) {
	n := fragment(t, `<h1>a</h1>b`)
	n.FirstChild.Data = "h2"
	if got, want := show(render(n, false)), `H2 a | P b`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
