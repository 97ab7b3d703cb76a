package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"

	"winnow/archive"
	"winnow/text"
)

// A Cleaner makes records of archives clean. Pool is one; an engine in process
// is another. Its results must not depend on which of several calls come first.
type Cleaner interface {
	// Clean returns what rec became. An error that is an *archive.Error
	// concerns that record alone, any other one ends the run.
	Clean(ctx context.Context, rec *archive.Record) (*archive.Result, error)
}

// The service's limits on what is told of a document, in bytes.
const (
	maxID        = 1024
	maxURL       = 8192
	maxPublisher = 255
	maxTitle     = 4096
	maxLabel     = 255 // charset and language
)

// FieldUnused is the code of the warning that what a record says of itself is
// too long to be used.
const FieldUnused = "FIELD_UNUSED"

// Usable returns a copy of rec without what is too long for the service, and a
// warning for each such field. A cleaner in process uses it as well: results
// must be the same.
func Usable(rec *archive.Record) (*archive.Record, []archive.Warning) {
	r := *rec
	var ws []archive.Warning
	bound := func(name string, v *string, limit int) {
		if len(*v) > limit {
			*v = ""
			ws = append(ws, archive.Warning{Code: FieldUnused, Message: fmt.Sprintf("the field %q is longer than %d bytes and was not used", name, limit)})
		}
	}
	if len(r.URL) > maxURL && r.Publisher == "" {
		r.Publisher = text.PublisherOf(r.URL)
	}
	publisher := string(r.Publisher)
	bound("url", &r.URL, maxURL)
	bound("publisher", &publisher, maxPublisher)
	bound("title", &r.Title, maxTitle)
	bound("charset", &r.Charset, maxLabel)
	bound("language", &r.Language, maxLabel)
	r.Publisher = text.Publisher(publisher)
	return &r, ws
}

// DocumentOf returns rec as a document. Its ID is for the server's record alone,
// so that one which the service does not take is left out.
func DocumentOf(rec *archive.Record) Document {
	d := Document{URL: rec.URL, Publisher: rec.Publisher, Charset: rec.Charset, Language: rec.Language,
		Title: rec.Title, Captured: rec.Captured}
	if len(rec.ID) <= maxID && utf8.ValidString(rec.ID) {
		d.ID = rec.ID
	}
	if rec.IsPage {
		if d.HTML = rec.Source; d.HTML == nil {
			d.HTML = []byte{}
		}
	} else {
		d.Text = rec.Source
	}
	return d
}

// CleanRecord makes one record of an archive clean. Its error is that of
// Client.Clean; see ItemError.
func (c *Client) CleanRecord(ctx context.Context, rec *archive.Record, o Options) (*archive.Result, error) {
	used, unused := Usable(rec)
	res, err := c.Clean(ctx, DocumentOf(used), o)
	if err != nil {
		return nil, err
	}
	out := &archive.Result{
		Warnings:  unused,
		Publisher: res.Metadata.Publisher,
		Title:     rec.Title,
		Text:      res.Clean,
		Revision:  res.Revision,
		Sums:      archive.Sums(res.Sums),
	}
	if out.Title == "" {
		out.Title = res.Metadata.Title
	}
	for _, s := range res.Removed {
		out.Removed = append(out.Removed, archive.Removed{Start: s.Span.Start, End: s.Span.End, Text: s.Text, Rules: s.Rules,
			Category: s.Category, Stage: s.Stage, Mode: s.Mode, Confidence: s.Confidence})
	}
	for _, w := range res.Warnings {
		out.Warnings = append(out.Warnings, archive.Warning(w))
	}
	return out, nil
}

// ItemError returns the *archive.Error for an error that says something of the
// document, and otherwise, where it is about the connection or the caller's
// rights, err itself.
func ItemError(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case codes.Unavailable, codes.Unauthenticated, codes.PermissionDenied, codes.Canceled, codes.Unimplemented:
		return fmt.Errorf("the server: %w", err)
	}
	if e.Reason == "" {
		return fmt.Errorf("the server: %w", err)
	}
	message := e.Message
	if e.Reason == "CHARSET_UNKNOWN" && len(e.Fields) == 1 {
		message = e.Fields[0].Why // without the name of the wire's field
	}
	return &archive.Error{Code: CodeName(e.Code), Reason: e.Reason, Message: message}
}

// CodeName returns the name of a code as gRPC's specification writes it, such
// as INVALID_ARGUMENT.
func CodeName(c codes.Code) string {
	var b strings.Builder
	for i, r := range c.String() {
		if i > 0 && 'A' <= r && r <= 'Z' && c != codes.OK {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}
