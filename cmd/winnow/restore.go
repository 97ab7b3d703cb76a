package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"winnow/archive"
)

func restoreCommand(s streams) *cobra.Command {
	var output, id, spans string
	c := &cobra.Command{
		Use:   "restore OUT",
		Short: "Put back what was removed",
		Long: `Put back what was removed: print each record with its extracted text, as JSON
lines that can be cleaned again. With --id, print that record's text alone, and
of results that are one text print the text.

OUT is JSON lines or Parquet; with --removed, which names the file that the spans
were written to, also WET, tar or a text.

Spans in mode "shadow" were never cut, so they are not put back.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if replaces(output, []archive.Source{{Path: args[0]}, {Path: spans}}) {
				return fmt.Errorf("-o %s would replace what is read", output)
			}
			in, err := openResults(s, args[0], spans)
			if err != nil {
				return err
			}
			defer in.Close()
			if output == "" {
				return buffered(s.out, func(b *bufio.Writer) error { return restoreAll(s, in, b, id) })
			}
			f, err := archive.Create(output)
			if err != nil {
				return err
			}
			defer f.Abandon()
			err = buffered(f, func(b *bufio.Writer) error { return restoreAll(s, in, b, id) })
			if err != nil && !errors.Is(err, errFailed) {
				return err
			}
			return errors.Join(err, f.Commit())
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "write to `FILE`")
	c.Flags().StringVar(&id, "id", "", "print the text of the record with this id alone")
	c.Flags().StringVar(&spans, "removed", "", "the `FILE` that the removed spans were written to, where they do not stand in OUT")
	return c
}

// results are read back: archive.Results, or archive.Parted.
type results interface {
	Next() (*archive.Written, error)
	Close() error
}

// openResults opens a file of results or, for "-", standard input, and the file of
// their removed spans where there is one.
func openResults(s streams, path, spans string) (results, error) {
	src, err := oneSource(path, "")
	if err != nil {
		return nil, err
	}
	if spans != "" {
		side, err := oneSource(spans, "")
		if err != nil {
			return nil, err
		}
		if side.Kind == archive.Text || side.Kind == archive.Page {
			side.Kind = archive.JSONL
		}
		if src.Kind == archive.Page {
			src.Kind = archive.Text // clean text that speaks of mark-up
		}
		return archive.OpenParted(src, side, s.in)
	}
	if src.Kind == archive.Text || src.Kind == archive.Page {
		src.Kind = archive.JSONL // an empty file, or one whose first line is broken
	}
	rs, err := archive.OpenResults(src, s.in)
	if err != nil {
		return nil, fmt.Errorf("%w: --removed FILE", err)
	}
	return parted{rs}, nil
}

// parted says what to do where results are parted from their removed spans.
type parted struct{ *archive.Results }

func (k parted) Next() (*archive.Written, error) {
	w, err := k.Results.Next()
	switch {
	case errors.Is(err, archive.ErrNoSpans):
		err = fmt.Errorf("%w: name the file that they were written to, --removed FILE", err)
	case errors.Is(err, archive.ErrSpansAlone):
		err = fmt.Errorf("%w: name the file of the results first, and this one with --removed", err)
	}
	return w, err
}

// oneSource returns the source that path names, which is no folder.
func oneSource(path, as string) (archive.Source, error) {
	var kind archive.Kind
	var err error
	if as != "" {
		if kind, err = archive.ParseKind(as); err != nil {
			return archive.Source{}, err
		}
	}
	if isFolder(path) {
		return archive.Source{}, fmt.Errorf("%s is a folder", path)
	}
	sources, _, err := archive.Sources([]string{path}, kind)
	if err != nil {
		return archive.Source{}, err
	}
	return sources[0], nil
}

// restoreAll writes the records of in restored. Lines that tell of a failed
// item hold nothing to restore and stay as they are.
func restoreAll(s streams, results results, b *bufio.Writer, id string) error {
	var buf []byte
	failed := false
	p, ok := results.(*archive.Parted)
	text := ok && p.Text()
	for {
		w, err := results.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *archive.Error
		if err != nil && !errors.As(err, &broken) {
			return err
		}
		extracted := ""
		if broken == nil && !w.Blank && w.Err == nil {
			if extracted, err = restore(w.Text, w.Removed); err != nil {
				err = fmt.Errorf("line %d: %w", w.Line, err)
			}
		}
		if err != nil {
			fmt.Fprintln(s.err, "winnow:", err)
			failed = true
			continue
		}
		switch {
		case id != "":
			if w.ID != id || w.Blank {
				continue
			}
			if w.Err != nil {
				return fmt.Errorf("the record %q is a failed item: %w", id, w.Err)
			}
			_, err := b.WriteString(extracted)
			return err
		case text && w.Err != nil:
			return fmt.Errorf("the text is a failed item: %w", w.Err)
		case text:
			buf = append(buf[:0], extracted...)
		case w.Blank || w.Err != nil:
			buf = w.AppendLine(buf[:0])
		default:
			buf = w.AppendRestored(buf[:0], extracted)
		}
		if _, err := b.Write(buf); err != nil {
			return err
		}
	}
	if failed {
		return errFailed
	}
	if id != "" {
		return fmt.Errorf("no record has the id %q", id)
	}
	return nil
}
