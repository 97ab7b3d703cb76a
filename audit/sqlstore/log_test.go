package sqlstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"winnow/audit"
)

// logged records n decisions, a batch each, and leaves them in the log. It
// returns the log and where its frames end.
func logged(t *testing.T, n int) (record string, log []byte, ends []int) {
	t.Helper()
	record = filepath.Join(t.TempDir(), "record.db")
	s, err := OpenSQLite(context.Background(), record)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := s.Record(context.Background(), []*audit.Decision{decision(fmt.Sprint("d", i+1), "a.com", day0, "Kept. [-any/x|gone-]")}); err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(s.log.path)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, int(st.Size()))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if log, err = os.ReadFile(s.log.path); err != nil {
		t.Fatal(err)
	}
	return record, log, ends
}

// TestLogTorn: wherever the last frame ends too early, or is something else, the
// frames before it are there, what is recorded next comes after them, and nothing
// of the torn one is left.
func TestLogTorn(t *testing.T) {
	record, whole, ends := logged(t, 3)
	s, err := OpenSQLite(context.Background(), record)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	numbers := func(want int) {
		t.Helper()
		m, err := s.logMeta(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		n, last, _, err := s.log.pending(m.folded)
		if err != nil || n != want || int(last) != want {
			t.Fatalf("%d decisions up to %d, want %d: %v", n, last, want, err)
		}
	}
	write := func(b []byte) {
		t.Helper()
		s.log.forget()
		if err := os.WriteFile(s.log.path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tail := whole[ends[1]:]
	torn := map[string][]byte{"zeros": make([]byte, len(tail))}
	for n := range tail {
		if n > logHeader && n%40 > 0 && n < len(tail)-2 {
			continue
		}
		torn[fmt.Sprint("the first ", n)] = tail[:n]
		torn[fmt.Sprint("zeros from ", n)] = append(append([]byte{}, tail[:n]...), make([]byte, len(tail)-n)...)
	}
	for name, b := range torn {
		t.Run(name, func(t *testing.T) {
			write(append(append([]byte{}, whole[:ends[1]]...), b...))
			want := 2
			if len(b) == len(tail) && string(b) == string(tail) {
				want = 3
			}
			numbers(want)
			if err := s.Record(context.Background(), []*audit.Decision{decision("next", "a.com", day0, "Kept.")}); err != nil {
				t.Fatal(err)
			}
			numbers(want + 1)
		})
	}
	write(whole)
	if got := ids(t, s, audit.Query{}); got != "3 2 1" {
		t.Error(got)
	}
	if fs, err := s.log.files(); err != nil || len(fs) > 0 {
		t.Errorf("%v are left, %v", fs, err)
	}
}

// TestLogDamaged: a frame before the last that is not what was written is told of
// and not passed over.
func TestLogDamaged(t *testing.T) {
	record, whole, ends := logged(t, 3)
	s, err := OpenSQLite(context.Background(), record)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for at := ends[0]; at < ends[1]; at++ {
		b := append([]byte{}, whole...)
		b[at] ^= 0x40
		if err := os.WriteFile(record+"-log", b, 0o600); err != nil {
			t.Fatal(err)
		}
		s.log.offset = 0
		p, err := s.pending(context.Background())
		if err == nil || !strings.Contains(err.Error(), "damaged from byte "+fmt.Sprint(ends[0])) {
			t.Errorf("byte %d: %d decisions, %v", at, len(p.ds), err)
		}
	}
}

// TestLogLarge: large frames end at a multiple of block, small ones where they end,
// and all of them are read; a large one that is torn is cut off wherever it ends.
func TestLogLarge(t *testing.T) {
	ctx := context.Background()
	s := openSQLite(t)
	size := func() int {
		st, err := os.Stat(s.log.path)
		if err != nil {
			t.Fatal(err)
		}
		return int(st.Size())
	}
	kept := map[string]string{}
	add := func(name string, bytes int) {
		kept[name] = strings.Repeat("Kept in "+name+". ", 1+bytes/10)[:bytes]
		recordOne(t, s, decision(name, "a.com", day0, kept[name]+"[-any/x|gone-]"))
	}
	for i, bytes := range []int{200_000, 100_000, 10, 3_000_000, 10, 10, 70_000} {
		add(fmt.Sprint("d", i), bytes)
		if large := bytes > directFrom; large != (size()%block == 0) {
			t.Fatalf("after %d bytes the log has %d", bytes, size())
		}
	}
	before := size()
	add("torn", 100_000)
	whole, err := os.ReadFile(s.log.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []int{before + 10, before + block, before + 20*block} {
		torn := append(append([]byte{}, whole[:end]...), make([]byte, len(whole)-end)...) // the length came before the blocks
		if err := os.WriteFile(s.log.path, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		s.log.forget()
		if n, err := s.Pending(ctx); err != nil || n != 7 {
			t.Fatalf("torn at %d: %d decisions, %v", end, n, err)
		}
	}
	delete(kept, "torn")
	add("next", 100_000)
	if got := ids(t, s, audit.Query{}); got != "8 7 6 5 4 3 2 1" {
		t.Fatal(got)
	}
	for d, err := range audit.All(ctx, s, audit.Query{}) {
		if err != nil || d.Clean != kept[d.Document] || d.Check() != nil {
			t.Errorf("%s: %d bytes, %v", d.Document, len(d.Clean), err)
		}
	}
}

// TestLogCounted: batches of the form that was written before are read whole.
// testdata/log2.gz holds what varied makes, in two batches.
func TestLogCounted(t *testing.T) {
	ctx := context.Background()
	s := openSQLite(t)
	if err := os.WriteFile(s.log.path, unzipped(t, "testdata/log2.gz"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.Exec(`UPDATE meta SET value = 1 WHERE key = 'log'`); err != nil {
		t.Fatal(err)
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
	recordOne(t, s, decision("next", "a.com", day0, "Kept."))
	if got := ids(t, s, audit.Query{}); got != "7 6 5 4 3 2 1" {
		t.Error(got)
	}
}

// TestLogMissing: a record that was taken away without its log says so, and an
// empty log lets it go on.
func TestLogMissing(t *testing.T) {
	record, _, _ := logged(t, 2)
	if err := os.Remove(record + "-log"); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSQLite(context.Background(), record)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := decision("next", "a.com", day0, "Kept.")
	if _, err := s.List(context.Background(), audit.Query{}); err == nil || !strings.Contains(err.Error(), "record.db-log is missing") {
		t.Errorf("a query: %v", err)
	}
	if err := s.Record(context.Background(), []*audit.Decision{d}); err == nil || !strings.Contains(err.Error(), "record.db-log is missing") {
		t.Errorf("recording: %v", err)
	}
	if err := os.WriteFile(record+"-log", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	recordOne(t, s, d)
	if got := ids(t, s, audit.Query{}); got != "1" {
		t.Error(got)
	}
}

func recordOne(t *testing.T, s *DB, d *audit.Decision) {
	t.Helper()
	if err := s.Record(context.Background(), []*audit.Decision{d}); err != nil {
		t.Fatal(err)
	}
}

// TestLogTurns: two processes that record into one file while a third folds: every
// decision is there once, in rising numbers, and the files do not pile up.
func TestLogTurns(t *testing.T) {
	defer func(n int64) { logTurn = n }(logTurn)
	logTurn = 2000
	ctx := context.Background()
	a := openSQLite(t)
	var others []*DB
	for range 2 {
		s, err := OpenSQLite(ctx, a.path)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		others = append(others, s)
	}
	var last audit.ID
	const n = 400
	turned := 0
	for i := range n {
		d := decision(fmt.Sprint("d", i), "a.com", day0, strings.Repeat("Kept. ", 20)+"[-any/x|gone-]")
		recordOne(t, others[i%2], d)
		if d.ID <= last {
			t.Fatalf("decision %d after %d", d.ID, last)
		}
		last = d.ID
		if i%37 == 36 {
			if _, err := a.Fold(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(a.log.old()); err == nil {
			turned++
		}
	}
	if turned == 0 {
		t.Error("no file was turned")
	}
	seen := 0
	for d, err := range audit.All(ctx, a, audit.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint("d", n-1-seen); d.Document != want {
			t.Fatalf("%s in place of %s", d.Document, want)
		}
		seen++
	}
	if fs, err := a.log.files(); err != nil || seen != n || len(fs) > 0 {
		t.Errorf("%d of %d; files %v, %v", seen, n, fs, err)
	}
}

// TestEraseLog: what is erased stands in no file of the log either, though other
// decisions keep it going.
func TestEraseLog(t *testing.T) {
	ctx := context.Background()
	s := openSQLite(t)
	other, err := OpenSQLite(ctx, s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	recordOne(t, s, decision("gone", "a.com", day0, "The secret stays. [-any/x|and so does this secret-]"))
	recordOne(t, other, decision("stays", "b.com", day0, "Kept."))
	done, err := s.Erase(ctx, audit.Erasure{Document: "gone"})
	if err != nil || done.Decisions != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	recordOne(t, other, decision("later", "b.com", day0, "Kept."))
	files, err := filepath.Glob(s.path + "*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "secret") {
			t.Errorf("%s still holds it", f)
		}
	}
	if got := ids(t, s, audit.Query{}); got != "3 2" {
		t.Error(got)
	}
}
