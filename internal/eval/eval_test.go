package eval

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"winnow/internal/quality"
	"winnow/rules"
)

func TestReport(t *testing.T) {
	only := os.Getenv("ONLY")
	if dir, ok := quality.Shared(2, "corpora"); ok {
		cs, err := Corpora(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Sorted(maps.Keys(cs)) {
			if only != "" && !strings.Contains(name, only) {
				continue
			}
			train, test := Split(cs[name], 0.7)
			base, err := CountLines(train, 5)
			if err != nil {
				t.Fatal(err)
			}
			s, _ := Run(base, test, rules.Options{})
			fmt.Printf("%-20s count 5  %v\n", name, s)
			set, props, err := Learn(train)
			if err != nil {
				t.Fatal(err)
			}
			s, wrong := Run(set, test, rules.Options{})
			fmt.Printf("%-20s learned  %v rules %d\n", name, s, len(props[0].Rules))
			show(wrong, test, set)
			if os.Getenv("CURVE") != "" {
				for _, n := range []int{3, 5, 10, 20, 50, 100} {
					set, _, err := Learn(First(train, n))
					if err != nil {
						t.Fatal(err)
					}
					s, wrong := Run(set, test, rules.Options{})
					fmt.Printf("%-20s %8d %v\n", name, n, s)
					if os.Getenv("CURVE") == fmt.Sprint(n) {
						show(wrong, test, set)
					}
				}
			}
		}
	}
	if dir, ok := quality.Shared(2, "news-dev"); ok && (only == "" || only == "news") {
		labelled, rest, err := NewsData(dir)
		if err != nil {
			t.Fatal(err)
		}
		base, err := CountLines(rest, 5)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := Run(base, labelled, rules.Options{})
		fmt.Printf("%-20s count 5  %v\n", "news-dev", s)
		set, _, err := Learn(rest)
		if err != nil {
			t.Fatal(err)
		}
		s, wrong := Run(set, labelled, rules.Options{})
		fmt.Printf("%-20s learned  %v\n", "news-dev", s)
		for _, c := range slices.Sorted(maps.Keys(s.Categories)) {
			fmt.Printf("    %-12s %6d %6d\n", c, s.Categories[c][0], s.Categories[c][1])
		}
		show(wrong, labelled, set)
	}
}

func show(wrong []Wrong, docs []*Doc, set *rules.Set) {
	if os.Getenv("WRONG") != "" {
		for _, w := range wrong {
			fmt.Printf("   WRONG %v %.160q\n", w.Rules, w.Span.In(w.Doc.Text))
		}
	}
	if os.Getenv("MISSED") != "" {
		counts := map[string]int{}
		for _, d := range docs {
			rs := set.Apply(&d.Document, rules.Options{}).Removals
			for _, l := range d.Labels {
				if l.Class == Furniture || l.Class == Varying && os.Getenv("MISSED") == "all" {
					if !slices.ContainsFunc(rs, func(r rules.Removal) bool { return r.Mode == rules.Enforce && r.Span.Covers(l.Span) }) {
						counts[l.Span.In(d.Text)]++
					}
				}
			}
		}
		keys := slices.Collect(maps.Keys(counts))
		slices.SortFunc(keys, func(a, b string) int { return counts[b]*len(b) - counts[a]*len(a) })
		for _, k := range keys[:min(len(keys), 25)] {
			fmt.Printf("   MISSED %3d %.140q\n", counts[k], k)
		}
	}
}
