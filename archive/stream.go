package archive

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A compressed file is a row of members, and so is what its marks are made of:
// where the member begins in the file, and how much of what it holds was read.
// Where a member is damaged, reading goes on with the next one that decodes.
// gzip and zstd tell where a member ends; bzip2 does not here, so that its
// marks count from the beginning of the file.

// A stream reads what a file holds, decompressed. Where something is missing
// Read returns a *gap, again and again until pass is called, and then goes on
// behind it: a buffer in between that looks ahead loses no error.
type stream struct {
	kind    Kind
	c       Compression
	in      io.Reader
	file    *os.File    // nil for standard input
	at      io.ReaderAt // to look for the next member in; nil where the file cannot be sought in
	size    int64
	raw     *bufio.Reader
	read    atomic.Int64 // bytes of the file that were read into raw
	z       io.Reader    // the member that is open, or nil
	gz      *gzip.Reader
	zs      *zstd.Decoder
	members []member // those that a mark may still ask for; the last one is open
	out     int64    // decompressed bytes that were returned
	gaps    int      // how many gaps were returned
	pending error    // what Read returns: a gap until pass, else for good
	unread  []byte   // what sniff has read
	ioErr   error    // what reading the file failed with
}

// A member is a part of a file that decompresses by itself.
type member struct {
	raw, out int64
	gaps     int // gaps before it
}

// A gap is a place where bytes are missing.
type gap struct {
	at   int64 // byte of the file
	next int64 // where reading goes on; -1 where it does not
	err  error
}

func (g *gap) Error() string {
	if g.next < 0 {
		return fmt.Sprintf("at byte %d: %v; nothing behind it can be read", g.at, g.err)
	}
	return fmt.Sprintf("at byte %d: %v; reading goes on at byte %d", g.at, g.err, g.next)
}

// openStream opens what s names at o.At. For "-" it sets the kind and the
// compression of s.
func openStream(s *Source, o ReadOptions) (*stream, error) {
	st := &stream{c: s.Compression}
	if s.Path == "-" {
		st.in = o.In
	} else {
		f, err := os.Open(s.Path)
		if err != nil {
			return nil, err
		}
		st.file, st.in = f, f
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			st.at, st.size = f, info.Size()
		}
	}
	if st.at == nil {
		if _, err := io.CopyN(io.Discard, st.in, o.At.Raw); err != nil && err != io.EOF {
			st.Close()
			return nil, err
		}
	}
	st.reset(o.At.Raw)
	if s.Path == "-" {
		st.sniff(s)
	}
	st.kind = s.Kind
	if o.At.Skip > 0 && s.Kind != Parquet {
		if n, err := io.CopyN(io.Discard, st, o.At.Skip); err != nil {
			st.Close()
			return nil, fmt.Errorf("%s: %d bytes behind byte %d were read before, and now %d: %w", s.Path, o.At.Skip, o.At.Raw, n, err)
		}
	}
	return st, nil
}

