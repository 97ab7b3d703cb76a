package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strconv"
	"sync"

	"github.com/spf13/cobra"

	"winnow/audit"
	"winnow/client"
	"winnow/rules"
)

// addAsk adds the flags of commands that ask one server.
func (s *serverFlags) addAsk(c *cobra.Command) {
	fl := c.Flags()
	fl.StringSliceVar(&s.addrs, "server", nil, "ask the server at `ADDR`, HOST:PORT, for the record that it keeps")
	fl.BoolVar(&s.tls, "tls", false, "speak TLS with the server")
	fl.StringVar(&s.ca, "tls-ca", "", "trust the authorities in this PEM `FILE` (implies --tls)")
	fl.StringVar(&s.cert, "tls-cert", "", "show the certificate in this PEM `FILE` (implies --tls)")
	fl.StringVar(&s.key, "tls-key", "", "the key of --tls-cert, a PEM `FILE`")
	fl.StringVar(&s.tokenFile, "token-file", "", "send the bearer token that stands in `FILE`")
}

// dialOne connects with the one server that is meant.
func (s *serverFlags) dialOne() (*client.Client, error) {
	if len(s.addrs) != 1 {
		return nil, errors.New("--server is given once: each server has a record of its own")
	}
	opts, err := s.options()
	if err != nil {
		return nil, err
	}
	return client.Dial(s.addrs[0], opts...)
}

// A farRecord is the record of a server, as a store to ask. What changes rules goes
// through the client itself; nothing is recorded into it.
type farRecord struct {
	c *client.Client

	mu    sync.Mutex
	lists map[string]any // by page token: what is left of a list
	n     int
}

var _ audit.Store = (*farRecord)(nil)

// far returns the server's record where a store is one.
func far(s audit.Store) (*farRecord, bool) {
	f, ok := s.(*farRecord)
	return f, ok
}

func (f *farRecord) Close() error { return f.c.Close() }

var errFar = errors.New("a server's record is written by that server alone")

func (f *farRecord) Record(context.Context, []*audit.Decision) error { return errFar }
func (f *farRecord) Mark(context.Context, *audit.Mark) error         { return errFar }
func (f *farRecord) Settle(context.Context, int64, string) error     { return errFar }
func (f *farRecord) Changed(context.Context, audit.Change) error     { return errFar }
func filterOf(q audit.Query) client.DecisionFilter {
	return client.DecisionFilter{Publisher: q.Publisher, Rule: string(q.Rule), Category: string(q.Category), Document: q.Document,
		Revision: q.Revision, From: q.From, To: q.To, Flags: q.Flags.Names(), Text: q.Text}
}

// A rest is what is left of a list.
type rest[T any] struct {
	next func() (T, error, bool)
	stop func()
	head []T // one that was read ahead
}

