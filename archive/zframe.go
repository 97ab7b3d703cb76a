package archive

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// A zstd file is a row of frames, and the decoder does not tell where one ends.
// The format does (RFC 8878, 3.1.1): a header, then blocks that begin with three
// bytes, the size and whether it is the last, then perhaps a checksum.

// maxWindow is the most that a zstd frame may refer back, in bytes. It is what
// the zstd tool reads without being asked to take more memory.
const maxWindow = 128 << 20

// A frame reads the bytes of one zstd frame, and no byte behind it.
type frame struct {
	r    *bufio.Reader
	left int // bytes until the next block header, or until the end
	last bool
	sum  bool // a checksum follows the last block
}

func newFrame(r *bufio.Reader) (*frame, error) {
	head, err := r.Peek(zstd.HeaderMaxSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	var h zstd.Header
	if err := h.Decode(head); err != nil {
		if errors.Is(err, zstd.ErrMagicMismatch) {
			err = errNoMember
		}
		return nil, err
	}
	return &frame{r: r, left: h.HeaderSize, sum: h.HasCheckSum}, nil
}

func (f *frame) Read(p []byte) (int, error) {
	if f.left == 0 {
		switch {
		case f.last && !f.sum:
			return 0, io.EOF
		case f.last:
			f.left, f.sum = 4, false
		default:
			b, err := f.r.Peek(3)
			if err != nil {
				return 0, unexpected(err)
			}
			h := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
			f.last = h&1 != 0
			if f.left = 3 + int(h>>3); h>>1&3 == 1 {
				f.left = 3 + 1 // one byte, many times
			}
		}
	}
	n, err := f.r.Read(p[:min(len(p), f.left)])
	f.left -= n
	return n, unexpected(err)
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// isSkippable reports whether a frame begins that holds no data.
func isSkippable(head []byte) bool {
	return len(head) >= 4 && head[0]&0xf0 == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18
}

// skipFrame passes a frame that holds no data. The member that follows is opened.
func (s *stream) skipFrame() error {
	head, err := s.raw.Peek(8)
	if err != nil {
		return unexpected(err)
	}
	n := int64(binary.LittleEndian.Uint32(head[4:]))
	if _, err := io.CopyN(io.Discard, s.raw, 8+n); err != nil {
		return unexpected(err)
	}
	return s.nextMember()
}
