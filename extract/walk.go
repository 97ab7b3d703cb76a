package extract

import (
	"strings"
	"unicode/utf8"

	"winnow/extract/blocks"
	"winnow/text"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A walk is the account that a renderer keeps of a whole page: its elements,
// its text nodes and which block each of them went to. Two walks over one tree
// number the text nodes alike.
type walk struct {
	count    int32 // text nodes seen
	elements []blocks.Element
	nodes    []node

	keep  []bool // the text nodes to render, by number; nil for all
	marks bool   // note where in the block each node stands
	// numbers gives the text nodes of another tree the numbers of this page's
	// nodes, which are in nodes then. A node without any is rendered and not noted.
	numbers map[*html.Node]run
}

// A node is a text node of a page.
type node struct {
	data string
	el   int32 // the element around
	size int32 // bytes that are no white space
	at   *html.Node
}

// A run is n text nodes of a page from number first on, which an engine made one.
type run struct{ first, n int32 }

// A mark says that text node n stands at [start, end) of a block.
type mark struct {
	n          int32
	start, end int
}

// moved returns marks shifted by d and cut to [0, end).
func moved(marks []mark, d, end int) []mark {
	for i := range marks {
		m := &marks[i]
		m.start, m.end = min(max(m.start+d, 0), end), min(max(m.end+d, 0), end)
	}
	return marks
}

// into returns the place inside an element.
func (w *walk) into(n *html.Node, a atom.Atom, p place) place {
	p.el = w.enter(n, a, p.el)
	if w.numbers == nil { // else it is the tree of an engine, which drops and renames much
		p.in = n
	}
	return p
}

// enter notes an element and returns its number.
func (w *walk) enter(n *html.Node, a atom.Atom, parent int32) int32 {
	if w.keep != nil {
		return -1
	}
	e := blocks.Element{Parent: parent, Tag: a}
	for i := range n.Attr {
		v := &n.Attr[i]
		switch v.Key {
		case "class":
			e.Class = v.Val
		case "id":
			e.ID = v.Val
		case "role":
			e.Role = v.Val
		case "itemprop":
			e.Prop = v.Val
		case "aria-label", "data-testid", "data-component", "data-block", "data-section-type":
			if e.Label == "" {
				e.Label = v.Val
			}
		case "href":
			e.Link = a == atom.A
		case "hidden":
			e.Hidden = true
		case "aria-hidden":
			e.Hidden = e.Hidden || v.Val == "true"
		case "style":
			e.Hidden = e.Hidden || hides(v.Val)
		}
	}
	if a == 0 && e.Label == "" {
		e.Label = n.Data
	}
	if parent >= 0 {
		up := &w.elements[parent]
		e.Hidden = e.Hidden || up.Hidden
		e.Link = e.Link || up.Link
		e.Bold, e.Caption = up.Bold, up.Caption
	}
	switch a {
	case atom.B, atom.Strong:
		e.Bold = true
	case atom.Figcaption:
		e.Caption = true
	}
	w.elements = append(w.elements, e)
	return int32(len(w.elements) - 1)
}

// hides reports whether a style attribute hides its element.
func hides(style string) bool {
	if len(style) < len("display:none") || !strings.Contains(style, "none") && !strings.Contains(style, "hidden") {
		return false
	}
	s := strings.ToLower(strings.Join(strings.Fields(style), ""))
	return strings.Contains(s, "display:none") || strings.Contains(s, "visibility:hidden")
}

// account renders a text node and notes it.
func (r *renderer) account(n *html.Node, p place) {
	w := r.walk
	i := w.count
	w.count++
	if w.numbers != nil {
		of, ok := w.numbers[n]
		if !ok {
			r.text(n.Data, p)
		}
		for k := of.first; k < of.first+of.n; k++ {
			r.noted(k, w.nodes[k].data, p)
		}
		return
	}
	if w.keep == nil {
		w.nodes = append(w.nodes, node{data: n.Data, el: p.el, size: int32(Visible(n.Data)), at: n})
	} else if !w.keep[i] {
		r.space = r.space || n.Data != "" && n.Data != trim(n.Data)
		return
	}
	r.noted(i, n.Data, p)
}

// noted renders text node i, and notes where it stands.
func (r *renderer) noted(i int32, s string, p place) {
	start := len(r.buf)
	r.text(s, p)
	if r.walk.marks && len(r.buf) > start {
		r.marks = append(r.marks, mark{i, start, len(r.buf)})
	}
}

// Visible returns the number of bytes of s that a reader can see: all but white
// space as text.IsSpace knows it, and soft hyphens.
func Visible(s string) int {
	size := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c != ' ' && (c < '\t' || c > '\r') {
				size++
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r != softHyphen && !text.IsSpace(r) {
			size += n
		}
		i += n
	}
	return size
}

const softHyphen = 0xAD
