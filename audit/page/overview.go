package page

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// A spell is the stretch of time that figures are of.
type spell struct {
	Days  int // 0 is all
	Label string
}

var spells = []spell{{30, "30 days"}, {90, "90 days"}, {365, "a year"}, {0, "all"}}

// spellOf reads the stretch of time that r asks for. Days are whole: the last
// one is today.
func (p *Page) spellOf(r *http.Request) (days int, f audit.Filter) {
	days = number(r, "days", 0, 0)
	if days > 0 {
		f.To = p.Now().UTC().Truncate(24 * time.Hour)
		f.From = f.To.AddDate(0, 0, 1-days)
	}
	return days, f
}

// figures are totals over all days of a list of totals by day.
func figures(days []audit.Total) audit.Total {
	var sum audit.Total
	for _, t := range days {
		sum.Documents += t.Documents
		sum.Removals += t.Removals
		sum.Bytes += t.Bytes
		sum.Shadow += t.Shadow
		sum.ShadowBytes += t.ShadowBytes
		sum.Size += t.Size
		sum.Flagged += t.Flagged
	}
	return sum
}

// sharePlot shows the removed share over time.
func sharePlot(id string, bs []bucket) *plot {
	return newPlot(id, "Removed share", "share of the bytes that were cut", bs, axisPercent, func(b bucket) value {
		s := ratio(b.total.Bytes, b.total.Size)
		return value{high: s, none: b.total.Size == 0, label: percent(s) + " of " + bytesOf(b.total.Size)}
	})
}

// documentPlot shows how many documents were cleaned.
func documentPlot(id string, bs []bucket) *plot {
	return newPlot(id, "Documents", "documents recorded", bs, axis, func(b bucket) value {
		return value{high: float64(b.total.Documents), none: b.total.Documents == 0, label: plural(b.total.Documents, "document", "documents")}
	})
}

type overviewView struct {
	Days       int
	Spells     []spell
	Sum        audit.Total
	Stats      audit.Stats
	First      string
	Last       string
	Categories []audit.Total
	Rules      []audit.Total
	RuleCount  int
	Publishers []audit.Total
	PubCount   int
	Share      *plot
	Documents  *plot
	Queue      int
	QueueMore  bool
	Drift      *audit.Drift
}

func (p *Page) overview(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	v := &overviewView{Spells: spells}
	var f audit.Filter
	v.Days, f = p.spellOf(r)
	days, err := p.Store.Totals(ctx, audit.ByDay, f)
	if err != nil {
		return err
	}
	v.Sum = figures(days)
	if first, last, ok := ends(days); ok {
		v.First, v.Last = first.Format(time.DateOnly), last.Format(time.DateOnly)
	}
	if v.Stats, err = p.Store.Stats(ctx); err != nil {
		return err
	}
	if v.Categories, err = p.Store.Totals(ctx, audit.ByCategory, f); err != nil {
		return err
	}
	if v.Rules, err = p.Store.Totals(ctx, audit.ByRule, f); err != nil {
		return err
	}
	if v.Publishers, err = p.Store.Totals(ctx, audit.ByPublisher, f); err != nil {
		return err
	}
	const most = 10
	v.RuleCount, v.PubCount = len(v.Rules), len(v.Publishers)
	v.Rules, v.Publishers = v.Rules[:min(most, len(v.Rules))], v.Publishers[:min(most, len(v.Publishers))]
	bs := buckets(days, nil)
	v.Share, v.Documents = sharePlot("share", bs), documentPlot("documents", bs)
	queue, err := p.Store.Queue(ctx, audit.Query{Limit: queueSize})
	if err != nil {
		return err
	}
	v.Queue, v.QueueMore = len(queue.Samples), queue.Next != ""
	if v.Drift, err = p.drift(ctx, ""); err != nil {
		return err
	}
	return p.show(w, r, "overview", "Overview", v)
}

// A ruleRow is a rule in a list: what it is, and what it did.
type ruleRow struct {
	ruleRef
	Total audit.Total
}

type ruleListView struct {
	Q, Mode string
	Rows    []ruleRow
	Pager   pager
	Enforce int
	Shadow  int
	Off     int
	Gone    int // in the record and no longer in force
}

// ruleList lists the rules that are in force and those that the record names,
// by what they took. Rules that did nothing stand at the end.
func (p *Page) ruleList(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	totals, err := p.Store.Totals(ctx, audit.ByRule, audit.Filter{})
	if err != nil {
		return err
	}
	set := p.Rules()
	v := &ruleListView{Q: strings.TrimSpace(r.FormValue("name")), Mode: r.FormValue("mode")}
	var rows []ruleRow
	seen := map[string]bool{}
	add := func(row ruleRow) {
		state := "gone"
		if row.Rule != nil {
			state = string(row.Rule.Mode)
		}
		switch state {
		case "gone":
			v.Gone++
		case "shadow":
			v.Shadow++
		case "off":
			v.Off++
		default:
			v.Enforce++
		}
		if (v.Mode == "" || v.Mode == state) && (v.Q == "" || strings.Contains(strings.ToLower(string(row.ID)), strings.ToLower(v.Q))) {
			rows = append(rows, row)
		}
	}
	for _, t := range totals {
		seen[t.Key] = true
		add(ruleRow{ruleRef{ID: rules.ID(t.Key), Rule: set.Rule(rules.ID(t.Key))}, t})
	}
	for _, rule := range set.Rules() {
		if !seen[string(rule.ID)] {
			add(ruleRow{ruleRef{ID: rule.ID, Rule: rule}, audit.Total{Key: string(rule.ID)}})
		}
	}
	v.Rows, v.Pager = paged(r, rows, 100)
	return p.show(w, r, "rules", "Rules", v)
}

