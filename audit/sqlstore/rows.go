package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// A queryer is a database or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
}

// one reads the single value of the first row, if there is one.
func one[T any](ctx context.Context, db queryer, d dialect, q string, args ...any) (v T, found bool, err error) {
	err = db.QueryRowContext(ctx, d.bind(q), args...).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return v, false, nil
	}
	return v, err == nil, err
}

// each calls f for every row of a query. f scans; a false of f ends it.
func each(ctx context.Context, db queryer, d dialect, q string, args []any, f func(scan func(...any) error) (bool, error)) error {
	rows, err := db.QueryContext(ctx, d.bind(q), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		more, err := f(rows.Scan)
		if err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
	return rows.Err()
}

const decisionColumns = `d.id, d.document, d.url, d.publisher, d.time, d.setting, d.revision, d.page, d.source, d.extracted, d.clean,
	d.size, d.removed, d.removed_bytes, d.shadow, d.shadow_bytes, d.flags, d.risk, d.kept, d.info`

// A decisionRow is a row of decision, with words still as numbers.
type decisionRow struct {
	d                            audit.Decision
	publisher, setting, revision int64
	kept                         sql.NullInt64
	source, extracted, clean     []byte
	info                         []byte
	time                         int64
	page                         int
	flags                        int
	matches                      map[int][]audit.Match // by removal; see folding.info
}

func (r *decisionRow) targets() []any {
	return []any{&r.d.ID, &r.d.Document, &r.d.URL, &r.publisher, &r.time, &r.setting, &r.revision, &r.page, &r.source, &r.extracted, &r.clean,
		&r.d.Size, &r.d.Removed, &r.d.RemovedBytes, &r.d.Shadow, &r.d.ShadowBytes, &r.flags, &r.d.Risk, &r.kept, &r.info}
}

// decisionOf makes a decision of a row, without removals and texts.
func (s *DB) decisionOf(ctx context.Context, r *decisionRow) (*audit.Decision, error) {
	d := &r.d
	d.Time, d.Page, d.Flags, d.Bare = fromMillis(r.time), r.page != 0, audit.Flags(r.flags), !r.kept.Valid
	sums := [3][]byte{r.source, r.extracted, r.clean}
	for i := 1; i < len(sums); i++ {
		if sums[i] == nil {
			sums[i] = sums[i-1]
		}
	}
	d.Sums = audit.Sums{Source: hex.EncodeToString(sums[0]), Extracted: hex.EncodeToString(sums[1]), Clean: hex.EncodeToString(sums[2])}
	for _, w := range []struct {
		id  int64
		set func(string)
	}{
		{r.publisher, func(v string) { d.Publisher = text.Publisher(v) }},
		{r.revision, func(v string) { d.Revision = v }},
	} {
		v, err := s.wordOf(ctx, w.id)
		if err != nil {
			return nil, err
		}
		w.set(v.word)
	}
	setting, err := s.wordOf(ctx, r.setting)
	if err != nil {
		return nil, err
	}
	profile, options, _ := strings.Cut(setting.word, "\n")
	d.Profile = profile
	if err := json.Unmarshal([]byte(options), &d.Options); err != nil {
		return nil, err
	}
	return d, s.readInfo(r)
}

// readInfo reads what info wrote.
func (s *DB) readInfo(row *decisionRow) error {
	d := &row.d
	in, err := s.unblob(row.info)
	if err != nil {
		return err
	}
	d.Language, d.Title, d.Captured = in.string(), in.string(), in.time()
	for range in.count() {
		d.Warnings = append(d.Warnings, rules.Warning{Code: in.string(), Message: in.string()})
	}
	for range in.count() {
		d.Dropped = append(d.Dropped, audit.Dropped{Start: in.int(), End: in.int(), Reason: in.string(), Text: in.string()})
	}
	for len(in.b) > 0 {
		if row.matches == nil {
			row.matches = map[int][]audit.Match{}
		}
		row.matches[in.int()] = in.matches()
	}
	if in.bad {
		return errDamaged
	}
	return nil
}

const spanColumns = `s.n, s.start, s.clean, s.how, s.flags, s.risk, s.matches, b.form, b.data`

// A spanRow is a row of span with its body.
type spanRow struct {
	r             audit.Removal
	how           int64
	flags, form   int
	matches, data []byte
}

func (r *spanRow) targets() []any {
	return []any{&r.r.N, &r.r.Span.Start, &r.r.CleanOffset, &r.how, &r.flags, &r.r.Risk, &r.matches, &r.form, &r.data}
}

// removalOf makes a removal of a row of a decision that was made of its row.
func (s *DB) removalOf(ctx context.Context, d *decisionRow, row *spanRow) (audit.Removal, error) {
	r := row.r
	t, err := s.unpacked(row.form, row.data)
	if err != nil {
		return r, err
	}
	h, err := s.howOf(ctx, row.how)
	if err != nil {
		return r, err
	}
	r.Text, r.Span.End, r.Flags = t, r.Span.Start+len(t), audit.Flags(row.flags)
	r.Mode, r.Stage, r.Category, r.Confidence = h.mode, h.stage, h.category, h.confidence
	if ms, ok := d.matches[r.N]; ok {
		r.Matches = ms
		return r, nil
	}
	if row.matches == nil {
		r.Matches = []audit.Match{{Rule: h.rules[0], Span: r.Span}}
		return r, nil
	}
	in, err := s.unblob(row.matches)
	if err != nil {
		return r, err
	}
	if r.Matches = in.matches(); in.bad {
		return r, errDamaged
	}
	return r, nil
}

// removalsOf reads the removals of a decision that was made of its row.
func (s *DB) removalsOf(ctx context.Context, db queryer, d *decisionRow) ([]audit.Removal, error) {
	var rows []*spanRow
	err := each(ctx, db, s.d, `SELECT `+spanColumns+` FROM span s JOIN body b ON b.id = s.body WHERE s.decision = ? ORDER BY s.n`,
		[]any{int64(d.d.ID)}, func(scan func(...any) error) (bool, error) {
			row := &spanRow{}
			rows = append(rows, row)
			return true, scan(row.targets()...)
		})
	if err != nil {
		return nil, err
	}
	var out []audit.Removal
	for _, row := range rows {
		r, err := s.removalOf(ctx, d, row)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// keptText reads a kept text by its number.
func (s *DB) keptText(ctx context.Context, id int64) (string, error) {
	var form int
	var data []byte
	if err := s.read.QueryRowContext(ctx, s.d.bind(`SELECT form, data FROM kept WHERE id = ?`), id).Scan(&form, &data); err != nil {
		return "", err
	}
	return s.unpacked(form, data)
}

// Get implements audit.Store.
func (s *DB) Get(ctx context.Context, id audit.ID) (*audit.Decision, error) {
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	var row decisionRow
	err := s.read.QueryRowContext(ctx, s.d.bind(`SELECT `+decisionColumns+` FROM decision d WHERE d.id = ?`), int64(id)).Scan(row.targets()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, audit.ErrNotFound
	}
	if err != nil {
		return nil, wrap(err)
	}
	d, err := s.decisionOf(ctx, &row)
	if err != nil {
		return nil, wrap(err)
	}
	if d.Removals, err = s.removalsOf(ctx, s.read, &row); err != nil {
		return nil, wrap(err)
	}
	if row.kept.Valid {
		if d.Clean, err = s.keptText(ctx, row.kept.Int64); err != nil {
			return nil, wrap(err)
		}
	}
	return d, nil
}

// contextSize is how much of the kept text stands on either side of a sample,
// in bytes.
const contextSize = 200

// around returns the kept text before and after a removal.
func around(kept string, r *audit.Removal) (before, after string) {
	at := min(r.CleanOffset, len(kept))
	end := at
	if r.Mode == rules.Shadow && strings.HasPrefix(kept[at:], r.Text) {
		end += len(r.Text)
	}
	from, to := max(0, at-contextSize), min(len(kept), end+contextSize)
	for from < at && !utf8.RuneStart(kept[from]) {
		from++
	}
	for to > end && to < len(kept) && !utf8.RuneStart(kept[to]) {
		to--
	}
	return kept[from:at], kept[end:to]
}
