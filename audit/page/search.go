package page

import (
	"net/http"
	"strings"
	"time"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// A form of filters, as lists have them.
type filters struct {
	Publisher, Rule, Category, From, To, Flag, Document, Text string
	Categories                                                []rules.Category
	Flags                                                     []string
}

// query reads the filters of r into a query.
func query(r *http.Request) (f filters, q audit.Query, err error) {
	get := func(name string) string { return strings.TrimSpace(r.FormValue(name)) }
	f = filters{Publisher: get("publisher"), Rule: get("rule"), Category: get("category"), From: get("from"), To: get("to"),
		Flag: get("flag"), Document: get("document"), Text: get("q"), Categories: rules.Categories(), Flags: audit.FlagNames()}
	q = audit.Query{Publisher: text.Publisher(f.Publisher), Rule: rules.ID(f.Rule), Document: f.Document, Text: f.Text, Token: r.FormValue("token")}
	if f.Category != "" {
		if q.Category, err = rules.ParseCategory(f.Category); err != nil {
			return f, q, fail(http.StatusBadRequest, "There is no category %q.", shorten(f.Category, 40))
		}
	}
	if f.Flag == "any" {
		for _, n := range f.Flags {
			x, _ := audit.ParseFlag(n)
			q.Flags |= x
		}
	} else if f.Flag != "" {
		x, ok := audit.ParseFlag(f.Flag)
		if !ok {
			return f, q, fail(http.StatusBadRequest, "There is no flag %q.", shorten(f.Flag, 40))
		}
		q.Flags = x
	}
	for _, d := range []struct {
		s    string
		t    *time.Time
		plus int
	}{{f.From, &q.From, 0}, {f.To, &q.To, 1}} {
		if d.s == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, d.s)
		if err != nil {
			return f, q, fail(http.StatusBadRequest, "%q is no day: YYYY-MM-DD.", shorten(d.s, 40))
		}
		*d.t = t.AddDate(0, 0, d.plus)
	}
	return f, q, nil
}

type documentsView struct {
	filters
	Decisions []audit.Decision
	Next      string
	First     string // the first page's address, where this is another
}

func (p *Page) documents(w http.ResponseWriter, r *http.Request) error {
	f, q, err := query(r)
	if err != nil {
		return err
	}
	q.Limit = 50
	list, err := p.Store.List(r.Context(), q)
	if err != nil {
		return err
	}
	return p.show(w, r, "documents", "Documents", &documentsView{f, list.Decisions, nextPage(r, list.Next), first(r)})
}

// first is the address of the first page of what r asks for, where it asks for another.
func first(r *http.Request) string {
	q := r.URL.Query()
	if q.Get("token") == "" {
		return ""
	}
	q.Del("token")
	return r.URL.Path + "?" + q.Encode()
}

type searchView struct {
	filters
	Samples []*sampleView
	Next    string
	First   string
	Asked   bool
}

func (p *Page) search(w http.ResponseWriter, r *http.Request) error {
	f, q, err := query(r)
	if err != nil {
		return err
	}
	v := &searchView{filters: f, First: first(r)}
	if q.Text != "" || q.Rule != "" || q.Category != "" || q.Flags != 0 || q.Publisher != "" || q.Document != "" {
		v.Asked = true
		q.Limit = 30
		list, err := p.Store.Removals(r.Context(), q)
		if err != nil {
			return err
		}
		v.Samples, v.Next = p.samples(list.Samples, words(q.Text)), nextPage(r, list.Next)
	}
	return p.show(w, r, "search", "Search", v)
}

// words are what a search looks for, in lower case.
func words(q string) []string {
	var out []string
	for i, part := range strings.Split(strings.ToLower(q), `"`) {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}

// queueSize is how many removals of the queue stand on one page.
const queueSize = 20

type reviewView struct {
	filters
	Samples []*sampleView
	Next    string
	First   string
	Done    *audit.Mark
	Return  string // where marks lead back to
	Skipped int    // what this reviewer put off
}

func (p *Page) review(w http.ResponseWriter, r *http.Request) error {
	f, q, err := query(r)
	if err != nil {
		return err
	}
	who := sessionOf(r.Context()).Who
	list, like, err := p.queue(r.Context(), who, q)
	if err != nil {
		return err
	}
	v := &reviewView{filters: f, Skipped: p.skips.count(who), Samples: p.samples(list.Samples, nil), Next: nextPage(r, list.Next), First: first(r)}
	for i, x := range v.Samples {
		x.Like = like[i]
	}
	if d := number(r, "of", 1, 0); d > 0 {
		marks, err := p.Store.Marks(r.Context(), audit.ID(d), "")
		if err != nil {
			return err
		}
		v.Done = markOf(marks, r.FormValue("marked"))
	}
	back := r.URL.Query()
	back.Del("of")
	back.Del("marked")
	v.Return = back.Encode()
	return p.show(w, r, "review", "Review", v)
}
