package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"winnow/archive"
)

// upper is a Cleaner whose answer is easy to foretell: it takes "tail" off.
type upper struct {
	mu   sync.Mutex
	fail func(rec *archive.Record) error
}

func (u *upper) Clean(ctx context.Context, rec *archive.Record) (*archive.Result, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.fail != nil {
		if err := u.fail(rec); err != nil {
			return nil, err
		}
	}
	text, cut := strings.CutSuffix(string(rec.Source), "tail")
	res := &archive.Result{Text: text, Revision: "r", Publisher: rec.Publisher}
	if cut {
		res.Removed = []archive.Removed{{Start: len(text), End: len(text) + 4, Text: "tail", Rules: []string{"p/tail"}, Category: "nav", Mode: archive.Enforced}}
	}
	return res, nil
}

// lines writes n records to a file and returns it as sources.
func lines(t *testing.T, n int) []archive.Source {
	t.Helper()
	var b bytes.Buffer
	for i := range n {
		tail := ""
		if i%2 == 1 {
			tail = "tail"
		}
		fmt.Fprintf(&b, "{\"id\":\"%d\",\"publisher\":\"p%d.example\",\"text\":\"text %d %s\"}\n", i, i%3, i, tail)
	}
	path := filepath.Join(t.TempDir(), "in.jsonl")
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	sources, _, err := archive.Sources([]string{path}, "")
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

func TestBulk(t *testing.T) {
	sources := lines(t, 100)
	var first string
	for _, jobs := range []int{1, 2, 16} {
		var out bytes.Buffer
		b := Bulk{Cleaner: &upper{}, Sources: sources, To: &out, Format: archive.Format{Kind: archive.JSONL}, Jobs: jobs, CutDocuments: 7}
		if err := b.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = out.String()
		}
		if out.String() != first || strings.Count(first, "\n") != 100 {
			t.Errorf("%d jobs write other results", jobs)
		}
		r := b.Report
		if r.Documents != 100 || r.Failed != 0 || r.Changed != 50 || r.Removed != 200 || r.Kept+r.Removed != r.Source || r.Read != sources[0].Size {
			t.Errorf("%d jobs: %+v", jobs, r)
		}
		if top := r.Rules.Top(1); len(top) != 1 || top[0].Name != "p/tail" || top[0].Spans != 50 || top[0].Bytes != 200 {
			t.Errorf("rules: %+v", top)
		}
		if top := r.Publishers.Top(0); len(top) != 3 || top[0].Documents != 34 && top[0].Documents != 33 {
			t.Errorf("publishers: %+v", top)
		}
	}
}

// temporary is an error that says of itself that it may go away.
type temporary struct{}

func (temporary) Error() string   { return "later" }
func (temporary) Temporary() bool { return true }

func TestBulkErrors(t *testing.T) {
	dir := t.TempDir()
	item := &archive.Error{Code: "INTERNAL", Reason: "X", Message: "m"}
	tries := map[string]int{}
	for _, c := range []struct {
		name     string
		fail     func(rec *archive.Record) error
		failFast bool
		want     string
		failed   int64
	}{
		{"none", nil, false, "", 0},
		{"some items", func(rec *archive.Record) error {
			if rec.ID == "3" || rec.ID == "17" {
				return item
			}
			return nil
		}, false, "", 2},
		{"the first ends it", func(rec *archive.Record) error {
			if rec.ID == "3" || rec.ID == "17" {
				return item
			}
			return nil
		}, true, `the document "3" failed: X: m`, 1},
		{"what may go well later", func(rec *archive.Record) error {
			if tries[rec.ID]++; tries[rec.ID] < 3 && rec.ID == "5" {
				return temporary{}
			}
			return nil
		}, false, "", 0},
		{"what never does", func(rec *archive.Record) error {
			if rec.ID == "5" {
				return temporary{}
			}
			return nil
		}, false, "later", 0},
		{"the connection", func(rec *archive.Record) error {
			if rec.ID == "9" {
				return errors.New("gone")
			}
			return nil
		}, false, "gone", 0},
	} {
		out := filepath.Join(dir, "out.jsonl")
		b := Bulk{Cleaner: &upper{fail: c.fail}, Sources: lines(t, 20), Output: out, Format: archive.Format{Kind: archive.JSONL},
			Errors: filepath.Join(dir, "errors.jsonl"), FailFast: c.failFast, Jobs: 4}
		err := b.Run(t.Context())
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want || b.Report.Failed != c.failed {
			t.Errorf("%s: %q, %d failed; want %q, %d", c.name, got, b.Report.Failed, c.want, c.failed)
		}
		left, _ := os.ReadDir(dir)
		if want := map[bool]int{true: 2, false: 0}[err == nil]; len(left) != want {
			t.Errorf("%s: it left %v", c.name, left)
		}
		if err == nil {
			if data, _ := os.ReadFile(filepath.Join(dir, "errors.jsonl")); int64(bytes.Count(data, []byte("\n"))) != c.failed {
				t.Errorf("%s: the failed are %s", c.name, data)
			}
		}
		for _, f := range left {
			os.Remove(filepath.Join(dir, f.Name()))
		}
	}
}

