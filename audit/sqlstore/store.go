// Package sqlstore keeps the record of package audit in SQLite, in one file and
// without cgo, or in PostgreSQL, for those who run many servers.
//
// # From a document to a row
//
// Record appends a batch of decisions to the log, a file beside the record (see
// log.go), or in PostgreSQL to the table journal, one row a batch. That is all
// that the clean path waits for. Fold then takes batches out of there and writes
// them into the tables that answer queries; that a batch is folded is written in
// the same transaction, so that a decision is always in exactly one of them. A
// query folds first what is there, a Recorder folds when it is idle.
//
// # The tables
//
//	meta      counters
//	journal   batches that are durable and not folded yet, of PostgreSQL and of
//	          older versions
//	word      publishers, rules, categories, settings and flags by number
//	how       mode, stage, category, confidence and rules of a removal; few
//	body      each distinct removed text once, by its SHA-256
//	kept      each distinct kept text once
//	decision  a row a document
//	span      a row a removal
//	hit       which decisions a rule, a category or a flag stands in
//	cell      totals: publisher x word x day. Publisher 0 is all, word 0 is the
//	          documents themselves, day 0 is all days. So totals and series read
//	          few rows, however many spans there are
//	day       the smallest and largest decision of a day: times become ids
//	queue     removals with flags that nobody marked
//	mark, change  what people said, and what came of it
//	fts       the words of the removed texts (for PostgreSQL a column of body)
//
// # Erasure
//
// What Erase takes is gone from the file: SQLite overwrites freed pages
// (secure_delete), the index of words forgets too, the write-ahead log is cut to
// nothing and free pages go back to the file system. In PostgreSQL dead rows
// stay on disk until VACUUM, which Erase runs; its write-ahead log, replicas and
// backups are the administrator's.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"winnow/audit"
)

// schemaVersion is the form of the tables. A store of a later version is not
// opened; one of an earlier version is brought to this one, which that earlier
// version of winnow does not open any more.
//
//	1  the first
//	2  meta.folded and meta.log, for the log; what matches say stands with the decision
//	3  batches of form 4, and what matches say in phrases; the tables are those of 2
const schemaVersion = 3

// upgrades bring a store from a version to the next.
var upgrades = map[int][]string{
	1: {
		`INSERT INTO meta SELECT 'folded', value FROM meta WHERE key = 'decision'`,
		`INSERT INTO meta VALUES ('log', 0)`,
		`UPDATE meta SET value = 2 WHERE key = 'schema'`,
	},
	2: {`UPDATE meta SET value = 3 WHERE key = 'schema'`},
}

// A DB is an audit.Store in a database. It is safe for concurrent use, and
// several processes may have the same database open.
type DB struct {
	d     dialect
	write *sql.DB // for SQLite a single connection
	read  *sql.DB
	path  string // of the SQLite file; empty for PostgreSQL

	fold  sync.Mutex // one fold at a time
	log   *batchLog  // of SQLite
	names names
	zw    *zstd.Encoder
	zr    *zstd.Decoder
}

var _ audit.Batcher = (*DB)(nil)

// A dialect is what differs between the databases.
type dialect struct {
	postgres bool
	schema   *strings.Replacer
	lock     string // taken by every transaction that writes tables; empty where BEGIN does it
}

// bind turns the placeholders of q into those of the database.
func (d dialect) bind(q string) string {
	if !d.postgres {
		return q
	}
	var b strings.Builder
	n := 0
	for i := range len(q) {
		if q[i] == '?' {
			n++
			fmt.Fprintf(&b, "$%d", n)
		} else {
			b.WriteByte(q[i])
		}
	}
	return b.String()
}

const schema = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value INT NOT NULL);
INSERT INTO meta VALUES ('decision', 0), ('word', 0), ('how', 0), ('body', 0), ('kept', 0), ('mark', 0), ('erasure', 0), ('folded', 0), ('log', 0), ('schema', 3);
CREATE TABLE journal (first INT PRIMARY KEY, n INT NOT NULL, batch BLOB NOT NULL);
CREATE TABLE word (id INT PRIMARY KEY, kind TEXT NOT NULL, word TEXT NOT NULL);
CREATE UNIQUE INDEX word_word ON word (kind, word);
CREATE TABLE how (id INT PRIMARY KEY, how TEXT NOT NULL UNIQUE);
CREATE TABLE body (id INT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, size INT NOT NULL, form INT NOT NULL, data BLOB NOT NULL{search});
CREATE TABLE kept (id INT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, form INT NOT NULL, data BLOB NOT NULL);
CREATE TABLE decision (id INT PRIMARY KEY, document TEXT NOT NULL, url TEXT NOT NULL, publisher INT NOT NULL, time INT NOT NULL,
	setting INT NOT NULL, revision INT NOT NULL, page INT NOT NULL, source BLOB NOT NULL, extracted BLOB, clean BLOB,
	size INT NOT NULL, removed INT NOT NULL, removed_bytes INT NOT NULL, shadow INT NOT NULL, shadow_bytes INT NOT NULL,
	flags INT NOT NULL, risk REAL NOT NULL, kept INT, info BLOB);
