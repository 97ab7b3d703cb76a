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
	"syscall"
	"testing"
	"time"

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

// TestScale cleans as many texts as -scale says, in process, and compares what
// it takes with the engine alone on one core. Machines are never quiet, so what
// is asserted counts the time of processors and not of the clock: of the time
// that a run takes of all cores, the engine itself must be 85 %.
//
//	go test ./cmd/winnow -run TestScale -scale 1000000 -timeout 2h -v
func TestScale(t *testing.T) {
	if *scaleDocs == 0 {
		t.Skip("run by make scale")
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.jsonl")
	generate(t, in, filepath.Join("..", "..", "..", "shared", "news-dev", "archive.jsonl.gz"), *scaleDocs)
	engine, lines := shares(t, in, min(*scaleDocs, 60_000))
	t.Logf("the engine alone, one core: %s", engine)
	t.Logf("JSON lines to JSON lines, two jobs: %s", lines)
	share := lines.cpuRate() / engine.cpuRate()
	t.Logf("the engine's share of the processors' time: %.3f; by the clock %.3f of two cores times one (%.2f cores were to be had)",
		share, lines.rate()/(2*engine.cpuRate()), lines.cpu.Seconds()/lines.wall.Seconds())
	if share < 0.85 {
		t.Errorf("the engine has %.3f of the processors' time, want at least 0.85", share)
	}

	out := filepath.Join(dir, "out.jsonl")
	bulk := measured(t, dir, "clean", in, "-o", out, "-j", "2", "--report", filepath.Join(dir, "report.json"))
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
	verify := measured(t, dir, "verify", out, "--source", in)
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
	set, err := (&ruleFlags{}).set()
	if err != nil {
		t.Fatal(err)
	}
	single := engineAlone(t, &local{engine: clean.New(set)}, in, *scalePages)
	t.Logf("the engine alone, one core: %s", single)
	near := measured(t, dir, "clean", in, "-o", filepath.Join(dir, "near.jsonl"), "-j", "2")
	near.docs, near.bytes = single.docs, single.bytes
	t.Logf("in process: %s; peak memory %d MB", near, near.rss>>20)

	serve := winnow(dir, "serve", "--listen", "127.0.0.1:0", "--max-document", "33554432")
	s := &cleanServer{t: t, dir: dir, addr: "127.0.0.1:0", cmd: serve}
	s.begin()
	defer s.kill()
	far := measured(t, dir, "clean", in, "-o", filepath.Join(dir, "far.jsonl"), "--server", s.addr)
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
	perDoc := func(r ran) float64 { return r.cpu.Seconds() / float64(r.docs) }
	t.Logf("the engine's share of the processors' time: %.3f; by a server %.3f of the throughput by processors' time, %.3f by the clock",
		perDoc(single)/perDoc(near), near.cpu.Seconds()/far.cpu.Seconds(), near.wall.Seconds()/far.wall.Seconds())
	if perDoc(single)/perDoc(near) < 0.85 {
		t.Error("pages are not bound by their extraction")
	}
	if near.cpu.Seconds()/far.cpu.Seconds() < 0.7 {
		t.Error("a server has less than 70 % of the throughput in process")
	}
	if near.rss > maxRSS {
		t.Errorf("the run took %d MB of memory, want at most %d", near.rss>>20, maxRSS>>20)
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

// measured runs winnow to its end.
func measured(t *testing.T, dir string, args ...string) ran {
	t.Helper()
	cmd := winnow(dir, args...)
	var stderr, stdout bytes.Buffer
	cmd.Stderr, cmd.Stdout = &stderr, &stdout
	begin := time.Now()
	if err := cmd.Run(); exitCode(err) > 0 {
		t.Fatalf("%v: %v\n%s", args, err, &stderr)
	}
	u := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return ran{wall: time.Since(begin), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), rss: u.Maxrss << 10, out: stdout.String()}
}

// engineAlone cleans up to n records of a file on one core and counts nothing
// else: the records are read before, some hundred at a time.
func engineAlone(t *testing.T, l *local, path string, n int) (r ran) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := archive.NewLines(f)
	for r.docs < n {
		var batch []*archive.Record
		for len(batch) < 200 && r.docs+len(batch) < n {
			rec, err := lines.Next()
			if err == io.EOF {
				n = 0
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			batch = append(batch, rec)
		}
		runtime.GC() // what reading has left is not the engine's
		begin, used := time.Now(), processors()
		for _, rec := range batch {
			in, o := l.input(rec)
			if _, err := l.engine.Clean(context.Background(), in, o); err != nil {
				t.Fatal(err)
			}
			r.docs++
			r.bytes += int64(len(rec.Source))
		}
		r.wall += time.Since(begin)
		r.cpu += processors() - used
	}
	return r
}

// shares cleans the first n records of a file by the engine alone on one core,
// and from JSON lines to JSON lines by a Bulk with two jobs, in turns of some
// thousand, so that what else the machine does concerns both alike.
func shares(t *testing.T, path string, n int) (engine, bulk ran) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	set, err := (&ruleFlags{}).set()
	if err != nil {
		t.Fatal(err)
	}
	l := &local{engine: clean.New(set)}
	lines := bufio.NewReaderSize(f, 1<<20)
	turn := filepath.Join(t.TempDir(), "turn.jsonl")
	ballast := make([]byte, ballastSize)
	for bulk.docs < n {
		var b bytes.Buffer
		for range 5000 {
			line, err := lines.ReadBytes('\n')
			b.Write(line)
			if err != nil {
				n = 0
				break
			}
		}
		if err := os.WriteFile(turn, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		one := engineAlone(t, l, turn, 5000)
		engine.docs, engine.bytes, engine.wall, engine.cpu = engine.docs+one.docs, engine.bytes+one.bytes, engine.wall+one.wall, engine.cpu+one.cpu
		sources, _, err := archive.Sources([]string{turn}, "")
		if err != nil {
			t.Fatal(err)
		}
		job := client.Bulk{Cleaner: l, Sources: sources, Output: turn + ".out", Format: archive.Format{Kind: archive.JSONL}, Jobs: 2}
		runtime.GC()
		begin, used := time.Now(), processors()
		if err := job.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		bulk.wall += time.Since(begin)
		bulk.cpu += processors() - used
		bulk.docs += int(job.Report.Documents)
		bulk.bytes += job.Report.Source
	}
	runtime.KeepAlive(ballast)
	return engine, bulk
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
