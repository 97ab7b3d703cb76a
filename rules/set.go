package rules

import (
	"winnow/text"
)

// Options say which matches of a Set become removals. The zero value cuts what
// enforcing rules of the categories removed by default match, within the
// default budget.
type Options struct {
	Keep          []Category // categories to keep although they are removed by default
	Remove        []Category // categories to remove although they are kept by default
	Only          []Category // where not empty: no other categories are removed
	MinConfidence float64    // 0 to 1; matches of rules below it are kept
	Budget        float64    // largest share of the text that may go; 0 means DefaultBudget, 1 no limit
	ShadowAll     bool       // everything is reported in shadow mode, nothing is cut
	ShadowCuts    bool       // rules in shadow mode cut as well
}

// DefaultBudget is the largest share of a text that rules may take before the
// result is held to be a mistake; see Options.Budget.
const DefaultBudget = 0.60

// Apply matches s against doc and returns what is removed and what is kept.
// It never fails: a document that it can do nothing with comes back whole.
func (s *Set) Apply(doc *text.Document, o Options) Outcome {
	panic("not yet")
}

// A Set is a compiled set of packs, ready to match. It is immutable and safe
// for concurrent use.
type Set struct {
	revision string
	rules    []*Rule
	byID     map[ID]*Rule
}

// Revision returns the hash of everything in the set that decides what is removed: 12 hexadecimal digits
// of the SHA-256 over its rules in the order of their IDs.
func (s *Set) Revision() string { return s.revision }

// Rules returns the rules in the order of their IDs. The caller must not change them.
func (s *Set) Rules() []*Rule { return s.rules }

// Rule returns the rule of that ID, or nil.
func (s *Set) Rule(id ID) *Rule { return s.byID[id] }

// NewSet compiles packs into a Set. Where two packs hold a rule of the same ID
// the later pack's wins. It reports every mistake at once (see Errors).
func NewSet(packs ...*Pack) (*Set, error) {
	panic("not yet")
}

// A Pack is one pack file.
type Pack struct {
	Name  string // scope of its rules' IDs
	File  string
	Rules []*Rule
}

// ParsePack reads one pack; file names it in errors. Every mistake is reported
// at once, as Errors.
func ParsePack(file string, data []byte) (*Pack, error) {
	panic("not yet")
}

// LoadDir reads and tests every .yaml file below dir, in the order of their names.
func LoadDir(dir string) ([]*Pack, error) {
	panic("not yet")
}

// Test runs each rule of p alone against its own examples and returns every failure as Errors.
func (p *Pack) Test() error {
	panic("not yet")
}

// An Explanation says why a span was removed, or why it was kept.
type Explanation struct {
	Span     text.Span
	Removed  *Removal  // the enforced removal that holds it, or nil
	Findings []Finding // rules that matched or nearly matched there, nearest first
}

// A Finding is one rule that had something to say on a span.
type Finding struct {
	Rule      *Rule
	Span      text.Span
	Verdict   Verdict
	Condition string // the condition that decided, in words
}

// Explain says why the text of doc at span was removed or kept.
func (s *Set) Explain(doc *text.Document, span text.Span, o Options) Explanation {
	panic("not yet")
}
