package audit

import (
	"context"
	"fmt"
	"iter"
)

// All yields every decision that q chooses, whole, latest first. Where a
// decision is erased meanwhile it is left out. The first error ends it.
func All(ctx context.Context, s Store, q Query) iter.Seq2[*Decision, error] {
	return func(yield func(*Decision, error) bool) {
		q.Limit = 500
		for {
			page, err := s.List(ctx, q)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page.Decisions {
				d, err := s.Get(ctx, page.Decisions[i].ID)
				if err == ErrNotFound {
					continue
				}
				if !yield(d, err) || err != nil {
					return
				}
			}
			if q.Token = page.Next; q.Token == "" {
				return
			}
		}
	}
}

// Checked is what Verify found.
type Checked struct {
	Decisions int
	Bare      int // of which had no text, so that only places were checked
	Removals  int
	Wrong     int // decisions with something wrong
}

// Verify checks every decision that q chooses (see Decision.Check) and, where q
// chooses all, that the totals agree with the decisions. It calls wrong with
// each fault; ID 0 is the record as a whole.
func Verify(ctx context.Context, s Store, q Query, wrong func(ID, string)) (Checked, error) {
	var c Checked
	sums := map[string]Total{}
	for d, err := range All(ctx, s, q) {
		if err != nil {
			return c, err
		}
		c.Decisions++
		if d.Bare {
			c.Bare++
		}
		c.Removals += len(d.Removals)
		faults := d.Check()
		if faults != nil {
			c.Wrong++
		}
		for _, f := range faults {
			wrong(d.ID, f)
		}
		t := sums[string(d.Publisher)]
		t.Documents++
		t.Removals += d.Removed
		t.Bytes += d.RemovedBytes
		t.Shadow += d.Shadow
		t.Size += d.Size
		sums[string(d.Publisher)] = t
	}
	if q != (Query{}) {
		return c, nil
	}
	totals, err := s.Totals(ctx, ByPublisher, Filter{})
	if err != nil {
		return c, err
	}
	for _, t := range totals {
		got := sums[t.Key]
		delete(sums, t.Key)
		if got.Documents != t.Documents || got.Removals != t.Removals || got.Bytes != t.Bytes || got.Shadow != t.Shadow || got.Size != t.Size {
			c.Wrong++
			wrong(0, fmt.Sprintf("the totals of %q are %d documents with %d removals of %d bytes, and there are %d with %d of %d (documents recorded meanwhile count too)",
				t.Key, t.Documents, t.Removals, t.Bytes, got.Documents, got.Removals, got.Bytes))
		}
	}
	if len(sums) > 0 {
		c.Wrong++
		wrong(0, fmt.Sprintf("%d publishers with decisions have no totals", len(sums)))
	}
	return c, nil
}
