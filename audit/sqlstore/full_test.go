package sqlstore

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"winnow/audit"
)

// TestFullAndLocked: a disk without room, and a file that another process holds,
// are told of, lose no document, and do the record no harm: when there is room
// again it goes on.
func TestFullAndLocked(t *testing.T) {
	ctx := context.Background()
	s := openSQLite(t)
	pragma := func(p string) {
		t.Helper()
		if _, err := s.write.Exec(`PRAGMA ` + p); err != nil {
			t.Fatal(err)
		}
	}
	other, err := OpenSQLite(ctx, s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	record(t, s, sample()...)
	if got := ids(t, s, audit.Query{}); got != "6 5 4 3 2 1" {
		t.Fatal(got)
	}
	var b strings.Builder // which does not pack well
	for r := rand.New(rand.NewPCG(1, 2)); b.Len() < 300_000; {
		b.WriteString(strconv.FormatUint(r.Uint64(), 36) + " ")
	}
	large := decision("large", "a.com", day0, b.String()+"[-any/x|gone-]")
	for _, c := range []struct {
		name, says string
		begin      func() (end func())
	}{
		{"full", "no space left", func() func() {
			if _, err := os.Stat("/dev/full"); err != nil {
				t.Skip("there is no /dev/full")
			}
			if err := os.Symlink("/dev/full", s.log.path); err != nil {
				t.Fatal(err)
			}
			return func() { os.Remove(s.log.path) }
		}},
		{"locked", "locked", func() func() {
			pragma(`busy_timeout = 50`)
			tx, err := other.write.BeginTx(ctx, nil) // immediate: it has the lock
			if err != nil {
				t.Fatal(err)
			}
			return func() { tx.Rollback() }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var told error
			lax := audit.NewRecorder(s, audit.RecorderOptions{Lost: func(_ int, err error) { told = err }})
			strict := audit.NewRecorder(s, audit.RecorderOptions{Required: true})
			end := c.begin()
			if err := lax.Commit(ctx, large); err != nil {
				t.Errorf("a record that is not required failed: %v", err)
			}
			if err := strict.Commit(ctx, large); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("a required record: %v", err)
			}
			end()
			before := ids(t, s, audit.Query{})
			if err := strict.Commit(ctx, large); err != nil {
				t.Errorf("with room again: %v", err)
			}
			if err := lax.Close(); err != nil || told == nil || !strings.Contains(told.Error(), c.says) || lax.Stats().Lost != 1 {
				t.Errorf("told of %v, %+v, %v", told, lax.Stats(), err)
			}
			pragma(`max_page_count = 1`) // that is, as many as it has
			if _, err := s.List(ctx, audit.Query{}); c.name == "full" && (err == nil || !strings.Contains(err.Error(), "full")) {
				t.Errorf("folding without room: %v", err)
			}
			pragma(`max_page_count = 1000000`)
			if after := ids(t, s, audit.Query{}); !strings.HasSuffix(after, " "+before) || len(after) <= len(before) {
				t.Errorf("before %s, after %s", before, after)
			}
			strict.Close()
		})
	}
	wrong, err := audit.Verify(ctx, s, audit.Query{}, func(id audit.ID, fault string) { t.Errorf("%d: %s", id, fault) })
	if err != nil || wrong.Decisions != 8 {
		t.Errorf("%+v, %v", wrong, err)
	}
}
