package sqlstore

import (
	"context"
	"database/sql"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// fold and erase, and the making of names, are done by one at a time; see tx.
var postgres = dialect{
	postgres: true,
	lock:     `SELECT pg_advisory_xact_lock(7464001)`,
	schema: strings.NewReplacer(
		" INT PRIMARY KEY", " BIGINT PRIMARY KEY",
		" INT NOT NULL", " BIGINT NOT NULL",
		"kept INT,", "kept BIGINT,",
		" BLOB", " BYTEA",
		" REAL", " DOUBLE PRECISION",
		"{clustered}", "",
		"{search}", ", search TSVECTOR NOT NULL",
		"{fts}", "CREATE INDEX body_search ON body USING gin (search);\n",
	),
}

// OpenPostgres opens the record in a PostgreSQL database, version 14 or later,
// and makes its tables in the schema that the connection has as its current one
// where there are none. dsn is a URL or a string of keys and values, as libpq
// reads them. Any number of processes may record; they fold one at a time.
func OpenPostgres(ctx context.Context, dsn string) (*DB, error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, wrap(err)
	}
	db.SetMaxOpenConns(8)
	s := &DB{d: postgres, write: db, read: db}
	if err := s.open(ctx); err != nil {
		db.Close()
		return nil, wrap(err)
	}
	return s, nil
}

// insertSearch writes removed texts with their words.
func (t *tx) insertSearch(values []any) error {
	const width = 6
	for len(values) > 0 {
		n := min(rowsAtOnce, len(values)/width)
		row := `(?, ?, ?, ?, ?, to_tsvector('simple', ?))`
		q := `INSERT INTO body (id, hash, size, form, data, search) VALUES ` + row + strings.Repeat(`, `+row, n-1)
		if _, err := t.exec(q, values[:n*width]...); err != nil {
			return err
		}
		values = values[n*width:]
	}
	return nil
}
