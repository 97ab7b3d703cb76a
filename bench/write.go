package main

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
)

// report writes docs/bench.md.
func report(all []*result) []byte {
	var b bytes.Buffer
	kinds := types(all[0])
	first := all[0].over("", 0)
	fmt.Fprintf(&b, `# Beside other engines

winnow and the other engines for Go, on the same %d pages, called by [bench](../bench). %s writes this
page and its plots again.

## The text

Word F1 of the text against the text that people copied out of the page, as a mean over the pages of a type. A word counts as
often as it stands in both.

![Word F1 by page type](bench-quality.svg)

`, first.pages, "`make bench-peers`")
	header := []string{"engine"}
	for _, k := range kinds {
		header = append(header, fmt.Sprintf("%s (%d)", k, all[0].over(k, 0).pages))
	}
	header = append(header, "all")
	var rows [][]string
	for _, r := range judged(all) {
		row := []string{r.engine.name}
		for _, k := range append(kinds, "") {
			row = append(row, fmt.Sprintf("%.3f", r.over(k, r.best()).f1))
		}
		rows = append(rows, row)
	}
	table(&b, header, rows)
	b.WriteString(`
Over all pages: precision and recall of the words; the share of the snippets (compared by words) that must stand in the text and
do; the share of those that must not and do (less is better; on articles alone behind it); pages on which the engine failed.

`)
	rows = nil
	for _, r := range judged(all) {
		m, a := r.over("", r.best()), r.over("article", r.best())
		rows = append(rows, []string{r.engine.name, fmt.Sprintf("%.3f", m.precision), fmt.Sprintf("%.3f", m.recall),
			fmt.Sprintf("%.3f", m.foundShare()), fmt.Sprintf("%.3f", m.badShare()), fmt.Sprintf("%.3f", a.badShare()),
			fmt.Sprint(m.errors), r.engine.forms[r.best()]})
	}
	table(&b, []string{"engine", "precision", "recall", "must stand", "must not", "on articles", "failed", "text taken"}, rows)
	fmt.Fprintf(&b, `
## Time and memory

Processor time of the engine over that of %s alone for the same pages in the same process: a ratio, since seconds say more
of a machine than of an engine. Every engine parses the page itself and so has 1 in it. Allocated is a mean over the pages; the
largest resident set is that of the whole process, the batch of %d pages that it held included. Go %s, %s, one page at a time,
processor time of the garbage collector included.

![Time in times of html.Parse](bench-speed.svg)

`, "`html.Parse`", batch, strings.TrimPrefix(runtime.Version(), "go"), runtime.GOOS+"/"+runtime.GOARCH)
	rows = nil
	for _, r := range timed(all) {
		rows = append(rows, []string{r.engine.name, fmt.Sprintf("%.1f", r.ratio()), fmt.Sprintf("%.1f", 1000*r.CPU/float64(len(r.Pages))),
			fmt.Sprintf("%.1f", float64(r.Alloc)/float64(len(r.Pages))/1e6), fmt.Sprint(r.Peak >> 20)})
	}
	table(&b, []string{"engine", "times html.Parse", "ms a page", "MB allocated a page", "largest resident set, MB"}, rows)
	b.WriteString(`
## What to know before you trust this

- **Data.** The development split of WCXB (Murrough Foley, 2026, CC BY 4.0): pages of seven types, chosen by its maker. Their share
  here is not their share of the web, so that "all" is a mean over this choice and nothing else. Most are in English.
- **Truth.** Texts that people copied out by hand. They have gaps, captions and tables above all, and another maker would have drawn
  some lines elsewhere: whether a forum's page is its first post or all of them, whether a product's page has its reviews.
- **winnow was made with these pages at hand.** Its block model was trained on them. So the row "cross-validated" judges each page by
  a model that never saw a page of its registrable domain, in five folds; the trainer makes these models. What that leaves: features,
  the number of trees and the way blocks are chosen were settled on by figures on these same pages, which flatters by a little.
  The rules were not written with the truth of these pages in view. The other engines were not trained on these pages as far as we
  know, but go-trafilatura was tuned by its makers on pages of the same kind.
- **Other engines** are called as their documentation has it, with their defaults, and from the page's bytes. Where an engine returns
  a tree as well as a text, both were judged and the better one stands in the tables. go-trafilatura's text of comments is no part
  of it, as in its own evaluation; on forums that costs it something.
- **A failed page** counts as an empty text.
- **Time** was measured on a machine that did other work; ratios from such runs differ by a tenth from run to run.

## Engines

`)
	rows = nil
	seen := map[string]bool{}
	for _, r := range all {
		if m := r.engine.module; !seen[m] {
			seen[m] = true
			rows = append(rows, []string{r.engine.name, m})
		}
	}
	table(&b, []string{"first named", "module"}, rows)
	b.WriteString(`
"winnow, engine alone" is go-shiori's engine with winnow's rendering of blocks, "engine and rules" adds the built-in rules of the
standard profile, and "as shipped" the block model.
`)
	return b.Bytes()
}

// judged are the engines whose quality can be compared: not those that were
// trained on the pages themselves.
func judged(all []*result) []*result {
	var out []*result
	for _, r := range all {
		if !r.engine.trained {
			out = append(out, r)
		}
	}
	return out
}

// timed are the engines whose time is shown: fold by fold is no way to run.
func timed(all []*result) []*result {
	var out []*result
	for _, r := range all {
		if !r.engine.cross {
			out = append(out, r)
		}
	}
	return out
}

func table(b *bytes.Buffer, header []string, rows [][]string) {
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(header, " | "), strings.Repeat("---|", len(header)))
	for _, r := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(r, " | "))
	}
}
