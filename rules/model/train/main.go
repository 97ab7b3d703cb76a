// Train makes the universal model: it reads the shared corpora and pages,
// learns, judges what it learned on publishers that were left out, sets the
// scores from which the model acts, and writes the weights.
//
//	go run ./rules/model/train -shared ../shared -o rules/model
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"

	"winnow/rules/model"
)

// folds is the number of parts that the publishers are dealt to.
const folds = 5

func main() {
	shared := flag.String("shared", "../shared", "the folder of the shared data")
	out := flag.String("o", "", "the folder to write weights.bin.gz to; empty: only judge")
	most := flag.Int("most", 30, "documents of one publisher")
	flag.Parse()
	if err := run(*shared, *out, *most); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(shared, out string, most int) error {
	samples, err := read(shared, most)
	if err != nil {
		return err
	}
	units := 0
	for _, s := range samples {
		units += len(s.class)
	}
	fmt.Printf("%d documents, %d units\n", len(samples), units)

	// Layer one without each fold, and without each two folds.
	one := map[[2]int][]int8{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	room := make(chan bool, 2)
	for i := -1; i < folds; i++ {
		for j := i; j < folds; j++ {
			if i == -1 && j > -1 {
				continue
			}
			wg.Go(func() {
				room <- true
				w := first(samples, i, j)
				mu.Lock()
				one[[2]int{i, j}] = w
				mu.Unlock()
				<-room
			})
		}
	}
	wg.Wait()
	final := &model.Model{}
	for i := -1; i < folds; i++ {
		// Layer two learns from scores that layer one gave to publishers it had not seen.
		for _, s := range samples {
			switch f := fold(s.group); i {
			case f:
			case -1:
				s.first = scores(s, one[[2]int{f, f}])
			default:
				s.first = scores(s, one[[2]int{min(i, f), max(i, f)}])
			}
		}
		m := &model.Model{First: one[[2]int{i, i}], Second: second(samples, i)}
		if i == -1 {
			final = m
			continue
		}
		for _, s := range samples {
			if fold(s.group) == i {
				judged = append(judged, judge(m, s))
			}
		}
	}
	final.Edge, final.Inside = report(judged)
	if out != "" {
		return model.Write(out, final)
	}
	return nil
}

// first learns the first layer without folds i and j.
func first(samples []*sample, i, j int) []int8 {
	var xs []example
	for _, s := range samples {
		if f := fold(s.group); f == i || f == j {
			continue
		}
		for u, c := range s.learn {
			if c != skipped {
				xs = append(xs, example{s.features[u], c == furniture, weigh(s, u)})
			}
		}
	}
	return fit(1<<model.Bits, xs, 4, 0.25, 0.01)
}

// weigh returns the weight of an example: content counts more, and more where it is long.
func weigh(s *sample, u int) float32 {
	if s.learn[u] == furniture {
		return 0.6
	}
	return 1 + float32(min(s.size[u], 200))/100
}

func scores(s *sample, w []int8) []int32 {
	m := model.Model{First: w}
	out := make([]int32, len(s.features))
	for u, fs := range s.features {
		out[u] = m.FirstScore(fs)
	}
	return out
}

// second learns the second layer without fold i.
func second(samples []*sample, i int) []int8 {
	var xs []example
	var l model.Layer
	var in model.Input
	for _, s := range samples {
		if fold(s.group) == i {
			continue
		}
		in.Reset(s.seg, s.taken)
		l.Reset(s.first)
		for u, c := range s.learn {
			if c != skipped {
				xs = append(xs, example{slices.Clone(l.Features(&in, u)), c == furniture, weigh(s, u)})
			}
		}
	}
	return fit(1<<model.Bits2, xs, 4, 0.1, 0)
}

// A verdict is a sample with the scores of a model that has not seen its publisher.
type verdict struct {
	*sample
	scores  []int32
	asked   []int32
	article bool
}

var judged []verdict

func judge(m *model.Model, s *sample) verdict {
	var in model.Input
	var l model.Layer
	in.Reset(s.seg, s.taken)
	scores := m.Scores(&in, &l, nil)
	return verdict{s, scores, model.Asked(&in, scores), in.Article()}
}

// A figure adds up what some scores would do.
type figure struct{ lines, found, byRules, content, lost int }

func (f *figure) add(v verdict, edge, inside int32) {
	cuts := make([]bool, len(v.scores))
	if v.article {
		m := model.Model{Edge: edge, Inside: inside}
		cuts = m.Cuts(v.seg, v.scores, v.taken, v.asked)
	}
	for _, l := range v.seg.Lines {
		if l.Blank() {
			continue
		}
		all, ruled, class := true, true, v.class[l.Units[0]]
		for u := l.Units[0]; u < l.Units[1]; u++ {
			cut := cuts[u]
			all = all && (cut || v.taken[u])
			ruled = ruled && v.taken[u]
			if v.class[u] == content {
				f.content += int(v.size[u])
				if cut {
					f.lost += int(v.size[u])
				}
			}
		}
		if class == furniture {
			f.lines++
			if all {
				f.found++
			}
			if ruled {
				f.byRules++
			}
		}
	}
}

func (f figure) String() string {
	return fmt.Sprintf("lines %7d  rules %.3f  with model %.3f  loss %.4f %%", f.lines, ratio(f.byRules, f.lines), ratio(f.found, f.lines), 100*ratio(f.lost, f.content))
}

func ratio(a, b int) float64 { return float64(a) / float64(max(b, 1)) }

// The content loss, as a share, from which the scores are set: of all pages
// with a trustworthy truth together, and of each corpus and type of them.
const (
	maxLoss    = 0.0005
	maxSetLoss = 0.001
)

// report sets the scores by the loss on publishers left out, and prints the figures.
func report(vs []verdict) (edge, inside int32) {
	of := func(keep func(verdict) bool, edge, inside int32) (f figure) {
		for _, v := range vs {
			if keep(v) {
				f.add(v, edge, inside)
			}
		}
		return f
	}
	articles := func(v verdict) bool { return !doubtful[v.set] && v.form == whole }
	clean := func(v verdict) bool { return !doubtful[v.set] && v.form != whole }
	const never = 1 << 20
	for e := int32(0); e <= 96; e += 16 {
		fmt.Printf("edge %3d    whole %v    parts %v\n", e, of(articles, e, never), of(clean, e, never))
	}
	for e := int32(0); e <= 96; e += 16 {
		fmt.Printf("inside %3d  whole %v    parts %v\n", e, of(articles, never, e), of(clean, never, e))
	}
	sets := map[string]bool{}
	for _, v := range vs {
		sets[v.set] = true
	}
	safe := func(e, i int32, share float64) bool {
		if ratioOf(of(articles, e, i)) > share*maxLoss || ratioOf(of(clean, e, i)) > share*maxLoss {
			return false
		}
		for s := range sets {
			if !doubtful[s] && ratioOf(of(func(v verdict) bool { return v.set == s && v.form == whole }, e, i)) > share*maxSetLoss {
				return false
			}
		}
		return true
	}
	edge, inside = never, never
	for e := int32(160); e >= 0 && safe(e, never, 0.7); e -= 4 {
		edge = e
	}
	for i := int32(160); i >= edge && safe(edge, i, 1); i -= 4 {
		inside = i
	}
	fmt.Printf("edge %d inside %d\n", edge, inside)
	if os.Getenv("LOST") != "" {
		for _, v := range vs {
			if v.article && !doubtful[v.set] {
				m := model.Model{Edge: edge, Inside: inside}
				for u, cut := range m.Cuts(v.seg, v.scores, v.taken, v.asked) {
					if cut && v.class[u] == content {
						fmt.Printf("lost %-14s %d %4d %.100q\n", v.set, v.form, v.scores[u], v.seg.Units[u].Span.In(v.seg.Text))
					}
				}
			}
		}
	}
	for _, form := range []form{whole, bare, trimmed} {
		for _, s := range sorted(sets) {
			fmt.Printf("form %d %-18s %v\n", form, s, of(func(v verdict) bool { return v.set == s && v.form == form }, edge, inside))
		}
	}
	return edge, inside
}

func ratioOf(f figure) float64 { return ratio(f.lost, f.content) }

func sorted(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
