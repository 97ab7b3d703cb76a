package extract

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"winnow/text"

	"golang.org/x/net/html"
)

func TestMetadata(t *testing.T) {
	const ld = `<script type="application/ld+json">`
	base, _ := url.Parse("https://example.org/a/b")
	for _, c := range []struct {
		name, head, want string // title; byline; site; language; excerpt; image; published; modified
	}{
		{"nothing", ``, ``},
		{"title", `<title> A  &amp; B </title>`, `A & B`},
		{"og first", `<title>A | Site</title><meta property=og:title content=A>`, `A`},
		{"heading last", `</head><h1>A <i>b</i></h1>`, `A b`},
		{"author", `<meta name=author content="Ann &#39;A&#39;">`, `;Ann 'A'`},
		{"author by", `<meta name=author content="by Ann Lee">`, `;Ann Lee`},
		{"author written by", `<meta name=author content="Written By: Ann Lee">`, `;Ann Lee`},
		{"author Byron", `<meta name=author content="Byron">`, `;Byron`},
		{"author is an address", `<meta property=article:author content=https://x.org/ann><meta name=parsely-author content=Ann>`, `;Ann`},
		{"author in the page", `</head><a rel=author href=/ann> Ann <b>Lee</b> </a>`, `;Ann Lee`},
		{"site", `<meta property=og:site_name content="The Site">`, `;;The Site`},
		{"language", `<html lang="pt_BR">`, `;;;pt-BR`},
		{"language xml", `<html xml:lang="EN-us">`, `;;;en-US`},
		{"language no tag", `<html lang="english!"><meta property=og:locale content=fr_FR>`, `;;;fr-FR`},
		{"language header", `<meta http-equiv=Content-Language content="de, en">`, `;;;de`},
		{"excerpt", `<meta name=Description content=" a
			b ">`, `;;;;a b`},
		{"image", `<meta property=og:image content=../i.png>`, `;;;;;https://example.org/i.png`},
		{"image is no address", `<meta property=og:image content=data:image/png,x>`, ``},
		{"dates", `<meta property=article:published_time content=2024-02-29T12:00:00+0200><meta property=article:modified_time content="2024-03-01">`,
			`;;;;;;2024-02-29T10:00;2024-03-01T00:00`},
		{"a date that is none", `<meta name=date content=yesterday><meta name=dc.date content=2024-01-02>`, `;;;;;;2024-01-02T00:00`},
		{"the only time", `</head><time datetime=2024-05-06T07:08Z>x</time><time datetime=2024-05-06T07:08Z>x</time>`, `;;;;;;2024-05-06T07:08`},
		{"one of many times", `</head><time datetime=2024-05-06>x</time><time datetime=2024-05-07>x</time>`, ``},
		{"times with a name", `</head><time itemprop=dateModified>May 7, 2024</time><span itemprop=datePublished content=2024-05-06>x</span>`,
			`;;;;;;2024-05-06T00:00;2024-05-07T00:00`},

		{"linked", ld + `{"@type":"NewsArticle","headline":"H","author":{"name":"Ann"},"publisher":{"name":"S"},"inLanguage":"nl",
			"description":"d","image":"/i","datePublished":"2024-01-01","dateModified":"2024-01-02"}</script>`,
			`H;Ann;S;nl;d;https://example.org/i;2024-01-01T00:00;2024-01-02T00:00`},
		{"linked lists", ld + `<![CDATA[[{"@type":"Organization","name":"no"},{"@type":["Thing","BlogPosting"],"name":"N","author":["Ann",{"name":"Bo"}],"image":[{"url":"/i"}]}]]]></script>`,
			`N;Ann, Bo;;;;https://example.org/i`},
		{"linked graph", ld + `{"@graph":[{"@type":"WebPage","datePublished":"2020-01-01"},{"@type":"Article","headline":"H","datePublished":"2024-01-01"}]}</script>`,
			`H;;;;;;2024-01-01T00:00`},
		{"linked page", ld + `{"@type":"WebPage","name":"H","datePublished":"2020-01-01"}</script>`, `H;;;;;;2020-01-01T00:00`},
		{"linked nonsense", ld + `{"@type":["Article",[1]],"headline":[3],"author":[[["x"]],7],"image":{"url":9},"datePublished":20240101}</script>` +
			ld + `{"@type":"Article"</script>` + ld + `null</script>`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, err := html.Parse(strings.NewReader(c.head))
			if err != nil {
				t.Fatal(err)
			}
			m := metadata(survey(doc, Limits{MaxNodes: 1000}), article{}, base)
			got := []string{m.Title, m.Byline, m.SiteName, m.Language, m.Excerpt, m.Image, minute(m.Published), minute(m.Modified)}
			if g := strings.TrimRight(strings.Join(got, ";"), ";"); g != c.want {
				t.Errorf("got %q, want %q", g, c.want)
			}
		})
	}
}

func minute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02T15:04")
}

