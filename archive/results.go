package archive

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// A Written is a line that AppendResult or AppendError wrote, read back.
type Written struct {
	Line    int
	ID      string
	Text    string
	Removed []Removed
	Sums    Sums
	Err     *Error // set for a line of AppendError
	Blank   bool

	raw []byte
	fs  []field
}

// A Results reads back what was written.
type Results struct {
	next  func() ([]byte, error) // the next line, without its break
	n     int                    // its number, or that of the row of a Parquet file
	close func() error
	spans bool // lines of the removed spans alone are what is read
}

// NewResults returns a Results that reads the JSON lines of r.
func NewResults(r io.Reader) *Results {
	l := newLineReader(r)
	return &Results{next: l.next, close: func() error { return nil }}
}

// OpenResults returns a Results that reads a file of JSON lines, compressed or
// not, or of Parquet. For "-" it reads in.
func OpenResults(s Source, in io.Reader) (*Results, error) {
	o := ReadOptions{In: in, MaxRecord: MaxLine}
	st, err := openStream(&s, o)
	if err != nil {
		return nil, err
	}
	switch s.Kind {
	case JSONL:
		rs := NewResults(st)
		rs.close = st.Close
		return rs, nil
	case Parquet:
		t, err := newTableReader(s, st, o, true)
		if err != nil {
			st.Close()
			return nil, fmt.Errorf("%s: %w", s.Path, err)
		}
		return &Results{next: t.line, close: t.Close}, nil
	}
	st.Close()
	return nil, fmt.Errorf("%s is %s, which has no room for removed spans: the file that they were written to goes with it", s.Path, s.Kind)
}

// Close closes the file that OpenResults has opened.
func (rs *Results) Close() error { return rs.close() }

// What Next fails with where results and their removed spans were written to two
// files, and it was given one of them. See OpenParted.
var (
	ErrNoSpans    = errors.New("the removed spans do not stand in the results")
	ErrSpansAlone = errors.New("the removed spans stand here, and not the results")
)

// Next returns the next line, or io.EOF after the last. A line that is none of
// ours comes with an *Error.
func (rs *Results) Next() (*Written, error) {
	line, err := rs.next()
	if err == io.EOF {
		return nil, err
	}
	rs.n++
	var g *gap
	if err != nil && !errors.Is(err, errTooLong) && !errors.As(err, &g) {
		return nil, err
	}
	w := &Written{Line: rs.n, raw: line}
	if err == nil && space(line, 0) == len(line) {
		w.Blank = true
		return w, nil
	}
	if err == nil {
		err = w.parse(line, rs.spans)
	}
	if errors.Is(err, ErrNoSpans) || errors.Is(err, ErrSpansAlone) {
		return w, err
	}
	if err != nil {
		return w, bad(BadJSON, "line %d: %v", w.Line, err)
	}
	return w, nil
}

// parse reads a line, of removed spans alone where spans says so.
func (w *Written) parse(line []byte, spans bool) error {
	fs, err := fields(nil, line)
	if err != nil {
		return err
	}
	w.fs = fs
	has := map[string]bool{}
	for _, f := range fs {
		has[f.name] = true
		switch f.name {
		case "id":
			w.ID = string(f.raw)
			if f.raw[0] == '"' {
				err = json.Unmarshal(f.raw, &w.ID)
			}
		case "text":
			err = json.Unmarshal(f.raw, &w.Text)
		case "removed":
			err = json.Unmarshal(f.raw, &w.Removed)
		case "sha256":
			err = json.Unmarshal(f.raw, &w.Sums)
		case "error":
			err = json.Unmarshal(f.raw, &w.Err)
		}
		if err != nil {
			return fmt.Errorf("the field %q: %w", f.name, err)
		}
	}
	if spans && w.Err == nil && w.Sums == (Sums{}) { // Parquet has no room here to say why
		w.Err = &Error{"UNKNOWN", "FAILED", "the document failed"}
	}
	switch {
	case w.Err != nil || has["text"] != spans && has["removed"] && has["sha256"]:
		return nil
	case spans:
		return errors.New("not a line of removed spans: id, removed and sha256 alone stand there")
	case has["text"] && has["sha256"]:
		return ErrNoSpans
	case has["removed"] && has["sha256"]:
		return ErrSpansAlone
	}
	return errors.New("not a result of winnow: text, removed and sha256 are not all there")
}

// AppendLine appends the line as it was read, with its break.
func (w *Written) AppendLine(b []byte) []byte { return append(append(b, w.raw...), '\n') }

// AppendRestored appends the line as a record again, with its break: the text
// is extracted, and what the cleaning said of it is gone.
func (w *Written) AppendRestored(b []byte, extracted string) []byte {
	b = append(b, '{')
	first := true
	for _, f := range w.fs {
		switch f.name {
		case "removed", "warnings", "revision", "sha256":
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		switch {
		case f.name != "text":
			b = append(append(appendString(b, f.name), ':'), f.raw...)
		case utf8.ValidString(extracted):
			b = appendString(append(b, `"text":`...), extracted)
		default: // it was written as it is
			b = append(append(b, `"text`...), inBase64...)
			b = append(base64.StdEncoding.AppendEncode(append(b, `":"`...), []byte(extracted)), '"')
		}
	}
	return append(b, '}', '\n')
}
