package archive

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"winnow/text"
)

// MaxLine is the longest line that is read, in bytes. A longer one is that
// record's error and is passed over.
const MaxLine = 1 << 30

// A Lines reads records from JSON lines. It holds one line at a time.
type Lines struct {
	// Prefer names the field to clean, "html" or "text", where a record has
	// both. Where it is empty such a record is an error.
	Prefer string
	// Lazy leaves records unread until Record.Load is called.
	Lazy bool

	*stream // nil where NewLines was given another reader
	lines   lineReader
}

// NewLines returns a Lines that reads r.
func NewLines(r io.Reader) *Lines { return &Lines{lines: newLineReader(r)} }

// Next returns the next record, or io.EOF after the last. A line that holds no
// record is a Record with Err set, a line of white space one with Blank set;
// other errors are those of the reader.
func (l *Lines) Next() (*Record, error) {
	rec := &Record{}
	if l.stream != nil {
		l.lines.r.Peek(1) // so that the member that the line begins in is open
	}
	from := l.mark()
	line, err := l.lines.next()
	rec.Line, rec.Offset, rec.After = l.lines.n, from.Raw, l.mark()
	var g *gap
	switch {
	case errors.As(err, &g):
		l.stream.pass()
		rec.Offset, rec.Err = g.at, &Error{"DATA_LOSS", Damaged, fmt.Sprintf("in or behind line %d, %v", rec.Line, g)}
		return rec, nil
	case errors.Is(err, errTooLong):
		rec.Err = &Error{"RESOURCE_EXHAUSTED", LineTooLong,
			fmt.Sprintf("line %d, at byte %d, is longer than %d bytes", rec.Line, rec.Offset, l.lines.max)}
		return rec, nil
	case err != nil:
		return nil, err
	}
	rec.Size = len(line) + 1
	if space(line, 0) == len(line) {
		rec.Blank = true
		return rec, nil
	}
	if rec.line, rec.prefer = line, l.Prefer; !l.Lazy {
		rec.Load()
	}
	return rec, nil
}

// Load reads what a Lines that is Lazy has left unread: all but Line, Size,
// Offset, After and Blank. Any one goroutine may call it. Other records have
// nothing to load.
func (r *Record) Load() {
	line := r.line
	if r.line = nil; line == nil {
		return
	}
	if err := r.parse(line, r.prefer); err != nil {
		err.Message = fmt.Sprintf("line %d: %s", r.Line, err.Message)
		*r = Record{ID: r.ID, rawID: r.rawID, Line: r.Line, Size: r.Size, Offset: r.Offset, After: r.After, Err: err}
	}
}

// Room has the next lines put into b, behind what it holds, while they fit; else
// each has memory of its own. It returns what of the last b was filled.
func (l *Lines) Room(b []byte) (filled []byte) {
	filled, l.lines.room = l.lines.room, b
	return filled
}

// Ready reports whether Next returns without waiting for more than a disk.
func (l *Lines) Ready() bool {
	if l.stream != nil && l.stream.at != nil {
		return true
	}
	head, _ := l.lines.r.Peek(l.lines.r.Buffered())
	return bytes.IndexByte(head, '\n') >= 0
}

// mark returns the place behind the line that was read last.
func (l *Lines) mark() Mark {
	if l.stream == nil {
		return Mark{Raw: l.lines.at, Line: int64(l.lines.n)}
	}
	m := l.stream.mark(l.lines.at, l.lines.gaps)
	m.Line = int64(l.lines.n)
	return m
}

// Passed is Reader.Passed: every line is a record.
func (l *Lines) Passed() map[string]int { return nil }

// lineReader reads lines of any length.
type lineReader struct {
	r    *bufio.Reader
	n    int   // number of the line read last, from 1
	at   int64 // bytes that were read
	gaps int   // gaps that were come across
	max  int
	room []byte // where lines are put while they fit
}

func newLineReader(r io.Reader) lineReader {
	return lineReader{r: bufio.NewReaderSize(r, 1<<18), max: MaxLine}
}

