package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"winnow/archive"
)

func restoreCommand(s streams) *cobra.Command {
	var output, id string
	c := &cobra.Command{
		Use:   "restore OUT.jsonl",
		Short: "Put back what was removed",
		Long: `Put back what was removed: print each record with its extracted text, as JSON
lines that can be cleaned again. With --id, print that record's text alone.

Spans in mode "shadow" were never cut, so they are not put back.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			in, done, err := openInput(s, args[0])
			if err != nil {
				return err
			}
			defer done()
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
	return c
}

// openInput opens a file or, for "-", standard input.
func openInput(s streams, path string) (io.Reader, func(), error) {
	if path == "-" {
		return s.in, func() {}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return f, func() { f.Close() }, nil
}

// restoreAll writes the records of in restored. Lines that tell of a failed
// item hold nothing to restore and stay as they are.
func restoreAll(s streams, in io.Reader, b *bufio.Writer, id string) error {
	results := archive.NewResults(in)
	var buf []byte
	failed := false
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
