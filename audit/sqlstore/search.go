package sqlstore

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"winnow/audit"
)

// A search by text goes from the texts to the removals: the texts that hold
// the words, the one that was first seen latest first, and of each text its
// removals, latest first. Both come out of an index in that order, so that a
// page costs the same for a word that stands in one text as for one that stands
// in a million. But where a query also asks for a publisher, a rule and the like,
// and the words are common, few of the texts are of use: then the query goes from
// the decisions, latest first, to their texts. The page token says which way the
// first page went.

// commonTexts is how many texts hold a common word.
var commonTexts = 200 // lower in tests

// byDecision reports whether a search goes from the decisions.
func (s *DB) byDecision(ctx context.Context, q audit.Query, at *cursor) (bool, error) {
	rest := q
	rest.Text, rest.Limit, rest.Token = "", 0, ""
	switch {
	case at != nil:
		return at.Body == 0, nil
	case rest == audit.Query{}:
		return false, nil
	}
	ts := terms(q.Text)
	if len(ts) == 0 {
		return false, nil
	}
	ids, err := s.textsWith(ctx, ts, math.MaxInt64, commonTexts)
	return len(ids) == commonTexts, err
}

// A searcher says whether a text holds the words of a search, in the way of the
// index of SQLite: words are runs of letters and digits, without regard to case
// and diacritics. Asking the index for one text at a time takes milliseconds.
type searcher [][]string // phrases

func newSearcher(q string) searcher {
	var out searcher
	for _, t := range terms(q) {
		out = append(out, tokens(t))
	}
	return out
}

func tokens(t string) []string {
	t = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(searchable(t)))
	return strings.FieldsFunc(t, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

func (f searcher) finds(t string) bool {
	ts := tokens(t)
	for _, phrase := range f {
		found := false
		for i := 0; i+len(phrase) <= len(ts) && !found; i++ {
			found = slices.Equal(ts[i:i+len(phrase)], phrase)
		}
		if !found {
			return false
		}
	}
	return true
}

// direct goes through removals in the order of a plan and calls f with those
// whose text holds what q asks for, until f says that it has enough.
func (s *DB) direct(ctx context.Context, p *plan, q audit.Query, id string, f func(*hitRow) bool) error {
	part := *p
	find := newSearcher(q.Text)
	part.and(`s.decision = ` + id + ` AND b.id = s.body`)
	query := part.sql(decisionColumns+`, `+spanColumns+`, s.body`, ` CROSS JOIN span s CROSS JOIN body b`, id+` DESC, s.n`, math.MaxInt32)
	return each(ctx, s.read, s.d, query, part.args, func(scan func(...any) error) (bool, error) {
		row := &hitRow{}
		if err := scan(append(append(row.decision.targets(), row.span.targets()...), &row.body)...); err != nil {
			return false, err
		}
		t, err := s.unpacked(row.span.form, row.span.data)
		if err != nil || !find.finds(t) {
			return err == nil, err
		}
		return f(row), nil
	})
}

// holds is the condition that the text of the span o holds the terms.
func (s *DB) holds(ts []string) (string, []any) {
	if !s.d.postgres {
		return `o.body IN (SELECT rowid FROM fts WHERE fts MATCH ? AND rowid = o.body)`, []any{match(ts)}
	}
	var conds []string
	var args []any
	for _, t := range ts {
		conds = append(conds, `w.search @@ phraseto_tsquery('simple', ?)`)
		args = append(args, t)
	}
	return `EXISTS (SELECT 1 FROM body w WHERE w.id = o.body AND ` + strings.Join(conds, ` AND `) + `)`, args
}

// terms splits a search into phrases; words outside of quotes are phrases of one.
func terms(q string) []string {
	var out []string
	for i, part := range strings.Split(clean(q), `"`) {
		words := strings.FieldsFunc(part, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) })
		if i%2 == 1 && len(words) > 0 {
			out = append(out, strings.Join(words, " "))
		} else if i%2 == 0 {
			out = append(out, words...)
		}
	}
	return out
}

