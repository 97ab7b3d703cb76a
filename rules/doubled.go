package rules

import (
	"iter"
	"strings"

	"winnow/text"
)

// Doubling is what a two-column diff leaves when it is flattened: every
// paragraph that both versions share stands twice in its line, as P + P or
// P + separator + P. One such line alone may be meant ("very very", a
// refrain, a line that the people say after the priest), so a rule needs more:
//
//   - A rule with given (the archive's own header stands in the document) needs
//     one doubled line whose copy has minCopyWords words.
//   - A rule without needs minDoubled such lines, which must be at least half
//     of all lines that long. Only copies that touch, as none that somebody
//     wrote do, count, and copies of minApartWords words; a refrain counts once.
//
// Then every doubled line is repaired, short ones (a title) too. The second
// gate made no mistake in 31,500 documents.
const (
	minDoubled    = 3
	minCopyWords  = 8
	minApartWords = 16
	minCopyBytes  = 24 // shorter copies cannot have minCopyWords words
)

// A doubling is what is doubled in a text.
type doubling struct {
	cuts []text.Span // the second copies, separators included, in order
	long int         // lines of minCopyWords words, a doubled one counted as one copy
	any  int         // those of them that are doubled
	sure int         // those whose copies touch or have minApartWords words, a refrain counted once
}

// doubled looks for doubled lines in t.
func doubled(t string) *doubling {
	d := &doubling{}
	for line := range trimmedLines(t) {
		if half := copyOf(line.In(t)); half > 0 && (line.Len() >= minCopyBytes || strings.ContainsAny(t[line.Start:line.Start+half], " \t")) {
			d.cuts = append(d.cuts, text.Span{Start: line.Start + half, End: line.End})
		}
	}
	if len(d.cuts) == 0 {
		return d // as almost always: nobody asks for the counts
	}
	seen := map[string]bool{}
	for line := range trimmedLines(t) {
		if line.Len() < minCopyBytes {
			continue
		}
		half := copyOf(line.In(t))
		first := line.In(t)
		if half > 0 {
			first = first[:half]
		}
		if !wordsAtLeast(first, minCopyWords) {
			continue
		}
		d.long++
		if half > 0 {
			d.any++
			if !seen[first] && (2*half == line.Len() || wordsAtLeast(first, minApartWords)) {
				d.sure++
			}
			seen[first] = true
		}
	}
	return d
}

// trimmedLines yields the lines of t without the white space at their ends.
func trimmedLines(t string) iter.Seq[text.Span] {
	return func(yield func(text.Span) bool) {
		for i := 0; i < len(t); {
			end := len(t)
			if n := strings.IndexByte(t[i:], '\n'); n >= 0 {
				end = i + n
			}
			if !yield(text.Span{Start: i, End: end}.Trim(t)) {
				return
			}
			i = end + 1
		}
	}
}

// enough reports whether d is doubled enough for r, whose given stands in the text.
func (d *doubling) enough(r *Rule) bool {
	if len(r.Given) > 0 {
		return d.any > 0
	}
	return d.sure >= minDoubled && 2*d.sure >= d.long
}

// copyOf returns the length of P where line is P, a separator of at most three
// bytes without letters or digits, and P again; else 0.
func copyOf(line string) int {
	if len(line) <= 3 {
		return 0
	}
	for sep := 0; sep <= 3; sep++ {
		n := len(line) - sep
		if n < 2 || n%2 != 0 {
			continue
		}
		half := n / 2
		if line[0] == line[half+sep] && line[:half] == line[half+sep:] && separator(line[half:half+sep]) {
			p := text.Span{Start: 0, End: half}.Trim(line)
			if p.Start == 0 && !p.Empty() {
				return p.End
			}
		}
	}
	return 0
}

func separator(s string) bool {
	for i := 0; i < len(s); i++ {
		if !strings.ContainsRune(" \t|/-", rune(s[i])) && s != "\u00a0" {
			return false
		}
	}
	return true
}

// wordsAtLeast reports whether t has n words or more. East Asian text, which
// sets no spaces, counts three letters as a word.
func wordsAtLeast(t string, n int) bool {
	words, wide := 0, 0
	in := false
	for _, r := range t {
		switch {
		case text.IsSpace(r):
			in = false
		case 0x3040 <= r && r <= 0x9FFF:
			wide++
			in = false
		case !in:
			in = true
			words++
		}
		if words+wide/3 >= n {
			return true
		}
	}
	return false
}
