// Package archive reads and writes documents where they lie: JSON lines, text
// and HTML files, folders. It knows nothing of how they are cleaned; a format
// is a way to Records and back.
//
// A record of JSON lines, the form that `winnow clean` reads:
//
//	{"id","url","publisher","title","language","charset","captured","html"|"text", ...}
//
// Exactly one of html and text is there, or where neither is html_base64 or
// text_base64: bytes that are no Unicode, which charset or the page itself names
// the charset of, in the base64 of RFC 4648 with padding. Fields of other names are carried
// through as they are written, in their order. What comes out is described at
// Record.AppendResult.
package archive

import (
	"archive/tar"
	"time"

	"github.com/parquet-go/parquet-go"

	"winnow/text"
)

// A Record is one document of an archive, or the place where one should be.
type Record struct {
	ID        string
	URL       string
	Publisher text.Publisher // as the record names it; empty leaves it to the URL
	Title     string
	Language  string
	Charset   string // a label that names a charset, or whatever a record of JSON lines says
	Captured  time.Time

	ContentType string // as the HTTP header has it; else empty

	IsPage bool   // Source is a page, else it is a text
	Source []byte // of a JSON string its value in UTF-8
	Coded  bool   // Source stood in JSON lines as base64

	Line     int       // of its JSON lines file, or row of its Parquet file, from 1; else 0
	Name     string    // its path, with slashes, where it comes from a folder or a tar file; else empty
	Size     int       // bytes that it takes in its file, decompressed
	Offset   int64     // the byte of the file where it begins; in a compressed file, where its member begins
	After    Mark      // where reading goes on after it
	Warnings []Warning // what reading it changed
	Err      *Error    // why it could not be read; then it has no Source
	Blank    bool      // a line of white space: no document

	line   []byte // what Load reads; else nil
	prefer string
	given  []byte // Source before MakeUTF8 changed it; else nil

	rawID []byte  // the id as JSON, where it is not a string
	extra []field // fields that are carried through
	tar   *tar.Header
	table *table // the columns, and row their values, of a row of Parquet
	row   parquet.Row
}

// A Result is what a record became.
type Result struct {
	Publisher text.Publisher
	Title     string
	Text      string // the clean text
	Removed   []Removed
	Warnings  []Warning
	Revision  string
	Sums      Sums
}

// The modes of a Removed.
const (
	Enforced = "enforced" // it was cut
	Shadow   = "shadow"   // it was reported; its text still stands in the clean text
)

// Removed is a span of the extracted text that was cut, or would be.
type Removed struct {
	Start      int      `json:"start"` // bytes of the extracted text, half-open
	End        int      `json:"end"`
	Text       string   `json:"text"`
	Rules      []string `json:"rules"`
	Category   string   `json:"category"`
	Stage      string   `json:"stage"`
	Mode       string   `json:"mode"` // Enforced or Shadow
	Confidence float64  `json:"confidence"`
}

// A Warning is something to know of a result that is still a result.
type Warning struct {
	Code    string `json:"code"` // stable, upper case
	Message string `json:"message"`
}

// The codes of the warnings that reading can give.
const (
	// LoneSurrogate: a JSON string holds half of a surrogate pair, which stands
	// for no character. Each was replaced by U+FFFD.
	LoneSurrogate = "LONE_SURROGATE"
	// InvalidUTF8: bytes that are not UTF-8 had to be written as JSON, which
	// holds only Unicode. Each was replaced by U+FFFD.
	InvalidUTF8 = "INVALID_UTF8"
	// BodyCut: a crawler has not fetched or stored all of a page.
	BodyCut = "BODY_CUT"
	// CharsetLabel: a header names a charset that does not exist.
	CharsetLabel = "CHARSET_LABEL"
	// FieldReplaced: a field of the record has a name that the result needs for
	// its own. The record's was dropped.
	FieldReplaced = "FIELD_REPLACED"
)

// Sums are SHA-256 hashes in lower-case hexadecimal. That of the source is the
// hash of the string's value in UTF-8, not of its JSON form.
type Sums struct {
	Source    string `json:"source"`
	Extracted string `json:"extracted"`
	Clean     string `json:"clean"`
}

// An Error is the failure of one record.
type Error struct {
	Code    string `json:"code"`   // a gRPC code by name, such as INVALID_ARGUMENT
	Reason  string `json:"reason"` // such as HTML_TOO_DEEP
	Message string `json:"message"`
}

// Error returns the reason and the message.
func (e *Error) Error() string { return e.Reason + ": " + e.Message }

// The reasons of records that cannot be read; where nothing else is said their
// code is INVALID_ARGUMENT.
const (
	Damaged     = "DAMAGED"         // bytes are missing or wrong; the code is DATA_LOSS
	BadJSON     = "BAD_JSON"        // the line is not a JSON object
	BadRecord   = "BAD_RECORD"      // it is one, but not a record
	Unreadable  = "UNREADABLE"      // the file cannot be opened; the code is PERMISSION_DENIED, NOT_FOUND or UNAVAILABLE
	LineTooLong = "INPUT_TOO_LARGE" // it is longer than MaxLine; the code is RESOURCE_EXHAUSTED
)
