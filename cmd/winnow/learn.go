package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"winnow/archive"
	"winnow/extract"
	"winnow/rules"
	"winnow/rules/learn"
	"winnow/text"
)

func learnCommand(s streams) *cobra.Command {
	j := &learnJob{streams: s}
	c := &cobra.Command{
		Use:   "learn ARCHIVE... -o FOLDER",
		Short: "Learn rules from an archive",
		Long: `Learn rules from an archive: files and folders of any kind that winnow clean
reads, of any number of publishers. Each publisher's rules go into a pack of its
own in FOLDER, which winnow clean --rules FOLDER reads. A learned pack that stands
there already is replaced, and kept beside it with .old behind its name; with
--merge it is carried on from.

No labels are needed, but at least three documents of a publisher. The order of
the documents changes nothing.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return j.run(c.Context(), args) },
	}
	fl := c.Flags()
	fl.StringVarP(&j.output, "output", "o", "", "write the packs to `FOLDER`")
	fl.StringVar(&j.as, "as", "", "read every file as `KIND`: text, html, jsonl, warc, wet, parquet or tar")
	fl.StringToStringVar(&j.fields, "field", nil, "read `FIELD=COLUMN` of Parquet files, where columns have other names")
	fl.StringVar(&j.prefer, "prefer", "text", "the `FIELD` to learn from where a record has both: html or text")
	fl.StringVar(&j.publisher, "publisher", "", "the publisher of documents that name none")
	fl.BoolVar(&j.merge, "merge", false, "carry on from the packs in FOLDER: add up what is known, keep what the archive does not hold")
	fl.StringVar(&j.labelFile, "labels", "", "judge what is learned by the documents that this JSON lines `FILE` has labels of; they are not learned from")
	fl.IntVar(&j.sample, "sample", learn.DefaultSample, "the most documents of a publisher that are looked at")
	c.MarkFlagRequired("output")
	return c
}

// A learnJob is one call of winnow learn.
type learnJob struct {
	streams
	output, as, prefer, publisher string
	fields                        map[string]string
	sample                        int
	merge                         bool
	labelFile                     string

	labels       *labels // nil without labels
	docs, failed int
}

func (j *learnJob) run(ctx context.Context, args []string) error {
	if j.prefer != "html" && j.prefer != "text" {
		return fmt.Errorf("--prefer %q: html or text", j.prefer)
	}
	if j.sample < 3 {
		return errors.New("--sample is less than 3: nothing can be learned from fewer documents")
	}
	files, err := j.files(args)
	if err != nil {
		return err
	}
	if j.labelFile != "" {
		if j.labels, err = readLabels(j.labelFile); err != nil {
			return err
		}
		files = slices.DeleteFunc(files, func(f archive.Source) bool { return filepath.Clean(f.Path) == filepath.Clean(j.labelFile) })
	}
	l := learn.New(learn.Options{Sample: j.sample})
	if err := j.read(ctx, files, l); err != nil {
		return err
	}
	if j.labels != nil {
		if n := len(j.labels.lines) - len(j.labels.docs); n > 0 {
			fmt.Fprintf(j.err, "winnow: the archive does not hold %s, or with another text\n", count(n, "labelled document"))
		}
	}
	if j.docs == 0 {
		return fmt.Errorf("%s holds no documents", strings.Join(args, ", "))
	}
	proposals, err := l.Propose()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(j.output, 0o777); err != nil {
		return err
	}
	for _, p := range proposals {
		if err := j.write(p); err != nil {
			return err
		}
	}
	if j.failed > 0 {
		fmt.Fprintf(j.err, "winnow: %d of %d documents could not be read\n", j.failed, j.docs+j.failed)
		return errFailed
	}
	return nil
}

// write writes the pack of a publisher, or takes away an old one where there is
// nothing to write. An old one that is not merged is kept beside it.
func (j *learnJob) write(p *learn.Proposal) error {
	name := rules.PackName(p.Publisher)
	path := filepath.Join(j.output, name+".learned.yaml")
	old, err := j.carryOn(p, path)
	if err != nil {
		return err
	}
	if err := j.labels.judge(j.out, p); err != nil {
		return err
	}
	var yaml []byte
	shadow := 0
	if len(p.Rules) > 0 {
		yaml = p.YAML()
	}
	for _, r := range p.Rules {
		if r.Mode == rules.Shadow {
			shadow++
		}
	}
	kept := ""
	if old != nil && !j.merge && !bytes.Equal(old.data, yaml) {
		if err := writeFile(path+".old", old.data); err != nil {
			return err
		}
		kept = fmt.Sprintf("; the pack of %s that stood there is now %s.old (--merge carries on from what is there)", count(old.rules, "rule"), path)
	}
	if len(p.Rules) == 0 {
		fmt.Fprintf(j.out, "%s: %d documents, nothing learned%s\n", name, p.Documents, kept)
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := writeFile(path, yaml); err != nil {
		return err
	}
	fmt.Fprintf(j.out, "%s: %d documents, %d rules, %d more in shadow mode, written to %s%s\n", name, p.Documents, len(p.Rules)-shadow, shadow, path, kept)
	return nil
}

// writeFile puts a file in its place, whole or not at all.
func writeFile(path string, data []byte) error {
	f, err := archive.Create(path)
	if err != nil {
		return err
	}
	defer f.Abandon()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Commit()
}

// An oldPack is what stood in the place of a pack.
type oldPack struct {
	data  []byte
	rules int
}

// carryOn takes over from the pack that is about to be replaced what must last,
// and returns it, or nil where there is none.
func (j *learnJob) carryOn(p *learn.Proposal, path string) (*oldPack, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	old, err := rules.ParsePack(path, data)
	if err != nil {
		return nil, err
	}
	found := &oldPack{data, len(old.Rules)}
	if j.merge {
		p.Merge(old)
		return found, nil
	}
	file := filepath.Join(j.output, rules.OverridesFile)
	if data, err = os.ReadFile(file); errors.Is(err, fs.ErrNotExist) {
		return found, nil
	} else if err != nil {
		return nil, err
	}
	decided, err := rules.ParseOverrides(file, data)
	if err != nil {
		return nil, err
	}
	p.Keep(old, func(id rules.ID) bool {
		return slices.ContainsFunc(decided, func(o rules.Override) bool { return o.ID == id })
	})
	return found, nil
}

// files lists the files of args, each by the path that it was found at.
func (j *learnJob) files(args []string) ([]archive.Source, error) {
	var as archive.Kind
	var err error
	if j.as != "" {
		if as, err = archive.ParseKind(j.as); err != nil {
			return nil, err
		}
	}
	files, _, err := archive.Sources(args, as)
	for i := range files {
		files[i].Name = filepath.ToSlash(files[i].Path)
	}
	return files, err
}

// read gives the documents of files to l. Pages are extracted by several
// goroutines; the order in which they come plays no part.
func (j *learnJob) read(ctx context.Context, files []archive.Source, l *learn.Learner) error {
	records := make(chan *archive.Record, 64)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for rec := range records {
				d, err := j.document(ctx, rec)
				heldOut := false
				if err == nil {
					heldOut, err = j.labels.take(d)
				}
				mu.Lock()
				if err != nil {
					j.failed++
					fmt.Fprintf(j.err, "winnow: %s: %v\n", rec.ID, err)
				} else {
					j.docs++
					if !heldOut {
						l.Add(d)
					}
				}
				mu.Unlock()
			}
		})
	}
	var err error
	for _, f := range files {
		if err = j.readFile(f, records); err != nil {
			break
		}
	}
	close(records)
	wg.Wait()
	return err
}

func (j *learnJob) readFile(src archive.Source, records chan<- *archive.Record) error {
	r, err := archive.Open(src, archive.ReadOptions{Prefer: j.prefer, Fields: j.fields, In: j.in, MaxPage: extract.DefaultMaxBytes})
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", src.Path, err)
		}
		if rec.Err != nil && rec.ID == "" {
			rec.ID = src.Path // what stands before the message
		}
		if !rec.Blank {
			records <- rec
		}
	}
}

// document turns a record into a document, extracting pages.
func (j *learnJob) document(ctx context.Context, rec *archive.Record) (text.Document, error) {
	if rec.Err != nil {
		return text.Document{}, rec.Err
	}
	var d text.Document
	if rec.IsPage {
		res, err := extract.Extract(ctx, extract.Page{HTML: rec.Source, URL: rec.URL, Charset: rec.Charset}, extract.Options{})
		if err != nil {
			return d, err
		}
		d = res.Document
	} else {
		d.Text = string(rec.Source)
		d.Publisher = text.PublisherOf(rec.URL)
	}
	d.ID, d.URL, d.Captured = rec.ID, rec.URL, rec.Captured
	if rec.Title != "" {
		d.Title = rec.Title
	}
	if rec.Language != "" {
		d.Language = rec.Language
	}
	if rec.Publisher != "" {
		d.Publisher = rec.Publisher
	}
	if d.Publisher == "" {
		d.Publisher = text.ParsePublisher(j.publisher)
	}
	return d, nil
}
