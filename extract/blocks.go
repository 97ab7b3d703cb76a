package extract

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"unsafe"

	"winnow/extract/blocks"
	"winnow/text"

	"golang.org/x/net/html"
)

// A Blocking says whether the block model has a word in what is the article.
type Blocking string

// The ways.
const (
	BlocksOn  Blocking = "on"  // it removes and rescues, the default
	BlocksOff Blocking = "off" // the engine's verdict stands
)

// ParseBlocking returns the way of that name; "" is BlocksOn. The error is an
// *Error with reason INVALID_OPTION.
func ParseBlocking(name string) (Blocking, error) {
	switch b := Blocking(name); b {
	case "":
		return BlocksOn, nil
	case BlocksOn, BlocksOff:
		return b, nil
	}
	return "", fail(InvalidOption, nil, "blocks cannot be %q; there are %q and %q", name, BlocksOn, BlocksOff)
}

// A layout is a page as its blocks, with the engine's verdict on each.
type layout struct {
	walk  *walk
	page  *blocks.Page
	part  []int32 // the block of each text node, -1 for white space between blocks
	kept  []bool  // what the engine kept, by text node
	lines []line

	numbers   map[*html.Node]run // the texts of the article, by their numbers in the walk
	judgement *blocks.Judgement  // nil where the model has no say
	keep      []bool             // what is kept in the end, by text node
	at        []text.Span        // where it stands in the text; for the ledger
}

// lay makes the layout of a page. doc is the tree that the engine was given a
// copy of, art what it found.
func lay(doc *html.Node, art *html.Node, f *facts, pageURL string) *layout {
	l := &layout{walk: &walk{}}
	r := renderer{captions: true, walk: l.walk}
	r.all(doc)
	l.lines = r.lines
	l.numbers = l.walk.found(art)
	l.kept = make([]bool, len(l.walk.nodes))
	for _, of := range l.numbers {
		for i := of.first; i < of.first+of.n; i++ {
			l.kept[i] = true
		}
	}
	l.page = &blocks.Page{Elements: l.walk.elements, Facts: f.blockFacts(pageURL)}
	l.part = make([]int32, len(l.walk.nodes))
	for i := range l.part {
		l.part[i] = -1
	}
	for i := range l.lines {
		l.split(&l.lines[i])
	}
	return l
}

// split makes a block of a line, or two where the engine kept a part of it.
func (l *layout) split(ln *line) {
	var sides [2]blocks.Block // dropped, kept
	var at [2]int32
	for i := range sides {
		sides[i].Element, at[i] = -1, -1
	}
	lastLink := int32(-1)
	for i := ln.from; i < ln.to; i++ {
		n := &l.walk.nodes[i]
		if n.size == 0 {
			continue
		}
		k := 0
		if l.kept[i] {
			k = 1
		}
		b := &sides[k]
		if at[k] < 0 {
			at[k] = i
			b.Element = n.el
		}
		b.Size += int(n.size)
		if n.el >= 0 {
			e := &l.walk.elements[n.el]
			if e.Link {
				b.Linked += int(n.size)
				if lastLink != n.el {
					b.Links++
				}
				lastLink = n.el
			}
			b.Caption = e.Caption
			if e.Bold {
				b.Bold += int(n.size)
			}
		}
	}
	both := at[0] >= 0 && at[1] >= 0
	number := [2]int32{-1, -1}
	order := []int{0, 1}
	if both && at[1] < at[0] {
		order = []int{1, 0}
	}
	for _, k := range order {
		if at[k] < 0 {
			continue
		}
		b := sides[k]
		b.Kind, b.Level, b.Kept, b.Part = ln.kind, ln.level, k == 1, both
		if both {
			b.Text = l.partText(ln, k == 1)
		} else {
			b.Text = ln.text
		}
		number[k] = int32(len(l.page.Blocks))
		l.page.Blocks = append(l.page.Blocks, b)
	}
	for i := ln.from; i < ln.to; i++ {
		if l.walk.nodes[i].size == 0 {
			continue
		}
		if l.kept[i] {
			l.part[i] = number[1]
		} else {
			l.part[i] = number[0]
		}
	}
}

