package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"winnow/client"
)

// served runs winnow with args in the background until the test ends, and
// returns the addresses that it logs, by the message they come with.
func served(t *testing.T, wait []string, args ...string) map[string]string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	pr, pw := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, args, strings.NewReader(""), io.Discard, pw)
		pw.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != exitDone {
			t.Errorf("winnow %s ended with %d", args[0], code)
		}
	})
	logged := regexp.MustCompile(`msg="?([a-z ]+?)"? address=(\S+)`)
	addresses, found := make(chan [2]string), map[string]string{}
	var said strings.Builder
	go func() {
		defer close(addresses)
		for sc := bufio.NewScanner(pr); sc.Scan(); {
			said.WriteString(sc.Text() + "\n")
			if m := logged.FindStringSubmatch(sc.Text()); m != nil {
				addresses <- [2]string{m[1], m[2]}
			}
		}
	}()
	for len(found) < len(wait) {
		a, ok := <-addresses
		if !ok {
			t.Fatalf("winnow %v did not serve:\n%s", args, said.String())
		}
		found[a[0]] = a[1]
	}
	go func() {
		for range addresses {
		}
	}()
	return found
}

// A reader of pages keeps cookies and the token of the last form.
type reader struct {
	t    *testing.T
	base string
	http.Client
	csrf string
}

func newReader(t *testing.T, base string) *reader {
	jar, _ := cookiejar.New(nil)
	return &reader{t: t, base: base, Client: http.Client{Jar: jar}}
}

func (r *reader) page(path string, form url.Values) string {
	r.t.Helper()
	var resp *http.Response
	var err error
	if form == nil {
		resp, err = r.Get(r.base + path)
	} else {
		form.Set("csrf", r.csrf)
		resp, err = r.PostForm(r.base+path, form)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %s, %v", path, resp.Status, err)
	}
	if m := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindSubmatch(b); m != nil {
		r.csrf = string(m[1])
	}
	return string(b)
}

func mustHold(t *testing.T, what string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(what, p) {
			t.Errorf("%q is missing in\n%s", p, what)
		}
	}
}

const tooWide = `publisher: dailyexample.com
rules:
  - id: read-more
    category: related
    why: Links to other stories.
    where: anywhere
    regexp: 'Read more .*'
    remove: ['[-Read more about the harbour-]']
    keep: ['He read more than he wrote.']
`

const quayStory = "The council met on Tuesday evening in the old customs house by the quay.\n" +
	"Read more letters before judging, said Professor Miriam Okafor.\nFerries sail as usual.\n"

func writeQuay(t *testing.T) (dir, packs string) {
	t.Helper()
	dir = t.TempDir()
	packs = filepath.Join(dir, "packs")
	if err := os.Mkdir(packs, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"packs/daily.yaml": tooWide,
		"in.jsonl": `{"id":"quay","publisher":"dailyexample.com","title":"On the quay","text":` + `"` + strings.ReplaceAll(quayStory, "\n", `\n`) + `"}` + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir, packs
}

// TestAuditServe: what winnow clean recorded is there to see, and what is said
// of it holds for the next run.
func TestAuditServe(t *testing.T) {
	dir, packs := writeQuay(t)
	in, record, said := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "record.db"), filepath.Join(dir, "said.jsonl")
	clean := func() string {
		var out, errs bytes.Buffer
		if code := run(context.Background(), []string{"clean", in, "--rules", packs, "--no-builtin", "--feedback", said, "--audit", record}, nil, &out, &errs); code != exitDone {
			t.Fatalf("clean ended with %d: %s", code, errs.String())
		}
		return out.String()
	}
	if got := clean(); strings.Contains(strings.SplitN(got, `"removed"`, 2)[0], "Okafor") {
		t.Fatalf("nothing was removed: %s", got)
	}
	at := served(t, []string{"audit page"}, "audit", "serve", "--audit", record, "--rules", packs, "--no-builtin", "--feedback", said, "--listen", "127.0.0.1:0", "--who", "Ann")
	r := newReader(t, at["audit page"])
	mustHold(t, r.page("/", nil), "1 document recorded", "dailyexample.com/read-more")
	mustHold(t, r.page("/documents/1", nil), "On the quay", "Read more letters before judging")
	mustHold(t, r.page("/documents/1/mark", url.Values{"wrong": {"0"}, "why-0": {"a sentence of the story"}}), "went to shadow mode")
	mustHold(t, r.page("/documents/1/replay", url.Values{}), "The document comes back whole.")
	mustHold(t, r.page("/history", nil), "Ann", "a sentence of the story")
	if got := clean(); !strings.Contains(strings.SplitN(got, `"removed"`, 2)[0], "Okafor") {
		t.Errorf("the next run removes it again: %s", got)
	}
	mustHold(t, r.page("/documents/2", nil), "0 removals", "1 reported only")
}

