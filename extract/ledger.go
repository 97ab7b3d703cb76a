package extract

import (
	"bytes"
	"strconv"
	"strings"

	"winnow/text"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The ledger of a page says of every text that a reader of the page can see
// what became of it. It is made when asked for and decides nothing: the page
// is parsed a second time with a mark in front of every text, which tells where
// in the source each text node of the tree came from, be it moved or merged by
// the parser. A node whose origin is not certain gets no range.

// A Fate is what became of a text.
type Fate string

// The fates that extraction knows. Rules know one more.
const (
	Kept    Fate = "kept"
	Dropped Fate = "dropped"
)

// A DropReason says why extraction dropped a text.
type DropReason string

// The reasons.
const (
	ByEngine  DropReason = "ENGINE"  // the engine took it for no part of the article, and the model agrees or is off
	ByModel   DropReason = "MODEL"   // the engine kept it, the block model did not
	IsHidden  DropReason = "HIDDEN"  // the page hides it from readers at first
	IsCaption DropReason = "CAPTION" // the caption of a figure, which was not asked for
	IsControl DropReason = "CONTROL" // the text of a control: a menu of choices, a field to type in
	IsDrawing DropReason = "DRAWING" // lettering in a drawing
)

// A LedgerEntry is a text node of the page with something to see in it.
type LedgerEntry struct {
	// Path leads to the element around: an XPath such as /html/body/div[2]/p.
	Path string
	Text string // the node's text, as the parser decoded it
	Size int    // bytes of Text that are no white space and no soft hyphens
	// Source is where the text stands in Page.HTML, in bytes, white space at
	// both ends apart. HasSource tells whether that is known: not where the page
	// is not UTF-8 or the parser put the node together from several places.
	Source    text.Span
	HasSource bool
	// Extracted is where the text stands in Document.Text; empty for what was dropped.
	Extracted text.Span
	Fate      Fate
	Reason    DropReason // of what was dropped
	// Rescued tells that the engine had dropped the text and the model kept it.
	Rescued bool
	// Chance is the model's chance that the text is content, from 0 to 1, and Why
	// the features that did most to it. Unset where the model had no say.
	Chance float64
	Why    []string
}

// whyFeatures is how many features a ledger names for a block.
const whyFeatures = 4

// ledger makes the ledger of a page. opened is the content of the noscript
// element that took its own place, if one did.
func (l *layout) ledger(src source, opened string) []LedgerEntry {
	marked, m := markTexts(src.text)
	doc, err := html.Parse(bytes.NewReader(marked))
	if err != nil {
		return nil // cannot be: the page without marks was parsed
	}
	b := booker{layout: l, opened: opened, marks: m, base: src.skip, exact: src.exact, why: map[int32][]string{}}
	b.node(doc, "", "")
	return b.entries
}

// A booker writes a ledger.
type booker struct {
	*layout
	opened  string // the content of the noscript element that took its own place
	entries []LedgerEntry
	next    int // the text node of the walk that comes next
	marks   marks
	base    int  // where the marked text begins in the page
	exact   bool // the text is the page's own bytes
	why     map[int32][]string
}

func (b *booker) node(n *html.Node, path string, reason DropReason) {
	var seen map[string]int
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			b.text(c, path, reason)
		case html.ElementNode:
			if seen == nil {
				seen = map[string]int{}
			}
			seen[c.Data]++
			p := path + "/" + c.Data
			if k := seen[c.Data]; k > 1 {
				p += "[" + strconv.Itoa(k) + "]"
			}
			b.element(c, p, reason)
		default:
			b.node(c, path, reason)
		}
	}
}

func (b *booker) element(n *html.Node, path string, reason DropReason) {
	switch n.DataAtom {
	case atom.Noscript:
		b.noscript(n, path)
		return
	case atom.Template:
		if !shadow(n) {
			return
		}
	case atom.Script, atom.Style, atom.Head, atom.Iframe, atom.Object,
		atom.Embed, atom.Audio, atom.Video, atom.Canvas, atom.Noframes:
		return
	case atom.Select, atom.Datalist, atom.Textarea:
		reason = IsControl
	case atom.Svg:
		reason = IsDrawing
	}
	b.node(n, path, reason)
}

// noscript books the content of the element that took its own place.
func (b *booker) noscript(n *html.Node, path string) {
	if b.opened == "" || n.FirstChild == nil {
		return
	}
	data, spans := b.marks.read(n.FirstChild.Data)
	if data != b.opened {
		return
	}
	b.opened = ""
	marked, m := markTexts([]byte(data))
	body := &html.Node{Type: html.ElementNode, DataAtom: atom.Body, Data: "body"}
	parts, err := html.ParseFragment(bytes.NewReader(marked), body)
	if err != nil {
		return
	}
	div := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"}
	for _, p := range parts {
		div.AppendChild(p)
	}
	outer, base, exact := b.marks, b.base, b.exact
	b.marks = m
	if len(spans) == 1 {
		// The mark stands behind the white space that the data begins with.
		b.base += spans[0].Start - leadingSpace(data)
	} else {
		b.exact = false
	}
	b.node(div, path, "")
	b.marks, b.base, b.exact = outer, base, exact
}

