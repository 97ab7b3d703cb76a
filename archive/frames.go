package archive

import (
	"bufio"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// frames writes a stream that can be cut: compressed, each frame is a member
// that stands alone.
type frames struct {
	out  *tally
	c    Compression
	buf  *bufio.Writer // between the caller and enc, or out
	enc  encoder       // nil where the stream is plain
	open bool          // something was written since the last cut
}

// An encoder is a compressor that can be used again.
type encoder interface {
	io.WriteCloser
	Reset(io.Writer)
}

func newFrames(out *tally, c Compression) (*frames, error) {
	f := &frames{out: out, c: c}
	switch c {
	case Plain:
		f.buf = bufio.NewWriterSize(out, 1<<16)
		return f, nil
	case Gzip:
		f.enc = gzip.NewWriter(out)
	case Zstd:
		// One goroutine: what it writes does not hang on how many there are.
		z, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		f.enc = z
	default:
		return nil, fmt.Errorf("%s is read and not written", c)
	}
	f.buf = bufio.NewWriterSize(f.enc, 1<<16)
	return f, nil
}

func (f *frames) Write(p []byte) (int, error) {
	if !f.open && len(p) > 0 {
		f.open = true
		if f.enc != nil {
			f.enc.Reset(f.out)
		}
	}
	return f.buf.Write(p)
}

// Cut is Writer.Cut.
func (f *frames) Cut() (int64, error) {
	if err := f.buf.Flush(); err != nil {
		return 0, err
	}
	if f.open && f.enc != nil {
		if err := f.enc.Close(); err != nil {
			return 0, err
		}
	}
	f.open = false
	return f.out.n, nil
}

// Close cuts, and writes an empty member where the file has none.
func (f *frames) Close() error {
	n, err := f.Cut()
	if err != nil || n > 0 || f.enc == nil {
		return err
	}
	f.enc.Reset(f.out)
	if z, ok := f.enc.(*zstd.Encoder); ok {
		z.Write(nil)
	}
	return f.enc.Close()
}

// A lineWriter writes JSON lines, or the clean texts alone.
type lineWriter struct {
	*frames
	part Part
	text bool
	buf  []byte
}

// Write is Writer.Write. A text that failed leaves nothing.
func (w *lineWriter) Write(rec *Record, res *Result, failed *Error) error {
	if w.text {
		if rec.Blank || failed != nil {
			return nil
		}
		_, err := io.WriteString(w.frames, res.Text)
		return err
	}
	b := rec.AppendLine(w.buf[:0], res, failed, w.part)
	w.buf = b
	if cap(w.buf) > 1<<22 {
		w.buf = nil // one long line does not stay
	}
	_, err := w.frames.Write(b)
	return err
}

// WriteLines is LineWriter.WriteLines.
func (w *lineWriter) WriteLines(b []byte) error {
	_, err := w.frames.Write(b)
	return err
}
