package rules

import (
	"errors"
	"fmt"
	"strings"

	"winnow/text"
)

// ParseMarked reads a text in which removed spans are marked [-so-].
func ParseMarked(s string) (Example, error) {
	var e Example
	var b strings.Builder
	for {
		i := strings.Index(s, "[-")
		if i < 0 {
			break
		}
		inside, rest, closed := strings.Cut(s[i+2:], "-]")
		if !closed {
			return e, errors.New("a mark [- is not closed by -]")
		}
		b.WriteString(s[:i])
		start := b.Len()
		b.WriteString(inside)
		e.Cut = append(e.Cut, text.Span{Start: start, End: b.Len()})
		s = rest
	}
	b.WriteString(s)
	e.Text = b.String()
	e.Cut = joinCuts(e.Text, e.Cut)
	return e, nil
}

// Marked renders t with the removals of rs marked: [-cut-] for enforced ones,
// [?reported?] for those in shadow mode. White space at the ends of a removal
// stays outside the marks.
func Marked(t string, rs []Removal) string {
	var b strings.Builder
	at := 0
	for _, r := range rs {
		s := r.Span.Trim(t)
		if s.Start < at {
			continue
		}
		b.WriteString(t[at:s.Start])
		open, end := "[-", "-]"
		if r.Mode == Shadow {
			open, end = "[?", "?]"
		}
		b.WriteString(open + s.In(t) + end)
		at = s.End
	}
	b.WriteString(t[at:])
	return b.String()
}

// joinCuts brings marked spans to the form that removals have: without white
// space at their ends, and one where only white space stands between two.
func joinCuts(t string, cuts []text.Span) []text.Span {
	var out []text.Span
	for _, c := range cuts {
		if c = c.Trim(t); c.Empty() {
			continue
		}
		if n := len(out); n > 0 && (text.Span{Start: out[n-1].End, End: c.Start}).Trim(t).Empty() {
			out[n-1].End = c.End
			continue
		}
		out = append(out, c)
	}
	return out
}

// Test runs each rule of p alone against its own examples and returns every
// failure as Errors. Mode, category and budget play no part: a rule in shadow
// mode must be as right as an enforcing one.
func (p *Pack) Test() error {
	var errs Errors
	for _, r := range p.Rules {
		errs = append(errs, r.Test(p.File)...)
	}
	return errs.orNil()
}

// Test runs r alone against its examples; file names its pack in errors.
func (r *Rule) Test(file string) Errors {
	alone := *r
	alone.Mode = Enforce
	set, err := NewSet(&Pack{Rules: []*Rule{&alone}})
	if err != nil {
		return Errors{{File: file, Rule: r.ID, Msg: err.Error()}}
	}
	var errs Errors
	fail := func(e Example, format string, args ...any) {
		errs = append(errs, &Error{File: file, Line: e.Line, Col: 1, Rule: r.ID, Msg: fmt.Sprintf(format, args...)})
	}
	for _, e := range r.Remove {
		if r.Rescue {
			if got := set.rescued(e); len(got) > 0 {
				fail(e, "remove example: the rule rescues %q", got[0].In(e.Text))
			}
		} else if r.Keep {
			if got := set.matched(r, e); len(got) > 0 {
				fail(e, "remove example: the exception protects %q", got[0].In(e.Text))
			}
		} else if got := set.cuts(r, e); !equalSpans(got, e.Cut) {
			fail(e, "remove example: removed as\n%s", indent(markSpans(e.Text, got)))
		}
	}
	for _, e := range r.KeepText {
		if r.Rescue {
			if len(set.rescued(e)) == 0 {
				fail(e, "keep example: the rule rescues nothing in it")
			}
		} else if r.Keep {
			if len(set.matched(r, e)) == 0 {
				fail(e, "keep example: the exception protects nothing in it")
			}
		} else if got := set.cuts(r, e); len(got) > 0 {
			fail(e, "keep example: removed as\n%s", indent(markSpans(e.Text, got)))
		}
	}
	return errs
}

// exampleHost returns a host that h, of Rule.Hosts, stands for.
func exampleHost(h string) string {
	if strings.HasPrefix(h, ".") {
		return "pages" + h
	}
	return h
}

func (r *Rule) document(e Example) *text.Document {
	d := &text.Document{Text: e.Text, Title: e.Title, Publisher: r.Scope.Publisher, Blocks: e.Blocks, URL: e.Page}
	if e.Page == "" && len(r.Hosts) > 0 {
		d.URL = "https://" + exampleHost(r.Hosts[0]) + "/"
	}
	if len(r.Scope.Members) > 0 {
		d.Publisher = r.Scope.Members[0]
	}
	return d
}

// cuts returns what s removes from e, without white space at the ends.
func (s *Set) cuts(r *Rule, e Example) []text.Span {
	var cuts []text.Span
	for _, m := range s.Apply(r.document(e), Options{Budget: 1, Only: []Category{r.Category}, Remove: []Category{r.Category}}).Removals {
		cuts = append(cuts, m.Span)
	}
	return joinCuts(e.Text, cuts)
}

// matched returns what the exception r matches in e.
func (s *Set) matched(r *Rule, e Example) []text.Span {
	f := newFinder()
	var spans []text.Span
	xs := s.indexes(r.Scope.Publisher)
	if len(r.Scope.Members) > 0 {
		xs = s.indexes(r.Scope.Members[0])
	}
	f.match(xs, r.document(e))
	for _, c := range f.keepers(xs, nil, true) {
		spans = append(spans, c.span)
	}
	return spans
}

func equalSpans(a, b []text.Span) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func markSpans(t string, spans []text.Span) string {
	var rs []Removal
	for _, s := range spans {
		rs = append(rs, Removal{Span: s, Mode: Enforce})
	}
	return Marked(t, rs)
}

func indent(s string) string {
	return "\t" + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n\t")
}
