package extract

import (
	"strings"
	"unicode/utf8"

	"winnow/text"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// How an article becomes text:
//
//   - Every block of the page (paragraph, heading, list item, quote, table row,
//     code, caption) becomes one block of the text, on a line of its own.
//     Inline elements leave no trace, so no word is split and none is glued.
//   - White space is collapsed as a browser does. A non-breaking space counts
//     as white space too: rules and readers look for plain spaces. Soft hyphens
//     are dropped, for nobody sees them.
//   - <br> is a line break inside its block; two of them end the block.
//   - Code keeps its spaces and line breaks.
//   - The cells of a table row are joined by tabs. A row that holds more than
//     one block in a cell is layout, and its blocks stand for themselves.
//   - List markers, quotation marks of <q> and the like are not in the page's
//     bytes and are not made up.

// cellSep stands between two cells of a table row.
const cellSep = "\t"

// render returns the text of an article and its blocks. n may be nil.
func render(n *html.Node, captions bool) (string, []text.Block) {
	if n == nil {
		return "", nil
	}
	r := renderer{captions: captions}
	r.all(n)
	return join(r.lines)
}

// all renders the tree n.
func (r *renderer) all(n *html.Node) {
	r.node(n, place{el: -1})
	r.flush()
}

// join lays out blocks one after the other.
func join(lines []line) (string, []text.Block) {
	if len(lines) == 0 {
		return "", nil
	}
	size := len(lines)
	for _, l := range lines {
		size += len(l.text)
	}
	var b strings.Builder
	b.Grow(size)
	blocks := make([]text.Block, len(lines))
	paths := pathMaker{}
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		start := b.Len()
		b.WriteString(l.text)
		blocks[i] = text.Block{Span: text.Span{Start: start, End: b.Len()}, Kind: l.kind, Level: l.level, In: paths.of(l.in)}
	}
	return b.String(), blocks
}

// A line is a block before it has its place in the text.
type line struct {
	text  string
	kind  text.BlockKind
	level int
	in    *html.Node // the element around its first text; nil in trees of an engine
	// Where an account is kept: the text nodes of the block lie in [from, to) of
	// the walk, and marks says where each stands.
	from, to int32
	marks    []mark
}

// A place is what the elements around a node make of the text in it.
type place struct {
	kind   text.BlockKind
	level  int
	lists  int        // lists around
	quotes int        // quotes around
	code   bool       // white space is kept
	el     int32      // the element around, in the walk
	in     *html.Node // the element around, where an account is kept
}

// A renderer gathers the lines of an article.
type renderer struct {
	captions bool
	walk     *walk // the account of what is rendered, or nil
	lines    []line
	buf      []byte // the block that is being gathered
	marks    []mark // where the text nodes in buf stand
	from     int32  // the first text node that may stand in buf
	at       place  // where the text in buf stands
	space    bool   // white space is due before the next word
	breaks   int    // line breaks are due before the next word
}

// flush ends the block that is being gathered.
func (r *renderer) flush() {
	if len(r.buf) > 0 {
		s, cut := string(r.buf), 0
		if r.at.code {
			s, cut = trimCode(s)
		} else {
			t := text.Span{End: len(s)}.Trim(s)
			s, cut = t.In(s), t.Start
		}
		if s != "" {
			l := line{text: s, kind: r.at.kind, level: r.at.level}
			if r.walk != nil {
				l.in = r.at.in
				l.from, l.to, l.marks = r.from, r.walk.count, moved(r.marks, -cut, len(s))
			}
			r.lines = append(r.lines, l)
		}
	}
	if r.walk != nil {
		r.from, r.marks = r.walk.count, nil
	}
	r.buf, r.space, r.breaks = r.buf[:0], false, 0
}

func trim(s string) string { return text.Span{End: len(s)}.Trim(s).In(s) }

