// Package clean is the pipeline: a page or a text goes in, is extracted where
// it is a page, and comes out as clean text with every removed span listed.
package clean

import (
	"context"
	"time"

	"winnow/extract"
	"winnow/rules"
	"winnow/text"
)

// An Input is one item to clean: a page (HTML) or a text. Exactly one of HTML
// and Text is set; an empty text is a text.
type Input struct {
	ID        string
	URL       string
	Publisher text.Publisher // wins over the URL's where it is set
	Language  string
	Title     string // the title, where the caller knows it
	Captured  time.Time

	IsPage      bool   // whether Source is a page
	Source      []byte // the page's bytes as fetched, or the text's
	ContentType string // the HTTP header of a page, for its charset
	Charset     string // an explicit charset; for a text that is not UTF-8 too
}

// A Profile is how much a Cleaner takes.
type Profile string

// The profiles.
const (
	Light    Profile = "light"    // only what nobody could miss: archive wrappers, prompts, comment stubs, share rows, repairs
	Standard Profile = "standard" // every enforced rule of the categories removed by default; the default
	Strict   Profile = "strict"   // rules in shadow mode cut as well
)

// Options say how one item is cleaned. The zero value is the standard profile.
type Options struct {
	Profile       Profile
	Keep          []rules.Category // categories to keep although the profile removes them
	Remove        []rules.Category // categories to remove although they are kept by default
	MinConfidence float64          // rules below it take nothing, 0 to 1
	Budget        float64          // largest share of a text that may go, 0 for the default 0.60, 1 for no limit
	ShadowAll     bool             // report everything, cut nothing
	Engine        extract.Engine
	Captions      bool // keep picture captions of pages
	Markdown      bool // also render pages as Markdown
	HTML          bool // also render pages as cleaned HTML
	Blocks        extract.Blocking
	Ledger        bool // account for every text of pages; see Result.Ledger
	Limits        extract.Limits
}

// A Result is a cleaned item. Offsets of its removals are bytes of Text.
type Result struct {
	Document text.Document    // Text is the extracted text, or the input itself
	Outcome  rules.Outcome    // clean text, removals, exceptions
	Metadata extract.Metadata // of pages; for texts what the input said
	Page     *extract.Result  // nil for texts
	Warnings []rules.Warning  // of extraction and of the rules
	Revision string           // of the rule set
	Sums     Sums
	Timings  Timings
}

// Sums are SHA-256 hashes in lower-case hexadecimal.
type Sums struct{ Source, Extracted, Clean string }

// Timings are how long the stages took. They are the only part of a Result
// that differs from run to run.
type Timings struct{ Extract, Rules time.Duration }

// A Cleaner cleans one item. An implementation must be safe for concurrent
// use. The error, if any, concerns that item alone.
type Cleaner interface {
	Clean(ctx context.Context, in Input, o Options) (*Result, error)
}
