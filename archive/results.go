package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	return nil, fmt.Errorf("%s is %s: results with their removed spans stand in JSON lines or Parquet", s.Path, s.Kind)
}

// Close closes the file that OpenResults has opened.
func (rs *Results) Close() error { return rs.close() }

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
		err = w.parse(line)
	}
	if err != nil {
		return w, bad(BadJSON, "line %d: %v", w.Line, err)
	}
	return w, nil
}

func (w *Written) parse(line []byte) error {
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
	if w.Err == nil && !(has["text"] && has["removed"] && has["sha256"]) {
		return errors.New("not a result of winnow: text, removed and sha256 are not all there")
	}
	return nil
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
		b = append(appendString(b, f.name), ':')
		if f.name == "text" {
			b = appendString(b, extracted)
		} else {
			b = append(b, f.raw...)
		}
	}
	return append(b, '}', '\n')
}
