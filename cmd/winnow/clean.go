package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"winnow/archive"
	"winnow/text"
)

func cleanCommand(s streams) *cobra.Command {
	j := &cleanJob{streams: s}
	c := &cobra.Command{
		Use:   "clean FILE|FOLDER|-...",
		Short: "Clean texts, pages and JSON lines",
		Long: `Clean texts, pages and JSON lines.

A text or page gives its clean text, JSON lines give JSON lines with every
removal listed, in the same order. "-" reads JSON lines from standard input and
answers each line with one line. A folder, or several files, give a folder with
-o FOLDER, else JSON lines with the file's name as id.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return j.run(c, args) },
	}
	j.flags.add(c)
	fl := c.Flags()
	fl.StringVarP(&j.output, "output", "o", "", "write to `FILE|FOLDER` (a folder ends in / or is there already)")
	fl.IntVarP(&j.jobs, "jobs", "j", runtime.GOMAXPROCS(0), "documents to clean at once")
	fl.BoolVar(&j.show, "show", false, "print the texts with what goes marked [-so-], and [?so?] where it is only reported")
	fl.BoolVar(&j.jsonl, "jsonl", false, "write JSON lines for texts and pages too")
	fl.StringVar(&j.as, "as", "", "read every file as `KIND`: text, html or jsonl")
	fl.StringVar(&j.prefer, "prefer", "", "the `FIELD` to clean where a record has both: html or text")
	fl.StringVar(&j.publisher, "publisher", "", "the publisher of texts and pages that are files")
	fl.StringVar(&j.url, "url", "", "the address of a text or page that is a file")
	fl.StringVar(&j.charset, "charset", "", "the charset of texts and pages that are files and not UTF-8")
	return c
}

// A cleanJob is one call of winnow clean.
type cleanJob struct {
	streams
	flags          cleanFlags
	output         string
	jobs           int
	show, jsonl    bool
	as, prefer     string
	publisher, url string
	charset        string

	cleaner  cleaner
	progress *progress
	colour   bool
	many     bool // several documents in files of their own
	failed   int
	buf      []byte
}

func (j *cleanJob) run(c *cobra.Command, args []string) (err error) {
	if j.jobs < 1 {
		return errors.New("--jobs is less than 1")
	}
	if j.show && j.jsonl {
		return errors.New("--show and --jsonl do not go together")
	}
	if j.prefer != "" && j.prefer != "html" && j.prefer != "text" {
		return fmt.Errorf("--prefer %q: html or text", j.prefer)
	}
	var as archive.Kind
	if j.as != "" {
		if as, err = archive.ParseKind(j.as); err != nil {
			return err
		}
	}
	sources, skipped, err := archive.Sources(args, as)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		return fmt.Errorf("%s holds no texts, pages or JSON lines (%d files of other kinds)", strings.Join(args, ", "), skipped)
	}
	folder := len(args) > 1
	for _, a := range args {
		folder = folder || isFolder(a)
	}
	j.many = folder
	var closeCleaner func()
	if j.cleaner, closeCleaner, err = j.flags.cleaner(c); err != nil {
		return err
	}
	defer closeCleaner()
	j.progress = newProgress(j.streams, sources, j.output != "")
	defer j.progress.close()

	toFolder := j.output != "" && (isFolder(j.output) || strings.HasSuffix(j.output, "/") || folder && !j.show && !j.jsonl)
	if toFolder {
		err = j.toFolder(c.Context(), args, sources)
	} else {
		err = j.toOne(c.Context(), sources)
	}
	if err != nil {
		return err
	}
	j.progress.close()
	if skipped > 0 && isTerminal(j.err) {
		fmt.Fprintf(j.err, "winnow: %d files of other kinds were left out\n", skipped)
	}
	if j.failed > 0 {
		fmt.Fprintf(j.err, "winnow: %d of %d items failed\n", j.failed, j.progress.items)
		return errFailed
	}
	return nil
}

func isFolder(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.IsDir()
}

// toOne writes all results to standard output or one file.
func (j *cleanJob) toOne(ctx context.Context, sources []archive.Source) error {
	j.colour = j.output == "" && isTerminal(j.out)
	if j.output == "" {
		return j.writeAll(ctx, sources, j.out)
	}
	f, err := archive.Create(j.output)
	if err != nil {
		return err
	}
	defer f.Abandon()
	failed := j.failed
	if err := j.writeAll(ctx, sources, f); err != nil {
		return err
	}
	if !j.many && sources[0].Kind != archive.JSONL && !j.jsonl && j.failed > failed {
		return nil // the one document has no result to write
	}
	return f.Commit()
}

// writeAll writes the results of sources to w: lines for JSON lines and where
// there are several documents, marked text with --show, else the text itself.
func (j *cleanJob) writeAll(ctx context.Context, sources []archive.Source, w io.Writer) error {
	return buffered(w, func(b *bufio.Writer) error {
		return groups(sources, func(group []archive.Source) error {
			lines := group[0].Kind == archive.JSONL || j.jsonl || j.many
			return j.pump(ctx, group, lines && !j.show, b.Flush, func(t *task) error {
				return j.emit(b, t, lines)
			})
		})
	})
}

// toFolder writes a file for each source.
func (j *cleanJob) toFolder(ctx context.Context, args []string, sources []archive.Source) error {
	if archive.Overlaps(j.output, args) {
		return fmt.Errorf("the results would lie in %s, which is read", j.output)
	}
	names, err := archive.OutNames(sources)
	if err != nil {
		return err
	}
	at := 0
	return groups(sources, func(group []archive.Source) error {
		if group[0].Kind == archive.JSONL {
			at++
			return j.toFile(names[at-1], func(b *bufio.Writer) error {
				return j.pump(ctx, group, !j.show, b.Flush, func(t *task) error { return j.emit(b, t, true) })
			})
		}
		return j.pump(ctx, group, j.jsonl, nil, func(t *task) error {
			at++
			if t.failed != nil {
				return j.emit(nil, t, j.jsonl)
			}
			return j.toFile(names[at-1], func(b *bufio.Writer) error { return j.emit(b, t, j.jsonl) })
		})
	})
}

func (j *cleanJob) toFile(name string, write func(*bufio.Writer) error) error {
	f, err := archive.Create(filepath.Join(j.output, name))
	if err != nil {
		return err
	}
	defer f.Abandon()
	if err := buffered(f, write); err != nil {
		return err
	}
	return f.Commit()
}

// groups calls f with the runs of sources that go through one pump: files that
// are documents together, files of JSON lines one by one.
func groups(sources []archive.Source, f func([]archive.Source) error) error {
	for len(sources) > 0 {
		n := 1
		for sources[0].Kind != archive.JSONL && n < len(sources) && sources[n].Kind != archive.JSONL {
			n++
		}
		if err := f(sources[:n]); err != nil {
			return err
		}
		sources = sources[n:]
	}
	return nil
}

// A task is a record on its way.
type task struct {
	rec    *archive.Record
	res    *archive.Result
	failed *archive.Error
	err    error // ends everything
}

// pump reads the records of sources, cleans them by several goroutines and
// emits them in their order. With lines, texts are brought to what JSON holds.
func (j *cleanJob) pump(ctx context.Context, sources []archive.Source, lines bool, idle func() error, emit func(*task) error) error {
	next, done, err := j.reader(sources, lines)
	if err != nil {
		return err
	}
	defer done()
	return archive.Ordered[task]{
		Jobs: j.jobs,
		Next: func() (task, int, error) {
			rec, err := next()
			if err != nil {
				return task{}, 0, err
			}
			return task{rec: rec}, rec.Size, nil
		},
		Work: func(ctx context.Context, t *task) {
			switch {
			case t.rec.Blank:
			case t.rec.Err != nil:
				t.failed = t.rec.Err
			default:
				t.res, t.err = j.cleaner.clean(ctx, t.rec)
				if errors.As(t.err, &t.failed) {
					t.err = nil
				}
			}
		},
		Emit: func(t *task) error {
			if t.err != nil {
				return t.err
			}
			if t.failed != nil {
				j.failed++
			}
			j.progress.add(t.rec)
			return emit(t)
		},
		Idle: idle,
	}.Run(ctx)
}

// reader returns what reads the records of a group of sources.
func (j *cleanJob) reader(sources []archive.Source, lines bool) (next func() (*archive.Record, error), done func(), err error) {
	if s := sources[0]; s.Kind == archive.JSONL {
		in := j.in
		done = func() {}
		if s.Path != "-" {
			f, err := os.Open(s.Path)
			if err != nil {
				return nil, nil, err
			}
			in, done = f, func() { f.Close() }
		}
		l := archive.NewLines(in)
		l.Prefer = j.prefer
		return l.Next, done, nil
	}
	return func() (*archive.Record, error) {
		if len(sources) == 0 {
			return nil, io.EOF
		}
		s := sources[0]
		sources = sources[1:]
		rec, err := archive.ReadFile(s, j.in)
		if err != nil {
			return nil, err
		}
		rec.URL, rec.Publisher, rec.Charset = j.url, text.ParsePublisher(j.publisher), j.charset
		if lines && j.charset == "" {
			rec.MakeUTF8()
		}
		return rec, nil
	}, func() {}, nil
}

// emit writes what became of one record: a line, marked text, or the text.
func (j *cleanJob) emit(b *bufio.Writer, t *task, lines bool) error {
	var err error
	switch {
	case lines && !j.show:
		switch {
		case t.rec.Blank:
			j.buf = append(j.buf[:0], '\n')
		case t.failed != nil:
			j.buf = t.rec.AppendError(j.buf[:0], t.failed)
		default:
			j.buf = t.rec.AppendResult(j.buf[:0], t.res)
		}
		if b != nil {
			_, err = b.Write(j.buf)
		}
	case t.rec.Blank:
	case t.failed != nil:
		fmt.Fprintf(j.err, "winnow: %s: %v\n", t.rec.ID, t.failed)
	case j.show:
		heading := ""
		if lines {
			heading = t.rec.ID
		}
		err = showResult(b, heading, t.res, j.colour)
	default:
		for _, w := range t.res.Warnings {
			fmt.Fprintf(j.err, "winnow: %s: %s: %s\n", t.rec.ID, w.Code, w.Message)
		}
		_, err = b.WriteString(t.res.Text)
	}
	return err
}
