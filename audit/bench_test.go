package audit_test

import (
	"context"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"winnow/audit"
	"winnow/audit/sqlstore"
	"winnow/clean"
	"winnow/internal/quality"
	"winnow/text"
)

// cpu returns the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// texts returns the texts of the shared corpora, and how many bytes they are.
func texts(b *testing.B) (ins []clean.Input, bytes int64) {
	dir, ok := quality.Shared(1, "corpora")
	if !ok {
		b.Skip("the shared corpora are not here")
	}
	for d, err := range quality.Corpora(dir) {
		if err != nil {
			b.Fatal(err)
		}
		ins = append(ins, clean.Input{ID: d.ID, URL: d.URL, Publisher: text.ParsePublisher(d.Publisher), Source: []byte(d.Text)})
		bytes += int64(len(d.Text))
	}
	return ins, bytes
}

// BenchmarkRecord cleans the texts of the shared corpora on two cores, in turns
// without a record and with one that is required, and reports what recording
// adds in percent, in processor time and by the clock: the medians of the rounds. Folding, which waits
// until nothing comes, is measured apart.
func BenchmarkRecord(b *testing.B) {
	ins, bytes := texts(b)
	engine, err := clean.Default()
	if err != nil {
		b.Fatal(err)
	}
	all := func(record func(clean.Input, *clean.Result)) (wall, used time.Duration) {
		begin, before := time.Now(), cpu(b)
		work := make(chan clean.Input)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for in := range work {
					res, err := engine.Clean(context.Background(), in, clean.Options{})
					if err != nil {
						b.Error(err)
						return
					}
					record(in, res)
				}
			})
		}
		for _, in := range ins {
			work <- in
		}
		close(work)
		wg.Wait()
		return time.Since(begin), cpu(b) - before
	}
	all(func(clean.Input, *clean.Result) {})
	var wall, used, folding []float64 // of each round, as shares of the round without a record
	spans := 0
	for b.Loop() {
		runtime.GC()
		w, u := all(func(clean.Input, *clean.Result) {})
		s, err := sqlstore.OpenSQLite(context.Background(), filepath.Join(b.TempDir(), "record.db"))
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		begin, before := time.Now(), cpu(b)
		r := audit.NewRecorder(s, audit.RecorderOptions{Required: true})
		all(func(in clean.Input, res *clean.Result) {
			if err := r.Record(context.Background(), decisionOf(b, in, res, clean.Options{})); err != nil {
				b.Error(err)
			}
		})
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
		wall = append(wall, float64(time.Since(begin))/float64(w)-1)
		used = append(used, float64(cpu(b)-before)/float64(u)-1)
		before = cpu(b)
		st, err := s.Stats(context.Background())
		if err != nil || st.Pending != len(ins) {
			b.Fatalf("%+v, %v", st, err)
		}
		if _, err := s.Totals(context.Background(), audit.ByRule, audit.Filter{}); err != nil {
			b.Fatal(err)
		}
		folding = append(folding, float64(cpu(b)-before)/float64(u))
		if st, err = s.Stats(context.Background()); err != nil {
			b.Fatal(err)
		}
		spans = st.Removals
		s.Close()
	}
	for name, shares := range map[string][]float64{"%cpu": used, "%clock": wall, "%fold": folding} {
		slices.Sort(shares)
		b.ReportMetric(100*shares[len(shares)/2], name)
	}
	b.ReportMetric(float64(spans)/float64(len(ins)), "spans/doc")
	b.SetBytes(bytes)
}

// BenchmarkStore records the decisions on the texts of the shared corpora, and
// puts them in order, without cleaning anything: nanoseconds of processor time
// and bytes of the file, a decision each.
func BenchmarkStore(b *testing.B) {
	ins, _ := texts(b)
	engine, err := clean.Default()
	if err != nil {
		b.Fatal(err)
	}
	results := make([]*clean.Result, len(ins))
	for i, in := range ins {
		if results[i], err = engine.Clean(context.Background(), in, clean.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	var recording, folding time.Duration
	var recorded, folded int64
	n := 0
	for b.Loop() {
		s, err := sqlstore.OpenSQLite(context.Background(), filepath.Join(b.TempDir(), "record.db"))
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		before := cpu(b)
		r := audit.NewRecorder(s, audit.RecorderOptions{Required: true})
		for i, in := range ins {
			if err := r.Record(context.Background(), decisionOf(b, in, results[i], clean.Options{})); err != nil {
				b.Fatal(err)
			}
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
		recording += cpu(b) - before
		st, err := s.Stats(context.Background())
		if err != nil || st.Pending != len(ins) {
			b.Fatalf("%+v, %v", st, err)
		}
		recorded = st.Bytes
		before = cpu(b)
		for more := 1; more > 0; {
			if more, err = s.Fold(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		folding += cpu(b) - before
		if st, err = s.Stats(context.Background()); err != nil {
			b.Fatal(err)
		}
		folded = st.Bytes
		n += len(ins)
		s.Close()
	}
	b.ReportMetric(float64(recording)/float64(n), "record-ns/doc")
	b.ReportMetric(float64(folding)/float64(n), "fold-ns/doc")
	b.ReportMetric(float64(recorded)/float64(len(ins)), "record-B/doc")
	b.ReportMetric(float64(folded)/float64(len(ins)), "fold-B/doc")
}
