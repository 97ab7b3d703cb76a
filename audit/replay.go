package audit

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"winnow/rules"
	"winnow/text"
)

// ReplayOptions choose what is replayed and what is told of it.
type ReplayOptions struct {
	Query Query
	// Differences is how many of the documents that changed most are listed;
	// default 20.
	Differences int
	// Latest replays only the latest decision on each text: documents that were
	// cleaned again and again count once.
	Latest bool
	// Progress, if set, is called after each document.
	Progress func(done int)
}

// A Replayed is what another rule set makes of recorded documents.
type Replayed struct {
	Revision  string // of that rule set
	Documents int
	Skipped   int // recorded without text, or not restorable
	Changed   int // documents with another clean text
	Size      int // bytes of the extracted texts
	Before    int // bytes that were removed
	After     int // bytes that would be removed now
	// Back is what was removed and would stay now, Gone what was kept and would
	// be removed now. After = Before - Back + Gone.
	Back, Gone int

	Rules       []RuleDifference // by Gone and Back together, largest first
	Differences []Difference     // the largest, by Gone and Back together
}

// Loss returns the share of the kept text of the record that would be lost, 0 to 1.
func (r *Replayed) Loss() float64 {
	if kept := r.Size - r.Before; kept > 0 {
		return float64(r.Gone) / float64(kept)
	}
	return 0
}

// A RuleDifference is a rule's part in what changed. Where several rules have a
// part in a byte it counts for each.
type RuleDifference struct {
	Rule       rules.ID
	Back, Gone int // bytes
}

// A Difference is a document that changed.
type Difference struct {
	Decision   ID
	Document   string
	Publisher  text.Publisher
	Back, Gone int
	// Marked is the extracted text around the largest change of each direction.
	BackText, GoneText string // up to 300 bytes
}

// Replay applies set to the recorded extracted texts, with the options of the
// time, and compares what it would remove with what was removed. Nothing is
// recorded. Pages are replayed from their extracted text, so that a change of
// the extraction does not show.
func Replay(ctx context.Context, s Store, set *rules.Set, o ReplayOptions) (*Replayed, error) {
	out := &Replayed{Revision: set.Revision()}
	byRule := map[rules.ID]*RuleDifference{}
	part := func(id rules.ID) *RuleDifference {
		if byRule[id] == nil {
			byRule[id] = &RuleDifference{Rule: id}
		}
		return byRule[id]
	}
	seen := map[string]bool{}
	for d, err := range All(ctx, s, o.Query) {
		if err != nil {
			return nil, err
		}
		if o.Latest {
			key := d.Document + "\x00" + d.URL + "\x00" + d.Sums.Extracted
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		t, err := d.Extracted()
		if err != nil {
			out.Skipped++
			continue
		}
		out.Documents++
		now := set.Apply(d.document(t), d.Options)
		diff := compare(d, t, now, part)
		out.Size += d.Size
		out.Before += d.RemovedBytes
		out.After += len(t) - len(now.Clean)
		out.Back += diff.Back
		out.Gone += diff.Gone
		if diff.Back+diff.Gone > 0 {
			out.Changed++
			out.Differences = append(out.Differences, diff)
		}
		if len(out.Differences) > 4096 {
			out.trim(o)
		}
		if o.Progress != nil {
			o.Progress(out.Documents + out.Skipped)
		}
	}
	out.trim(o)
	for _, r := range byRule {
		out.Rules = append(out.Rules, *r)
	}
	slices.SortFunc(out.Rules, func(a, b RuleDifference) int {
		return cmp.Or(cmp.Compare(b.Back+b.Gone, a.Back+a.Gone), cmp.Compare(a.Rule, b.Rule))
	})
	if out.Documents == 0 && out.Skipped > 0 {
		return out, errors.Join(ErrNoText, errors.New("audit: none of the chosen decisions can be replayed"))
	}
	return out, nil
}

func (r *Replayed) trim(o ReplayOptions) {
	slices.SortFunc(r.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(b.Back+b.Gone, a.Back+a.Gone), cmp.Compare(b.Decision, a.Decision))
	})
	n := o.Differences
	if n == 0 {
		n = 20
	}
	r.Differences = r.Differences[:min(n, len(r.Differences))]
}

// document returns d as rules see it; t is its extracted text.
func (d *Decision) document(t string) *text.Document {
	return &text.Document{ID: d.Document, URL: d.URL, Publisher: d.Publisher, Language: d.Language, Title: d.Title, Captured: d.Captured, Text: t}
}

// A cut is an enforced removal, before or now.
type cut struct {
	span  text.Span
	rules []rules.ID
}

// compare counts the bytes that only one side removes, for each of its rules.
func compare(d *Decision, t string, now rules.Outcome, part func(rules.ID) *RuleDifference) Difference {
	var was, is []cut
	for i := range d.Removals {
		if r := &d.Removals[i]; r.Mode == rules.Enforce {
			was = append(was, cut{r.Span, r.Rules()})
		}
	}
	for _, r := range now.Removals {
		if r.Mode == rules.Enforce {
			is = append(is, cut{r.Span, r.IDs()})
		}
	}
	diff := Difference{Decision: d.ID, Document: d.Document, Publisher: d.Publisher}
	largest := text.Span{}
	for _, x := range only(was, is) {
		diff.Back += x.span.Len()
		for _, id := range x.rules {
			part(id).Back += x.span.Len()
		}
		if x.span.Len() > largest.Len() {
			largest = x.span
		}
	}
	diff.BackText = excerpt(t, largest)
	largest = text.Span{}
	for _, x := range only(is, was) {
		diff.Gone += x.span.Len()
		for _, id := range x.rules {
			part(id).Gone += x.span.Len()
		}
		if x.span.Len() > largest.Len() {
			largest = x.span
		}
	}
	diff.GoneText = excerpt(t, largest)
	return diff
}

// only returns what of a no span of b covers. Both are sorted and do not overlap.
func only(a, b []cut) []cut {
	var out []cut
	for _, x := range a {
		at := x.span.Start
		for len(b) > 0 && b[0].span.End <= at {
			b = b[1:]
		}
		for _, y := range b {
			if y.span.Start >= x.span.End {
				break
			}
			if y.span.Start > at {
				out = append(out, cut{text.Span{Start: at, End: y.span.Start}, x.rules})
			}
			at = y.span.End
		}
		if at < x.span.End {
			out = append(out, cut{text.Span{Start: at, End: x.span.End}, x.rules})
		}
	}
	return out
}

// excerpt returns the text at s, cut short at a rune.
func excerpt(t string, s text.Span) string {
	const most = 300
	if s.Len() <= most {
		return s.In(t)
	}
	end := s.Start + most
	for end > s.Start && t[end]&0xC0 == 0x80 {
		end--
	}
	return t[s.Start:end] + "..."
}
