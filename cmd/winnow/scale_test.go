//go:build unix

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"winnow/archive"
	"winnow/clean"
	"winnow/client"
)

var (
	scaleDocs  = flag.Int("scale", 0, "the number of documents of TestScale; 0 skips it")
	scalePages = flag.Int("scale-pages", 0, "the number of pages of TestScalePages; 0 skips it")
)

// maxRSS is how much memory a run may take, in bytes, whatever it is over.
const maxRSS = 500 << 20

// TestScale cleans as many texts as -scale says. Machines are never quiet, so
// what is asserted counts the time of processors and not of the clock: two cores
// must do 85 % of twice what one core does.
//
//	go test ./cmd/winnow -run TestScale -scale 1000000 -timeout 2h -v
func TestScale(t *testing.T) {
	if *scaleDocs == 0 {
		t.Skip("run by make scale")
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.jsonl")
	generate(t, in, filepath.Join("..", "..", "..", "shared", "news-dev", "archive.jsonl.gz"), *scaleDocs)
	part := filepath.Join(dir, "part.jsonl")
	generate(t, part, filepath.Join("..", "..", "..", "shared", "news-dev", "archive.jsonl.gz"), min(*scaleDocs, 50_000))
	engine, run := shareOfEngine(t, part)
	share := engine.Seconds() / run.cpu.Seconds()
	t.Logf("JSON lines to JSON lines, two jobs: %s; %.3f of that time is the engine's", run, share)
	if share < 0.85 {
		t.Errorf("the engine has %.3f of the processors' time, want at least 0.85", share)
	}
	one := measured(t, dir, 1, "clean", part, "-o", part+".one", "-j", "1")
	two := measured(t, dir, 2, "clean", part, "-o", part+".two", "-j", "2")
	t.Logf("the same by winnow clean: %.1f s of one processor, %.1f s of two: %.3f of two cores times one by processors' time, %.3f by the clock",
		one.cpu.Seconds(), two.cpu.Seconds(), one.cpu.Seconds()/two.cpu.Seconds(), one.wall.Seconds()/two.wall.Seconds()/2)
	if one.cpu.Seconds()/two.cpu.Seconds() < 0.85 {
		t.Error("two cores do less than 85 % of twice what one does")
	}

	out := filepath.Join(dir, "out.jsonl")
	bulk := measured(t, dir, 2, "clean", in, "-o", out, "-j", "2", "--report", filepath.Join(dir, "report.json"))
	var report struct {
		Documents, Failed int64
		Source            int64 `json:"bytes_source"`
	}
	b, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err == nil {
		err = json.Unmarshal(b, &report)
	}
	if err != nil || report.Documents != int64(*scaleDocs) || report.Failed != 0 {
		t.Errorf("%d documents, %d failed, %v", report.Documents, report.Failed, err)
	}
	bulk.docs, bulk.bytes = int(report.Documents), report.Source
	t.Logf("winnow clean: %s; peak memory %d MB", bulk, bulk.rss>>20)
	if bulk.rss > maxRSS {
		t.Errorf("the run took %d MB of memory, want at most %d", bulk.rss>>20, maxRSS>>20)
	}
	verify := measured(t, dir, 2, "verify", out, "--source", in)
	if want := fmt.Sprintf("%d verified\n", *scaleDocs); verify.out != want && !strings.HasPrefix(verify.out, want[:len(want)-1]+", 0 failed") {
		t.Errorf("verify says %q", verify.out)
	}
}

// TestScalePages cleans pages in process and by a server on the same machine.
func TestScalePages(t *testing.T) {
	if *scalePages == 0 {
		t.Skip("run by make scale")
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.jsonl")
	generate(t, in, filepath.Join("..", "..", "..", "shared", "wcxb-dev", "article.jsonl.gz"), *scalePages)
	engine, run := shareOfEngine(t, in)
	t.Logf("JSON lines to JSON lines, two jobs: %s; %.3f of that time is the engine's", run, engine.Seconds()/run.cpu.Seconds())
	if engine.Seconds()/run.cpu.Seconds() < 0.85 {
		t.Error("pages are not bound by their extraction")
	}
	near := measured(t, dir, 2, "clean", in, "-o", filepath.Join(dir, "near.jsonl"), "-j", "2")
	near.docs, near.bytes = run.docs, run.bytes
	t.Logf("in process: %s; peak memory %d MB", near, near.rss>>20)

	serve := winnow(dir, "serve", "--listen", "127.0.0.1:0", "--max-document", "33554432")
	s := &cleanServer{t: t, dir: dir, addr: "127.0.0.1:0", cmd: serve}
	s.begin()
	defer s.kill()
	far := measured(t, dir, 2, "clean", in, "-o", filepath.Join(dir, "far.jsonl"), "--server", s.addr)
	far.docs, far.bytes = near.docs, near.bytes
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
	far.cpu += s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()
	t.Logf("by a server: %s; peak memory of the client %d MB", far, far.rss>>20)
	a, err := os.ReadFile(filepath.Join(dir, "near.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "far.jsonl")); !bytes.Equal(a, b) || bytes.Count(a, []byte("\n")) != *scalePages {
		t.Errorf("the results differ, or are not %d", *scalePages)
	}
	t.Logf("by a server: %.3f of the throughput in process, by processors' time; %.3f by the clock",
		near.cpu.Seconds()/far.cpu.Seconds(), near.wall.Seconds()/far.wall.Seconds())
	if near.cpu.Seconds()/far.cpu.Seconds() < 0.7 {
		t.Error("a server has less than 70 % of the throughput in process")
	}
	if near.rss > maxRSS {
		t.Errorf("the run took %d MB of memory, want at most %d", near.rss>>20, maxRSS>>20)
	}
}

// TestMemory cleans pages of 20 MB that are nothing but one thing. What a run
// takes must not hang on when the collector happens to work.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	dir := t.TempDir()
	for _, c := range []struct{ name, part string }{{"marks.html", "<"}, {"letters.html", "a"}, {"words.txt", "word "}} {
		in := filepath.Join(dir, c.name)
		if err := os.WriteFile(in, []byte(strings.Repeat(c.part, 20_000_000/len(c.part))), 0o666); err != nil {
			t.Fatal(err)
		}
		r := measured(t, dir, 2, "clean", in, "-o", in+".out")
		t.Logf("%s: peak memory %d MB, %.1f s of processors", c.name, r.rss>>20, r.cpu.Seconds())
		if r.rss > maxRSS {
			t.Errorf("%s: the run took %d MB of memory, want at most %d", c.name, r.rss>>20, maxRSS>>20)
		}
	}
}

// A ran is what something took.
type ran struct {
	docs      int
	bytes     int64
	wall, cpu time.Duration
	rss       int64 // bytes, at most
	out       string
}

func (r ran) rate() float64    { return float64(r.bytes) / r.wall.Seconds() }
func (r ran) cpuRate() float64 { return float64(r.bytes) / r.cpu.Seconds() }

func (r ran) String() string {
	return fmt.Sprintf("%d documents, %.0f MB, in %.1f s; %.1f s of processors; %.1f MB/s by the clock, %.1f MB/s of a processor",
		r.docs, float64(r.bytes)/1e6, r.wall.Seconds(), r.cpu.Seconds(), r.rate()/1e6, r.cpuRate()/1e6)
}

// measured runs winnow to its end on so many cores.
func measured(t *testing.T, dir string, cores int, args ...string) ran {
	t.Helper()
	cmd := winnow(dir, args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", cores))
	var stderr, stdout bytes.Buffer
	cmd.Stderr, cmd.Stdout = &stderr, &stdout
	begin := time.Now()
	if err := cmd.Run(); exitCode(err) > 0 {
		t.Fatalf("%v: %v\n%s", args, err, &stderr)
	}
	u := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return ran{wall: time.Since(begin), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), rss: u.Maxrss << 10, out: stdout.String()}
}

// shareOfEngine cleans all of a file from JSON lines to JSON lines by a Bulk with
// two jobs, and says how much of the time of all processors was the engine's own.
// Both are counted in one run, so that what else the machine does concerns both
// alike; collecting garbage counts as not the engine's.
func shareOfEngine(t *testing.T, path string) (engine time.Duration, bulk ran) {
	t.Helper()
	set, err := (&ruleFlags{}).set()
	if err != nil {
		t.Fatal(err)
	}
	sources, _, err := archive.Sources([]string{path}, "")
	if err != nil {
		t.Fatal(err)
	}
	c := &timed{Cleaner: &local{engine: clean.New(set)}}
	job := client.Bulk{Cleaner: c, Sources: sources, Output: path + ".out", Format: archive.Format{Kind: archive.JSONL}, Jobs: 2, Batch: batchBytes}
	defer os.Remove(job.Output)
	tuneMemory()
	runtime.GC()
	begin, used := time.Now(), processors()
	if err := job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	bulk = ran{docs: int(job.Report.Documents), bytes: job.Report.Source, wall: time.Since(begin), cpu: processors() - used}
	return time.Duration(c.used.Load()), bulk
}

// timed counts the processor's time that a Cleaner uses.
type timed struct {
	client.Cleaner
	used atomic.Int64
}

func (c *timed) Clean(ctx context.Context, rec *archive.Record) (*archive.Result, error) {
	runtime.LockOSThread() // the clock is the thread's
	defer runtime.UnlockOSThread()
	var from, to unix.Timespec
	unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &from)
	res, err := c.Cleaner.Clean(ctx, rec)
	unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &to)
	c.used.Add(to.Nano() - from.Nano())
	return res, err
}

