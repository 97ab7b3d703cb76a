package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "winnow/proto/winnow/v1"
	"winnow/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a server that answers as a test tells it to.
type script struct {
	pb.UnimplementedCleanServiceServer
	unary  func(call int) error
	stream func(call int, st grpc.BidiStreamingServer[pb.CleanStreamRequest, pb.CleanStreamResponse]) error

	mu    sync.Mutex
	calls int
}

func (s *script) begin() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	return s.calls
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (s *script) Clean(_ context.Context, req *pb.CleanRequest) (*pb.CleanResponse, error) {
	if err := s.unary(s.begin()); err != nil {
		return nil, err
	}
	return &pb.CleanResponse{Result: &pb.CleanResult{Id: req.GetDocument().GetId(), CleanText: req.GetDocument().GetText()}}, nil
}

func (s *script) CleanStream(st grpc.BidiStreamingServer[pb.CleanStreamRequest, pb.CleanStreamResponse]) error {
	return s.stream(s.begin(), st)
}

// answer receives one item and replies to it as number n.
func answer(st grpc.BidiStreamingServer[pb.CleanStreamRequest, pb.CleanStreamResponse], n int64) error {
	m, err := st.Recv()
	if err != nil {
		return err
	}
	return st.Send(&pb.CleanStreamResponse{Index: n, Id: m.GetDocument().GetId(),
		Outcome: &pb.CleanStreamResponse_Result{Result: &pb.CleanResult{CleanText: m.GetDocument().GetText()}}})
}

func (s *script) serve(t *testing.T, opts ...Option) *Client {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	pb.RegisterCleanServiceServer(g, s)
	done := make(chan struct{})
	go func() { g.Serve(lis); close(done) }()
	c, err := Dial(lis.Addr().String(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); g.Stop(); <-done })
	return c
}

func busy(retry bool) error {
	st := status.New(codes.ResourceExhausted, "busy")
	if retry {
		st, _ = st.WithDetails(&errdetails.ErrorInfo{Reason: "OVERLOADED", Domain: "winnow"}, &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Millisecond)})
	}
	return st.Err()
}

// busyFor is the error of a server that gives this reason.
func busyFor(reason string, code codes.Code) error {
	st, _ := status.New(code, "busy").WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: "winnow"})
	return st.Err()
}

func TestRetry(t *testing.T) {
	gone := status.Error(codes.Unavailable, "gone")
	for _, c := range []struct {
		name  string
		reply func(call int) error
		calls int
		want  codes.Code
	}{
		{"at once", func(int) error { return nil }, 1, codes.OK},
		{"the third time", func(n int) error {
			if n < 3 {
				return gone
			}
			return nil
		}, 3, codes.OK},
		{"busy, come back", func(n int) error {
			if n < 2 {
				return busy(true)
			}
			return nil
		}, 2, codes.OK},
		{"too large, do not come back", func(int) error { return busy(false) }, 1, codes.ResourceExhausted},
		{"a mistake of the caller", func(int) error { return status.Error(codes.InvalidArgument, "no") }, 1, codes.InvalidArgument},
		{"a fault of the server", func(int) error { return status.Error(codes.Internal, "no") }, 1, codes.Internal},
		{"never", func(int) error { return gone }, 4, codes.Unavailable},
	} {
		s := &script{unary: c.reply}
		client := s.serve(t, WithAttempts(4))
		_, err := client.Clean(t.Context(), Document{Text: []byte("x")}, Options{})
		var e *Error
		got := codes.OK
		if errors.As(err, &e) {
			got = e.Code
		} else if err != nil {
			t.Errorf("%s: %T", c.name, err)
		}
		if got != c.want || s.count() != c.calls {
			t.Errorf("%s: %v after %d calls, want %v after %d", c.name, err, s.count(), c.want, c.calls)
		}
	}
}

// TestRetryBudget: a server that is gone for all is not asked five times by all.
func TestRetryBudget(t *testing.T) {
	s := &script{unary: func(int) error { return busy(true) }}
	c := s.serve(t)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { c.Clean(t.Context(), Document{}, Options{}) })
	}
	wg.Wait()
	if n := s.count(); n < 51 || n > 50+int(retryBurst) {
		t.Errorf("50 calls were made %d times", n)
	}
	// Successes pay for retries.
	r := &retrier{attempts: 2}
	for range 25 {
		r.succeeded()
	}
	paid := 0
	for r.take() {
		paid++
	}
	if paid != 2 {
		t.Errorf("25 successes pay for %d retries, want 2", paid)
	}
}

