package page_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"winnow/audit"
	"winnow/audit/page"
	"winnow/audit/sqlstore"
	"winnow/rules"
	"winnow/text"
)

// harbourPack holds a rule that takes too much: what begins like its examples
// and is a sentence of a story.
const harbourPack = `
publisher: dailyexample.com
rules:
  - id: read-more
    category: related
    why: Links to other stories, set between paragraphs.
    where: anywhere
    regexp: 'Read more .*'
    remove: ['[-Read more about the harbour-]']
    keep: ['He read more than he wrote.']
  - id: alerts
    category: subscribe
    why: An invitation to text alerts.
    where: anywhere
    regexp: 'Get ferry alerts by text\.?'
    remove: ['[-Get ferry alerts by text.-]']
    keep: ['Get ferry alerts by text before you leave, she said.']
  - id: quiet
    category: share
    mode: shadow
    why: Share rows, on trial.
    where: anywhere
    regexp: 'Share this story'
    remove: ['[-Share this story-]']
    keep: ['Share this story with nobody, he said.']
`

const (
	wrongText = "The council met on Tuesday evening in the old customs house by the quay.\n" +
		"Read more letters before judging, said Professor Miriam Okafor, who has kept 4711 of them since 1987.\n" +
		"The work begins in March and takes six weeks. Ferries sail as usual.\n"
	rightText = "Ferries sail as usual until the spring, the harbour board said.\n" +
		"Get ferry alerts by text.\nShare this story\n"
)

// quay returns wrongText with another number in what is removed.
func quay(i int) string { return strings.Replace(wrongText, "4711", strconv.Itoa(4711+i), 1) }

// A fixture is a page over a record of its own, with rules that can be changed.
type fixture struct {
	t      testing.TB
	store  *sqlstore.DB
	server *httptest.Server
	set    atomic.Pointer[rules.Set]
	file   string // of feedback
	clock  time.Time
	ids    map[string]audit.ID // of recorded documents, by their names
}

// newFixture serves a page. change may alter its configuration.
func newFixture(t testing.TB, change func(*page.Config)) *fixture {
	t.Helper()
	dir := t.TempDir()
	store, err := sqlstore.OpenSQLite(context.Background(), filepath.Join(dir, "record.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	f := &fixture{t: t, store: store, file: filepath.Join(dir, "feedback.jsonl"), clock: time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC), ids: map[string]audit.ID{}}
	if err := f.load(); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return f.clock }
	c := page.Config{Store: store, Rules: f.set.Load, Now: now, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Who: "tester",
		Desk: &audit.Desk{Store: store, Rules: f.set.Load, File: f.file, Reload: f.load, Now: now}}
	if change != nil {
		change(&c)
	}
	p, err := page.New(c)
	if err != nil {
		t.Fatal(err)
	}
	f.server = httptest.NewServer(p)
	t.Cleanup(f.server.Close)
	return f
}

// load puts the packs and what was said of them in force.
func (f *fixture) load() error {
	pack, err := rules.ParsePack("daily.yaml", []byte(harbourPack))
	if err != nil {
		return err
	}
	packs := []*rules.Pack{pack}
	data, err := os.ReadFile(f.file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if packs, err = rules.ApplyFeedback(packs, f.file, data); err != nil {
		return err
	}
	set, err := rules.NewSet(packs...)
	if err != nil {
		return err
	}
	f.set.Store(set)
	return nil
}

func sum(t string) string {
	h := sha256.Sum256([]byte(t))
	return hex.EncodeToString(h[:])
}

// record cleans a text by the rules in force and records that.
func (f *fixture) record(name, t string) audit.ID {
	f.t.Helper()
	doc := &text.Document{ID: name, URL: "https://dailyexample.com/" + name, Publisher: "dailyexample.com", Title: "On " + name, Text: t}
	set := f.set.Load()
	out := set.Apply(doc, rules.Options{})
	d := audit.NewDecision(doc, out, rules.Options{}, set.Revision(), f.clock)
	d.Profile, d.Sums = "standard", audit.Sums{Source: sum(t), Extracted: sum(t), Clean: sum(out.Clean)}
	return f.keep(name, d)
}

func (f *fixture) keep(name string, d *audit.Decision) audit.ID {
	f.t.Helper()
	if err := f.store.Record(context.Background(), []*audit.Decision{d}); err != nil {
		f.t.Fatal(err)
	}
	f.ids[name] = d.ID
	return d.ID
}

// A visitor is a browser as far as cookies and forms go.
type visitor struct {
	*fixture
	http.Client
	csrf string
}

func (f *fixture) visitor() *visitor {
	jar, _ := cookiejar.New(nil)
	v := &visitor{fixture: f}
	v.Jar = jar
	v.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return v
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// do sends a request, whose header may be changed, and reads the answer.
func (v *visitor) do(method, path string, form url.Values, change func(*http.Request)) (*http.Response, string) {
	v.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, v.server.URL+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if change != nil {
		change(req)
	}
	resp, err := v.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if m := csrfField.FindStringSubmatch(string(b)); m != nil {
		v.csrf = m[1]
	}
	return resp, string(b)
}

// get reads a page that must be there.
func (v *visitor) get(path string) string {
	v.t.Helper()
	resp, body := v.do("GET", path, nil, nil)
	if resp.StatusCode != http.StatusOK {
		v.t.Fatalf("GET %s: %s\n%s", path, resp.Status, between(body, "<main", "</main>"))
	}
	return body
}

// post sends a form with the token that was given last, and follows to the page that it leads to.
func (v *visitor) post(path string, form url.Values) string {
	v.t.Helper()
	form.Set("csrf", v.csrf)
	resp, body := v.do("POST", path, form, nil)
	if resp.StatusCode == http.StatusSeeOther {
		return v.get(strings.SplitN(resp.Header.Get("Location"), "#", 2)[0])
	}
	if resp.StatusCode != http.StatusOK {
		v.t.Fatalf("POST %s: %s\n%s", path, resp.Status, between(body, "<main", "</main>"))
	}
	return body
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// wants fails unless all of parts stand in body, in that order.
func wants(t testing.TB, body string, parts ...string) {
	t.Helper()
	rest := body
	for _, p := range parts {
		i := strings.Index(rest, p)
		if i < 0 {
			t.Fatalf("%q is missing (or stands too early) in\n%s", p, between(body, "<main", "</main>"))
		}
		rest = rest[i+len(p):]
	}
}
