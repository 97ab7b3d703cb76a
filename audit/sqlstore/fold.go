package sqlstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"winnow/audit"
)

// How much one fold takes out of the log. A fold keeps other writers
// waiting for some 50 microseconds a row.
const (
	foldDecisions = 16384
	foldBytes     = 64 << 20
)

// Fold moves the oldest batches of the log into the tables and returns how many
// decisions that were; 0 where there is nothing to fold.
func (s *DB) Fold(ctx context.Context) (int, error) {
	s.fold.Lock()
	defer s.fold.Unlock()
	for {
		n, err := s.foldOnce(ctx)
		if !errors.Is(err, errFoldedElsewhere) {
			return n, err
		}
	}
}

// errFoldedElsewhere: another process folded the same batches first.
var errFoldedElsewhere = errors.New("sqlstore: folded by another process")

func (s *DB) foldOnce(ctx context.Context) (int, error) {
	p, err := s.pending(ctx)
	if err != nil || len(p.ds) == 0 {
		return 0, err
	}
	f := folding{s: s, ds: p.ds}
	for _, d := range f.ds {
		audit.Assess(d)
	}
	if err := f.pack(); err != nil {
		return 0, err
	}
	err = s.tx(ctx, func(t *tx) error {
		if err := p.take(t, s.log); err != nil {
			return err
		}
		return f.write(t)
	})
	if err != nil {
		s.names.forget(-1) // the transaction may have made names
		return 0, err
	}
	return len(f.ds), nil
}

// A folding is one fold under way.
type folding struct {
	s  *DB
	ds []*audit.Decision

	texts []*body // distinct removed texts, in the order in which they come
	keeps []*body // distinct kept texts
	of    map[*audit.Removal]*body
	kept  []*body // by decision; nil where it is not recorded
	infos [][]byte

	together []bool // by decision: its matches stand in its info
	w        writer // for what goes into tables
	plain    []byte // used again for each text, as packing is
	packing  []byte
}

// A body is a distinct text on its way into a table.
type body struct {
	hash [32]byte
	text string
	form int
	data []byte
	id   int64
}

// The forms of stored texts.
const (
	formPlain = 0
	formZstd  = 1
)

// packFrom is the size from which texts are compressed, in bytes.
const packFrom = 200

func (f *folding) packed(t string) (form int, data []byte) {
	f.plain = append(f.plain[:0], t...)
	if len(t) >= packFrom {
		if f.packing = f.s.zw.EncodeAll(f.plain, f.packing[:0]); len(f.packing) < len(t) {
			return formZstd, slices.Clone(f.packing)
		}
	}
	return formPlain, slices.Clone(f.plain)
}

func (s *DB) unpacked(form int, data []byte) (string, error) {
	if form == formPlain {
		return string(data), nil
	}
	b, err := s.zr.DecodeAll(data, nil)
	return string(b), err
}

// pack does what needs no transaction: hashes and compression.
func (f *folding) pack() error {
	f.of = map[*audit.Removal]*body{}
	known, keeps := map[string]*body{}, map[[32]byte]*body{}
	for _, d := range f.ds {
		for i := range d.Removals {
			r := &d.Removals[i]
			b := known[r.Text]
			if b == nil {
				b = &body{hash: sha256.Sum256([]byte(r.Text)), text: r.Text}
				known[r.Text], f.texts = b, append(f.texts, b)
			}
			f.of[r] = b
		}
		var k *body
		if !d.Bare {
			h, err := hex.DecodeString(d.Sums.Clean)
			if err != nil || len(h) != 32 {
				return errDamaged
			}
			if k = keeps[[32]byte(h)]; k == nil {
				k = &body{hash: [32]byte(h), text: d.Clean}
				k.form, k.data = f.packed(d.Clean)
				keeps[k.hash], f.keeps = k, append(f.keeps, k)
			}
		}
		f.kept = append(f.kept, k)
		f.together = append(f.together, together(d))
		f.infos = append(f.infos, f.info(d, f.together[len(f.together)-1]))
	}
	return nil
}

// matchesInInfo is how much the matches of a decision may take before each
// removal keeps its own, in bytes: packed together they are a third as large, and
// whoever wants those of one removal reads all.
const matchesInInfo = 64 << 10

// simple reports whether a removal says all of its matches: one rule matched the
// whole of it and said nothing.
func simple(r *audit.Removal) bool {
	return len(r.Matches) == 1 && r.Matches[0].Span == r.Span && r.Matches[0].Reason == ""
}

// info holds what only a reader of one decision wants to know. With together it
// holds the matches too.
func (f *folding) info(d *audit.Decision, together bool) []byte {
	w := f.blank()
	w.string(d.Language)
	w.string(d.Title)
	w.time(d.Captured)
	w.int(len(d.Warnings))
	for _, x := range d.Warnings {
		w.string(x.Code)
		w.string(x.Message)
	}
	w.int(len(d.Dropped))
	for _, x := range d.Dropped {
		w.int(x.Start)
		w.int(x.End)
		w.string(x.Reason)
		w.string(x.Text)
	}
	if together {
		for i := range d.Removals {
			if r := &d.Removals[i]; !simple(r) {
				w.int(i)
				w.matches(r.Matches)
			}
		}
	}
	return f.blob(w.b)
}

