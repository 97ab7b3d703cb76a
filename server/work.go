package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"winnow/clean"
	"winnow/extract"
	pb "winnow/proto/winnow/v1"
	"winnow/rules"
	"winnow/text"
)

// A plan is how documents are to be cleaned, made from CleanOptions once and
// used for every document that they hold for.
type plan struct {
	options clean.Options
	unit    text.OffsetUnit
	full    bool // the full view
	// engine returns the engine to clean with. The first call compiles the packs
	// that came with the options, so it belongs in a slot.
	engine func() (Engine, error)
}

// plan checks options and makes a plan of them.
func (s *cleanService) plan(o *pb.CleanOptions) (*plan, error) {
	p, err := planOf(o)
	if err != nil {
		return nil, err
	}
	p.options.Limits.MaxBytes, p.options.Limits.MaxNodes = s.cfg.MaxDocument, s.cfg.MaxNodes
	if len(o.GetPacks()) == 0 {
		p.engine = func() (Engine, error) { return s.rules.engine, nil }
		return p, nil
	}
	if !s.cfg.AllowRequestRules {
		return nil, notAllowed()
	}
	p.engine = sync.OnceValues(func() (Engine, error) {
		packs, mistakes := parsePacks(o.GetPacks())
		if mistakes != nil {
			return nil, brokenRules("options.packs", mistakes)
		}
		set, err := s.rules.with(packs)
		if err != nil {
			return nil, brokenRules("options.packs", err)
		}
		return s.cfg.NewEngine(set), nil
	})
	return p, nil
}

func notAllowed() error {
	return fail(codes.PermissionDenied, rulesNotAllowed, "this server takes no rules in requests")
}

// parsePacks reads packs and runs the examples of their rules. It returns every
// mistake in them.
func parsePacks(in []*pb.RulePack) (packs []*rules.Pack, mistakes rules.Errors) {
	for _, r := range in {
		p, err := rules.ParsePack(r.GetName(), []byte(r.GetYaml()))
		if err == nil {
			packs = append(packs, p)
			err = p.Test()
		}
		var more rules.Errors
		if errors.As(err, &more) {
			mistakes = append(mistakes, more...)
		} else if err != nil {
			mistakes = append(mistakes, &rules.Error{File: r.GetName(), Msg: err.Error()})
		}
	}
	return packs, mistakes
}

// inSlot waits for a slot and calls f in it, with the time that it waited. When
// ctx or the server's timeout for a document ends first, inSlot returns at once
// with that error; the slot stays taken until f is done, for the readability
// engines cannot be stopped. A panic becomes an error.
//
// What f returns must not depend on anything that f goes on writing to.
func inSlot[T any](ctx context.Context, s *cleanService, queued bool, f func(context.Context, time.Duration) (T, error)) (T, error) {
	var zero T
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	began := time.Now()
	if err := s.gate.enter(ctx, queued); err != nil {
		return zero, err
	}
	type outcome struct {
		v   T
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer s.gate.leave()
		defer func() {
			if r := recover(); r != nil {
				o = outcome{err: s.around.panicked(ctx, r)}
			}
			done <- o
		}()
		o.v, o.err = f(ctx, time.Since(began))
	}()
	select {
	case o := <-done:
		if o.err == nil {
			return o.v, nil
		}
		err, known := wire(ctx, o.err)
		if !known {
			s.log.ErrorContext(ctx, "internal error", "request", idOf(ctx), "error", o.err)
		}
		return zero, err
	case <-ctx.Done():
		return zero, ended(ctx)
	}
}

// onDocument checks and unpacks a document and calls f with it in a slot.
func onDocument[T any](ctx context.Context, s *cleanService, doc *pb.Document, queued bool,
	f func(context.Context, clean.Input, time.Duration) (T, error)) (T, error) {

	in, err := inputOf(doc)
	if err != nil {
		var zero T
		return zero, err
	}
	return inSlot(ctx, s, queued, func(ctx context.Context, waited time.Duration) (v T, err error) {
		if in.Source, err = s.unpack.unpack(doc.GetContentEncoding(), in.Source); err != nil {
			return v, err
		}
		return f(ctx, in, waited)
	})
}

// clean makes one document clean by a plan.
func (s *cleanService) clean(ctx context.Context, doc *pb.Document, p *plan, queued bool) (*pb.CleanResult, error) {
	_, isText := doc.GetSource().(*pb.Document_Text)
	if isText && (p.options.Markdown || p.options.HTML) {
		return nil, invalid(extract.InvalidOption, violation{"options.forms", "are for pages, and the document is text"})
	}
	type cleaned struct {
		in     clean.Input
		res    *clean.Result
		waited time.Duration
		wire   *pb.CleanResult
	}
	c, err := onDocument(ctx, s, doc, queued, func(ctx context.Context, in clean.Input, waited time.Duration) (cleaned, error) {
		engine, err := p.engine()
		if err != nil {
			return cleaned{}, err
		}
		o := p.options
		o.Ledger = o.Ledger || s.recorder != nil && s.cfg.Record.Dropped
		res, err := engine.Clean(ctx, in, o)
		if err == nil {
			err = s.record(ctx, in, res, o)
		}
		if err != nil {
			return cleaned{}, err
		}
		return cleaned{in, res, waited, resultOf(in, res, p, waited)}, nil
	})
	if err != nil {
		s.metrics.failed(!isText, err)
		return nil, err
	}
	s.metrics.cleaned(c.in, c.res, c.waited)
	return c.wire, nil
}