// TestServeHTTP: the page beside the service shows what the service did, and a
// mark on it changes what the service does.
func TestServeHTTP(t *testing.T) {
	dir, packs := writeQuay(t)
	at := served(t, []string{"audit page", "serving"}, "serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--rules", packs, "--no-builtin",
		"--audit", filepath.Join(dir, "record.db"), "--audit-required", "--feedback", filepath.Join(dir, "said.jsonl"))
	c, err := client.Dial(at["serving"])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	clean := func() string {
		res, err := c.Clean(context.Background(), client.Document{Text: []byte(quayStory), Publisher: "dailyexample.com"}, client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return res.Clean
	}
	if got := clean(); strings.Contains(got, "Okafor") {
		t.Fatalf("nothing was removed: %q", got)
	}
	r := newReader(t, at["audit page"])
	mustHold(t, r.page("/documents/1", nil), "Read more letters before judging")
	mustHold(t, r.page("/documents/1/mark", url.Values{"wrong": {"0"}}), "went to shadow mode")
	if got := clean(); got != quayStory {
		t.Errorf("after the mark: %q", got)
	}
}

func TestAuditServeRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, body string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	in, record := file("in.txt", "The council met.\n"), filepath.Join(dir, "record.db")
	if code := run(context.Background(), []string{"clean", in, "--audit", record}, nil, io.Discard, io.Discard); code != exitDone {
		t.Fatal("no record")
	}
	long := file("long", "a-token-for-this-test\n")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"which record?", []string{"audit", "serve", "--audit", ""}},
		{"there is no record at", []string{"audit", "serve", "--audit", filepath.Join(dir, "none.db")}},
		{"asks for --token-file", []string{"audit", "serve", "--audit", record, "--listen", "0.0.0.0:0"}},
		{"asks for TLS", []string{"audit", "serve", "--audit", record, "--listen", "0.0.0.0:0", "--token-file", long}},
		{"holds no token", []string{"audit", "serve", "--audit", record, "--token-file", file("empty", "\n")}},
		{"shorter than 16 bytes", []string{"audit", "serve", "--audit", record, "--token-file", file("short", "secret\n")}},
		{"noted:2: a token is shorter than 16 bytes", []string{"audit", "serve", "--audit", record, "--token-file", file("noted", "# of the audit desk\nsecret\n")}},
		{"holds no token", []string{"audit", "serve", "--audit", record, "--token-file", file("notes", "# of the audit desk, to come\n")}},
		{"no such file", []string{"audit", "serve", "--audit", record, "--tls-cert", filepath.Join(dir, "none.pem"), "--tls-key", filepath.Join(dir, "none.pem")}},
		{"--http shows the record that --audit keeps", []string{"serve", "--http", "127.0.0.1:0"}},
		{"asks for --token-file", []string{"serve", "--http", "0.0.0.0:0", "--audit", record, "--listen", "127.0.0.1:0"}},
	} {
		var errs bytes.Buffer
		if code := run(context.Background(), c.args, nil, io.Discard, &errs); code != exitBroken || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%v: %d, %s", c.args, code, errs.String())
		}
	}
}
