package client

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/archive"
)

// TestBatches: how many documents go together changes no byte of what is written,
// and neither does stopping between any two of them.
func TestBatches(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.jsonl")
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for i := range 700 {
		switch {
		case i%31 == 3:
			fmt.Fprintf(&b, "{\"id\":\"broken%d\",\"text\":\"\n", i)
		case i%23 == 5:
			b.WriteString(" \r\n")
		case i%37 == 11:
			fmt.Fprintf(&b, "{\"id\":%d,\"text\":\"\\ud83d fail\",\"n\":[%d]}\n", i, i)
		default:
			fmt.Fprintf(&b, "{\"more\":\"%d\",\"id\":\"d%d\",\"text\":\"%s\\ttail\"}\n", i, i, strings.Repeat("Wörter ", r.IntN(300)))
		}
	}
	if err := os.WriteFile(in, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	sources, _, err := archive.Sources([]string{in}, "")
	if err != nil {
		t.Fatal(err)
	}
	cleaner := func() *upper {
		return &upper{fail: func(rec *archive.Record) error {
			if bytes.HasSuffix(rec.Source, []byte("fail")) {
				return &archive.Error{Code: "INTERNAL", Reason: "X", Message: "m"}
			}
			return nil
		}}
	}
	names := []string{"out.jsonl.gz", "removed.jsonl", "errors.jsonl"}
	job := func(dir string, batch, jobs int) *Bulk {
		return &Bulk{Cleaner: cleaner(), Sources: sources, Output: filepath.Join(dir, names[0]), Removed: filepath.Join(dir, names[1]),
			Errors: filepath.Join(dir, names[2]), Format: archive.Format{Kind: archive.JSONL, Compression: archive.Gzip},
			Batch: batch, Jobs: jobs, CutDocuments: 41}
	}
	read := func(dir string) string {
		var all bytes.Buffer
		for _, n := range names {
			b, err := os.ReadFile(filepath.Join(dir, n))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&all, "%s %d\n%s", n, len(b), b)
		}
		return all.String()
	}
	one := filepath.Join(dir, "one")
	if err := job(one, 0, 1).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := read(one)
	for _, batch := range []int{1, 900, 5000, 64 << 10, 1 << 20} {
		for _, jobs := range []int{1, 3} {
			at := filepath.Join(dir, fmt.Sprint(batch, jobs))
			if err := job(at, batch, jobs).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if read(at) != want {
				t.Errorf("batches of %d bytes and %d jobs write other results", batch, jobs)
			}
		}
		stopped := filepath.Join(dir, fmt.Sprint(batch, "stopped"))
		for stops := 0; ; stops++ {
			ctx, cancel := context.WithCancel(t.Context())
			j, n := job(stopped, batch, 2), 0
			left := 1 + r.IntN(250)
			j.Resume = true
			j.Each = func(*Item) {
				if n++; n == left {
					cancel()
				}
			}
			err := j.Run(ctx)
			cancel()
			if err == nil {
				t.Logf("batches of %d bytes: stopped %d times", batch, stops)
				break
			}
			if ctx.Err() == nil {
				t.Fatal(err)
			}
		}
		if read(stopped) != want {
			t.Errorf("batches of %d bytes: a run that was stopped writes other results", batch)
		}
	}
}

// TestBatchesToAStream: what was told of before a run fails is written.
func TestBatchesToAStream(t *testing.T) {
	sources := lines(t, 500)
	for _, batch := range []int{0, 1 << 20} {
		var out bytes.Buffer
		told := 0
		b := Bulk{Cleaner: &upper{fail: func(rec *archive.Record) error {
			if rec.ID == "333" {
				return &archive.Error{Code: "INTERNAL", Reason: "X", Message: "m"}
			}
			return nil
		}}, Sources: sources, To: &out, Format: archive.Format{Kind: archive.JSONL}, FailFast: true, Batch: batch, Each: func(*Item) { told++ }}
		if err := b.Run(t.Context()); err == nil || told != 334 {
			t.Fatalf("%v after %d documents", err, told)
		}
		if n := strings.Count(out.String(), "\n"); n != told {
			t.Errorf("batches of %d bytes: %d lines, and %d documents were told of", batch, n, told)
		}
	}
}
