// Command grams counts how often four bytes in a row stand in running text and
// writes the frequent ones, from which package rules tells what is rare:
//
//	go run ./rules/grams -shared ../shared > rules/grams.txt
//
// It reads the articles of corpora and wcxb-dev, in their plain form and in
// lower case, of which each language counts as much as the
// next where there is enough of it.
package main

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"winnow/internal/quality"
	"winnow/text"
)

// least is how often, in a million places, bytes must stand to be written down.
const least = 150

func main() {
	shared := flag.String("shared", "../shared", "folder of the shared data")
	flag.Parse()
	if err := run(*shared); err != nil {
		log.Fatal(err)
	}
}

func run(shared string) error {
	counts := map[string]map[string]int{} // by language
	total := map[string]int{}
	add := func(language, t string) {
		m := counts[language]
		if m == nil {
			m = map[string]int{}
			counts[language] = m
		}
		for line := range strings.Lines(t) {
			line = strings.ToLower(text.Plain(line)) + "\n"
			for i := 0; i+4 <= len(line); i++ {
				m[line[i:i+4]]++
				total[language]++
			}
		}
	}
	for d, err := range quality.Corpora(filepath.Join(shared, "corpora")) {
		if err != nil {
			return err
		}
		add(d.Language, d.Truth)
	}
	for p, err := range quality.Pages(filepath.Join(shared, "wcxb-dev")) {
		if err != nil {
			return err
		}
		add("en", p.Truth)
	}
	// The most frequent of any one language: a gram is rare only where it is rare in all.
	rate := map[string]int{}
	for _, language := range slices.Sorted(maps.Keys(counts)) {
		for g, n := range counts[language] {
			rate[g] = max(rate[g], n*1_000_000/max(total[language], 1_000_000))
		}
	}
	grams := slices.SortedFunc(maps.Keys(rate), func(a, b string) int { return cmp.Or(rate[b]-rate[a], cmp.Compare(a, b)) })
	w := bufio.NewWriter(os.Stdout)
	for _, g := range grams {
		if rate[g] >= least {
			fmt.Fprintf(w, "%d %+q\n", rate[g], g)
		}
	}
	return w.Flush()
}
