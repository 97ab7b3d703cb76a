package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"winnow/archive"
	"winnow/rules"
	"winnow/text"
)

// The colours of marks on a terminal: red and struck out for what goes, yellow
// for what is only reported.
const (
	red    = "\x1b[31;9m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

// restore returns the extracted text of a result.
func restore(clean string, removed []archive.Removed) (string, error) {
	var ps []rules.Piece
	for _, r := range removed {
		if r.Mode == archive.Enforced {
			ps = append(ps, rules.Piece{Start: r.Start, Text: r.Text})
		}
	}
	return rules.Restore(clean, ps)
}

// showResult writes the extracted text of a result with its removals marked.
func showResult(w io.Writer, heading string, res *archive.Result, colour bool) error {
	extracted, err := restore(res.Text, res.Removed)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	if heading != "" {
		fmt.Fprintf(b, "== %s ==\n", heading)
	}
	rs := removals(res.Removed)
	if colour {
		writeColoured(b, extracted, rs)
	} else {
		b.WriteString(rules.Marked(extracted, rs))
	}
	if !strings.HasSuffix(extracted, "\n") {
		b.WriteByte('\n')
	}
	return b.Flush()
}

// showing returns what makes writers of marked text, each text with its id as
// heading where there are many.
func showing(j *cleanJob, headings bool) func(io.Writer) (archive.Writer, error) {
	colour := j.output == "" && isTerminal(j.out) && os.Getenv("NO_COLOR") == ""
	return func(w io.Writer) (archive.Writer, error) {
		return &showWriter{bufio.NewWriter(w), headings, colour}, nil
	}
}

// A showWriter writes marked text. It cannot be resumed.
type showWriter struct {
	b        *bufio.Writer
	headings bool
	colour   bool
}

func (w *showWriter) Write(rec *archive.Record, res *archive.Result, failed *archive.Error) error {
	if rec.Blank || failed != nil {
		return nil
	}
	heading := ""
	if w.headings {
		heading = rec.ID
	}
	return showResult(w.b, heading, res, w.colour)
}

func (w *showWriter) Cut() (int64, error) { return 0, w.b.Flush() }
func (w *showWriter) Close() error        { return w.b.Flush() }

func removals(removed []archive.Removed) []rules.Removal {
	var rs []rules.Removal
	for _, r := range removed {
		m := rules.Removal{Span: text.Span{Start: r.Start, End: r.End}, Mode: rules.Enforce}
		if r.Mode == archive.Shadow {
			m.Mode = rules.Shadow
		}
		rs = append(rs, m)
	}
	return rs
}

// writeColoured writes what rules.Marked gives, with the marked parts painted.
func writeColoured(b *bufio.Writer, t string, rs []rules.Removal) {
	at := 0
	for _, r := range rs {
		s := r.Span.Trim(t)
		if s.Start < at {
			continue
		}
		colour := red
		if r.Mode == rules.Shadow {
			colour = yellow
		}
		r.Span = text.Span{End: s.Len()}
		b.WriteString(t[at:s.Start] + colour + rules.Marked(s.In(t), []rules.Removal{r}) + plain)
		at = s.End
	}
	b.WriteString(t[at:])
}
