package rules

import (
	"fmt"
	"testing"

	"winnow/text"
)

// marker takes the units that begin with "x", and notes what it was told of rules.
type marker struct{ taken string }

func (m *marker) Score(seg *text.Segments, taken []bool) (out []Scored) {
	m.taken = fmt.Sprint(taken)
	for i, u := range seg.Units {
		if u.Span.In(seg.Text)[0] == 'x' {
			out = append(out, Scored{i, Share, "begins with x"})
		}
	}
	return out
}

// TestScorer: what a Scorer finds is cut like any match, in its category and
// with its reason; exceptions and modes bind it; where it alone breaks the
// budget, it alone is refused.
func TestScorer(t *testing.T) {
	m := &marker{}
	model := &Rule{ID: "model/x", Kind: KindModel, Category: Nav, Mode: Enforce, Where: Anywhere, Confidence: 0.9, Scorer: m}
	known := &Rule{ID: "any/known", Kind: KindText, Category: Legal, Mode: Enforce, Where: Anywhere, Confidence: 1, Text: []string{"all rights reserved"}}
	keep := &Rule{ID: "any/keep", Kind: KindText, Category: Nav, Mode: Enforce, Where: Anywhere, Keep: true, Text: []string{"x marks the spot"}}
	set := func(rs ...*Rule) *Set {
		s, err := NewSet(&Pack{Rules: rs})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	const in = "x one\nA line of prose that stays here.\nx marks the spot\nAll rights reserved\n"
	doc := &text.Document{Text: in}
	out := set(model, known, keep).Apply(doc, Options{})
	if want := "A line of prose that stays here.\nx marks the spot\n"; out.Clean != want {
		t.Errorf("got %q, want %q", out.Clean, want)
	}
	if want := "[false false false true]"; m.taken != want {
		t.Errorf("taken %s, want %s", m.taken, want)
	}
	if r := out.Removals[0]; r.Category != Share || r.Stage != StageModel || r.Matches[0].Reason != "begins with x" || r.Matches[0].Rule.ID != model.ID {
		t.Errorf("%+v", r)
	}
	if fs := set(model).Explain(doc, text.Span{End: 1}, Options{}).Findings; len(fs) != 1 || fs[0].Condition != "begins with x" {
		t.Errorf("explained by %+v", fs)
	}
	if out := set(model, keep).Apply(doc, Options{Keep: []Category{Share}}); out.Clean != in {
		t.Errorf("a kept category went: %q", out.Clean)
	}
	out = set(model, known).Apply(&text.Document{Text: "x one two three four\nx five six seven eight\nProse.\nAll rights reserved\n"}, Options{})
	if want := "x one two three four\nx five six seven eight\nProse.\n"; out.Clean != want || len(out.Warnings) != 1 {
		t.Errorf("over the budget: %q, %v", out.Clean, out.Warnings)
	}
	shadow := *model
	shadow.Mode = Shadow
	if out := set(&shadow).Apply(doc, Options{}); out.Clean != in || len(out.Removals) != 2 {
		t.Errorf("in shadow: %q, %v", out.Clean, out.Removals)
	}
}
