package main

import (
	"context"
	"errors"

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
	client.Cleaner
	// Revision is that of the rules in force.
	Revision() string
	explain(ctx context.Context, rec *archive.Record, span text.Span) (*explanation, error)
}

// local cleans in process.
type local struct {
	engine   *clean.Engine
	options  clean.Options
	maxBytes int

	// decided, where set, is given each result; its error ends the run.
	decided func(context.Context, clean.Input, *clean.Result, clean.Options) error
}

// Revision implements cleaner.
func (l *local) Revision() string { return l.engine.Rules().Revision() }

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

// Clean implements client.Cleaner.
func (l *local) Clean(ctx context.Context, rec *archive.Record) (*archive.Result, error) {
	used, unused := client.Usable(rec)
	in, o := l.input(used)
	res, err := l.engine.Clean(ctx, in, o)
	if err != nil {
		return nil, localError(ctx, err)
	}
	if l.decided != nil {
		if err := l.decided(ctx, in, res, o); err != nil {
			return nil, err
		}
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
	return &archive.Error{Code: client.CodeName(code), Reason: reason, Message: message}
}

// remote cleans by servers.
type remote struct{ *client.Pool }
