package page

import (
	"net/http"
	"strings"

	"winnow/audit"
	"winnow/rules"
)

// Learned reports whether the rule was learned and not written.
func (r ruleRef) Learned() bool { return r.Rule != nil && r.Rule.Evidence != nil }

// Category is that of the rule, "" where it is not in force.
func (r ruleRef) Category() rules.Category {
	if r.Rule == nil {
		return ""
	}
	return r.Rule.Category
}

type ruleView struct {
	ruleRef
	Pattern    []field
	Sum        audit.Total
	Rate       *plot
	Publishers []audit.Total
	Samples    []*sampleView
	Next       string
	First      string
	Marks      []audit.Mark
	Changes    []audit.Change
	Remove     [][]frag
	Keep       [][]frag
	More       int // examples that are not shown
	Done       *audit.Change
	CanChange  bool
	Cannot     string // why not
}

// A field is a named part of a rule, as it stands in its pack.
type field struct {
	Name   string
	Values []string
}

// pattern lists what a rule looks for.
func pattern(r *rules.Rule) []field {
	var out []field
	add := func(name string, values ...string) {
		if len(values) > 0 && strings.Join(values, "") != "" {
			out = append(out, field{name, values})
		}
	}
	const most = 40
	some := func(name string, values []string) {
		if n := len(values); n > most {
			values = append(values[:most:most], plural(n-most, "more", "more"))
		}
		add(name, values...)
	}
	some(string(r.Kind), r.Text)
	if b := r.Block; b != nil {
		some("from", b.From)
		some("to", b.To)
		some("of", b.Of)
		for _, w := range b.With {
			some("with", w)
		}
		if b.Edge {
			add("edge", "reaches the document's edge")
		}
		if b.Gap > 0 {
			add("gap", plural(b.Gap, "unit", "units"))
		}
		if b.Least > 1 {
			add("least", plural(b.Least, "unit", "units"))
		}
		if b.Within > 0 {
			add("within", plural(b.Within, "unit", "units"))
		}
	}
	if c := r.Cues; c != nil {
		some("cues", c.Lists())
	}
	if s := r.Shape; s != nil {
		add("form", string(s.Form))
		some("known by", s.Of)
	}
	add("where", string(r.Where))
	some("given", r.Given)
	some("unless", r.Unless)
	some("hosts", r.Hosts)
	if r.Outside {
		add("takes", "what stands outside")
	}
	if r.Rescue {
		add("takes", "nothing: what it holds is content")
	}
	if r.Prose {
		add("beside", "prose")
	}
	if r.Line {
		add("unit", "whole lines")
	}
	if r.LineEnd {
		add("unit", "to the end of a line")
	}
	if r.Language != "" {
		add("language", r.Language)
	}
	return out
}

const (
	ruleSamples  = 20
	ruleExamples = 12
)

func (p *Page) rule(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := rules.ID(r.FormValue("id"))
	v := &ruleView{ruleRef: ruleRef{ID: id, Rule: p.Rules().Rule(id)}}
	days, err := p.Store.Totals(ctx, audit.ByDay, audit.Filter{Rule: id})
	if err != nil {
		return err
	}
	if v.Rule == nil && len(days) == 0 {
		return fail(http.StatusNotFound, "No rule in force has the id %s, and the record holds nothing of it.", plainly(shorten(string(id), 120)))
	}
	all, err := p.Store.Totals(ctx, audit.ByDay, reach(v.Rule))
	if err != nil {
		return err
	}
	v.Sum = figures(days)
	bs := buckets(days, all)
	v.Rate = newPlot("rate", "Hit rate", "documents in which it matched, of all that it applies to", bs, axisPercent, func(b bucket) value {
		s := ratio(b.total.Documents, b.all)
		return value{high: s, none: b.all == 0, label: percent(s) + ", " + count(b.total.Documents) + " of " + plural(b.all, "document", "documents")}
	})
	if v.Publishers, err = p.Store.Totals(ctx, audit.ByPublisher, audit.Filter{Rule: id}); err != nil {
		return err
	}
	v.Publishers = v.Publishers[:min(20, len(v.Publishers))]
	samples, err := p.Store.Removals(ctx, audit.Query{Rule: id, Limit: ruleSamples, Token: r.FormValue("token")})
	if err != nil {
		return err
	}
	v.Samples, v.Next, v.First = p.samples(samples.Samples, nil), nextPage(r, samples.Next), first(r)
	if v.Marks, err = p.Store.Marks(ctx, 0, id); err != nil {
		return err
	}
	if v.Changes, err = p.Store.Changes(ctx, id); err != nil {
		return err
	}
	if v.Rule != nil {
		v.Cannot = "This page was opened to look only."
		if p.Desk != nil {
			v.Cannot = p.Desk.CanSetMode(v.Rule)
		}
		v.CanChange = v.Cannot == ""
		v.Pattern = pattern(v.Rule)
		v.Remove, v.Keep = examples(v.Rule.Remove), examples(v.Rule.KeepText)
		v.More = len(v.Rule.Remove) + len(v.Rule.KeepText) - len(v.Remove) - len(v.Keep)
	}
	if len(v.Changes) > 0 && r.FormValue("changed") != "" {
		v.Done = &v.Changes[0]
	}
	return p.show(w, r, "rule", plainly(shorten(string(id), 160)), v)
}