CREATE INDEX decision_document ON decision (document, id);
CREATE INDEX decision_publisher ON decision (publisher, id);
CREATE INDEX decision_kept ON decision (kept);
CREATE TABLE span (decision INT NOT NULL, n INT NOT NULL, start INT NOT NULL, clean INT NOT NULL, body INT NOT NULL, how INT NOT NULL,
	flags INT NOT NULL, risk REAL NOT NULL, matches BLOB, PRIMARY KEY (decision, n)){clustered};
CREATE INDEX span_body ON span (body);
CREATE TABLE hit (word INT NOT NULL, decision INT NOT NULL, PRIMARY KEY (word, decision)){clustered};
CREATE TABLE cell (publisher INT NOT NULL, word INT NOT NULL, day INT NOT NULL, documents INT NOT NULL, size INT NOT NULL,
	removals INT NOT NULL, bytes INT NOT NULL, shadow INT NOT NULL, shadow_bytes INT NOT NULL, flagged INT NOT NULL,
	PRIMARY KEY (publisher, word, day)){clustered};
CREATE INDEX cell_word ON cell (word, day);
CREATE INDEX cell_day ON cell (publisher, day);
CREATE INDEX cell_all ON cell (publisher, word, documents, size, removals, bytes, shadow, shadow_bytes, flagged) WHERE day = 0;
CREATE TABLE day (day INT PRIMARY KEY, first INT NOT NULL, last INT NOT NULL);
CREATE TABLE queue (decision INT NOT NULL, n INT NOT NULL, risk REAL NOT NULL, PRIMARY KEY (decision, n)){clustered};
CREATE INDEX queue_risk ON queue (risk DESC, decision DESC, n);
CREATE TABLE mark (id INT PRIMARY KEY, decision INT NOT NULL, n INT NOT NULL, first INT NOT NULL, last INT NOT NULL, verdict TEXT NOT NULL,
	rule TEXT NOT NULL, category TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, time INT NOT NULL, outcome TEXT NOT NULL);
CREATE INDEX mark_decision ON mark (decision, n);
CREATE TABLE change (id INT PRIMARY KEY, rule TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
	time INT NOT NULL, mark INT NOT NULL);
CREATE INDEX change_rule ON change (rule);
{fts}`

// open makes the tables where there are none.
func (s *DB) open(ctx context.Context) error {
	s.names.forget(-1)
	var err error
	if s.zw, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(2), zstd.WithEncoderLevel(zstd.SpeedFastest)); err != nil {
		return err
	}
	if s.zr, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(1<<31)); err != nil {
		return err
	}
	return s.tx(ctx, func(t *tx) error {
		found, err := t.hasTables()
		if err != nil {
			return err
		}
		if !found {
			for _, q := range strings.Split(s.d.schema.Replace(schema), ";\n") {
				if strings.TrimSpace(q) == "" {
					continue
				}
				if _, err := t.ExecContext(ctx, q); err != nil {
					return fmt.Errorf("sqlstore: making the tables: %w", err)
				}
			}
			return nil
		}
		var version int
		if err := t.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'schema'`).Scan(&version); err != nil {
			return fmt.Errorf("sqlstore: not a record of winnow: %w", err)
		}
		for ; version < schemaVersion && version >= 1; version++ {
			for _, q := range upgrades[version] {
				if _, err := t.exec(q); err != nil {
					return fmt.Errorf("sqlstore: from version %d: %w", version, err)
				}
			}
		}
		if version != schemaVersion {
			return fmt.Errorf("sqlstore: the record has version %d, this program knows version %d", version, schemaVersion)
		}
		return nil
	})
}

// Close implements audit.Store.
func (s *DB) Close() error {
	s.zr.Close()
	if s.log != nil {
		s.log.forget()
	}
	return errors.Join(s.read.Close(), s.write.Close())
}

// A tx is a transaction that writes.
type tx struct {
	*sql.Tx
	ctx context.Context
	d   dialect
}

// tx runs f in a transaction that no other writer runs beside.
func (s *DB) tx(ctx context.Context, f func(*tx) error) error {
	t, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return wrap(err)
	}
	defer t.Rollback()
	w := &tx{t, ctx, s.d}
	if s.d.lock != "" {
		if _, err := t.ExecContext(ctx, s.d.lock); err != nil {
			return wrap(err)
		}
	}
	if err := f(w); err != nil {
		return wrap(err)
	}
	return wrap(t.Commit())
}