// trimCode cuts empty lines off both ends, and white space off the end, but
// keeps the first line's indent. cut is how many bytes went at the start.
func trimCode(s string) (t string, cut int) {
	s = s[:text.Span{End: len(s)}.Trim(s).End]
	for {
		first, rest, ok := strings.Cut(s, "\n")
		if !ok && trim(s) == "" {
			return "", 0
		}
		if !ok || trim(first) != "" {
			return s, cut
		}
		cut += len(s) - len(rest)
		s = rest
	}
}

func (r *renderer) node(n *html.Node, p place) {
	switch n.Type {
	case html.TextNode:
		if r.walk != nil {
			r.account(n, p)
			return
		}
		r.text(n.Data, p)
	case html.ElementNode:
		r.element(n, p)
	case html.DocumentNode:
		r.children(n, p)
	}
}

func (r *renderer) text(s string, p place) {
	if p.code {
		r.code(s, p)
	} else {
		r.prose(s, p)
	}
}

func (r *renderer) children(n *html.Node, p place) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.node(c, p)
	}
}

// block renders n as a block, or as several where it has blocks inside.
func (r *renderer) block(n *html.Node, p place) {
	r.flush()
	r.children(n, p)
	r.flush()
}

func (r *renderer) element(n *html.Node, p place) {
	// Engines rename elements by Data alone and leave DataAtom behind.
	a := atom.Lookup([]byte(n.Data))
	if r.walk != nil {
		p = r.walk.into(n, a, p)
	}
	switch a {
	case atom.Br:
		r.lineBreak(p)
	case atom.Wbr:
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		p.kind, p.level = text.Heading, int(n.Data[1]-'0')
		r.block(n, p)
	case atom.Ul, atom.Ol, atom.Menu, atom.Dir, atom.Dl:
		p.lists++
		r.block(n, p)
	case atom.Li, atom.Dt, atom.Dd:
		p.kind, p.level = text.ListItem, max(p.lists, 1)
		r.block(n, p)
	case atom.Blockquote:
		p.quotes++
		p.kind, p.level = text.Quote, p.quotes
		r.block(n, p)
	case atom.Pre, atom.Listing, atom.Xmp, atom.Plaintext:
		p.kind, p.level, p.code = text.Code, 0, true
		r.block(n, p)
	case atom.Figcaption:
		if r.captions {
			p.kind, p.level = text.Caption, 0
			r.block(n, p)
		} else {
			r.flush()
		}
	case atom.Caption:
		p.kind, p.level = text.Caption, 0
		r.block(n, p)
	case atom.Tr:
		r.row(n, p)
	case atom.Address, atom.Article, atom.Aside, atom.Body, atom.Center, atom.Details, atom.Dialog, atom.Div,
		atom.Fieldset, atom.Figure, atom.Footer, atom.Form, atom.Header, atom.Hgroup, atom.Hr, atom.Html,
		atom.Legend, atom.Main, atom.Nav, atom.P, atom.Section, atom.Summary,
		atom.Table, atom.Tbody, atom.Td, atom.Tfoot, atom.Th, atom.Thead:
		if p.code {
			r.codeBlock(n, p)
		} else {
			r.block(n, p)
		}
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Head, atom.Svg, atom.Iframe, atom.Object,
		atom.Embed, atom.Audio, atom.Video, atom.Canvas, atom.Select, atom.Datalist, atom.Textarea, atom.Noframes:
	default:
		if strings.Contains(n.Data, "-") && !p.code {
			// A custom element is mostly a box of its own, and never part of a word.
			r.space = true
			r.children(n, p)
			r.space = true
			return
		}
		r.children(n, p)
	}
}

// lineBreak notes a <br>. The second in a row ends the block.
func (r *renderer) lineBreak(p place) {
	if p.code {
		r.code("\n", p)
		return
	}
	r.breaks++
	if r.breaks == 2 {
		r.flush()
	}
}

