package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A cursor reads a stream through a buffer and knows where it is.
type cursor struct {
	*stream
	r    *bufio.Reader
	at   int64 // decompressed bytes that were taken
	gaps int   // gaps that were come across
}

func newCursor(s *stream) *cursor {
	return &cursor{stream: s, r: bufio.NewReaderSize(s, 1<<16), at: s.out, gaps: s.gaps}
}

// here returns the mark of the place.
func (c *cursor) here() Mark { return c.stream.mark(c.at, c.gaps) }

func (c *cursor) note(n int, err error) error {
	c.at += int64(n)
	var g *gap
	if errors.As(err, &g) {
		c.gaps++
		c.stream.pass()
	}
	return err
}

// Read is io.Reader.
func (c *cursor) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	return n, c.note(n, err)
}

// peek returns the next n bytes, or as many as there are before the end or a gap.
func (c *cursor) peek(n int) []byte {
	b, _ := c.r.Peek(n)
	return b
}

// line returns the next line with its break, or bufio.ErrBufferFull and its
// beginning where it is longer than the buffer. It is valid until the next call.
func (c *cursor) line() ([]byte, error) {
	b, err := c.r.ReadSlice('\n')
	return b, c.note(len(b), err)
}

// take reads n bytes into memory of their own. It takes the memory as they come:
// n is not to be trusted.
func (c *cursor) take(n int64) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(min(n, 1<<20)))
	got, err := io.CopyN(&b, c, n)
	if err == io.EOF && got < n {
		err = io.ErrUnexpectedEOF
	}
	return b.Bytes(), err
}

// skip passes n bytes.
func (c *cursor) skip(n int64) error {
	_, err := io.CopyN(io.Discard, c, n)
	return unexpected(err)
}

// putBack makes b, which was taken last, stand before what is read next.
func (c *cursor) putBack(b []byte) {
	c.at -= int64(len(b))
	c.r = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(b), c.r), 1<<16)
}

// damaged returns the record that stands for what cannot be read.
func damaged(at Mark, format string, args ...any) *Record {
	return &Record{Offset: at.Raw, Err: &Error{"DATA_LOSS", Damaged, fmt.Sprintf(format, args...)}}
}
