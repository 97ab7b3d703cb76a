package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

var sqlite = dialect{schema: strings.NewReplacer(
	" INT PRIMARY KEY", " INTEGER PRIMARY KEY",
	"{clustered}", " WITHOUT ROWID",
	"{search}", "",
	// Without a copy of the texts. With secure-delete what is deleted leaves the
	// index at once and not when its segments happen to be merged.
	"{fts}", `CREATE VIRTUAL TABLE fts USING fts5(text, content='', detail='full', tokenize='unicode61');
INSERT INTO fts(fts, rank) VALUES ('secure-delete', 1);
`,
)}

// OpenSQLite opens the record in a file, and makes it where there is none. The
// file's folder must exist. Beside it stand FILE-wal and FILE-shm while it is
// open, and FILE-log while there is something to fold. A batch is on the disk when Record returns (synchronous=FULL), and a
// writer waits up to half a minute for another one.
func OpenSQLite(ctx context.Context, path string) (*DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dsn := func(pragmas ...string) string {
		q := url.Values{"_pragma": append([]string{"busy_timeout(30000)"}, pragmas...), "_txlock": {"immediate"}}
		return (&url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}).String()
	}
	s := &DB{d: sqlite, path: abs, log: newBatchLog(abs)}
	if s.write, err = sql.Open("sqlite", dsn("auto_vacuum(incremental)", "journal_mode(wal)", "synchronous(full)", "secure_delete(on)",
		"cache_size(-131072)", "temp_store(memory)")); err != nil {
		return nil, wrap(err)
	}
	s.write.SetMaxOpenConns(1)
	if err := s.open(ctx); err != nil {
		s.write.Close()
		return nil, fmt.Errorf("%s: %w", path, wrap(err))
	}
	if s.read, err = sql.Open("sqlite", dsn("query_only(on)", "cache_size(-32768)", "temp_store(memory)")); err != nil {
		s.write.Close()
		return nil, wrap(err)
	}
	s.read.SetMaxOpenConns(max(4, runtime.GOMAXPROCS(0)))
	return s, nil
}
