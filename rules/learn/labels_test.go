package learn_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"winnow/rules"
	"winnow/rules/learn"
	"winnow/text"
)

// label makes a labelled document of a text in which [-furniture-] and
// [?ambiguous?] are marked.
func label(t *testing.T, publisher text.Publisher, marked string) learn.Labelled {
	t.Helper()
	var d learn.Labelled
	var b strings.Builder
	for marked != "" {
		i := strings.IndexByte(marked, '[')
		if i < 0 {
			b.WriteString(marked)
			break
		}
		b.WriteString(marked[:i])
		ambiguous := marked[i+1] == '?'
		end := strings.Index(marked, marked[i+1:i+2]+"]")
		start := b.Len()
		b.WriteString(marked[i+2 : end])
		d.Labels = append(d.Labels, learn.Label{Span: text.Span{Start: start, End: b.Len()}, Ambiguous: ambiguous})
		marked = marked[end+2:]
	}
	slices.Reverse(d.Labels)
	d.Publisher, d.Text = publisher, b.String()
	return d
}

func TestJudge(t *testing.T) {
	const pack = `publisher: daily.example
rules:
  - {id: right, category: share, where: anywhere, text: Share this, why: w., confidence: 0.9, remove: ['[-Share this-]'], keep: [y]}
  - {id: weak, category: share, where: anywhere, text: Tweet this, why: w., confidence: 0.1, remove: ['[-Tweet this-]'], keep: [y]}
  - {id: wrong, category: nav, where: anywhere, text: Read on, why: w. At 9 of 9 labelled places it takes content., budget: exempt, remove: ['[-Read on-]'], keep: [y]}
  - {id: partly, category: nav, where: anywhere, text: The mayor said no, why: w., mode: 'off', remove: ['[-The mayor said no-]'], keep: [y]}
  - {id: doubtful, category: ad, where: anywhere, text: Advertisement, why: w., mode: shadow, remove: ['[-Advertisement-]'], keep: [y]}
  - {id: split, category: ad, where: anywhere, text: Play video, why: w., remove: ['[-Play video-]'], keep: [y]}
  - {id: byline, category: byline, where: anywhere, text: By Jane Doe, why: w., remove: ['[-By Jane Doe-]'], keep: [y]}
  - {id: unseen, category: ad, where: anywhere, text: Buy now, why: w., remove: ['[-Buy now-]'], keep: [y]}
`
	docs := []learn.Labelled{
		label(t, "daily.example", "The mayor said no\nBy Jane Doe\n[-Share this-]\n[-Tweet this!-]\n[-Read on-]\n[-Advertisement-]\n[?Play video?]"),
		label(t, "daily.example", "By Jane Doe\n[-Share this-]\n[-Tweet this-]\nRead on\n[-Advertisement-]\n[-Play-] video"),
		label(t, "other.example", "Share this\nTweet this"),
	}
	judge := func() string {
		parsed, err := rules.ParsePack("p", []byte(pack))
		if err != nil {
			t.Fatal(err)
		}
		p := &learn.Proposal{Publisher: "daily.example", Rules: slices.Clone(parsed.Rules)}
		j, err := p.Judge(docs)
		if err != nil {
			t.Fatal(err)
		}
		if weak := parsed.Rules[1]; weak.Confidence != 0.1 {
			t.Error("a rule that others may use was changed")
		}
		var b strings.Builder
		for _, r := range p.Rules {
			fmt.Fprintf(&b, "%s %s %.3f %v %s\n", strings.TrimPrefix(string(r.ID), "daily.example/"), r.Mode, r.Confidence, r.Exempt, r.Why)
		}
		fmt.Fprintf(&b, "%+v\n", j)
		return b.String()
	}
	const want = `right enforce 0.900 false w.
weak enforce 0.342 false w.
wrong shadow 0.095 false w. At 1 of 2 labelled places it takes content.
partly off 0.990 false w.
doubtful shadow 0.990 false w.
split shadow 0.000 false w. At 1 of 1 labelled places it takes content.
byline enforce 0.990 false w.
unseen enforce 0.990 false w.
{Documents:2 Right:7 Wrong:2 Demoted:[daily.example/wrong daily.example/split] Confirmed:[daily.example/doubtful]}
`
	if got := judge(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	slices.Reverse(docs)
	if got := judge(); got != want {
		t.Errorf("in another order: got\n%swant\n%s", got, want)
	}
}
