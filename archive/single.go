package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A single reads a text or a page that is a file of its own.
type single struct {
	*stream
	source Source
	max    int
	done   bool
}

// Next is Reader.Next: it returns one record.
func (s *single) Next() (*Record, error) {
	if s.done {
		return nil, io.EOF
	}
	s.done = true
	rec := &Record{ID: s.source.Name, Name: s.source.Name, IsPage: s.source.Kind == Page}
	var b bytes.Buffer
	if s.c == Plain {
		b.Grow(int(min(s.size, int64(s.max))) + bytes.MinRead)
	}
	n, err := io.Copy(&b, io.LimitReader(s.stream, int64(s.max)+1))
	rec.Size, rec.After = int(n), s.mark(n, s.gaps)
	rec.After.Line = 1 // not the mark of the beginning, empty as the file may be
	var g *gap
	switch {
	case errors.As(err, &g):
		rec.Offset, rec.Err = g.at, &Error{"DATA_LOSS", Damaged, g.Error()}
	case err != nil:
		return nil, err
	case n > int64(s.max):
		rec.Err = &Error{"RESOURCE_EXHAUSTED", LineTooLong, fmt.Sprintf("the file is larger than %d bytes", s.max)}
	default:
		rec.Source = b.Bytes()
	}
	return rec, nil
}

// Passed is Reader.Passed.
func (s *single) Passed() map[string]int { return nil }