// partText returns the text of a line's nodes that the engine kept, or of the others.
func (l *layout) partText(ln *line, kept bool) string {
	var r renderer
	for i := ln.from; i < ln.to; i++ {
		if n := &l.walk.nodes[i]; l.kept[i] == kept || n.size == 0 {
			r.prose(n.data, place{})
		} else {
			r.space = true
		}
	}
	return trim(string(r.buf))
}

// settle decides what to keep and fills in the text of a result. It returns
// the tree of the article, for mark-up.
func (l *layout) settle(res *Result, doc, art *html.Node, o Options, base *url.URL) *html.Node {
	var r renderer
	if o.Blocks == BlocksOff {
		// The engine's tree is rendered, and the texts in it are known by their numbers.
		l.keep = slices.Clone(l.kept)
		r = renderer{captions: o.Captions, walk: &walk{numbers: l.numbers, nodes: l.walk.nodes, keep: l.keep, marks: true}}
		doc = art
	} else {
		l.judge(o)
		r = renderer{captions: true, walk: &walk{keep: l.keep, marks: o.Ledger}}
	}
	if doc != nil {
		r.all(doc)
	}
	res.Document.Text, res.Document.Blocks = join(r.lines)
	if o.Ledger {
		l.places(r.lines, res.Document)
	}
	if o.Blocks == BlocksOff || !o.HTML && !o.Markdown {
		return art
	}
	return l.article(doc, base)
}

// judge has the model decide which text nodes to keep. Captions of figures
// stand or go with the engine's verdict where they are asked for, else they go.
func (l *layout) judge(o Options) {
	j := blocks.Builtin().Judge(l.page)
	for i := range j.Keep {
		if b := &l.page.Blocks[i]; b.Caption {
			j.Keep[i] = o.Captions && b.Kept
		}
	}
	if o.Rescue != nil {
		l.rescue(j, o)
	}
	l.judgement = j
	l.keep = make([]bool, len(l.part))
	for i, b := range l.part {
		l.keep[i] = b < 0 || j.Keep[b]
	}
}

// rescue keeps the blocks that rules say are content.
func (l *layout) rescue(j *blocks.Judgement, o Options) {
	paths := pathMaker{}
	in := make([]*text.Element, len(l.page.Blocks))
	for i, b := range l.part {
		if b >= 0 && in[b] == nil {
			in[b] = paths.of(l.walk.nodes[i].at)
		}
	}
	for i, yes := range o.Rescue(in) {
		if yes && (o.Captions || !l.page.Blocks[i].Caption) {
			j.Keep[i] = true
		}
	}
}

// places notes where the texts stand in d, which lines became.
func (l *layout) places(lines []line, d text.Document) {
	l.at = make([]text.Span, len(l.part))
	placed := make([]bool, len(l.part))
	for i := range lines {
		from := d.Blocks[i].Span.Start
		for _, m := range lines[i].marks {
			l.at[m.n] = text.Span{Start: from + m.start, End: from + m.end}.Trim(d.Text)
			placed[m.n] = true
		}
	}
	for i := range l.keep {
		l.keep[i] = placed[i] // captions and the like stay out of the text
	}
}

// article returns a copy of the tree that holds the text nodes to keep, the
// elements around them and the pictures beside them, with their captions.
func (l *layout) article(doc *html.Node, base *url.URL) *html.Node {
	p := pruner{keep: map[*html.Node]bool{}, base: base}
	for i := range l.walk.nodes {
		if n := &l.walk.nodes[i]; n.size > 0 {
			p.keep[n.at] = l.keep[i] || l.kept[i] && l.walk.elements[n.el].Caption
		}
	}
	return p.copy(doc)
}

