package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"winnow/archive"
)

func verifyCommand(s streams) *cobra.Command {
	var source, prefer, spans string
	c := &cobra.Command{
		Use:   "verify OUT [--removed FILE] [--source IN]",
		Short: "Check that every result restores to what it was made from",
		Long: `Check that every result restores to what it was made from: put the removed
texts back and compare the hashes of the clean and the extracted text with those
in the line. With --source, also compare with the records that went in, which
must be the same lines in the same order.

OUT is JSON lines or Parquet; with --removed, which names the file that the spans
were written to, also WET, tar or a text.

Lines that tell of a failed item are counted and pass.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			out, err := openResults(s, args[0], spans)
			if err != nil {
				return err
			}
			defer out.Close()
			v := &verifier{streams: s}
			if source != "" {
				src, err := oneSource(source, "")
				if err != nil {
					return err
				}
				if v.source, err = archive.Open(src, archive.ReadOptions{Prefer: prefer, In: s.in}); err != nil {
					return err
				}
				defer v.source.Close()
			}
			return v.run(out)
		},
	}
	c.Flags().StringVar(&source, "source", "", "the `FILE` of records that was cleaned")
	c.Flags().StringVar(&spans, "removed", "", "the `FILE` that the removed spans were written to, where they do not stand in OUT")
	c.Flags().StringVar(&prefer, "prefer", "", "the `FIELD` that was cleaned where a record has both: html or text")
	return c
}

type verifier struct {
	streams
	source                archive.Reader // nil where there is none
	good, errors, failing int
}

func (v *verifier) run(results results) error {
	for {
		w, err := results.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *archive.Error
		if err != nil && !errors.As(err, &broken) {
			return err
		}
		var rec *archive.Record
		if v.source != nil {
			var srcErr error
			if rec, srcErr = v.source.Next(); errors.Is(srcErr, io.EOF) {
				v.fail(w, errors.New("the source has no such line"))
				continue
			} else if srcErr != nil {
				return srcErr
			}
		}
		if broken == nil {
			err = check(w, rec)
		}
		switch {
		case err != nil:
			v.fail(w, err)
		case w.Err != nil:
			v.errors++
		case !w.Blank:
			v.good++
		}
	}
	if v.source != nil {
		more := 0
		for {
			_, err := v.source.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			more++
		}
		if more > 0 {
			v.failing++
			fmt.Fprintf(v.err, "winnow: the source has %d lines more than the results\n", more)
		}
	}
	if _, err := fmt.Fprintf(v.out, "%d verified, %d failed items, %d wrong\n", v.good, v.errors, v.failing); err != nil {
		return err
	}
	if v.failing > 0 {
		return errFailed
	}
	return nil
}

func (v *verifier) fail(w *archive.Written, err error) {
	v.failing++
	var broken *archive.Error
	if errors.As(err, &broken) && strings.HasPrefix(broken.Message, "line ") {
		fmt.Fprintln(v.err, "winnow:", err)
		return
	}
	fmt.Fprintf(v.err, "winnow: line %d: %v\n", w.Line, err)
}

// check checks one line, against its record where there is one.
func check(w *archive.Written, rec *archive.Record) error {
	if rec != nil {
		switch {
		case w.Blank != rec.Blank:
			return errors.New("a blank line stands against one that is not")
		case w.ID != rec.ID:
			return fmt.Errorf("the id is %q, that of the source %q", w.ID, rec.ID)
		case rec.Err != nil && w.Err == nil:
			return fmt.Errorf("there is a result for a line of the source that cannot be read: %w", rec.Err)
		}
	}
	if w.Blank || w.Err != nil {
		return nil
	}
	end := 0
	for i, r := range w.Removed {
		if r.Mode != archive.Enforced && r.Mode != archive.Shadow {
			return fmt.Errorf("removal %d has the unknown mode %q", i, r.Mode)
		}
		if r.End-r.Start != len(r.Text) {
			return fmt.Errorf("removal %d spans %d bytes and holds %d", i, r.End-r.Start, len(r.Text))
		}
		if r.Mode == archive.Enforced {
			if r.Start < end {
				return fmt.Errorf("removal %d overlaps the one before", i)
			}
			end = r.End
		}
	}
	extracted, err := restore(w.Text, w.Removed)
	if err != nil {
		return err
	}
	for i, r := range w.Removed {
		if r.Start < 0 || r.End > len(extracted) || extracted[r.Start:r.End] != r.Text {
			return fmt.Errorf("removal %d does not stand at bytes %d to %d of the extracted text", i, r.Start, r.End)
		}
	}
	if sum([]byte(w.Text)) != w.Sums.Clean {
		return errors.New("the clean text has another hash than the line says")
	}
	if sum([]byte(extracted)) != w.Sums.Extracted {
		return errors.New("the restored text has another hash than the line says")
	}
	if rec != nil {
		if sum(rec.Source) != w.Sums.Source {
			return errors.New("the source has another hash than the line says")
		}
		if !rec.IsPage && w.Sums.Source == w.Sums.Extracted && extracted != string(rec.Source) {
			return errors.New("the restored text is not the source")
		}
	}
	return nil
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