func leadingSpace(s string) int { return len(s) - len(strings.TrimLeft(s, " \t\r\n\f")) }

// text books a text node.
func (b *booker) text(n *html.Node, path string, reason DropReason) {
	data, spans := b.marks.read(n.Data)
	i := -1
	if reason == "" && b.next < len(b.walk.nodes) && b.walk.nodes[b.next].data == data {
		i = b.next
		b.next++
	}
	size := Visible(data)
	if size == 0 {
		return
	}
	e := LedgerEntry{Path: path, Text: data, Size: size, Fate: Dropped, Reason: reason}
	if len(spans) > 0 && b.exact {
		e.Source, e.HasSource = joinSpans(spans)
		e.Source.Start += b.base
		e.Source.End += b.base
	}
	if i >= 0 {
		b.verdict(&e, i)
	} else if reason == "" {
		e.Reason = ByEngine
	}
	b.entries = append(b.entries, e)
}

// verdict fills in what became of text node i.
func (b *booker) verdict(e *LedgerEntry, i int) {
	part := b.part[i]
	if part >= 0 && b.judgement != nil {
		e.Chance = float64(b.judgement.Chance[part]) / 1000
		why, ok := b.why[part]
		if !ok {
			why = b.judgement.Why(int(part), whyFeatures)
			b.why[part] = why
		}
		e.Why = why
	}
	if b.keep[i] {
		e.Fate, e.Extracted, e.Rescued = Kept, b.at[i], !b.kept[i]
		return
	}
	el := b.walk.elements[b.walk.nodes[i].el]
	switch {
	case el.Caption:
		e.Reason = IsCaption
	case el.Hidden:
		e.Reason = IsHidden
	case b.kept[i]:
		e.Reason = ByModel
	default:
		e.Reason = ByEngine
	}
}

// joinSpans returns the span from the first of spans to the last, and whether
// they are in order.
func joinSpans(spans []text.Span) (text.Span, bool) {
	all := spans[0]
	for _, s := range spans[1:] {
		if s.Start < all.End {
			return text.Span{}, false
		}
		all.End = s.End
	}
	return all, len(spans) == 1
}

// marks tells the texts of a marked page apart.
type marks struct {
	mark  string // stands before and after each number; occurs nowhere else
	spans []text.Span
}

// markTexts returns src with a mark in front of every text that is more than
// white space.
func markTexts(src []byte) ([]byte, marks) {
	var m marks
	for r := '\uE000'; r <= '\uF8FF'; r++ {
		if s := string(r); !bytes.Contains(src, []byte(s)) {
			m.mark = s
			break
		}
	}
	if m.mark == "" {
		return src, m
	}
	out := make([]byte, 0, len(src)+len(src)/8)
	z := html.NewTokenizer(bytes.NewReader(src))
	at := 0
	for {
		tt := z.Next()
		raw := z.Raw()
		if tt == html.TextToken {
			body := bytes.Trim(raw, " \t\r\n\f")
			if len(body) > 0 {
				start := bytes.IndexByte(raw, body[0])
				out = append(out, raw[:start]...)
				out = append(out, m.mark...)
				out = strconv.AppendInt(out, int64(len(m.spans)), 10)
				out = append(out, m.mark...)
				m.spans = append(m.spans, text.Span{Start: at + start, End: at + start + len(body)})
				raw, at = raw[start:], at+start
			}
		}
		out = append(out, raw...)
		at += len(raw)
		if tt == html.ErrorToken {
			return out, m
		}
	}
}

// read takes the marks out of a text and returns what they tell.
func (m marks) read(s string) (string, []text.Span) {
	if m.mark == "" || !strings.Contains(s, m.mark) {
		return s, nil
	}
	var b strings.Builder
	var spans []text.Span
	for {
		before, rest, ok := strings.Cut(s, m.mark)
		b.WriteString(before)
		if !ok {
			return b.String(), spans
		}
		number, after, ok := strings.Cut(rest, m.mark)
		k, err := strconv.Atoi(number)
		if !ok || err != nil || k >= len(m.spans) {
			b.WriteString(m.mark) // the page's own, written as a reference
			s = rest
			continue
		}
		spans = append(spans, m.spans[k])
		s = after
	}
}
