// Command bench measures winnow beside the other extraction engines that can
// be had in Go, on the same pages in one run: quality by page type, time as a
// ratio to parsing alone, and memory. It writes docs/bench.md and the plots
// beside it.
//
// Each engine runs in a process of its own, page by page on one core, so that
// the time and the memory of one are not another's. Every process parses each
// page too, with html.Parse: its time over that of the parsing in the same
// process is the engine's speed, whatever else the machine was doing.
//
// It is a module of its own, so that the engines that winnow is compared with
// are no dependencies of winnow. Nothing imports it.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	var o options
	flag.StringVar(&o.data, "data", "../../shared/wcxb-dev", "the `FOLDER` of the pages")
	flag.StringVar(&o.folds, "folds", "", "a `FOLDER` of block models that were each trained without one fold of the pages (fold0.bin.gz and so on, written by train.py --folds)")
	flag.StringVar(&o.out, "o", "../docs", "the `FOLDER` to write bench.md and the plots to; empty for none")
	flag.StringVar(&o.only, "only", "", "run only the engines whose name holds this `TEXT`")
	flag.StringVar(&o.results, "results", "", "a `FILE` that keeps results: engines that stand in it are not run again")
	flag.IntVar(&o.every, "every", 1, "take each `N`th page of a type")
	child := flag.String("child", "", "run this engine alone and write its results as JSON (used by the program itself)")
	unseen := flag.Bool("unseen", false, "compare on the pages that go-trafilatura is evaluated with instead, and write bench-unseen.md")
	flag.Parse()
	var err error
	if *unseen {
		err = runUnseen(o, os.Stdout)
	} else if *child != "" {
		err = runChild(*child, o, os.Stdout)
	} else {
		err = run(o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	data, folds, out, only, results string
	every                           int
}

// run measures all engines and writes what came of it.
func run(o options, w io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	kept, err := readResults(o.results)
	if err != nil {
		return err
	}
	var all []*result
	for _, e := range engines() {
		if r := kept[e.name]; r != nil {
			r.engine = e
			all = append(all, r)
			continue
		}
		if e.cross && o.folds == "" || !strings.Contains(e.name, o.only) {
			continue
		}
		args := []string{"-child", e.name, "-data", o.data, "-folds", o.folds, fmt.Sprintf("-every=%d", o.every)}
		cmd := exec.Command(self, args...)
		var out, diag bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &diag
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w\n%s", e.name, err, diag.String())
		}
		r := &result{engine: e}
		if err := json.Unmarshal(out.Bytes(), r); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		all = append(all, r)
		kept[e.name] = r
		if err := writeResults(o.results, kept); err != nil {
			return err
		}
		fmt.Fprintf(w, "%-45s %s\n", e.name, r.line())
	}
	if o.out == "" || len(all) == 0 {
		return nil
	}
	files := map[string][]byte{
		"bench.md":          report(all),
		"bench-quality.svg": qualityPlot(all),
		"bench-speed.svg":   speedPlot(all),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(o.out, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// readResults reads the results that a file keeps, by the engine's name.
func readResults(file string) (map[string]*result, error) {
	kept := map[string]*result{}
	b, err := os.ReadFile(file)
	if file == "" || errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &kept); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return kept, nil
}

func writeResults(file string, kept map[string]*result) error {
	if file == "" {
		return nil
	}
	b, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o644)
}

// A result is what one engine did with all pages.
type result struct {
	engine engine
	Pages  []page
	CPU    float64 // seconds of processor time, the collector's included
	Parse  float64 // seconds of processor time for html.Parse of the same pages
	Bytes  int64   // of HTML
	Alloc  int64   // bytes that were allocated
	Peak   int64   // the process's largest resident set, in bytes
}

// A page is what an engine did with one page.
type page struct {
	Type    string
	Error   bool
	Scores  []score // by form of the text, as in engine.forms
	MustNot int     // snippets that must not stand in the text
	Must    int     // snippets that must
}

// A score is how good one form of the text is.
type score struct {
	F1, Precision, Recall float64
	Bad                   int // snippets that must not stand in it and do
	Good                  int // snippets that must and do
}

// types are the page types, articles first and then by name.
func types(r *result) []string {
	var ts []string
	for _, p := range r.Pages {
		if !slices.Contains(ts, p.Type) {
			ts = append(ts, p.Type)
		}
	}
	slices.Sort(ts)
	return ts
}

// A mean sums up the pages of a type.
type mean struct {
	pages, errors             int
	f1, precision, recall     float64 // over pages
	mustNot, bad, must, found int
}

// bad share and found share of the snippets.
func (m mean) badShare() float64   { return share(m.bad, m.mustNot) }
func (m mean) foundShare() float64 { return share(m.found, m.must) }

func share(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// over returns the mean over the pages of a type ("" for all) in one form.
func (r *result) over(kind string, form int) mean {
	var m mean
	for _, p := range r.Pages {
		if kind != "" && p.Type != kind {
			continue
		}
		m.pages++
		m.must += p.Must
		m.mustNot += p.MustNot
		if p.Error {
			m.errors++
			continue
		}
		s := p.Scores[form]
		m.f1 += s.F1
		m.precision += s.Precision
		m.recall += s.Recall
		m.bad += s.Bad
		m.found += s.Good
	}
	if m.pages > 0 {
		n := float64(m.pages)
		m.f1, m.precision, m.recall = m.f1/n, m.precision/n, m.recall/n
	}
	return m
}

// best returns the form of the text in which the engine does best.
func (r *result) best() int {
	best := 0
	for f := range r.engine.forms {
		if r.over("", f).f1 > r.over("", best).f1 {
			best = f
		}
	}
	return best
}

// ratio returns the engine's time in times of html.Parse.
func (r *result) ratio() float64 { return r.CPU / r.Parse }

func (r *result) line() string {
	m, a := r.over("", r.best()), r.over("article", r.best())
	return fmt.Sprintf("F1 %.4f articles %.4f bad %.4f found %.4f errors %d ratio %.2f cpu %.1fs peak %d MB (%s)",
		m.f1, a.f1, m.badShare(), m.foundShare(), m.errors, r.ratio(), r.CPU, r.Peak>>20, r.engine.forms[r.best()])
}
