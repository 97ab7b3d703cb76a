package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"winnow/text"
)

// A Feedback is one thing that a person said of a rule, whatever pack it stands
// in: an example, a change of its mode, or a new rule. A feedback file holds
// them as JSON lines in the order in which they were said; it is only ever
// appended to, so that every change keeps its who, when and why.
type Feedback struct {
	Rule ID `json:"rule"`
	// Exactly one of these is set.
	Mode    Mode             `json:"mode,omitempty"`
	Example *FeedbackExample `json:"example,omitempty"`
	New     *NewRule         `json:"new,omitempty"`

	Who  string `json:"who"`
	When string `json:"when"` // a time of RFC 3339
	Why  string `json:"why,omitempty"`
}

// A FeedbackExample is an Example that needs no marks. Without a cut it is one
// that must stay whole.
type FeedbackExample struct {
	Text  string   `json:"text"`
	Title string   `json:"title,omitempty"`
	Cut   [][2]int `json:"cut,omitempty"` // bytes of Text, half-open
}

// A NewRule is a rule of KindText for one publisher, born in shadow mode. Its
// examples are those of the file.
type NewRule struct {
	Publisher text.Publisher `json:"publisher"`
	Category  Category       `json:"category"`
	Text      []string       `json:"text"`
}

// ExampleOf returns e in the form of a feedback file.
func ExampleOf(e Example) *FeedbackExample {
	f := &FeedbackExample{Text: e.Text, Title: e.Title}
	for _, s := range e.Cut {
		f.Cut = append(f.Cut, [2]int{s.Start, s.End})
	}
	return f
}

// AppendFeedback appends the line of f to b. It returns an error for what could
// not be read back.
func AppendFeedback(b []byte, f Feedback) ([]byte, error) {
	f.Who, f.Why = oneLine(f.Who), oneLine(f.Why)
	if f.Example != nil && !(utf8.ValidString(f.Example.Text) && utf8.ValidString(f.Example.Title)) {
		return b, errors.New("an example is UTF-8, and this text is not")
	}
	line, err := json.Marshal(f)
	if err != nil {
		return b, err
	}
	if _, err := ParseFeedback("feedback", line); err != nil {
		return b, err
	}
	return append(append(b, line...), '\n'), nil
}

// feedbackLine is a Feedback with its place.
type feedbackLine struct {
	Feedback
	line int
}

// ParseFeedback reads a feedback file. Every mistake is reported at once, as
// Errors.
func ParseFeedback(file string, data []byte) ([]Feedback, error) {
	lines, errs := feedbackLines(file, data)
	var out []Feedback
	for _, l := range lines {
		out = append(out, l.Feedback)
	}
	return out, errs.orNil()
}

func feedbackLines(file string, data []byte) (out []feedbackLine, errs Errors) {
	for i, raw := range bytes.Split(data, []byte("\n")) {
		if len(bytes.TrimSpace(raw)) == 0 {
			continue
		}
		l := feedbackLine{line: i + 1}
		fail := func(format string, args ...any) {
			errs = append(errs, &Error{File: file, Line: i + 1, Col: 1, Rule: l.Rule, Msg: fmt.Sprintf(format, args...)})
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&l.Feedback); err != nil {
			fail("%v", err)
			continue
		}
		n := 0
		if l.Mode != "" {
			n++
			if !l.Mode.known() {
				fail("unknown mode %q: enforce, shadow or off", l.Mode)
			}
		}
		if e := l.Example; e != nil {
			n++
			end := 0
			for _, c := range e.Cut {
				if c[0] < end || c[1] <= c[0] || c[1] > len(e.Text) {
					fail("the example's cut %v does not lie in its text", c)
					break
				}
				end = c[1]
			}
		}
		if w := l.New; w != nil {
			n++
			if _, err := ParseCategory(string(w.Category)); err != nil {
				fail("%v", err)
			}
			if w.Publisher == "" || len(w.Text) == 0 {
				fail("a new rule has a publisher and a text")
			} else if l.Rule.Scope() != string(w.Publisher) {
				fail("the id of a new rule begins with its publisher: %s/...", w.Publisher)
			}
		}
		switch {
		case n != 1:
			fail("a line holds a mode, an example or a new rule")
		case l.Rule == "" || strings.TrimSpace(l.Who) == "" || !isTime(l.When):
			fail("a line says its rule, who, and when")
		}
		out = append(out, l)
	}
	return out, errs
}

