package archive

import (
	"archive/tar"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// HeadSize is how many bytes of a file Detect wants to see, at most.
const HeadSize = 32 << 10

// Detect tells the format of a file by what it begins with: first by bytes that
// only one format has, then by the shape of what stands there. Where that leaves
// it open, as between a text and a fragment of a page, the file's name decides.
// The error says what the file is that is not read.
func Detect(head []byte, name string) (Format, error) {
	f, ok := detectMagic(head)
	if !ok || f.Compression == Plain {
		k, err := detectKind(head, name)
		return Format{k, Plain}, err
	}
	rest, _ := compressionOf(name)
	if ext := strings.ToLower(rest); strings.HasSuffix(ext, ".tgz") || strings.HasSuffix(ext, ".tbz2") || strings.HasSuffix(ext, ".tzst") {
		rest = rest[:strings.LastIndexByte(rest, '.')] + ".tar"
	}
	if f.Kind, _ = detectMagicKind(inflate(head, f.Compression)); f.Kind != "" {
		return f, nil
	}
	var err error
	if f.Kind, err = detectKind(inflate(head, f.Compression), rest); err != nil {
		err = fmt.Errorf("in %s: %w", f.Compression, err)
	}
	return f, err
}

// inflate decompresses as much of head as it can.
func inflate(head []byte, c Compression) []byte {
	r, err := decompressor(bytes.NewReader(head), c)
	if err != nil {
		return nil
	}
	defer r.Close()
	b, _ := io.ReadAll(io.LimitReader(r, HeadSize))
	return b
}

// decompressor reads what r holds.
func decompressor(r io.Reader, c Compression) (io.ReadCloser, error) {
	switch c {
	case Gzip:
		return gzip.NewReader(r)
	case Zstd:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	case Bzip2:
		return io.NopCloser(bzip2.NewReader(r)), nil
	}
	return io.NopCloser(r), nil
}

// detectMagic tells a compression or an archive by bytes that only it begins with.
func detectMagic(head []byte) (Format, bool) {
	for _, c := range []Compression{Gzip, Zstd, Bzip2} {
		if bytes.HasPrefix(head, magics[c]) || c == Zstd && isSkippable(head) {
			return Format{"", c}, true
		}
	}
	k, ok := detectMagicKind(head)
	return Format{k, Plain}, ok
}

func detectMagicKind(head []byte) (Kind, bool) {
	switch {
	case bytes.HasPrefix(head, []byte("PAR1")):
		return Parquet, true
	case isWARC(head):
		return warcKind(head), true
	case isTar(head):
		return Tar, true
	}
	return "", false
}

var warcType = regexp.MustCompile(`(?i)\nWARC-Type:[ \t]*(conversion|response|resource|revisit)`)

func isWARC(head []byte) bool {
	return bytes.HasPrefix(head, []byte("WARC/1.")) || bytes.HasPrefix(head, []byte("WARC/0."))
}

// warcKind tells pages from texts by the first record that is either; "" leaves it open.
func warcKind(head []byte) Kind {
	if m := warcType.FindSubmatch(head); m != nil && strings.EqualFold(string(m[1]), "conversion") {
		return WET
	}
	return WARC
}

// isTar reports whether a header of a tar file begins: its checksum is right.
func isTar(head []byte) bool {
	if len(head) < 512 || head[0] == 0 {
		return false
	}
	_, err := tar.NewReader(bytes.NewReader(head[:512])).Next()
	return !errors.Is(err, tar.ErrHeader)
}

// others are kinds of files that are known and not read.
var others = []struct{ magic, name string }{
	{"PK\x03\x04", "a ZIP file"}, {"PK\x05\x06", "a ZIP file"}, {"%PDF-", "a PDF file"}, {"\x89PNG", "a picture"},
	{"\xff\xd8\xff", "a picture"}, {"GIF8", "a picture"}, {"RIFF", "sound or a picture"}, {"ZIM\x04", "a ZIM file"},
	{"SQLite format 3\x00", "an SQLite database"}, {"\x7fELF", "a program"}, {"7z\xbc\xaf\x27\x1c", "a 7z file"},
	{"\xfd7zXZ\x00", "compressed by xz"}, {"\x04\x22\x4d\x18", "compressed by lz4"}, {"Rar!", "a RAR file"}, {"\x1f\x9d", "compressed by compress"},
	{"ORC", "an ORC file"}, {"Obj\x01", "an Avro file"}, {"ARROW1", "an Arrow file"}, {"\xd0\xcf\x11\xe0", "an old Office document"},
	{"{\\rtf", "an RTF document"},
}

// markup is what a page begins with, behind white space, comments and
// processing instructions; a doctype that is not HTML's is none.
var markup = regexp.MustCompile(`(?is)^(?:\s|<!--.*?-->|<\?.*?\?>)*<(?:!doctype\s+html|html|head|body|title)\b`)

// somewhere is what a page holds that begins otherwise.
var somewhere = regexp.MustCompile(`(?i)<(?:!doctype\s+html|html|body)\b[^<]*>`)

func detectKind(head []byte, name string) (Kind, error) {
	if k, ok := detectMagicKind(head); ok {
		return k, nil
	}
	for _, o := range others {
		if bytes.HasPrefix(head, []byte(o.magic)) {
			return "", fmt.Errorf("it is %s, which is not read", o.name)
		}
	}
	named, known := KindOf(name)
	b := bytes.TrimPrefix(head, []byte("\uFEFF"))
	if len(head) >= 2 && (head[0] == 0xff && head[1] == 0xfe || head[0] == 0xfe && head[1] == 0xff) {
		b = bytes.ReplaceAll(head[2:], []byte{0}, nil) // UTF-16: enough to see markup
	} else if bytes.IndexByte(head, 0) >= 0 && !known {
		return "", errors.New("it is no text: it holds zero bytes")
	}
	switch {
	case isLines(b, named == JSONL):
		return JSONL, nil
	case markup.Match(b), !known && len(b) > 0 && b[space(b, 0)%len(b)] == '<' && somewhere.Match(b):
		return Page, nil
	case known:
		return named, nil
	}
	return "", errUnknown
}

// errUnknown is returned for what may be a text, and does not say so.
var errUnknown = errors.New("neither what it holds nor its name tells what it is")

// isLines reports whether b begins with a JSON object in a line that is a
// record; or any object, where the name says so too.
func isLines(b []byte, named bool) bool {
	i := space(b, 0)
	if i == len(b) || b[i] != '{' {
		return false
	}
	line := b[i:]
	if n := bytes.IndexByte(line, '\n'); n >= 0 {
		line = line[:n]
	} else if len(b) >= HeadSize/2 { // the line goes on
		return len(line) > 1 && line[space(line, 1)%len(line)] == '"'
	}
	fs, err := fields(nil, line)
	if named || err != nil {
		return err == nil
	}
	for _, f := range fs {
		switch f.name {
		case "text", "html", "text" + inBase64, "html" + inBase64:
			return true
		}
	}
	return false
}
