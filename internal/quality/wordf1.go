// Package quality holds what tests and evaluation tools measure winnow with:
// a word F1 and readers of the shared data sets.
package quality

import (
	"strings"
	"unicode"
)

// An F1 is the agreement of two texts: precision, recall and their harmonic
// mean, each in [0, 1].
type F1 struct{ Precision, Recall, F1 float64 }

// WordF1 compares the words of got with those of want as multisets: a word
// counts as often as it stands in both. A word is a run of letters, marks,
// digits and underscores, in lower case. Two texts without words agree fully.
func WordF1(got, want string) F1 {
	g, w := Words(got), Words(want)
	if len(g) == 0 && len(w) == 0 {
		return F1{1, 1, 1}
	}
	count := make(map[string]int, len(w))
	for _, x := range w {
		count[x]++
	}
	same := 0
	for _, x := range g {
		if count[x] > 0 {
			count[x]--
			same++
		}
	}
	return ratio(same, len(g), len(w))
}

func ratio(same, got, want int) F1 {
	if same == 0 {
		return F1{}
	}
	p, r := float64(same)/float64(got), float64(same)/float64(want)
	return F1{p, r, 2 * p * r / (p + r)}
}

// Words returns the words of s as WordF1 sees them.
func Words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return r != '_' && !unicode.In(r, unicode.L, unicode.M, unicode.N)
	})
}
