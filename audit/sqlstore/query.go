package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"winnow/audit"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
)

func limitOf(q audit.Query) int {
	if q.Limit <= 0 {
		return defaultLimit
	}
	return min(q.Limit, maxLimit)
}

// A cursor is where a page ended: at a decision, a removal of it, and for
// queries by risk or by text the risk or the number of the text.
type cursor struct {
	Decision int64
	N        int
	Risk     float64
	Body     int64
}

// cursorOf reads the page token of a query of the given name.
func cursorOf(name string, q audit.Query) (*cursor, error) {
	if q.Token == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(q.Token)
	if err != nil || len(b) < 8 || string(b[:8]) != fingerprint(name, q) {
		return nil, audit.ErrPageToken
	}
	c := &cursor{}
	if json.Unmarshal(b[8:], c) != nil {
		return nil, audit.ErrPageToken
	}
	return c, nil
}

func (c cursor) token(name string, q audit.Query) string {
	b, _ := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(append([]byte(fingerprint(name, q)), b...))
}

// fingerprint tells queries apart, page sizes and places aside.
func fingerprint(name string, q audit.Query) string {
	q.Token, q.Limit = "", 0
	b, _ := json.Marshal(q)
	h := sha256.Sum256(append([]byte(name+"\n"), b...))
	return string(h[:8])
}

// A plan is the FROM and WHERE of a query for decisions d.
type plan struct {
	from  string
	where []string
	args  []any
	none  bool // nothing can match
}

func (p *plan) and(cond string, args ...any) {
	p.where = append(p.where, cond)
	p.args = append(p.args, args...)
}

func (p *plan) sql(columns, more, order string, limit int) string {
	q := `SELECT ` + columns + ` FROM ` + p.from + more
	if len(p.where) > 0 {
		q += ` WHERE ` + strings.Join(p.where, ` AND `)
	}
	return q + ` ORDER BY ` + order + fmt.Sprintf(` LIMIT %d`, limit)
}

// plan chooses what drives a query: the rarest of what it asks for, as the
// totals know it. The rest are conditions. A plus before a column keeps the
// database from preferring that column's index.
func (s *DB) plan(ctx context.Context, q audit.Query) (*plan, error) {
	p := &plan{from: `decision d`}
	type filter struct {
		word int64
		docs int64
	}
	var words []filter
	publisher, publisherDocs := int64(0), int64(math.MaxInt64)
	find := func(kind, name string) (int64, error) {
		id, found, err := s.lookup(ctx, kind, name)
		if !found {
			p.none = true
		}
		return id, err
	}
	docs := func(publisher, word int64) (int64, error) {
		n, _, err := one[int64](ctx, s.read, s.d, `SELECT documents FROM cell WHERE publisher = ? AND word = ? AND day = 0`, publisher, word)
		return n, err
	}
	if q.Publisher != "" {
		var err error
		if publisher, err = find(kindPublisher, string(q.Publisher)); err != nil {
			return nil, err
		}
		if publisherDocs, err = docs(publisher, 0); err != nil {
			return nil, err
		}
	}
	for _, w := range []word{{kindRule, string(q.Rule)}, {kindCategory, string(q.Category)}} {
		if w.word == "" {
			continue
		}
		id, err := find(w.kind, w.word)
		if err != nil {
			return nil, err
		}
		n, err := docs(0, id)
		if err != nil {
			return nil, err
		}
		if publisher != 0 {
			both, err := docs(publisher, id)
			if err != nil {
				return nil, err
			}
			p.none = p.none || both == 0
		}
		words = append(words, filter{id, n})
	}
	driver := -1
	least := publisherDocs
	for i, w := range words {
		if q.Document == "" && w.docs < least {
			driver, least = i, w.docs
		}
	}
	id := `d.id`
	if driver >= 0 {
		id = `h.decision`
		p.from = `hit h CROSS JOIN decision d`
		p.and(`h.word = ? AND d.id = h.decision`, words[driver].word)
	}
	for i, w := range words {
		if i != driver {
			p.and(`EXISTS (SELECT 1 FROM hit o WHERE o.word = ? AND o.decision = `+id+`)`, w.word)
		}
	}
	if publisher != 0 {
		cond := `d.publisher = ?`
		if driver >= 0 || q.Document != "" {
			cond = `+d.publisher = ?`
		}
		p.and(cond, publisher)
	}
	if q.Document != "" {
		p.and(`d.document = ?`, clean(q.Document))
	}
	if q.Revision != "" {
		r, err := find(kindRevision, q.Revision)
		if err != nil {
			return nil, err
		}
		p.and(`d.revision = ?`, r)
	}
	if q.Flags != 0 {
		if err := s.planFlags(ctx, p, q, id, driver < 0 && publisher == 0 && q.Document == ""); err != nil {
			return nil, err
		}
	}
	return p, s.planTime(ctx, p, q, id)
}

