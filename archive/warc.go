package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/language"
)

// WARC (ISO 28500:2017 is version 1.1) is a row of records:
//
//	WARC/1.0
//	WARC-Type: response
//	WARC-Record-ID: <urn:uuid:...>
//	Content-Length: 1234
//
//	1234 bytes
//
// each line ended by CR LF, and each record by two of them. In a .warc.gz each
// record is a member. Documents are what was fetched (response records, and
// resource records, which have no HTTP header) and is a page or plain text, and
// texts that somebody took out of pages (conversion records: WET). Requests,
// metadata, revisits, pictures and answers that are no success are passed by.
//
// A reader that finds no record where one should begin, or one whose length is
// wrong, says so and goes on where a line begins with "WARC/".

// maxWARCHeader bounds the header of a record, and of the HTTP message in it, in bytes.
const maxWARCHeader = 1 << 20

// A warcReader reads WARC and WET.
type warcReader struct {
	*cursor
	o      ReadOptions
	passed map[string]int
	lost   bool // the place of the next record is not known
}

func newWARCReader(s *stream, o ReadOptions) *warcReader {
	return &warcReader{cursor: newCursor(s), o: o, passed: map[string]int{}, lost: o.At.Lost}
}

// Passed is Reader.Passed.
func (w *warcReader) Passed() map[string]int { return w.passed }

func (w *warcReader) pass(what string) { w.passed[what]++ }

// Next is Reader.Next.
func (w *warcReader) Next() (*Record, error) {
	for {
		rec, err := w.next()
		if rec != nil || err != nil {
			if rec != nil {
				rec.After = w.here()
				rec.After.Lost = w.lost
			}
			return rec, err
		}
	}
}

// next returns the next record, or nil for one that is passed by.
func (w *warcReader) next() (*Record, error) {
	if w.lost {
		if err := w.seek(); err != nil {
			return w.broken(w.here(), nil, err)
		}
	}
	if err := w.blank(); err != nil {
		return w.broken(w.here(), nil, err)
	}
	at, from := w.here(), w.at
	h, err := w.header()
	if err != nil {
		return w.broken(at, h, err)
	}
	n, err := strconv.ParseInt(h.get("Content-Length"), 10, 64)
	if err != nil || n < 0 {
		return w.broken(at, h, fmt.Errorf("the Content-Length %q is no length", clip(h.get("Content-Length"))))
	}
	what := w.kind(h)
	if what != "" || n > int64(w.o.MaxRecord)+maxWARCHeader {
		if err := w.skip(n); err != nil {
			return w.broken(at, h, err)
		}
		if what == "" {
			rec := h.record(at)
			rec.Err = tooLarge(at, w.o.MaxRecord)
			return rec, nil
		}
		w.pass(what)
		return nil, nil
	}
	block, err := w.take(n)
	if err == nil && !w.ends() {
		err = errors.New("no end stands where the Content-Length says")
	}
	if err != nil {
		// The length may be wrong, and the block hold the records that follow.
		if i := bytes.Index(block, []byte("\nWARC/1.")); i >= 0 {
			w.putBack(block[i+1:])
			w.lost = false
			rec := damaged(at, "at byte %d: the record is longer than it should be: its Content-Length is wrong", at.Raw)
			rec.ID, rec.URL = h.id(), h.uri()
			return rec, nil
		}
		return w.broken(at, h, err)
	}
	rec := h.record(at)
	rec.Size = int(w.at - from)
	if what := w.fill(rec, h, block, at); what != "" {
		w.pass(what)
		return nil, nil
	}
	return rec, nil
}

func tooLarge(at Mark, max int) *Error {
	return &Error{"RESOURCE_EXHAUSTED", LineTooLong, fmt.Sprintf("the record at byte %d is larger than %d bytes", at.Raw, max)}
}

// broken returns the record that stands for a place that cannot be read, after
// which the next record is looked for. The end of the file and what is wrong
// with the disk are returned as they are.
func (w *warcReader) broken(at Mark, h header, err error) (*Record, error) {
	var g *gap
	if err == io.EOF || w.ioErr != nil {
		return nil, err
	}
	w.lost = true
	rec := damaged(at, "the record at byte %d: %v", at.Raw, err)
	switch {
	case errors.As(err, &g):
		rec.Err.Message = g.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		rec.Err.Message = fmt.Sprintf("the file ends inside the record that begins at byte %d", at.Raw)
	}
	rec.ID, rec.URL = h.id(), h.uri()
	return rec, nil
}

// seek goes to the next line that begins a record.
func (w *warcReader) seek() error {
	start := true
	for {
		if start && isWARC(w.peek(8)) {
			w.lost = false
			return nil
		}
		line, err := w.line()
		if err != nil && err != bufio.ErrBufferFull {
			return err
		}
		start = err == nil && len(line) > 0
	}
}

// blank passes the lines between two records.
func (w *warcReader) blank() error {
	for {
		b, err := w.r.Peek(1)
		switch {
		case err != nil:
			return w.note(0, err)
		case b[0] != '\r' && b[0] != '\n':
			return nil
		}
		if err := w.skip(1); err != nil {
			return err
		}
	}
}

// ends reports whether a record ends here: two line breaks, or the file, or the
// next record, or a gap.
func (w *warcReader) ends() bool {
	b := w.peek(8)
	return len(b) == 0 || b[0] == '\r' || b[0] == '\n' || isWARC(b)
}

// A header is the named fields of a record or an HTTP message, in their order.
type header []headerField

type headerField struct{ name, value string }

func (h header) get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