// TestRetryKeepsDeadline: where the wait would outlast the deadline the error of
// the server comes back at once.
func TestRetryKeepsDeadline(t *testing.T) {
	s := &script{unary: func(int) error {
		st, _ := status.New(codes.Unavailable, "gone").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Hour)})
		return st.Err()
	}}
	c := s.serve(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	began := time.Now()
	_, err := c.Clean(ctx, Document{}, Options{})
	var e *Error
	if !errors.As(err, &e) || e.Code != codes.Unavailable || e.RetryAfter != time.Hour || time.Since(began) > 30*time.Second {
		t.Error(err, time.Since(began))
	}
	over, cancel2 := context.WithTimeout(t.Context(), -time.Second)
	defer cancel2()
	if _, err := c.Clean(over, Document{}, Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestBackoffGrows(t *testing.T) {
	for n := 1; n < 100; n++ {
		d := backoff(n)
		want := maxBackoff
		if n < 8 {
			want = firstBackoff << (n - 1)
		}
		if d < want/2 || d >= want {
			t.Errorf("attempt %d: %v, want from %v to %v", n, d, want/2, want)
		}
	}
}

func docs(n int) func(func(Document) bool) {
	return func(yield func(Document) bool) {
		for i := range n {
			if !yield(Document{ID: fmt.Sprint(i), Text: fmt.Appendf(nil, "text %d", i)}) {
				return
			}
		}
	}
}

// TestStreamGoesOn: a call that breaks is made again with what has no reply.
func TestStreamGoesOn(t *testing.T) {
	s := &script{stream: func(call int, st grpc.BidiStreamingServer[pb.CleanStreamRequest, pb.CleanStreamResponse]) error {
		for n := int64(0); ; n++ {
			if call < 6 && n == 15 {
				return status.Error(codes.Unavailable, "restart")
			}
			if err := answer(st, n); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
		}
	}}
	c := s.serve(t, WithWindow(4))
	next := 0
	for r, err := range c.Stream(t.Context(), docs(100), StreamOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Index != next || r.ID != fmt.Sprint(next) || r.Result.Clean != fmt.Sprintf("text %d", next) {
			t.Fatalf("reply %+v, want %d", r, next)
		}
		next++
	}
	if next != 100 || s.count() != 6 {
		t.Errorf("%d replies in %d calls", next, s.count())
	}
}

// TestStreamFails: what cannot be mended ends the stream with one error.
func TestStreamFails(t *testing.T) {
	for name, c := range map[string]struct {
		stream func(int, grpc.BidiStreamingServer[pb.CleanStreamRequest, pb.CleanStreamResponse]) error
		want   string
	}{
		"always gone": {func(int, grpc.BidiStreamingServer[pb.CleanStreamRequest, pb.CleanStreamResponse]) error {
			return status.Error(codes.Unavailable, "gone")
		}, "Unavailable: gone"},
		"no token": {func(int, grpc.BidiStreamingServer[pb.CleanStreamRequest, pb.CleanStreamResponse]) error {
			return status.Error(codes.Unauthenticated, "who?")
		}, "Unauthenticated: who?"},
		"an early end": {func(_ int, st grpc.BidiStreamingServer[pb.CleanStreamRequest, pb.CleanStreamResponse]) error {
			return answer(st, 0)
		}, "before its time"},
		"a wrong number": {func(_ int, st grpc.BidiStreamingServer[pb.CleanStreamRequest, pb.CleanStreamResponse]) error {
			answer(st, 0)
			return answer(st, 77)
		}, "item 77"},
		"a reply twice": {func(_ int, st grpc.BidiStreamingServer[pb.CleanStreamRequest, pb.CleanStreamResponse]) error {
			answer(st, 0)
			return answer(st, 0)
		}, "item 0"},
	} {
		s := &script{stream: c.stream}
		client := s.serve(t, WithAttempts(2))
		errs := 0
		var last error
		for _, err := range client.Stream(t.Context(), docs(100), StreamOptions{}) {
			if err != nil {
				errs++
				last = err
			}
		}
		if errs != 1 || !strings.Contains(fmt.Sprint(last), c.want) {
			t.Errorf("%s: %d errors, the last %v", name, errs, last)
		}
	}
}

// TestStreamWindow: no more documents are read than the window has room for.
func TestStreamWindow(t *testing.T) {
	release := make(chan struct{})
	s := &script{stream: func(_ int, st grpc.BidiStreamingServer[pb.CleanStreamRequest, pb.CleanStreamResponse]) error {
		<-release
		for n := int64(0); ; n++ {
			if err := answer(st, n); err != nil {
				return nil
			}
		}
	}}
	c := s.serve(t, WithWindow(5))
	var mu sync.Mutex
	read := 0
	counted := func(yield func(Document) bool) {
		for d := range docs(50) {
			mu.Lock()
			read++
			mu.Unlock()
			if !yield(d) {
				return
			}
		}
	}
	go func() {
		time.Sleep(200 * time.Millisecond)
		mu.Lock()
		if read > 6 { // the window, and the one that waits for a place
			t.Errorf("%d documents read with a window of 5", read)
		}
		mu.Unlock()
		close(release)
	}()
	n := 0
	for _, err := range c.Stream(t.Context(), counted, StreamOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 50 {
		t.Error(n)
	}
}

func TestOptions(t *testing.T) {
	m, err := Options{Profile: "light", Remove: []string{"bio", "reader_comments"}, Keep: []string{"nav"}, MinConfidence: 0.5, Engine: "readeck", Budget: 0.3,
		ShadowAll: true, Captions: true, Markdown: true, HTML: true, Basic: true, Unit: text.UTF16, Packs: map[string]string{"b": "2", "a": "1"}}.proto()
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(m.GetProfile(), m.GetRemove(), m.GetKeep(), m.GetMinConfidence(), m.GetEngine(), m.GetBudget(), m.GetShadowAll(), m.GetCaptions(), m.GetForms(), m.GetView(), m.GetOffsetUnit(), m.GetPacks()[0].GetName())
	want := "PROFILE_LIGHT [CATEGORY_BIO CATEGORY_READER_COMMENTS] [CATEGORY_NAV] 0.5 readeck 0.3 true true [OUTPUT_FORM_MARKDOWN OUTPUT_FORM_HTML] VIEW_BASIC OFFSET_UNIT_UTF16 a\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, o := range []Options{{Profile: "Light"}, {Profile: "heavy"}, {Remove: []string{""}}, {Keep: []string{"UNSPECIFIED"}}, {Remove: []string{"unspecified"}}} {
		if _, err := o.proto(); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	m, err = Options{}.proto()
	if err != nil || m.GetMinConfidence() != 0 || m.GetBudget() != 0 {
		t.Error(m, err)
	}
	for name, o := range map[string]Option{"attempts": WithAttempts(0), "window": WithWindow(0), "message": WithMaxMessage(0),
		"no file": WithTLSFiles("none", "", ""), "no key": WithTLSFiles("", "none", "none"), "no key named": WithTLSFiles("", "client.go", ""), "no PEM": WithTLSFiles("client.go", "", "")} {
		if _, err := Dial("localhost:1", o); err == nil {
			t.Error(name, "is taken")
		}
	}
}

func TestLoopback(t *testing.T) {
	for addr, want := range map[string]bool{"localhost:1": true, "127.0.0.1:1": true, "127.8.8.8:1": true, "[::1]:1": true, "dns:///localhost:1": true,
		"passthrough:///127.0.0.1:1": true, "example.com:1": false, "10.0.0.1:1": false, "localhost.example.com:1": false, "": false, "127.0.0.1.example.com:1": false} {
		if got := loopback(addr); got != want {
			t.Errorf("%q: %v", addr, got)
		}
	}
}

// TestExtracted: the extracted text is put together from its pieces, and pieces
// that do not fit are an error and no panic.
func TestExtracted(t *testing.T) {
	r := &Result{Clean: "abef", Removed: []Removal{{Mode: Enforced, CleanOffset: 2, Text: "cd"}, {Mode: Shadow, CleanOffset: 2, Text: "ef"}, {Mode: Enforced, CleanOffset: 4, Text: "g"}}}
	if got, err := r.Extracted(); err != nil || got != "abcdefg" {
		t.Errorf("%q %v", got, err)
	}
	r.Removed[0].CleanOffset = 5
	if _, err := r.Extracted(); err == nil {
		t.Error("a removal outside the text is taken")
	}
}