// reset begins to read at a byte of the file.
func (s *stream) reset(raw int64) {
	if s.at != nil {
		s.in = io.NewSectionReader(s.at, raw, 1<<62)
	}
	s.read.Store(raw)
	s.z = nil
	counted := readerFunc(func(p []byte) (int, error) {
		n, err := s.in.Read(p)
		s.read.Add(int64(n))
		if err != nil && err != io.EOF {
			s.ioErr = err
		}
		return n, err
	})
	if s.raw == nil {
		n := 1 << 16
		if s.at != nil { // a folder may be a million small files
			n = int(min(int64(n), s.size+512))
		}
		s.raw = bufio.NewReaderSize(counted, n)
	} else {
		s.raw.Reset(counted)
	}
	if s.c == Plain && len(s.members) == 0 {
		s.members = append(s.members, member{raw: raw, out: s.out})
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// sniff finds out what standard input is, without waiting for more than the
// first bytes that come.
func (s *stream) sniff(src *Source) {
	if _, err := s.raw.Peek(1); err != nil {
		return
	}
	head, _ := s.raw.Peek(s.raw.Buffered())
	f, ok := detectMagic(head)
	if ok && f.Compression != Plain {
		src.Compression, s.c, s.members = f.Compression, f.Compression, nil
		head = make([]byte, HeadSize)
		n, _ := io.ReadAtLeast(s, head, tarBlock)
		s.unread = head[:n]
		f.Kind, ok = detectMagicKind(head[:n])
	}
	if ok && src.Kind == JSONL {
		src.Kind = f.Kind
	}
}

// Position is Reader.Position.
func (s *stream) Position() int64 {
	if s == nil {
		return 0
	}
	return s.read.Load()
}

// Format is Reader.Format.
func (s *stream) Format() Format {
	if s == nil {
		return Format{Kind: JSONL}
	}
	return Format{s.kind, s.c}
}

// rawPos returns the byte of the file that is read next.
func (s *stream) rawPos() int64 { return s.read.Load() - int64(s.raw.Buffered()) }

// Close closes the file.
func (s *stream) Close() error {
	if s == nil {
		return nil // Lines of a reader that is not ours
	}
	if s.zs != nil {
		s.zs.Close()
	}
	if s.file != nil {
		return s.file.Close()
	}
	return nil
}

// mark returns the place behind the first out decompressed bytes and the first
// gaps gaps. Later calls may not ask for earlier places.
func (s *stream) mark(out int64, gaps int) Mark {
	i := 0
	for i+1 < len(s.members) && s.members[i+1].out <= out && s.members[i+1].gaps <= gaps {
		i++
	}
	s.members = s.members[i:]
	if len(s.members) == 0 { // nothing was there
		return Mark{Raw: s.rawPos()}
	}
	m := s.members[0]
	if s.c == Plain {
		return Mark{Raw: m.raw + out - m.out}
	}
	return Mark{Raw: m.raw, Skip: out - m.out}
}

// Read reads what the file holds.
func (s *stream) Read(p []byte) (int, error) {
	for {
		if len(s.unread) > 0 {
			n := copy(p, s.unread)
			s.unread = s.unread[n:]
			return n, nil
		}
		if s.pending != nil {
			return 0, s.pending
		}
		r := io.Reader(s.raw)
		if s.c != Plain {
			if at := s.rawPos(); s.z == nil {
				if err := s.nextMember(); err != nil {
					s.lose(err, at)
					continue
				}
			}
			r = s.z
		}
		n, err := r.Read(p)
		s.out += int64(n)
		switch {
		case s.c == Plain && err != nil:
			s.pending = err
		case err == io.EOF:
			s.z = nil
		case err != nil:
			s.lose(err, s.rawPos())
		}
		if n > 0 {
			return n, nil
		}
	}
}

// nextMember opens the member that the file goes on with. Zeros at the end of a
// file are no member: tape and tools leave them there.
func (s *stream) nextMember() error {
	head, err := s.raw.Peek(4)
	if len(head) == 0 {
		return err
	}
	at := s.rawPos()
	switch s.c {
	case Gzip:
		if head[0] == 0 {
			return s.zeros()
		}
		if s.gz == nil {
			s.gz, err = gzip.NewReader(s.raw)
		} else {
			err = s.gz.Reset(s.raw)
		}
		if err != nil {
			s.gz = nil
			return err
		}
		s.gz.Multistream(false)
		s.z = s.gz
	case Zstd:
		if head[0] == 0 {
			return s.zeros()
		}
		if isSkippable(head) {
			return s.skipFrame()
		}
		fr, err := newFrame(s.raw)
		if err != nil {
			return err
		}
		if s.zs == nil {
			s.zs, err = zstd.NewReader(fr, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		} else {
			err = s.zs.Reset(fr)
		}
		if err != nil {
			return err
		}
		s.z = s.zs
	case Bzip2:
		s.z = bzip2.NewReader(s.raw)
	}
	if len(s.members) == 0 || s.members[len(s.members)-1].raw != at {
		s.members = append(s.members, member{at, s.out, s.gaps})
	}
	return nil
}

// zeros reads the zeros at the end of the file. It returns io.EOF where nothing
// else stands there.
func (s *stream) zeros() error {
	for {
		b, err := s.raw.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			s.raw.UnreadByte()
			return errNoMember
		}
	}
}

var errNoMember = errors.New("what stands here is not compressed")

// pass goes behind the gap that Read returned.
func (s *stream) pass() {
	g, ok := s.pending.(*gap)
	if !ok {
		return
	}
	s.gaps++
	if s.pending = nil; g.next < 0 {
		s.pending = io.EOF
	}
}

// lose notes that what is compressed ends at a byte of the file with err, and
// finds the place to go on from.
func (s *stream) lose(err error, at int64) {
	s.z = nil
	if err == io.EOF {
		s.pending = err
		return
	}
	if s.ioErr != nil {
		s.pending = s.ioErr
		return
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the compressed data end too early")
	}
	g := &gap{at: at, next: -1, err: err}
	s.pending = g
	if s.at == nil {
		return // what stood before the error cannot be read again
	}
	from := g.at
	if s.c != Bzip2 && len(s.members) > 0 {
		// Damage may have led past the end of its member.
		from = s.members[len(s.members)-1].raw + 1
	}
	if decodes(s.at, g.at, s.c) { // the usual way of a wrong checksum
		g.next = g.at
	} else if g.next = nextDecoding(s.at, from, s.c); g.next < 0 {
		s.members = append(s.members, member{s.size, s.out, s.gaps + 1})
		return
	}
	s.reset(g.next)
	s.members = append(s.members, member{g.next, s.out, s.gaps + 1})
}

// magics are what a member begins with.
var magics = map[Compression][]byte{
	Gzip:  {0x1f, 0x8b, 8},
	Zstd:  {0x28, 0xb5, 0x2f, 0xfd},
	Bzip2: []byte("BZh"),
}

// nextDecoding returns the first byte of the file, from a place on, where a
// member begins, or -1.
func nextDecoding(at io.ReaderAt, from int64, c Compression) int64 {
	magic := magics[c]
	buf := make([]byte, 1<<18)
	for {
		n, err := at.ReadAt(buf, from)
		for i := 0; ; i++ {
			k := bytes.Index(buf[i:n], magic)
			if k < 0 {
				break
			}
			if i += k; decodes(at, from+int64(i), c) {
				return from + int64(i)
			}
		}
		if err != nil {
			return -1
		}
		from += int64(n - len(magic) + 1)
	}
}

// decodes reports whether a member begins at a byte of the file: whether it
// decodes for as long as no accident does.
func decodes(at io.ReaderAt, off int64, c Compression) bool {
	head := make([]byte, 4)
	if n, _ := at.ReadAt(head, off); !bytes.HasPrefix(head[:n], magics[c]) {
		return false
	}
	raw := bufio.NewReader(io.NewSectionReader(at, off, 1<<62))
	var z io.Reader
	switch c {
	case Gzip:
		g, err := gzip.NewReader(raw)
		if err != nil {
			return false
		}
		g.Multistream(false)
		z = g
	case Zstd:
		fr, err := newFrame(raw)
		if err != nil {
			return false
		}
		d, err := zstd.NewReader(fr, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return false
		}
		defer d.Close()
		z = d
	case Bzip2:
		z = bzip2.NewReader(raw)
	}
	_, err := io.CopyN(io.Discard, z, 1<<14)
	return err == nil || err == io.EOF
}