// processors is the time of all processors that this program has used.
func processors() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// generate writes n records to path: those of a shared archive again and again,
// each time with other ids and other digits, as dates and counts have them.
func generate(t *testing.T, path, from string, n int) {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Skip("the shared archive is not here")
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var records []map[string]any
	for d := json.NewDecoder(z); ; {
		var rec map[string]any
		if err := d.Decode(&rec); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"truth", "must_contain", "must_not_contain"} {
			delete(rec, name)
		}
		records = append(records, rec)
	}
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(out, 1<<20)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for i := range n {
		rec := map[string]any{}
		for k, v := range records[i%len(records)] {
			rec[k] = v
		}
		rec["id"] = fmt.Sprintf("%v/%d", rec["id"], i)
		if s, ok := rec["text"].(string); ok {
			rec["text"] = otherDigits(s, i/len(records))
		}
		if err := e.Encode(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// otherDigits turns each digit of s by k; those that numbers begin with stay,
// so that a year is a year.
func otherDigits(s string, k int) string {
	b := []byte(s)
	for i := 1; i < len(b); i++ {
		if '0' <= b[i] && b[i] <= '9' && '0' <= b[i-1] && b[i-1] <= '9' {
			b[i] = '0' + byte((int(b[i]-'0')+k)%10)
		}
	}
	return string(b)
}

// TestScaleProfile runs a clean in this process, for the profilers of go test.
func TestScaleProfile(t *testing.T) {
	if *scaleDocs == 0 {
		t.Skip("run with -scale and -cpuprofile")
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.jsonl")
	generate(t, in, filepath.Join("..", "..", "..", "shared", "news-dev", "archive.jsonl.gz"), *scaleDocs)
	if code := run(t.Context(), []string{"clean", in, "-o", filepath.Join(dir, "out.jsonl")}, os.Stdin, os.Stdout, os.Stderr); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
