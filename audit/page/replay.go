package page

import (
	"net/http"
	"slices"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// A replayView is one document under the rules in force, beside its record.
type replayView struct {
	*documentView
	Now    string // the revision in force
	Back   int    // bytes that come back
	Anew   int    // bytes that go and did not before
	Still  int    // bytes that go as before
	Left   int    // bytes of the text then
	Whole  bool   // nothing is cut any more
	Same   bool
	Gained []ruleRef // whose cuts are gone
}

// replayOne cleans the text of one decision anew. Nothing is recorded.
func (p *Page) replayOne(w http.ResponseWriter, r *http.Request) error {
	d, err := p.decision(r.Context(), r)
	if err != nil {
		return err
	}
	if d.Bare {
		return audit.ErrNoText
	}
	t, warn, err := extracted(d)
	if err != nil {
		return err
	}
	if warn != "" {
		return fail(http.StatusConflict, "%s", warn)
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
	v.Part, v.Parts = min(number(r, "part", 1, 1), max(len(ps), 1)), max(len(ps), 1)
	if v.Part == 1 && r.PostFormValue("part") == "" { // begin where something differs
		for i, x := range ps {
			if slices.ContainsFunc(x.runs, func(r run) bool { return r.is == back || r.is == anew }) {
				v.Part = i + 1
				break
			}
		}
	}
	if len(ps) > 0 {
		v.Lines = layout(t, ps[v.Part-1], nil)
	}
	return p.show(w, r, "replayed", name(d), v)
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
