package text

import "time"

// A Document is a text with what is known of where it comes from.
// It is a plain value; winnow never writes to one that it was given.
type Document struct {
	ID        string    // the caller's own name for the document; may be empty
	URL       string    // where it was found; may be empty
	Publisher Publisher // who published it; may be empty
	Language  string    // BCP 47 tag, or empty where it is not known
	Title     string    // the document's own title, or empty
	Captured  time.Time // when it was fetched, or the zero time

	// Text is the text that all offsets refer to: the input itself for text,
	// the extracted text for a page. Any bytes; it need not be valid UTF-8.
	Text string

	// Blocks are the blocks that extraction laid out, in order, one a line,
	// never overlapping. Nil for a document that was text from the beginning.
	Blocks []Block
}

// A Block is one block of an extracted page: a line of Document.Text
// (several lines for code).
type Block struct {
	Span Span      // in Document.Text, without the line break
	Kind BlockKind // what the page's mark-up said it was
	// Level is the heading's level (1 to 6) or the depth of nesting of a list
	// item or quote (1 for the outermost), else 0.
	Level int
	// In is the element of the page around the block's first text, or nil where
	// it is not known. Blocks of one page share their elements.
	In *Element
}

// An Element is an element of a page, for rules that ask where a block stood.
// It is never changed once made.
type Element struct {
	Parent *Element // nil for the outermost
	Tag    string   // in lower case
	Attrs  []Attr   // as the page has them, without those that are long: addresses, styles
}

// An Attr is an attribute of an Element.
type Attr struct{ Key, Value string }

// Attr returns the value of an attribute and whether the element has it.
func (e *Element) Attr(key string) (value string, ok bool) {
	for _, a := range e.Attrs {
		if a.Key == key {
			return a.Value, true
		}
	}
	return "", false
}

// BlockKind says what a block was in the page.
type BlockKind uint8

// The kinds of blocks.
const (
	Paragraph BlockKind = iota
	Heading
	ListItem
	Quote
	TableRow
	Code
	Caption
)

// String returns the kind's name in lower case.
func (k BlockKind) String() string {
	return [...]string{"paragraph", "heading", "list item", "quote", "table row", "code", "caption"}[k]
}
