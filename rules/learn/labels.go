package learn

import (
	"fmt"
	"regexp"
	"slices"
	"unicode"

	"winnow/rules"
	"winnow/text"
)

// A Labelled is a document that somebody read: every letter and digit outside
// its labels is content.
type Labelled struct {
	text.Document
	Labels []Label // in any order
}

// A Label is a span that is furniture, or, where it is ambiguous, one whose
// removal counts neither for nor against a rule.
type Label struct {
	Span      text.Span // bytes of the document's text
	Ambiguous bool
}

// A Judgement says what became of the rules of a Proposal by labels.
type Judgement struct {
	Documents int        // labelled ones of the publisher
	Right     int        // places where rules take furniture alone
	Wrong     int        // places where they take content
	Demoted   []rules.ID // enforcing rules that took content and are in shadow mode now
	Confirmed []rules.ID // rules in shadow mode that were right at every labelled place; people may promote them
}

var judged = regexp.MustCompile(` At \d+ of \d+ labelled places it takes content\.$`)

// Judge corrects the rules of p by docs, which p must not have learned from.
// A rule that takes content of theirs goes to shadow mode, and its precision
// falls to the Wilson bound of its labelled places, if that is lower. One that
// is right at all of them has its precision raised to that bound, if that is
// higher: a few labels say less than many unlabelled documents did. Labels let
// no rule cut that did not cut before. Rules of categories that are kept by
// default are not judged: what they take is content to most.
//
// The order of docs plays no part. Documents of other publishers are left out.
func (p *Proposal) Judge(docs []Labelled) (Judgement, error) {
	var j Judgement
	set, err := rules.NewSet(p.Pack())
	if err != nil {
		return j, err
	}
	right, wrong := map[rules.ID]int{}, map[rules.ID]int{}
	for i := range docs {
		d := &docs[i]
		if d.Publisher != p.Publisher {
			continue
		}
		j.Documents++
		for _, rem := range set.Apply(&d.Document, rules.Options{Budget: 1}).Removals {
			for _, m := range rem.Matches {
				switch furniture, content := d.holds(m.Span); {
				case !m.Rule.Category.Removed():
				case content:
					wrong[m.Rule.ID]++
				case furniture:
					right[m.Rule.ID]++
				}
			}
		}
	}
	for i, old := range p.Rules {
		k, n := right[old.ID], right[old.ID]+wrong[old.ID]
		if n == 0 {
			continue
		}
		j.Right += k
		j.Wrong += n - k
		r := *old
		p.Rules[i] = &r
		r.Why = judged.ReplaceAllString(r.Why, "")
		precision := max(r.Confidence, wilson(k, n))
		if k < n {
			precision = min(r.Confidence, wilson(k, n))
			r.Why += fmt.Sprintf(" At %d of %d labelled places it takes content.", n-k, n)
			if r.Mode == rules.Enforce {
				r.Mode, r.Exempt = rules.Shadow, false
				j.Demoted = append(j.Demoted, r.ID)
			}
		} else if r.Mode == rules.Shadow {
			j.Confirmed = append(j.Confirmed, r.ID)
		}
		r.Confidence = precision
		if r.Evidence != nil {
			e := *r.Evidence
			e.Precision = precision
			r.Evidence = &e
		}
	}
	return j, nil
}

// holds reports whether s holds letters or digits of furniture, and of content.
func (d *Labelled) holds(s text.Span) (furniture, content bool) {
	for i, c := range s.In(d.Text) {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			continue
		}
		at := s.Start + i
		k := slices.IndexFunc(d.Labels, func(l Label) bool { return l.Span.Start <= at && at < l.Span.End })
		switch {
		case k < 0:
			return furniture, true
		case !d.Labels[k].Ambiguous:
			furniture = true
		}
	}
	return furniture, false
}
