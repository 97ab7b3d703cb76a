package archive

import (
	"archive/tar"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Unicode reports whether a format holds Unicode only. A record that becomes one
// wants MakeUTF8 before it is cleaned, so that offsets fit what is written.
func (f Format) Unicode() bool { return f.Kind == JSONL || f.Kind == Parquet }

// A Compression is what stands around what a file holds.
type Compression string

// The compressions. Each may be of several members, one after the other, as
// `cat a.gz b.gz` makes them.
const (
	Plain Compression = ""
	Gzip  Compression = "gzip"
	Zstd  Compression = "zstd"
	Bzip2 Compression = "bzip2" // is read and not written
)

// A Format is how a file is written.
type Format struct {
	Kind        Kind
	Compression Compression
}

// String returns the format's name, such as "jsonl" or "jsonl.gz".
func (f Format) String() string { return string(f.Kind) + f.Compression.ext() }

func (c Compression) ext() string {
	switch c {
	case Gzip:
		return ".gz"
	case Zstd:
		return ".zst"
	case Bzip2:
		return ".bz2"
	}
	return ""
}

// ParseFormat reads what String returns: a kind, and .gz, .zst or .bz2 behind it.
func ParseFormat(name string) (Format, error) {
	rest, c := compressionOf(name)
	k, err := ParseKind(rest)
	if err != nil {
		return Format{}, err
	}
	return Format{k, c}, nil
}

// FormatOf tells a format by the end of a name alone, as for a file that is yet
// to be written. The kind is empty where the name does not tell.
func FormatOf(name string) Format {
	rest, c := compressionOf(name)
	k, _ := KindOf(rest)
	if c == Plain && strings.HasSuffix(strings.ToLower(name), ".tgz") {
		return Format{Tar, Gzip}
	}
	return Format{k, c}
}

// compressionOf takes the end off a name that tells of a compression.
func compressionOf(name string) (rest string, c Compression) {
	for _, c := range []Compression{Gzip, Zstd, Bzip2} {
		if n := len(name) - len(c.ext()); n > 0 && strings.EqualFold(name[n:], c.ext()) {
			return name[:n], c
		}
	}
	return name, Plain
}

// A Mark is a place between two records of a file, from which another Reader of
// the same file can go on. Its zero value is the beginning. It is a few numbers,
// fit for a checkpoint.
type Mark struct {
	Raw  int64 `json:"raw,omitempty"`  // bytes of the file as it lies there
	Skip int64 `json:"skip,omitempty"` // bytes that follow in the compressed member at Raw; rows of Parquet
	Line int64 `json:"line,omitempty"` // lines before it, of JSON lines
	Lost bool  `json:"lost,omitempty"` // behind damage: where the next record begins is still to be found
}

// A Reader reads the records of one file, in their order. It holds one record
// at a time. Its methods are called by one goroutine, but for Position.
type Reader interface {
	// Next returns the next record, or io.EOF after the last. A damaged place is
	// a record with Err set, whose message tells the place, and reading goes on
	// behind it. Any other error is the end of reading.
	Next() (*Record, error)

	// Position returns how many bytes of the file as it lies there have been
	// read, of Source.Size. Other goroutines may call it.
	Position() int64

	// Passed counts what was read and is no document, by what it is: "request
	// records", "folders".
	Passed() map[string]int

	// Format is what is read, which of standard input is known once it is open.
	Format() Format

	// Close frees what the reader holds.
	Close() error
}

// ReadOptions say how to read. The zero value reads a whole file.
type ReadOptions struct {
	// Prefer names the field to clean, "html" or "text", where a record has
	// both. Where it is empty such a record is an error.
	Prefer string

	// Lazy leaves records of JSON lines to Record.Load.
	Lazy bool

	// Fields says which column of a Parquet file is read as id, url, publisher,
	// title, language, charset, captured, html or text, where it has another name.
	Fields map[string]string

	// MaxRecord is the size of a record in bytes from which on it is an error and
	// is passed over; 0 means MaxLine.
	MaxRecord int

	// MaxPage and MaxText bound pages and texts that lie in a file, a tar or a WARC
	// file of their own, after unpacking: no more of one is unpacked than what shows
	// that it is larger. 0 means MaxRecord, which they never exceed.
	MaxPage, MaxText int

	// In is read for the source "-".
	In io.Reader

	// At is where to begin.
	At Mark
}

// Open returns a Reader of s, whose kind and compression must be set, as Sources
// does. For "-" they are found out from what In begins with, unless it begins
// with neither a compression nor an archive; then s.Kind is believed.
func Open(s Source, o ReadOptions) (Reader, error) {
	o = o.bounded()
	st, err := openStream(&s, o)
	if s.Found && errors.As(err, new(*fs.PathError)) {
		return &unreadable{source: s, err: err, done: o.At != Mark{}}, nil
	}
	if err != nil {
		return nil, err
	}
	r, err := newReader(s, st, o)
	if err != nil {
		st.Close()
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	return r, nil
}

// bounded sets the bounds that are not set.
func (o ReadOptions) bounded() ReadOptions {
	o.MaxRecord = cmp.Or(o.MaxRecord, MaxLine)
	o.MaxPage = min(cmp.Or(o.MaxPage, o.MaxRecord), o.MaxRecord)
	o.MaxText = min(cmp.Or(o.MaxText, o.MaxRecord), o.MaxRecord)
	return o
}

// maxOf is the bound for a page or a text.
func (o *ReadOptions) maxOf(page bool) int {
	if page {
		return o.MaxPage
	}
	return o.MaxText
}

func newReader(s Source, st *stream, o ReadOptions) (Reader, error) {
	switch s.Kind {
	case JSONL:
		l := NewLines(st)
		l.Prefer, l.Lazy = o.Prefer, o.Lazy
		l.stream, l.lines.max = st, o.MaxRecord
		l.lines.n, l.lines.at = int(o.At.Line), st.out
		return l, nil
	case Text, Page:
		return &single{stream: st, source: s, max: o.maxOf(s.Kind == Page), done: o.At != Mark{}}, nil
	case WARC, WET:
		return newWARCReader(st, o), nil
	case Tar:
		return newTarReader(st, o), nil
	case Parquet:
		return newTableReader(s, st, o, false)
	}
	return nil, fmt.Errorf("%s is not read", s.Kind)
}

// A Part is what of the results a Writer writes.
type Part int

// The parts.
const (
	Whole       Part = iota // the clean text, and where the format has room for them (not text and tar) the removed spans
	Kept                    // without the removed spans, which are written elsewhere
	RemovedOnly             // for each record its id, and the removed spans with all that is known of them; JSON lines and Parquet
)

// WriteOptions say what is written and how.
type WriteOptions struct {
	Format Format
	Part   Part
}

// A Writer writes what became of records, in the order in which it is given
// them. Same records and same calls of Cut give the same bytes.
type Writer interface {
	// Write writes res, or what failed about rec where failed is not nil.
	Write(rec *Record, res *Result, failed *Error) error

	// Cut ends a frame: a member of a compressed file, a row group of Parquet.
	// All that was written before is handed to the underlying writer, and a
	// writer that is resumed at the offset that Cut returns, in bytes from the
	// beginning of the file, goes on as this one does. A cut where nothing was
	// written since the last one is none.
	Cut() (int64, error)

	// Close ends the file: what the format wants at its end is written. It does
	// not close the underlying writer.
	Close() error
}

// A LineWriter is a Writer of JSON lines. Record.AppendLine is most of its work,
// and can be done elsewhere.
type LineWriter interface {
	Writer
	// WriteLines writes lines of AppendLine, with the part that the writer has.
	WriteLines(b []byte) error
}

// NewWriter returns a Writer to w, which is at the beginning of a file.
func NewWriter(w io.Writer, o WriteOptions) (Writer, error) {
	return newWriter(&tally{w: w}, nil, o)
}

// ResumeWriter returns a Writer that goes on at the offset that a Cut of an
// earlier one, with the same options, has returned. What f holds behind it is
// cut off. The file must be open for reading and writing.
func ResumeWriter(f *os.File, at int64, o WriteOptions) (Writer, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < at {
		return nil, fmt.Errorf("%s has %d bytes, and was to be gone on with at %d", f.Name(), info.Size(), at)
	}
	if err := f.Truncate(at); err != nil {
		return nil, err
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return nil, err
	}
	return newWriter(&tally{w: f, n: at}, f, o)
}

// newWriter returns a Writer to out, behind what before holds where it is not nil.
func newWriter(out *tally, before io.ReaderAt, o WriteOptions) (Writer, error) {
	if o.Part == RemovedOnly && o.Format.Kind != JSONL && o.Format.Kind != Parquet {
		return nil, fmt.Errorf("removed spans are written as JSON lines or Parquet, and not as %s", o.Format.Kind)
	}
	switch o.Format.Kind {
	case JSONL, Text, WET, Tar:
		fr, err := newFrames(out, o.Format.Compression)
		if err != nil {
			return nil, err
		}
		switch o.Format.Kind {
		case WET:
			return &warcWriter{frames: fr, part: o.Part, at: out.n}, nil
		case Tar:
			return &tarWriter{fr, tar.NewWriter(fr)}, nil
		}
		return &lineWriter{frames: fr, part: o.Part, text: o.Format.Kind == Text}, nil
	case Parquet:
		return newTableWriter(out, before, o)
	}
	return nil, fmt.Errorf("%s is read and not written: clean texts are written as text, jsonl, wet, parquet or tar", o.Format.Kind)
}

// A tally counts the bytes that go to w, from n on.
type tally struct {
	w io.Writer
	n int64
}

func (c *tally) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
