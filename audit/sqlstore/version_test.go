package sqlstore

import (
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"winnow/audit"
	"winnow/rules"
)

// unzipped returns what a file holds that was packed with gzip.
func unzipped(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestVersion1: a record of the first version, with decisions in its tables and in
// its journal, is read whole, and goes on. testdata/version1.db.gz is one that
// winnow clean wrote.
func TestVersion1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.db")
	if err := os.WriteFile(path, unzipped(t, "testdata/version1.db.gz"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	s, err := OpenSQLite(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if st, err := s.Stats(ctx); err != nil || st.Decisions != 3 || st.Pending != 1 {
		t.Fatalf("%+v, %v", st, err)
	}
	recordOne(t, s, decision("new", "a.com", day0, "Kept. [-any/x|gone-]"))
	if got := ids(t, s, audit.Query{}); got != "4 3 2 1" {
		t.Error(got)
	}
	for id, want := range map[audit.ID]string{
		1: "share/label",
		2: "newsletter/sign-up-for-our",
		3: "share/follow-anywhere",
	} {
		d, err := s.Get(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for i := range d.Removals {
			for _, rule := range d.Removals[i].Rules() {
				found += string(rule) + " "
			}
		}
		if !strings.Contains(found, want) {
			t.Errorf("%d: %s, want %s", id, found, want)
		}
	}
	c, err := audit.Verify(ctx, s, audit.Query{}, func(id audit.ID, fault string) { t.Errorf("%d: %s", id, fault) })
	if err != nil || c.Decisions != 4 || c.Wrong > 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestVersion1Postgres: the same of a PostgreSQL database. testdata/version1.sql.gz
// is the dump of one that holds varied, the first four in tables, with a mark and a
// change, the others in the journal.
func TestVersion1Postgres(t *testing.T) {
	cluster.once.Do(startPostgres)
	if cluster.skip != "" {
		t.Skip(cluster.skip)
	}
	ctx := context.Background()
	dsn := newSchema(t)
	run(t, dsn, string(unzipped(t, "testdata/version1.sql.gz")))
	for range 2 { // the second one finds nothing to do
		s, err := OpenPostgres(ctx, dsn)
		if err != nil {
			t.Fatal(err)
		}
		if st, err := s.Stats(ctx); err != nil || st.Decisions < 6 {
			t.Fatalf("%+v, %v", st, err)
		}
		for i, want := range varied() {
			got, err := s.Get(ctx, audit.ID(i+1))
			if err != nil {
				t.Fatal(err)
			}
			want.ID = got.ID
			audit.Assess(want)
			if want.Bare {
				want.Clean = ""
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("decision %d:\n got %+v\nwant %+v", i+1, got, want)
			}
		}
		if ms, err := s.Marks(ctx, 1, ""); err != nil || len(ms) != 1 || ms[0].Who != "jane" {
			t.Errorf("marks %+v, %v", ms, err)
		}
		if cs, err := s.Changes(ctx, "any/share.row"); err != nil || len(cs) != 1 || cs[0].To != rules.Shadow {
			t.Errorf("changes %+v, %v", cs, err)
		}
		recordOne(t, s, decision("new", "a.com", day0, "Kept. [-any/x|gone-]"))
		c, err := audit.Verify(ctx, s, audit.Query{}, func(id audit.ID, fault string) { t.Errorf("%d: %s", id, fault) })
		if err != nil || c.Decisions < 7 || c.Wrong > 0 {
			t.Errorf("%+v, %v", c, err)
		}
		var version int
		if err := s.read.QueryRow(`SELECT value FROM meta WHERE key = 'schema'`).Scan(&version); err != nil || version != schemaVersion {
			t.Errorf("version %d, %v", version, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
