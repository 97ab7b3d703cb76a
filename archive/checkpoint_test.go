package archive

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDraft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "deep", "out.jsonl")
	d, err := CreateDraft(path)
	if err != nil {
		t.Fatal(err)
	}
	d.WriteString("half and more")
	if _, err := OpenDraft(path); !errors.Is(err, ErrInUse) {
		t.Errorf("a second writer: %v", err)
	}
	d.Close() // as a process that is killed does
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something stands in the place of the results: %v", err)
	}

	// Gone on with, behind what counts.
	if d, err = OpenDraft(path); err != nil {
		t.Fatal(err)
	}
	if err := d.Truncate(4); err != nil {
		t.Fatal(err)
	}
	d.Seek(0, io.SeekEnd)
	d.WriteString(" and whole")
	if err := errors.Join(d.Sync(), d.Commit()); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "half and whole" {
		t.Errorf("the file holds %q", b)
	}

	// Taken back out of its place, and put there once more.
	if d, err = OpenDraft(path); err != nil {
		t.Fatal(err)
	}
	d.Close()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it stands in two places: %v", err)
	}
	for range 2 { // the second time there is nothing to do
		if err := FinishDraft(path); err != nil {
			t.Error(err)
		}
	}
	if err := FinishDraft(path + "2"); err == nil {
		t.Error("a draft that never was is finished")
	}

	// A new one begins empty, and goes without a trace.
	if d, err = CreateDraft(path); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(); err != nil {
		t.Error(err)
	}
	if list, _ := os.ReadDir(filepath.Dir(path)); len(list) != 1 {
		t.Errorf("more than the file is there: %v", list)
	}
	if b, _ := os.ReadFile(path); string(b) != "half and whole" {
		t.Errorf("the file holds %q", b)
	}
}

func TestDraftOfDevicesAndLinks(t *testing.T) {
	d, err := CreateDraft(os.DevNull)
	if err != nil || d.IsFile() {
		t.Fatalf("a device: %+v %v", d, err)
	}
	d.WriteString("gone")
	if err := errors.Join(d.Sync(), d.Commit()); err != nil {
		t.Error(err)
	}
	dir := t.TempDir()
	if _, err := CreateDraft(dir); err == nil {
		t.Error("a folder is a file")
	}
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	write(t, real, "old")
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	if d, err = CreateDraft(link); err != nil {
		t.Fatal(err)
	}
	d.WriteString("new")
	if err := d.Commit(); err != nil {
		t.Error(err)
	}
	if b, _ := os.ReadFile(real); string(b) != "new" {
		t.Errorf("through the link: %q", b)
	}
}

