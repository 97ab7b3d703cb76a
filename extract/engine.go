package extract

import (
	"fmt"
	"net/url"
	"runtime/debug"

	readeck "codeberg.org/readeck/go-readability/v2"
	shiori "github.com/go-shiori/go-readability"
	"golang.org/x/net/html"
)

// An Engine names the readability engine that finds the article in a page.
type Engine string

// The engines.
const (
	// Shiori is github.com/go-shiori/go-readability, the default.
	Shiori Engine = "shiori"
	// Readeck is codeberg.org/readeck/go-readability/v2, its successor: faster,
	// after a later Readability.js, with somewhat other choices.
	Readeck Engine = "readeck"
)

// ParseEngine returns the engine of that name; "" is the default. The error
// is an *Error with reason INVALID_OPTION.
func ParseEngine(name string) (Engine, error) {
	if name == "" {
		return Shiori, nil
	}
	if _, ok := engines[Engine(name)]; !ok {
		return "", fail(InvalidOption, nil, "no engine named %q; there are %q and %q", name, Shiori, Readeck)
	}
	return Engine(name), nil
}

func (e Engine) name() Engine {
	if e == "" {
		return Shiori
	}
	return e
}

// An engine finds the article in a parsed page. It leaves doc as it was; the
// texts of the article share their bytes with those of doc. base may be nil.
type engine func(doc *html.Node, base *url.URL) (article, error)

// An article is what an engine found. node is nil where it found nothing.
type article struct {
	node     *html.Node
	title    string
	byline   string
	siteName string
	image    string
}

var engines = map[Engine]engine{Shiori: runShiori, Readeck: runReadeck}

// runShiori clones doc twice inside: there is no entry without.
func runShiori(doc *html.Node, base *url.URL) (article, error) {
	a, err := shiori.FromDocument(doc, base)
	if err != nil {
		return article{}, err
	}
	return article{node: a.Node, title: a.Title, byline: a.Byline, siteName: a.SiteName,
		image: a.Image}, nil
}

func runReadeck(doc *html.Node, base *url.URL) (article, error) {
	p := readeck.NewParser()
	a, err := p.ParseAndMutate(clone(doc), base)
	if err != nil {
		return article{}, err
	}
	return article{node: a.Node, title: a.Title(), byline: a.Byline(), siteName: a.SiteName(),
		image: a.ImageURL()}, nil
}

// runEngine calls an engine and turns its errors and panics into the page's own.
func runEngine(eng engine, doc *html.Node, base *url.URL) (art article, err error) {
	err = guard("the readability engine", func() (err error) {
		art, err = eng(doc, base)
		return err
	})
	return art, err
}

// guard calls f, which is code of others, and returns its error or panic as an *Error.
func guard(what string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fail(EngineFailed, fmt.Errorf("panic: %v\n%s", r, debug.Stack()), "%s failed on this page", what)
		}
	}()
	if err := f(); err != nil {
		return fail(EngineFailed, err, "%s failed on this page", what)
	}
	return nil
}

// clone returns a copy of the tree n.
func clone(n *html.Node) *html.Node {
	c := &html.Node{Type: n.Type, DataAtom: n.DataAtom, Data: n.Data, Namespace: n.Namespace}
	if len(n.Attr) > 0 {
		c.Attr = append([]html.Attribute(nil), n.Attr...)
	}
	for x := n.FirstChild; x != nil; x = x.NextSibling {
		c.AppendChild(clone(x))
	}
	return c
}