var errTooLong = errors.New("the line is too long")

// next returns the next line without its break, in memory of its own or in l.room. A
// byte-order mark at the beginning goes. What stands before a gap is lost with
// it, if it is no whole line.
func (l *lineReader) next() ([]byte, error) {
	var parts [][]byte // but for the last
	size, long := 0, false
	for {
		part, err := l.r.ReadSlice('\n')
		l.at += int64(len(part))
		size += len(part)
		if long = long || size > l.max; long {
			parts = nil
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if !long {
				parts = append(parts, slices.Clone(part))
			}
			continue
		case err == io.EOF && size == 0:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			l.gaps++
			if size > 0 {
				l.n++
			}
			return nil, err
		}
		if l.n++; long {
			return nil, errTooLong
		}
		var line []byte
		if n := len(l.room); size <= cap(l.room)-n {
			l.room = l.room[:n+size]
			line = l.room[n:n:len(l.room)]
		} else {
			line = make([]byte, 0, size)
		}
		for i, p := range parts {
			line, parts[i] = append(line, p...), nil
		}
		line = append(line, part...)
		if l.n == 1 {
			line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		return bytes.TrimSuffix(line, []byte("\r")), nil
	}
}

func bad(reason, format string, args ...any) *Error {
	return &Error{"INVALID_ARGUMENT", reason, fmt.Sprintf(format, args...)}
}

// resultFields are the names that a result's own fields have.
var resultFields = []string{"id", "url", "publisher", "title", "text", "removed", "warnings", "revision", "sha256", "error"}

// parse fills r from a line.
func (r *Record) parse(line []byte, prefer string) *Error {
	var room [16]field
	fs, err := fields(room[:0], line)
	if err != nil {
		return bad(BadJSON, "%v", err)
	}
	var seen known
	for i := range fs {
		if k := slices.Index(ownNames, fs[i].name); k >= 0 {
			if seen[k] != nil {
				return bad(BadRecord, "the field %q stands twice", fs[i].name)
			}
			seen[k] = &fs[i]
		}
	}
	if f := seen.get("id"); f != nil && f.raw[0] != '"' && f.raw[0] != '{' && f.raw[0] != '[' {
		r.rawID, r.ID = f.raw, string(f.raw)
		seen[0] = nil
	}
	var d damage
	get := func(name string) []byte {
		f := seen.get(name)
		if f == nil || err != nil {
			return nil
		}
		if f.raw[0] != '"' {
			err = fmt.Errorf("the field %q is not a string", name)
			return nil
		}
		if f.asIs {
			return f.raw[1 : len(f.raw)-1]
		}
		read := unquote
		if name == "html" || name == "text" {
			read = unquoteHere // large, and not carried through
		}
		v, bad := read(f.raw)
		d.surrogates += bad.surrogates
		d.bytes += bad.bytes
		return v
	}
	if r.rawID == nil {
		r.ID = string(get("id"))
	}
	r.URL, r.Title = string(get("url")), string(get("title"))
	r.Language, r.Charset = string(get("language")), string(get("charset"))
	r.Publisher = publisherOf(get("publisher"))
	if f := seen.get("captured"); f != nil && f.raw[0] == '"' {
		r.Captured = parseTime(string(get("captured")))
	}
	coded := seen.get("html") == nil && seen.get("text") == nil // else such fields are the record's own
	form := func(name string) string {
		if coded {
			name += inBase64
		}
		return name
	}
	source, kindErr := chosen(seen.get(form("html")) != nil, seen.get(form("text")) != nil, prefer)
	if kindErr != nil {
		return kindErr
	}
	r.IsPage, r.Coded = source == "html", coded
	source = form(source)
	if r.Source = get(source); coded && err == nil {
		if r.Source, err = base64.StdEncoding.AppendDecode(nil, r.Source); err != nil {
			err = fmt.Errorf("the field %q: %w", source, err)
		}
	}
	if err != nil {
		return bad(BadRecord, "%v", err)
	}
	if d.surrogates > 0 {
		r.warn(LoneSurrogate, "%d lone surrogates stand for no character and were replaced by U+FFFD", d.surrogates)
	}
	if d.bytes > 0 {
		r.warn(InvalidUTF8, "%d places are not valid UTF-8 and were replaced by U+FFFD", d.bytes)
	}
	var added []string
	again := false
	if i := slices.IndexFunc(fs, func(f field) bool { return f.name == "error" }); i >= 0 {
		added, again = ownError(fs[i].raw)
	}
	for _, f := range fs {
		switch {
		case f.name == source || slices.Contains([]string{"id", "url", "publisher", "title"}, f.name):
		case slices.Contains(resultFields, f.name):
			if string(f.raw) != "null" && !(f.name == "error" && again) {
				r.warn(FieldReplaced, "the record's own field %q gave way to the result's", f.name)
			}
		case again && slices.Contains(added, f.name):
		default:
			r.extra = append(r.extra, f)
		}
	}
	return nil
}

func (r *Record) warn(code, format string, args ...any) {
	r.Warnings = append(r.Warnings, Warning{code, fmt.Sprintf(format, args...)})
}

// publisherOf is text.ParsePublisher, which takes as long as reading the rest of a
// record, for names that come again and again.
func publisherOf(name []byte) text.Publisher {
	if len(name) == 0 {
		return ""
	}
	slot := &publishers[maphash.Bytes(publisherSeed, name)%uint64(len(publishers))]
	if p := slot.Load(); p != nil && p.name == string(name) {
		return p.is
	}
	p := &parsedPublisher{string(name), text.ParsePublisher(string(name))}
	slot.Store(p)
	return p.is
}

type parsedPublisher struct {
	name string
	is   text.Publisher
}

var (
	publishers    [512]atomic.Pointer[parsedPublisher]
	publisherSeed = maphash.MakeSeed()
)

// known holds the fields of a record that have one of ownNames, by its place there.
type known [11]*field

// get returns the field of that name, or nil where there is none or it is null.
func (k *known) get(name string) *field {
	f := k[slices.Index(ownNames, name)]
	if f != nil && string(f.raw) == "null" {
		return nil
	}
	return f
}

// chosen returns the name of the field to clean.
func chosen(html, text bool, prefer string) (string, *Error) {
	switch {
	case html && text:
		if prefer == "" {
			return "", bad(BadRecord, "html and text are both there")
		}
		return prefer, nil
	case html:
		return "html", nil
	case text:
		return "text", nil
	}
	return "", bad(BadRecord, "neither html nor text is there")
}

// parseTime reads a time as RFC 3339, without a zone as UTC, or a date. What it
// cannot read is the zero time: when a document was fetched decides nothing.
func parseTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, localTime, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

// localTime is the layout of a time that does not tell its zone.
const localTime = "2006-01-02T15:04:05.999999999"

// formatTime writes what parseTime reads.
func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// MakeUTF8 brings the source of a text to what JSON can hold, with a warning
// where that changes it.
func (r *Record) MakeUTF8() {
	if r.IsPage || utf8.Valid(r.Source) {
		return
	}
	var out []byte
	n := 0
	for b := r.Source; len(b) > 0; {
		c, size := utf8.DecodeRune(b)
		if c == utf8.RuneError && size == 1 {
			n++
		}
		out, b = utf8.AppendRune(out, c), b[size:]
	}
	r.given, r.Source = r.Source, out
	r.warn(InvalidUTF8, "%d places are not valid UTF-8 and were replaced by U+FFFD", n)
}

// AppendLine appends the line of JSON lines that says what became of r: a part of
// what AppendResult gives, AppendError where failed is not nil, or nothing but
// its break for a blank line.
func (r *Record) AppendLine(b []byte, res *Result, failed *Error, part Part) []byte {
	switch {
	case r.Blank:
		return append(b, '\n')
	case failed != nil:
		return r.AppendError(b, failed)
	case part == Kept:
		return r.appendResult(b, res, false)
	case part == RemovedOnly:
		b = r.appendID(append(b, '{'))
		b = appendRemoved(append(b, ','), res.Removed)
		b = appendString(append(b, `,"revision":`...), res.Revision)
		b = appendString(append(b, `,"sha256":{"source":`...), res.Sums.Source)
		b = appendString(append(b, `,"extracted":`...), res.Sums.Extracted)
		return append(appendString(append(b, `,"clean":`...), res.Sums.Clean), "}}\n"...)
	}
	return r.appendResult(b, res, true)
}

// AppendResult appends the line for a record that became res, with its break:
//
//	{"id","url","publisher","title","text",
//	 "removed":[{"start","end","text","rules":[...],"category","stage","mode","confidence"}],
//	 "warnings":[{"code","message"}],"revision","sha256":{"source","extracted","clean"}, ...}
//
// and then the record's other fields. Start and end are bytes of the extracted
// text in UTF-8, which for text is the record's own text.
func (r *Record) AppendResult(b []byte, res *Result) []byte { return r.appendResult(b, res, true) }

func (r *Record) appendResult(b []byte, res *Result, removed bool) []byte {
	b = append(r.appendID(append(b, '{')), `,"url":`...)
	b = append(appendString(b, r.URL), `,"publisher":`...)
	b = append(appendString(b, string(res.Publisher)), `,"title":`...)
	b = append(appendString(b, res.Title), `,"text":`...)
	b = append(appendString(b, res.Text), ',')
	if removed {
		b = append(appendRemoved(b, res.Removed), ',')
	}
	b = append(b, `"warnings":[`...)
	for i, w := range slices.Concat(r.Warnings, res.Warnings) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"code":`...), w.Code)
		b = append(appendString(append(b, `,"message":`...), w.Message), '}')
	}
	b = appendString(append(b, `],"revision":`...), res.Revision)
	b = appendString(append(b, `,"sha256":{"source":`...), res.Sums.Source)
	b = appendString(append(b, `,"extracted":`...), res.Sums.Extracted)
	b = append(appendString(append(b, `,"clean":`...), res.Sums.Clean), '}')
	b = appendExtra(b, r.extra)
	if r.row != nil {
		b = r.table.appendFields(b, r.row, false)
	}
	return append(b, '}', '\n')
}

// appendRemoved appends the field of the removed spans.
func appendRemoved(b []byte, spans []Removed) []byte {
	b = append(b, `"removed":[`...)
	for i, s := range spans {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"start":`...), int64(s.Start), 10)
		b = strconv.AppendInt(append(b, `,"end":`...), int64(s.End), 10)
		b = appendString(append(b, `,"text":`...), s.Text)
		b = append(b, `,"rules":[`...)
		for j, id := range s.Rules {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendString(b, id)
		}
		b = appendString(append(b, `],"category":`...), s.Category)
		b = appendString(append(b, `,"stage":`...), s.Stage)
		b = appendString(append(b, `,"mode":`...), s.Mode)
		b = strconv.AppendFloat(append(b, `,"confidence":`...), s.Confidence, 'f', -1, 64)
		b = append(b, '}')
	}
	return append(b, ']')
}

// AppendError appends the line for a record that failed, with its break:
// {"id","error":{"code","reason","message"}}.
func (r *Record) AppendError(b []byte, e *Error) []byte {
	b = appendString(append(r.appendID(append(b, '{')), `,"error":{"code":`...), e.Code)
	b = appendString(append(b, `,"reason":`...), e.Reason)
	b = appendString(append(b, `,"message":`...), e.Message)
	return append(b, '}', '}', '\n')
}

func (r *Record) appendID(b []byte) []byte {
	b = append(b, `"id":`...)
	if r.rawID != nil {
		return append(b, r.rawID...)
	}
	return appendString(b, r.ID)
}

func appendExtra(b []byte, fs []field) []byte {
	for _, f := range fs {
		b = append(appendString(append(b, ','), f.name), ':')
		b = append(b, f.raw...)
	}
	return b
}
