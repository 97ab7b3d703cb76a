// Train makes the universal model: it reads the shared corpora and pages,
// learns, judges what it learned on publishers that were left out, sets the
// scores from which the model acts, and writes the weights.
//
//	go run ./rules/model/train -shared ../shared -o rules/model
package main

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
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
			room <- true
			wg.Go(func() {
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
	parts := make([][]verdict, folds)
	for i := -1; i < folds; i++ {
		room <- true
		wg.Go(func() {
			defer func() { <-room }()
			m := &model.Model{First: one[[2]int{i, i}], Trees: second(samples, one, i)}
			if i == -1 {
				final = m
				return
			}
			for _, s := range samples {
				if fold(s.group) == i {
					parts[i] = append(parts[i], judge(m, s))
				}
			}
		})
	}
	wg.Wait()
	judged := slices.Concat(parts...)
	curve(judged)
	final.Least = report(judged)
	if out != "" {
		return model.Write(out, final)
	}
	return nil
}

// first learns the first layer without folds i and j.
func first(samples []*sample, i, j int) []int8 {
	var xs []example
	for _, s := range samples {
		if f := fold(s.group); f == i || f == j || !s.article {
			continue
		}
		for u, c := range s.learn {
			if c != skipped {
				xs = append(xs, example{s.features[u], s.words[u], c == furniture, weigh(s, u)})
			}
		}
	}
	return fit(1<<model.Bits, xs, 4, 0.25, 0.01)
}

// weigh returns the weight of an example: content counts more, and more where it
// is long; pages with a doubtful truth count little.
func weigh(s *sample, u int) float32 {
	w := 1 + float32(min(s.size[u], 200))/100
	if s.learn[u] == furniture {
		w = 0.6
	}
	if doubtful[s.set] {
		w *= doubt
	}
	return w
}

// doubt is the weight of pages whose truth may leave content out, or call link
// lists content.
const doubt = 0.2

func scores(s *sample, w []int8) []model.First {
	m := model.Model{First: w}
	out := make([]model.First, len(s.features))
	for u, fs := range s.features {
		out[u] = m.FirstScore(fs, s.words[u])
	}
	return out
}

// second learns the second layer without fold i.
func second(samples []*sample, one map[[2]int][]int8, i int) []model.Tree {
	var rows []row
	var v model.View
	var in model.Input
	for _, s := range samples {
		if fold(s.group) == i || !s.article {
			continue
		}
		f := fold(s.group)
		k := [2]int{min(i, f), max(i, f)}
		if i == -1 {
			k = [2]int{f, f}
		}
		ones := scores(s, one[k]) // by a first layer that has not seen the publisher
		in.Reset(s.seg, s.taken)
		in.Prepare()
		v.Reset(&in, ones)
		for u, c := range s.learn {
			if c != skipped && ones[u].Sum >= model.Hopeless {
				r := row{furniture: c == furniture, weight: weigh(s, u)}
				v.Of(u, &r.x)
				rows = append(rows, r)
			}
		}
	}
	return boost(rows)
}

// A verdict is a sample with the scores of a model that has not seen its publisher.
type verdict struct {
	*sample
	in     *model.Input
	scores []int32
	asked  []int32
}

func judge(m *model.Model, s *sample) verdict {
	in := &model.Input{}
	var v model.View
	in.Reset(s.seg, s.taken)
	in.Prepare()
	scores := m.Scores(in, &v, nil)
	return verdict{s, in, scores, model.Asked(in, scores, nil)}
}

// A figure adds up what some scores would do.
type figure struct{ lines, found, byRules, content, lost int }

func (f *figure) add(v verdict, least int32) {
	cuts := make([]bool, len(v.scores))
	if v.article {
		m := model.Model{Least: least}
		cuts = m.Cuts(v.in, v.scores, v.asked, nil)
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

// The content loss, as a share, from which the score is set: of all pages with
// a trustworthy truth together and of parts of them, of main text alone, and of
// articles, documentation and the corpora by themselves.
const (
	maxLoss     = 0.0008
	maxBareLoss = 0.0002
	maxSetLoss  = 0.001
)

// kindOf returns what a sample is judged with.
func kindOf(s *sample) string {
	switch {
	case doubtful[s.set]:
		return "doubtful pages"
	case s.set == "article" || s.set == "documentation":
		return s.set
	}
	return "corpora"
}

// lost returns the content that goes from the verdicts that keep picks, as a share.
func lost(vs []verdict, least int32, keep func(verdict) bool) float64 {
	var f figure
	for _, v := range vs {
		if keep(v) {
			f.add(v, least)
		}
	}
	return ratio(f.lost, f.content)
}

// leastOf returns the lowest score at which no more is lost than may be.
func leastOf(vs []verdict) int32 {
	vs = slices.DeleteFunc(slices.Clone(vs), func(v verdict) bool { return doubtful[v.set] })
	safe := func(least int32) bool {
		for form, most := range map[form]float64{whole: maxLoss, trimmed: maxLoss, bare: maxBareLoss} {
			if lost(vs, least, func(v verdict) bool { return v.form == form }) > most {
				return false
			}
		}
		for _, kind := range []string{"article", "documentation", "corpora"} {
			if lost(vs, least, func(v verdict) bool { return v.form == whole && kindOf(v.sample) == kind }) > maxSetLoss {
				return false
			}
		}
		return true
	}
	least := int32(100)
	for least > 0 && safe(least-2) {
		least -= 2
	}
	return least
}

// curve prints what other least scores would give, on whole pages.
func curve(vs []verdict) {
	for least := int32(16); least <= 60; least += 4 {
		fs := map[string]*figure{}
		for _, v := range vs {
			if v.form != whole {
				continue
			}
			k := kindOf(v.sample)
			if fs[k] == nil {
				fs[k] = &figure{}
			}
			fs[k].add(v, least)
		}
		for _, k := range slices.Sorted(maps.Keys(fs)) {
			fmt.Printf("least %d  %-15s %v\n", least, k, fs[k])
		}
	}
}

// report returns the score from which the model acts, and prints what is found
// and lost on publishers that were left out: each fold is judged with the score
// that the other folds give.
func report(vs []verdict) int32 {
	least := make([]int32, folds)
	for i := range least {
		least[i] = leastOf(slices.DeleteFunc(slices.Clone(vs), func(v verdict) bool { return fold(v.group) == i }))
	}
	final := leastOf(vs)
	fmt.Printf("the least score is %d; without each fold %d\n", final, least)
	type key struct {
		form form
		set  string
	}
	figures := map[key]*figure{}
	for _, v := range vs {
		keys := []key{{v.form, v.set}}
		switch {
		case doubtful[v.set]:
		case v.set == "article" || v.set == "documentation":
			keys = append(keys, key{v.form, "= articles, documentation"})
		default:
			keys = append(keys, key{v.form, "= corpora"})
		}
		for _, k := range keys {
			if figures[k] == nil {
				figures[k] = &figure{}
			}
			figures[k].add(v, least[fold(v.group)])
		}
		if os.Getenv("LOST") == "" || !v.article || doubtful[v.set] {
			continue
		}
		m := model.Model{Least: least[fold(v.group)]}
		for u, cut := range m.Cuts(v.in, v.scores, v.asked, nil) {
			if cut && v.class[u] == content {
				fmt.Printf("lost %-14s %d %4d %.100q\n", v.set, v.form, v.scores[u], v.seg.Units[u].Span.In(v.seg.Text))
			}
		}
	}
	keys := slices.SortedFunc(maps.Keys(figures), func(a, b key) int { return cmp.Or(cmp.Compare(a.form, b.form), cmp.Compare(a.set, b.set)) })
	for _, k := range keys {
		fmt.Printf("form %d %-25s %v\n", k.form, k.set, figures[k])
	}
	return final
}
