package sqlstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// A generator makes decisions of 200 publishers over 400 days. Each has five
// removals by rules of its publisher and by rules of everybody; a third of their
// texts occurs once, the others are furniture.
type generator struct {
	r     *rand.Rand
	words []string
	furn  []string
	n     int
	of    int // decisions in all
}

func newGenerator(of int) *generator {
	g := &generator{r: rand.New(rand.NewPCG(5, 7)), of: of}
	for i := range 20_000 {
		g.words = append(g.words, "w"+strconv.FormatInt(int64(i*7919), 36))
	}
	for range 20_000 {
		g.furn = append(g.furn, g.sentence(4+g.r.IntN(20)))
	}
	return g
}

// sentence returns n words, the first ones of the list most often.
func (g *generator) sentence(n int) string {
	b := make([]byte, 0, 8*n)
	for range n {
		x := g.r.Float64()
		b = append(append(b, g.words[int(x*x*x*float64(len(g.words)))]...), ' ')
	}
	return string(b[:len(b)-1])
}

func (g *generator) next() *audit.Decision {
	p := int(g.r.ExpFloat64()*40) % 200
	d := &audit.Decision{Document: "doc-" + strconv.Itoa(g.n), URL: fmt.Sprintf("https://p%d.example/%d", p, g.n),
		Publisher: text.Publisher(fmt.Sprintf("p%d.example", p)), Revision: "aaaabbbbcccc", Profile: "standard", Bare: true,
		Time: day0.Add(time.Duration(float64(g.n) / float64(g.of) * float64(400*24*time.Hour))).Truncate(time.Millisecond), Clean: g.sentence(60)}
	g.n++
	all := rules.Categories()
	at := 0
	for i := range 5 {
		var t string
		if g.r.IntN(3) == 0 {
			t = g.sentence(6 + g.r.IntN(10))
		} else {
			t = g.furn[(p*100+g.r.IntN(400))%len(g.furn)]
		}
		rule := g.r.IntN(30)
		id := rules.ID(fmt.Sprintf("p%d.example/learned.%d", p, rule))
		if g.r.IntN(2) == 0 {
			id = rules.ID(fmt.Sprintf("any/rule.%d", rule*rule%200))
		}
		at += 10
		span := text.Span{Start: at, End: at + len(t)}
		at = span.End
		d.Removals = append(d.Removals, audit.Removal{N: i, Span: span, CleanOffset: 10 * (i + 1), Text: t, Mode: rules.Enforce, Stage: rules.StageRule,
			Category: all[rule%10], Confidence: 0.98, Matches: []audit.Match{{Rule: id, Span: span}}})
	}
	h := sum(d.Document)
	d.Sums = audit.Sums{Source: h, Extracted: h, Clean: sum(d.Clean)}
	return d
}

