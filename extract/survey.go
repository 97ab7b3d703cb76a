package extract

import (
	"bytes"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// facts is what one walk over a page's tree finds out about it.
type facts struct {
	nodes   int
	work    int              // sum over the nodes of their depth times their size; see maxWork
	text    int              // bytes of text that readers with scripts see, white space apart
	base    string           // href of the first base element
	lang    string           // lang of the html element
	title   string           // text of the first title element
	h1      string           // text of the first h1
	meta    []meta           // meta elements with content
	jsonLD  []string         // texts of the JSON-LD scripts
	times   []stamp          // elements that carry a date
	objects []map[string]any // what stands in them, once read
	author  string           // text of the first element that names itself the author

	noscript *html.Node // the noscript element with most bytes
	opened   string     // its content, where it took its own place

	next, previous string // addresses of the pages that this one continues on and from
}

// A meta is a meta element: its key (name, property, itemprop or http-equiv,
// in lower case) and its content.
type meta struct{ key, content string }

// A stamp is a date that stands in the page's mark-up.
type stamp struct {
	prop  string // itemprop, in lower case
	value string // datetime or content attribute, else the text
}

// survey gathers the facts of a page and takes out of the tree what is no part
// of what a reader sees: comments, scripts, styles, templates, drawings. The
// engine would do the same later and pay for copies of them before.
func survey(doc *html.Node, lim Limits) *facts {
	f := &facts{nodes: 1}
	f.walk(doc, 1)
	f.openNoscript(lim)
	return f
}

// leastNoscript is the least text that makes a noscript element more than a
// notice to switch scripts on, in bytes.
const leastNoscript = 250

// nodeWork is the work of a node without text, in bytes of text.
const nodeWork = 32

// openNoscript puts the content of a noscript element in its place where that
// holds more text than all the rest: such a page is made by scripts, and the
// element is what readers without them, and search engines, are given.
// Forums often do that.
func (f *facts) openNoscript(lim Limits) {
	n := f.noscript
	if n == nil || len(n.FirstChild.Data) <= f.text {
		return
	}
	src := []byte(n.FirstChild.Data)
	if bound(src, lim) != nil {
		return
	}
	body := &html.Node{Type: html.ElementNode, DataAtom: atom.Body, Data: "body"}
	parts, err := html.ParseFragment(bytes.NewReader(src), body)
	if err != nil {
		return // nested too deep; the page goes on without
	}
	inner := &facts{}
	div := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"}
	for _, p := range parts {
		div.AppendChild(p)
	}
	depth := 1
	for a := n.Parent; a != nil; a = a.Parent {
		depth++
	}
	inner.walk(div, depth)
	f.nodes += inner.nodes
	f.work += inner.work
	if inner.text <= f.text || inner.text < leastNoscript {
		return
	}
	f.times = append(f.times, inner.times...)
	f.h1, f.author = first(f.h1, inner.h1), first(f.author, inner.author)
	f.opened = n.FirstChild.Data
	n.Parent.InsertBefore(div, n)
	n.Parent.RemoveChild(n)
}

// walk visits the nodes below n, which stand that deep.
func (f *facts) walk(n *html.Node, depth int) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		f.nodes++
		if c.DataAtom == atom.Template && shadow(c) {
			c.DataAtom, c.Data = atom.Div, "div"
		}
		switch {
		case unseen(c):
			f.nodes += below(c)
			n.RemoveChild(c)
		case c.Type == html.TextNode:
			f.text += textSize(c.Data)
			f.work += depth * (nodeWork + len(c.Data))
		case c.Type == html.ElementNode && (c.DataAtom == atom.Noscript || c.DataAtom == atom.Head):
			text := f.text
			f.work += depth * nodeWork
			f.walk(c, depth+1)
			f.text = text // not what readers see
		default:
			f.work += depth * nodeWork
			f.walk(c, depth+1)
		}
		c = next
	}
	if n.Type == html.ElementNode && n.Namespace == "" {
		f.element(n)
	}
}

// textSize returns the number of bytes in s that are no white space.
func textSize(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] > ' ' {
			n++
		}
	}
	return n
}

