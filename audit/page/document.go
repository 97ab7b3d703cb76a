package page

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// A removalView is a removal as the page shows it.
type removalView struct {
	*audit.Removal
	Decision audit.ID
	Rules    []ruleRef
	Mark     *audit.Mark // the latest on it
	At       bool        // whether the address asks for it
}

// A ruleRef is a rule that the record names, and what is known of it now.
type ruleRef struct {
	ID     rules.ID
	Rule   *rules.Rule // nil where the rules in force have none of that id
	Reason string      // what a model saw
}

func (v *removalView) Class() string { return categoryClass(v.Category) }
func (v *removalView) Shadow() bool  { return v.Mode == rules.Shadow }

// FewRules are the first rules, for places that have no room; MoreRules is how
// many others there are.
func (v *removalView) FewRules() []ruleRef { return v.Rules[:min(3, len(v.Rules))] }
func (v *removalView) MoreRules() int      { return len(v.Rules) - len(v.FewRules()) }

// Title is what the pointer shows over the removed text.
func (v *removalView) Title() string {
	says := "cut as "
	if v.Shadow() {
		says = "would be cut as "
	}
	says += string(v.Category)
	for _, r := range v.Rules {
		says += "\n" + string(r.ID)
		if r.Rule != nil && r.Rule.Why != "" {
			says += ": " + r.Rule.Why
		}
	}
	return plainly(shorten(says, 600))
}

// plainly renders t for attributes, where what cannot be seen cannot be marked up.
func plainly(t string) string {
	var b strings.Builder
	for _, p := range visible(t) {
		if p.Name != "" {
			b.WriteString("<" + p.Name + ">")
		}
		b.WriteString(p.Text)
	}
	return b.String()
}

// categoryClass is the class that gives a category its hue; none for one that
// is not in the list, which a record from elsewhere can hold.
func categoryClass(c rules.Category) string {
	if slices.Contains(rules.Categories(), c) {
		return "k-" + string(c)
	}
	return ""
}

// view makes the removalView of r.
func (p *Page) view(set *rules.Set, d audit.ID, r *audit.Removal) *removalView {
	v := &removalView{Removal: r, Decision: d}
	for _, id := range r.Rules() {
		ref := ruleRef{ID: id, Rule: set.Rule(id)}
		for _, m := range r.Matches {
			if m.Rule == id && m.Reason != "" {
				ref.Reason = m.Reason
				break
			}
		}
		v.Rules = append(v.Rules, ref)
	}
	return v
}

// A documentView is one decision, or a part of it.
type documentView struct {
	*audit.Decision
	Tab     string
	Lines   []line
	Part    int // from 1
	Parts   int
	Address string // of this view, for its parts; ends where "part=N" may follow
	Legend  []legendEntry
	Rules   []audit.Total // of this document, most bytes first
	Marks   []audit.Mark
	Done    *audit.Mark // made just now
	Bare    bool        // the kept text is not known
	Warn    string
	Raw     string // where the same text can be had as a file
	Says    string
}

// A legendEntry is a category of a document's removals.
type legendEntry struct {
	audit.Total
	First int // its first removal
}

func (v documentView) PartPath(n int) string { return v.Address + "part=" + strconv.Itoa(n) }
func (v documentView) Shown() []int          { return around(v.Part, v.Parts) }

// around are the parts that links lead to: the ends, and those near n. A 0
// stands for those left out.
func around(n, of int) []int {
	var out []int
	for i := 1; i <= of; i++ {
		if i == 1 || i == of || n-3 < i && i < n+3 {
			out = append(out, i)
		} else if out[len(out)-1] != 0 {
			out = append(out, 0)
		}
	}
	return out
}

// Categories are what kept text can be marked as.
func (v documentView) Categories() []rules.Category { return rules.Categories() }

// extracted returns the text that the removals of d refer to. Where it cannot be
// had it says why in warn, and the text is the removed texts alone, one a line,
// with the spans of d moved there.
func extracted(d *audit.Decision) (t string, warn string) {
	t, err := d.Extracted()
	switch {
	case err == nil:
		return t, ""
	case errors.Is(err, audit.ErrNoText):
		warn = "The kept text was not recorded. Only the removed texts are shown."
	default:
		warn = "The record does not fit together: " + err.Error() + ". Only the removed texts are shown."
	}
	var b strings.Builder
	for i := range d.Removals {
		r := &d.Removals[i]
		at := b.Len()
		b.WriteString(r.Text)
		r.Span = text.Span{Start: at, End: b.Len()}
		b.WriteByte('\n')
	}
	return b.String(), warn
}

// whole returns the extracted text of d, or says that it cannot be had.
func whole(d *audit.Decision) (string, error) {
	t, err := d.Extracted()
	if err != nil && !errors.Is(err, audit.ErrNoText) {
		return "", fail(http.StatusConflict, "The record does not fit together: %v.", err)
	}
	return t, err
}

