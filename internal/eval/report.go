package eval

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"winnow/rules"
	"winnow/rules/learn"
	"winnow/text"
)

// Sizes are the numbers of documents at which a learning curve is taken.
var Sizes = []int{3, 5, 10, 20, 50, 100}

// A Report is how well rules do, publisher by publisher.
type Report struct {
	Rows  []Row
	Wrong []Wrong
}

// A Row is the score of a publisher's rules that were learned from Learned of its documents.
type Row struct {
	Publisher text.Publisher
	Learned   int // documents learned from; 0 where the rules were given
	Rules     int // that were learned
	Score
}

// Evaluate judges rules on documents. Where set is nil, each publisher's rules
// are learned: from its documents in rest where there are any, and from share
// of its judged ones; the others are judged. With curve the rules are learned
// once more from each of Sizes of the documents.
func Evaluate(judged, rest []*Doc, set *rules.Set, share float64, curve bool) (*Report, error) {
	r := &Report{}
	by, more := byPublisher(judged), byPublisher(rest)
	for _, p := range slices.Sorted(maps.Keys(by)) {
		docs := by[p]
		if set != nil {
			s, wrong := Run(set, docs, rules.Options{})
			r.Rows = append(r.Rows, Row{Publisher: p, Score: s})
			r.Wrong = append(r.Wrong, wrong...)
			continue
		}
		train, test := more[p], docs
		if len(train) == 0 {
			train, test = Split(docs, share)
		}
		var rows []Row
		if curve {
			for _, n := range Sizes {
				if n >= len(train) {
					break
				}
				row, _, err := learned(p, First(train, n), test)
				if err != nil {
					return nil, err
				}
				rows = append(rows, row)
			}
		}
		row, wrong, err := learned(p, train, test)
		if err != nil {
			return nil, err
		}
		r.Rows = append(append(r.Rows, rows...), row)
		r.Wrong = append(r.Wrong, wrong...)
	}
	return r, nil
}

func learned(p text.Publisher, train, test []*Doc) (Row, []Wrong, error) {
	l := learn.New(learn.Options{})
	for _, d := range train {
		l.Add(d.Document)
	}
	props, err := l.Propose()
	if err != nil {
		return Row{}, nil, err
	}
	n := 0
	var packs []*rules.Pack
	for _, p := range props {
		packs = append(packs, p.Pack())
		for _, r := range p.Rules {
			if r.Mode == rules.Enforce {
				n++
			}
		}
	}
	set, err := rules.NewSet(packs...)
	if err != nil {
		return Row{}, nil, err
	}
	s, wrong := Run(set, test, rules.Options{})
	return Row{p, len(train), n, s}, wrong, nil
}

func byPublisher(docs []*Doc) map[text.Publisher][]*Doc {
	m := map[text.Publisher][]*Doc{}
	for _, d := range docs {
		m[d.Publisher] = append(m[d.Publisher], d)
	}
	return m
}

// Bias says what the figures cannot see. It stands beside every report.
const Bias = `What these figures cannot see: a truth that was aligned does not hold what programs
print into a page, so that lines inside the main text are judged only where many
pages share them; title, date and byline are judged by nobody; furniture that
stands in fewer than three documents counts in recall and not in fixed recall.
`

// Write writes r as a table, with the categories where the truth names them,
// and up to wrong of the stretches of content that went.
func (r *Report) Write(w io.Writer, wrong int) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "publisher\tlearned from\trules\tjudged\tprecision\trecall\tfixed recall\tcontent lost\t")
	for _, row := range r.Rows {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%.4f\t%.3f\t%.3f\t%.4f %%\t\n", row.Publisher, row.Learned, row.Rules, row.Docs,
			row.Precision(), row.Recall(), row.FixedRecall(), 100*row.Loss())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for i, row := range r.Rows {
		if i+1 < len(r.Rows) && r.Rows[i+1].Publisher == row.Publisher {
			continue // a point of its curve
		}
		for _, c := range slices.Sorted(maps.Keys(row.Categories)) {
			if n := row.Categories[c]; c != "" {
				fmt.Fprintf(w, "%s: %s: %d of %d characters found\n", row.Publisher, c, n[1], n[0])
			}
		}
	}
	for _, x := range r.Wrong[:min(wrong, len(r.Wrong))] {
		fmt.Fprintf(w, "wrong: %s at %d: %.120q by %v\n", x.Doc.ID, x.Span.Start, x.Span.In(x.Doc.Text), x.Rules)
	}
	_, err := fmt.Fprintf(w, "\n%s", Bias)
	return err
}
