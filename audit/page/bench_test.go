package page_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// BenchmarkPage serves pages of a record of 100,000 decisions: 200 publishers,
// 180 days, three removals each of two rules of the publisher and one for all.
func BenchmarkPage(b *testing.B) {
	const decisions, publishers = 100_000, 200
	f := newFixture(b, nil)
	var batch []*audit.Decision
	for i := range decisions {
		name := fmt.Sprintf("site%d.example", i%publishers)
		d := &audit.Decision{Document: fmt.Sprint("doc", i), URL: fmt.Sprintf("https://%s/%d", name, i), Publisher: text.Publisher(name), Title: fmt.Sprintf("Story number %d", i),
			Time: f.clock.AddDate(0, 0, -i%180), Revision: "aaaabbbbcccc", Profile: "standard"}
		var whole, clean strings.Builder
		for n, rule := range []string{name + "/menu", name + "/appeal", "comments/invite"} {
			kept := fmt.Sprintf("Paragraph %d of story %d says what happened on the quay that day, and who saw it.\n%s", n, i, rightText)
			whole.WriteString(kept)
			clean.WriteString(kept)
			gone := fmt.Sprintf("Please support %s, said Miriam Okafor %d times\n", name, i%97)
			span := text.Span{Start: whole.Len(), End: whole.Len() + len(gone)}
			d.Removals = append(d.Removals, audit.Removal{N: n, Span: span, CleanOffset: clean.Len(), Text: gone, Mode: rules.Enforce, Stage: rules.StageRule,
				Category: []rules.Category{rules.Nav, rules.Appeal, rules.Comments}[n], Confidence: .98, Matches: []audit.Match{{Rule: rules.ID(rule), Span: span}}})
			whole.WriteString(gone)
		}
		d.Clean = clean.String()
		d.Sums = audit.Sums{Source: sum(whole.String()), Extracted: sum(whole.String()), Clean: sum(d.Clean)}
		if batch = append(batch, d); len(batch) == 1000 {
			if err := f.store.Record(context.Background(), batch); err != nil {
				b.Fatal(err)
			}
			batch = nil
		}
	}
	began := time.Now()
	v := f.visitor()
	wants(b, v.get("/"), "100\u202f000 documents recorded")
	b.Logf("the first answer, with what was recorded last put in order: %v", time.Since(began).Round(time.Millisecond))
	for _, c := range []struct{ name, path, want string }{
		{"overview", "/", "comments/invite"},
		{"overview of 30 days", "/?days=30", "comments/invite"},
		{"document", "/documents/77777", "Story number"},
		{"rule", "/rule?id=comments%2Finvite", "Hit rate"},
		{"rule of one publisher", "/rule?id=site7.example%2Fmenu", "Hit rate"},
		{"publisher", "/publisher?name=site7.example", "Latest documents"},
		{"publishers", "/publishers", "<h1>Publishers</h1>"},
		{"rules", "/rules", "comments/invite"},
		{"review", "/review", "found nowhere else"},
		{"search", "/search?q=okafor+96", "Story number"},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				wants(b, v.get(c.path), c.want)
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/op")
		})
	}
}