// below returns the number of nodes below n.
func below(n *html.Node) int {
	nodes := 0
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		nodes += 1 + below(c)
	}
	return nodes
}

// shadow reports whether a template is shown: what it holds stands in the place
// of what its parent holds besides.
func shadow(n *html.Node) bool { return attr(n, "shadowrootmode") != "" }

// unseen reports whether n is nothing that a reader sees and nothing that the
// engine learns from.
func unseen(n *html.Node) bool {
	if n.Type == html.CommentNode {
		return true
	}
	if n.Type != html.ElementNode {
		return false
	}
	switch n.DataAtom {
	case atom.Style, atom.Template, atom.Svg:
		return true
	case atom.Script:
		return !jsonLD(n)
	}
	return false
}

func jsonLD(n *html.Node) bool {
	return strings.EqualFold(strings.TrimSpace(attr(n, "type")), "application/ld+json")
}

func (f *facts) element(n *html.Node) {
	switch n.DataAtom {
	case atom.Html:
		f.lang = first(f.lang, attr(n, "lang"), attr(n, "xml:lang"))
	case atom.Base:
		f.base = first(f.base, attr(n, "href"))
	case atom.Link, atom.A:
		f.pageLink(n)
	case atom.Title:
		f.title = first(f.title, flatText(n))
	case atom.H1:
		f.h1 = first(f.h1, flatText(n))
	case atom.Meta:
		key := strings.ToLower(first(attr(n, "property"), attr(n, "name"), attr(n, "itemprop"), attr(n, "http-equiv")))
		if content := attr(n, "content"); key != "" && content != "" {
			f.meta = append(f.meta, meta{key, content})
		}
	case atom.Noscript:
		if c := n.FirstChild; c != nil && c.Type == html.TextNode &&
			(f.noscript == nil || len(c.Data) > len(f.noscript.FirstChild.Data)) {
			f.noscript = n
		}
	case atom.Script:
		if jsonLD(n) && n.FirstChild != nil {
			f.jsonLD = append(f.jsonLD, n.FirstChild.Data)
		}
	}
	prop := strings.ToLower(attr(n, "itemprop"))
	switch {
	case n.DataAtom == atom.Time, prop == "datepublished", prop == "datemodified", prop == "datecreated":
		if v := first(attr(n, "datetime"), attr(n, "content"), flatText(n)); v != "" && len(f.times) < 100 {
			f.times = append(f.times, stamp{prop, v})
		}
	case prop == "author", attr(n, "rel") == "author":
		if n.DataAtom != atom.Meta && n.DataAtom != atom.Link {
			f.author = first(f.author, flatText(n))
		}
	}
}

// baseURL returns the address that relative links of the page refer to: its
// base element's, seen from the page's own. It is nil where that is not known.
func (f *facts) baseURL(page *url.URL) *url.URL {
	b, err := url.Parse(strings.TrimSpace(f.base))
	switch {
	case f.base == "" || err != nil:
		return page
	case page != nil:
		b = page.ResolveReference(b)
	}
	if b.Host == "" || b.Scheme != "http" && b.Scheme != "https" {
		return page
	}
	return b
}

// attr returns the value of n's attribute of that name, or "".
func attr(n *html.Node, name string) string {
	for i := range n.Attr {
		if n.Attr[i].Key == name {
			return n.Attr[i].Val
		}
	}
	return ""
}

// first returns the first string that is not empty.
func first(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

// flatText returns the text in n on one line, cut off after a few hundred
// bytes: it is for titles, names and dates.
func flatText(n *html.Node) string {
	const most = 600
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		for c := n.FirstChild; c != nil && b.Len() < most; c = c.NextSibling {
			switch c.Type {
			case html.TextNode:
				b.WriteString(c.Data[:min(len(c.Data), 4*most)])
			case html.ElementNode:
				walk(c)
			}
		}
	}
	walk(n)
	return oneLine(b.String())
}

// oneLine returns s in valid UTF-8 with runs of white space as one space.
func oneLine(s string) string {
	return strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "")
}
