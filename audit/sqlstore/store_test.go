package sqlstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// day0 is when the decisions of the tests begin.
var day0 = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func sum(t string) string {
	h := sha256.Sum256([]byte(t))
	return hex.EncodeToString(h[:])
}

// decision makes a decision of a text in which what was removed is marked
// [-rule|so-], and what a rule in shadow mode reports [?rule|so?].
func decision(id string, p text.Publisher, at time.Time, marked string) *audit.Decision {
	d := &audit.Decision{Document: id, URL: "https://" + string(p) + "/" + id, Publisher: p, Time: at, Language: "en", Title: "T " + id,
		Revision: "aaaabbbbcccc", Profile: "standard"}
	var full, kept strings.Builder
	for marked != "" {
		i := strings.Index(marked, "[")
		if i < 0 || !strings.ContainsAny(marked[i+1:i+2], "-?") {
			full.WriteString(marked)
			kept.WriteString(marked)
			break
		}
		full.WriteString(marked[:i])
		kept.WriteString(marked[:i])
		sign := marked[i+1 : i+2]
		inside, rest, _ := strings.Cut(marked[i+2:], sign+"]")
		marked = rest
		rule, t, _ := strings.Cut(inside, "|")
		span := text.Span{Start: full.Len(), End: full.Len() + len(t)}
		r := audit.Removal{Span: span, CleanOffset: kept.Len(), Text: t, Mode: rules.Enforce, Stage: rules.StageRule,
			Category: rules.Share, Confidence: 0.98, N: len(d.Removals)}
		for _, id := range strings.Split(rule, "+") {
			r.Matches = append(r.Matches, audit.Match{Rule: rules.ID(id), Span: span})
		}
		if strings.HasPrefix(rule, "any/appeal") {
			r.Category = rules.Appeal
		}
		full.WriteString(t)
		if sign == "?" {
			r.Mode = rules.Shadow
			kept.WriteString(t)
		}
		d.Removals = append(d.Removals, r)
	}
	d.Clean = kept.String()
	d.Sums = audit.Sums{Source: sum(full.String()), Extracted: sum(full.String()), Clean: sum(d.Clean)}
	return d
}

// stores are the stores that every test runs on.
func stores(t *testing.T, f func(t *testing.T, s *DB)) {
	t.Run("sqlite", func(t *testing.T) { f(t, openSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, openPostgres(t)) })
}

