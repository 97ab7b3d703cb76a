package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"winnow/audit"
	"winnow/rules"
)

// A cellKey names a total: a publisher (0: all), a word (0: the documents
// themselves, else a rule or a category) and a day (0: all).
type cellKey struct{ publisher, word, day int64 }

func (k cellKey) compare(o cellKey) int {
	return cmp.Or(cmp.Compare(k.publisher, o.publisher), cmp.Compare(k.word, o.word), cmp.Compare(k.day, o.day))
}

type cellSums struct{ documents, size, removals, bytes, shadow, shadowBytes, flagged int }

func (c *cellSums) add(o cellSums) {
	c.documents += o.documents
	c.size += o.size
	c.removals += o.removals
	c.bytes += o.bytes
	c.shadow += o.shadow
	c.shadowBytes += o.shadowBytes
	c.flagged += o.flagged
}

// count adds what d counts for, sign times, to cells, and the words that it
// is found by to hits.
func (s *DB) count(t *tx, d *audit.Decision, sign int, cells map[cellKey]*cellSums, hits map[[2]int64]bool) error {
	publisher, err := s.number(t, kindPublisher, string(d.Publisher))
	if err != nil {
		return err
	}
	whole := cellSums{documents: sign, size: sign * d.Size}
	words := map[int64]*cellSums{}
	for i := range d.Removals {
		r := &d.Removals[i]
		var one cellSums
		if r.Mode == rules.Enforce {
			one.removals, one.bytes = sign, sign*r.Span.Len()
		} else {
			one.shadow, one.shadowBytes = sign, sign*r.Span.Len()
		}
		if r.Flags != 0 {
			one.flagged = sign
		}
		whole.add(one)
		names := []word{{kindCategory, string(r.Category)}}
		for _, id := range r.Rules() {
			names = append(names, word{kindRule, string(id)})
		}
		for _, w := range names {
			id, err := s.number(t, w.kind, w.word)
			if err != nil {
				return err
			}
			if words[id] == nil {
				words[id] = &cellSums{documents: sign}
			}
			words[id].add(one)
		}
	}
	words[0] = &whole
	for id, sums := range words {
		for _, k := range []cellKey{{0, id, 0}, {0, id, day(d.Time)}, {publisher, id, 0}, {publisher, id, day(d.Time)}} {
			if cells[k] == nil {
				cells[k] = &cellSums{}
			}
			cells[k].add(*sums)
		}
		if id != 0 {
			hits[[2]int64{id, int64(d.ID)}] = true
		}
	}
	for _, name := range d.Flags.Names() {
		id, err := s.number(t, kindFlag, name)
		if err != nil {
			return err
		}
		hits[[2]int64{id, int64(d.ID)}] = true
	}
	return nil
}

func (t *tx) addCells(cells map[cellKey]*cellSums) error {
	in := t.into("cell", "publisher, word, day, documents, size, removals, bytes, shadow, shadow_bytes, flagged",
		`ON CONFLICT (publisher, word, day) DO UPDATE SET documents = cell.documents + excluded.documents, size = cell.size + excluded.size,
		removals = cell.removals + excluded.removals, bytes = cell.bytes + excluded.bytes, shadow = cell.shadow + excluded.shadow,
		shadow_bytes = cell.shadow_bytes + excluded.shadow_bytes, flagged = cell.flagged + excluded.flagged`)
	for _, k := range sortedKeys(cells, cellKey.compare) {
		c := cells[k]
		if err := in.add(k.publisher, k.word, k.day, c.documents, c.size, c.removals, c.bytes, c.shadow, c.shadowBytes, c.flagged); err != nil {
			return err
		}
	}
	return in.close()
}