func (t *tx) hasTables() (bool, error) {
	q := `SELECT count(*) FROM sqlite_master WHERE name = 'meta'`
	if t.d.postgres {
		q = `SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'meta'`
	}
	var n int
	err := t.QueryRowContext(t.ctx, q).Scan(&n)
	return n > 0, err
}

func (t *tx) exec(q string, args ...any) (int64, error) {
	res, err := t.ExecContext(t.ctx, t.d.bind(q), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// next takes n numbers of a counter and returns the first.
func (t *tx) next(counter string, n int) (int64, error) {
	var last int64
	err := t.QueryRowContext(t.ctx, t.d.bind(`UPDATE meta SET value = value + ? WHERE key = ? RETURNING value`), n, counter).Scan(&last)
	return last - int64(n) + 1, err
}

// rowsAtOnce is how many rows one statement inserts. A statement a row costs
// twice the time in SQLite, and a round trip a row in PostgreSQL.
const rowsAtOnce = 64

// An inserter inserts rows into a table, rowsAtOnce by statement.
type inserter struct {
	t       *tx
	table   string
	columns string
	row     string // the placeholders of one row
	suffix  string
	width   int
	values  []any
	full    *sql.Stmt
}

// into returns an inserter. suffix follows the rows in each statement. Close it.
func (t *tx) into(table, columns, suffix string) *inserter {
	width := strings.Count(columns, ",") + 1
	return &inserter{t: t, table: table, columns: columns, row: "(?" + strings.Repeat(",?", width-1) + ")", suffix: suffix, width: width,
		values: make([]any, 0, rowsAtOnce*width)}
}

// add inserts a row, now or later.
func (in *inserter) add(row ...any) error {
	in.values = append(in.values, row...)
	if len(in.values) < rowsAtOnce*in.width {
		return nil
	}
	if in.full == nil {
		var err error
		if in.full, err = in.t.PrepareContext(in.t.ctx, in.statement(rowsAtOnce)); err != nil {
			return fmt.Errorf("%s: %w", in.table, err)
		}
	}
	_, err := in.full.ExecContext(in.t.ctx, in.values...)
	return in.done(err)
}

func (in *inserter) done(err error) error {
	clear(in.values)
	in.values = in.values[:0]
	if err != nil {
		return fmt.Errorf("%s: %w", in.table, err)
	}
	return nil
}

// close inserts what is left.
func (in *inserter) close() error {
	if in.full != nil {
		in.full.Close()
	}
	if len(in.values) == 0 {
		return nil
	}
	_, err := in.t.ExecContext(in.t.ctx, in.statement(len(in.values)/in.width), in.values...)
	return in.done(err)
}

func (in *inserter) statement(rows int) string {
	verb := "INSERT OR ROLLBACK INTO " // else SQLite keeps a journal of each statement
	if in.t.d.postgres {
		verb = "INSERT INTO "
	}
	return in.t.d.bind(verb + in.table + " (" + in.columns + ") VALUES " + in.row + strings.Repeat(","+in.row, rows-1) + " " + in.suffix)
}

// logMeta is what meta knows of the log.
type logMeta struct{ decision, folded, log int64 }

const logMetaQuery = `SELECT (SELECT value FROM meta WHERE key = 'decision'), (SELECT value FROM meta WHERE key = 'folded'),
	(SELECT value FROM meta WHERE key = 'log')`

func (t *tx) logMeta() (m logMeta, err error) {
	err = t.QueryRowContext(t.ctx, logMetaQuery).Scan(&m.decision, &m.folded, &m.log)
	return m, err
}

// logMeta reads the same outside of a transaction.
func (s *DB) logMeta(ctx context.Context) (m logMeta, err error) {
	err = s.read.QueryRowContext(ctx, logMetaQuery).Scan(&m.decision, &m.folded, &m.log)
	return m, err
}

// day returns the day of a time: days since 1970, plus one million, so that no
// day is 0.
func day(t time.Time) int64 {
	return floorDiv(t.Unix(), 86400) + dayZero
}

const dayZero = 1_000_000

func dayOf(n int64) time.Time { return time.Unix((n-dayZero)*86400, 0).UTC() }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// marks returns n placeholders.
func placeholders(n int) string { return "?" + strings.Repeat(",?", n-1) }

func wrap(err error) error {
	if err == nil || strings.HasPrefix(err.Error(), "sqlstore: ") {
		return err
	}
	return fmt.Errorf("sqlstore: %w", err)
}
