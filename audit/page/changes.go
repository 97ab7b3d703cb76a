package page

import (
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

// errLook is the answer to a change where none are taken.
var errLook = fail(http.StatusForbidden, "This page was opened to look only. Nothing was changed.")

// mark takes what a person says of a removal, or of kept text.
func (p *Page) mark(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if p.Desk == nil {
		return errLook
	}
	d, err := p.decision(ctx, r)
	if err != nil {
		return err
	}
	m := &audit.Mark{Decision: d.ID, N: -1, Who: sessionOf(ctx).Who, Time: p.Now().UTC()}
	form := r.PostForm
	place := form.Get("n")
	for _, v := range []audit.Verdict{audit.Wrong, audit.Right} { // buttons of a form that holds many removals
		if form.Has(string(v)) {
			form.Set("verdict", string(v))
			place = form.Get(string(v))
			form.Set("why", form.Get("why-"+place))
		}
	}
	m.Why = shorten(strings.TrimSpace(form.Get("why")), 500)
	switch m.Verdict = audit.Verdict(form.Get("verdict")); m.Verdict {
	case audit.Wrong, audit.Right:
		if m.N, err = strconv.Atoi(place); err != nil || m.N < 0 || m.N >= len(d.Removals) {
			return fail(http.StatusBadRequest, "The document has no removal of that number.")
		}
		m.Span = d.Removals[m.N].Span
		ids, chosen := d.Removals[m.N].Rules(), rules.ID(form.Get("rule"))
		switch {
		case m.Verdict == audit.Wrong && chosen == "" && len(ids) > 1:
			return p.which(w, r, d, m)
		case chosen != "" && chosen != allRules:
			if m.Rule = chosen; !slices.Contains(ids, chosen) {
				return fail(http.StatusBadRequest, "That rule has no part in the removal.")
			}
		}
	case audit.Boilerplate:
		if m.Span, err = keptPlace(d, form.Get("text")); err != nil {
			return err
		}
		if m.Category, err = rules.ParseCategory(form.Get("category")); err != nil {
			return fail(http.StatusBadRequest, "There is no category %q.", shorten(form.Get("category"), 40))
		}
	default:
		return fail(http.StatusBadRequest, "A mark says wrong, right or boilerplate.")
	}
	if err := p.Desk.Mark(ctx, m); m.ID == 0 {
		return fmt.Errorf("mark: %w", err)
	} else if err != nil { // the mark stands, and its outcome says what went wrong
		p.Logger.ErrorContext(ctx, "audit page", "mark", m.ID, "error", err)
	}
	if form.Has("review") {
		q, err := url.ParseQuery(form.Get("review"))
		if err != nil {
			q = url.Values{}
		}
		q.Set("of", strconv.FormatInt(int64(d.ID), 10))
		q.Set("marked", strconv.FormatInt(m.ID, 10))
		return see(w, r, fmt.Sprintf("/review?%s#i%d", q.Encode(), number(r, "place", 0, 0)))
	}
	to := documentPath(d.ID) + "?marked=" + strconv.FormatInt(m.ID, 10)
	if m.N >= 0 {
		to += "&n=" + strconv.Itoa(m.N)
	}
	return see(w, r, to)
}

// allRules is what a form says in place of one of a removal's rules.
const allRules = "*"

// A whichView asks which of a removal's rules was wrong: each would go to
// shadow mode for its own part.
type whichView struct {
	*audit.Decision
	N      int
	Why    string
	Review *string // where the queue goes on; nil where the mark was made in the document
	Place  string
	Rules  []whichRule
}

type whichRule struct {
	ruleRef
	Text []piece // what it matched
}

func (p *Page) which(w http.ResponseWriter, r *http.Request, d *audit.Decision, m *audit.Mark) error {
	v := &whichView{Decision: d, N: m.N, Why: m.Why, Place: r.PostForm.Get("place")}
	if r.PostForm.Has("review") {
		back := r.PostForm.Get("review")
		v.Review = &back
	}
	removal := &d.Removals[m.N]
	for _, ref := range p.view(p.Rules(), d.ID, removal).Rules {
		t := removal.Text
		for _, x := range removal.Matches {
			if from, to := x.Span.Start-removal.Span.Start, x.Span.End-removal.Span.Start; x.Rule == ref.ID && 0 <= from && from <= to && to <= len(t) {
				t = t[from:to]
				break
			}
		}
		v.Rules = append(v.Rules, whichRule{ref, visible(shorten(strings.TrimSpace(t), sampleHead))})
	}
	return p.show(w, r, "which", "Which rule?", v)
}

// keptPlace finds the one place of the kept text that a person means by t.
func keptPlace(d *audit.Decision, t string) (text.Span, error) {
	t = strings.TrimSpace(strings.ReplaceAll(t, "\r\n", "\n"))
	all, err := whole(d)
	if err != nil {
		return text.Span{}, err
	}
	if t == "" {
		return text.Span{}, fail(http.StatusBadRequest, "Say which text is meant.")
	}
	var found []text.Span
	for _, x := range runs(len(all), d.Removals) {
		if x.is == cutOut {
			continue
		}
		for at := x.span.Start; ; {
			i := strings.Index(all[at:x.span.End], t)
			if i < 0 {
				break
			}
			found = append(found, text.Span{Start: at + i, End: at + i + len(t)})
			if len(found) > 1 {
				return text.Span{}, fail(http.StatusBadRequest, "That text stands in the document more than once. Take more of what is around it.")
			}
			at += i + len(t)
		}
	}
	if len(found) == 0 {
		return text.Span{}, fail(http.StatusBadRequest, "That text does not stand in what was kept, on one line as it is written there.")
	}
	return found[0], nil
}

// setMode changes a rule's state.
func (p *Page) setMode(w http.ResponseWriter, r *http.Request) error {
	if p.Desk == nil {
		return errLook
	}
	id, why := rules.ID(r.PostFormValue("id")), strings.TrimSpace(r.PostFormValue("why"))
	mode := rules.Mode(r.PostFormValue("mode"))
	switch {
	case mode != rules.Enforce && mode != rules.Shadow && mode != rules.Off:
		return fail(http.StatusBadRequest, "A rule's state is enforce, shadow or off.")
	case why == "":
		return fail(http.StatusBadRequest, "Say why, for those who ask later.")
	}
	c := audit.Change{Rule: id, To: mode, Who: sessionOf(r.Context()).Who, Why: shorten(why, 500), Time: p.Now().UTC()}
	err := p.Desk.SetMode(r.Context(), c)
	var mistakes rules.Errors
	switch {
	case errors.As(err, &mistakes): // it fails an example
		return fail(http.StatusConflict, "The rule stays as it is: %v", mistakes)
	case err != nil:
		return err
	}
	return see(w, r, rulePath(id)+"&changed=1#done")
}

type historyView struct {
	Changes []audit.Change
	Marks   []audit.Mark
	Pager   pager
}

// history shows every mark and every change, latest first.
func (p *Page) history(w http.ResponseWriter, r *http.Request) error {
	marks, err := p.Store.Marks(r.Context(), 0, "")
	if err != nil {
		return err
	}
	changes, err := p.Store.Changes(r.Context(), "")
	if err != nil {
		return err
	}
	const size = 50
	v := &historyView{}
	v.Marks, v.Pager = paged(r, marks, size)
	var pages pager
	if v.Changes, pages = paged(r, changes, size); pages.Pages > v.Pager.Pages {
		v.Pager = pages
	}
	return p.show(w, r, "history", "History", v)
}
