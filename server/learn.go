package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"winnow/clean"
	"winnow/extract"
	pb "winnow/proto/winnow/v1"
	"winnow/rules"
	"winnow/rules/learn"
	"winnow/text"
)

// progressEvery is the number of documents after which LearnRules says how far
// it is, and the most that it names in one progress.
const progressEvery = 100

// LearnRules implements winnow.v1.RuleService.
//
// One goroutine receives, as many as there are workers extract, and this one
// gives what they extracted to the learner and sends. Learning itself cannot
// be interrupted: a caller who gives up is let go at once, but the place of the
// call stays taken until it is done.
func (s *ruleService) LearnRules(ss grpc.BidiStreamingServer[pb.LearnRulesRequest, pb.LearnRulesResponse]) error {
	select {
	case s.learning <- struct{}{}:
	default:
		return tooMuch("the server learns for as many callers as it can take on")
	}
	leave := func() { <-s.learning }
	ctx, cancel := context.WithCancel(ss.Context())
	defer cancel()
	l := &lesson{service: s, learner: learn.New(learn.Options{Sample: s.cfg.LearnDocuments}), publishers: map[text.Publisher]bool{}}
	if err := l.read(ctx, ss); err != nil {
		leave()
		return err
	}
	learned, err := l.learn(ctx, leave)
	if err != nil {
		return err
	}
	for _, p := range learned {
		if err := ss.Send(&pb.LearnRulesResponse{Event: &pb.LearnRulesResponse_Learned{Learned: p}}); err != nil {
			return err
		}
	}
	return nil
}

// A lesson is what one call learns from.
type lesson struct {
	service    *ruleService
	learner    *learn.Learner
	publishers map[text.Publisher]bool
	held       int // bytes of the documents and their fields
	documents  int64
	bytes      int64
	failed     int64
	unread     []*pb.UnreadDocument // not yet told of
}

// A pupil is one document on its way to the learner.
type pupil struct {
	index int64
	sent  *pb.Document
	doc   text.Document
	err   error // why it cannot be read
}

// read gives the documents of the stream to the learner and sends progress. It
// returns when the client has closed its side, with an error where the call ends.
func (l *lesson) read(ctx context.Context, ss grpc.BidiStreamingServer[pb.LearnRulesRequest, pb.LearnRulesResponse]) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, out, last := make(chan pupil), make(chan pupil), make(chan error, 1)
	go func() {
		defer close(in)
		for i := int64(0); ; i++ {
			req, err := ss.Recv()
			if err != nil && !isBroken(err) {
				last <- err
				return
			}
			select {
			case in <- pupil{index: i, sent: req.GetDocument(), err: err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	var workers sync.WaitGroup
	for range l.service.cfg.Workers {
		workers.Go(func() {
			for p := range in {
				if p.err == nil {
					p.doc, p.err = l.service.document(ctx, p.sent)
				}
				select {
				case out <- p:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	go func() {
		workers.Wait()
		close(out)
	}()
	for {
		select {
		case p, ok := <-out:
			if !ok {
				if ctx.Err() != nil {
					return ended(ctx)
				}
				if err := <-last; !errors.Is(err, io.EOF) {
					return err
				}
				return l.tell(ss, true)
			}
			if err := l.add(p); err != nil {
				return err
			}
			if (l.documents+l.failed)%progressEvery == 0 {
				if err := l.tell(ss, false); err != nil {
					return err
				}
			}
		case <-l.service.drain:
			return stopping()
		case <-ctx.Done():
			return ended(ctx)
		}
	}
}

// add gives one document to the learner, within the limits.
func (l *lesson) add(p pupil) error {
	cfg := l.service.cfg
	if l.documents+l.failed == int64(cfg.LearnDocuments) {
		return fail(codes.ResourceExhausted, extract.InputTooLarge, fmt.Sprintf("there are more than %d documents to learn from", cfg.LearnDocuments))
	}
	if p.err != nil {
		l.failed++
		l.unread = append(l.unread, &pb.UnreadDocument{Index: p.index, Id: p.sent.GetId(), Error: status.Convert(p.err).Proto()})
		return nil
	}
	d := p.doc
	if l.held += len(d.Text) + len(d.ID) + len(d.URL) + len(d.Title); l.held > cfg.LearnBytes {
		return tooLarge("the text to learn from", cfg.LearnBytes)
	}
	l.documents++
	l.bytes += int64(len(d.Text))
	l.publishers[d.Publisher] = true
	l.learner.Add(d)
	return nil
}

// tell sends how far the lesson is.
func (l *lesson) tell(ss grpc.ServerStreamingServer[pb.LearnRulesResponse], complete bool) error {
	slices.SortFunc(l.unread, func(a, b *pb.UnreadDocument) int { return cmp.Compare(a.GetIndex(), b.GetIndex()) })
	p := &pb.LearnProgress{Documents: l.documents, Bytes: l.bytes, Publishers: int32(len(l.publishers)), Failed: l.failed, Unread: l.unread, Complete: complete}
	l.unread = nil
	return ss.Send(&pb.LearnRulesResponse{Event: &pb.LearnRulesResponse_Progress{Progress: p}})
}

// learn learns from what was read. done is called when the work has ended,
// which may be after learn has.
func (l *lesson) learn(ctx context.Context, done func()) ([]*pb.LearnedPack, error) {
	type outcome struct {
		packs []*pb.LearnedPack
		err   error
	}
	result := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if r := recover(); r != nil {
				o = outcome{err: l.service.around.panicked(ctx, r)}
			}
			done() // before the reply, so that the caller's next call finds the place free
			result <- o
		}()
		proposals, err := l.learner.Propose()
		if err != nil {
			o.err = err
			return
		}
		for _, p := range proposals {
			o.packs = append(o.packs, learnedOf(p))
		}
	}()
	select {
	case o := <-result:
		return o.packs, o.err
	case <-ctx.Done():
		return nil, ended(ctx)
	}
}

// learnedOf returns a proposal for the wire.
func learnedOf(p *learn.Proposal) *pb.LearnedPack {
	out := &pb.LearnedPack{Publisher: validUTF8(string(p.Publisher)), Documents: int64(p.Documents), Groups: int64(p.Groups)}
	if len(p.Rules) == 0 {
		return out
	}
	for _, r := range p.Rules {
		switch r.Mode {
		case rules.Enforce:
			out.Enforced++
		case rules.Shadow:
			out.Shadow++
		}
	}
	out.Pack = &pb.RulePack{Name: rules.PackName(p.Publisher) + ".learned.yaml", Yaml: validUTF8(string(p.YAML()))}
	return out
}

// noRules extracts and removes nothing.
var noRules = sync.OnceValue(func() *clean.Engine {
	set, err := rules.NewSet()
	if err != nil {
		panic(err)
	}
	return clean.New(set)
})

// document extracts a document of the wire.
func (s *ruleService) document(ctx context.Context, doc *pb.Document) (text.Document, error) {
	o := clean.Options{Limits: extract.Limits{MaxBytes: s.cfg.MaxDocument, MaxNodes: s.cfg.MaxNodes}}
	return onDocument(ctx, s.cleanService, doc, false, func(ctx context.Context, in clean.Input, _ time.Duration) (text.Document, error) {
		res, err := noRules().Clean(ctx, in, o)
		if err != nil {
			return text.Document{}, err
		}
		return res.Document, nil
	})
}
