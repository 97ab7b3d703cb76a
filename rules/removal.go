package rules

import (
	"fmt"
	"slices"
	"strings"

	"winnow/text"
)

// A Stage says which part of the pipeline removed a span.
type Stage string

// The stages.
const (
	StageExtraction Stage = "extraction"
	StageRepair     Stage = "repair"
	StageRule       Stage = "rule"
	StageModel      Stage = "model"
)

// A Match is one place where one rule matched.
type Match struct {
	Rule   *Rule
	Span   text.Span // in the document's text
	Reason string    // what the rule saw, where the rule itself does not say it (model features)
}

// A Removal is a span that was cut (ModeEnforced) or would be (ModeShadow),
// with every rule that asked for it.
type Removal struct {
	Span        text.Span // in the document's text, on rune boundaries
	CleanOffset int       // where it was cut, in bytes of the clean text; for a shadow removal where it would begin
	Mode        Mode      // Enforce or Shadow
	Stage       Stage
	Category    Category // of the deciding match
	Confidence  float64  // the highest of the deciding matches
	Matches     []Match  // sorted by span, then rule ID; at least one
}

// IDs returns the IDs of the rules of r, sorted and without repeats. Where an
// enforcing and a shadow rule agree on a span, all are listed.
func (r Removal) IDs() []ID {
	var ids []ID
	for _, m := range r.Matches {
		ids = append(ids, m.Rule.ID)
	}
	return sortedIDs(ids)
}

// A Kept is a match that removed nothing because something won over it.
type Kept struct {
	Match Match
	By    Verdict // what won
	Rule  *Rule   // the keep rule, where one won
}

// A Verdict says why a match was or was not turned into a removal.
type Verdict string

// The verdicts.
const (
	Cut              Verdict = "cut"
	KeptByException  Verdict = "kept by an exception"
	KeptByPlace      Verdict = "not at the place the rule asks for"
	KeptByCategory   Verdict = "its category is kept"
	KeptByConfidence Verdict = "below the confidence asked for"
	KeptByBudget     Verdict = "over the budget"
	KeptByProfile    Verdict = "outside the profile"
	OnlyShadow       Verdict = "the rule is in shadow mode"
)

// A Warning is something the caller should know of a result.
type Warning struct {
	Code    string // stable, upper case, for example OVER_BUDGET
	Message string
}

// Outcome is what a Set makes of a document.
type Outcome struct {
	Clean    string    // the document's text without the enforced removals
	Removals []Removal // enforced and shadow, sorted by span; enforced ones never overlap
	Kept     []Kept    // matches that something won over, sorted by span
	Warnings []Warning
}

// Restore puts the enforced removals back into clean and returns the text that
// they were cut from. It needs nothing but the spans and their texts; see
// Outcome.Pieces. It returns an error where the pieces do not fit.
func Restore(clean string, removed []Piece) (string, error) {
	n := len(clean)
	for _, p := range removed {
		n += len(p.Text)
	}
	var b strings.Builder
	b.Grow(n)
	rest, end := clean, 0
	for i, p := range removed {
		if p.Start < end || p.Start-end > len(rest) {
			return "", fmt.Errorf("removed span %d begins at %d: outside the text, or out of order", i, p.Start)
		}
		b.WriteString(rest[:p.Start-end])
		rest = rest[p.Start-end:]
		b.WriteString(p.Text)
		end = p.Start + len(p.Text)
	}
	b.WriteString(rest)
	return b.String(), nil
}

// A Piece is a removed text and the offset, in bytes of the original text, at
// which it stood.
type Piece struct {
	Start int
	Text  string
}

// Pieces returns what Restore needs to rebuild original from o.Clean.
func (o Outcome) Pieces(original string) []Piece {
	var ps []Piece
	for _, r := range o.Removals {
		if r.Mode == Enforce {
			ps = append(ps, Piece{r.Span.Start, r.Span.In(original)})
		}
	}
	return ps
}

func sortedIDs(ids []ID) []ID {
	slices.Sort(ids)
	return slices.Compact(ids)
}
