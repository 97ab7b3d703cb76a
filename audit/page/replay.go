package page

import (
	"context"
	"net/http"
	"slices"
	"time"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// A replayView is one document under the rules in force, beside its record.
type replayView struct {
	*documentView
	Now   string // the revision in force
	Back  int    // bytes that come back
	Anew  int    // bytes that go and did not before
	Still int    // bytes that go as before
	Left  int    // bytes of the text then
	Whole bool   // nothing is cut any more
	Same  bool
}

// replayOne cleans the text of one decision anew. Nothing is recorded.
func (p *Page) replayOne(w http.ResponseWriter, r *http.Request) error {
	d, err := p.decision(r.Context(), r)
	if err != nil {
		return err
	}
	t, err := whole(d)
	if err != nil {
		return err
	}
	set := p.Rules()
	doc := &text.Document{ID: d.Document, URL: d.URL, Publisher: d.Publisher, Language: d.Language, Title: d.Title, Captured: d.Captured, Text: t}
	out := set.Apply(doc, d.Options)
	v := &replayView{documentView: &documentView{Decision: d, Tab: "replay", Address: documentPath(d.ID) + "/replay?"}, Now: set.Revision()}
	var then, now []text.Span
	for _, x := range d.Removals {
		if x.Mode == rules.Enforce {
			then = append(then, x.Span)
		}
	}
	for _, x := range out.Removals {
		if x.Mode == rules.Enforce {
			now = append(now, x.Span)
		}
	}
	rs := compare(len(t), then, now)
	for _, x := range rs {
		switch x.is {
		case back:
			v.Back += x.span.Len()
		case anew:
			v.Anew += x.span.Len()
		case cutOut:
			v.Still += x.span.Len()
		}
	}
	v.Left = len(t) - v.Anew - v.Still
	v.Whole, v.Same = len(now) == 0, v.Back == 0 && v.Anew == 0
	ps := parts(t, rs)
	n := number(r, "part", 1, 0)
	if n == 0 { // begin where something differs
		n = 1 + slices.IndexFunc(ps, func(p part) bool {
			return slices.ContainsFunc(p.runs, func(r run) bool { return r.is == back || r.is == anew })
		})
	}
	v.setPart(ps, n, -1)
	if len(ps) > 0 {
		v.Lines = layout(t, ps[v.Part-1], nil)
	}
	return p.show(w, r, "replayed", name(d), v)
}

// longestReplay is how long a replay of many documents may take here.
const longestReplay = 45 * time.Second

type replayAllView struct {
	filters
	Done   *audit.Replayed
	Now    string
	TooFar bool // it took too long
}

func (p *Page) replayForm(w http.ResponseWriter, r *http.Request) error {
	f, _, err := query(r)
	if err != nil {
		return err
	}
	return p.show(w, r, "replay", "Replay", &replayAllView{filters: f, Now: p.Rules().Revision()})
}

// replay cleans the chosen documents anew and says what would change.
func (p *Page) replay(w http.ResponseWriter, r *http.Request) error {
	f, q, err := query(r)
	if err != nil {
		return err
	}
	set := p.Rules()
	v := &replayAllView{filters: f, Now: set.Revision()}
	ctx, cancel := context.WithTimeout(r.Context(), longestReplay)
	defer cancel()
	v.Done, err = audit.Replay(ctx, p.Store, set, audit.ReplayOptions{Query: q, Latest: r.PostFormValue("latest") != "", Differences: 50})
	switch {
	case err != nil && ctx.Err() != nil && r.Context().Err() == nil:
		v.Done, v.TooFar = nil, true
	case err != nil:
		return err
	}
	return p.show(w, r, "replay", "Replay", v)
}

// compare lays two lists of cuts over a text of size bytes: what both cut, what
// only the first did, and what only the second does. Both are sorted and apart.
func compare(size int, then, now []text.Span) []run {
	var out []run
	for at := 0; at < size; {
		for len(then) > 0 && then[0].End <= at {
			then = then[1:]
		}
		for len(now) > 0 && now[0].End <= at {
			now = now[1:]
		}
		end := size
		in := func(list []text.Span) bool {
			switch {
			case len(list) == 0:
				return false
			case list[0].Start > at:
				end = min(end, list[0].Start)
				return false
			}
			end = min(end, list[0].End)
			return true
		}
		is := map[[2]bool]state{{false, false}: kept, {true, true}: cutOut, {true, false}: back, {false, true}: anew}[[2]bool{in(then), in(now)}]
		out = append(out, run{text.Span{Start: at, End: end}, -1, is})
		at = end
	}
	return out
}