// planFlags asks for any of some flags. Where nothing else drives the query and
// there is one flag, that flag's hits do.
func (s *DB) planFlags(ctx context.Context, p *plan, q audit.Query, id string, alone bool) error {
	var words []any
	for _, name := range q.Flags.Names() {
		w, found, err := s.lookup(ctx, kindFlag, name)
		if err != nil {
			return err
		}
		if found {
			words = append(words, w)
		}
	}
	switch {
	case len(words) == 0:
		p.none = true
	case alone:
		p.and(`d.id IN (SELECT o.decision FROM hit o WHERE o.word IN (`+placeholders(len(words))+`))`, words...)
	default:
		p.and(`EXISTS (SELECT 1 FROM hit o WHERE o.word IN (`+placeholders(len(words))+`) AND o.decision = `+id+`)`, words...)
	}
	return nil
}

// planTime turns times into the ids of their days, and then asks for the times.
func (s *DB) planTime(ctx context.Context, p *plan, q audit.Query, id string) error {
	if q.From.IsZero() && q.To.IsZero() {
		return nil
	}
	first, last := int64(math.MinInt64), int64(math.MaxInt64)
	firstDay, lastDay := int64(0), int64(1<<40)
	if !q.From.IsZero() {
		first, firstDay = millis(q.From), day(q.From)
	}
	if !q.To.IsZero() {
		last, lastDay = millis(q.To)-1, day(q.To)
	}
	var lo, hi sql.NullInt64
	err := s.read.QueryRowContext(ctx, s.d.bind(`SELECT min(first), max(last) FROM day WHERE day BETWEEN ? AND ?`), firstDay, lastDay).Scan(&lo, &hi)
	if err != nil {
		return err
	}
	if !lo.Valid {
		p.none = true
		return nil
	}
	p.and(id+` BETWEEN ? AND ? AND d.time BETWEEN ? AND ?`, lo.Int64, hi.Int64, first, last)
	return nil
}

// List implements audit.Store.
func (s *DB) List(ctx context.Context, q audit.Query) (audit.Page, error) {
	page, err := s.list(ctx, q)
	return page, wrapToken(err)
}

func (s *DB) list(ctx context.Context, q audit.Query) (audit.Page, error) {
	if err := s.settle(ctx); err != nil {
		return audit.Page{}, err
	}
	at, err := cursorOf("decisions", q)
	if err != nil {
		return audit.Page{}, err
	}
	p, err := s.plan(ctx, q)
	if err != nil || p.none {
		return audit.Page{}, err
	}
	limit := limitOf(q)
	var rows []*decisionRow
	var next cursor
	direct, err := s.byDecision(ctx, q, at)
	if err != nil {
		return audit.Page{}, err
	}
	if q.Text != "" && !direct {
		if rows, next, err = s.listText(ctx, p, q, at, limit); err != nil {
			return audit.Page{}, err
		}
	} else {
		id := `d.id`
		if strings.HasPrefix(p.from, "hit") {
			id = `h.decision`
		}
		if at != nil {
			p.and(id+` < ?`, at.Decision)
		}
		var err error
		if q.Text != "" {
			err = s.direct(ctx, p, q, id, func(row *hitRow) bool {
				if n := len(rows); n == 0 || rows[n-1].d.ID != row.decision.d.ID {
					rows = append(rows, &row.decision)
				}
				return len(rows) <= limit
			})
		} else {
			err = each(ctx, s.read, s.d, p.sql(decisionColumns, ``, id+` DESC`, limit+1), p.args, func(scan func(...any) error) (bool, error) {
				row := &decisionRow{}
				rows = append(rows, row)
				return true, scan(row.targets()...)
			})
		}
		if err != nil {
			return audit.Page{}, err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			next = cursor{Decision: int64(rows[limit-1].d.ID)}
		}
	}
	var page audit.Page
	for _, row := range rows {
		d, err := s.decisionOf(ctx, row)
		if err != nil {
			return audit.Page{}, err
		}
		d.Dropped = nil
		page.Decisions = append(page.Decisions, *d)
	}
	if next != (cursor{}) {
		page.Next = next.token("decisions", q)
	}
	return page, nil
}