// header reads the version and the fields of a record.
func (w *warcReader) header() (header, error) {
	var h header
	size := 0
	for first := true; ; first = false {
		line, err := w.line()
		size += len(line)
		switch {
		case err == bufio.ErrBufferFull || size > maxWARCHeader:
			return h, errors.New("its header has no end")
		case err == io.EOF && size == 0:
			return h, err
		case err != nil:
			return h, unexpected(err)
		case first && (!isWARC(line) || len(bytes.TrimSpace(line)) != len("WARC/1.0")):
			return h, errors.New("no WARC record begins here")
		case first:
			continue
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			return h, nil
		}
		h = h.add(text)
	}
}

// add takes a line of a header. A line that begins with white space goes on
// with the one before; one without a colon says nothing.
func (h header) add(line string) header {
	if line[0] == ' ' || line[0] == '\t' {
		if len(h) > 0 {
			h[len(h)-1].value += " " + strings.TrimSpace(line)
		}
		return h
	}
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return h
	}
	return append(h, headerField{strings.TrimSpace(name), strings.TrimSpace(value)})
}

// id returns the record's ID without its angle brackets.
func (h header) id() string { return unbracket(h.get("WARC-Record-ID")) }

// uri returns the address. wget writes it in angle brackets, as version 1.0 showed it.
func (h header) uri() string { return unbracket(h.get("WARC-Target-URI")) }

func unbracket(s string) string {
	if strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") {
		return s[1 : len(s)-1]
	}
	return s
}

// kind returns what a record is that is passed by without a look inside.
func (w *warcReader) kind(h header) string {
	switch t := strings.ToLower(h.get("WARC-Type")); t {
	case "response", "resource", "conversion":
		if strings.HasPrefix(h.uri(), "metadata:") {
			return "records of the crawler itself" // wget's log is one
		}
		if h.get("WARC-Segment-Number") != "" {
			return "parts of " + t + " records"
		}
		return ""
	case "request", "metadata", "revisit", "warcinfo", "continuation":
		return t + " records"
	case "":
		return "records without a type"
	}
	return "records of other types"
}

// record returns what the header says of a document.
func (h header) record(at Mark) *Record {
	rec := &Record{ID: h.id(), URL: h.uri(), Captured: parseTime(h.get("WARC-Date")), Offset: at.Raw}
	if id := h.get(ownID); id != "" {
		rec.ID = id
	}
	if rec.URL == noURI {
		rec.URL = ""
	}
	if rec.Captured.Equal(unknownDate) {
		rec.Captured = time.Time{}
	}
	return rec
}

// fill fills rec from the block of its record. It returns what the block is
// where that is no document.
func (w *warcReader) fill(rec *Record, h header, block []byte, at Mark) (what string) {
	t := strings.ToLower(h.get("WARC-Type"))
	kind, body := h.get("Content-Type"), block
	if t == "response" {
		media, _, _ := mime.ParseMediaType(kind)
		if media != "application/http" && !bytes.HasPrefix(block, []byte("HTTP/")) {
			return "responses that are not HTTP"
		}
		m, err := parseHTTP(block, w.o.maxOf)
		var long bodyTooLong
		switch {
		case errors.As(err, &long):
			rec.Err = tooLarge(at, int(long))
			return ""
		case err != nil:
			rec.Err = &Error{"DATA_LOSS", Damaged, fmt.Sprintf("the record at byte %d: %v", at.Raw, err)}
			return ""
		case m.status < 200 || m.status > 299:
			return fmt.Sprintf("responses with status %d", m.status)
		}
		if m.cut != nil {
			rec.warn(BodyCut, "the body could be decoded in part only: %v", m.cut)
		}
		kind, body = m.header.get("Content-Type"), m.body
	}
	if h.get("WARC-Truncated") != "" && h.get("WARC-Truncated") != "none" {
		rec.warn(BodyCut, "the crawler did not fetch all of it (%s)", clip(h.get("WARC-Truncated")))
	}
	media, label := mediaType(kind)
	switch {
	case isHTML(media), media == "" && markup.Match(body[:min(len(body), HeadSize)]):
		rec.IsPage = true
	case media == "text/plain":
		rec.IsPage = t != "conversion" && markup.Match(body[:min(len(body), HeadSize)])
	case media == "":
		return t + "s of no type"
	default:
		return t + "s of type " + media
	}
	rec.ContentType = kind
	if label != "" {
		if _, name := charset.Lookup(label); name != "" {
			rec.Charset = label
		} else {
			rec.warn(CharsetLabel, "the header names the unknown charset %q", clip(label))
		}
	}
	if l := h.get("WARC-Identified-Content-Language"); l != "" && !strings.Contains(l, ",") {
		if base, err := language.ParseBase(l); err == nil {
			rec.Language = base.String() // of ISO 639-3, which WARC wants, the two letters where there are
		}
	}
	rec.Source = body
	if !rec.Captured.IsZero() {
		rec.extra = append(rec.extra, field{name: "captured", raw: appendString(nil, formatTime(rec.Captured))})
	}
	return ""
}

func isHTML(media string) bool { return media == "text/html" || media == "application/xhtml+xml" }

// mediaType returns the type without its parameters, in lower case, and the
// charset that it names. What real servers send is taken as far as it goes.
func mediaType(s string) (media, label string) {
	media, params, err := mime.ParseMediaType(s)
	if err != nil || media == "" {
		media, rest, _ := strings.Cut(s, ";")
		if i := strings.Index(strings.ToLower(rest), "charset="); i >= 0 {
			label = rest[i+len("charset="):]
			if i := strings.IndexAny(label, "; ,"); i >= 0 {
				label = label[:i]
			}
			label = strings.Trim(label, `"'`)
		}
		return strings.ToLower(strings.TrimSpace(media)), label
	}
	return media, params["charset"]
}

// clip shortens what is quoted in a message.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "..."
	}
	return s
}
