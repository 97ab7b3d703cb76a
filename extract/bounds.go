package extract

import (
	"bytes"

	"golang.org/x/net/html"
)

// The parser cannot be told to stop at a number of nodes, and few bytes can
// make many: an element of formatting that is left open (<b class=1>) is made
// anew in every paragraph that follows, so that 500 of them turn each "<p>" of
// three bytes into 500 nodes. The size of the tree is therefore estimated from
// the bytes, before the parse, from above, but for what the parser adds of
// itself (rows and bodies of tables: three nodes for one at most):
//
//   - overestimate reads every "<x" as an element, be it in a comment or a
//     script, and believes no end tag of formatting. One pass over the bytes.
//   - Only where that is too much, tokenEstimate runs the tokenizer, which
//     knows comments, scripts and attributes as the parser does, and keeps
//     account of the formatting that is open.

// bound returns an INPUT_TOO_LARGE error where src would make too large a tree.
func bound(src []byte, lim Limits) error {
	if overestimate(src, lim.MaxNodes) > lim.MaxNodes && tokenEstimate(src, lim.MaxNodes) > lim.MaxNodes {
		return tooManyNodes(lim)
	}
	return nil
}

func tooManyNodes(lim Limits) error {
	return fail(InputTooLarge, nil, "the page makes more than the %d nodes that are allowed", lim.MaxNodes)
}

// maxWork bounds depth times size, in bytes for each node that Limits allow.
// Engines read the text of an element again for every element around it: 10 MB
// of text in 480 divs, a mere 3,500 nodes, take them 40 s and more. The most of
// 1,497 real pages is 15 million; the default limits allow 250 million.
const maxWork = 1000

// check returns an INPUT_TOO_LARGE error where the tree is too large or too
// much of it stands too deep.
func (f *facts) check(lim Limits) error {
	if f.nodes > lim.MaxNodes {
		return tooManyNodes(lim)
	}
	if f.work/maxWork > lim.MaxNodes {
		return fail(InputTooLarge, nil, "too much of the page is nested too deep")
	}
	return nil
}

// overestimate returns about the most nodes that parsing src can make, and
// stops counting soon after it passes most.
func overestimate(src []byte, most int) int {
	var open openFormatting
	n := 0
	for n <= most {
		i := bytes.IndexByte(src, '<')
		if i < 0 {
			return n + min(len(src), 1)
		}
		if i > 0 {
			n++ // a text
		}
		src = src[i+1:]
		switch {
		case len(src) == 0:
		case letter(src[0]):
			n++
			name := src[:nameLen(src)]
			if formatting(name) {
				open.start(name, plainTag(src))
			} else {
				n += open.len()
			}
		case src[0] == '/' && len(src) > 1 && letter(src[1]):
			n += open.len()
			if opensByEnding(src[1 : 1+nameLen(src[1:])]) {
				n++
			}
		case src[0] == '!', src[0] == '?', src[0] == '/':
			n++ // a comment, or what is taken for one
		}
	}
	return n
}

// plainTag returns what stands before the ">" of a tag, or nil, which is like
// no other tag, where it is not plain to see which ">" ends it.
func plainTag(src []byte) []byte {
	i := bytes.IndexAny(src[:min(len(src), 64)], `>"'`)
	if i < 0 || src[i] != '>' {
		return nil
	}
	return src[:i]
}

