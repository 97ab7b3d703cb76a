// Package blocks judges the blocks of a page: which of them are the page's own
// content, whatever a readability engine made of them. It removes residue that
// the engine left and rescues what the engine dropped.
//
// A page comes in as plain arrays, elements and blocks in document order. Each
// block becomes a row of whole numbers (features.go), of itself, of what stands
// around it and of the page; boosted trees give it a chance (forest.go); and the
// page's blocks are chosen together (choose.go). All arithmetic is on integers: the same page gives the same
// answer on every machine.
package blocks

import (
	"winnow/text"

	"golang.org/x/net/html/atom"
)

// A Page is a page as the model sees it.
type Page struct {
	Elements []Element // in document order; parents before children
	Blocks   []Block   // in document order
	Facts    Facts
}

// An Element is an element of the page's tree. What holds for it by its
// ancestors (the last line) is set by the maker of the page.
type Element struct {
	Parent                      int32 // its number in Page.Elements, -1 for the root
	Tag                         atom.Atom
	Class, ID, Role, Prop       string // attributes: class, id, role, itemprop
	Label                       string // the name of a custom element, aria-label, data-testid and the like
	Hidden, Link, Bold, Caption bool
}

// A Block is a block of the page's text. A block of which the engine kept a
// part alone comes as two.
type Block struct {
	Text    string
	Kind    text.BlockKind
	Level   int
	Element int32 // the element around its first text
	Size    int   // bytes of text that are no white space
	Linked  int   // those of them in links
	Bold    int   // those of them in bold type
	Links   int   // links in it
	Caption bool  // of a figure
	Kept    bool  // by the engine
	Part    bool  // the engine kept a part of the block; this is that part, or the rest
}

// Facts are what a page says about itself.
type Facts struct {
	URL     string
	Title   string
	H1      string
	Kind    string   // og:type
	Maker   string   // the meta element "generator"
	Types   []string // the types of its JSON-LD objects
	Body    []string // texts in JSON-LD: articleBody, text, reviewBody
	Summary []string // descriptions in JSON-LD and meta elements
}