// TestLockEndsWithTheProcess: a run that was killed keeps nobody out.
func TestLockEndsWithTheProcess(t *testing.T) {
	if path := os.Getenv("WINNOW_TEST_DRAFT"); path != "" {
		if _, err := CreateDraft(path); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("ready\n")
		time.Sleep(time.Hour)
	}
	path := filepath.Join(t.TempDir(), "out")
	cmd := exec.Command(os.Args[0], "-test.run", "^TestLockEndsWithTheProcess$")
	cmd.Env = append(os.Environ(), "WINNOW_TEST_DRAFT="+path)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if b := make([]byte, 6); true {
		if _, err := io.ReadFull(out, b); err != nil || string(b) != "ready\n" {
			t.Fatalf("%q %v", b, err)
		}
	}
	if _, err := CreateDraft(path); !errors.Is(err, ErrInUse) {
		t.Errorf("while the other runs: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	d, err := CreateDraft(path)
	if err != nil {
		t.Fatalf("after it was killed: %v", err)
	}
	d.Close()
}

func TestCheckpoint(t *testing.T) {
	dir := t.TempDir()
	path := CheckpointPath(filepath.Join(dir, "out.jsonl"), false, "")
	if _, err := LoadCheckpoint(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
	in := filepath.Join(dir, "in.jsonl")
	write(t, in, "{}\n")
	sources, _, err := Sources([]string{in}, "")
	if err != nil {
		t.Fatal(err)
	}
	task := func(revision string, options map[string]string) Task {
		task, err := NewTask(sources, options, revision)
		if err != nil {
			t.Fatal(err)
		}
		return task
	}
	was := task("r1", map[string]string{"--profile": "light"})
	c := &Checkpoint{Task: was, Source: 3, Mark: Mark{Raw: 12, Line: 4}, Records: 9, Documents: 8, Outputs: []Output{{"out.jsonl", 77}}}
	for range 2 {
		if err := SaveCheckpoint(path, c); err != nil {
			t.Fatal(err)
		}
	}
	got, err := LoadCheckpoint(path)
	if err != nil || got.Mark != c.Mark || got.Source != 3 || got.Documents != 8 || got.Outputs[0] != c.Outputs[0] {
		t.Errorf("read back: %+v %v", got, err)
	}
	same := task("r1", map[string]string{"--profile": "light"})
	if why := same.Differs(got.Task); why != "" {
		t.Errorf("the same: %s", why)
	}
	other := task("r2", map[string]string{"--captions": "true"})
	if why, want := other.Differs(got.Task), `the rules have changed (revision r1 then, r2 now); the option --captions has changed ("" then, "true" now); `+
		`the option --profile has changed ("light" then, "" now)`; why != want {
		t.Errorf("other rules and options: %s", why)
	}
	write(t, in, "{}{}\n")
	if why, want := task("r1", was.Options).Differs(got.Task), "the input has changed: "+in+" had 3 bytes and now has 5"; why != want {
		t.Errorf("a larger input: %s", why)
	}
	os.Remove(in)
	if _, err := NewTask(sources, nil, ""); err == nil {
		t.Error("an input that is gone: no error")
	}
	if _, err := NewTask([]Source{{Path: "-"}}, nil, ""); err == nil || !strings.Contains(err.Error(), "cannot be read again") {
		t.Errorf("standard input: %v", err)
	}
	write(t, path+".new", "torn")
	if err := RemoveCheckpoint(path); err != nil {
		t.Error(err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 0 {
		t.Errorf("it left %v", list)
	}
	if p := CheckpointPath(dir, true, "2-of-8"); p != filepath.Join(dir, ".winnow-2-of-8.checkpoint") {
		t.Errorf("in a folder: %s", p)
	}
}

// TestManyInputs: a checkpoint over many files does not grow with them.
func TestManyInputs(t *testing.T) {
	dir := t.TempDir()
	for i := range 200 {
		write(t, filepath.Join(dir, strings.Repeat("x", i+1)), "text")
	}
	sources, _, err := Sources([]string{dir}, "")
	if err != nil {
		t.Fatal(err)
	}
	a, err := NewTask(sources, nil, "")
	if err != nil || len(a.Sources) != 0 {
		t.Fatalf("%d sources are named, %v", len(a.Sources), err)
	}
	write(t, filepath.Join(dir, "x"), "longer")
	b, err := NewTask(sources, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if why := b.Differs(a); !strings.HasPrefix(why, "the input has changed: its files") {
		t.Errorf("one of many has changed: %q", why)
	}
}

func TestAppendFailed(t *testing.T) {
	in := `{"id":7,"url":"https://a.example/","text":"one\ntwo","n":1.50,"captured":"2024-05-06"}`
	rec := readAll(t, in, "")[0]
	line := string(rec.AppendFailed(nil, Failure{Error{"INTERNAL", "X", "m"}, "in.jsonl", 4, 99}))
	want := `{"id":7,"url":"https://a.example/","text":"one\ntwo","n":1.50,"captured":"2024-05-06",` +
		`"error":{"code":"INTERNAL","reason":"X","message":"m","file":"in.jsonl","line":4,"offset":99}}` + "\n"
	if line != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
	res := &Result{Text: "one"}
	again := readAll(t, line, "")[0]
	if a, b := string(rec.AppendResult(nil, res)), string(again.AppendResult(nil, res)); a != b || again.Err != nil {
		t.Errorf("cleaned again: %s\nat first:      %s", b, a)
	}
	// An error of somebody else's is no trace of ours.
	theirs := readAll(t, `{"text":"x","error":{"code":1}}`, "")[0]
	if len(theirs.Warnings) != 1 || theirs.Warnings[0].Code != FieldReplaced {
		t.Errorf("warnings %v", theirs.Warnings)
	}
	// What is no Unicode comes back byte for byte.
	latin := &Record{ID: "p", IsPage: true, Source: []byte("caf\xe9"), Charset: "latin1"}
	got := string(latin.AppendFailed(nil, Failure{File: "p.html"}))
	if want := `{"id":"p","charset":"latin1","html_base64":"Y2Fm6Q==","error":{"code":"","reason":"","message":"","file":"p.html","offset":0,"added":["charset"]}}` + "\n"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	back := readAll(t, got, "")[0]
	if a, b := string(latin.AppendResult(nil, res)), string(back.AppendResult(nil, res)); a != b {
		t.Errorf("cleaned again: %s\nat first:      %s", b, a)
	}
	if string(back.Source) != "caf\xe9" || !back.IsPage || !back.Coded || back.Charset != "latin1" || len(back.Warnings) > 0 || back.Err != nil {
		t.Errorf("read back as %+v", back)
	}
	if twice := string(back.AppendFailed(nil, Failure{File: "p.html"})); twice != got {
		t.Errorf("failed again: %s", twice)
	}
}
