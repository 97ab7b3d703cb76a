package client

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"winnow/text"
)

// A Document is one item to clean. Everything but its source may be left out.
type Document struct {
	ID          string // the caller's own name, handed back with the result
	URL         string
	Publisher   text.Publisher // wins over the URL's where it is set
	Charset     string         // of the source, where the caller knows it; text with one is decoded
	ContentType string         // the HTTP header that a page came with
	Language    string         // BCP 47 tag
	Title       string         // the title, for text that comes with one
	Captured    time.Time      // when it was fetched

	HTML     []byte // the page as fetched; where it is nil the document is text
	Text     []byte // the text, any bytes
	Encoding string // how HTML or Text is packed: "", "gzip" or "zstd"
}

// Options say how documents are cleaned. The zero value is the standard profile
// and the full view.
type Options struct {
	Profile       string   // "light", "standard" or "strict"; empty is standard
	Remove        []string // categories to remove although they are kept by default
	Keep          []string // categories to keep although they are removed by default
	MinConfidence float64  // rules below it take nothing, 0 to 1; 0 leaves it to the profile
	Engine        string   // "shiori" or "readeck"; empty leaves it to the server
	Budget        float64  // largest share of a text that may go, up to 1; 0 leaves it to the profile
	ShadowAll     bool     // report everything, cut nothing
	Captions      bool     // keep picture captions of pages
	Markdown      bool     // also render pages as Markdown
	HTML          bool     // also render pages as cleaned HTML
	Blocks        string   // "on" or "off": whether the block model has a say in pages; empty is on
	Ledger        bool     // account for every text of a page in Result.Ledger; not with Basic
	Basic         bool     // leave removed and extracted text behind

	// Unit is a second unit to give offsets in. The zero value gives bytes only.
	Unit text.OffsetUnit

	// Packs are rule packs for these documents alone, YAML by file name, in the
	// order of their names. The server must allow them.
	Packs map[string]string
}

// A Result is a cleaned document. Offsets are bytes unless they are said to be
// otherwise; spans lie in the extracted text, which for text is the input.
type Result struct {
	ID       string
	Clean    string    // the clean text; any bytes, as the input was
	Removed  []Removal // what was removed, and what would be, in the order of the extracted text
	Kept     []Kept    // what a rule matched and something else kept
	Metadata Metadata
	Warnings []Warning
	Revision string // of the rule set
	Sums     Sums
	Timings  Timings
	Markdown string        // where asked for, pages only
	HTML     string        // where asked for, pages only
	Ledger   []LedgerEntry // where asked for, pages only: what became of every text, in the page's order

	extracted string // as the server sent it
	sent      bool   // whether it did
	basic     bool   // the basic view
}

// A LedgerEntry says what became of a text of a page: of a text node of its
// tree, or a part of one where rules removed another part.
type LedgerEntry struct {
	Path      string     // the element around, an XPath
	Text      string     // as the parser decoded it; a part as it stands in the extracted text
	Size      int        // its bytes that are no white space and no soft hyphens
	Source    *text.Span // in the page's bytes, where that is known
	Extracted *text.Span // in the extracted text, where it came so far
	Fate      string     // "kept", "dropped" by extraction or "removed" by rules
	Reason    string     // why extraction dropped it, such as "ENGINE" or "MODEL"
	Rescued   bool       // the engine had dropped it and the block model kept it
	Chance    float64    // the block model's chance that it is content, 0 to 1
	Why       []string   // what did most to that
	Rules     []string   // which rules removed it
}

// Extracted returns the text that all spans lie in. Where the server did not
// send it, it is put together from the clean text and what was removed. It
// returns an error for the basic view, which has not the texts for that.
func (r *Result) Extracted() (string, error) {
	if r.sent {
		return r.extracted, nil
	}
	if r.basic {
		return "", errors.New("client: the basic view does not hold the extracted text")
	}
	var b strings.Builder
	at := 0
	for _, rem := range r.Removed {
		if rem.Mode != Enforced {
			continue
		}
		if rem.CleanOffset < at || rem.CleanOffset > len(r.Clean) {
			return "", fmt.Errorf("client: a removal at %d does not fit into the clean text", rem.CleanOffset)
		}
		b.WriteString(r.Clean[at:rem.CleanOffset])
		b.WriteString(rem.Text)
		at = rem.CleanOffset
	}
	b.WriteString(r.Clean[at:])
	return b.String(), nil
}

// The modes of a removal.
const (
	Enforced = "enforced" // it was cut
	Shadow   = "shadow"   // it was reported and not cut
)

// A Removal is a piece of the extracted text that was cut, or that a rule in
// shadow mode would cut.
type Removal struct {
	Rules       []string // full ids, sorted
	Category    string   // such as "subscribe"
	Stage       string   // "extraction", "repair", "rule" or "model"
	Mode        string   // Enforced or Shadow
	Confidence  float64  // 0 to 1
	Text        string   // empty in the basic view
	Span        text.Span
	CleanOffset int       // where it was cut from the clean text
	UnitSpan    text.Span // Span in Options.Unit; zero for bytes
	UnitOffset  int       // CleanOffset in Options.Unit; zero for bytes
	Matches     []Match   // by span, then rule
}

// A Match is one rule's part in a removal.
type Match struct {
	Rule       string
	Span       text.Span
	Mode       string
	Confidence float64
	Category   string
	Reason     string // what the rule says of this match beyond its own description
}

// A Kept is a match that removed nothing.
type Kept struct {
	Rule      string
	Span      text.Span
	Verdict   string // what kept it: "exception", "place", "category", "confidence", "budget", "profile", "shadow"
	Exception string // the exception that kept it, or empty
	Category  string
	UnitSpan  text.Span // Span in Options.Unit; zero for bytes
}

// Metadata is what is known of a document besides its text. What is not known
// is empty.
type Metadata struct {
	Title     string
	Byline    string
	SiteName  string
	Language  string
	Excerpt   string
	Image     string
	Next      string // the address of the page that this one goes on with
	Previous  string // the address of the page that this one continues
	Publisher text.Publisher
	Charset   string
	Published time.Time
	Modified  time.Time
}

// A Warning is something to know of a result.
type Warning struct{ Code, Message string }

// Sums are SHA-256 hashes in lower-case hexadecimal.
type Sums struct{ Source, Extracted, Clean string }

// Timings say how long a document took at the server.
type Timings struct{ Queued, Extraction, Rules, Total time.Duration }

// An Explanation says why a place was removed or kept.
type Explanation struct {
	Span     text.Span // what it is about, at least the place that was asked for
	Text     string
	UnitSpan text.Span // Span in Options.Unit; zero for bytes
	Removed  *Removal  // the removal that holds the place, the enforced one of two, or nil
	Findings []Finding // rules that matched there or came near, nearest first
	Revision string
}

// A Finding is what one rule had to say on a place.
type Finding struct {
	Rule      string
	Span      text.Span
	Verdict   string // "cut", or as in Kept; empty where the rule did not match
	Condition string // what decided, in words
}
