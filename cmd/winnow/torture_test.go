//go:build unix

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	kills       = flag.Int("kills", 10, "how often the torture test kills a run")
	tortureSeed = flag.Uint64("torture-seed", 0, "the seed of the torture test; 0 takes one from the clock and prints it")
)

// A torture is a run that is killed again and again.
type torture struct {
	name    string
	input   func(t *testing.T, dir string) []string // makes the input and returns its arguments
	args    []string
	servers int  // clean by so many servers; one of two is killed now and then as well
	short   bool // is part of the short test
}

// tortures are the formats that runs are killed over. Each writes below a folder
// "out", which is compared as a whole.
func tortures() []torture {
	file := func(name string, n int, to ...string) func(*testing.T, string) []string {
		return func(t *testing.T, dir string) []string {
			writeArchive(t, filepath.Join(dir, "in.jsonl"), n)
			if len(to) == 0 {
				return []string{"in.jsonl", "-o", "out/" + name}
			}
			// What winnow itself writes is an input of another format.
			if out, err := winnow(dir, append([]string{"clean", "in.jsonl", "--no-builtin", "-o", name}, to...)...).CombinedOutput(); exitCode(err) > 1 {
				t.Fatalf("%v\n%s", err, out)
			}
			return []string{name, "-o", "out/" + name}
		}
	}
	all := []torture{
		{name: "jsonl", short: true, input: file("x.jsonl", 1500), args: []string{"--removed", "out/removed.jsonl", "--errors", "out/errors.jsonl"}},
		{name: "jsonl.gz", input: file("x.jsonl.gz", 1500, members("jsonl.gz")...), args: []string{"--errors", "out/errors.jsonl"}},
		{name: "jsonl.zst", short: true, input: file("x.jsonl.zst", 1500, members("jsonl.zst")...), args: []string{"--removed", "out/removed.jsonl.zst"}},
		{name: "parquet", short: true, input: file("x.parquet", 1500, "--to", "parquet"), args: []string{"--removed", "out/removed.parquet"}},
		{name: "wet", input: file("x.wet.gz", 1500, "--to", "wet.gz"), args: []string{"--errors", "out/errors.jsonl"}},
		{name: "warc", input: warc("x.warc", "x.wet"), args: []string{"--removed", "out/removed.jsonl.gz", "--errors", "out/errors.jsonl"}},
		{name: "warc.gz", short: true, input: warc("x.warc.gz", "x.wet.gz"), args: []string{"--errors", "out/errors.jsonl"}},
		{name: "warc.gz to parquet", input: warc("x.warc.gz", "x.parquet")},
		{name: "warc.gz in shards", input: warc("x.warc.gz", "x.jsonl.zst"), args: []string{"--shard", "1/2", "--limit", "200"}},
		{name: "tar", input: file("x.tar.zst", 1500, "--to", "tar.zst")},
		{name: "shard", input: file("x.jsonl", 2500), args: []string{"--shard", "2/3", "--sample", "0.9", "--limit", "700"}},
		{name: "folder", short: true, input: folder, args: []string{"--errors", "out/errors.jsonl"}},
		{name: "one server", input: file("x.jsonl", 1000), servers: 1, args: []string{"--errors", "out/errors.jsonl"}},
		{name: "two servers", short: true, input: file("x.jsonl.gz", 1000, "--to", "jsonl.gz"), servers: 2},
		{name: "folder by two servers", input: folder, servers: 2},
		{name: "warc.gz by two servers", input: warc("x.warc.gz", "x.jsonl"), servers: 2, args: []string{"--errors", "out/errors.jsonl"}},
	}
	if _, err := exec.LookPath("bzip2"); err == nil {
		all = append(all, torture{name: "jsonl.bz2", input: func(t *testing.T, dir string) []string {
			writeArchive(t, filepath.Join(dir, "in.jsonl"), 1000)
			if out, err := exec.Command("bzip2", "-1", filepath.Join(dir, "in.jsonl")).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			return []string{"in.jsonl.bz2", "-o", "out/x.jsonl"}
		}})
	}
	return all
}