func TestParseDate(t *testing.T) {
	for in, want := range map[string]string{
		"2024-02-29T12:30:00Z":                "2024-02-29T12:30",
		"2024-02-29T12:30:00.123456+05:30":    "2024-02-29T07:00",
		"2024-02-29T12:30:00-0500":            "2024-02-29T17:30",
		"2024-02-29T12:30":                    "2024-02-29T12:30",
		" 2024-02-29 \n 12:30:45 ":            "2024-02-29T12:30",
		"2024-02-29 12:30:45 +0100":           "2024-02-29T11:30",
		"2024-2-9":                            "2024-02-09T00:00",
		"2024/02/29":                          "2024-02-29T00:00",
		"20240229":                            "2024-02-29T00:00",
		"Thu, 29 Feb 2024 12:30:00 GMT":       "2024-02-29T12:30",
		"Thu, 29 Feb 2024 12:30:00 -0100":     "2024-02-29T13:30",
		"Thu Feb 29 2024 12:30:00 GMT+0100":   "2024-02-29T11:30",
		"February 29, 2024":                   "2024-02-29T00:00",
		"Feb 29, 2024 3:04 PM":                "2024-02-29T15:04",
		"29 February 2024":                    "2024-02-29T00:00",
		"2024-02":                             "2024-02-01T00:00",
		"2023-02-29":                          "",
		"0001-01-01T00:00:00Z":                "",
		"1970":                                "",
		"":                                    "",
		"yesterday":                           "",
		"Thu, 29 Feb 2024 12:30:00 PST":       "", // its offset is not known here
		"2024-02-29T12:30:00Z and then some.": "",
	} {
		d, ok := parseDate(in)
		if got := minute(d); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", in, got, ok, want)
		}
	}
}

func TestBaseURL(t *testing.T) {
	page := "https://example.org/a/b"
	for _, c := range []struct{ page, base, want string }{
		{page, "", page},
		{page, "/c/", "https://example.org/c/"},
		{page, "//cdn.example.net/", "https://cdn.example.net/"},
		{page, "javascript:alert(1)", page},
		{page, "%zz", page},
		{"", "/c/", ""},
		{"", "http://example.net/c/", "http://example.net/c/"},
	} {
		var u *url.URL
		if c.page != "" {
			u, _ = url.Parse(c.page)
		}
		got := ""
		if b := (&facts{base: c.base}).baseURL(u); b != nil {
			got = b.String()
		}
		if got != c.want {
			t.Errorf("%q in %q: got %q, want %q", c.base, c.page, got, c.want)
		}
	}
}

func TestExcerptFromText(t *testing.T) {
	doc := func(s string) text.Document {
		return text.Document{Text: "H\n" + s, Blocks: []text.Block{{Span: text.Span{End: 1}, Kind: text.Heading}, {Span: text.Span{Start: 2, End: 2 + len(s)}}}}
	}
	if got := excerpt(doc("a\nb c")); got != "a b c" {
		t.Errorf("got %q", got)
	}
	if got := excerpt(doc(strings.Repeat("word ", 200))); len(got) > mostExcerpt+4 || !strings.HasSuffix(got, "word …") {
		t.Errorf("got %q", got)
	}
	if got := excerpt(doc(strings.Repeat("字", 200))); len(got) > mostExcerpt+4 || strings.Trim(got, "字") != "…" {
		t.Errorf("got %q", got)
	}
}

func TestSanitize(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"kept", `<p>a <b>b</b> <a href="/x" title="t">c</a></p>`, `<p>a <b>b</b> <a href="/x" title="t">c</a></p>`},
		{"text is escaped", `<p>1 &lt; 2 &amp; "3"`, `<p>1 &lt; 2 &amp; &#34;3&#34;</p>`},
		{"handlers and styles", `<p onclick=x STYLE=y class=z id=i data-a=b>a</p>`, `<p>a</p>`},
		{"script", `a<script>b</script><style>c</style>d`, `ad`},
		{"unknown elements", `<x-y><center>a</center></x-y><marquee>b</marquee>`, `ab`},
		{"form", `<form action=x>a<input name=b><button>c</button></form>`, `a`},
		{"frames", `<iframe src=x>a</iframe><object>b</object><embed src=c>`, ``},
		{"foreign", `<svg><a href=x>a</a></svg><math><mi>b</mi></math>c`, `c`},
		{"comment", `a<!-- b -->c`, `ac`},
		{"schemes", `<a href=JAVASCRIPT:x>a</a><a href=data:x>b</a><a href=mailto:x>c</a><a href=ftp://x>d</a>`, `ab<a href="mailto:x">c</a>d`},
		{"hidden scheme", "<a href='java\tscript:x'>a</a><a href='\x01javascript:x'>b</a><a href='&#x6a;avascript:x'>c</a>", `abc`},
		{"scheme after space", `<a href=" javascript:x">a</a>`, `a`},
		{"relative with colon", `<a href="a/b:c">a</a>`, `<a href="a/b:c">a</a>`},
		{"images", `<img src=a.png onload=x srcset=y alt=z><img src=data:x>`, `<img src="a.png" alt="z"/>`},
		{"attributes of other elements", `<p href=/x colspan=2>a</p>`, `<p>a</p>`},
		{"table", `<table><tr><td colspan=2 bgcolor=red>a</table>`, `<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>`},
		{"code", "<pre>\n\n a</pre>", "<pre>\n\n a</pre>"},
	} {
		clean := sanitize(fragment(t, c.src))
		var b strings.Builder
		if err := html.Render(&b, clean); err != nil {
			t.Fatal(err)
		}
		if got, want := b.String(), "<div>"+c.want+"</div>"; got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, want)
		}
		// What was cleaned once stays as it is.
		again := ""
		for n := range fragment(t, b.String()).ChildNodes() {
			var b strings.Builder
			if err := html.Render(&b, sanitize(n)); err != nil {
				t.Fatal(err)
			}
			again += b.String()
		}
		if again != b.String() {
			t.Errorf("%s: cleaned again: %s", c.name, again)
		}
	}
}