// wrapToken leaves the errors that callers look for as they are.
func wrapToken(err error) error {
	if err == audit.ErrPageToken || err == audit.ErrNotFound {
		return err
	}
	return wrap(err)
}

// A hitRow is a removal with its decision, as numbers.
type hitRow struct {
	decision decisionRow
	span     spanRow
	body     int64
}

// Removals implements audit.Store.
func (s *DB) Removals(ctx context.Context, q audit.Query) (audit.SamplePage, error) {
	page, err := s.removals(ctx, q)
	return page, wrapToken(err)
}

func (s *DB) removals(ctx context.Context, q audit.Query) (audit.SamplePage, error) {
	if err := s.settle(ctx); err != nil {
		return audit.SamplePage{}, err
	}
	at, err := cursorOf("removals", q)
	if err != nil {
		return audit.SamplePage{}, err
	}
	p, err := s.plan(ctx, q)
	if err != nil || p.none {
		return audit.SamplePage{}, err
	}
	if err := s.planSpans(ctx, p, q); err != nil {
		return audit.SamplePage{}, err
	}
	limit := limitOf(q)
	var rows []*hitRow
	direct, err := s.byDecision(ctx, q, at)
	if err != nil {
		return audit.SamplePage{}, err
	}
	if q.Text != "" && !direct {
		rows, err = s.removalsText(ctx, p, q, at, limit+1)
	} else {
		id := `d.id`
		if strings.HasPrefix(p.from, "hit") {
			id = `h.decision`
		}
		if at != nil {
			p.and(id+` <= ? AND (`+id+` < ? OR s.n > ?)`, at.Decision, at.Decision, at.N)
		}
		if q.Text != "" {
			err = s.direct(ctx, p, q, id, func(row *hitRow) bool {
				rows = append(rows, row)
				return len(rows) <= limit
			})
			if err != nil {
				return audit.SamplePage{}, err
			}
			return s.samples(ctx, "removals", q, rows, limit, false)
		}
		// No sorting: the decisions come in their order, and their removals in theirs.
		p.and(`s.decision = ` + id + ` AND b.id = s.body`)
		rows, err = s.hitRows(ctx, p.sql(decisionColumns+`, `+spanColumns+`, s.body`, ` CROSS JOIN span s CROSS JOIN body b`,
			id+` DESC, s.n`, limit+1), p.args)
	}
	if err != nil {
		return audit.SamplePage{}, err
	}
	return s.samples(ctx, "removals", q, rows, limit, q.Text != "" && !direct)
}

// planSpans asks for removals of the rule, the category and the flags of q.
func (s *DB) planSpans(ctx context.Context, p *plan, q audit.Query) error {
	if q.Rule != "" || q.Category != "" {
		hows, err := s.howsWith(ctx, q.Rule, q.Category)
		if err != nil {
			return err
		}
		if len(hows) == 0 {
			p.none = true
			hows = []any{int64(0)}
		}
		p.and(`s.how IN (`+placeholders(len(hows))+`)`, hows...)
	}
	if q.Flags != 0 {
		p.and(fmt.Sprintf(`((s.flags | (d.flags & %d)) & %d) <> 0`, audit.FlagNear|audit.FlagOver|audit.FlagNothing, q.Flags))
	}
	return nil
}

func (s *DB) hitRows(ctx context.Context, query string, args []any) (rows []*hitRow, err error) {
	err = each(ctx, s.read, s.d, query, args, func(scan func(...any) error) (bool, error) {
		row := &hitRow{}
		rows = append(rows, row)
		return true, scan(append(append(row.decision.targets(), row.span.targets()...), &row.body)...)
	})
	return rows, err
}

