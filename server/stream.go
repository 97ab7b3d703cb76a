package server

import (
	"context"
	"errors"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "winnow/proto/winnow/v1"
)

// CleanStream implements winnow.v1.CleanService.
//
// One goroutine receives, one an item works, and this one sends. An item holds
// a place in the window from the moment before it is received until its reply
// is sent, so a client that does not receive is soon not read from either.
func (s *cleanService) CleanStream(ss grpc.BidiStreamingServer[pb.CleanStreamRequest, pb.CleanStreamResponse]) error {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		return tooMuch("the server has as many streams as it can take on")
	}
	ctx, cancel := context.WithCancel(ss.Context())
	defer cancel()

	in := &intake{service: s, window: make(chan struct{}, s.cfg.Window), replies: make(chan chan *pb.CleanStreamResponse, s.cfg.Window), received: make(chan struct{})}
	go in.run(ctx, ss)
	for next := range in.replies {
		var reply *pb.CleanStreamResponse
		select {
		case reply = <-next:
		case <-ctx.Done():
			return in.over(ended(ctx))
		}
		if err := ss.Send(s.fit(reply)); err != nil {
			return in.over(err)
		}
		<-in.window
	}
	return in.err
}

// fit returns reply, or an error in its place where it is too large to be sent:
// gRPC would end the whole stream.
func (s *cleanService) fit(reply *pb.CleanStreamResponse) *pb.CleanStreamResponse {
	if proto.Size(reply) <= s.cfg.maxReply() {
		return reply
	}
	return &pb.CleanStreamResponse{Id: reply.GetId(), Index: reply.GetIndex(), Outcome: &pb.CleanStreamResponse_Error{
		Error: status.Convert(tooLarge("the result", s.cfg.maxReply())).Proto()}}
}

// An intake receives the items of one stream and sets them to work.
type intake struct {
	service *cleanService
	window  chan struct{} // a place for every item that is under way

	// replies yields a channel for each item, in the order of the replies. The
	// channel has room for the one reply that comes on it. It is closed after
	// the last item.
	replies chan chan *pb.CleanStreamResponse

	items sync.WaitGroup // items under way

	received chan struct{} // closed when nothing more is received
	last     error         // what Recv returned at the end, if anything; read after received is closed

	err error // why the stream ends; read after replies is closed
}

// received is what Recv returned.
type received struct {
	req *pb.CleanStreamRequest
	err error
}

func (in *intake) run(ctx context.Context, ss grpc.BidiStreamingServer[pb.CleanStreamRequest, pb.CleanStreamResponse]) {
	defer func() {
		in.items.Wait()
		close(in.replies)
	}()
	// Recv cannot be interrupted but by the end of the call, and a server that
	// shuts down must not wait for a client that sends nothing.
	recv := make(chan received)
	go func() {
		defer close(in.received)
		for {
			req, err := ss.Recv()
			over := err != nil && !isBroken(err)
			if over {
				in.last = err
			}
			select {
			case recv <- received{req, err}:
			case <-ctx.Done():
				return
			}
			if over {
				return
			}
		}
	}()
	var first *pb.CleanStreamRequest
	var byFirst func() (*plan, error) // by the options of the first message
	for index := int64(0); ; index++ {
		select {
		case in.window <- struct{}{}:
		case <-ctx.Done():
			in.err = in.over(ended(ctx))
			return
		}
		var got received
		select {
		case got = <-recv:
		case <-in.service.drain:
			in.err = stopping()
			return
		case <-ctx.Done():
			in.err = in.over(ended(ctx))
			return
		}
		if got.err != nil && !isBroken(got.err) {
			if !errors.Is(got.err, io.EOF) {
				in.err = got.err
			}
			return
		}
		item := got.req
		if got.err != nil {
			in.start(ctx, &pb.CleanStreamRequest{}, index, func() (*plan, error) { return nil, got.err }, first.GetAnyOrder())
			continue
		}
		if first == nil {
			first = item
			byFirst = sync.OnceValues(func() (*plan, error) { return in.service.plan(first.GetOptions()) })
		}
		by := byFirst
		if item != first && item.GetOptions() != nil {
			by = func() (*plan, error) { return in.service.plan(item.GetOptions()) }
		}
		in.start(ctx, item, index, by, first.GetAnyOrder())
	}
}

// over returns the error of a call whose context has ended: err, or what gRPC ended it for
// by itself, which it tells Recv alone.
func (in *intake) over(err error) error {
	<-in.received // Recv does not outlast the call
	if code := status.Code(in.last); in.last == nil || errors.Is(in.last, io.EOF) || code == codes.Canceled || code == codes.DeadlineExceeded {
		return err
	}
	return in.last
}

// start sets one item to work.
func (in *intake) start(ctx context.Context, req *pb.CleanStreamRequest, index int64, by func() (*plan, error), anyOrder bool) {
	reply := make(chan *pb.CleanStreamResponse, 1)
	if !anyOrder {
		in.replies <- reply // has room: the window is as large
	}
	in.items.Add(1)
	go func() {
		defer in.items.Done()
		reply <- in.service.item(ctx, req, index, by)
		if anyOrder {
			in.replies <- reply
		}
	}()
}

// item makes one item of a stream clean. It never panics.
func (s *cleanService) item(ctx context.Context, req *pb.CleanStreamRequest, index int64, by func() (*plan, error)) (out *pb.CleanStreamResponse) {
	out = &pb.CleanStreamResponse{Id: req.GetDocument().GetId(), Index: index}
	failed := func(err error) {
		out.Outcome = &pb.CleanStreamResponse_Error{Error: status.Convert(err).Proto()}
	}
	defer func() {
		if r := recover(); r != nil {
			failed(s.around.panicked(ctx, r))
		}
	}()
	p, err := by()
	if err != nil {
		failed(err)
		return out
	}
	res, err := s.clean(ctx, req.GetDocument(), p, false)
	if err != nil {
		failed(err)
		return out
	}
	out.Outcome = &pb.CleanStreamResponse_Result{Result: res}
	return out
}