// orders are what publishers can be sorted by.
var orders = []string{"bytes", "share", "documents", "flagged", "name"}

type publishersView struct {
	Q      string
	Orders []string
	Sort   string
	Rows   []audit.Total
	Pager  pager
	Most   int
}

func (p *Page) publishers(w http.ResponseWriter, r *http.Request) error {
	rows, err := p.Store.Totals(r.Context(), audit.ByPublisher, audit.Filter{})
	if err != nil {
		return err
	}
	v := &publishersView{Orders: orders, Q: strings.TrimSpace(r.FormValue("name")), Sort: r.FormValue("sort")}
	if v.Q != "" {
		rows = slices.DeleteFunc(rows, func(t audit.Total) bool { return !strings.Contains(t.Key, strings.ToLower(v.Q)) })
	}
	switch v.Sort {
	case "share":
		slices.SortStableFunc(rows, func(a, b audit.Total) int { return cmp.Compare(ratio(b.Bytes, b.Size), ratio(a.Bytes, a.Size)) })
	case "documents":
		slices.SortStableFunc(rows, func(a, b audit.Total) int { return b.Documents - a.Documents })
	case "flagged":
		slices.SortStableFunc(rows, func(a, b audit.Total) int { return b.Flagged - a.Flagged })
	case "name":
		slices.SortStableFunc(rows, func(a, b audit.Total) int { return strings.Compare(a.Key, b.Key) })
	default:
		v.Sort = "bytes"
	}
	for _, t := range rows {
		v.Most = max(v.Most, t.Bytes)
	}
	v.Rows, v.Pager = paged(r, rows, 100)
	return p.show(w, r, "publishers", "Publishers", v)
}

type publisherView struct {
	Name       string
	Path       string // of this view, for its stretches of time
	Days       int
	Spells     []spell
	Sum        audit.Total
	Share      *plot
	Documents  *plot
	Categories []audit.Total
	Rules      []audit.Total
	Decisions  []audit.Decision
	Drift      *audit.Drift
}

func (p *Page) publisher(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	v := &publisherView{Name: r.FormValue("name"), Spells: spells}
	if v.Name == "" {
		return fail(http.StatusNotFound, "Documents without a publisher have no page of their own.")
	}
	v.Path = publisherPath(v.Name) + "&"
	var f audit.Filter
	v.Days, f = p.spellOf(r)
	f.Publisher = text.Publisher(v.Name)
	days, err := p.Store.Totals(ctx, audit.ByDay, f)
	if err != nil {
		return err
	}
	if len(days) == 0 && v.Days == 0 {
		return fail(http.StatusNotFound, "The record holds nothing of the publisher %s.", plainly(shorten(v.Name, 80)))
	}
	v.Sum = figures(days)
	bs := buckets(days, nil)
	v.Share, v.Documents = sharePlot("share", bs), documentPlot("documents", bs)
	if v.Categories, err = p.Store.Totals(ctx, audit.ByCategory, f); err != nil {
		return err
	}
	if v.Rules, err = p.Store.Totals(ctx, audit.ByRule, f); err != nil {
		return err
	}
	v.Rules = v.Rules[:min(30, len(v.Rules))]
	page, err := p.Store.List(ctx, audit.Query{Publisher: f.Publisher, Limit: 20})
	if err != nil {
		return err
	}
	v.Decisions = page.Decisions
	if v.Drift, err = p.drift(ctx, f.Publisher); err != nil {
		return err
	}
	return p.show(w, r, "publisher", plainly(v.Name), v)
}

// driftSample is how many documents of a publisher are read for text that
// repeats, where somebody looks at that; those who want more have the command.
const driftSample = 40

// drift says which rules match less than before, of one publisher or of all.
func (p *Page) drift(ctx context.Context, publisher text.Publisher) (*audit.Drift, error) {
	return audit.FindDrift(ctx, p.Store, audit.DriftOptions{Now: p.Now(), Sample: -1, Publisher: publisher})
}

type driftView struct {
	*audit.Drift
	Publisher string
	TooFar    bool // it took too long
}

// drifted reads documents of one publisher, or of every one, for text that repeats.
func (p *Page) drifted(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), longestReplay)
	defer cancel()
	v := &driftView{Publisher: r.FormValue("publisher")}
	var err error
	v.Drift, err = audit.FindDrift(ctx, p.Store, audit.DriftOptions{Now: p.Now(), Sample: driftSample, Publisher: text.Publisher(v.Publisher)})
	switch {
	case err != nil && ctx.Err() != nil && r.Context().Err() == nil:
		v.Drift, v.TooFar = &audit.Drift{}, true
	case err != nil:
		return err
	}
	return p.show(w, r, "drift", "Drift", v)
}
