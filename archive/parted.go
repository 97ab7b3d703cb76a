package archive

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// A Parted reads back results whose removed spans were written to a file of their
// own, and puts them together. Both files hold the documents in the same order,
// but not all: Parquet has no rows for blank lines and for damaged places, and
// what holds texts alone (WET, tar, a text) none for documents that failed.
type Parted struct {
	spans *Results
	side  *Written // the line of the spans that is next; nil where it is not read

	lines *Results // the results as JSON lines or Parquet, else nil
	line  *Written // the line of them that is next; nil where it is not read

	texts Reader // the results as texts
	n     int    // texts that were read
}

// OpenParted opens results, and the removed spans that RemovedOnly wrote beside
// them. For "-" it reads in.
func OpenParted(results, spans Source, in io.Reader) (*Parted, error) {
	p := &Parted{}
	var err error
	if p.spans, err = OpenResults(spans, in); err != nil {
		return nil, err
	}
	p.spans.spans = true
	switch results.Kind {
	case JSONL, Parquet:
		p.lines, err = OpenResults(results, in)
	default:
		p.texts, err = Open(results, ReadOptions{In: in})
	}
	if err != nil {
		p.spans.Close()
		return nil, err
	}
	return p, nil
}

// Close closes both files.
func (p *Parted) Close() error {
	if p.lines != nil {
		return errors.Join(p.spans.Close(), p.lines.Close())
	}
	return errors.Join(p.spans.Close(), p.texts.Close())
}

// Next returns the next result as Results.Next does for those that were not
// parted. What belongs to no document of the other file is an *Error, and so is
// a result whose clean text is not the one that the spans were cut from.
func (p *Parted) Next() (*Written, error) {
	side, sideErr := ahead(&p.side, p.spans)
	if p.texts != nil {
		return p.nextText(side, sideErr)
	}
	line, err := ahead(&p.line, p.lines)
	if err != nil || sideErr != nil { // the other one goes with it
		p.line, p.side = nil, nil
		if err == nil {
			line, err = side, sideErr
		}
		return line, err
	}
	switch {
	case side == nil && line == nil:
		return nil, io.EOF
	case line != nil && line.Blank && (side == nil || !side.Blank), line != nil && line.Err != nil && (side == nil || !same(line, side)):
		p.line = nil // the spans have none
		return line, nil
	case side != nil && side.Blank && (line == nil || !line.Blank), side != nil && side.Err != nil && (line == nil || !same(line, side)):
		p.side = nil // the results have none
		return side, nil
	case side == nil:
		p.line = nil
		return line, bad(BadRecord, "there are no spans for the result %q", line.ID)
	case line == nil:
		p.side = nil
		return side, bad(BadRecord, "there is no result %q, which line %d of the spans is of", side.ID, side.Line)
	}
	p.line, p.side = nil, nil
	if line.Blank || line.Err != nil {
		return line, nil
	}
	if !same(line, side) {
		return line, bad(BadRecord, "the spans on line %d are of another result: %q", side.Line, side.ID)
	}
	line.Removed = side.Removed
	return line, nil
}

// same reports whether a line of results and one of spans are of one document.
func same(a, b *Written) bool {
	return a.ID == b.ID && (a.Err == nil) == (b.Err == nil) && a.Sums == b.Sums
}

// nextText returns the text that the spans of side were cut from.
func (p *Parted) nextText(side *Written, sideErr error) (*Written, error) {
	if p.side = nil; side != nil && sideErr == nil && (side.Blank || side.Err != nil) {
		return side, nil
	}
	rec, err := p.texts.Next()
	if sideErr != nil {
		return side, sideErr
	}
	if err == io.EOF && side != nil {
		return side, bad(BadRecord, "there is no text for %q, which line %d of the spans is of", side.ID, side.Line)
	}
	if err != nil {
		return nil, err
	}
	p.n++
	switch {
	case side == nil:
		return &Written{Line: p.n, ID: rec.ID}, bad(BadRecord, "there are no spans for the text %q", rec.ID)
	case rec.Err != nil:
		return side, rec.Err
	}
	side.Text = string(rec.Source)
	side.fs = slices.DeleteFunc(side.fs, func(f field) bool { return f.name != "id" })
	side.fs = append(side.fs, field{name: "text"})
	return side, nil
}

// ahead returns what is next of rs, and keeps it in at until that is set to nil.
func ahead(at **Written, rs *Results) (*Written, error) {
	if *at != nil {
		return *at, nil
	}
	w, err := rs.Next()
	if err == io.EOF {
		return nil, nil
	}
	if errors.Is(err, ErrNoSpans) && !rs.spans {
		err = nil
	}
	if err == nil {
		*at = w
	} else if rs.spans {
		err = fmt.Errorf("the removed spans: %w", err)
	}
	return w, err
}

// Text reports whether the results are one text, as it is.
func (p *Parted) Text() bool { return p.texts != nil && p.texts.Format().Kind == Text }