func openSQLite(t testing.TB) *DB {
	s, err := OpenSQLite(context.Background(), filepath.Join(t.TempDir(), "a record?.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func record(t testing.TB, s audit.Store, ds ...*audit.Decision) {
	t.Helper()
	if err := s.Record(context.Background(), ds); err != nil {
		t.Fatal(err)
	}
}

// sample is a small record: three publishers over some days.
func sample() []*audit.Decision {
	at := func(day, hour int) time.Time { return day0.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour) }
	return []*audit.Decision{
		decision("a1", "a.com", at(0, 0), "The mayor spoke.\n[-any/share.row|Share this article-]\nMore on Tuesday.[-a.com/news|\nSign up for our newsletter-]"),
		decision("a2", "a.com", at(0, 1), "Nothing went.\n"),
		decision("b1", "b.org", at(1, 0), "[-any/appeal.give|Please give 5 dollars, says Jane Doe of Harwich.-]The story of the day is long."),
		decision("a3", "a.com", at(1, 2), "Again.\n[-any/share.row+a.com/share|Share this article-]\n[?a.com/try|Read “the whole of it” here?]"),
		decision("c1", "c.net", at(3, 0), "Ünïcode \xff\x00 bytes [-any/share.row|Share \xfe this\x00 now-]\n"),
		decision("a1", "a.com", at(4, 0), "The mayor spoke.\n[-any/share.row|Share this article-]\nMore on Tuesday.[-a.com/news|\nSign up for our newsletter-]"),
	}
}

// varied is sample with something in every field.
func varied() []*audit.Decision {
	ds := sample()
	ds[2].Page = true
	ds[2].Captured = day0
	ds[2].Dropped = []audit.Dropped{{Start: 3, End: 9, Reason: "navigation", Text: "Menu\xff"}}
	ds[2].Warnings = []rules.Warning{{Code: "NO_ARTICLE", Message: "no article"}}
	ds[2].Options = rules.Options{Keep: []rules.Category{rules.Nav}, MinConfidence: 0.25}
	ds[2].Removals[0].Matches[0].Reason = "because"
	ds[3].Bare = true
	return ds
}

func TestRoundTrip(t *testing.T) {
	stores(t, func(t *testing.T, s *DB) {
		ctx := context.Background()
		ds := varied()
		record(t, s, ds[:4]...)
		record(t, s, ds[4:]...)
		for i, want := range ds {
			if want.ID != audit.ID(i+1) {
				t.Errorf("decision %d has the id %d", i, want.ID)
			}
			got, err := s.Get(ctx, want.ID)
			if err != nil {
				t.Fatal(err)
			}
			w := *want
			audit.Assess(&w)
			if w.Bare {
				w.Clean = ""
			}
			if !reflect.DeepEqual(*got, w) {
				t.Errorf("decision %d:\n got %+v\nwant %+v", i, *got, w)
			}
		}
		if _, err := s.Get(ctx, 99); !errors.Is(err, audit.ErrNotFound) {
			t.Errorf("Get of nothing: %v", err)
		}
		st, err := s.Stats(ctx)
		if err != nil || st.Decisions != 6 || st.Removals != 8 || st.Texts != 5+4 || st.Pending != 0 || st.Bytes == 0 {
			t.Errorf("stats %+v, %v", st, err)
		}
	})
}

// ids renders what a query lists.
func ids(t *testing.T, s *DB, q audit.Query) string {
	t.Helper()
	var all []string
	for q.Limit = 2; ; {
		p, err := s.List(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range p.Decisions {
			all = append(all, fmt.Sprint(d.ID))
		}
		if q.Token = p.Next; q.Token == "" {
			return strings.Join(all, " ")
		}
	}
}

// removed renders which removals a query lists, as decision.removal.
func removed(t *testing.T, list func(context.Context, audit.Query) (audit.SamplePage, error), q audit.Query) string {
	t.Helper()
	var all []string
	for q.Limit = 2; ; {
		p, err := list(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range p.Samples {
			all = append(all, fmt.Sprintf("%d.%d", x.Decision.ID, x.Removal.N))
		}
		if q.Token = p.Next; q.Token == "" {
			return strings.Join(all, " ")
		}
	}
}

func TestQueries(t *testing.T) {
	stores(t, func(t *testing.T, s *DB) {
		record(t, s, sample()...)
		for _, c := range []struct {
			q                    audit.Query
			decisions, removals_ string
		}{
			{audit.Query{}, "6 5 4 3 2 1", "6.0 6.1 5.0 4.0 4.1 3.0 1.0 1.1"},
			{audit.Query{Publisher: "a.com"}, "6 4 2 1", "6.0 6.1 4.0 4.1 1.0 1.1"},
			{audit.Query{Publisher: "nobody.com"}, "", ""},
			{audit.Query{Rule: "any/share.row"}, "6 5 4 1", "6.0 5.0 4.0 1.0"},
			{audit.Query{Rule: "any/share.row", Publisher: "a.com"}, "6 4 1", "6.0 4.0 1.0"},
			{audit.Query{Rule: "any/share.row", Publisher: "b.org"}, "", ""},
			{audit.Query{Rule: "a.com/try"}, "4", "4.1"},
			{audit.Query{Category: rules.Appeal}, "3", "3.0"},
			{audit.Query{Category: rules.Appeal, Rule: "any/share.row"}, "", ""},
			{audit.Query{Document: "a1"}, "6 1", "6.0 6.1 1.0 1.1"},
			{audit.Query{Document: "a1", Rule: "a.com/news"}, "6 1", "6.1 1.1"},
			{audit.Query{Revision: "aaaabbbbcccc"}, "6 5 4 3 2 1", "6.0 6.1 5.0 4.0 4.1 3.0 1.0 1.1"},
			{audit.Query{Revision: "another"}, "", ""},
			{audit.Query{From: day0.Add(time.Hour), To: day0.AddDate(0, 0, 1).Add(2 * time.Hour)}, "3 2", "3.0"},
			{audit.Query{From: day0.AddDate(1, 0, 0)}, "", ""},
			{audit.Query{From: day0.AddDate(0, 0, 3), Rule: "any/share.row"}, "6 5", "6.0 5.0"},
			{audit.Query{Flags: audit.FlagName}, "3", "3.0"},
			{audit.Query{Flags: audit.FlagQuote | audit.FlagName}, "4 3", "4.1 3.0"},
			{audit.Query{Flags: audit.FlagName, Publisher: "a.com"}, "", ""},
			{audit.Query{Text: "SHARE"}, "5 6 4 1", "5.0 6.0 4.0 1.0"},
			{audit.Query{Text: `"share this article"`}, "6 4 1", "6.0 4.0 1.0"},
			{audit.Query{Text: `"this share"`}, "", ""},
			{audit.Query{Text: "newsletter our"}, "6 1", "6.1 1.1"},
			{audit.Query{Text: "share", Publisher: "a.com", Rule: "any/share.row"}, "6 4 1", "6.0 4.0 1.0"},
			{audit.Query{Text: "absent"}, "", ""},
			{audit.Query{Text: `"`}, "", ""},
		} {
			if got := ids(t, s, c.q); got != c.decisions {
				t.Errorf("List(%+v): %s, want %s", c.q, got, c.decisions)
			}
			if got := removed(t, s.Removals, c.q); got != c.removals_ {
				t.Errorf("Removals(%+v): %s, want %s", c.q, got, c.removals_)
			}
		}
		p, err := s.List(context.Background(), audit.Query{Limit: 1})
		if err != nil || p.Next == "" {
			t.Fatal(p, err)
		}
		for _, q := range []audit.Query{{Token: "x"}, {Token: p.Next, Rule: "any/share.row"}} {
			if _, err := s.List(context.Background(), q); !errors.Is(err, audit.ErrPageToken) {
				t.Errorf("List(%+v): %v", q, err)
			}
		}
	})
}

// TestCommonWords: a search for common words that asks for something else too
// goes from the decisions, and finds the same.
func TestCommonWords(t *testing.T) {
	defer func(n int) { commonTexts = n }(commonTexts)
	commonTexts = 1
	stores(t, func(t *testing.T, s *DB) {
		record(t, s, sample()...)
		for _, c := range []struct {
			q                   audit.Query
			decisions, removals string
		}{
			{audit.Query{Text: "share", Publisher: "a.com"}, "6 4 1", "6.0 4.0 1.0"},
			{audit.Query{Text: "share", Rule: "any/share.row"}, "6 5 4 1", "6.0 5.0 4.0 1.0"},
			{audit.Query{Text: `"share this" article`, Document: "a1"}, "6 1", "6.0 1.0"},
			{audit.Query{Text: "newsletter", Rule: "any/share.row"}, "6 1", ""},
		} {
			if got := ids(t, s, c.q); got != c.decisions {
				t.Errorf("List(%+v): %s, want %s", c.q, got, c.decisions)
			}
			if got := removed(t, s.Removals, c.q); got != c.removals {
				t.Errorf("Removals(%+v): %s, want %s", c.q, got, c.removals)
			}
		}
	})
}

func TestSamples(t *testing.T) {
	stores(t, func(t *testing.T, s *DB) {
		record(t, s, sample()...)
		p, err := s.Removals(context.Background(), audit.Query{Publisher: "a.com", Rule: "any/share.row", Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		x := p.Samples[0]
		if x.Before != "The mayor spoke.\n" || x.After != "\nMore on Tuesday." || x.Removal.Text != "Share this article" {
			t.Errorf("%q %q %q", x.Before, x.Removal.Text, x.After)
		}
		p, err = s.Removals(context.Background(), audit.Query{Rule: "a.com/try"})
		if err != nil {
			t.Fatal(err)
		}
		if x := p.Samples[0]; x.Before != "Again.\n\n" || x.After != "" || x.Removal.Mode != rules.Shadow {
			t.Errorf("%q %q", x.Before, x.After)
		}
	})
}

func totals(t *testing.T, s *DB, by audit.By, f audit.Filter) string {
	t.Helper()
	ts, err := s.Totals(context.Background(), by, f)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, x := range ts {
		out = append(out, fmt.Sprintf("%s:%d/%d/%d+%d", x.Key, x.Documents, x.Removals, x.Bytes, x.Shadow))
	}
	return strings.Join(out, " ")
}

func TestTotals(t *testing.T) {
	stores(t, func(t *testing.T, s *DB) {
		record(t, s, sample()...)
		for _, c := range []struct {
			by   audit.By
			f    audit.Filter
			want string
		}{
			{audit.ByPublisher, audit.Filter{}, "a.com:4/5/108+1 b.org:1/1/48+0 c.net:1/1/17+0"},
			{audit.ByRule, audit.Filter{}, "any/share.row:4/4/71+0 a.com/news:2/2/54+0 any/appeal.give:1/1/48+0 a.com/share:1/1/18+0 a.com/try:1/0/0+1"},
			{audit.ByRule, audit.Filter{Publisher: "b.org"}, "any/appeal.give:1/1/48+0"},
			{audit.ByCategory, audit.Filter{}, "share:4/6/125+1 appeal:1/1/48+0"},
			{audit.ByDay, audit.Filter{}, "2026-03-01:2/2/45+0 2026-03-02:2/2/66+1 2026-03-04:1/1/17+0 2026-03-05:1/2/45+0"},
			{audit.ByDay, audit.Filter{Rule: "any/share.row", Publisher: "a.com"}, "2026-03-01:1/1/18+0 2026-03-02:1/1/18+0 2026-03-05:1/1/18+0"},
			{audit.ByDay, audit.Filter{Category: rules.Appeal}, "2026-03-02:1/1/48+0"},
			{audit.ByRule, audit.Filter{From: day0.AddDate(0, 0, 3)}, "any/share.row:2/2/35+0 a.com/news:1/1/27+0"},
			{audit.ByPublisher, audit.Filter{Rule: "any/share.row", To: day0}, "a.com:1/1/18+0"},
			{audit.ByRule, audit.Filter{Publisher: "nobody.com"}, ""},
		} {
			if got := totals(t, s, c.by, c.f); got != c.want {
				t.Errorf("Totals(%s, %+v):\n got %s\nwant %s", c.by, c.f, got, c.want)
			}
		}
		for _, f := range []audit.Filter{{Rule: "a", Category: "share"}, {Rule: "a"}} {
			if _, err := s.Totals(context.Background(), audit.ByRule, f); err == nil {
				t.Errorf("Totals by rule of %+v: no error", f)
			}
		}
	})
}

func TestMarks(t *testing.T) {
	stores(t, func(t *testing.T, s *DB) {
		ctx := context.Background()
		record(t, s, sample()...)
		before := removed(t, s.Queue, audit.Query{})
		if before != "3.0 4.1" {
			t.Fatalf("queue %s", before)
		}
		for _, c := range []struct {
			q    audit.Query
			want string
		}{
			{audit.Query{Publisher: "a.com"}, "4.1"}, {audit.Query{Rule: "any/appeal.give"}, "3.0"}, {audit.Query{Category: rules.Share}, "4.1"},
			{audit.Query{Flags: audit.FlagNumber}, ""}, {audit.Query{Flags: audit.FlagQuote}, "4.1"}, {audit.Query{Document: "b1"}, "3.0"},
		} {
			if got := removed(t, s.Queue, c.q); got != c.want {
				t.Errorf("Queue(%+v): %s, want %s", c.q, got, c.want)
			}
		}
		m := audit.Mark{Decision: 3, N: 0, Span: text.Span{Start: 0, End: 48}, Verdict: audit.Wrong, Rule: "any/appeal.give", Who: "jane", Why: "a quotation", Time: day0}
		if err := s.Mark(ctx, &m); err != nil {
			t.Fatal(err)
		}
		if err := s.Settle(ctx, m.ID, "the rule is in shadow mode"); err != nil {
			t.Fatal(err)
		}
		m.Outcome = "the rule is in shadow mode"
		if got := removed(t, s.Queue, audit.Query{}); got != "4.1" {
			t.Errorf("queue after the mark: %s", got)
		}
		got, err := s.Marks(ctx, 3, "")
		if err != nil || !reflect.DeepEqual(got, []audit.Mark{m}) {
			t.Errorf("marks %+v, %v", got, err)
		}
		for _, missing := range []audit.Mark{{Decision: 99, N: -1}, {Decision: 3, N: 1}} {
			if err := s.Mark(ctx, &missing); !errors.Is(err, audit.ErrNotFound) {
				t.Errorf("a mark on nothing: %v", err)
			}
		}
		p, err := s.Removals(ctx, audit.Query{Document: "b1"})
		if err != nil || p.Samples[0].Mark == nil || p.Samples[0].Mark.Who != "jane" {
			t.Errorf("sample %+v, %v", p, err)
		}
		c := audit.Change{Rule: "any/appeal.give", From: rules.Enforce, To: rules.Shadow, Who: "jane", Why: "fails its example", Time: day0, Mark: m.ID}
		if err := s.Changed(ctx, c); err != nil {
			t.Fatal(err)
		}
		for _, rule := range []rules.ID{"", c.Rule} {
			if got, err := s.Changes(ctx, rule); err != nil || !slices.Equal(got, []audit.Change{c}) {
				t.Errorf("changes %+v, %v", got, err)
			}
		}
	})
}

func TestErase(t *testing.T) {
	stores(t, func(t *testing.T, s *DB) {
		ctx := context.Background()
		ds := sample()
		record(t, s, ds...)
		m := audit.Mark{Decision: 3, N: 0, Verdict: audit.Wrong, Time: day0}
		if err := s.Mark(ctx, &m); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Erase(ctx, audit.Erasure{}); err == nil {
			t.Error("an erasure of everything by saying nothing")
		}
		for _, c := range []struct {
			e      audit.Erasure
			erased audit.Erased
			left   string
		}{
			{audit.Erasure{Document: "nothing"}, audit.Erased{}, "6 5 4 3 2 1"},
			{audit.Erasure{Publisher: "b.org"}, audit.Erased{Decisions: 1, Texts: 2}, "6 5 4 2 1"},
			{audit.Erasure{Publisher: "a.com", Before: day0.Add(time.Minute)}, audit.Erased{Decisions: 1}, "6 5 4 2"},
			{audit.Erasure{Document: "a1"}, audit.Erased{Decisions: 1, Texts: 2}, "5 4 2"},
			{audit.Erasure{Before: day0.AddDate(0, 0, 2)}, audit.Erased{Decisions: 2, Texts: 4}, "5"},
		} {
			got, err := s.Erase(ctx, c.e)
			if err != nil || got != c.erased {
				t.Errorf("Erase(%+v): %+v, %v, want %+v", c.e, got, err, c.erased)
			}
			if left := ids(t, s, audit.Query{}); left != c.left {
				t.Errorf("after Erase(%+v): %s, want %s", c.e, left, c.left)
			}
		}
		if got := totals(t, s, audit.ByPublisher, audit.Filter{}); got != "c.net:1/1/17+0" {
			t.Errorf("totals %s", got)
		}
		if got := removed(t, s.Removals, audit.Query{Text: "newsletter"}); got != "" {
			t.Errorf("found %s", got)
		}
		if ms, err := s.Marks(ctx, 0, ""); err != nil || len(ms) != 0 {
			t.Errorf("marks %v, %v", ms, err)
		}
		record(t, s, decision("b2", "b.org", day0, "Back [-any/appeal.give|give-]."))
		if got := ids(t, s, audit.Query{Publisher: "b.org"}); got != "7" {
			t.Errorf("b.org after it was erased and came back: %s", got)
		}
	})
}