// samples makes a page of rows, of which there is one more than limit where
// there is another page. byText says that the rows come text by text.
func (s *DB) samples(ctx context.Context, name string, q audit.Query, rows []*hitRow, limit int, byText bool) (audit.SamplePage, error) {
	var page audit.SamplePage
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		c := cursor{Decision: int64(last.decision.d.ID), N: last.span.r.N, Risk: last.span.r.Risk}
		if byText {
			c.Body = last.body
		}
		page.Next = c.token(name, q)
	}
	texts := map[int64]string{}
	marks, err := s.marksOn(ctx, rows)
	if err != nil {
		return page, err
	}
	read := map[audit.ID]*decisionRow{}
	for _, row := range rows {
		from := read[row.decision.d.ID]
		if from == nil {
			from = &row.decision
			if _, err := s.decisionOf(ctx, from); err != nil {
				return page, err
			}
			from.d.Dropped = nil
			read[from.d.ID] = from
		}
		d := &from.d
		r, err := s.removalOf(ctx, from, &row.span)
		if err != nil {
			return page, err
		}
		sample := audit.Sample{Decision: *d, Removal: r}
		if k := row.decision.kept; k.Valid {
			if _, ok := texts[k.Int64]; !ok {
				if texts[k.Int64], err = s.keptText(ctx, k.Int64); err != nil {
					return page, err
				}
			}
			sample.Before, sample.After = around(texts[k.Int64], &r)
		}
		sample.Mark = marks[place{int64(d.ID), r.N}]
		page.Samples = append(page.Samples, sample)
	}
	return page, nil
}

// A place is a removal of a decision.
type place struct {
	decision int64
	n        int
}

// marksOn returns the latest mark on each of the removals.
func (s *DB) marksOn(ctx context.Context, rows []*hitRow) (map[place]*audit.Mark, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	var ids []any
	for _, row := range rows {
		ids = append(ids, int64(row.decision.d.ID))
	}
	ms, err := s.marks(ctx, ` WHERE decision IN (`+placeholders(len(ids))+`) ORDER BY id`, ids...)
	out := map[place]*audit.Mark{}
	for i := range ms {
		out[place{int64(ms[i].Decision), ms[i].N}] = &ms[i]
	}
	return out, err
}

// Queue implements audit.Store.
func (s *DB) Queue(ctx context.Context, q audit.Query) (audit.SamplePage, error) {
	page, err := s.queue(ctx, q)
	return page, wrapToken(err)
}

func (s *DB) queue(ctx context.Context, q audit.Query) (audit.SamplePage, error) {
	if err := s.settle(ctx); err != nil {
		return audit.SamplePage{}, err
	}
	at, err := cursorOf("queue", q)
	if err != nil {
		return audit.SamplePage{}, err
	}
	if q.Text != "" {
		return audit.SamplePage{}, fmt.Errorf("sqlstore: the queue is not searched by text")
	}
	// The queue drives, in the order of risk; what q asks for are conditions.
	p, err := s.plan(ctx, audit.Query{Document: q.Document, Revision: q.Revision, From: q.From, To: q.To})
	if err != nil || p.none {
		return audit.SamplePage{}, err
	}
	if q.Publisher != "" {
		id, found, err := s.lookup(ctx, kindPublisher, string(q.Publisher))
		if err != nil || !found {
			return audit.SamplePage{}, err
		}
		p.and(`+d.publisher = ?`, id)
	}
	if err := s.planSpans(ctx, p, q); err != nil {
		return audit.SamplePage{}, err
	}
	p.from = `queue q CROSS JOIN span s CROSS JOIN decision d CROSS JOIN body b`
	p.and(`s.decision = q.decision AND s.n = q.n AND d.id = q.decision AND b.id = s.body`)
	if at != nil {
		p.and(`q.risk <= ? AND (q.risk < ? OR q.decision < ? OR q.decision = ? AND q.n > ?)`, at.Risk, at.Risk, at.Decision, at.Decision, at.N)
	}
	limit := limitOf(q)
	rows, err := s.hitRows(ctx, p.sql(decisionColumns+`, `+spanColumns+`, s.body`, ``, `q.risk DESC, q.decision DESC, q.n`, limit+1), p.args)
	if err != nil {
		return audit.SamplePage{}, err
	}
	return s.samples(ctx, "queue", q, rows, limit, false)
}