// page takes a page of a list: of one that is begun by open, or of the one that
// the token stands for.
func page[T any](f *farRecord, q audit.Query, open func() iter.Seq2[T, error]) (out []T, token string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var r *rest[T]
	if q.Token == "" {
		next, stop := iter.Pull2(open())
		r = &rest[T]{next: next, stop: stop}
	} else {
		var ok bool
		if r, ok = f.lists[q.Token].(*rest[T]); !ok {
			return nil, "", audit.ErrPageToken
		}
		delete(f.lists, q.Token)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	out = r.head
	for len(out) <= limit {
		v, err, ok := r.next()
		if err != nil || !ok {
			r.stop()
			return out, "", recordError(err)
		}
		out = append(out, v)
	}
	if f.lists == nil {
		f.lists = map[string]any{}
	}
	f.n++
	token = strconv.Itoa(f.n)
	r.head = slices.Clone(out[limit:])
	f.lists[token] = r
	return out[:limit], token, nil
}

// recordError turns an error of a server into that of a store.
func recordError(err error) error {
	var e *client.Error
	if errors.As(err, &e) {
		switch e.Reason {
		case "NOT_IN_RECORD":
			return audit.ErrNotFound
		case "TEXT_NOT_RECORDED":
			return audit.ErrNoText
		}
	}
	return err
}

func (f *farRecord) List(ctx context.Context, q audit.Query) (audit.Page, error) {
	ds, next, err := page(f, q, func() iter.Seq2[*client.Decision, error] { return f.c.Decisions(ctx, filterOf(q)) })
	p := audit.Page{Next: next}
	for _, d := range ds {
		p.Decisions = append(p.Decisions, *nearDecision(d))
	}
	return p, err
}

func (f *farRecord) Get(ctx context.Context, id audit.ID) (*audit.Decision, error) {
	d, err := f.c.Decision(ctx, strconv.FormatInt(int64(id), 10))
	if err != nil {
		return nil, recordError(err)
	}
	return nearDecision(d), nil
}

func (f *farRecord) Removals(ctx context.Context, q audit.Query) (audit.SamplePage, error) {
	return f.samples(q, func() iter.Seq2[*client.RecordedRemoval, error] { return f.c.RecordedRemovals(ctx, filterOf(q)) })
}

func (f *farRecord) Queue(ctx context.Context, q audit.Query) (audit.SamplePage, error) {
	return f.samples(q, func() iter.Seq2[*client.RecordedRemoval, error] { return f.c.ReviewQueue(ctx, filterOf(q)) })
}

func (f *farRecord) samples(q audit.Query, open func() iter.Seq2[*client.RecordedRemoval, error]) (audit.SamplePage, error) {
	rs, next, err := page(f, q, open)
	p := audit.SamplePage{Next: next}
	for _, r := range rs {
		x := audit.Sample{Removal: nearRemoval(r), Before: r.Before, After: r.After}
		if r.Decision != nil {
			x.Decision = *nearDecision(r.Decision)
		}
		if r.Mark != nil {
			m := nearMark(r.Mark)
			x.Mark = &m
		}
		p.Samples = append(p.Samples, x)
	}
	return p, err
}

func (f *farRecord) Totals(ctx context.Context, by audit.By, q audit.Filter) ([]audit.Total, error) {
	ts, err := f.c.Totals(ctx, string(by), client.DecisionFilter{Publisher: q.Publisher, Rule: string(q.Rule), Category: string(q.Category), From: q.From, To: q.To})
	var out []audit.Total
	for _, t := range ts {
		out = append(out, audit.Total{Key: t.Key, Documents: t.Documents, Removals: t.Removals, Bytes: t.Bytes, Shadow: t.Shadow,
			ShadowBytes: t.ShadowBytes, Size: t.Size, Flagged: t.Flagged})
	}
	return out, recordError(err)
}

func (f *farRecord) Marks(ctx context.Context, d audit.ID, rule rules.ID) ([]audit.Mark, error) {
	id := ""
	if d != 0 {
		id = strconv.FormatInt(int64(d), 10)
	}
	ms, err := f.c.Marks(ctx, id, string(rule))
	var out []audit.Mark
	for i := range ms {
		out = append(out, nearMark(&ms[i]))
	}
	return out, recordError(err)
}

func (f *farRecord) Changes(ctx context.Context, rule rules.ID) ([]audit.Change, error) {
	cs, err := f.c.RuleChanges(ctx, string(rule))
	var out []audit.Change
	for _, c := range cs {
		out = append(out, audit.Change{Rule: rules.ID(c.Rule), From: nearMode(c.Before), To: nearMode(c.After), Who: c.Who, Why: c.Why, Time: c.Time, Mark: c.Mark})
	}
	return out, recordError(err)
}

func (f *farRecord) Erase(ctx context.Context, e audit.Erasure) (audit.Erased, error) {
	decisions, texts, err := f.c.EraseRecord(ctx, e.Document, e.Publisher, e.Before)
	return audit.Erased{Decisions: decisions, Texts: texts}, recordError(err)
}

func (f *farRecord) Stats(ctx context.Context) (audit.Stats, error) {
	st, err := f.c.RecordStats(ctx)
	return audit.Stats{Decisions: st.Decisions, Removals: st.Removals, Texts: st.Texts, Bytes: st.Bytes, Pending: st.Pending}, recordError(err)
}

// mark has the server keep m, and fills in what came of it.
func (f *farRecord) mark(ctx context.Context, m *audit.Mark) error {
	got, err := f.c.Mark(ctx, client.Mark{Decision: strconv.FormatInt(int64(m.Decision), 10), Index: m.N, Span: m.Span, Verdict: string(m.Verdict),
		Rule: string(m.Rule), Category: string(m.Category), Who: m.Who, Why: m.Why})
	if err != nil {
		return recordError(err)
	}
	*m = nearMark(got)
	return nil
}

// replay has the server run its rules over its record.
func (f *farRecord) replay(ctx context.Context, o audit.ReplayOptions) (*audit.Replayed, error) {
	r, err := f.c.Replay(ctx, client.ReplayOptions{Filter: filterOf(o.Query), Differences: o.Differences, Latest: o.Latest})
	if err != nil {
		return nil, recordError(err)
	}
	out := &audit.Replayed{Revision: r.Revision, Documents: r.Documents, Skipped: r.Skipped, Changed: r.Changed, Size: r.Size, Before: r.Before,
		After: r.After, Back: r.Back, Gone: r.Gone}
	for _, x := range r.Rules {
		out.Rules = append(out.Rules, audit.RuleDifference{Rule: rules.ID(x.Rule), Back: x.Back, Gone: x.Gone})
	}
	for _, x := range r.Differences {
		out.Differences = append(out.Differences, audit.Difference{Decision: nearID(x.Decision), Document: x.Document, Publisher: x.Publisher,
			Back: x.Back, Gone: x.Gone, BackText: x.BackText, GoneText: x.GoneText})
	}
	return out, nil
}

// export has the server write decisions to w.
func (f *farRecord) export(ctx context.Context, q audit.Query, format audit.Format, w io.Writer) error {
	return recordError(f.c.ExportRecord(ctx, filterOf(q), string(format), w))
}

// nearDecision turns a decision of a server into one of the record.
func nearDecision(d *client.Decision) *audit.Decision {
	out := &audit.Decision{ID: nearID(d.ID), Document: d.Document, URL: d.URL, Publisher: d.Publisher, Title: d.Title, Captured: d.Captured,
		Time: d.Time, Page: d.Page, Revision: d.Revision, Profile: d.Profile, Sums: audit.Sums(d.Sums), Size: d.Size, Removed: d.Removed,
		RemovedBytes: d.RemovedBytes, Shadow: d.Shadow, ShadowBytes: d.ShadowBytes, Flags: nearFlags(d.Flags), Risk: d.Risk,
		Clean: d.Text, Bare: !d.TextRecorded}
	for _, w := range d.Warnings {
		out.Warnings = append(out.Warnings, rules.Warning{Code: w.Code, Message: w.Message})
	}
	for i := range d.Removals {
		out.Removals = append(out.Removals, nearRemoval(&d.Removals[i]))
	}
	return out
}

func nearRemoval(r *client.RecordedRemoval) audit.Removal {
	out := audit.Removal{N: r.Index, Span: r.Span, CleanOffset: r.CleanOffset, Text: r.Text, Mode: nearMode(r.Mode), Stage: rules.Stage(r.Stage),
		Category: rules.Category(r.Category), Confidence: r.Confidence, Flags: nearFlags(r.Flags), Risk: r.Risk}
	for _, m := range r.Matches {
		out.Matches = append(out.Matches, audit.Match{Rule: rules.ID(m.Rule), Span: m.Span, Reason: m.Reason})
	}
	return out
}

func nearMark(m *client.Mark) audit.Mark {
	return audit.Mark{ID: m.ID, Decision: nearID(m.Decision), N: m.Index, Span: m.Span, Verdict: audit.Verdict(m.Verdict), Rule: rules.ID(m.Rule),
		Category: rules.Category(m.Category), Who: m.Who, Why: m.Why, Time: m.Time, Outcome: m.Outcome}
}

// nearMode turns the wire's word for a mode into that of rules.
func nearMode(s string) rules.Mode {
	if s == client.Enforced {
		return rules.Enforce
	}
	return rules.Mode(s)
}

func nearFlags(names []string) (f audit.Flags) {
	for _, n := range names {
		one, _ := audit.ParseFlag(n)
		f |= one
	}
	return f
}

func nearID(s string) audit.ID {
	n, _ := strconv.ParseInt(s, 10, 64) // 0 is none
	return audit.ID(n)
}