// members are the options that make an archive of many members.
func members(format string) []string { return []string{"--to", format, "--checkpoint-every", "70"} }

// warc makes an archive as a crawler leaves it.
func warc(in, out string) func(*testing.T, string) []string {
	return func(t *testing.T, dir string) []string {
		writeWARC(t, filepath.Join(dir, in), 500)
		return []string{in, "-o", "out/" + out}
	}
}

// writeWARC writes what a crawler would have fetched: n pages and texts, of which
// bodies are in chunks or compressed, with the requests for them, revisits,
// pictures, and records that are damaged. With .gz each record is a member.
func writeWARC(t *testing.T, path string, n int) {
	r := rand.New(rand.NewPCG(11, uint64(n)))
	var b bytes.Buffer
	record := func(kind, uri, block string) {
		out := io.Writer(&b)
		if strings.HasSuffix(path, ".gz") {
			z := gzip.NewWriter(&b)
			defer z.Close()
			out = z
		}
		fmt.Fprintf(out, "WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:%08x-0000-4000-8000-000000000000>\r\n", kind, b.Len())
		fmt.Fprintf(out, "WARC-Date: 2024-05-06T07:08:09Z\r\nWARC-Target-URI: %s\r\nContent-Type: application/http; msgtype=%s\r\n", uri, kind)
		fmt.Fprintf(out, "Content-Length: %d\r\n\r\n%s\r\n\r\n", len(block), block)
	}
	for i := range n {
		uri := fmt.Sprintf("https://site%d.example.com/%d", i%9, i)
		body, header := pageOf(story(r, i)), "Content-Type: text/html; charset=utf-8\r\n"
		switch i % 7 {
		case 1:
			var z bytes.Buffer
			w := gzip.NewWriter(&z)
			io.WriteString(w, body)
			w.Close()
			body, header = z.String(), header+"Content-Encoding: gzip\r\n"
		case 2:
			half := len(body) / 2
			body = fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", half, body[:half], len(body)-half, body[half:])
			header += "Transfer-Encoding: chunked\r\n"
		case 3:
			body, header = story(r, i), "Content-Type: text/plain\r\n"
		case 4:
			body, header = "<html><body><p>na\xefve caf\xe9 \xff", "Content-Type: text/html; charset=klingon\r\n"
		}
		record("request", uri, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
		record("response", uri, "HTTP/1.1 200 OK\r\n"+header+"\r\n"+body)
		switch {
		case i%11 == 3:
			record("revisit", uri, "HTTP/1.1 200 OK\r\n\r\n")
		case i%13 == 5:
			record("response", uri+".png", "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG")
		case i%50 == 17:
			b.WriteString("what stands here is no record\r\n\r\n")
		}
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// folder makes a tree of texts, pages and archives.
func folder(t *testing.T, dir string) []string {
	r := rand.New(rand.NewPCG(5, 5))
	for i := range 400 {
		name := filepath.Join(dir, "tree", fmt.Sprint(i%7), fmt.Sprintf("doc%d", i))
		body := story(r, i)
		if i%5 == 0 {
			name, body = name+".html", pageOf(body)
		} else {
			name += ".txt"
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(body), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	writeArchive(t, filepath.Join(dir, "tree", "3", "many.jsonl"), 500)
	writeArchive(t, filepath.Join(dir, "tree", "few.jsonl"), 60)
	return []string{"tree", "-o", "out/"}
}

// writeArchive writes n records, of which some cannot be cleaned or read.
func writeArchive(t *testing.T, path string, n int) {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	var b bytes.Buffer
	for i := range n {
		switch {
		case i%97 == 13:
			fmt.Fprintf(&b, "{\"id\":\"broken%d\",\"text\":\n", i)
		case i%89 == 20:
			fmt.Fprintf(&b, "{\"id\":\"charset%d\",\"html\":\"<p>\\u00ff\",\"charset\":\"klingon\"}\n", i)
		case i%61 == 3:
			b.WriteByte('\n')
		case i%20 == 7:
			fmt.Fprintf(&b, "{\"id\":\"page%d\",\"url\":\"https://site%d.example.com/%d\",\"html\":%q}\n", i, i%9, i, pageOf(story(r, i)))
		default:
			fmt.Fprintf(&b, "{\"id\":\"doc%d\",\"publisher\":\"site%d.example\",\"text\":%q,\"n\":%d}\n", i, i%31, story(r, i), i)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// story is a text with furniture at its end, of some kilobytes.
func story(r *rand.Rand, i int) string {
	var b strings.Builder
	for range 5 + r.IntN(25) {
		fmt.Fprintf(&b, "The council of town %d met on day %d and spoke of the harbour for %d hours, as councils do when harbours are discussed.\n", r.IntN(1000), r.IntN(365), r.IntN(10))
	}
	b.WriteString([]string{"Post a Comment\n", "Share this article\nNo comments:\nPost a Comment\n", "Sign up for our free daily newsletter\n", ""}[i%4])
	return b.String()
}

func pageOf(text string) string {
	return "<html><head><title>T</title></head><body><article><p>" + strings.ReplaceAll(strings.TrimSpace(text), "\n", "</p><p>") + "</p></article></body></html>"
}

// TestTorture kills runs with SIGKILL at random instants and goes on with them
// until they are done. What they leave must be, file for file and byte for byte,
// what a run leaves that nobody disturbed. `make torture` kills 200 times and
// more.
func TestTorture(t *testing.T) {
	if testing.Short() {
		t.Skip("kills real runs")
	}
	seed := *tortureSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	all := tortures()
	if *kills < 100 {
		all = slices.DeleteFunc(all, func(c torture) bool { return !c.short })
	}
	total, resumed := 0, 0
	for i, c := range all {
		n := *kills / len(all)
		if i < *kills%len(all) {
			n++
		}
		t.Run(c.name, func(t *testing.T) {
			k, r := c.run(t, rand.New(rand.NewPCG(seed, uint64(i))), n)
			total += k
			resumed += r
		})
	}
	t.Logf("%d runs were killed, %d went on from a checkpoint", total, resumed)
	if (total < *kills || resumed < total/4) && !t.Failed() {
		t.Errorf("%d of %d kills hit a run, and %d runs went on from a checkpoint", total, *kills, resumed)
	}
}

// run kills runs of c at least n times. It returns how often it did, and how many
// runs went on from a checkpoint.
func (c torture) run(t *testing.T, r *rand.Rand, n int) (killed, resumed int) {
	dir := t.TempDir()
	args := append(append([]string{"clean"}, c.input(t, dir)...), "--checkpoint-every", "50", "-j", "3")
	args = append(args, c.args...)
	if c.servers == 0 {
		args = append(args, "--no-builtin", "--rules", "packs")
	}
	writePack(t, dir)

	// The results of a run that nobody disturbs, in process always.
	begin := time.Now()
	local := args
	if c.servers > 0 {
		local = append(slices.Clone(args), "--no-builtin", "--rules", "packs")
	}
	if out, err := winnow(dir, local...).CombinedOutput(); exitCode(err) > 1 {
		t.Fatalf("undisturbed: %v\n%s", err, out)
	}
	took := time.Since(begin)
	want := treeOf(t, filepath.Join(dir, "out"))
	if len(want) == 0 {
		t.Fatal("the undisturbed run has written nothing")
	}

	var servers []*cleanServer
	for range c.servers {
		s := startServer(t, dir)
		servers = append(servers, s)
		args = append(args, "--server", s.addr)
	}
	for killed < n {
		if err := os.RemoveAll(filepath.Join(dir, "out")); err != nil {
			t.Fatal(err)
		}
		stop := disturb(t, servers, r, took)
		for done := false; !done; {
			var hit, went bool
			hit, went, done = c.once(t, r, dir, append(slices.Clone(args), "--resume", "--progress"), took)
			if hit {
				killed++
			}
			if went {
				resumed++
			}
		}
		stop()
		got := treeOf(t, filepath.Join(dir, "out"))
		for _, name := range slices.Sorted(mapsKeys(want, got)) {
			if got[name] != want[name] {
				t.Errorf("%s: %s, want %s", name, got[name], want[name])
			}
		}
		if t.Failed() {
			t.Fatalf("after %d kills; the arguments were %v", killed, args)
		}
	}
	t.Logf("undisturbed %v; killed %d times, went on %d times, in %v", took.Round(time.Millisecond), killed, resumed, time.Since(begin).Round(time.Millisecond))
	return killed, resumed
}

// once runs winnow and kills it after some time, or a moment after it has done
// something with its files. It reports whether it was killed, whether it went on
// from a checkpoint, and whether it had ended by itself.
func (c torture) once(t *testing.T, r *rand.Rand, dir string, args []string, took time.Duration) (hit, resumed, done bool) {
	cmd := winnow(dir, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	wait := time.Duration(r.Int64N(int64(took + took/4)))
	poll := time.NewTicker(200 * time.Microsecond)
	defer poll.Stop()
	deadline := time.After(wait)
	event := r.IntN(2) == 0
	before := namesIn(filepath.Join(dir, "out"))
	for {
		select {
		case err := <-ended:
			if exitCode(err) > 1 {
				t.Fatalf("%v\n%s", err, &stderr)
			}
			return false, goesOn(&stderr), true
		case <-deadline:
		case <-poll.C:
			if !event || time.Duration(r.Int64N(int64(took))) < took*9/10 || slices.Equal(before, namesIn(filepath.Join(dir, "out"))) {
				continue
			}
		}
		cmd.Process.Kill()
		err := <-ended
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
			return true, goesOn(&stderr), false
		}
		if exitCode(err) > 1 {
			t.Fatalf("%v\n%s", err, &stderr)
		}
		return false, goesOn(&stderr), true // it was faster
	}
}

func goesOn(stderr *bytes.Buffer) bool { return strings.Contains(stderr.String(), "going on after") }

// namesIn are the files in a folder, with when they were changed.
func namesIn(dir string) []string {
	var names []string
	list, _ := os.ReadDir(dir)
	for _, e := range list {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".checkpoint") {
			names = append(names, e.Name()+info.ModTime().String())
		} else {
			names = append(names, e.Name())
		}
	}
	return names
}

// treeOf returns the hash of each file below dir, the hidden ones as well.
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	tree := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		sum := sha256.Sum256(b)
		tree[strings.TrimPrefix(p, dir)] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func mapsKeys(a, b map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range a {
			if !yield(k) {
				return
			}
		}
		for k := range b {
			if _, ok := a[k]; !ok && !yield(k) {
				return
			}
		}
	}
}

// winnow is a command of the program under test, which this program is as well.
func winnow(dir string, args ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Args[0] = "winnow"
	cmd.Dir = dir
	return cmd
}

// exitCode is the code of a command that ended, 0 where err is nil and 100
// where it is no exit.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if exit.ExitCode() < 0 {
			return 100
		}
		return exit.ExitCode()
	}
	return 100
}

func writePack(t *testing.T, dir string) {
	t.Helper()
	pack := `any: stubs
rules:
  - id: post
    category: comments
    why: The link to the comment form.
    where: tail
    text: Post a Comment
    remove: ["[-Post a Comment-]"]
    keep: [Post a Comment to your diary.]
  - id: share
    category: share
    why: A heading over buttons.
    where: tail
    text: Share this article
    remove: ["[-Share this article-]"]
    keep: [Share this article of faith with nobody.]
  - id: sign
    category: subscribe
    why: An invitation.
    where: tail
    text: Sign up for our free daily newsletter
    remove: ["[-Sign up for our free daily newsletter-]"]
    keep: [Sign up for our free daily newsletter was all it said.]
`
	if err := os.MkdirAll(filepath.Join(dir, "packs"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "packs", "stubs.yaml"), []byte(pack), 0o666); err != nil {
		t.Fatal(err)
	}
}

// A cleanServer is a server that can be killed and started again at its address.
type cleanServer struct {
	t    *testing.T
	dir  string
	addr string
	cmd  *exec.Cmd
}

func startServer(t *testing.T, dir string) *cleanServer {
	t.Helper()
	s := &cleanServer{t: t, dir: dir, addr: "127.0.0.1:0"}
	s.start()
	t.Cleanup(s.kill)
	return s
}

// start starts the server; the first time it takes a free port and keeps it.
func (s *cleanServer) start() {
	s.cmd = winnow(s.dir, "serve", "--listen", s.addr, "--no-builtin", "--rules", "packs")
	s.begin()
}

// begin starts the command and waits until it serves.
func (s *cleanServer) begin() {
	pipe, err := s.cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	var log bytes.Buffer
	buf := make([]byte, 4096)
	for {
		n, err := pipe.Read(buf)
		log.Write(buf[:n])
		if m := addressIn.FindSubmatch(log.Bytes()); m != nil {
			s.addr = string(m[1])
			break
		}
		if err != nil {
			s.t.Fatalf("the server did not start:\n%s", &log)
		}
	}
	go func() { // what else it says
		for {
			if _, err := pipe.Read(buf); err != nil {
				return
			}
		}
	}()
}

func (s *cleanServer) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// disturb kills one of two servers now and then and brings it back, until the
// function that it returns is called.
func disturb(t *testing.T, servers []*cleanServer, r *rand.Rand, took time.Duration) (stop func()) {
	if len(servers) < 2 {
		return func() {}
	}
	waits := rand.New(rand.NewPCG(r.Uint64(), 1))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-time.After(took/4 + time.Duration(waits.Int64N(int64(took)))):
			case <-ctx.Done():
				return
			}
			s := servers[i%len(servers)]
			s.kill()
			time.Sleep(time.Duration(waits.Int64N(int64(50 * time.Millisecond))))
			s.start()
		}
	}()
	return func() { cancel(); <-done }
}

