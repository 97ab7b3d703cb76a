// Package rules holds the rule language of winnow: rules, the packs they are
// written in, sets of packs, and the matching that turns a document into
// removals.
//
// A Set is built once and may then be used by any number of goroutines.
// Matching is deterministic: the same document and the same Set (see
// Set.Revision) give the same removals, whatever ran before.
package rules

import (
	"fmt"
	"strings"

	"winnow/text"
)

// An ID names a rule for good: "scope/name", for example
// "dailyexample.com/newsletter" or "any/comments.post-a-comment".
type ID string

// Scope returns the part before the first slash.
func (id ID) Scope() string {
	scope, _, _ := strings.Cut(string(id), "/")
	return scope
}

// A Category says what kind of text a rule takes. The list is closed.
type Category string

// Categories that are removed unless a caller asks to keep them.
const (
	Appeal    Category = "appeal"    // asks for money or membership
	Subscribe Category = "subscribe" // offers a newsletter, an app, a subscription
	Prompt    Category = "prompt"    // dialogues: reminders, cookies, log-in, permissions
	Share     Category = "share"     // share, follow and like rows
	Comments  Category = "comments"  // comment stubs and forms
	Related   Category = "related"   // links to other stories
	Media     Category = "media"     // gallery, player and picture furniture
	Ad        Category = "ad"        // advertisements and their labels
	Legal     Category = "legal"     // copyright, rights, terms, disclaimers
	Nav       Category = "nav"       // menus, pagers, breadcrumbs, skip links
	Archive   Category = "archive"   // what an archive wrapped around the text
	Tech      Category = "tech"      // messages of the page's own machinery
	Duplicate Category = "duplicate" // a second copy of text that stands beside it
)

// Categories that are kept unless a caller names them.
const (
	Bio            Category = "bio"
	Credit         Category = "credit"
	Byline         Category = "byline"
	Dateline       Category = "dateline"
	TitleLine      Category = "title"
	Series         Category = "series"
	ReaderComments Category = "reader_comments"
	CaptionLine    Category = "caption"
)

// Categories lists all categories in their fixed order.
func Categories() []Category {
	return []Category{Appeal, Subscribe, Prompt, Share, Comments, Related, Media, Ad, Legal, Nav, Archive, Tech, Duplicate,
		Bio, Credit, Byline, Dateline, TitleLine, Series, ReaderComments, CaptionLine}
}

// Removed reports whether text of category c is removed by default.
func (c Category) Removed() bool {
	switch c {
	case Bio, Credit, Byline, Dateline, TitleLine, Series, ReaderComments, CaptionLine:
		return false
	}
	return true
}

// ParseCategory returns the category of that name.
func ParseCategory(name string) (Category, error) {
	for _, c := range Categories() {
		if string(c) == name {
			return c, nil
		}
	}
	return "", fmt.Errorf("unknown category %q", name)
}

// A Mode says what comes of a match.
type Mode string

// The modes.
const (
	Enforce Mode = "enforce" // the text is cut; the default
	Shadow  Mode = "shadow"  // the match is reported, nothing is cut
	Off     Mode = "off"     // the rule is loaded and tested, but never matched
)

// Where says in which part of a document a rule may match.
type Where string

// The places.
const (
	Anywhere Where = "anywhere"
	// Head is the unbroken run of matched or short furniture units that the
	// document begins with, Tail the one that it ends with.
	Head Where = "head"
	Tail Where = "tail"
)

// A Kind is a kind of rule. A rule has exactly one.
type Kind string

// The kinds.
const (
	KindText     Kind = "text"     // one unit whose fingerprint equals the rule's
	KindTemplate Kind = "template" // one unit of fixed tokens and slots
	KindRegexp   Kind = "regexp"   // one unit that an expression matches
	KindPrefix   Kind = "prefix"   // the beginning of a unit
	KindSuffix   Kind = "suffix"   // the end of a unit
	KindBlock    Kind = "block"    // a run of units
	KindShape    Kind = "shape"    // text of a form
	KindCues     Kind = "cues"     // a run of sentences, by what is said in it
	KindSelector Kind = "selector" // blocks by where they stood in the page
	KindDoubled  Kind = "doubled"  // the document-level repair of doubled lines
	KindModel    Kind = "model"    // the universal model
)