// TestBulkRulesMayNotChange: a run has one revision.
func TestBulkRulesMayNotChange(t *testing.T) {
	b := Bulk{Cleaner: &upper{}, Sources: lines(t, 3), To: &bytes.Buffer{}, Format: archive.Format{Kind: archive.JSONL}, Revision: "before"}
	if err := b.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "rules of revision r, and the run began with before") {
		t.Errorf("error %v", err)
	}
}

// TestBulkStops: a run ends with its context, whatever the reader does, and
// says from where it can be gone on with.
func TestBulkStops(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	sources := lines(t, 50)
	run := func(ctx context.Context, each func(*Item)) *Bulk {
		b := &Bulk{Cleaner: &upper{}, Sources: sources, Output: filepath.Join(dir, "out.jsonl.gz"), Format: archive.Format{Kind: archive.JSONL, Compression: archive.Gzip},
			CutDocuments: 5, Each: each, Resume: true, Revision: "r"}
		err := b.Run(ctx)
		if (err != nil) != (ctx.Err() != nil) || err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		return b
	}
	n := 0
	b := run(ctx, func(*Item) {
		if n++; n == 23 {
			cancel()
		}
	})
	if b.Saved == nil || b.Saved.Documents != 20 {
		t.Errorf("saved: %+v", b.Saved)
	}
	from := ""
	b = run(t.Context(), func(it *Item) {
		if from == "" {
			from = it.Record.ID
		}
	})
	if from != "20" || b.Report.Documents != 50 || b.Report.Changed != 25 {
		t.Errorf("gone on from %s: %+v", from, b.Report)
	}
	resumed, err := os.ReadFile(b.Output)
	if err != nil {
		t.Fatal(err)
	}
	run(t.Context(), nil)
	if whole, err := os.ReadFile(b.Output); err != nil || !bytes.Equal(whole, resumed) {
		t.Errorf("the results of a run that was stopped differ, %v", err)
	}
}

func TestBulkChecks(t *testing.T) {
	c, s := &upper{}, lines(t, 1)
	for i, b := range []Bulk{
		{Sources: s, To: &bytes.Buffer{}},
		{Cleaner: c, Sources: s},
		{Cleaner: c, Sources: s, To: &bytes.Buffer{}, Output: "x"},
		{Cleaner: c, Sources: s, To: &bytes.Buffer{}, Sample: 1.5},
		{Cleaner: c, Sources: s, To: &bytes.Buffer{}, Limit: -1},
		{Cleaner: c, Sources: s, To: &bytes.Buffer{}, Shard: 3, Shards: 2},
		{Cleaner: c, Sources: s, To: &bytes.Buffer{}, Resume: true},
		{Cleaner: c, Sources: s, Output: filepath.Join(t.TempDir(), "x"), Errors: filepath.Join(t.TempDir(), "e"), Format: archive.Format{Kind: "klingon"}},
	} {
		if b.Run(t.Context()) == nil {
			t.Errorf("case %d is taken", i)
		}
	}
}

