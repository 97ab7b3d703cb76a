package extract

import (
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/strikethrough"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// markup fills in the Markdown and the HTML of a result, where asked for. Both
// come from a copy of the article that holds allowed elements and attributes alone.
func markup(res *Result, n *html.Node, o Options) error {
	if n == nil || !o.HTML && !o.Markdown {
		return nil
	}
	clean := sanitize(n)
	if o.HTML {
		var b strings.Builder
		if err := guard("the HTML writer", func() error { return html.Render(&b, clean) }); err != nil {
			return err
		}
		res.HTML = b.String()
	}
	if o.Markdown {
		err := guard("the Markdown converter", func() error {
			b, err := markdown().ConvertNode(clean) // changes clean
			res.Markdown = string(b)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// markdown is safe for concurrent use once made.
var markdown = sync.OnceValue(func() *converter.Converter {
	return converter.NewConverter(converter.WithPlugins(
		base.NewBasePlugin(),
		commonmark.NewCommonmarkPlugin(),
		strikethrough.NewStrikethroughPlugin(),
		table.NewTablePlugin(),
	))
})

// allowed maps the elements that cleaned HTML may hold to their attributes.
// title, lang and dir are allowed everywhere.
var allowed = map[atom.Atom][]string{
	atom.A: {"href"}, atom.Abbr: nil, atom.Article: nil, atom.B: nil, atom.Bdi: nil, atom.Bdo: nil,
	atom.Blockquote: {"cite"}, atom.Br: nil, atom.Caption: nil, atom.Cite: nil, atom.Code: nil,
	atom.Col: {"span"}, atom.Colgroup: {"span"}, atom.Dd: nil, atom.Del: {"cite", "datetime"},
	atom.Details: {"open"}, atom.Dfn: nil, atom.Div: nil, atom.Dl: nil, atom.Dt: nil, atom.Em: nil,
	atom.Figcaption: nil, atom.Figure: nil, atom.H1: nil, atom.H2: nil, atom.H3: nil, atom.H4: nil, atom.H5: nil,
	atom.H6: nil, atom.Hr: nil, atom.I: nil, atom.Img: {"src", "alt", "width", "height"},
	atom.Ins: {"cite", "datetime"}, atom.Kbd: nil, atom.Li: {"value"}, atom.Mark: nil,
	atom.Ol: {"start", "reversed", "type"}, atom.P: nil, atom.Pre: nil, atom.Q: {"cite"}, atom.Rp: nil, atom.Rt: nil,
	atom.Ruby: nil, atom.S: nil, atom.Samp: nil, atom.Section: nil, atom.Small: nil, atom.Span: nil,
	atom.Strong: nil, atom.Sub: nil, atom.Summary: nil, atom.Sup: nil, atom.Table: nil, atom.Tbody: nil,
	atom.Td: {"colspan", "rowspan"}, atom.Tfoot: nil, atom.Th: {"colspan", "rowspan", "scope"}, atom.Thead: nil,
	atom.Time: {"datetime"}, atom.Tr: nil, atom.U: nil, atom.Ul: nil, atom.Var: nil, atom.Wbr: nil,
}

// dropped are the elements that go with all they hold. Elements that are
// neither here nor allowed go, and what they hold stays.
var dropped = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Template: true, atom.Noscript: true, atom.Iframe: true,
	atom.Object: true, atom.Embed: true, atom.Applet: true, atom.Svg: true, atom.Math: true, atom.Canvas: true,
	atom.Audio: true, atom.Video: true, atom.Source: true, atom.Track: true,
	atom.Input: true, atom.Select: true, atom.Textarea: true, atom.Button: true, atom.Datalist: true,
	atom.Link: true, atom.Meta: true, atom.Base: true, atom.Head: true, atom.Title: true,
	atom.Noframes: true, atom.Noembed: true, atom.Frame: true, atom.Frameset: true,
}

// sanitize returns a copy of n under a <div>, fit to be shown on any page: no
// scripts, no styles, no event handlers, no addresses but web and mail ones.
func sanitize(n *html.Node) *html.Node {
	root := element(atom.Div)
	sanitizeInto(root, n)
	if c := root.FirstChild; c != nil && c.NextSibling == nil && c.DataAtom == atom.Div {
		root.RemoveChild(c)
		return c
	}
	return root
}

func element(a atom.Atom) *html.Node {
	return &html.Node{Type: html.ElementNode, DataAtom: a, Data: a.String()}
}

func sanitizeInto(parent, n *html.Node) {
	switch n.Type {
	case html.TextNode:
		parent.AppendChild(&html.Node{Type: html.TextNode, Data: n.Data})
		return
	case html.ElementNode, html.DocumentNode:
	default:
		return
	}
	a := atom.Lookup([]byte(n.Data)) // engines rename elements by Data alone
	if dropped[a] || n.Namespace != "" {
		return
	}
	if attrs, ok := allowed[a]; ok {
		e := element(a)
		e.Attr = cleanAttributes(n.Attr, attrs)
		switch {
		case a == atom.A && attr(e, "href") == "":
			// What it holds stays.
		case a == atom.Img && attr(e, "src") == "":
			return
		default:
			parent.AppendChild(e)
			parent = e
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		sanitizeInto(parent, c)
	}
}

func cleanAttributes(attrs []html.Attribute, names []string) []html.Attribute {
	var out []html.Attribute
	for _, a := range attrs {
		if a.Namespace != "" || !attributeAllowed(a.Key, names) {
			continue
		}
		switch a.Key {
		case "href", "cite":
			if !safeURL(a.Val, "http", "https", "mailto") {
				continue
			}
		case "src":
			if !safeURL(a.Val, "http", "https") {
				continue
			}
		}
		out = append(out, html.Attribute{Key: a.Key, Val: a.Val})
	}
	return out
}

func attributeAllowed(key string, names []string) bool {
	if key == "title" || key == "lang" || key == "dir" {
		return true
	}
	return slices.Contains(names, key)
}

// safeURL reports whether s is an address without a scheme or with one of those
// given. Browsers pass over control characters and white space in a scheme, so
// an address with any is not safe.
func safeURL(s string, schemes ...string) bool {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return false
	}
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	return u.Scheme == "" || slices.Contains(schemes, u.Scheme)
}
