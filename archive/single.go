package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
		rec.Err = &Error{"RESOURCE_EXHAUSTED", LineTooLong, fmt.Sprintf("the file holds more than %d bytes, the limit", s.max)}
	default:
		rec.Source = b.Bytes()
	}
	return rec, nil
}

// Passed is Reader.Passed.
func (s *single) Passed() map[string]int { return nil }

// An unreadable stands for a file of a folder that cannot be opened.
type unreadable struct {
	source Source
	err    error
	done   bool
}

// Next is Reader.Next: it returns one record, which failed.
func (u *unreadable) Next() (*Record, error) {
	if u.done {
		return nil, io.EOF
	}
	u.done = true
	code := "UNAVAILABLE"
	switch {
	case errors.Is(u.err, fs.ErrPermission):
		code = "PERMISSION_DENIED"
	case errors.Is(u.err, fs.ErrNotExist):
		code = "NOT_FOUND"
	}
	return &Record{ID: u.source.Name, Name: u.source.Name, IsPage: u.source.Kind == Page, After: Mark{Line: 1},
		Err: &Error{code, Unreadable, u.err.Error()}}, nil
}

func (u *unreadable) Position() int64        { return 0 }
func (u *unreadable) Passed() map[string]int { return nil }
func (u *unreadable) Format() Format         { return u.source.Format() }
func (u *unreadable) Close() error           { return nil }