// found returns which text nodes of the walk the texts of the article are.
// Engines copy nodes but not the bytes of their texts, so that a text is known
// by its address; short ones share theirs, and follow the text before, as do
// those that an engine put together.
func (w *walk) found(art *html.Node) map[*html.Node]run {
	if art == nil {
		return nil
	}
	at := make(map[*byte]int32, len(w.nodes))
	for i := range w.nodes {
		if d := w.nodes[i].data; len(d) > 1 {
			at[unsafe.StringData(d)] = int32(i)
		}
	}
	var texts []*html.Node
	var visit func(n *html.Node)
	visit = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type != html.TextNode {
				visit(c)
			} else if c.Data != "" {
				texts = append(texts, c)
			}
		}
	}
	visit(art)
	numbers := make(map[*html.Node]run, len(texts))
	known := func(c *html.Node) (int32, bool) {
		if len(c.Data) < 2 {
			return 0, false
		}
		i, ok := at[unsafe.StringData(c.Data)]
		return i, ok
	}
	const near = 500
	last, next := int32(-1), 0 // the number before, and the next text whose number is known
	for k, c := range texts {
		if i, ok := known(c); ok {
			numbers[c], last = run{i, 1}, i
			continue
		}
		end := min(last+1+near, int32(len(w.nodes)))
		for next = max(next, k+1); next < len(texts); next++ {
			if i, ok := known(texts[next]); ok {
				if i > last {
					end = min(end, i)
				}
				break
			}
		}
		for i := last + 1; i < end; i++ {
			if n := w.together(i, c.Data); n > 0 {
				numbers[c], last = run{i, n}, i+n-1
				break
			}
		}
	}
	return numbers
}

// together returns how many text nodes from number i on make up s, 0 if none do.
func (w *walk) together(i int32, s string) int32 {
	for n := int32(0); i+n < int32(len(w.nodes)); n++ {
		rest, ok := strings.CutPrefix(s, w.nodes[i+n].data)
		if !ok {
			return 0
		}
		if s = rest; s == "" {
			return n + 1
		}
	}
	return 0
}

// blockFacts returns the page's own facts for the model.
func (f *facts) blockFacts(pageURL string) blocks.Facts {
	b := blocks.Facts{URL: pageURL, Title: f.title, H1: f.h1, Kind: f.content("og:type"), Maker: f.content("generator")}
	if d := f.content("og:description", "description"); d != "" {
		b.Summary = append(b.Summary, d)
	}
	for _, o := range f.linked() {
		switch t := o["@type"].(type) {
		case string:
			b.Types = append(b.Types, t)
		case []any:
			for _, e := range t {
				if s, ok := e.(string); ok {
					b.Types = append(b.Types, s)
				}
			}
		}
		for _, k := range []string{"articleBody", "text", "reviewBody"} {
			if s := str(o[k]); s != "" {
				b.Body = append(b.Body, s)
			}
		}
		if s := str(o["description"]); s != "" {
			b.Summary = append(b.Summary, s)
		}
	}
	return b
}

// PageBlocks returns the blocks of a page as the model sees them, with what the
// engine made of them. It is for training and for looking into the model.
// Errors are as Extract's.
func PageBlocks(ctx context.Context, p Page, o Options) (*blocks.Page, error) {
	eng, lim, pageURL, err := prepare(p, o)
	if err != nil {
		return nil, err
	}
	src, err := decode(p)
	if err != nil {
		return nil, err
	}
	if err := bound(src.text, lim); err != nil {
		return nil, err
	}
	doc, err := parse(ctx, src.text)
	if err != nil {
		return nil, err
	}
	f := survey(doc, lim)
	if err := f.check(lim); err != nil {
		return nil, err
	}
	art, err := runEngine(eng, doc, f.baseURL(pageURL))
	if err != nil {
		return nil, err
	}
	return lay(doc, art.node, f, strings.TrimSpace(p.URL)).page, nil
}
