// Package audit keeps the record of what was removed from which document, by
// which rule and under which rule set, and answers questions about it.
//
// A Decision is one document cleaned once. A Store keeps decisions; the package
// sqlstore has one on SQLite and one on PostgreSQL. A Recorder stands between
// the clean path and a store: it batches, and it says what happens when the
// store fails. What is built on a Store stands in files of its own:
//
//	recorder.go  batches, and what happens when the store fails
//	restore.go   one span, one rule's removals, a whole document
//	replay.go    recorded documents under another rule set
//	drift.go     rules that fell silent, text that repeats and nobody removes
//	flags.go     removals that may have taken something real
//	verify.go    hashes and offsets recomputed
//	export.go    JSON lines, CSV, SARIF
//	feedback.go  marks become examples, and rules are tested against them
//
// Offsets are bytes and ranges half-open, as everywhere in winnow. Times are
// UTC with a precision of milliseconds. Days are days of UTC.
package audit

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"winnow/rules"
	"winnow/text"
)

// The errors of a Store.
var (
	// ErrNotFound: the record holds nothing of that id.
	ErrNotFound = errors.New("audit: not in the record")
	// ErrNoText: the decision was recorded without its text (see
	// Decision.Bare), so that nothing can be restored from it.
	ErrNoText = errors.New("audit: the text was not recorded")
	// ErrMark: a mark, or a change of a rule, that cannot be.
	ErrMark = errors.New("audit: not possible")
	// ErrPageToken: a page token that this query did not give out.
	ErrPageToken = errors.New("audit: the page token does not belong to this query")
)

// An ID is the record's own number of a decision: 1 and up, rising in the
// order of recording, never used again.
type ID int64

// A Decision is one document as it was cleaned once.
type Decision struct {
	ID        ID
	Document  string // the document's own id; need not be unique
	URL       string
	Publisher text.Publisher
	Language  string // as rules saw it
	Title     string // as rules saw it
	Captured  time.Time
	Time      time.Time // when it was decided
	Page      bool      // the source was a page, not a text

	Revision string        // of the rule set
	Profile  string        // light, standard or strict
	Options  rules.Options // what the rules were applied with; Replay uses them
	Sums     Sums

	// What can be counted. Store.Record works these out by itself.
	Size         int // bytes of the extracted text
	Removed      int // removals in mode Enforce
	RemovedBytes int
	Shadow       int // removals in mode Shadow
	ShadowBytes  int
	Flags        Flags   // of the decision and of its removals
	Risk         float64 // the largest of its removals'

	Warnings []rules.Warning

	// Removals are in the order of the extracted text. Nil in lists.
	Removals []Removal
	// Clean is the kept text; empty in lists, and where Bare is set.
	Clean string
	// Bare says that the kept text is not in the record.
	Bare bool
	// Dropped is what extraction left out of a page. Nil in lists and for texts.
	Dropped []Dropped
}

// Share returns the share of the extracted text that was removed, 0 to 1.
func (d *Decision) Share() float64 {
	if d.Size == 0 {
		return 0
	}
	return float64(d.RemovedBytes) / float64(d.Size)
}

// Sums are SHA-256 hashes: 64 hexadecimal digits in lower case.
type Sums struct{ Source, Extracted, Clean string }

// A Removal is a span that was cut, or that a rule in shadow mode would cut.
type Removal struct {
	N           int       // its place among the decision's removals, from 0
	Span        text.Span // in the extracted text
	CleanOffset int       // where it goes back into the clean text
	Text        string    // the removed bytes
	Mode        rules.Mode
	Stage       rules.Stage
	Category    rules.Category
	Confidence  float64
	Matches     []Match // every match behind it, by span, then rule; at least one

	Flags Flags
	Risk  float64 // 0 (nothing strange) to 1; see Assess
}

// A Match is one rule's part in a removal.
type Match struct {
	Rule   rules.ID
	Span   text.Span // in the extracted text
	Reason string    // what the rule saw where it does not say so itself, such as the model's features
}

// Rules returns the IDs of the rules of r, sorted, each once.
func (r *Removal) Rules() []rules.ID {
	ids := make([]rules.ID, len(r.Matches))
	for i, m := range r.Matches {
		ids[i] = m.Rule
	}
	return sorted(ids)
}

// A Dropped is a piece of a page that extraction left out.
type Dropped struct {
	Start, End int    // in the decoded source
	Reason     string // in extraction's words
	Text       string
}

// Flags say what may be wrong with a removal or with a decision.
type Flags uint16

// The flags. Names, numbers and quotations are those of the removed text that
// stand nowhere in the kept text. The last three are of decisions.
const (
	FlagName    Flags = 1 << iota // a name of two words or more
	FlagNumber                    // a number of two digits or more
	FlagQuote                     // a quotation
	FlagProse                     // reads like a paragraph: long sentences
	FlagNear                      // the rules took nearly as much as the budget allows
	FlagOver                      // the rules would have taken more than the budget, and took nothing
	FlagNothing                   // nothing of the text is left
)

var flagNames = [...]string{"name", "number", "quote", "prose", "near-budget", "over-budget", "nothing-left"}

// FlagNames returns the names of all flags, in their order.
func FlagNames() []string { return flagNames[:] }

