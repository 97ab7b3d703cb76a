package archive

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// A Failure says where in an archive a document failed, and why.
type Failure struct {
	Error
	File   string // its path
	Line   int    // from 1, of JSON lines; else 0
	Offset int64  // the byte of the file, as Record.Offset says
}

// AppendFailed appends the line, with its break, that says that r failed:
//
//	{"id","url","publisher","title","language","charset","captured","html"|"text",
//	 ...,"error":{"code","reason","message","file","line","offset"}}
//
// It is a record, with all the fields that it came with, so that cleaning the
// line is trying again; the reader drops such an error. A document that could
// not be read, or whose bytes are no Unicode and which JSON cannot hold, has
// neither html nor text, and is found by its place.
func (r *Record) AppendFailed(b []byte, f Failure) []byte {
	b = r.appendID(append(b, '{'))
	given := map[string]bool{}
	for _, x := range r.extra {
		given[x.name] = true
	}
	str := func(name, value string) {
		if value != "" && !given[name] {
			b = append(appendString(append(b, ','), name), ':')
			b = appendString(b, value)
		}
	}
	str("url", r.URL)
	str("publisher", string(r.Publisher))
	str("title", r.Title)
	str("language", r.Language)
	str("charset", r.Charset)
	if !r.Captured.IsZero() {
		str("captured", r.Captured.Format(time.RFC3339Nano))
	}
	if r.Err == nil && r.Source != nil && utf8.Valid(r.Source) {
		name := `,"text":`
		if r.IsPage {
			name = `,"html":`
		}
		b = appendString(append(b, name...), string(r.Source))
	}
	b = appendExtra(b, r.extra)
	b = appendString(append(b, `,"error":{"code":`...), f.Code)
	b = appendString(append(b, `,"reason":`...), f.Reason)
	b = appendString(append(b, `,"message":`...), f.Message)
	b = appendString(append(b, `,"file":`...), f.File)
	if f.Line > 0 {
		b = strconv.AppendInt(append(b, `,"line":`...), int64(f.Line), 10)
	}
	b = strconv.AppendInt(append(b, `,"offset":`...), f.Offset, 10)
	return append(b, "}}\n"...)
}

// ownError reports whether raw, the value of a field "error", is what
// AppendFailed writes there.
func ownError(raw []byte) bool {
	fs, err := fields(nil, raw)
	return err == nil && len(fs) >= 5 && fs[0].name == "code" && fs[1].name == "reason" && fs[2].name == "message" && fs[3].name == "file"
}
