package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts compare with")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"winnow": main})
}

// TestScripts runs the scripts of testdata/script. Besides the usual commands
// they have:
//
//	serve ARGS      starts "winnow serve" on a free port and sets ADDR
//	hup             has the last server read its rules again
//	stopserver      ends the last server and fails where it does not drain
//	rc N ARGS       runs winnow and fails unless it exits with N
//	chat FILE       sends winnow clean - the lines of FILE one at a time, and
//	                waits for the answer to each before it sends the next
//	scrub FILE      replaces the revision of the rules by R
//	chomp FILE      takes the last line break away
//	latin FILE      writes a text that is not UTF-8
//	deep FILE       writes a page of 2,000 nested elements
//	longfields FILE writes records whose fields are longer than the service takes
//	bigline FILE N  writes a record whose text has N MB and ends in a stub
func TestScripts(t *testing.T) {
	seeds, err := filepath.Abs(filepath.Join("..", "..", "testdata", "seeds"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("SEEDS", seeds)
			e.Setenv("ARCHIVES", filepath.Join(filepath.Dir(seeds), "archives"))
			e.Values[serverKey{}] = &startedServer{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve":      cmdServe,
			"hup":        cmdHup,
			"stopserver": cmdStopServer,
			"rc":         cmdRC,
			"chat":       cmdChat,
			"bigline":    cmdBigLine,
			"scrub":      cmdScrub,
			"chomp": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.TrimSuffix(ts.ReadFile(args[0]), "\n")), 0o666))
			},
			"latin": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("Caf\xe9 au lait\n"), 0o666))
			},
			"longfields": func(ts *testscript.TestScript, neg bool, args []string) {
				var b strings.Builder
				for _, field := range []string{"url", "publisher", "title", "language", "id"} {
					fmt.Fprintf(&b, "{%q:%q,\"text\":\"The council met.\"}\n", field, "https://example.com/"+strings.Repeat("x", 9000))
				}
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o666))
			},
			"deep": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Repeat("<div>", 2000)+"deep"), 0o666))
			},
		},
		UpdateScripts:       *update,
		RequireExplicitExec: true,
	})
}

type serverKey struct{}

type startedServer struct {
	cmd *exec.Cmd
	log *lockedBuffer
}

var addressIn = regexp.MustCompile(`msg=serving address=(\S+)`)

func cmdServe(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(serverKey{}).(*startedServer)
	s.cmd = command(ts, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...))
	s.log = &lockedBuffer{}
	pipe, err := s.cmd.StderrPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	address := make(chan string, 1)
	go func() {
		for sc := bufio.NewScanner(pipe); sc.Scan(); {
			s.log.add(sc.Text())
			if m := addressIn.FindStringSubmatch(sc.Text()); m != nil {
				address <- m[1]
			}
		}
		close(address)
	}()
	cmd := s.cmd
	ts.Defer(func() { cmd.Process.Kill() })
	addr, ok := <-address
	if !ok {
		ts.Fatalf("the server did not start:\n%s", s.log)
	}
	ts.Setenv("ADDR", addr)
}

func cmdHup(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(serverKey{}).(*startedServer)
	before := s.log.len()
	ts.Check(s.cmd.Process.Signal(syscall.SIGHUP))
	for end := time.Now().Add(20 * time.Second); s.log.len() == before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("nothing came of the signal:\n%s", s.log)
		}
	}
}

func cmdStopServer(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(serverKey{}).(*startedServer)
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	if err := s.cmd.Wait(); err != nil {
		ts.Fatalf("the server: %v\n%s", err, s.log)
	}
}

func cmdRC(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: rc N ARGS")
	}
	err := ts.Exec("winnow", args[1:]...)
	got := "0"
	if err != nil {
		e, ok := err.(*exec.ExitError)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = strings.TrimPrefix(e.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

func cmdChat(ts *testscript.TestScript, neg bool, args []string) {
	lines := strings.SplitAfter(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n")
	cmd := command(ts, append([]string{"clean", "-"}, args[1:]...))
	in, err := cmd.StdinPipe()
	ts.Check(err)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	defer cmd.Process.Kill()
	answers := bufio.NewReader(out)
	for i, l := range lines {
		if !strings.HasSuffix(l, "\n") {
			l += "\n"
		}
		_, err := io.WriteString(in, l)
		ts.Check(err)
		timer := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
		answer, err := answers.ReadString('\n')
		timer.Stop()
		if err != nil {
			ts.Fatalf("no answer to line %d: %v", i+1, err)
		}
		ts.Logf("%s", answer)
	}
	in.Close()
	if rest, _ := io.ReadAll(answers); len(rest) > 0 {
		ts.Fatalf("more answers than lines: %q", rest)
	}
	ts.Check(cmd.Wait())
}

var revision = regexp.MustCompile(`"revision":"[0-9a-f]{12}"`)

func cmdScrub(ts *testscript.TestScript, neg bool, args []string) {
	out := revision.ReplaceAllString(ts.ReadFile(args[0]), `"revision":"R"`)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(out), 0o666))
}

func cmdBigLine(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	line := "The council met on Tuesday and spoke of the harbour for a long time, as councils do.\n"
	body := bytes.Repeat([]byte(line), n<<20/len(line)+1)
	var b bytes.Buffer
	b.WriteString(`{"id":"big","text":"`)
	b.Write(bytes.ReplaceAll(body, []byte("\n"), []byte(`\n`)))
	b.WriteString(`Post a Comment","after":1}` + "\n")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}

// command returns winnow with args in the folder and environment of a script.
func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	cmd := exec.Command("winnow", args...)
	path := ts.Getenv("PATH")
	for _, dir := range filepath.SplitList(path) {
		if p := filepath.Join(dir, "winnow"); fileExists(p) {
			cmd.Path, cmd.Err = p, nil
			break
		}
	}
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = []string{"PATH=" + path, "HOME=" + ts.Getenv("HOME"), "TMPDIR=" + ts.Getenv("TMPDIR")}
	return cmd
}

func fileExists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}