func (p *Page) document(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	d, err := p.decision(ctx, r)
	if err != nil {
		return err
	}
	v := &documentView{Decision: d, Tab: "both", Address: documentPath(d.ID) + "?"}
	if v.Marks, err = p.Store.Marks(ctx, d.ID, ""); err != nil {
		return err
	}
	t, warn := extracted(d)
	v.Warn, v.Bare = warn, warn != ""
	v.Done = markOf(v.Marks, r.FormValue("marked"))
	set := p.Rules()

	ps := parts(t, runs(len(t), d.Removals))
	at := number(r, "n", 0, -1)
	v.setPart(ps, number(r, "part", 1, 0), at)
	views := map[int]*removalView{}
	if len(ps) > 0 {
		for _, run := range ps[v.Part-1].runs {
			if run.n >= 0 && views[run.n] == nil {
				views[run.n] = p.view(set, d.ID, &d.Removals[run.n])
				views[run.n].At = run.n == at
			}
		}
		for i := range v.Marks {
			m := &v.Marks[i]
			if view := views[m.N]; m.N >= 0 && view != nil && view.Mark == nil {
				view.Mark = m
			}
		}
		v.Lines = layout(t, ps[v.Part-1], views)
	}
	v.count()
	return p.show(w, r, "document", name(d), v)
}

// setPart chooses the part that was asked for by its number, else the one with
// removal n.
func (v *documentView) setPart(ps []part, number, n int) {
	v.Part, v.Parts = min(max(number, 1), max(len(ps), 1)), max(len(ps), 1)
	if number > 0 || n < 0 {
		return
	}
	for i, p := range ps {
		if slices.ContainsFunc(p.runs, func(r run) bool { return r.n == n }) {
			v.Part = i + 1
			return
		}
	}
}

// count sums the removals up by category and by rule.
func (v *documentView) count() {
	byCategory, byRule := map[string]*audit.Total{}, map[string]*audit.Total{}
	add := func(m map[string]*audit.Total, key string, r *audit.Removal) {
		t := m[key]
		if t == nil {
			t = &audit.Total{Key: key}
			m[key] = t
		}
		if r.Mode == rules.Shadow {
			t.Shadow++
			t.ShadowBytes += len(r.Text)
		} else {
			t.Removals++
			t.Bytes += len(r.Text)
		}
	}
	for i := range v.Removals {
		r := &v.Removals[i]
		add(byCategory, string(r.Category), r)
		for _, id := range r.Rules() {
			add(byRule, string(id), r)
		}
	}
	sorted := func(m map[string]*audit.Total) []audit.Total {
		var out []audit.Total
		for _, t := range m {
			out = append(out, *t)
		}
		slices.SortFunc(out, func(a, b audit.Total) int {
			return cmp.Or(b.Bytes-a.Bytes, b.ShadowBytes-a.ShadowBytes, strings.Compare(a.Key, b.Key))
		})
		return out
	}
	for _, t := range sorted(byCategory) {
		first := slices.IndexFunc(v.Removals, func(r audit.Removal) bool { return string(r.Category) == t.Key })
		v.Legend = append(v.Legend, legendEntry{t, first})
	}
	v.Rules = sorted(byRule)
	const most = 20
	v.Rules = v.Rules[:min(len(v.Rules), most)]
}

func markOf(ms []audit.Mark, id string) *audit.Mark {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil
	}
	for i := range ms {
		if ms[i].ID == n {
			return &ms[i]
		}
	}
	return nil
}

// name is what a decision goes by.
func name(d *audit.Decision) string {
	return plainly(shorten(cmp.Or(d.Title, d.Document, d.URL, "Document "+strconv.FormatInt(int64(d.ID), 10)), 160))
}

// cleanText shows what was kept.
func (p *Page) cleanText(w http.ResponseWriter, r *http.Request) error {
	d, err := p.decision(r.Context(), r)
	if err != nil {
		return err
	}
	if d.Bare {
		return audit.ErrNoText
	}
	if r.FormValue("raw") != "" {
		return p.file(w, d, "clean", d.Clean)
	}
	v := &documentView{Decision: d, Tab: "clean", Address: documentPath(d.ID) + "/clean?", Raw: documentPath(d.ID) + "/clean?raw=1"}
	v.one(d.Clean, []run{{text.Span{End: len(d.Clean)}, -1, kept}}, r)
	return p.show(w, r, "text", name(d), v)
}

// one lays a text out for a view of a single column.
func (v *documentView) one(t string, rs []run, r *http.Request) {
	if t == "" {
		rs = nil
	}
	ps := parts(t, rs)
	v.setPart(ps, number(r, "part", 1, 0), number(r, "n", 0, -1))
	if len(ps) > 0 {
		v.Lines = layout(t, ps[v.Part-1], nil)
	}
}