// textsWith returns the numbers of up to n texts that hold the terms, from the
// number below downwards.
func (s *DB) textsWith(ctx context.Context, ts []string, below int64, n int) (out []int64, err error) {
	var q string
	var args []any
	if s.d.postgres {
		var conds []string
		for _, t := range ts {
			conds = append(conds, `search @@ phraseto_tsquery('simple', ?)`)
			args = append(args, t)
		}
		q = `SELECT id FROM body WHERE ` + strings.Join(conds, ` AND `) + ` AND id < ? ORDER BY id DESC`
	} else {
		q = `SELECT rowid FROM fts WHERE fts MATCH ? AND rowid < ? ORDER BY rowid DESC`
		args = append(args, match(ts))
	}
	err = each(ctx, s.read, s.d, q+fmt.Sprintf(` LIMIT %d`, n), append(args, below), func(scan func(...any) error) (bool, error) {
		var id int64
		err := scan(&id)
		out = append(out, id)
		return true, err
	})
	return out, err
}

// match writes terms as an expression of FTS5.
func match(ts []string) string { return `"` + strings.Join(ts, `" "`) + `"` }

// walk calls f with the texts that hold what q asks for, from the text of at on.
func (s *DB) walk(ctx context.Context, q audit.Query, at *cursor, f func(body int64) (more bool, err error)) error {
	ts := terms(q.Text)
	if len(ts) == 0 {
		return nil
	}
	below := int64(math.MaxInt64)
	if at != nil {
		below = at.Body + 1
	}
	for n := 64; ; n = min(2*n, 1024) {
		ids, err := s.textsWith(ctx, ts, below, n)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if more, err := f(id); err != nil || !more {
				return err
			}
			below = id
		}
		if len(ids) < n {
			return nil
		}
	}
}

func (s *DB) removalsText(ctx context.Context, p *plan, q audit.Query, at *cursor, limit int) (rows []*hitRow, err error) {
	return rows, s.walk(ctx, q, at, func(body int64) (bool, error) {
		part := plan{from: `span s CROSS JOIN body b CROSS JOIN ` + p.from, where: append([]string{}, p.where...), args: append([]any{}, p.args...)}
		part.and(`s.body = ? AND b.id = s.body AND d.id = s.decision`, body)
		if at != nil && at.Body == body {
			part.and(`s.decision <= ? AND (s.decision < ? OR s.n > ?)`, at.Decision, at.Decision, at.N)
		}
		more, err := s.hitRows(ctx, part.sql(decisionColumns+`, `+spanColumns+`, s.body`, ``, `s.decision DESC, s.n`, limit-len(rows)), part.args)
		rows = append(rows, more...)
		return len(rows) < limit, err
	})
}

// listText lists the decisions in which a text that holds the words was
// removed, each once: at the first of its texts.
func (s *DB) listText(ctx context.Context, p *plan, q audit.Query, at *cursor, limit int) (rows []*decisionRow, next cursor, err error) {
	var ends []cursor
	err = s.walk(ctx, q, at, func(body int64) (bool, error) {
		part := plan{from: `span s CROSS JOIN ` + p.from, where: append([]string{}, p.where...), args: append([]any{}, p.args...)}
		part.and(`s.body = ? AND d.id = s.decision`, body)
		if at != nil && at.Body == body {
			part.and(`s.decision < ?`, at.Decision)
		}
		holds, args := s.holds(terms(q.Text))
		part.and(`NOT EXISTS (SELECT 1 FROM span o WHERE o.decision = s.decision AND o.body > s.body AND `+holds+`)`, args...)
		part.and(`s.n = (SELECT min(o.n) FROM span o WHERE o.decision = s.decision AND o.body = s.body)`)
		err := each(ctx, s.read, s.d, part.sql(decisionColumns, ``, `s.decision DESC`, limit+1-len(rows)), part.args,
			func(scan func(...any) error) (bool, error) {
				row := &decisionRow{}
				rows = append(rows, row)
				err := scan(row.targets()...)
				ends = append(ends, cursor{Decision: int64(row.d.ID), Body: body})
				return true, err
			})
		return len(rows) <= limit, err
	})
	if len(rows) > limit {
		rows, next = rows[:limit], ends[limit-1]
	}
	return rows, next, err
}
