package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/net/html"

	"winnow/extract/blocks"
	"winnow/internal/quality"
	"winnow/text"
)

// batch is how many pages are read before they are measured, in the
// expectation that reading and measuring do not mix.
const batch = 32

// runChild runs one engine over all pages and writes its result as JSON.
func runChild(name string, o options, w io.Writer) error {
	var e engine
	for _, x := range engines() {
		if x.name == name {
			e = x
		}
	}
	if e.run == nil {
		return fmt.Errorf("no engine named %q", name)
	}
	ready := func(*quality.Page) {}
	if e.cross {
		f, err := readFolds(o.folds)
		if err != nil {
			return err
		}
		ready = f.use
	}
	m := meter{engine: e, result: result{engine: e}, ready: ready}
	var pages []quality.Page
	seen := map[string]int{}
	for p, err := range quality.Pages(o.data) {
		if err != nil {
			return err
		}
		seen[p.Type]++
		if (seen[p.Type]-1)%o.every != 0 {
			continue
		}
		if pages = append(pages, p); len(pages) == batch {
			if err := m.measure(pages); err != nil {
				return err
			}
			pages = pages[:0]
		}
	}
	if err := m.measure(pages); err != nil {
		return err
	}
	var err error
	if m.result.Peak, err = peak(); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(m.result)
}

// A meter sums up what an engine does.
type meter struct {
	engine engine
	result result
	ready  func(*quality.Page) // puts the model for a page in force
	warm   bool
}

// measure parses the pages, has the engine run over them, and judges its texts.
func (m *meter) measure(pages []quality.Page) error {
	sources := make([][]byte, len(pages))
	for i := range pages {
		sources[i] = []byte(pages[i].HTML)
		pages[i].HTML = ""
		m.result.Bytes += int64(len(sources[i]))
	}
	runtime.GC()
	begin, err := cpu()
	if err != nil {
		return err
	}
	for _, s := range sources {
		if _, err := html.Parse(bytes.NewReader(s)); err != nil {
			return err
		}
	}
	end, err := cpu()
	if err != nil {
		return err
	}
	m.result.Parse += end - begin

	if !m.warm { // what is made at the first calls is no page's cost
		for i := range sources {
			m.ready(&pages[i])
			_, _ = guarded(m.engine, sources[i], pages[i].URL)
		}
		m.warm = true
	}
	texts := make([][]string, len(pages))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range pages {
		m.ready(&pages[i])
		if begin, err = cpu(); err != nil {
			return err
		}
		texts[i], err = guarded(m.engine, sources[i], pages[i].URL)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %s: %v\n", m.engine.name, pages[i].ID, err)
		}
		if end, err = cpu(); err != nil {
			return err
		}
		m.result.CPU += end - begin
	}
	runtime.ReadMemStats(&after)
	m.result.Alloc += int64(after.TotalAlloc - before.TotalAlloc)
	for i := range pages {
		m.result.Pages = append(m.result.Pages, judge(&pages[i], texts[i]))
	}
	return nil
}

// guarded runs an engine on a page. A panic is an error.
func guarded(e engine, src []byte, address string) (texts []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			texts, err = nil, fmt.Errorf("panic: %v", r)
		}
	}()
	return e.run(src, address)
}

// judge compares the texts of a page with its truth. No texts are an error.
func judge(p *quality.Page, texts []string) page {
	out := page{Type: p.Type, Error: texts == nil, Must: len(p.MustContain), MustNot: len(p.MustNotContain)}
	for _, t := range texts {
		f := quality.WordF1(t, p.Truth)
		s := score{F1: f.F1, Precision: f.Precision, Recall: f.Recall}
		t = flat(t)
		for _, x := range p.MustNotContain {
			if strings.Contains(t, flat(x)) {
				s.Bad++
			}
		}
		for _, x := range p.MustContain {
			if strings.Contains(t, flat(x)) {
				s.Good++
			}
		}
		out.Scores = append(out.Scores, s)
	}
	return out
}

// flat returns the words of t with one space around each.
func flat(t string) string { return " " + strings.Join(quality.Words(t), " ") + " " }

// cpu returns the processor time of the process so far, in seconds.
func cpu() (float64, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	t := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return t(u.Utime) + t(u.Stime), nil
}

// peak returns the largest resident set of the process, in bytes.
func peak() (int64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(l, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(v)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/self/status tells no VmHWM")
}

// folds are block models that were each trained without one fold of the pages.
// The fold of a page is told by its group, as the trainer has it: the hash of
// the registrable domain, so that no domain is in two folds.
type folds struct {
	models []*blocks.Model
	now    *blocks.Model
}

// readFolds reads fold0.bin.gz and so on, and puts them in the place of the
// model that is built in.
func readFolds(folder string) (*folds, error) {
	f := &folds{}
	for k := range foldCount {
		name := fmt.Sprintf("fold%d.bin.gz", k)
		b, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		m, err := blocks.Read(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		f.models = append(f.models, m)
	}
	f.now = f.models[0]
	blocks.Builtin = func() *blocks.Model { return f.now }
	return f, nil
}

const foldCount = 5

// use puts the model in force that has not seen the page's fold.
func (f *folds) use(p *quality.Page) {
	group := string(text.PublisherOf(p.URL))
	if group == "" {
		group = p.Type + p.ID
	}
	h := sha256.Sum256([]byte(group))
	k := new(big.Int).Mod(new(big.Int).SetBytes(h[:]), big.NewInt(foldCount))
	f.now = f.models[k.Int64()]
}
