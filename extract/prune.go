package extract

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A pruner copies a page's tree down to what is kept of it.
type pruner struct {
	keep map[*html.Node]bool // text nodes that can be seen
	base *url.URL            // may be nil

	last    bool         // the text before was kept
	waiting []*html.Node // copies of pictures since the text before, which was dropped
	drop    map[*html.Node]bool
}

// copy returns the copy of n, nil where nothing of it is kept. A picture is
// kept beside text that is kept.
func (p *pruner) copy(n *html.Node) *html.Node {
	p.drop = map[*html.Node]bool{}
	c, _ := p.node(n)
	for _, w := range p.waiting {
		p.drop[w] = true
	}
	if c != nil {
		prunePictures(c, p.drop)
	}
	return c
}

func (p *pruner) node(n *html.Node) (c *html.Node, full bool) {
	switch n.Type {
	case html.TextNode:
		keep, seen := p.keep[n]
		if seen {
			for _, w := range p.waiting {
				p.drop[w] = !keep
			}
			p.waiting, p.last = nil, keep
		}
		if seen && !keep {
			if n.Data == trim(n.Data) {
				return nil, false
			}
			return &html.Node{Type: html.TextNode, Data: " "}, false
		}
		return &html.Node{Type: html.TextNode, Data: n.Data}, seen
	case html.ElementNode, html.DocumentNode:
	default:
		return nil, false
	}
	if n.Type == html.ElementNode && (dropped[n.DataAtom] || n.Namespace != "") {
		return nil, false
	}
	c = &html.Node{Type: n.Type, DataAtom: n.DataAtom, Data: n.Data, Attr: p.attributes(n)}
	switch n.DataAtom {
	case atom.Img:
		if !p.last {
			p.waiting = append(p.waiting, c)
		}
		return c, true
	case atom.Br, atom.Hr, atom.Wbr:
		return c, false
	}
	for x := n.FirstChild; x != nil; x = x.NextSibling {
		if k, ok := p.node(x); k != nil {
			if last := c.LastChild; blank(k) && last != nil && blank(last) {
				continue
			}
			c.AppendChild(k)
			full = full || ok
		}
	}
	cell := n.DataAtom == atom.Td || n.DataAtom == atom.Th
	if !full && !cell {
		return nil, false
	}
	return c, full
}

// blank reports whether n is a text of white space alone.
func blank(n *html.Node) bool { return n.Type == html.TextNode && trim(n.Data) == "" }

// prunePictures takes the pictures to drop, and what then is empty, out of n.
// It reports whether anything is left.
func prunePictures(n *html.Node, drop map[*html.Node]bool) bool {
	if n.Type == html.TextNode {
		return trim(n.Data) != ""
	}
	if n.DataAtom == atom.Img {
		return !drop[n]
	}
	full := false
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		ok := prunePictures(c, drop)
		switch {
		case ok:
			full = true
		case c.Type == html.ElementNode && c.DataAtom != atom.Br && c.DataAtom != atom.Hr && c.DataAtom != atom.Td && c.DataAtom != atom.Th && c.DataAtom != atom.Wbr:
			n.RemoveChild(c)
		}
		c = next
	}
	return full
}

// attributes returns n's attributes, its addresses made absolute. A picture
// that is loaded late gets its address.
func (p *pruner) attributes(n *html.Node) []html.Attribute {
	out := append([]html.Attribute(nil), n.Attr...)
	for i := range out {
		if k := out[i].Key; k == "href" || k == "src" || k == "cite" {
			out[i].Val = p.absolute(out[i].Val)
		}
	}
	if n.DataAtom != atom.Img {
		return out
	}
	if src := attr(n, "src"); src != "" && !strings.HasPrefix(src, "data:") {
		return out
	}
	for _, k := range []string{"data-src", "data-lazy-src", "data-original", "data-url", "srcset", "data-srcset"} {
		v, _, _ := strings.Cut(strings.TrimSpace(attr(n, k)), " ")
		if v = strings.TrimSuffix(v, ","); v == "" || strings.HasPrefix(v, "data:") {
			continue
		}
		rest := out[:0]
		for _, a := range out {
			if a.Key != "src" {
				rest = append(rest, a)
			}
		}
		return append(rest, html.Attribute{Key: "src", Val: p.absolute(v)})
	}
	return out
}

// absolute returns ref seen from the page's base, or as it is.
func (p *pruner) absolute(ref string) string {
	ref = strings.TrimSpace(ref)
	if p.base == nil || strings.HasPrefix(ref, "#") {
		return ref
	}
	u, err := url.Parse(ref)
	if err != nil {
		return ref
	}
	return p.base.ResolveReference(u).String()
}
