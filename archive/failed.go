package archive

import (
	"encoding/base64"
	"encoding/json"
	"slices"
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
//	 ...,"error":{"code","reason","message","file","line","offset","added":[...]}}
//
// It is a record, with all the fields that it came with, so that cleaning the
// line is trying again; the reader drops such an error. Bytes that are no Unicode
// stand in html_base64 or text_base64. Results do not carry the fields that
// "added" names: the record knew them by other means, such as a header. A document that could not be read has
// none of them, and is found by its place.
func (r *Record) AppendFailed(b []byte, f Failure) []byte {
	b = r.appendID(append(b, '{'))
	given := map[string]bool{}
	for _, x := range r.extra {
		given[x.name] = true
	}
	var added []string // what the results of r do not carry
	str := func(name, value string) {
		if value != "" && !given[name] {
			if !slices.Contains(resultFields, name) {
				added = append(added, name)
			}
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
	source := r.Source
	if r.given != nil {
		source = r.given
	}
	if r.Err == nil && source != nil {
		name := "text"
		if r.IsPage {
			name = "html"
		}
		b = append(append(b, ',', '"'), name...)
		if r.Coded || !utf8.Valid(source) {
			b = append(append(b, inBase64...), '"', ':', '"')
			b = append(base64.StdEncoding.AppendEncode(b, source), '"')
		} else {
			b = appendString(append(b, '"', ':'), string(source))
		}
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
	if len(added) > 0 {
		b = append(b, `,"added":[`...)
		for i, name := range added {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, name)
		}
		b = append(b, ']')
	}
	return append(b, "}}\n"...)
}

// ownError reports whether raw, the value of a field "error", is what
// AppendFailed writes there, and returns the names of the fields that it added.
func ownError(raw []byte) (added []string, own bool) {
	fs, err := fields(nil, raw)
	if err != nil || len(fs) < 5 || fs[0].name != "code" || fs[1].name != "reason" || fs[2].name != "message" || fs[3].name != "file" {
		return nil, false
	}
	if last := fs[len(fs)-1]; last.name == "added" && json.Unmarshal(last.raw, &added) != nil {
		return nil, false
	}
	return added, true
}
