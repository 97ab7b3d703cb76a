package learn

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"winnow/rules"
)

// retireAfter is how long a rule may go unseen in newer documents before it is
// only reported. It stays in the pack, for archives of its time.
const retireAfter = 2 * 365 * 24 * time.Hour

// Keep takes over from an earlier pack of the publisher the rules that p did
// not learn again but that kept reports true of: those that people decided
// on, which must not vanish with the decision still there.
func (p *Proposal) Keep(old *rules.Pack, kept func(rules.ID) bool) {
	for _, o := range old.Rules {
		if kept(o.ID) && !slices.ContainsFunc(p.Rules, func(r *rules.Rule) bool { return r.ID == o.ID }) {
			p.Rules = append(p.Rules, o)
		}
	}
	p.sort()
}

func (p *Proposal) sort() {
	slices.SortFunc(p.Rules, func(x, y *rules.Rule) int { return strings.Compare(string(x.ID), string(y.ID)) })
}

// Merge carries on from an earlier pack of the publisher, which was learned
// from other documents: what both hold is counted together, what p did not
// see stays, and is only reported once the documents of p are two years
// younger than its last sight.
func (p *Proposal) Merge(old *rules.Pack) {
	at := map[rules.ID]int{}
	newest := ""
	for i, r := range p.Rules {
		at[r.ID] = i
		if r.Evidence != nil {
			newest = max(newest, r.Evidence.Last)
		}
	}
	seen := 0
	for _, o := range old.Rules {
		if o.Evidence != nil && o.Evidence.Corpus != p.Corpus {
			seen = max(seen, o.Evidence.Documents)
		}
	}
	for _, o := range old.Rules {
		i, ok := at[o.ID]
		if !ok {
			p.Rules = append(p.Rules, aged(o, newest))
			continue
		}
		p.Rules[i] = together(p.Rules[i], o)
	}
	p.Documents += seen
	p.sort()
}

// aged returns o, which the new documents do not hold.
func aged(o *rules.Rule, newest string) *rules.Rule {
	if o.Evidence == nil {
		return o
	}
	last, err := time.Parse(time.DateOnly, o.Evidence.Last)
	now, err2 := time.Parse(time.DateOnly, newest)
	if err != nil || err2 != nil || now.Sub(last) < retireAfter || o.Mode != rules.Enforce {
		return o
	}
	r := *o
	r.Mode = rules.Shadow
	if !strings.Contains(r.Why, "Not seen since") {
		r.Why = fmt.Sprintf("%s Not seen since %s.", r.Why, o.Evidence.Last)
	}
	return &r
}

// together returns r with what o, the same rule of an earlier pack, knew.
func together(r, o *rules.Rule) *rules.Rule {
	if r.Evidence == nil || o.Evidence == nil || r.Evidence.Corpus == o.Evidence.Corpus {
		return r // the same documents once more
	}
	m := *r
	ev := *r.Evidence
	ev.Documents += o.Evidence.Documents
	ev.Groups += o.Evidence.Groups
	ev.Occurrences += o.Evidence.Occurrences
	ev.Elsewhere = max(ev.Elsewhere, o.Evidence.Elsewhere)
	ev.Precision = max(ev.Precision, o.Evidence.Precision)
	ev.Last = max(ev.Last, o.Evidence.Last)
	if ev.First == "" || o.Evidence.First != "" && o.Evidence.First < ev.First {
		ev.First = o.Evidence.First
	}
	m.Evidence, m.Confidence = &ev, ev.Precision
	if r.Kind == o.Kind && r.Kind != rules.KindBlock && r.Kind != rules.KindShape {
		m.Text = slices.Clone(r.Text)
		for _, t := range o.Text {
			if !slices.Contains(m.Text, t) {
				m.Text = append(m.Text, t)
			}
		}
		if len(m.Test("")) > 0 { // the texts of both do not go together
			m.Text = r.Text
		}
	}
	return &m
}