// TestScale writes as many removals as WINNOW_SCALE says (make auditscale:
// 10,000,000; else 20,000), reports the rate, and times the queries that people
// ask for most. At full size each must take under 200 ms. A record that stands in
// the folder WINNOW_SCALE_DIR already is not written, only asked.
func TestScale(t *testing.T) {
	rows := 20_000
	if v := os.Getenv("WINNOW_SCALE"); v != "" {
		var err error
		if rows, err = strconv.Atoi(v); err != nil {
			t.Fatal(err)
		}
	} else if testing.Short() {
		t.Skip("takes long")
	}
	ctx := context.Background()
	dir := os.Getenv("WINNOW_SCALE_DIR")
	if dir == "" {
		dir = t.TempDir()
	}
	path := filepath.Join(dir, "record.db")
	s, err := OpenSQLite(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	g := newGenerator(rows / 5)
	st, err := s.Stats(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if st.Decisions == 0 {
		st = fill(t, s, g)
	}
	t.Logf("%d removals of %d decisions, %d distinct texts, %.0f MB", st.Removals, st.Decisions, st.Texts, float64(st.Bytes)/1e6)
	ask(t, s, g, st)
}

// cpu returns the processor time that this process has used.
func cpu(t *testing.T) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// fill writes what g makes.
func fill(t *testing.T, s *DB, g *generator) audit.Stats {
	ctx := context.Background()
	var recording, folding, recordingCPU, foldingCPU time.Duration
	begin := time.Now()
	for g.n < g.of {
		var batch []*audit.Decision
		for range min(512, g.of-g.n) {
			batch = append(batch, g.next())
		}
		at, used := time.Now(), cpu(t)
		record(t, s, batch...)
		recording, recordingCPU = recording+time.Since(at), recordingCPU+cpu(t)-used
		if g.n%32768 < 512 || g.n == g.of {
			at, used := time.Now(), cpu(t)
			for {
				n, err := s.Fold(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if n == 0 {
					break
				}
			}
			folding, foldingCPU = folding+time.Since(at), foldingCPU+cpu(t)-used
			if g.n%(32768*6) < 512 {
				t.Logf("%d removals after %.0f s", 5*g.n, time.Since(begin).Seconds())
			}
		}
	}
	st, err := s.Stats(ctx)
	if err != nil || st.Removals != 5*g.of {
		t.Fatalf("%+v, %v", st, err)
	}
	perSecond := func(d time.Duration) float64 { return float64(5*g.of) / d.Seconds() }
	t.Logf("recorded at %.0f removals a second, folded at %.0f a second; of processor time %.0f and %.0f",
		perSecond(recording), perSecond(folding), perSecond(recordingCPU), perSecond(foldingCPU))
	return st
}

// ask times the queries.
func ask(t *testing.T, s *DB, g *generator, st audit.Stats) {
	ctx := context.Background()

	totals := func(by audit.By, f audit.Filter) func() (int, error) {
		return func() (int, error) {
			ts, err := s.Totals(ctx, by, f)
			return len(ts), err
		}
	}
	list := func(q audit.Query) func() (int, error) {
		return func() (int, error) {
			p, err := s.List(ctx, q)
			return len(p.Decisions), err
		}
	}
	samples := func(list func(context.Context, audit.Query) (audit.SamplePage, error), q audit.Query) func() (int, error) {
		return func() (int, error) {
			p, err := list(ctx, q)
			return len(p.Samples), err
		}
	}
	middle := day0.AddDate(0, 0, 200)
	word, phrase := g.words[3], g.sentence(1)+" "+g.words[11]
	for _, c := range []struct {
		name string
		f    func() (int, error)
	}{
		{"1 series of all days", totals(audit.ByDay, audit.Filter{})},
		{"2 rules by bytes", totals(audit.ByRule, audit.Filter{})},
		{"3 decisions of a rule and a publisher", list(audit.Query{Rule: "any/rule.25", Publisher: "p7.example"})},
		{"4 search of a common word", samples(s.Removals, audit.Query{Text: word})},
		{"5 review queue", samples(s.Queue, audit.Query{})},
		{"rules of a publisher", totals(audit.ByRule, audit.Filter{Publisher: "p7.example"})},
		{"rules of a publisher, a month", totals(audit.ByRule, audit.Filter{Publisher: "p7.example", From: middle, To: middle.AddDate(0, 0, 30)})},
		{"publishers", totals(audit.ByPublisher, audit.Filter{})},
		{"publishers of a rule", totals(audit.ByPublisher, audit.Filter{Rule: "any/rule.25"})},
		{"series of a rule", totals(audit.ByDay, audit.Filter{Rule: "any/rule.25"})},
		{"latest decisions", list(audit.Query{})},
		{"decisions of a month", list(audit.Query{From: middle, To: middle.AddDate(0, 0, 30)})},
		{"decisions of a document", list(audit.Query{Document: "doc-77"})},
		{"samples of a rule", samples(s.Removals, audit.Query{Rule: "any/rule.25"})},
		{"search of two words", samples(s.Removals, audit.Query{Text: phrase})},
		{"search of a word at a publisher", list(audit.Query{Text: word, Publisher: "p7.example"})},
		{"a decision", func() (int, error) { d, err := s.Get(ctx, audit.ID(st.Decisions/2)); return len(d.Removals), err }},
	} {
		var took []time.Duration
		n := 0
		for range 5 {
			at := time.Now()
			var err error
			if n, err = c.f(); err != nil {
				t.Fatal(err)
			}
			took = append(took, time.Since(at))
		}
		first := took[0]
		slices.Sort(took)
		t.Logf("%-40s %4d rows, median %6.1f ms, first %6.1f ms", c.name, n, float64(took[2].Microseconds())/1000, float64(first.Microseconds())/1000)
		if st.Removals >= 10_000_000 && took[2] > 200*time.Millisecond {
			t.Errorf("%s takes %v", c.name, took[2])
		}
	}
}