// Totals implements audit.Store. It reads cells alone.
func (s *DB) Totals(ctx context.Context, by audit.By, f audit.Filter) ([]audit.Total, error) {
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	if f.Rule != "" && f.Category != "" {
		return nil, fmt.Errorf("sqlstore: totals are of a rule or of a category, not of both")
	}
	if (by == audit.ByRule || by == audit.ByCategory) && (f.Rule != "" || f.Category != "") {
		return nil, fmt.Errorf("sqlstore: totals by %s cannot be of one rule or category", by)
	}
	var publisher, one int64
	for _, w := range []struct {
		kind, name string
		id         *int64
	}{{kindPublisher, string(f.Publisher), &publisher}, {kindRule, string(f.Rule), &one}, {kindCategory, string(f.Category), &one}} {
		if w.name == "" {
			continue
		}
		id, found, err := s.lookup(ctx, w.kind, w.name)
		if err != nil || !found {
			return nil, wrap(err)
		}
		*w.id = id
	}
	from, where := `cell`, ``
	var args []any
	switch by {
	case audit.ByDay:
		where, args = `publisher = ? AND word = ? AND day > 0`, []any{publisher, one}
	case audit.ByPublisher:
		where, args = `word = ? AND publisher > 0`, []any{one}
		if publisher != 0 {
			where, args = `word = ? AND publisher = ?`, []any{one, publisher}
		}
	case audit.ByRule, audit.ByCategory:
		where, args = `publisher = ? AND word > 0`, []any{publisher}
		if !s.d.postgres && f.From.IsZero() && f.To.IsZero() {
			from = `cell INDEXED BY cell_all` // else SQLite reads all days of each word
		}
	default:
		return nil, fmt.Errorf("sqlstore: totals by %q: by rule, publisher, category or day", by)
	}
	switch {
	case !f.From.IsZero() || !f.To.IsZero():
		first, last := int64(1), int64(1<<40)
		if !f.From.IsZero() {
			first = day(f.From)
		}
		if !f.To.IsZero() {
			last = day(f.To)
		}
		where, args = where+` AND day BETWEEN ? AND ?`, append(args, first, last)
	case by != audit.ByDay:
		where += ` AND day = 0`
	}
	key := map[audit.By]string{audit.ByDay: "day", audit.ByPublisher: "publisher", audit.ByRule: "word", audit.ByCategory: "word"}[by]
	rows, err := s.read.QueryContext(ctx, s.d.bind(`SELECT `+key+`, sum(documents), sum(size), sum(removals), sum(bytes), sum(shadow),
		sum(shadow_bytes), sum(flagged) FROM `+from+` WHERE `+where+` GROUP BY `+key), args...)
	if err != nil {
		return nil, wrap(err)
	}
	var out []audit.Total
	var keys []int64
	for rows.Next() {
		var k int64
		var t audit.Total
		if err := rows.Scan(&k, &t.Documents, &t.Size, &t.Removals, &t.Bytes, &t.Shadow, &t.ShadowBytes, &t.Flagged); err != nil {
			rows.Close()
			return nil, wrap(err)
		}
		if t.Documents > 0 {
			out, keys = append(out, t), append(keys, k)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, wrap(err)
	}
	return s.named(ctx, by, out, keys)
}

// named gives totals their keys, leaves out those of another kind and sorts.
func (s *DB) named(ctx context.Context, by audit.By, in []audit.Total, keys []int64) ([]audit.Total, error) {
	want := map[audit.By]string{audit.ByRule: kindRule, audit.ByCategory: kindCategory, audit.ByPublisher: kindPublisher}[by]
	if want != "" {
		if err := s.learn(ctx, keys); err != nil {
			return nil, wrap(err)
		}
	}
	var out []audit.Total
	for i, t := range in {
		if by == audit.ByDay {
			t.Key = dayOf(keys[i]).Format(time.DateOnly)
			out = append(out, t)
			continue
		}
		w, err := s.wordOf(ctx, keys[i])
		if err != nil {
			return nil, wrap(err)
		}
		if w.kind == want {
			t.Key = w.word
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b audit.Total) int {
		if by == audit.ByDay {
			return cmp.Compare(a.Key, b.Key)
		}
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.ShadowBytes, a.ShadowBytes), cmp.Compare(a.Key, b.Key))
	})
	return out, nil
}
