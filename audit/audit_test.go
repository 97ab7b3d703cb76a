package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"winnow/audit"
	"winnow/audit/sqlstore"
	"winnow/clean"
	"winnow/internal/quality"
	"winnow/rules"
	"winnow/rules/packs"
	"winnow/text"
)

var now = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

func open(t testing.TB) *sqlstore.DB {
	s, err := sqlstore.OpenSQLite(context.Background(), filepath.Join(t.TempDir(), "record.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func builtin(t testing.TB) []*rules.Pack {
	ps, err := packs.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

func newSet(t testing.TB, ps ...*rules.Pack) *rules.Set {
	set, err := rules.NewSet(ps...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func pack(t testing.TB, yaml string) *rules.Pack {
	p, err := rules.ParsePack("test.yaml", []byte(yaml))
	if err == nil {
		err = p.Test()
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// decide cleans an input and returns the decision.
func decide(t testing.TB, e *clean.Engine, in clean.Input, o clean.Options) *audit.Decision {
	res, err := e.Clean(context.Background(), in, o)
	if err != nil {
		t.Fatal(err)
	}
	return decisionOf(t, in, res, o)
}

func decisionOf(t testing.TB, in clean.Input, res *clean.Result, o clean.Options) *audit.Decision {
	ro, err := o.Rules()
	if err != nil {
		t.Fatal(err)
	}
	d := audit.NewDecision(&res.Document, res.Outcome, ro, res.Revision, now)
	d.Page, d.Profile, d.Sums = in.IsPage, "standard", audit.Sums(res.Sums)
	return d
}

// TestCorpora: every decision recorded for all shared corpora, as texts and as
// pages (one in twenty, all of them with WINNOW_ALL set), gives its document back, byte for byte, from the record alone; and a
// replay under the same rules changes nothing. What was removed is told as it was,
// with its matches and what they say.
func TestCorpora(t *testing.T) {
	dir, ok := quality.Shared(1, "corpora")
	if !ok {
		t.Skip("the shared corpora are not here")
	}
	engine, err := clean.Default()
	if err != nil {
		t.Fatal(err)
	}
	store := open(t)
	rec := audit.NewRecorder(store, audit.RecorderOptions{Required: true})
	var want, removed []string // by id
	add := func(in clean.Input) {
		res, err := engine.Clean(context.Background(), in, clean.Options{})
		if err != nil {
			return // a page that cannot be extracted is nobody's decision
		}
		if !in.IsPage && res.Document.Text != string(in.Source) {
			t.Fatalf("%s: the text was changed", in.ID)
		}
		d := decisionOf(t, in, res, clean.Options{})
		audit.Assess(d)
		want, removed = append(want, res.Document.Text), append(removed, fmt.Sprintf("%+v", d.Removals))
		if err := rec.Record(context.Background(), d); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for d, err := range quality.Corpora(dir) {
		if err != nil {
			t.Fatal(err)
		}
		add(clean.Input{ID: d.ID, URL: d.URL, Publisher: text.ParsePublisher(d.Publisher), Source: []byte(d.Text)})
		if n++; d.HTML != "" && (os.Getenv("WINNOW_ALL") != "" || n%20 == 0) {
			add(clean.Input{ID: d.ID, URL: d.URL, IsPage: true, Source: []byte(d.HTML)})
		}
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	got := 0
	for d, err := range audit.All(context.Background(), store, audit.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		full, err := d.Extracted()
		if err != nil || full != want[d.ID-1] {
			t.Fatalf("decision %d on %s does not restore its document: %v", d.ID, d.Document, err)
		}
		if got := fmt.Sprintf("%+v", d.Removals); got != removed[d.ID-1] {
			t.Fatalf("decision %d on %s has the removals\n%s, and had\n%s", d.ID, d.Document, got, removed[d.ID-1])
		}
		got++
	}
	if got != len(want) || got == 0 {
		t.Fatalf("%d decisions of %d", got, len(want))
	}
	st, err := store.Stats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d decisions, %d removals, %d distinct texts, %d bytes a decision", st.Decisions, st.Removals, st.Texts, int(st.Bytes)/st.Decisions)

	r, err := audit.Replay(context.Background(), store, engine.Rules(), audit.ReplayOptions{})
	if err != nil || r.Documents != got || r.Changed != 0 || r.After != r.Before {
		t.Errorf("a replay under the same rules: %+v, %v", r, err)
	}
	c, err := audit.Verify(context.Background(), store, audit.Query{}, func(id audit.ID, fault string) { t.Errorf("%d: %s", id, fault) })
	if err != nil || c.Decisions != got || c.Wrong != 0 {
		t.Errorf("verify: %+v, %v", c, err)
	}
}

// A broken is a store whose Record fails, or waits.
type broken struct {
	audit.Store
	mu    sync.Mutex
	err   error
	calls int
}

func (b *broken) Record(ctx context.Context, ds []*audit.Decision) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	if b.err != nil {
		return b.err
	}
	return b.Store.Record(ctx, ds)
}

func (b *broken) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func document(n int) clean.Input {
	return clean.Input{ID: fmt.Sprint(n), URL: "https://dailyexample.com/x", Source: fmt.Appendf(nil, "The council met on day %d.\nShare this article\n", n)}
}

func TestRecorder(t *testing.T) {
	engine := clean.New(newSet(t, builtin(t)...))
	full := errors.New("the disk is full")
	ctx := context.Background()
	for _, required := range []bool{false, true} {
		t.Run(fmt.Sprintf("required=%v", required), func(t *testing.T) {
			s := &broken{Store: open(t)}
			lost := 0
			r := audit.NewRecorder(s, audit.RecorderOptions{Required: required, Batch: 7, Lost: func(n int, err error) {
				if !errors.Is(err, full) {
					t.Error(err)
				}
				lost += n
			}})
			for n := range 20 {
				if err := r.Record(ctx, decide(t, engine, document(n), clean.Options{})); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.Commit(ctx, decide(t, engine, document(20), clean.Options{})); err != nil {
				t.Fatal(err)
			}
			if p, err := s.List(ctx, audit.Query{}); err != nil || len(p.Decisions) != 21 {
				t.Fatalf("%d decisions, %v", len(p.Decisions), err)
			}
			s.fail(full)
			err := r.Commit(ctx, decide(t, engine, document(21), clean.Options{}))
			if required != errors.Is(err, full) {
				t.Errorf("Commit into a full store: %v", err)
			}
			for n := range 10 {
				_ = r.Record(ctx, decide(t, engine, document(30+n), clean.Options{}))
			}
			if err := r.Flush(ctx); required != errors.Is(err, full) {
				t.Errorf("Flush into a full store: %v", err)
			}
			s.fail(nil) // there is room again
			if err := r.Commit(ctx, decide(t, engine, document(50), clean.Options{})); err != nil {
				t.Fatal(err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			st := r.Stats()
			if st.Recorded != 22 || !required && (st.Lost != 11 || lost != 11) {
				t.Errorf("%+v, told of %d", st, lost)
			}
		})
	}
}

// TestRecorderFolds: a recorder that is never idle has the store fold all the same.
func TestRecorderFolds(t *testing.T) {
	store := open(t)
	rec := audit.NewRecorder(store, audit.RecorderOptions{Required: true, Idle: time.Hour, FoldAfter: 5, Batch: 2})
	engine := clean.New(newSet(t, builtin(t)...))
	for i := range 12 {
		d := decide(t, engine, clean.Input{ID: fmt.Sprint(i), Source: []byte("The council met on Tuesday evening.\n")}, clean.Options{})
		if err := rec.Commit(context.Background(), d); err != nil {
			t.Fatal(err)
		}
	}
	for {
		st, err := store.Stats(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if st.Pending < 5 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRecorderWaits: what waits is bounded, and a caller that gives up while it
// waits loses the record and not the document.
func TestRecorderWaits(t *testing.T) {
	engine := clean.New(newSet(t, builtin(t)...))
	s := &broken{Store: open(t)}
	r := audit.NewRecorder(s, audit.RecorderOptions{MaxQueue: 1, Batch: 1})
	s.mu.Lock() // the store is locked
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	for n := range 5 {
		if err := r.Record(ctx, decide(t, engine, document(n), clean.Options{})); err != nil {
			t.Fatal(err)
		}
	}
	if ctx.Err() == nil {
		t.Error("nobody waited")
	}
	s.mu.Unlock()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if st := r.Stats(); st.Recorded+st.Lost != 5 || st.Lost == 0 {
		t.Errorf("%+v", st)
	}
}

// filler keeps removals under the budget.
const filler = "The harbour will be dredged in spring, the council decided on Tuesday evening after a long debate about the cost of it.\n"

const ferries = `publisher: dailyexample.com
rules:
  - id: alerts
    category: subscribe
    why: An invitation to text alerts.
    where: anywhere
    regexp: 'Get .* alerts.*'
    remove: ['[-Get ferry alerts by text.-]']
    keep: ['Alerts were sent.']
`

// TestFeedback: a removal is marked wrong, its rule goes to shadow with who,
// when and why, and a replay brings the text back.
func TestFeedback(t *testing.T) {
	ctx := context.Background()
	base := append(slices.Clone(builtin(t)), pack(t, ferries))
	file := filepath.Join(t.TempDir(), "feedback.jsonl")
	load := func() *rules.Set {
		data, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		ps, err := rules.ApplyFeedback(base, file, data)
		if err != nil {
			t.Fatal(err)
		}
		return newSet(t, ps...)
	}
	set := load()
	store := open(t)
	desk := &audit.Desk{Store: store, Rules: func() *rules.Set { return set }, File: file, Now: func() time.Time { return now },
		Reload: func() error { set = load(); return nil }}
	story := "The ferry was late.\n" + filler + filler + "Get used to alerts, the mayor said, for the Alma Rosa sails on 24 May.\nSubscribe to nothing, reader.\nNo comments:\nPost a Comment\n"
	in := clean.Input{ID: "s", URL: "https://dailyexample.com/s", Source: []byte(story)}
	d := decide(t, clean.New(set), in, clean.Options{})
	if err := store.Record(ctx, []*audit.Decision{d}); err != nil {
		t.Fatal(err)
	}
	q, err := store.Queue(ctx, audit.Query{})
	if err != nil || len(q.Samples) != 1 || q.Samples[0].Removal.Flags != audit.FlagName|audit.FlagNumber {
		t.Fatalf("queue %+v, %v", q, err)
	}
	m := &audit.Mark{Decision: d.ID, N: q.Samples[0].Removal.N, Verdict: audit.Wrong, Who: "jane", Why: "a quotation"}
	if err := desk.Mark(ctx, m); err != nil {
		t.Fatal(err)
	}
	if want := "dailyexample.com/alerts: a keep example was added; the rule fails it and went to shadow mode"; m.Outcome != want {
		t.Errorf("outcome %q", m.Outcome)
	}
	saysAgain(t, desk, *m, "dailyexample.com/alerts: its keep example is there already; the rule fails it, and is in mode shadow already")
	rule := set.Rule("dailyexample.com/alerts")
	if rule.Mode != rules.Shadow || rule.Override.Who != "jane" || rule.Override.Why != "fails a keep example: a quotation" ||
		len(rule.KeepText) != 2 || rule.KeepText[1].Text != "Get used to alerts, the mayor said, for the Alma Rosa sails on 24 May." {
		t.Errorf("rule %+v", rule)
	}
	cs, err := store.Changes(ctx, "dailyexample.com/alerts")
	if err != nil || len(cs) != 1 || cs[0].From != rules.Enforce || cs[0].To != rules.Shadow || cs[0].Mark != m.ID || !cs[0].Time.Equal(now) {
		t.Errorf("changes %+v, %v", cs, err)
	}
	r, err := audit.Replay(ctx, store, set, audit.ReplayOptions{})
	if err != nil || r.Changed != 1 || r.Back != len("Get used to alerts, the mayor said, for the Alma Rosa sails on 24 May.\n") || r.Gone != 0 {
		t.Errorf("replay %+v, %v", r, err)
	}
	if err := desk.SetMode(ctx, audit.Change{Rule: "dailyexample.com/alerts", To: rules.Enforce, Who: "joe"}); err == nil || set.Rule("dailyexample.com/alerts").Mode != rules.Shadow {
		t.Errorf("a rule that fails an example was put in force: %v", err)
	}

	// A built-in rule is right, and is put out of force all the same.
	right := &audit.Mark{Decision: d.ID, N: slices.IndexFunc(d.Removals, func(r audit.Removal) bool { return r.Category == rules.Comments }), Verdict: audit.Right, Who: "jane"}
	if err := desk.Mark(ctx, right); err != nil || !strings.HasSuffix(right.Outcome, "a remove example was added, and the rule passes it") {
		t.Fatalf("outcome %q, %v", right.Outcome, err)
	}
	saysAgain(t, desk, *right, "its remove example is there already, and the rule passes it")
	before := set.Rule(right.Rule)
	if err := desk.SetMode(ctx, audit.Change{Rule: right.Rule, To: rules.Off, Who: "joe", Why: "for a day"}); err != nil {
		t.Fatal(err)
	}
	if got := set.Rule(right.Rule); got.Mode != rules.Off || before.Mode != rules.Enforce || packsRule(t, right.Rule).Mode != rules.Enforce {
		t.Errorf("mode %s, before %s", got.Mode, before.Mode)
	}

	// Kept text that is boilerplate becomes a rule.
	at := strings.Index(story, "Subscribe to nothing")
	kept := &audit.Mark{Decision: d.ID, N: -1, Span: text.Span{Start: at, End: at + len("Subscribe to nothing, reader.")}, Verdict: audit.Boilerplate,
		Category: rules.Subscribe, Who: "jane", Why: "under each story"}
	if err := desk.Mark(ctx, kept); err != nil || kept.Outcome != "dailyexample.com/marked.1 was made of it, in shadow mode" {
		t.Fatalf("outcome %q, %v", kept.Outcome, err)
	}
	saysAgain(t, desk, *kept, "dailyexample.com/marked.1 was made of it already")
	made := set.Rule("dailyexample.com/marked.1")
	if made == nil || made.Mode != rules.Shadow || len(made.Remove) != 1 || len(made.KeepText) != 1 {
		t.Fatalf("made %+v", made)
	}
	if err := desk.SetMode(ctx, audit.Change{Rule: made.ID, To: rules.Enforce, Who: "joe"}); err != nil {
		t.Fatal(err)
	}
	again := decide(t, clean.New(set), in, clean.Options{})
	if strings.Contains(again.Clean, "Subscribe to nothing") || !strings.Contains(again.Clean, "Alma Rosa") {
		t.Errorf("clean text %q", again.Clean)
	}
	for _, bad := range []audit.Mark{
		{Decision: d.ID, N: 9, Verdict: audit.Wrong, Who: "x"}, {Decision: 77, N: 0, Verdict: audit.Wrong, Who: "x"},
		{Decision: d.ID, N: 0, Verdict: audit.Wrong}, {Decision: d.ID, N: 0, Verdict: "so", Who: "x"},
		{Decision: d.ID, N: -1, Verdict: audit.Boilerplate, Span: text.Span{Start: 5, End: 4000}, Who: "x"},
	} {
		if err := desk.Mark(ctx, &bad); err == nil {
			t.Errorf("the mark %+v was taken", bad)
		}
	}
}

// saysAgain makes a mark that was made a second time, and a third by somebody
// else: the file stays as it is, and the record holds one mark more, theirs.
func saysAgain(t *testing.T, desk *audit.Desk, m audit.Mark, outcome string) {
	t.Helper()
	ctx := context.Background()
	look := func() (string, []audit.Mark) {
		data, err := os.ReadFile(desk.File)
		if err != nil {
			t.Fatal(err)
		}
		ms, err := desk.Store.Marks(ctx, m.Decision, "")
		if err != nil {
			t.Fatal(err)
		}
		return string(data), ms
	}
	file, marks := look()
	first := m
	first.ID, first.Outcome, first.Time = 0, "", time.Time{}
	if first.N >= 0 {
		first.Rule, first.Span = "", text.Span{}
	}
	other := first
	other.Who = "jo"
	for i, again := range []*audit.Mark{&first, &other} {
		if err := desk.Mark(ctx, again); err != nil || !strings.HasSuffix(again.Outcome, outcome) || (again.ID == m.ID) != (i == 0) {
			t.Errorf("said again by %s: mark %d, %q, %v", again.Who, again.ID, again.Outcome, err)
		}
	}
	after, now := look()
	if after != file {
		t.Errorf("the file grew by %q", strings.TrimPrefix(after, file))
	}
	if len(now) != len(marks)+1 || now[1].Outcome != marks[0].Outcome {
		t.Errorf("marks %+v, before %+v", now, marks)
	}
}

func packsRule(t *testing.T, id rules.ID) *rules.Rule {
	for _, p := range builtin(t) {
		for _, r := range p.Rules {
			if r.ID == id {
				return r
			}
		}
	}
	t.Fatal("no rule " + id)
	return nil
}

func TestWithout(t *testing.T) {
	engine := clean.New(newSet(t, append(slices.Clone(builtin(t)), pack(t, ferries))...))
	in := clean.Input{ID: "s", URL: "https://dailyexample.com/s", Source: []byte(filler + "The ferry was late.\nGet ferry alerts.\nIt sailed.\nGet more alerts.\nIt was full.\nNo comments:\nPost a Comment\n")}
	d := decide(t, engine, in, clean.Options{})
	audit.Assess(d)
	if faults := d.Check(); faults != nil {
		t.Error(faults)
	}
	got, err := d.Without(audit.WithRule("dailyexample.com/alerts"))
	if want := filler + "The ferry was late.\nGet ferry alerts.\nIt sailed.\nGet more alerts.\nIt was full.\n"; err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
	last := 1
	got, err = d.Without(func(r *audit.Removal) bool { return r.N == last })
	if want := filler + "The ferry was late.\nIt sailed.\nGet more alerts.\nIt was full.\n"; err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
	d.Clean += "x"
	if len(d.Check()) == 0 {
		t.Error("a clean text that was tampered with passes")
	}
}
