package extract

import (
	"winnow/text"

	"golang.org/x/net/html"
)

// maxAttr is the length in bytes of the longest value of an attribute that
// blocks carry: classes and names are shorter, addresses and styles need not be held.
const maxAttr = 200

// A pathMaker turns nodes of a page into the elements that blocks carry. Blocks
// of one page share them.
type pathMaker map[*html.Node]*text.Element

// of returns the element of n, or nil where n is nil or the document.
func (m pathMaker) of(n *html.Node) *text.Element {
	for n != nil && n.Type != html.ElementNode {
		n = n.Parent
	}
	if n == nil {
		return nil
	}
	if e := m[n]; e != nil {
		return e
	}
	e := &text.Element{Parent: m.of(n.Parent), Tag: n.Data}
	k := 0
	for i := range n.Attr {
		if len(n.Attr[i].Val) <= maxAttr {
			k++
		}
	}
	if k > 0 {
		e.Attrs = make([]text.Attr, 0, k)
		for i := range n.Attr {
			if a := &n.Attr[i]; len(a.Val) <= maxAttr {
				e.Attrs = append(e.Attrs, text.Attr{Key: a.Key, Value: a.Val})
			}
		}
	}
	m[n] = e
	return e
}
