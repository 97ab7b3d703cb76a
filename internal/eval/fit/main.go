// Command fit fits the weights of rules/learn on the corpora, whose truth is
// known, and writes them. It reports how well weights do on a publisher that
// they were not fitted on, publisher by publisher.
//
//	go run ./internal/eval/fit -corpora ../shared/corpora -o rules/learn/weights.go
package main

import (
	"flag"
	"fmt"
	"log"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"winnow/internal/eval"
	"winnow/rules/learn"
	"winnow/text"
)

// An item is a repeated unit with what the truth says of it.
type item struct {
	corpus    string
	x         []float64
	furniture bool
	weight    float64 // about its characters in the archive, dampened
	text      string
	score     float64
}

// sizes are the archive sizes that units are measured in: what a learner sees
// of three documents differs from what it sees of three hundred.
var sizes = []int{3, 5, 10, 25, 60, 1000}

func main() {
	corpora := flag.String("corpora", "../shared/corpora", "folder of the corpora")
	out := flag.String("o", "", "file to write the weights to")
	list := flag.String("errors", "", "list the units of this corpus that the weights get wrong")
	flag.Parse()
	log.SetFlags(0)
	docs, err := eval.Corpora(*corpora)
	if err != nil {
		log.Fatal(err)
	}
	var items []item
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		for _, n := range sizes {
			if n > len(docs[name]) && n != sizes[len(sizes)-1] {
				continue
			}
			more, err := examples(name, eval.First(docs[name], n))
			if err != nil {
				log.Fatal(err)
			}
			items = append(items, more...)
		}
	}
	fmt.Printf("%d units\n", len(items))
	var left []item // with their scores by weights of other publishers
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		site, _, _ := strings.Cut(name, "-") // flink-en and flink-zh are one site
		var train, test []item
		for _, it := range items {
			switch {
			case it.corpus == name:
				test = append(test, it)
			case !strings.HasPrefix(it.corpus, site+"-"):
				train = append(train, it)
			}
		}
		w := fit(train)
		report(name+" left out", w, test, *list == name)
		for _, it := range test {
			it.score = dot(w, it.x)
			left = append(left, it)
		}
	}
	w := fit(items)
	report("all, fitted on all", w, items, false)
	names := learn.MeasureNames()
	for i := range w {
		fmt.Printf("  %-12s %+.3f\n", names[i], w[i])
	}
	if *out == "" {
		return
	}
	var b strings.Builder
	b.WriteString("package learn\n\n// Written by internal/eval/fit from the corpora; do not edit. In the order of featureNames.\nvar weights = [numFeatures]float64{\n")
	for i := range w {
		fmt.Fprintf(&b, "\t%.3f, // %s\n", w[i], names[i])
	}
	b.WriteString("}\n\n// calibration says how precise units of a score are, see precision.\nvar calibration = []struct{ score, precision float64 }{\n")
	for _, c := range calibrate(left) {
		fmt.Fprintf(&b, "\t{%.1f, %.3f},\n", c[0], c[1])
	}
	b.WriteString("}\n")
	if err := os.WriteFile(*out, []byte(b.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}

// examples measures the repeated units of docs and looks up what they are.
func examples(name string, docs []*eval.Doc) ([]item, error) {
	l := learn.New(learn.Options{})
	type tally struct{ content, furniture, neutral int }
	truth := map[text.Fingerprint]*tally{}
	var seg text.Segments
	for _, d := range docs {
		l.Add(d.Document)
		seg.Segment(d.Text, d.Title, nil)
		k := 0
		for _, u := range seg.Units {
			t := truth[u.Print]
			if t == nil {
				t = &tally{}
				truth[u.Print] = t
			}
			for k < len(d.Labels) && d.Labels[k].Span.End <= u.Span.Start {
				k++
			}
			switch {
			case k == len(d.Labels) || !d.Labels[k].Span.Overlaps(u.Span):
				t.content++
			case d.Labels[k].Class == eval.Neutral:
				t.neutral++
			default:
				t.furniture++
			}
		}
	}
	var out []item
	learned, err := l.Examples()
	if err != nil {
		return nil, err
	}
	for _, e := range learned {
		t := truth[e.Print]
		if e.Refused != "" || t == nil || t.neutral > t.content+t.furniture {
			continue
		}
		size := math.Sqrt(float64(min(len(e.Text), 400)) * math.Log(1+float64(e.Groups)))
		it := item{corpus: name, x: e.Measures, weight: size, text: e.Text, furniture: t.furniture > 9*t.content}
		if !it.furniture {
			it.weight *= 4 // content that goes costs more than furniture that stays
		}
		out = append(out, it)
	}
	return out, nil
}

// fit returns the weights of a logistic regression with a ridge, by gradient
// descent with a fixed number of steps: the same items give the same weights.
// Each corpus weighs as much as another.
func fit(items []item) []float64 {
	k, signs := len(items[0].x), learn.Signs()
	total := map[string]float64{}
	for _, it := range items {
		total[it.corpus] += it.weight
	}
	w, step, g2 := make([]float64, k), 0.3, make([]float64, k)
	for range 1500 {
		g := make([]float64, k)
		for _, it := range items {
			y := 0.0
			if it.furniture {
				y = 1
			}
			d := (sigmoid(dot(w, it.x)) - y) * it.weight / total[it.corpus]
			for i, x := range it.x {
				g[i] += d * x
			}
		}
		for i := range w {
			if i > 0 {
				g[i] += 0.01 * w[i]
			}
			g2[i] += g[i] * g[i]
			if g2[i] > 0 {
				w[i] -= step * g[i] / math.Sqrt(g2[i])
			}
			if float64(signs[i])*w[i] < 0 {
				w[i] = 0
			}
		}
	}
	return w
}

func dot(w, x []float64) float64 {
	z := 0.0
	for i := range w {
		z += w[i] * x[i]
	}
	return z
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// calibrate returns pairs of a score and the precision of the units that
// reach it but not the next one's, as the lower end of Wilson's interval over
// weights in units of the mean. It never falls as
// the score rises.
func calibrate(items []item) [][2]float64 {
	edges := []float64{-1, 0, 1, 2, 3, 4}
	var out [][2]float64
	best := 1.0
	for i := len(edges) - 1; i >= 0; i-- {
		lo := edges[i]
		var right, all, n float64
		for _, it := range items {
			if it.score < lo || i+1 < len(edges) && it.score >= edges[i+1] {
				continue
			}
			w := it.weight
			if !it.furniture {
				w /= 4
			} else {
				right += w
			}
			all += w
			n++
		}
		if n == 0 {
			continue
		}
		const z = 1.96
		p := right / all
		low := (p + z*z/(2*n) - z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))) / (1 + z*z/n)
		best = min(best, low)
		out = append(out, [2]float64{lo, best})
		fmt.Printf("score from %+.1f: %4.0f units, precision %.4f, at least %.4f\n", lo, n, p, low)
	}
	slices.Reverse(out)
	return out
}

func report(name string, w []float64, items []item, list bool) {
	var tp, fp, fn float64
	for _, it := range items {
		size := it.weight
		if !it.furniture {
			size /= 4
		}
		found := dot(w, it.x) > 0
		switch {
		case found && it.furniture:
			tp += size
		case found:
			fp += size
		case it.furniture:
			fn += size
		}
		if list && found != it.furniture {
			fmt.Printf("    furniture %-5v z %+.2f %.90q\n", it.furniture, dot(w, it.x), it.text)
			for i, n := range learn.MeasureNames() {
				fmt.Printf(" %s=%.2f", n, it.x[i])
			}
			fmt.Println()
		}
	}
	fmt.Printf("%-30s units %5d  precision %.4f  recall %.4f\n", name, len(items), tp/(tp+fp), tp/(tp+fn))
}