// TestSample: a sample is near its share, and a larger one holds the smaller.
func TestSample(t *testing.T) {
	n := [3]int{}
	for i := range 20000 {
		rec := &archive.Record{ID: fmt.Sprintf("https://example.com/%d", i)}
		small, large := sampled(rec, 0.1), sampled(rec, 0.25)
		if small {
			n[0]++
		}
		if large {
			n[1]++
		}
		if small && !large {
			t.Fatalf("%s is in the smaller sample only", rec.ID)
		}
		if sampled(&archive.Record{Source: []byte(rec.ID)}, 0.1) {
			n[2]++
		}
	}
	if n[0] < 1850 || n[0] > 2150 || n[1] < 4800 || n[1] > 5200 || n[2] < 1850 || n[2] > 2150 {
		t.Errorf("of 20,000: %v, want 2,000, 5,000 and 2,000", n)
	}
}

// TestTally: counts are exact while names are few, and right about the many
// where they are not, in memory that does not grow.
func TestTally(t *testing.T) {
	tally, again := newTally(), newTally()
	for i := range 200_000 {
		name := fmt.Sprintf("rare%d", i)
		if i%20 == 0 {
			name = fmt.Sprintf("common%d", i/20%40)
		}
		tally.add(name, 1, 10, 0)
		if i == 100_000 { // a checkpoint makes no difference
			b, err := json.Marshal(tally)
			if err == nil {
				err = json.Unmarshal(b, &again)
			}
			if err != nil {
				t.Fatal(err)
			}
		} else if i > 100_000 {
			again.add(name, 1, 10, 0)
		}
	}
	if len(tally.counts) != maxTally {
		t.Errorf("%d names are held", len(tally.counts))
	}
	for i := range 40 {
		c := tally.counts[fmt.Sprintf("common%d", i)]
		if c == nil || c.Documents-c.Over > 250 || c.Documents < 250 {
			t.Errorf("common%d: %+v, want 250 documents", i, c)
		}
	}
	a, _ := json.Marshal(tally)
	if b, _ := json.Marshal(again); !bytes.Equal(a, b) {
		t.Errorf("gone on with it is another: %.300s and %.300s", a, b)
	}
	few := newTally()
	for i := range 3000 {
		few.add(fmt.Sprint(i%1500), 1, int64(i), 0)
	}
	if top := few.Top(1); len(top) != 1 || top[0].Name != "1499" || top[0].Documents != 2 || top[0].Over != 0 {
		t.Errorf("%+v", few.Top(1))
	}
}

func TestSlowest(t *testing.T) {
	r := newReport()
	for i := range 100 {
		r.add(&Item{Record: &archive.Record{ID: fmt.Sprint(i)}, Result: &archive.Result{}, Took: time.Duration(i*37%100) * time.Millisecond})
	}
	if len(r.Slowest) != slowest || r.Slowest[0].Seconds != 0.099 || r.Slowest[slowest-1].Seconds != 0.090 {
		t.Errorf("%+v", r.Slowest)
	}
}

// TestBulkThroughADevice: what went into a device cannot be gone on with, and no
// checkpoint is left beside it.
func TestBulkThroughADevice(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.jsonl")
	if err := os.Symlink(os.DevNull, out); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	b := &Bulk{Cleaner: &upper{}, Sources: lines(t, 50), Output: out, Format: archive.Format{Kind: archive.JSONL}, CutDocuments: 5, Revision: "r",
		Each: func(*Item) {
			if n++; n == 23 {
				cancel()
			}
		}}
	if err := b.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	left, err := os.ReadDir(filepath.Dir(out))
	if err != nil || len(left) != 1 || b.Saved != nil {
		t.Errorf("left %v, saved %+v, %v", left, b.Saved, err)
	}
}