// reach chooses the documents that a rule applies to.
func reach(r *rules.Rule) audit.Filter {
	if r != nil && r.Scope.Publisher != "" {
		return audit.Filter{Publisher: r.Scope.Publisher}
	}
	return audit.Filter{}
}

// examples renders examples with what must go marked.
func examples(es []rules.Example) [][]frag {
	var out [][]frag
	for _, e := range es[:min(len(es), ruleExamples)] {
		var fs []frag
		at := 0
		put := func(is state, t string) {
			if t != "" {
				fs = append(fs, frag{Is: is, N: -1, Pieces: visible(shorten(t, foldOver))})
			}
		}
		for _, s := range e.Cut {
			put(kept, e.Text[at:s.Start])
			put(cutOut, s.In(e.Text))
			at = s.End
		}
		put(kept, e.Text[at:])
		out = append(out, fs)
	}
	return out
}

// A sampleView is a removal in its context, in a list.
type sampleView struct {
	*removalView
	Doc    *audit.Decision
	Place  int // in its list, from 0
	Like   int // how many more of the same text stand behind it in the queue
	Before []piece
	Text   []frag
	After  []piece
}

const (
	sampleHead = 600
	sampleTail = 200
)

// before and after tidy the context of a sample: a word that was cut through at
// its far end gives way to dots.
func before(t string) string {
	const full, longestWord = 190, 40
	if i := strings.IndexAny(t, " \n"); len(t) >= full && i >= 0 && i < longestWord {
		t = "…" + t[i:]
	}
	return strings.TrimLeft(t, " \t\r\n")
}

func after(t string) string {
	const full, longestWord = 190, 40
	if i := strings.LastIndexAny(t, " \n"); len(t) >= full && i > len(t)-longestWord {
		t = t[:i] + " …"
	}
	return strings.TrimRight(t, " \t\r\n")
}

// samples makes the views of ss. words are marked in the removed texts.
func (p *Page) samples(ss []audit.Sample, words []string) []*sampleView {
	set := p.Rules()
	out := make([]*sampleView, len(ss))
	for i := range ss {
		s := &ss[i]
		v := &sampleView{removalView: p.view(set, s.Decision.ID, &s.Removal), Doc: &s.Decision, Place: i,
			Before: visible(before(s.Before)), After: visible(after(s.After))}
		v.Mark = s.Mark
		is := cutOut
		if v.Shadow() {
			is = reported
		}
		t := s.Removal.Text
		put := func(t string) { v.Text = append(v.Text, highlight(is, t, words)...) }
		if len(t) > sampleHead+sampleTail+200 {
			head, tail := cut(t, sampleHead), cutFront(t, sampleTail)
			put(head)
			v.Text = append(v.Text, frag{Is: folded, N: s.Removal.N, Folded: len(t) - len(head) - len(tail)})
			put(tail)
		} else {
			put(t)
		}
		out[i] = v
	}
	return out
}

// highlight makes frags of t in which words are marked. Words are in lower
// case; only those of ASCII or of texts whose case does not change lengths are found.
func highlight(is state, t string, words []string) []frag {
	low := strings.ToLower(t)
	if len(words) == 0 || len(low) != len(t) {
		return []frag{{Is: is, Pieces: visible(t)}}
	}
	var out []frag
	for at := 0; at < len(t); {
		from, to := len(t), len(t)
		for _, w := range words {
			if i := strings.Index(low[at:], w); w != "" && i >= 0 && at+i < from {
				from, to = at+i, at+i+len(w)
			}
		}
		if from > at {
			out = append(out, frag{Is: is, Pieces: visible(t[at:from])})
		}
		if to > from {
			out = append(out, frag{Is: is, Class: "hit", Pieces: visible(t[from:to])})
		}
		at = to
	}
	return out
}

// nextPage is the address of the next page of what r asks for.
func nextPage(r *http.Request, token string) string {
	if token == "" {
		return ""
	}
	q := r.URL.Query()
	q.Set("token", token)
	return r.URL.Path + "?" + q.Encode()
}
