package audit

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"winnow/rules"
	"winnow/text"
)

// DriftOptions say which days are compared. The zero value of all but Now works.
type DriftOptions struct {
	Now    time.Time // the end of the later days
	Recent int       // later days; default 14
	Before int       // days before those; default 56

	// Sample is how many documents of each publisher and each time are read to
	// look for text that repeats; default 100, negative for none.
	Sample int
	// Publisher looks at one publisher alone.
	Publisher text.Publisher
}

// Drift is what changed.
type Drift struct {
	Rules      []RuleDrift      // that match half as often or less, surest first
	Publishers []PublisherDrift // with more unexplained repetition, most first
}

// A RuleDrift is a rule that matches less often than before.
type RuleDrift struct {
	Rule          rules.ID
	Before, After float64 // share of the documents in which it matched
	Documents     [2]int  // in all: of its publisher for a publisher's rule, else of every one
	Hits          [2]int
	Z             float64 // by how many standard errors the shares differ
}

// A PublisherDrift is a publisher whose kept texts repeat more than before: text
// that stands in three documents or more and that no rule takes.
type PublisherDrift struct {
	Publisher     text.Publisher
	Before, After float64 // share of the bytes of the kept texts
	Documents     [2]int  // read
	Examples      []string
}

const (
	driftHits      = 20   // fewer hits before tell nothing
	driftZ         = 3    // standard errors
	driftRepeats   = 3    // documents that hold the same unit
	driftRise      = 0.02 // of the kept bytes
	driftDocuments = 10   // fewer documents tell nothing of repetition
)

// FindDrift compares the latest days with the days before them.
func FindDrift(ctx context.Context, s Store, o DriftOptions) (*Drift, error) {
	if o.Recent == 0 {
		o.Recent = 14
	}
	if o.Before == 0 {
		o.Before = 56
	}
	if o.Sample == 0 {
		o.Sample = 100
	}
	end := o.Now.UTC().Truncate(24 * time.Hour)
	middle := end.AddDate(0, 0, 1-o.Recent)
	days := [2]Filter{
		{Publisher: o.Publisher, From: middle.AddDate(0, 0, -o.Before), To: middle.AddDate(0, 0, -1)},
		{Publisher: o.Publisher, From: middle, To: end},
	}
	var hits, documents [2]map[string]int
	var all [2]int
	for i, f := range days {
		hits[i], documents[i] = map[string]int{}, map[string]int{}
		byRule, err := s.Totals(ctx, ByRule, f)
		if err != nil {
			return nil, err
		}
		for _, t := range byRule {
			hits[i][t.Key] = t.Documents
		}
		byPublisher, err := s.Totals(ctx, ByPublisher, f)
		if err != nil {
			return nil, err
		}
		for _, t := range byPublisher {
			documents[i][t.Key] = t.Documents
			all[i] += t.Documents
		}
	}
	out := &Drift{}
	for id, before := range hits[0] {
		n := all
		if own := rules.ID(id).Scope(); documents[0][own] > 0 {
			n = [2]int{documents[0][own], documents[1][own]}
		}
		if before < driftHits || n[1] == 0 {
			continue
		}
		d := RuleDrift{Rule: rules.ID(id), Documents: n, Hits: [2]int{before, hits[1][id]}}
		d.Before, d.After = float64(before)/float64(n[0]), float64(d.Hits[1])/float64(n[1])
		pooled := float64(before+d.Hits[1]) / float64(n[0]+n[1])
		d.Z = (d.Before - d.After) / math.Sqrt(pooled*(1-pooled)*(1/float64(n[0])+1/float64(n[1])))
		if d.After <= d.Before/2 && d.Z >= driftZ { // no number, where every document has it, is no drift
			out.Rules = append(out.Rules, d)
		}
	}
	slices.SortFunc(out.Rules, func(a, b RuleDrift) int { return cmp.Or(cmp.Compare(b.Z, a.Z), cmp.Compare(a.Rule, b.Rule)) })
	if o.Sample < 0 {
		return out, nil
	}
	for p := range documents[1] {
		if p == "" || documents[0][p] < driftDocuments || documents[1][p] < driftDocuments {
			continue
		}
		d := PublisherDrift{Publisher: text.Publisher(p)}
		var err error
		for i, share := range []*float64{&d.Before, &d.After} {
			q := Query{Publisher: d.Publisher, From: days[i].From, To: days[i].To.AddDate(0, 0, 1)}
			if *share, d.Documents[i], d.Examples, err = repetition(ctx, s, q, o.Sample); err != nil {
				return nil, err
			}
		}
		if d.After >= d.Before+driftRise && d.After >= 1.5*d.Before && min(d.Documents[0], d.Documents[1]) >= driftDocuments {
			out.Publishers = append(out.Publishers, d)
		}
	}
	slices.SortFunc(out.Publishers, func(a, b PublisherDrift) int {
		return cmp.Or(cmp.Compare(b.After-b.Before, a.After-a.Before), cmp.Compare(a.Publisher, b.Publisher))
	})
	return out, nil
}

// repetition returns the share of the kept bytes of up to n distinct documents
// that stands in several of them, how many it read, and the three units that
// take most.
func repetition(ctx context.Context, s Store, q Query, n int) (share float64, read int, examples []string, err error) {
	type unit struct {
		documents, bytes int
		example          string
	}
	units := map[text.Fingerprint]*unit{}
	total := 0
	seen := map[string]bool{}
	var seg text.Segments
	for d, err := range All(ctx, s, q) {
		if err != nil {
			return 0, 0, nil, err
		}
		if d.Bare || seen[d.Sums.Extracted] {
			continue
		}
		seen[d.Sums.Extracted] = true
		seg.Segment(d.Clean, d.Title, nil)
		here := map[text.Fingerprint]bool{}
		for _, u := range seg.Units {
			x := units[u.Print]
			if x == nil {
				x = &unit{example: u.Span.In(d.Clean)}
				units[u.Print] = x
			}
			if !here[u.Print] {
				here[u.Print] = true
				x.documents++
			}
			x.bytes += u.Span.Len()
			total += u.Span.Len()
		}
		if read++; read == n {
			break
		}
	}
	var repeated []*unit
	bytes := 0
	for _, u := range units {
		if u.documents >= driftRepeats {
			repeated = append(repeated, u)
			bytes += u.bytes
		}
	}
	slices.SortFunc(repeated, func(a, b *unit) int { return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.example, b.example)) })
	for _, u := range repeated[:min(3, len(repeated))] {
		examples = append(examples, excerpt(u.example, text.Span{End: len(u.example)}))
	}
	if total == 0 {
		return 0, read, nil, nil
	}
	return float64(bytes) / float64(total), read, examples, nil
}
