package rules

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:generate sh -c "go run ./grams -shared ../../shared > grams.txt"

// gramsFile lists how often, in a million places of running text, four bytes
// in a row stand there; see the command in grams.
//
//go:embed grams.txt
var gramsFile string

// gramRates holds the lines of gramsFile, and under three bytes the sum of the four that begin with them.
var gramRates = func() map[string]float64 {
	m := map[string]float64{}
	for line := range strings.Lines(gramsFile) {
		count, quoted, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		n, err := strconv.Atoi(count)
		g, err2 := strconv.Unquote(quoted)
		if err != nil || err2 != nil || len(g) != 4 {
			panic(fmt.Sprintf("rules: grams.txt: %q", line))
		}
		m[g] = float64(n) / 1e6
		m[g[:3]] += float64(n) / 1e6
	}
	return m
}()

// Rates of what grams.txt does not hold.
const (
	rareGram  = 5e-5
	rareThree = 3e-4
)

// gramRate estimates how often four bytes stand at one offset of running text.
// Letters that are rare by themselves make what the table does not hold rarer still.
func gramRate(g string) float64 {
	if r, ok := gramRates[g]; ok {
		return r
	}
	r := rareGram
	for i := range len(g) {
		if strings.IndexByte(" etaoinshrdlucmfwygpb", g[i]) < 0 {
			r /= 2
		}
	}
	return r
}

// rate estimates how often s stands at one offset of running text.
func rate(s string) float64 {
	switch len(s) {
	case 0, 1:
		return 0.05
	case 2:
		return 0.01
	case 3:
		if r, ok := gramRates[s]; ok {
			return r
		}
		return rareThree
	}
	r := 1.0
	for i := range len(s) - 3 {
		r = min(r, gramRate(s[i:i+4]))
	}
	for range min(len(s)-4, 8) { // what comes after the rarest four bytes is not always the same
		r *= 0.7
	}
	return r
}