func (f FeedbackExample) example(line int) Example {
	e := Example{Text: f.Text, Title: f.Title, Line: line}
	for _, c := range f.Cut {
		e.Cut = append(e.Cut, text.Span{Start: c[0], End: c[1]})
	}
	e.Cut = joinCuts(e.Text, e.Cut)
	return e
}

// ApplyFeedback returns packs with what a feedback file says: its examples
// beside those of the packs, its modes (the last of each rule) in the place of
// theirs, and its new rules in a pack of their own. It changes none of the packs
// given. What it says of rules that none of the packs holds is left alone: rules
// that are learned come and go.
//
// A rule that would cut and fails an example of the file is a mistake, reported
// as one of Errors: people took the rule out of force for that, and it must be
// mended first.
func ApplyFeedback(packs []*Pack, file string, data []byte) ([]*Pack, error) {
	lines, errs := feedbackLines(file, data)
	if len(errs) > 0 {
		return nil, errs
	}
	own := &Pack{File: file}
	said := map[ID][]feedbackLine{}
	for _, l := range lines {
		if l.New != nil {
			own.Rules = append(own.Rules, &Rule{ID: l.Rule, Scope: Scope{Publisher: l.New.Publisher}, Category: l.New.Category, Mode: Shadow,
				Why: l.Why, Where: Anywhere, Kind: KindText, Text: l.New.Text, Confidence: 0.9, Origin: fmt.Sprintf("%s:%d", file, l.line)})
			continue
		}
		said[l.Rule] = append(said[l.Rule], l)
	}
	var out []*Pack
	for _, p := range append(slices.Clip(packs), own) {
		q := *p
		q.Rules = slices.Clone(p.Rules)
		for i, r := range q.Rules {
			if ls := said[r.ID]; ls != nil {
				var more Errors
				q.Rules[i], more = r.hear(file, ls)
				errs = append(errs, more...)
			}
		}
		out = append(out, &q)
	}
	return out, errs.orNil()
}

// hear returns r with what was said of it.
func (r *Rule) hear(file string, ls []feedbackLine) (*Rule, Errors) {
	heard := *r
	heard.Remove, heard.KeepText = slices.Clone(r.Remove), slices.Clone(r.KeepText)
	alone := *r
	alone.Remove, alone.KeepText = nil, nil
	for _, l := range ls {
		switch {
		case l.Mode != "":
			heard.Mode = l.Mode
			heard.Override = &Override{ID: r.ID, Mode: l.Mode, Who: l.Who, When: l.When, Why: l.Why, Pack: r.Mode, Place: fmt.Sprintf("%s:%d", file, l.line)}
		case len(l.Example.Cut) > 0:
			heard.Remove = append(heard.Remove, l.Example.example(l.line))
			alone.Remove = append(alone.Remove, l.Example.example(l.line))
		default:
			heard.KeepText = append(heard.KeepText, l.Example.example(l.line))
			alone.KeepText = append(alone.KeepText, l.Example.example(l.line))
		}
	}
	if heard.Mode != Enforce {
		return &heard, nil
	}
	return &heard, alone.Test(file)
}

// Cuts returns what r alone, in force, would take out of e, without white space
// at the ends.
func (r *Rule) Cuts(e Example) ([]text.Span, error) {
	alone := *r
	alone.Mode = Enforce
	set, err := NewSet(&Pack{Rules: []*Rule{&alone}})
	if err != nil {
		return nil, err
	}
	return set.cuts(&alone, e), nil
}

// FreeID returns the first of scope/name.1, scope/name.2 ... that no rule of s has.
func (s *Set) FreeID(scope, name string) ID {
	for n := 1; ; n++ {
		if id := ID(fmt.Sprintf("%s/%s.%d", scope, name, n)); s.byID[id] == nil {
			return id
		}
	}
}
