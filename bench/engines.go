package main

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"sync"

	readeck "codeberg.org/readeck/go-readability/v2"
	shiori "github.com/go-shiori/go-readability"
	distiller "github.com/markusmobius/go-domdistiller"
	trafilatura "github.com/markusmobius/go-trafilatura"
	"golang.org/x/net/html"

	"winnow/clean"
	"winnow/extract"
)

// An engine makes a text of a page.
type engine struct {
	name    string
	module  string // where it comes from, with its version
	forms   []string
	trained bool // on the pages that it is judged on
	cross   bool // its models are each judged on pages that they have not seen
	// run returns the texts of a page, one a form. Each engine is called as its
	// own documentation has it, with the page's bytes and address.
	run func(src []byte, address string) ([]string, error)
}

// Forms of the text of engines that return a tree as well.
const (
	own  = "its own text"
	tree = "its tree, one block a line"
)

// engines lists all, winnow first.
func engines() []engine {
	return []engine{
		{name: "winnow, engine alone", module: "this tree", forms: []string{own}, run: winnowEngine},
		{name: "winnow, engine and rules", module: "this tree", forms: []string{own}, run: winnowBy(extract.BlocksOff)},
		{name: "winnow, cross-validated", module: "this tree", forms: []string{own}, cross: true, run: winnowBy(extract.BlocksOn)},
		{name: "winnow, as shipped", module: "this tree", forms: []string{own}, trained: true, run: winnowBy(extract.BlocksOn)},
		{name: "go-shiori/go-readability", module: "github.com/go-shiori/go-readability v0.0.0-20251205110129", forms: []string{own, tree}, run: runShiori},
		{name: "readeck/go-readability", module: "codeberg.org/readeck/go-readability/v2 v2.1.2", forms: []string{own, tree}, run: runReadeck},
		{name: "go-trafilatura", module: "github.com/markusmobius/go-trafilatura v1.12.2", forms: []string{own, tree}, run: trafilaturaBy(false)},
		{name: "go-trafilatura, with fallback", module: "github.com/markusmobius/go-trafilatura v1.12.2", forms: []string{own, tree}, run: trafilaturaBy(true)},
		{name: "go-domdistiller", module: "github.com/markusmobius/go-domdistiller v1.0.0", forms: []string{own, tree}, run: runDistiller},
	}
}

func winnowEngine(src []byte, address string) ([]string, error) {
	r, err := extract.Extract(context.Background(), extract.Page{HTML: src, URL: address}, extract.Options{Blocks: extract.BlocksOff})
	if err != nil {
		return nil, err
	}
	return []string{r.Document.Text}, nil
}

// standard is winnow with its built-in rules, made once: that takes 15 ms.
var standard = sync.OnceValues(func() (*clean.Engine, error) { return clean.Default() })

func winnowBy(b extract.Blocking) func([]byte, string) ([]string, error) {
	return func(src []byte, address string) ([]string, error) {
		e, err := standard()
		if err != nil {
			return nil, err
		}
		r, err := e.Clean(context.Background(), clean.Input{URL: address, IsPage: true, Source: src}, clean.Options{Blocks: b})
		if err != nil {
			return nil, err
		}
		return []string{r.Outcome.Clean}, nil
	}
}

func runShiori(src []byte, address string) ([]string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	a, err := shiori.FromReader(bytes.NewReader(src), u)
	if err != nil {
		return nil, err
	}
	return []string{a.TextContent, render(a.Node)}, nil
}

func runReadeck(src []byte, address string) ([]string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	a, err := readeck.FromReader(bytes.NewReader(src), u)
	if err != nil {
		return nil, err
	}
	if a.Node == nil {
		return []string{"", ""}, nil
	}
	var b strings.Builder
	if err := a.RenderText(&b); err != nil {
		return nil, err
	}
	return []string{b.String(), render(a.Node)}, nil
}

// trafilaturaBy calls go-trafilatura as it comes, but for comments: they are a
// part of its result that its text does not hold.
func trafilaturaBy(fallback bool) func([]byte, string) ([]string, error) {
	return func(src []byte, address string) ([]string, error) {
		u, err := url.Parse(address)
		if err != nil {
			return nil, err
		}
		r, err := trafilatura.Extract(bytes.NewReader(src), trafilatura.Options{OriginalURL: u, EnableFallback: fallback})
		if err != nil {
			return nil, err
		}
		return []string{r.ContentText, render(r.ContentNode)}, nil
	}
}

func runDistiller(src []byte, address string) ([]string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	r, err := distiller.ApplyForReader(bytes.NewReader(src), &distiller.Options{OriginalURL: u, SkipPagination: true})
	if err != nil {
		return nil, err
	}
	return []string{r.Text, render(r.Node)}, nil
}

// render returns the text of a tree with a line break around every element
// that browsers set as a block, so that no two words are glued together.
func render(n *html.Node) string {
	var b strings.Builder
	var visit func(n *html.Node)
	visit = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			return
		}
		skip := n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style")
		block := n.Type == html.ElementNode && !inline[n.Data]
		if block {
			b.WriteByte('\n')
		}
		for c := n.FirstChild; c != nil && !skip; c = c.NextSibling {
			visit(c)
		}
		if block {
			b.WriteByte('\n')
		}
	}
	if n != nil {
		visit(n)
	}
	return b.String()
}

// inline are the elements that stand in the line.
var inline = map[string]bool{"a": true, "abbr": true, "b": true, "bdi": true, "bdo": true, "cite": true, "code": true, "data": true,
	"del": true, "dfn": true, "em": true, "font": true, "i": true, "ins": true, "kbd": true, "label": true, "mark": true, "q": true,
	"ruby": true, "s": true, "samp": true, "small": true, "span": true, "strong": true, "sub": true, "sup": true, "time": true,
	"tt": true, "u": true, "var": true, "wbr": true}
