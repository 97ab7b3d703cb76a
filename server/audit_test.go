package server

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow/audit"
	"winnow/audit/sqlstore"
	"winnow/client"
	"winnow/rules"
	"winnow/text"
)

// recorded serves with a record and a feedback file.
func recorded(t *testing.T, change func(*Config)) (*fixture, *client.Client, *sqlstore.DB) {
	dir := t.TempDir()
	store, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(dir, "record.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	file := filepath.Join(dir, "feedback.jsonl")
	f := serve(t, func(c *Config) {
		load := c.LoadRules
		c.LoadRules = func() ([]*rules.Pack, error) {
			ps, err := load()
			if err != nil {
				return nil, err
			}
			data, err := os.ReadFile(file)
			if err != nil && !os.IsNotExist(err) {
				return nil, err
			}
			return rules.ApplyFeedback(ps, file, data)
		}
		c.Record = &Record{Store: store, Options: audit.RecorderOptions{Required: true}, Feedback: file, AllowErase: true}
		if change != nil {
			change(c)
		}
	})
	return f, connect(t, f.addr), store
}

func all[T any](t *testing.T, seq func(func(T, error) bool)) (out []T) {
	t.Helper()
	for v, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// TestAudit: an auditor finds a removal, puts it back, says that it was wrong,
// sees the rule in shadow mode, replays, puts the rule off, and erases.
func TestAudit(t *testing.T) {
	_, c, _ := recorded(t, nil)
	ctx := t.Context()
	in := "Zürich\xff: " + ferry + "\nPost a Comment\n"
	for _, id := range []string{"a", "b"} {
		if _, err := c.Clean(ctx, client.Document{ID: id, URL: "https://www.example.com/" + id, Text: []byte(in), Captured: time.Unix(1e9, 0)}, client.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	ds := all(t, c.Decisions(ctx, client.DecisionFilter{Publisher: "example.com", Rule: "stub/comments"}))
	if len(ds) != 2 || ds[0].Document != "b" || ds[0].Removed != 1 || ds[0].Profile != "standard" || !ds[0].TextRecorded || ds[0].Size != len(in) ||
		!ds[0].Captured.Equal(time.Unix(1e9, 0)) || time.Since(ds[0].Time) > time.Minute || ds[0].Warnings[0].Code != "NOT_UTF8" {
		t.Fatalf("%+v", ds)
	}
	d, err := c.Decision(ctx, ds[0].ID)
	if err != nil || len(d.Removals) != 1 || d.Removals[0].Text != d.Removals[0].Span.In(in) || !slices.Equal(d.Removals[0].Rules, []string{"stub/comments"}) {
		t.Fatalf("%+v, %v", d, err)
	}
	for name, f := range map[string]func() (string, error){
		"document": func() (string, error) { return c.Restore(ctx, d.ID) },
		"rule":     func() (string, error) { return c.RestoreRule(ctx, d.ID, "stub/comments") },
		"removal":  func() (string, error) { return c.RestoreRemoval(ctx, d.ID, 0) },
	} {
		if got, err := f(); err != nil || got != in {
			t.Errorf("restore %s: %q, %v", name, got, err)
		}
	}
	samples := all(t, c.RecordedRemovals(ctx, client.DecisionFilter{Text: "comment"}))
	if len(samples) != 2 || !strings.HasSuffix(samples[0].Before, "\n") || samples[0].Decision.Document != "b" {
		t.Errorf("%+v", samples)
	}
	if q := all(t, c.ReviewQueue(ctx, client.DecisionFilter{})); len(q) != 0 {
		t.Errorf("queue %+v", q)
	}
	for by, want := range map[string]string{"rule": "stub/comments", "publisher": "example.com", "category": "comments", "day": time.Now().UTC().Format(time.DateOnly)} {
		ts, err := c.Totals(ctx, by, client.DecisionFilter{})
		if err != nil || len(ts) != 1 || ts[0].Key != want || ts[0].Documents != 2 || ts[0].Removals != 2 {
			t.Errorf("totals by %s: %+v, %v", by, ts, err)
		}
	}

	m, err := c.Mark(ctx, client.Mark{Decision: d.ID, Index: 0, Verdict: "wrong", Who: "jane", Why: "the headline of the piece"})
	if err != nil || !strings.HasSuffix(m.Outcome, "the rule fails it and went to shadow mode") {
		t.Fatalf("%+v, %v", m, err)
	}
	if r, err := c.Rule(ctx, "stub/comments"); err != nil || r.Mode != "shadow" {
		t.Errorf("%+v, %v", r, err)
	}
	changes, err := c.RuleChanges(ctx, "stub/comments")
	if err != nil || len(changes) != 1 || changes[0].After != "shadow" || changes[0].Who != "jane" || changes[0].Mark != m.ID {
		t.Errorf("%+v, %v", changes, err)
	}
	if ms, err := c.Marks(ctx, d.ID, ""); err != nil || len(ms) != 1 || ms[0].Outcome != m.Outcome || ms[0].Index != 0 {
		t.Errorf("%+v, %v", ms, err)
	}
	rep, err := c.Replay(ctx, client.ReplayOptions{})
	if err != nil || rep.Documents != 2 || rep.Changed != 2 || rep.Gone != 0 || rep.Back != 2*d.RemovedBytes || len(rep.Rules) != 1 || len(rep.Differences) != 2 {
		t.Errorf("%+v, %v", rep, err)
	}
	res, err := c.Clean(ctx, client.Document{ID: "c", Text: []byte(in)}, client.Options{})
	if err != nil || res.Clean != in {
		t.Errorf("the document does not come back whole: %q, %v", res.Clean, err)
	}
	if err := c.SetRuleMode(ctx, "stub/comments", "off", "joe", "for now"); err != nil {
		t.Error(err)
	}
	n, faults, err := c.VerifyRecord(ctx, client.DecisionFilter{})
	if err != nil || n != 3 || len(faults) != 0 {
		t.Errorf("%d decisions, %v, %v", n, faults, err)
	}
	for format, want := range map[string]int{"jsonl": 3, "csv": 4, "sarif": 5} { // lines: three decisions; a heading and three removals; those and two lines around
		var b bytes.Buffer
		if err := c.ExportRecord(ctx, client.DecisionFilter{}, format, &b); err != nil || strings.Count(b.String(), "\n") < want-1 {
			t.Errorf("%s, %v:\n%s", format, err, b.String())
		}
	}
	if n, _, err := c.EraseRecord(ctx, "", "example.com", time.Time{}); err != nil || n != 2 {
		t.Errorf("%d erased, %v", n, err)
	}

	for want, call := range map[string]func() error{
		"NotFound NOT_IN_RECORD: the record holds no decision " + d.ID: func() error { _, err := c.Decision(ctx, d.ID); return err },
		"NotFound NOT_IN_RECORD: the record holds no decision 3 with a removal 9": func() error {
			_, err := c.Mark(ctx, client.Mark{Decision: "3", Index: 9, Verdict: "wrong", Who: "jo"})
			return err
		},
		`NotFound NOT_IN_RECORD: no rule "no/rule" is in force`: func() error { return c.SetRuleMode(ctx, "no/rule", "off", "joe", "why not") },
		"InvalidArgument INVALID_OPTION id": func() error {
			_, err := c.Decision(ctx, "x")
			return err
		},
		"FailedPrecondition RULE_FAILS": func() error { return c.SetRuleMode(ctx, "stub/comments", "enforced", "joe", "why not") },
		"InvalidArgument INVALID_OPTION why": func() error {
			return c.SetRuleMode(ctx, "stub/comments", "off", "joe", "")
		},
		"InvalidArgument INVALID_OPTION: mark.who: is not set": func() error {
			_, err := c.Mark(ctx, client.Mark{Decision: "3", Index: 0, Verdict: "wrong"})
			return err
		},
		"InvalidArgument INVALID_OPTION document_id": func() error {
			_, _, err := c.EraseRecord(ctx, "", "", time.Time{})
			return err
		},
		"PermissionDenied RULES_NOT_ALLOWED": func() error {
			_, err := c.Replay(ctx, client.ReplayOptions{Packs: map[string]string{"a.yaml": "rules: []"}})
			return err
		},
	} {
		err := call()
		var e *client.Error
		if !errors.As(err, &e) || !strings.HasPrefix(want, e.Code.String()+" "+e.Reason) ||
			strings.Contains(want, ": ") && want != e.Code.String()+" "+e.Error() {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A failing store fails to record.
type failing struct{ audit.Store }

func (failing) Record(context.Context, []*audit.Decision) error {
	return errors.New("the disk is full")
}

// TestRecordFails: where the record is required a document that cannot be
// recorded is refused; where it is not, it is cleaned, and the loss is counted.
func TestRecordFails(t *testing.T) {
	for _, required := range []bool{true, false} {
		_, c, _ := recorded(t, func(cfg *Config) {
			cfg.Record.Store = failing{cfg.Record.Store}
			cfg.Record.Options.Required = required
		})
		_, err := c.Clean(t.Context(), client.Document{Text: []byte(ferry)}, client.Options{})
		var e *client.Error
		if required != (errors.As(err, &e) && e.Reason == "RECORD_FAILED") || !required && err != nil {
			t.Errorf("required %v: %v", required, err)
		}
	}
}

// TestBareRecord: without texts nothing is restored, and that is said.
func TestBareRecord(t *testing.T) {
	_, c, _ := recorded(t, func(cfg *Config) { cfg.Record.Options.Bare = true })
	if _, err := c.Clean(t.Context(), client.Document{ID: "a", Text: []byte(ferry + "\nPost a Comment\n")}, client.Options{}); err != nil {
		t.Fatal(err)
	}
	ds := all(t, c.Decisions(t.Context(), client.DecisionFilter{}))
	if len(ds) != 1 || ds[0].TextRecorded {
		t.Fatalf("%+v", ds)
	}
	_, err := c.Restore(t.Context(), ds[0].ID)
	var e *client.Error
	if !errors.As(err, &e) || e.Reason != "TEXT_NOT_RECORDED" {
		t.Error(err)
	}
	m, err := c.Mark(t.Context(), client.Mark{Decision: ds[0].ID, Index: -1, Span: text.Span{Start: 0, End: 3}, Verdict: "boilerplate", Who: "x"})
	if err == nil && !strings.Contains(m.Outcome, "nothing followed") {
		t.Errorf("%+v", m)
	}
}