// together reports whether the matches of d stand in its info.
func together(d *audit.Decision) bool {
	size := 0
	for i := range d.Removals {
		for _, m := range d.Removals[i].Matches {
			size += len(m.Reason) + 32
		}
	}
	return size <= matchesInInfo
}

// blank returns a writer for a blob.
func (f *folding) blank() *writer {
	w := &f.w
	w.b = w.b[:0]
	if w.names == nil {
		w.names, w.phrases = map[string]int{}, map[string]int{}
	}
	clear(w.names)
	clear(w.phrases)
	return w
}

// The forms of blobs, beside those of texts: there names are written each time,
// and what matches say as it is.
const (
	blobPlain = 2
	blobZstd  = 3
)

// packBlobFrom is the size from which blobs are compressed, in bytes. Smaller ones
// would shrink by a fifth, for a tenth of all that folding costs.
const packBlobFrom = 4096

// blob packs b, its form in the first byte.
func (f *folding) blob(b []byte) []byte {
	if len(b) >= packBlobFrom {
		if f.packing = f.s.zw.EncodeAll(b, append(f.packing[:0], blobZstd)); len(f.packing) < len(b) {
			return slices.Clone(f.packing)
		}
	}
	return append([]byte{blobPlain}, b...)
}

// unblob returns a reader of what blob packed.
func (s *DB) unblob(b []byte) (reader, error) {
	if len(b) == 0 {
		return reader{}, errDamaged
	}
	form := int(b[0])
	r := reader{apart: form < blobPlain}
	if !r.apart {
		form -= blobPlain
		r.phrases = slices.Clip(phrases)
	}
	var err error
	r.b, err = s.unpacked(form, b[1:])
	return r, err
}

func (f *folding) write(t *tx) error {
	var erasure int64
	if err := t.QueryRowContext(t.ctx, `SELECT value FROM meta WHERE key = 'erasure'`).Scan(&erasure); err != nil {
		return err
	}
	if f.s.names.erasure != erasure {
		f.s.names.forget(erasure)
	}
	if err := f.bodies(t, "body", f.texts, f.s.names.bodies); err != nil {
		return err
	}
	if err := f.bodies(t, "kept", f.keeps, nil); err != nil {
		return err
	}
	judged, err := t.judged()
	if err != nil {
		return err
	}
	hits := map[[2]int64]bool{}
	cells := map[cellKey]*cellSums{}
	days := map[int64][2]int64{}
	decisions := t.into("decision", "id, document, url, publisher, time, setting, revision, page, source, extracted, clean, "+
		"size, removed, removed_bytes, shadow, shadow_bytes, flags, risk, kept, info", "")
	spans := t.into("span", "decision, n, start, clean, body, how, flags, risk, matches", "")
	queue := t.into("queue", "decision, n, risk", "")
	for i, d := range f.ds {
		row, err := f.decision(t, i, d)
		if err == nil {
			err = decisions.add(row...)
		}
		for j := range d.Removals {
			if err != nil {
				return err
			}
			r := &d.Removals[j]
			if row, err = f.span(t, d, r, f.together[i]); err == nil {
				err = spans.add(row...)
			}
			if r.Risk > 0 && err == nil && !judged[[2]int64{row[4].(int64), row[5].(int64)}] {
				err = queue.add(int64(d.ID), r.N, r.Risk)
			}
		}
		if err == nil {
			err = f.s.count(t, d, +1, cells, hits)
		}
		if err != nil {
			return err
		}
		id := int64(d.ID)
		bounds, ok := days[day(d.Time)]
		if !ok {
			bounds = [2]int64{id, id}
		}
		days[day(d.Time)] = [2]int64{min(bounds[0], id), max(bounds[1], id)}
	}
	hit := t.into("hit", "word, decision", "")
	for _, k := range sortedKeys(hits, func(a, b [2]int64) int { return slices.Compare(a[:], b[:]) }) {
		if err := hit.add(k[0], k[1]); err != nil {
			return err
		}
	}
	least, most := "min", "max"
	if t.d.postgres {
		least, most = "least", "greatest"
	}
	bounds := t.into("day", "day, first, last",
		`ON CONFLICT (day) DO UPDATE SET first = `+least+`(day.first, excluded.first), last = `+most+`(day.last, excluded.last)`)
	for _, k := range sortedKeys(days, cmp.Compare[int64]) {
		if err := bounds.add(k, days[k][0], days[k][1]); err != nil {
			return err
		}
	}
	for _, in := range []*inserter{decisions, spans, queue, hit, bounds} {
		if err := in.close(); err != nil {
			return err
		}
	}
	return t.addCells(cells)
}

