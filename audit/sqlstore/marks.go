package sqlstore

import (
	"context"
	"errors"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// Mark implements audit.Store. A marked removal leaves the queue, and with it those
// of the same text by the same rules.
func (s *DB) Mark(ctx context.Context, m *audit.Mark) error {
	if err := s.settle(ctx); err != nil {
		return err
	}
	err := s.tx(ctx, func(t *tx) error {
		_, found, err := one[int](ctx, t, s.d, `SELECT 1 FROM decision WHERE id = ?`, int64(m.Decision))
		if err == nil && found && m.N >= 0 {
			_, found, err = one[int](ctx, t, s.d, `SELECT 1 FROM span WHERE decision = ? AND n = ?`, int64(m.Decision), m.N)
		}
		if err != nil {
			return err
		}
		if !found {
			return audit.ErrNotFound
		}
		if m.ID, err = t.next("mark", 1); err != nil {
			return err
		}
		if m.N >= 0 {
			if _, err := t.exec(`DELETE FROM queue WHERE (decision, n) IN (SELECT o.decision, o.n FROM span s JOIN span o ON o.body = s.body AND o.how = s.how
				WHERE s.decision = ? AND s.n = ?)`, int64(m.Decision), m.N); err != nil {
				return err
			}
		}
		_, err = t.exec(`INSERT INTO mark VALUES (`+placeholders(12)+`)`, m.ID, int64(m.Decision), m.N, m.Span.Start, m.Span.End,
			string(m.Verdict), clean(string(m.Rule)), string(m.Category), clean(m.Who), clean(m.Why), millis(m.Time), clean(m.Outcome))
		return err
	})
	if errors.Is(err, audit.ErrNotFound) {
		return audit.ErrNotFound
	}
	return err
}

// judged returns the texts that somebody marked, with the rules that took them.
func (t *tx) judged() (map[[2]int64]bool, error) {
	out := map[[2]int64]bool{}
	err := each(t.ctx, t, t.d, `SELECT DISTINCT s.body, s.how FROM mark m JOIN span s ON s.decision = m.decision AND s.n = m.n`, nil,
		func(scan func(...any) error) (bool, error) {
			var k [2]int64
			err := scan(&k[0], &k[1])
			out[k] = true
			return true, err
		})
	return out, err
}

// Settle implements audit.Store.
func (s *DB) Settle(ctx context.Context, mark int64, outcome string) error {
	return s.tx(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE mark SET outcome = ? WHERE id = ?`, clean(outcome), mark)
		return err
	})
}

// Marks implements audit.Store.
func (s *DB) Marks(ctx context.Context, d audit.ID, rule rules.ID) ([]audit.Mark, error) {
	switch {
	case d != 0 && rule != "":
		return s.marks(ctx, ` WHERE decision = ? AND rule = ? ORDER BY id DESC`, int64(d), string(rule))
	case d != 0:
		return s.marks(ctx, ` WHERE decision = ? ORDER BY id DESC`, int64(d))
	case rule != "":
		return s.marks(ctx, ` WHERE rule = ? ORDER BY id DESC`, string(rule))
	}
	return s.marks(ctx, ` ORDER BY id DESC`)
}

func (s *DB) marks(ctx context.Context, where string, args ...any) (out []audit.Mark, err error) {
	err = each(ctx, s.read, s.d, `SELECT id, decision, n, first, last, verdict, rule, category, who, why, time, outcome FROM mark`+where, args,
		func(scan func(...any) error) (bool, error) {
			var m audit.Mark
			var start, end int
			var at int64
			err := scan(&m.ID, &m.Decision, &m.N, &start, &end, &m.Verdict, &m.Rule, &m.Category, &m.Who, &m.Why, &at, &m.Outcome)
			m.Span, m.Time = text.Span{Start: start, End: end}, fromMillis(at)
			out = append(out, m)
			return true, err
		})
	return out, wrap(err)
}

// Changed implements audit.Store.
func (s *DB) Changed(ctx context.Context, c audit.Change) error {
	return s.tx(ctx, func(t *tx) error {
		id, err := t.next("mark", 1)
		if err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO change VALUES (`+placeholders(8)+`)`, id, clean(string(c.Rule)), string(c.From), string(c.To),
			clean(c.Who), clean(c.Why), millis(c.Time), c.Mark)
		return err
	})
}

// Changes implements audit.Store.
func (s *DB) Changes(ctx context.Context, rule rules.ID) (out []audit.Change, err error) {
	q, args := `SELECT rule, before, after, who, why, time, mark FROM change`, []any{}
	if rule != "" {
		q, args = q+` WHERE rule = ?`, append(args, string(rule))
	}
	err = each(ctx, s.read, s.d, q+` ORDER BY id DESC`, args, func(scan func(...any) error) (bool, error) {
		var c audit.Change
		var at int64
		err := scan(&c.Rule, &c.From, &c.To, &c.Who, &c.Why, &at, &c.Mark)
		c.Time = fromMillis(at)
		out = append(out, c)
		return true, err
	})
	return out, wrap(err)
}

// Stats implements audit.Store.
func (s *DB) Stats(ctx context.Context) (audit.Stats, error) {
	var st audit.Stats
	size := `SELECT (SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size())`
	if s.d.postgres {
		size = `SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`
	}
	for _, x := range []struct {
		q  string
		to any
	}{
		{`SELECT coalesce(sum(documents), 0), coalesce(sum(removals + shadow), 0) FROM cell WHERE publisher = 0 AND word = 0 AND day = 0`, nil},
		{`SELECT (SELECT count(*) FROM body) + (SELECT count(*) FROM kept)`, &st.Texts},
		{size, &st.Bytes},
	} {
		row := s.read.QueryRowContext(ctx, x.q)
		var err error
		if x.to == nil {
			err = row.Scan(&st.Decisions, &st.Removals)
		} else {
			err = row.Scan(x.to)
		}
		if err != nil {
			return st, wrap(err)
		}
	}
	var err error
	if st.Pending, err = s.Pending(ctx); err != nil {
		return st, err
	}
	if s.log != nil {
		_, _, bytes, err := s.log.pending(0)
		if err != nil {
			return st, wrap(err)
		}
		st.Bytes += bytes
	}
	st.Decisions += st.Pending
	return st, nil
}
