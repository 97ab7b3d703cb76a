package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"winnow/archive"
	"winnow/clean"
	"winnow/client"
	"winnow/extract"
	"winnow/rules"
	"winnow/text"
)

// A cleaner cleans records, in process or by a server, with the same results.
// Where the error is an *archive.Error it concerns that record alone.
type cleaner interface {
	clean(ctx context.Context, rec *archive.Record) (*archive.Result, error)
	explain(ctx context.Context, rec *archive.Record, span text.Span) (*explanation, error)
}

// The service's limits on what is told of a document, in bytes.
const (
	maxURL       = 8192
	maxPublisher = 255
	maxTitle     = 4096
	maxLabel     = 255 // charset and language
)

// FieldUnused is the code of the warning that what a record says of itself is
// too long to be used. It is so in process too: results must be the same.
const FieldUnused = "FIELD_UNUSED"

// usable returns rec without what is too long to be used.
func usable(rec *archive.Record) (*archive.Record, []archive.Warning) {
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

// local cleans in process.
type local struct {
	engine   *clean.Engine
	options  clean.Options
	maxBytes int
}

func (l *local) input(rec *archive.Record) (clean.Input, clean.Options) {
	o := l.options
	if o.Limits.MaxBytes = l.maxBytes; l.maxBytes == 0 && !rec.IsPage {
		o.Limits.MaxBytes = text.MaxText
	}
	return clean.Input{
		ID: rec.ID, URL: rec.URL, Publisher: rec.Publisher, Language: rec.Language, Title: rec.Title,
		Captured: rec.Captured, IsPage: rec.IsPage, Source: rec.Source, Charset: rec.Charset,
	}, o
}

func (l *local) clean(ctx context.Context, rec *archive.Record) (*archive.Result, error) {
	used, unused := usable(rec)
	in, o := l.input(used)
	res, err := l.engine.Clean(ctx, in, o)
	if err != nil {
		return nil, localError(ctx, err)
	}
	out := &archive.Result{
		Warnings:  unused,
		Publisher: res.Document.Publisher,
		Title:     title(rec, res.Metadata.Title),
		Text:      res.Outcome.Clean,
		Revision:  res.Revision,
		Sums:      archive.Sums(res.Sums),
	}
	for _, r := range res.Outcome.Removals {
		out.Removed = append(out.Removed, removed(r, res.Document.Text))
	}
	for _, w := range res.Warnings {
		out.Warnings = append(out.Warnings, archive.Warning(w))
	}
	return out, nil
}

func removed(r rules.Removal, extracted string) archive.Removed {
	out := archive.Removed{Start: r.Span.Start, End: r.Span.End, Text: r.Span.In(extracted), Category: string(r.Category),
		Stage: string(r.Stage), Mode: archive.Enforced, Confidence: r.Confidence}
	if r.Mode == rules.Shadow {
		out.Mode = archive.Shadow
	}
	for _, id := range r.IDs() {
		out.Rules = append(out.Rules, string(id))
	}
	return out
}

// title is the record's own, else the page's.
func title(rec *archive.Record, found string) string {
	if rec.Title != "" {
		return rec.Title
	}
	return found
}

// localError turns the failure of a record into what a server says of it.
func localError(ctx context.Context, err error) error {
	var e *extract.Error
	if !errors.As(err, &e) || ctx.Err() != nil {
		return err
	}
	switch e.Reason {
	case extract.InputTooLarge:
		return itemError(codes.ResourceExhausted, string(e.Reason), e.Message)
	case extract.CharsetUnknown, extract.InvalidOption, extract.HTMLTooDeep:
		return itemError(codes.InvalidArgument, string(e.Reason), e.Message)
	case extract.Deadline:
		return itemError(codes.DeadlineExceeded, string(e.Reason), e.Message)
	case extract.EngineFailed:
		return itemError(codes.Internal, string(e.Reason), e.Message)
	}
	return itemError(codes.Internal, string(clean.Failed), "an internal error")
}

func itemError(code codes.Code, reason, message string) *archive.Error {
	return &archive.Error{Code: codeName(code), Reason: reason, Message: message}
}

// codeName returns the name of a code as gRPC's specification writes it.
func codeName(c codes.Code) string {
	var b strings.Builder
	for i, r := range c.String() {
		if i > 0 && 'A' <= r && r <= 'Z' && c != codes.OK {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}

// remote cleans by a server.
type remote struct {
	client  *client.Client
	options client.Options
}

func (r *remote) document(rec *archive.Record) client.Document {
	// The ID stays here: replies are told apart by the call, and a server
	// bounds its length.
	d := client.Document{URL: rec.URL, Publisher: rec.Publisher, Charset: rec.Charset, Language: rec.Language,
		Title: rec.Title, Captured: rec.Captured}
	if rec.IsPage {
		d.HTML = append([]byte{}, rec.Source...) // never nil
	} else {
		d.Text = rec.Source
	}
	return d
}

func (r *remote) clean(ctx context.Context, rec *archive.Record) (*archive.Result, error) {
	used, unused := usable(rec)
	res, err := r.client.Clean(ctx, r.document(used), r.options)
	if err != nil {
		return nil, remoteError(err)
	}
	out := &archive.Result{
		Warnings:  unused,
		Publisher: res.Metadata.Publisher,
		Title:     title(rec, res.Metadata.Title),
		Text:      res.Clean,
		Revision:  res.Revision,
		Sums:      archive.Sums(res.Sums),
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

// remoteError tells the failure of one record from that of the connection: an
// error with a reason is what the server said of the record.
func remoteError(err error) error {
	var e *client.Error
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
	if e.Reason == string(extract.CharsetUnknown) && len(e.Fields) == 1 {
		message = e.Fields[0].Why // without the name of the wire's field
	}
	return itemError(e.Code, e.Reason, message)
}