// A Rule takes text of one kind out of documents, or protects it (Keep).
// Rules are values read from packs; a compiled Set never changes them.
type Rule struct {
	ID       ID
	Scope    Scope
	Category Category
	Mode     Mode
	Keep     bool // an exception: what it matches is never removed
	Why      string
	Where    Where
	Language string // BCP 47 primary tag the rule is written for; for readers, it restricts nothing

	// Given, where not empty, restricts the rule to documents in which some unit
	// matches one of these expressions (written as in a Block).
	Given []string
	// Unless, where not empty, keeps the rule out of documents in which some
	// unit matches one of these expressions.
	Unless []string
	// Prose asks that prose stand beside a match: above it for a rule of the
	// tail ("after: prose"), below it for one of the head ("before: prose").
	Prose bool
	// Line asks that the match begin and end with a line: a sentence inside a
	// line does not do ("unit: line").
	Line bool
	// LineEnd asks that the match end with a line, wherever it begins ("unit:
	// line-end"): what goes on in the same paragraph is a writer's.
	LineEnd bool

	Kind Kind
	// Text is the pattern of the kinds text, template, regexp, prefix, suffix
	// and selector; alternatives of the same rule stand side by side.
	Text  []string
	Block *Block // KindBlock only
	Shape *Shape // KindShape only
	Cues  *Cues  // KindCues only
	// Of a rule of KindSelector. Outside turns it round: it takes the blocks that
	// stand in none of its elements, of a page that has one. Rescue says that it
	// takes nothing: what it holds is content for extraction, whatever an engine
	// says. Hosts, where not empty, are the hosts that it holds for, "www." apart;
	// one that begins with a full stop stands for all hosts below.
	Outside, Rescue bool
	Hosts           []string
	// Scorer is what a rule of KindModel acts by. Text then names its version,
	// for the set's revision. A rule of that kind without one matches nothing.
	Scorer Scorer

	// Confidence is the lower bound of the rule's precision, 0 to 1:
	// the evidence's where there is some, else what the pack states, else 0.99.
	Confidence float64
	// Exempt says that the budget does not count what the rule takes
	// (archive wrappers, repairs, rules with strong evidence).
	Exempt bool

	Remove   []Example // must be removed as marked
	KeepText []Example // must stay whole
	Evidence *Evidence // nil for hand-written rules

	// Override is what a person decided on Mode beside the pack; nil where
	// nobody did.
	Override *Override

	Origin string // "file:line" of the rule in its pack

	exprs   map[string]*expr // its expressions, by their source, made while the pack is read
	reading bool             // whether exprs may still grow; never while others use the rule
}

// A Scope says whose documents a rule applies to: one publisher, a group of
// publishers, or any.
type Scope struct {
	Publisher text.Publisher // set for one publisher
	Group     string         // set for a group
	Members   []text.Publisher
}

// String returns the scope's name as it stands in an ID.
func (s Scope) String() string {
	switch {
	case s.Publisher != "":
		return string(s.Publisher)
	case s.Group != "":
		return s.Group
	}
	return "any"
}

// A Block is the pattern of a run of units. Each expression is either a text
// (compared by fingerprint) or, between slashes, a regular expression that is
// anchored to one unit.
//
// A block is looked for where its opener stands: From where it can be reached
// through literals, else whichever of To, Of and the conditions of With is
// quickest to find. The
// opener's expressions must be reachable through literals; the others are
// tried only on the units around it and need none.
type Block struct {
	From []string // the unit that opens the run
	To   []string // the unit that closes it; empty: see Edge
	// Edge says that the run must reach the document's edge (its end, or its
	// beginning for Where Head). With neither To nor Edge the run ends before
	// the first unit that is plainly content.
	Edge bool
	// Of, where given, is what every unit of the run must match (From and To
	// aside), with up to Gap units in a row that match nothing.
	Of []string
	// With must be matched by at least one unit of the run; each list of With
	// is one condition.
	With   [][]string
	Gap    int
	Least  int // the fewest units in a run, 1 where it is 0
	Within int // the most units in a run, 40 where it is 0
}

// An Example is a text with the removed spans marked [-so-].
type Example struct {
	Text  string      // without the marks
	Cut   []text.Span // what must be removed, in order; empty for keep examples
	Title string      // the document's title, where the example needs one
	// Blocks are the lines of Text with the elements that they stand in, for
	// rules of KindSelector; see ParseLaid. Page is the page's address.
	Blocks []text.Block
	Page   string
	Line   int // in the pack file
}

// Evidence is what the learner knew when it wrote a rule.
type Evidence struct {
	Documents   int      // documents of the publisher that were seen
	Groups      int      // near-duplicate groups that held a match
	Occurrences int      // matches in all
	Elsewhere   int      // other publishers that hold the same
	Edge        float64  // share of the matches in the run at an edge
	Lift        float64  // topical lift; about 1 for boilerplate
	Variants    int      // distinct raw texts
	Precision   float64  // Wilson lower bound on held-out groups
	First       string   // date first seen, YYYY-MM-DD
	Last        string   // date last seen
	Corpus      string   // hash of the archive
	Learner     string   // version of the learner
	Guards      []string // guards that the rule passed
	Samples     []Sample
}

// A Sample is one match in the archive that a rule was learned from.
type Sample struct {
	Doc   string
	Start int // bytes, half-open
	End   int
}