func (f *folding) decision(t *tx, i int, d *audit.Decision) ([]any, error) {
	publisher, err := f.s.number(t, kindPublisher, string(d.Publisher))
	if err != nil {
		return nil, err
	}
	options, err := f.w.of(d.Options)
	if err != nil {
		return nil, err
	}
	setting, err := f.s.number(t, kindSetting, d.Profile+"\n"+options)
	if err != nil {
		return nil, err
	}
	revision, err := f.s.number(t, kindRevision, d.Revision)
	if err != nil {
		return nil, err
	}
	var sums [3][]byte // nil where it is the one before
	for j, s := range []string{d.Sums.Source, d.Sums.Extracted, d.Sums.Clean} {
		if sums[j], err = hex.DecodeString(s); err != nil {
			return nil, err
		}
	}
	if d.Sums.Clean == d.Sums.Extracted {
		sums[2] = nil
	}
	if d.Sums.Extracted == d.Sums.Source {
		sums[1] = nil
	}
	var kept any
	if f.kept[i] != nil {
		kept = f.kept[i].id
	}
	page := 0
	if d.Page {
		page = 1
	}
	return []any{int64(d.ID), d.Document, d.URL, publisher, millis(d.Time), setting, revision, page, sums[0], sums[1], sums[2],
		d.Size, d.Removed, d.RemovedBytes, d.Shadow, d.ShadowBytes, int(d.Flags), d.Risk, kept, f.infos[i]}, nil
}

func (f *folding) span(t *tx, d *audit.Decision, r *audit.Removal, together bool) ([]any, error) {
	h, err := f.s.howNumber(t, r)
	if err != nil {
		return nil, err
	}
	var matches []byte // nil where it is simple, or where the decision has them
	if !together && !simple(r) {
		w := f.blank()
		w.matches(r.Matches)
		matches = f.blob(w.b)
	}
	return []any{int64(d.ID), r.N, r.Span.Start, r.CleanOffset, f.of[r].id, h, int(r.Flags), r.Risk, matches}, nil
}

// knownBodies bounds the removed texts whose numbers are remembered.
const knownBodies = 100_000

// bodies gives every text its number and writes those that are new.
func (f *folding) bodies(t *tx, table string, texts []*body, known map[[32]byte]int64) error {
	var ask []*body
	by := map[[32]byte]*body{}
	for _, b := range texts {
		if id, ok := known[b.hash]; ok {
			b.id = id
		} else {
			ask, by[b.hash] = append(ask, b), b
		}
	}
	for rest := ask; len(rest) > 0; {
		part := rest[:min(len(rest), 500)]
		rest = rest[len(part):]
		var args []any
		for _, b := range part {
			args = append(args, b.hash[:])
		}
		rows, err := t.QueryContext(t.ctx, t.d.bind(`SELECT id, hash FROM `+table+` WHERE hash IN (`+placeholders(len(args))+`)`), args...)
		if err != nil {
			return err
		}
		for rows.Next() {
			var id int64
			var hash []byte
			if err := rows.Scan(&id, &hash); err != nil {
				rows.Close()
				return err
			}
			by[[32]byte(hash)].id = id
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	fresh := slices.DeleteFunc(slices.Clone(ask), func(b *body) bool { return b.id != 0 })
	if len(fresh) > 0 {
		id, err := t.next(table, len(fresh))
		if err != nil {
			return err
		}
		for i, b := range fresh {
			b.id = id + int64(i)
		}
	}
	if known != nil {
		if len(known)+len(ask) > knownBodies {
			clear(known)
		}
		for _, b := range ask {
			known[b.hash] = b.id
		}
		return f.writeBodies(t, fresh)
	}
	in := t.into(table, "id, hash, form, data", "")
	for _, b := range fresh {
		if err := in.add(b.id, b.hash[:], b.form, b.data); err != nil {
			return err
		}
	}
	return in.close()
}

// writeBodies writes removed texts and their words.
func (f *folding) writeBodies(t *tx, fresh []*body) error {
	var values []any
	rows, words := t.into("body", "id, hash, size, form, data", ""), t.into("fts", "rowid, text", "")
	for _, b := range fresh {
		var err error
		b.form, b.data = f.packed(b.text)
		if t.d.postgres {
			values = append(values, b.id, b.hash[:], len(b.text), b.form, b.data, searchable(b.text))
		} else if err = rows.add(b.id, b.hash[:], len(b.text), b.form, b.data); err == nil {
			err = words.add(b.id, searchable(b.text))
		}
		if err != nil {
			return err
		}
	}
	if t.d.postgres {
		return t.insertSearch(values)
	}
	if err := rows.close(); err != nil {
		return err
	}
	return words.close()
}

// maxSearchable is how much of a removed text can be searched, in bytes.
// PostgreSQL takes no more than a megabyte of words.
const maxSearchable = 500_000

// searchable returns what of a text goes into the index of words.
func searchable(t string) string {
	return clean(t[:min(len(t), maxSearchable)])
}

// clean returns t in a form that any database takes as text.
func clean(t string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(t, "\uFFFD"), "\x00", "\uFFFD")
}

func sortedKeys[K comparable, V any](m map[K]V, by func(a, b K) int) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, by)
	return out
}
