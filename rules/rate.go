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

// gramRates holds the lines of gramsFile, the four bytes as one number, and
// threeRates for three bytes the sum of the four that begin with them.
var gramRates, threeRates = func() (four, three map[uint32]float64) {
	four, three = map[uint32]float64{}, map[uint32]float64{}
	for line := range strings.Lines(gramsFile) {
		count, quoted, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		n, err := strconv.Atoi(count)
		g, err2 := strconv.Unquote(quoted)
		if err != nil || err2 != nil || len(g) != 4 {
			panic(fmt.Sprintf("rules: grams.txt: %q", line))
		}
		four[gram(g)] = float64(n) / 1e6
		three[gram(g)>>8] += float64(n) / 1e6
	}
	return four, three
}()

// gram returns the first four bytes of s as one number.
func gram(s string) uint32 {
	return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
}

// Rates of what grams.txt does not hold.
const (
	rareGram  = 5e-5
	rareThree = 3e-4
)

// gramRate estimates how often the first four bytes of s stand at one offset
// of running text. Letters that are rare by themselves make what the table does
// not hold rarer still.
func gramRate(s string) float64 {
	if r, ok := gramRates[gram(s)]; ok {
		return r
	}
	r := rareGram
	for i := range 4 {
		if rareByte[s[i]] {
			r /= 2
		}
	}
	return r
}

// rareByte says of each byte whether it is rarer than the twenty commonest letters and the space.
var rareByte = func() (b [256]bool) {
	for c := range b {
		b[c] = strings.IndexByte(" etaoinshrdlucmfwygpb", byte(c)) < 0
	}
	return
}()

// rate estimates how often s stands at one offset of running text.
func rate(s string) float64 {
	switch len(s) {
	case 0, 1:
		return 0.05
	case 2:
		return 0.01
	case 3:
		if r, ok := threeRates[uint32(s[0])<<16|uint32(s[1])<<8|uint32(s[2])]; ok {
			return r
		}
		return rareThree
	}
	r := 1.0
	for i := range len(s) - 3 {
		r = min(r, gramRate(s[i:]))
	}
	for range min(len(s)-4, 8) { // what comes after the rarest four bytes is not always the same
		r *= 0.7
	}
	return r
}