// removal shows all of one removed text.
func (p *Page) removal(w http.ResponseWriter, r *http.Request) error {
	d, err := p.decision(r.Context(), r)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 0 || n >= len(d.Removals) {
		return fail(http.StatusNotFound, "The document has no removal of that number.")
	}
	t, base := d.Removals[n].Text, fmt.Sprintf("%s/removal/%d?", documentPath(d.ID), n)
	if r.FormValue("raw") != "" {
		return p.file(w, d, fmt.Sprintf("removal-%d", n), t)
	}
	v := &documentView{Decision: d, Tab: "removal", Address: base, Raw: base + "raw=1",
		Says: fmt.Sprintf("Removal %d: bytes %d to %d, %s", n+1, d.Removals[n].Span.Start, d.Removals[n].Span.End, plainly(string(d.Removals[n].Category)))}
	v.one(t, []run{{text.Span{End: len(t)}, -1, kept}}, r)
	return p.show(w, r, "text", name(d), v)
}

// restored shows the text with removals put back: one (n), those of one rule
// (rule), or all. The record stays as it is.
func (p *Page) restored(w http.ResponseWriter, r *http.Request) error {
	d, err := p.decision(r.Context(), r)
	if err != nil {
		return err
	}
	t, err := whole(d)
	if err != nil {
		return err
	}
	q := url.Values{}
	n, id := number(r, "n", 0, -1), rules.ID(r.FormValue("rule"))
	says := "All removals are put back"
	switch {
	case n >= 0:
		q.Set("n", strconv.Itoa(n))
		says = fmt.Sprintf("Removal %d is put back", n+1)
	case id != "":
		q.Set("rule", string(id))
		says = "What " + plainly(string(id)) + " took is put back"
	}
	rs := runs(len(t), d.Removals)
	all := rs
	rs = nil
	var b strings.Builder
	for _, x := range all {
		switch {
		case x.is == reported:
			x.is, x.n = kept, -1
		case x.is == cutOut && (n < 0 && id == "" || x.n == n || id != "" && slices.Contains(d.Removals[x.n].Rules(), id)):
			x.is = back
		case x.is == cutOut:
			continue
		}
		at := b.Len()
		b.WriteString(x.span.In(t))
		x.span = text.Span{Start: at, End: b.Len()}
		rs = append(rs, x)
	}
	address := documentPath(d.ID) + "/restored?"
	if len(q) > 0 {
		address += q.Encode() + "&"
	}
	if r.FormValue("raw") != "" {
		return p.file(w, d, "restored", b.String())
	}
	v := &documentView{Decision: d, Tab: "restored", Address: address, Raw: address + "raw=1", Says: says + ". The record and the rules stay as they are."}
	v.one(b.String(), rs, r)
	return p.show(w, r, "text", name(d), v)
}

// file answers with a text to be kept, never to be shown by the browser.
func (p *Page) file(w http.ResponseWriter, d *audit.Decision, what, t string) error {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="document-%d-%s.txt"`, d.ID, what))
	h.Set("Content-Length", strconv.Itoa(len(t)))
	_, err := w.Write([]byte(t))
	if err != nil {
		return context.Canceled
	}
	return nil
}

// A droppedView is what extraction left out of a page.
type droppedView struct {
	*audit.Decision
	Tab     string
	Reasons []audit.Total // by reason
	Items   []audit.Dropped
	Pager   pager
}

// dropReasons are the reasons of extraction in words.
var dropReasons = map[string]string{
	"ENGINE":  "outside the article",
	"MODEL":   "furniture within it",
	"HIDDEN":  "hidden by the page",
	"CAPTION": "a caption",
	"CONTROL": "a control",
	"DRAWING": "in a drawing",
}

func dropReason(r string) string { return cmp.Or(dropReasons[r], r) }

func (p *Page) dropped(w http.ResponseWriter, r *http.Request) error {
	d, err := p.decision(r.Context(), r)
	if err != nil {
		return err
	}
	v := &droppedView{Decision: d, Tab: "dropped"}
	by := map[string]int{}
	for _, x := range d.Dropped {
		i, ok := by[x.Reason]
		if !ok {
			i = len(v.Reasons)
			by[x.Reason] = i
			v.Reasons = append(v.Reasons, audit.Total{Key: x.Reason})
		}
		v.Reasons[i].Removals++
		v.Reasons[i].Bytes += len(x.Text)
	}
	slices.SortFunc(v.Reasons, func(a, b audit.Total) int { return cmp.Or(b.Bytes-a.Bytes, strings.Compare(a.Key, b.Key)) })
	v.Items, v.Pager = paged(r, d.Dropped, 200)
	return p.show(w, r, "dropped", name(d), v)
}

// A pager leads through a list that is at hand as a whole.
type pager struct {
	Page, Pages, All int
	Previous, Next   string
}

// paged returns the page of list that r asks for.
func paged[T any](r *http.Request, list []T, size int) ([]T, pager) {
	g := pager{Pages: max(1, (len(list)+size-1)/size), All: len(list)}
	g.Page = min(number(r, "page", 1, 1), g.Pages)
	to := func(n int) string {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(n))
		return r.URL.Path + "?" + q.Encode()
	}
	if g.Page > 1 {
		g.Previous = to(g.Page - 1)
	}
	if g.Page < g.Pages {
		g.Next = to(g.Page + 1)
	}
	return list[(g.Page-1)*size : min(g.Page*size, len(list))], g
}