// TestFullDisk cleans onto a disk that is too small, which then grows bit by bit.
// Each run must end with exit code 2 and say why, leave nothing in the place of
// the results, and the last one leave what an undisturbed run leaves.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	writePack(t, dir)
	writeArchive(t, filepath.Join(dir, "in.jsonl"), 1500)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(dir, "winnow")); err != nil {
		t.Skip(err)
	}
	script := `
clean() { ./winnow clean in.jsonl --no-builtin --rules packs --checkpoint-every 50 "$@" || test $? = 1; } # some items fail
mkdir small && mount -t tmpfs -o size=64k tmpfs small || exit 42
set -e
clean -o want.jsonl.gz --errors wanterrors.jsonl
clean -o large.jsonl
full=0
size=64
until clean -o small/out.jsonl --errors small/errors.jsonl --resume 2>err; do
	grep -q 'no space left on device' err || { cat err; exit 3; }
	test ! -e small/out.jsonl
	full=$((full + 1))
	size=$((size + 400))
	mount -o remount,size=${size}k tmpfs small
done
cmp small/out.jsonl large.jsonl
cmp small/errors.jsonl wanterrors.jsonl
test "$(ls -A small | sort | tr '\n' ' ')" = "errors.jsonl out.jsonl "
rm small/*
mount -o remount,size=64k tmpfs small
until clean -o small/out.jsonl.gz --resume 2>err; do
	grep -q 'no space left on device' err || { cat err; exit 3; }
	full=$((full + 1))
	size=$((size + 16))
	mount -o remount,size=${size}k tmpfs small
done
cmp small/out.jsonl.gz want.jsonl.gz
echo "the disk was full $full times"
test $full -ge 5
`
	cmd := exec.Command("unshare", "--map-root-user", "--mount", "sh", "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if exitCode(err) == 42 || exitCode(err) == 100 || bytes.HasPrefix(out, []byte("unshare:")) {
		t.Skipf("no small disk can be mounted here: %s", out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
