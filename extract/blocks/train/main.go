// Command train writes what the block model is trained on: the blocks of
// wcxb-dev and of the corpora with their features and labels. train.py makes
// the model of it. See README.md beside it.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"winnow/extract"
	"winnow/extract/blocks"
	"winnow/internal/quality"
	"winnow/text"
)

func main() {
	shared := flag.String("shared", "../shared", "the folder of the data sets")
	out := flag.String("o", "", "the folder to write to")
	engine := flag.String("engine", "", "the engine whose verdict the model sees")
	flag.Parse()
	if err := run(*shared, *out, *engine); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

// A sample is a page with its labels.
type sample struct {
	id, set, kind, group string
	page                 *blocks.Page
	names                []string
	rows                 [][]int16
	label                []labelled
	truth                []int32 // how often each word of the truth stands in it
	engine               extracted
	snippets             [][]int32 // the blocks that hold each snippet that must not appear
}

// extracted is what the engine alone gives.
type extracted struct {
	f1 float64
}

func run(shared, out, engine string) error {
	if out == "" {
		return fmt.Errorf("-o FOLDER is needed")
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	w, err := newWriter(out)
	if err != nil {
		return err
	}
	type job struct {
		set string
		p   quality.Page
		out chan *sample
		err chan error
	}
	jobs := make(chan job)
	queue := make(chan job, 8)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for j := range jobs {
				s, err := read(j.set, j.p, extract.Engine(engine))
				if err != nil {
					j.err <- fmt.Errorf("%s: %w", j.p.ID, err)
					continue
				}
				j.out <- s
			}
		})
	}
	var failed error
	go func() {
		defer close(queue)
		defer close(jobs)
		send := func(set string, p quality.Page) {
			j := job{set, p, make(chan *sample, 1), make(chan error, 1)}
			queue <- j
			jobs <- j
		}
		for p, err := range quality.Pages(filepath.Join(shared, "wcxb-dev")) {
			if err != nil {
				failed = err
				return
			}
			send("wcxb-dev", p)
		}
		for d, err := range quality.Corpora(filepath.Join(shared, "corpora")) {
			if err != nil {
				failed = err
				return
			}
			if d.Coverage < .95 {
				continue
			}
			send("corpora", quality.Page{ID: d.Publisher + "/" + d.ID, URL: d.URL, Type: "corpus:" + d.Publisher, HTML: d.HTML, Title: d.Title, Truth: d.Truth})
		}
	}()
	for j := range queue {
		select {
		case s := <-j.out:
			if err := w.write(s); err != nil {
				return err
			}
		case err := <-j.err:
			fmt.Fprintln(os.Stderr, "skipped:", err)
		}
	}
	wg.Wait()
	if failed != nil {
		return failed
	}
	return w.close()
}

// read makes a sample of a page.
func read(set string, p quality.Page, engine extract.Engine) (*sample, error) {
	page := extract.Page{HTML: []byte(p.HTML), URL: p.URL}
	b, err := extract.PageBlocks(context.Background(), page, extract.Options{Engine: engine})
	if err != nil {
		return nil, err
	}
	res, err := extract.Extract(context.Background(), page, extract.Options{Engine: engine, Blocks: extract.BlocksOff})
	if err != nil {
		return nil, err
	}
	s := &sample{id: p.ID, set: set, kind: p.Type, page: b}
	s.group = string(text.PublisherOf(p.URL))
	if s.group == "" {
		s.group = p.Type + p.ID
	}
	if strings.HasPrefix(p.Type, "corpus:") {
		s.group = strings.TrimPrefix(p.Type, "corpus:")
	}
	s.names, s.rows = blocks.Rows(b)
	s.engine.f1 = quality.WordF1(res.Document.Text, p.Truth).F1
	s.label, s.truth = label(b, p.Truth)
	joined := make([]string, len(b.Blocks))
	for i := range b.Blocks {
		joined[i] = " " + strings.Join(quality.Words(b.Blocks[i].Text), " ") + " "
	}
	for _, x := range p.MustNotContain {
		x = " " + strings.Join(quality.Words(x), " ") + " "
		var in []int32
		for i := range joined {
			if strings.Contains(joined[i], x) {
				in = append(in, int32(i))
			}
		}
		s.snippets = append(s.snippets, in)
	}
	return s, nil
}

// A writer writes samples as files of numbers, little-endian, beside an index
// of JSON lines.
type writer struct {
	index, features, labels, words *bufio.Writer
	files                          []*os.File
	names                          []string
	folder                         string
}

func newWriter(folder string) (*writer, error) {
	w := &writer{folder: folder}
	for name, at := range map[string]**bufio.Writer{"pages.jsonl": &w.index, "features.i16": &w.features, "labels.i32": &w.labels, "words.i32": &w.words} {
		f, err := os.Create(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		w.files = append(w.files, f)
		*at = bufio.NewWriterSize(f, 1<<20)
	}
	return w, nil
}

func (w *writer) write(s *sample) error {
	if len(s.names) > 0 {
		w.names = s.names
	}
	err := json.NewEncoder(w.index).Encode(map[string]any{"id": s.id, "set": s.set, "type": s.kind, "group": s.group, "blocks": len(s.rows),
		"truth": s.truth, "engine_f1": s.engine.f1, "snippets": s.snippets})
	if err != nil {
		return err
	}
	for i, r := range s.rows {
		if err := binary.Write(w.features, binary.LittleEndian, r); err != nil {
			return err
		}
		l, b := s.label[i], &s.page.Blocks[i]
		number := map[bool]int32{true: 1}
		if err := binary.Write(w.labels, binary.LittleEndian, []int32{l.words, l.matched, number[b.Kept], int32(len(l.bag)), number[b.Caption]}); err != nil {
			return err
		}
		if err := binary.Write(w.words, binary.LittleEndian, l.bag); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) close() error {
	b, err := json.Marshal(w.names)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(w.folder, "names.json"), b, 0o666); err != nil {
		return err
	}
	for _, b := range []*bufio.Writer{w.index, w.features, w.labels, w.words} {
		if err := b.Flush(); err != nil {
			return err
		}
	}
	for _, f := range w.files {
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
