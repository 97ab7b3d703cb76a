package audit

import (
	"time"

	"winnow/rules"
	"winnow/text"
)

// NewDecision returns the decision that an outcome is, made of doc at that time
// by the set of that revision. The caller adds what only the pipeline knows:
// Page, Profile, Sums and Dropped.
func NewDecision(doc *text.Document, out rules.Outcome, o rules.Options, revision string, at time.Time) *Decision {
	d := &Decision{Document: doc.ID, URL: doc.URL, Publisher: doc.Publisher, Language: doc.Language, Title: doc.Title, Captured: doc.Captured,
		Time: at.UTC().Truncate(time.Millisecond), Revision: revision, Options: o, Warnings: out.Warnings, Clean: out.Clean}
	n := 0
	for i := range out.Removals {
		n += len(out.Removals[i].Matches)
	}
	matches := make([]Match, 0, n)
	if len(out.Removals) > 0 {
		d.Removals = make([]Removal, len(out.Removals))
	}
	for i := range out.Removals {
		r := &out.Removals[i]
		first := len(matches)
		for _, x := range r.Matches {
			matches = append(matches, Match{Rule: x.Rule.ID, Span: x.Span, Reason: x.Reason})
		}
		d.Removals[i] = Removal{N: i, Span: r.Span, CleanOffset: r.CleanOffset, Text: r.Span.In(doc.Text), Mode: r.Mode, Stage: r.Stage,
			Category: r.Category, Confidence: r.Confidence, Matches: matches[first:len(matches):len(matches)]}
	}
	return d
}