// tokenEstimate is like overestimate, but nearer to the truth and a few times
// slower.
func tokenEstimate(src []byte, most int) int {
	var open openFormatting
	n := 0
	foreign := false // an svg or math element has begun
	afresh := false  // a block began or ended: open formatting is made anew
	z := html.NewTokenizer(bytes.NewReader(src))
	for n <= most {
		switch z.Next() {
		case html.ErrorToken:
			return n
		case html.TextToken:
			n++
			if afresh && len(bytes.TrimLeft(z.Raw(), " \t\r\n\f")) > 0 {
				n += open.len()
				afresh = false
			}
		case html.CommentToken, html.DoctypeToken:
			n++
		case html.StartTagToken, html.SelfClosingTagToken:
			n++
			tag := bytes.TrimSuffix(z.Raw()[1:], []byte(">"))
			name := tag[:nameLen(tag)]
			if afresh && (formatting(name) || !closesParagraph(name)) {
				n += open.len()
				afresh = false
			}
			switch {
			case formatting(name):
				open.start(name, bytes.Clone(tag)) // z uses its buffer again
			case fences(name):
				// End tags in here may not reach the formatting outside.
				open.fence = open.len()
				afresh = true
			default:
				afresh = true
			}
			if equalName(name, "svg") || equalName(name, "math") {
				foreign = true
			}
			if foreign {
				// In there the parser may read scripts and the like as mark-up.
				z.NextIsNotRawText()
			}
		case html.EndTagToken:
			tag := z.Raw()[2:]
			name := tag[:nameLen(tag)]
			if opensByEnding(name) {
				n++
			}
			if !formatting(name) {
				afresh = true
				break
			}
			if afresh {
				n += 8 // the parser moves blocks out of the formatting, eight times at most
			}
			if misnested := open.end(name); misnested {
				afresh = true
			}
		}
	}
	return n
}

// openFormatting stands for the parser's list of active formatting elements:
// tags that were opened and not closed. The list holds an equal tag three times
// at most and a link once, and its elements fit on a stack of 512.
type openFormatting struct {
	tags  [][]byte // name and attributes; nil for a tag like no other
	fence int      // end tags do not touch tags[:fence]
}

// linkTag stands for all links.
var linkTag = []byte("a")

func (o *openFormatting) len() int { return len(o.tags) }

func (o *openFormatting) start(name, tag []byte) {
	if len(o.tags) >= 512 {
		return
	}
	link := equalName(name, "a")
	if link {
		tag = linkTag
	}
	same := 0
	for _, t := range o.tags {
		if link && bytes.Equal(t, linkTag) {
			return
		}
		if tag != nil && bytes.Equal(t, tag) {
			if same++; same == 3 {
				return
			}
		}
	}
	o.tags = append(o.tags, tag)
}

// end takes off the latest tag of that name and reports whether others stood
// above it.
func (o *openFormatting) end(name []byte) (misnested bool) {
	for i := len(o.tags) - 1; i >= o.fence; i-- {
		if t := o.tags[i]; bytes.EqualFold(t[:nameLen(t)], name) {
			misnested = i < len(o.tags)-1
			o.tags = append(o.tags[:i], o.tags[i+1:]...)
			return misnested
		}
	}
	return false
}

func letter(c byte) bool { c |= 0x20; return 'a' <= c && c <= 'z' }

// nameLen returns the length of the tag name that b begins with.
func nameLen(b []byte) int {
	for i, c := range b[:min(len(b), 64)] {
		if c <= ' ' || c == '/' || c == '>' {
			return i
		}
	}
	return min(len(b), 64)
}

func equalName(b []byte, name string) bool {
	return len(b) == len(name) && bytes.EqualFold(b, []byte(name))
}

// formatting reports whether name is one of the standard's formatting elements.
func formatting(name []byte) bool {
	switch lower(name) {
	case "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u":
		return true
	}
	return false
}

// opensByEnding reports whether an end tag of that name makes an element where
// there is none to end.
func opensByEnding(name []byte) bool { return equalName(name, "p") || equalName(name, "br") }

// closesParagraph reports whether the parser inserts the element without
// making open formatting anew first.
func closesParagraph(name []byte) bool {
	switch lower(name) {
	case "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dir", "div", "dl", "dt",
		"fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
		"html", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th",
		"thead", "tr", "ul":
		return true
	}
	return false
}

// fences reports whether formatting outside of the element is out of reach for
// end tags inside, as the parser or a tokenizer that errs on foreign content
// sees it.
func fences(name []byte) bool {
	switch lower(name) {
	case "applet", "caption", "iframe", "marquee", "math", "noembed", "noframes", "noscript", "object", "plaintext",
		"script", "select", "style", "svg", "td", "template", "textarea", "th", "title", "xmp":
		return true
	}
	return false
}

// lower returns a short tag name in lower case, and "" for a long one.
func lower(name []byte) string {
	var low [10]byte
	if len(name) > len(low) {
		return ""
	}
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	return string(low[:len(name)])
}
