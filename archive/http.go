package archive

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// An httpResponse is a response as a crawler has stored it.
type httpResponse struct {
	status int
	header header
	body   []byte // decoded
	cut    error  // why the body is not all that was sent; nil where it is
}

// A bodyTooLong is the error of a body of more bytes than the limit, which it is.
type bodyTooLong int

func (e bodyTooLong) Error() string { return fmt.Sprintf("the body has more than %d bytes", int(e)) }

// parseHTTP reads a stored response. Crawlers store what came over the line, or
// decode the body and leave the header as it was, so that codings are undone
// only where the bytes look like it. The decoded body has at most the bytes
// that maxOf says for pages and for other bodies, or the error is a bodyTooLong.
func parseHTTP(block []byte, maxOf func(page bool) int) (*httpResponse, error) {
	line, rest := cutLine(block)
	proto, after, _ := strings.Cut(string(line), " ")
	if !strings.HasPrefix(proto, "HTTP/") {
		return nil, errors.New("no HTTP response begins there")
	}
	code, _, _ := strings.Cut(strings.TrimLeft(after, " "), " ")
	m := &httpResponse{}
	var err error
	if m.status, err = strconv.Atoi(code); err != nil {
		return nil, fmt.Errorf("the HTTP status %q is no number", clip(code))
	}
	for size := 0; len(rest) > 0; {
		if line, rest = cutLine(rest); len(line) == 0 {
			break
		}
		if size += len(line); size > maxWARCHeader {
			return nil, errors.New("the HTTP header has no end")
		}
		m.header = m.header.add(string(line))
	}
	m.body = rest
	media, _ := mediaType(m.header.get("Content-Type"))
	max := maxOf(isHTML(media))
	if n, err := strconv.ParseInt(m.header.get("Content-Length"), 10, 64); err == nil && n >= 0 && n < int64(len(m.body)) &&
		len(bytes.TrimSpace(m.body[n:])) == 0 {
		m.body = m.body[:n] // line breaks that were stored with it
	}
	for _, codings := range []string{m.header.get("Transfer-Encoding"), m.header.get("Content-Encoding")} {
		names := strings.Split(codings, ",")
		for i := len(names) - 1; i >= 0; i-- { // the last was applied last
			if err := m.decode(strings.ToLower(strings.TrimSpace(names[i])), max); err != nil {
				return nil, err
			}
		}
	}
	if len(m.body) > max {
		return nil, bodyTooLong(max)
	}
	return m, nil
}

// cutLine returns the first line without its break, and the rest.
func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest
}

// decode undoes a coding of the body. A body that does not look like it is left.
func (m *httpResponse) decode(coding string, max int) error {
	var r io.Reader
	in := bytes.NewReader(m.body)
	switch coding {
	case "chunked":
		if !isChunked(m.body) {
			return nil
		}
		r = httputil.NewChunkedReader(in)
	case "gzip", "x-gzip":
		if !bytes.HasPrefix(m.body, magics[Gzip][:2]) {
			return nil
		}
		z, err := gzip.NewReader(in)
		if err != nil {
			m.cut = err
			return nil
		}
		r = z
	case "zstd":
		if !bytes.HasPrefix(m.body, magics[Zstd]) {
			return nil
		}
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			m.cut = err
			return nil
		}
		defer z.Close()
		r = z
	case "deflate":
		// The standard means zlib's form, and some servers send the bare one.
		if z, err := zlib.NewReader(in); err == nil {
			r = z
		} else {
			r = flate.NewReader(bytes.NewReader(m.body))
		}
	case "br":
		r = brotli.NewReader(in)
	default:
		return nil
	}
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, int64(max)+1))
	switch {
	case n > int64(max):
		return bodyTooLong(max)
	case err != nil && n == 0 && (coding == "br" || coding == "deflate"):
		return nil // these begin with no sign: the crawler has decoded it
	case err != nil:
		m.cut = fmt.Errorf("%s: %w", coding, err)
	}
	m.body = out.Bytes()
	return nil
}

// isChunked reports whether b begins with the size of a chunk in a line of its own.
func isChunked(b []byte) bool {
	line, _ := cutLine(b[:min(len(b), 256)])
	size, _, _ := strings.Cut(string(line), ";")
	_, err := strconv.ParseUint(strings.TrimSpace(size), 16, 63)
	return err == nil && len(line) < len(b)
}
