// Package extract turns the bytes of a web page into a text.Document: the
// article, one block a line, with metadata.
//
// A page goes through these stages, each a function of its own:
//
//	decode    bytes -> UTF-8           charset.go
//	bound     too many nodes?          bounds.go
//	parse     UTF-8 -> tree            parse.go
//	survey    tree -> page's own facts survey.go; drops what no reader sees
//	engine    tree -> article node     engine.go
//	blocks    tree, article -> what to keep  blocks.go, blocks/
//	render    tree -> text, blocks     render.go
//	metadata  facts -> Metadata        metadata.go
//	markup    article -> HTML, Markdown  markup.go
//
// Extract is safe for concurrent use and keeps no state. The same page and
// options give the same bytes, always and everywhere.
package extract

import (
	"context"
	"net/url"
	"runtime"
	"strings"
	"time"

	"winnow/text"
)

// A Page is a web page as it was fetched.
type Page struct {
	HTML []byte // raw bytes in any charset; never written to
	// URL is where the page was found. It may be empty; relative links then
	// stay relative and the publisher is not known.
	URL string
	// ContentType is the HTTP header of that name, for its charset; may be empty.
	ContentType string
	// Charset is the charset that the caller knows the page to have; may be
	// empty. It goes before ContentType and the page's own word, but not before
	// a byte-order mark, and never before the fact that the bytes are valid UTF-8.
	Charset string
}

// Options say how a page is extracted. The zero value is the standard.
type Options struct {
	Engine   Engine   // "" is Shiori
	Blocks   Blocking // "" is BlocksOn
	Limits   Limits
	Captions bool // keep the captions of figures in the text
	Markdown bool // fill Result.Markdown
	HTML     bool // fill Result.HTML
	// Rescue, where not nil, is given the elements around all blocks of the page,
	// of which some may be nil, and tells which blocks are content whatever the
	// engine and the model say. It is not asked with BlocksOff.
	Rescue func(in []*text.Element) []bool
	Ledger bool // fill Result.Ledger, at the cost of a second parse
}

// Limits bound the work that a page may cause. Zero means the default,
// a negative number is an INVALID_OPTION. Nesting is bounded by the parser, at 512.
type Limits struct {
	MaxBytes int // bytes of Page.HTML; default DefaultMaxBytes
	MaxNodes int // nodes of the parsed tree; default DefaultMaxNodes
}

// The default limits. See Limits.
const (
	DefaultMaxBytes = 32 << 20
	DefaultMaxNodes = 250_000
)

// Metadata is what a page says about itself. Fields that the page does not
// tell are empty.
type Metadata struct {
	Title    string
	Byline   string
	SiteName string
	Language string // BCP 47 tag
	Excerpt  string // a summary of a few sentences, on one line
	Image    string // absolute URL where the page's own URL is known
	// Next and Previous are where the page says that it goes on and comes from:
	// the other pages of an article or list. Absolute as Image is.
	Next, Previous string
	Published      time.Time
	Modified       time.Time
}

// A Result is an extracted page.
type Result struct {
	// Document holds the article's text and blocks. Blocks are joined by one
	// line break; there is none at the end. A block is one line, but code and
	// paragraphs with <br> in them keep their line breaks. The text is valid
	// UTF-8. Title, Language, URL and Publisher are set.
	Document text.Document
	Metadata Metadata
	Markdown string        // see Options.Markdown
	HTML     string        // see Options.HTML
	Ledger   []LedgerEntry // see Options.Ledger; in the order of the page
	Charset  string        // the charset used, by its name in the WHATWG standard
	Warnings []Warning
	// NodeCount is the number of nodes of the parsed page: elements, texts,
	// comments and the rest.
	NodeCount int
}

// hugePage is the size in bytes from which on a page is tidied up after.
const hugePage = 4 << 20

// tidy collects the garbage of a stage where a page is huge: a stage leaves
// several times the page's size, and the collector by itself would let that of
// all stages come together.
func tidy(page []byte) {
	if len(page) >= hugePage {
		runtime.GC()
	}
}

// Extract returns the article of a page. A page without an article gives a
// Result with empty text and the warning NO_ARTICLE, not an error. All errors
// are of type *Error.
//
// The engine cannot be interrupted: ctx is looked at between the stages and
// while parsing. Limits are what bounds the engine's time.
func Extract(ctx context.Context, p Page, o Options) (*Result, error) {
	eng, lim, pageURL, err := prepare(p, o)
	if err != nil {
		return nil, err
	}
	if err := alive(ctx); err != nil {
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
	tidy(src.text)
	facts := survey(doc, lim)
	if err := facts.check(lim); err != nil {
		return nil, err
	}
	if err := alive(ctx); err != nil {
		return nil, err
	}
	base := facts.baseURL(pageURL)
	art, err := runEngine(eng, doc, base)
	if err != nil {
		return nil, err
	}
	if err := alive(ctx); err != nil {
		return nil, err
	}
	tidy(src.text)

	res := &Result{Charset: src.charset, Warnings: src.warnings, NodeCount: facts.nodes}
	if kind := kindOf(p.HTML); kind != "" {
		res.Warnings = append(res.Warnings, warn(NotHTML, "the source is %s and no page; what is packed must be unpacked, or sent with its content encoding", kind))
	}
	res.Metadata = metadata(facts, art, base)
	res.Document = text.Document{
		URL:       p.URL,
		Publisher: text.PublisherOf(p.URL),
		Language:  res.Metadata.Language,
		Title:     res.Metadata.Title,
	}
	article := art.node
	if o.Blocks == BlocksOff && !o.Ledger {
		res.Document.Text, res.Document.Blocks = render(article, o.Captions)
	} else {
		l := lay(doc, article, facts, p.URL)
		article = l.settle(res, doc, article, o, base)
		if o.Ledger {
			res.Ledger = l.ledger(src, facts.opened)
		}
	}
	if res.Metadata.Excerpt == "" {
		res.Metadata.Excerpt = excerpt(res.Document)
	}
	if res.Document.Text == "" {
		res.Warnings = append(res.Warnings, warn(NoArticle, "the %s engine found no article in this page", o.Engine.name()))
	}
	if err := markup(res, article, o); err != nil {
		return nil, err
	}
	return res, nil
}

// prepare checks the options and fills in the defaults.
func prepare(p Page, o Options) (engine, Limits, *url.URL, error) {
	name, err := ParseEngine(string(o.Engine))
	if err != nil {
		return nil, Limits{}, nil, err
	}
	if _, err := ParseBlocking(string(o.Blocks)); err != nil {
		return nil, Limits{}, nil, err
	}
	lim := o.Limits
	if lim.MaxBytes < 0 || lim.MaxNodes < 0 {
		return nil, Limits{}, nil, fail(InvalidOption, nil, "limits must not be negative")
	}
	if lim.MaxBytes == 0 {
		lim.MaxBytes = DefaultMaxBytes
	}
	if lim.MaxNodes == 0 {
		lim.MaxNodes = DefaultMaxNodes
	}
	if len(p.HTML) > lim.MaxBytes {
		return nil, Limits{}, nil, fail(InputTooLarge, nil, "the page has %d bytes, the limit is %d", len(p.HTML), lim.MaxBytes)
	}
	u, err := url.Parse(strings.TrimSpace(p.URL))
	if err != nil || u.Host == "" {
		u = nil // an address that helps nobody is no reason to refuse the page
	}
	return engines[name], lim, u, nil
}