// prose adds text to the block, white space collapsed.
func (r *renderer) prose(s string, p place) {
	for i := 0; i < len(s); {
		n, space := spaceAt(s[i:])
		if n > 0 {
			r.space = r.space || space
			i += n
			continue
		}
		j := i + 1
		for j < len(s) && !maybeSpace(s[j]) {
			j++
		}
		r.word(s[i:j], p)
		i = j
	}
}

// word adds bytes without white space that collapses.
func (r *renderer) word(s string, p place) {
	switch {
	case len(r.buf) == 0:
		r.at = p
	case r.breaks > 0:
		r.buf = append(r.buf, '\n')
	case r.space:
		r.buf = append(r.buf, ' ')
	}
	r.space, r.breaks = false, 0
	r.buf = append(r.buf, s...)
}

// maybeSpace reports whether c can begin a rune that spaceAt knows.
func maybeSpace(c byte) bool { return c <= ' ' || c == 0xC2 || c == 0xE2 }

// spaceAt returns the length of the rune at the start of s if it is white space
// that collapses (space true) or a soft hyphen, which is dropped (space false);
// else 0.
func spaceAt(s string) (n int, space bool) {
	switch c := s[0]; c {
	case ' ', '\t', '\n', '\v', '\f', '\r':
		return 1, true
	case 0xC2, 0xE2:
		switch r, n := utf8.DecodeRuneInString(s); r {
		case 0x85, 0xA0, 0x2028, 0x2029:
			return n, true
		case 0xAD:
			return n, false
		}
	}
	return 0, false
}

// code adds text to the block as it is; only non-breaking spaces become plain.
func (r *renderer) code(s string, p place) {
	if len(r.buf) == 0 {
		r.at = p
	}
	r.buf = append(r.buf, codeSpaces.Replace(s)...)
}

var codeSpaces = strings.NewReplacer("\u00a0", " ", "\r\n", "\n", "\r", "\n")

// codeBlock renders a block element in code, such as a <div> for every line.
func (r *renderer) codeBlock(n *html.Node, p place) {
	r.newLine()
	r.children(n, p)
	r.newLine()
}

func (r *renderer) newLine() {
	if len(r.buf) > 0 && r.buf[len(r.buf)-1] != '\n' {
		r.buf = append(r.buf, '\n')
	}
}

// row renders a table row.
func (r *renderer) row(n *html.Node, p place) {
	if p.code {
		r.codeBlock(n, p)
		return
	}
	r.flush()
	var all, cells []line // all blocks of the row; one a cell
	simple := true
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		cell := renderer{captions: r.captions, walk: r.walk}
		q := p
		if r.walk != nil {
			cell.from = r.walk.count
			q = r.walk.into(c, c.DataAtom, p)
		}
		cell.block(c, q)
		all = append(all, cell.lines...)
		switch len(cell.lines) {
		case 0:
			cells = append(cells, line{})
		case 1:
			cells = append(cells, cell.lines[0])
			k := cell.lines[0].kind
			simple = simple && k != text.Code && k != text.TableRow
		default:
			simple = false
		}
	}
	if simple && len(all) > 0 && (len(cells) > 1 || all[0].kind == p.kind) {
		l := joinCells(cells)
		l.from, l.to, l.in = all[0].from, all[len(all)-1].to, p.in
		all = []line{l}
	}
	r.lines = append(r.lines, all...)
	if r.walk != nil {
		r.from = r.walk.count
	}
}

// joinCells joins the cells of a row. Empty cells keep their place, except at
// the row's ends.
func joinCells(cells []line) line {
	for len(cells) > 0 && cells[0].text == "" {
		cells = cells[1:]
	}
	for len(cells) > 0 && cells[len(cells)-1].text == "" {
		cells = cells[:len(cells)-1]
	}
	row := line{kind: text.TableRow}
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteString(cellSep)
		}
		row.marks = append(row.marks, moved(c.marks, b.Len(), b.Len()+len(c.text))...)
		b.WriteString(strings.ReplaceAll(c.text, "\n", " "))
	}
	row.text = b.String()
	return row
}
