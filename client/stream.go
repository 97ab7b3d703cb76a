package client

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "winnow/proto/winnow/v1"
)

// A Reply is what became of one document of a stream. Either Result or Err is
// set.
type Reply struct {
	Index  int    // the document's number, from 0
	ID     string // the document's own
	Result *Result
	Err    error // concerns this document alone; of type *Error
}

// StreamOptions say how a stream of documents is cleaned.
type StreamOptions struct {
	Options
	AnyOrder bool // replies come as they are ready, not in the order of the documents
}

// Stream cleans documents over one stream and yields a reply for each, in their
// order unless o says otherwise. It holds as many documents as the window at
// once, so any number may go through it.
//
// When the connection breaks or the server shuts down, Stream connects again and
// sends the documents that have no reply yet once more. An error in the second
// value means that this is of no use; it is the last that is yielded.
//
// docs is read by another goroutine than the caller's. After the loop has ended
// it may be asked for one document more.
func (c *Client) Stream(ctx context.Context, docs iter.Seq[Document], o StreamOptions) iter.Seq2[Reply, error] {
	return func(yield func(Reply, error) bool) {
		options, err := o.Options.proto()
		if err != nil {
			yield(Reply{}, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		s := &stream{client: c, o: o, options: options, feed: make(chan *item), window: make(chan struct{}, c.window)}
		go s.read(ctx, docs)
		for attempt := 1; ; attempt++ {
			got, err := s.run(ctx, yield)
			if err == nil {
				return
			}
			if got > 0 {
				attempt = 1
			}
			if !c.retry.again(ctx, attempt, err) {
				yield(Reply{}, err)
				return
			}
		}
	}
}

// An item is a document on its way.
type item struct {
	index int
	doc   Document
	msg   *pb.Document
	err   error // why it cannot be sent
}

// A stream outlives the calls that it is made of.
type stream struct {
	client  *Client
	o       StreamOptions
	options *pb.CleanOptions
	feed    chan *item    // closed after the last document
	window  chan struct{} // a place for every item without a reply

	mu      sync.Mutex
	pending []*item // items without a reply, by index
}

// read turns documents into items.
func (s *stream) read(ctx context.Context, docs iter.Seq[Document]) {
	defer close(s.feed)
	index := 0
	for doc := range docs {
		it := &item{index: index, doc: doc}
		if it.msg, it.err = doc.proto(); it.err == nil && proto.Size(it.msg) > s.client.maxItem {
			it.err = tooLarge(s.client.maxItem)
		}
		if it.err != nil {
			// It is sent without a source, so that the server answers in its place;
			// the answer is thrown away.
			it.msg = &pb.Document{}
		}
		select {
		case s.feed <- it:
		case <-ctx.Done():
			return
		}
		index++
	}
}

func tooLarge(limit int) *Error {
	e := errorOf(status.Newf(codes.ResourceExhausted, "the document is over the client's limit of %d bytes", limit))
	e.Reason = "INPUT_TOO_LARGE"
	return e
}

// run makes one call of the stream. It returns how many replies came and, where
// documents are left, why the call ended.
func (s *stream) run(ctx context.Context, yield func(Reply, error) bool) (got int, failed *Error) {
	ctx, cancel := context.WithCancel(ctx)
	call, err := s.client.clean.CleanStream(ctx)
	if err != nil {
		cancel()
		return 0, errorOf(status.Convert(err))
	}
	sender := &sender{stream: s, call: call, done: make(chan struct{}), sent: map[int64]*item{}}
	go sender.run(ctx)
	defer func() {
		cancel()
		<-sender.done
	}()
	for {
		m, err := call.Recv()
		switch {
		case err == nil:
		case errors.Is(err, io.EOF) && s.finished(sender):
			return got, nil
		case errors.Is(err, io.EOF):
			return got, errorOf(status.New(codes.Internal, "the server ended the stream before its time"))
		default:
			return got, errorOf(status.Convert(err))
		}
		it := s.replied(sender, m.GetIndex())
		if it == nil {
			return got, errorOf(status.Newf(codes.Internal, "the server replied to item %d, which it was not sent", m.GetIndex()))
		}
		got++
		s.client.retry.succeeded()
		reply := Reply{Index: it.index, ID: it.doc.ID, Err: it.err}
		if it.err == nil {
			if m.GetError() != nil {
				reply.Err = errorOf(status.FromProto(m.GetError()))
			} else {
				reply.Result = resultOf(m.GetResult(), it.doc, s.o.Options)
			}
		}
		if !yield(reply, nil) {
			return got, nil
		}
		<-s.window
	}
}

// replied takes the item that has the given number in a call out of pending.
func (s *stream) replied(in *sender, number int64) *item {
	s.mu.Lock()
	defer s.mu.Unlock()
	it := in.sent[number]
	delete(in.sent, number)
	if i := slices.Index(s.pending, it); i >= 0 {
		s.pending = slices.Delete(s.pending, i, i+1)
	}
	return it
}

// finished reports whether every document was sent and has its reply.
func (s *stream) finished(in *sender) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return in.all && len(s.pending) == 0
}

// A sender sends the items of one call.
type sender struct {
	stream *stream
	call   grpc.BidiStreamingClient[pb.CleanStreamRequest, pb.CleanStreamResponse]
	done   chan struct{} // closed at the end of run

	next int64           // number of the next item in the call; under stream.mu
	sent map[int64]*item // without a reply, by their number; under stream.mu
	all  bool            // the last document was sent; under stream.mu
}

// run sends what is pending from the call before and then what is new.
func (s *sender) run(ctx context.Context) {
	defer close(s.done)
	s.stream.mu.Lock()
	again := slices.Clone(s.stream.pending)
	s.stream.mu.Unlock()
	for _, it := range again {
		if !s.send(it) {
			return
		}
	}
	for {
		select {
		case s.stream.window <- struct{}{}:
		case <-ctx.Done():
			return
		}
		select {
		case it, ok := <-s.stream.feed:
			if !ok {
				s.stream.mu.Lock()
				s.all = true
				s.stream.mu.Unlock()
				s.call.CloseSend()
				return
			}
			s.stream.mu.Lock()
			s.stream.pending = append(s.stream.pending, it)
			s.stream.mu.Unlock()
			if !s.send(it) {
				return
			}
		case <-ctx.Done():
			<-s.stream.window
			return
		}
	}
}

// send sends one item. Where it fails, Recv tells why.
func (s *sender) send(it *item) bool {
	s.stream.mu.Lock()
	req := &pb.CleanStreamRequest{Document: it.msg}
	if s.next == 0 {
		req.Options, req.AnyOrder = s.stream.options, s.stream.o.AnyOrder
	}
	s.sent[s.next] = it
	s.next++
	s.stream.mu.Unlock()
	return s.call.Send(req) == nil
}
