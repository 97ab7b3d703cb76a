package client

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "winnow/proto/winnow/v1"
	"winnow/text"
)

// A Learned is what was learned of one publisher. Nothing of it is in force.
type Learned struct {
	Publisher text.Publisher // empty for documents of which it is not known
	File      string         // the name of the pack's file; empty where nothing was learned
	Pack      string         // the pack, YAML
	Documents int
	Groups    int // of near-duplicates among the documents; each has one vote
	Enforced  int // rules that would cut
	Shadow    int // rules that would only report
}

// A LearnProgress says how far learning is.
type LearnProgress struct {
	Documents  int   // that were read
	Bytes      int64 // of their texts
	Publishers int
	Failed     int          // documents that could not be read
	Unread     []LearnError // those that the progress before did not name
	Complete   bool         // all documents have been read
}

// A LearnError says why a document could not be read.
type LearnError struct {
	Index int // the document's number, from 0
	ID    string
	Err   *Error
}

// LearnRules has the server learn rules from docs, of any number of
// publishers, and returns a pack for each publisher, by name. Where progress
// is not nil it is called as the server tells how far it is. A document that
// cannot be read is told of there and left out.
//
// docs is read by another goroutine than the caller's, once: the call is not
// made again when it fails. After LearnRules has returned docs may be asked
// for one document more.
func (c *Client) LearnRules(ctx context.Context, docs iter.Seq[Document], progress func(LearnProgress)) ([]Learned, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	call, err := c.rules.LearnRules(ctx)
	if err != nil {
		return nil, errorOf(status.Convert(err))
	}
	sender := &learnSender{client: c, call: call, refused: map[int]*Error{}}
	go func() {
		if err := sender.send(docs); err != nil {
			cancel()
		}
	}()
	var out []Learned
	complete := false
	for {
		m, err := call.Recv()
		switch {
		case errors.Is(err, io.EOF) && complete:
			return out, nil
		case errors.Is(err, io.EOF):
			return nil, errorOf(status.New(codes.Internal, "the server ended the stream before its time"))
		case err != nil:
			if e := sender.failure(); e != nil {
				return nil, e
			}
			return nil, errorOf(status.Convert(err))
		}
		if p := m.GetProgress(); p != nil {
			complete = p.GetComplete()
			if progress != nil {
				progress(sender.progress(p))
			}
		} else if l := m.GetLearned(); l != nil {
			out = append(out, Learned{
				Publisher: text.Publisher(l.GetPublisher()), File: l.GetPack().GetName(), Pack: l.GetPack().GetYaml(),
				Documents: int(l.GetDocuments()), Groups: int(l.GetGroups()), Enforced: int(l.GetEnforced()), Shadow: int(l.GetShadow()),
			})
		}
	}
}

// A learnSender sends the documents of one call.
type learnSender struct {
	client *Client
	call   grpc.BidiStreamingClient[pb.LearnRulesRequest, pb.LearnRulesResponse]

	mu      sync.Mutex
	refused map[int]*Error // why documents were not sent, by their number
	failed  *Error         // why sending ended before its time
}

// send sends docs and closes the client's side. It returns an error where the
// call must not go on.
func (s *learnSender) send(docs iter.Seq[Document]) error {
	index := 0
	for d := range docs {
		m, err := d.proto()
		if err == nil && proto.Size(m) > s.client.maxItem {
			err = tooLarge(s.client.maxItem)
		}
		if err != nil {
			// It goes without a source, so that the server counts and names it.
			s.refuse(index, err)
			m = &pb.Document{Id: d.ID}
			if len(d.ID) > s.client.maxItem {
				m.Id = ""
			}
		}
		switch err := s.call.Send(&pb.LearnRulesRequest{Document: m}); {
		case errors.Is(err, io.EOF):
			return nil // Recv tells why
		case err != nil:
			s.mu.Lock()
			s.failed = errorOf(status.Convert(err))
			s.mu.Unlock()
			return err
		}
		index++
	}
	return s.call.CloseSend()
}

func (s *learnSender) refuse(index int, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = errorOf(status.New(codes.InvalidArgument, err.Error()))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[index] = e
}

func (s *learnSender) failure() *Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

func (s *learnSender) progress(p *pb.LearnProgress) LearnProgress {
	out := LearnProgress{Documents: int(p.GetDocuments()), Bytes: p.GetBytes(), Publishers: int(p.GetPublishers()), Failed: int(p.GetFailed()), Complete: p.GetComplete()}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range p.GetUnread() {
		e := LearnError{Index: int(u.GetIndex()), ID: u.GetId(), Err: errorOf(status.FromProto(u.GetError()))}
		if own := s.refused[e.Index]; own != nil {
			e.Err = own
			delete(s.refused, e.Index)
		}
		out.Unread = append(out.Unread, e)
	}
	return out
}