// Names returns the names of the flags that are set.
func (f Flags) Names() []string {
	var out []string
	for i, n := range flagNames {
		if f&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}

// String returns the names joined by commas.
func (f Flags) String() string { return strings.Join(f.Names(), ",") }

// ParseFlag returns the flag of that name.
func ParseFlag(name string) (Flags, bool) {
	for i, n := range flagNames {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// A Query chooses decisions. Fields that are set must all hold; the zero Query
// chooses all. Times are those of decisions: From is included, To is not.
type Query struct {
	Publisher text.Publisher
	Rule      rules.ID
	Category  rules.Category
	Document  string
	Revision  string
	From, To  time.Time
	Flags     Flags // any of these
	// Text asks for removals whose text holds these words, in any order, not
	// minding case. Words in double quotes must stand side by side.
	Text string

	Limit int    // decisions or removals a page; 0 is 100, at most 1,000
	Token string // Next of the page before
}

// A Page is a page of decisions, latest first, without removals and texts.
type Page struct {
	Decisions []Decision
	Next      string // asks for the next page; empty on the last
}

// A Sample is a removal in its context.
type Sample struct {
	Decision      Decision // without removals and texts
	Removal       Removal
	Before, After string // up to 200 bytes of the kept text on either side, cut at runes
	Mark          *Mark  // the latest mark on it, if any
}

// A SamplePage is a page of removals.
type SamplePage struct {
	Samples []Sample
	Next    string
}

// By says what Totals are grouped by.
type By string

// The groupings.
const (
	ByRule      By = "rule"
	ByPublisher By = "publisher"
	ByCategory  By = "category"
	ByDay       By = "day"
)

// A Total counts a group of removals, or of decisions.
type Total struct {
	Key         string // the rule's id, the publisher, the category, or the day as YYYY-MM-DD
	Documents   int    // decisions: for a publisher or a day all, for a rule or a category those in which it removed something
	Removals    int    // in mode Enforce
	Bytes       int    // removed
	Shadow      int    // removals in mode Shadow
	ShadowBytes int
	Size        int // bytes of the extracted texts; for a rule or a category 0
	Flagged     int // removals with a flag, in either mode; for a publisher or a day of all rules
}

// A Filter chooses what Totals counts: of one publisher, of one rule or
// category, on the days From to To (both included; zero times are no bounds).
// Rule and Category exclude each other.
type Filter struct {
	Publisher text.Publisher
	Rule      rules.ID
	Category  rules.Category
	From, To  time.Time
}

// A Verdict is what a person says of a removal or of kept text.
type Verdict string

// The verdicts.
const (
	Wrong       Verdict = "wrong"       // the removal took content
	Right       Verdict = "right"       // the removal was right
	Boilerplate Verdict = "boilerplate" // kept text that should have gone
)

// A Mark is what a person said of a place in a recorded document.
type Mark struct {
	ID       int64
	Decision ID
	N        int       // the removal; -1 for kept text
	Span     text.Span // in the extracted text
	Verdict  Verdict
	Rule     rules.ID       // the rule that is meant; empty where none is
	Category rules.Category // of kept text that is boilerplate; empty is nav
	Who, Why string
	Time     time.Time
	// Outcome says what came of it, in words: which example was written, and
	// whether the rule passes or went to shadow.
	Outcome string
}

// A Change is one change of a rule's state.
type Change struct {
	Rule     rules.ID
	From, To rules.Mode
	Who, Why string
	Time     time.Time
	Mark     int64 // the mark that led to it, or 0
}

// An Erasure chooses what to erase. At least one field must be set; fields
// that are set must all hold.
type Erasure struct {
	Document  string
	Publisher text.Publisher
	Before    time.Time // decisions older than this
}

// Erased is what an erasure took.
type Erased struct {
	Decisions int
	Texts     int // distinct texts that nothing else refers to
}

// Stats is how large a record is.
type Stats struct {
	Decisions int
	Removals  int // rows, in both modes
	Texts     int // distinct texts
	Bytes     int64
	Pending   int // decisions that are durable and not yet in the tables that answer queries
}

// A Store keeps decisions. All methods are safe for concurrent use and for use
// by several processes. Queries see everything whose Record has returned.
type Store interface {
	// Record keeps ds, all or none, and sets their IDs. When it returns nil they
	// are durable.
	Record(ctx context.Context, ds []*Decision) error

	Get(ctx context.Context, id ID) (*Decision, error)
	List(ctx context.Context, q Query) (Page, error)
	// Removals lists removals, those of the latest decisions first; with
	// Query.Rule those of that rule alone.
	Removals(ctx context.Context, q Query) (SamplePage, error)
	// Queue lists removals with flags, the riskiest first, but for texts that
	// somebody marked where the same rules took them.
	Queue(ctx context.Context, q Query) (SamplePage, error)

	// Totals are sorted by bytes, largest first, then by key; by key for ByDay.
	Totals(ctx context.Context, by By, f Filter) ([]Total, error)

	// Mark keeps m and sets its ID. A later mark on the same place replaces
	// none; the latest counts.
	Mark(ctx context.Context, m *Mark) error
	// Settle writes down what came of a mark.
	Settle(ctx context.Context, mark int64, outcome string) error
	// Marks lists marks, latest first: of one decision, or of one rule, or all.
	Marks(ctx context.Context, d ID, rule rules.ID) ([]Mark, error)
	// Changed keeps a change of a rule's state; Changes lists those of a rule,
	// or all, latest first.
	Changed(ctx context.Context, c Change) error
	Changes(ctx context.Context, rule rules.ID) ([]Change, error)

	Erase(ctx context.Context, e Erasure) (Erased, error)
	Stats(ctx context.Context) (Stats, error)
	Close() error
}

func sorted(ids []rules.ID) []rules.ID {
	slices.Sort(ids)
	return slices.Compact(ids)
}
