package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "winnow/proto/winnow/v1"
)

// exchange sends all requests on one stream and returns the replies.
func exchange(t *testing.T, f *fixture, reqs []*pb.CleanStreamRequest) ([]*pb.CleanStreamResponse, error) {
	t.Helper()
	st, err := f.clean.CleanStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for _, r := range reqs {
			if st.Send(r) != nil {
				return // Recv tells why
			}
		}
		st.CloseSend()
	}()
	var out []*pb.CleanStreamResponse
	for {
		m, err := st.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, m)
	}
}

// TestOneBadItemInAThousand: each sort of bad item costs that item alone, and
// order is kept.
func TestOneBadItemInAThousand(t *testing.T) {
	const limit = 64 << 10
	f := serve(t, func(c *Config) { c.MaxDocument = limit; c.Timeout = 3 * time.Second })
	want := map[int]string{
		17:  "Internal INTERNAL",                                             // a panic
		333: "InvalidArgument INVALID_OPTION document",                       // no source
		500: "ResourceExhausted INPUT_TOO_LARGE",                             // too large
		501: "DeadlineExceeded DEADLINE",                                     // does not end
		700: "InvalidArgument ENCODING_BROKEN",                               // no gzip
		999: "InvalidArgument INVALID_OPTION options.profile options.budget", // bad options of its own
	}
	var reqs []*pb.CleanStreamRequest
	for i := range 1000 {
		doc := textDoc(fmt.Sprint(i), fmt.Sprintf("Text number %d of a thousand, as good as any.\nPost a Comment\n", i))
		r := &pb.CleanStreamRequest{Document: doc}
		switch i {
		case 17:
			doc.Id = "panic"
		case 333:
			doc.Source = nil
		case 500:
			doc.Source = &pb.Document_Text{Text: make([]byte, limit+1)}
		case 501:
			doc.Id = "block"
		case 700:
			doc.ContentEncoding = pb.ContentEncoding_CONTENT_ENCODING_GZIP
		case 999:
			r.Options = &pb.CleanOptions{Profile: 77, Budget: 2}
		}
		reqs = append(reqs, r)
	}
	replies, err := exchange(t, f, reqs)
	if err != nil || len(replies) != 1000 {
		t.Fatal(len(replies), err)
	}
	for i, r := range replies {
		if r.GetIndex() != int64(i) || r.GetId() != reqs[i].GetDocument().GetId() {
			t.Fatalf("reply %d has number %d and id %q", i, r.GetIndex(), r.GetId())
		}
		got := "OK"
		if r.GetError() != nil {
			got = describe(status.FromProto(r.GetError()).Err())
		} else if !strings.HasPrefix(string(r.GetResult().GetCleanText()), fmt.Sprintf("Text number %d ", i)) || len(r.GetResult().GetRemoved()) != 1 {
			t.Errorf("item %d: %v", i, r.GetResult())
		}
		if w := want[i]; got != w && !(w == "" && got == "OK") {
			t.Errorf("item %d: got %s, want %s", i, got, w)
		}
	}
}

func TestAnyOrder(t *testing.T) {
	f := serve(t, func(c *Config) { c.Workers = 2; c.Window = 8 })
	st, err := f.clean.CleanStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{"block", "a", "b", "c"} {
		if err := st.Send(&pb.CleanStreamRequest{Document: textDoc(id, "text"), AnyOrder: i == 0}); err != nil {
			t.Fatal(err)
		}
	}
	st.CloseSend()
	var got []string
	for range 4 {
		if len(got) == 3 {
			f.unblock()
		}
		m, err := st.Recv()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.GetId())
	}
	if got[3] != "block" {
		t.Error(got)
	}
	if _, err := st.Recv(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// TestStreamOptions: options of the first message hold for those without.
func TestStreamOptions(t *testing.T) {
	f := serve(t, nil)
	in := ferry + "\nPost a Comment\n"
	replies, err := exchange(t, f, []*pb.CleanStreamRequest{
		{Document: textDoc("0", in), Options: &pb.CleanOptions{ShadowAll: true}},
		{Document: textDoc("1", in)},
		{Document: textDoc("2", in), Options: &pb.CleanOptions{}},
		{Document: textDoc("3", in)},
	})
	if err != nil || len(replies) != 4 {
		t.Fatal(len(replies), err)
	}
	for i, r := range replies {
		if cut := len(r.GetResult().GetCleanText()) < len(in); cut != (i == 2) {
			t.Errorf("item %d: cut %v", i, cut)
		}
	}
}

// TestBackPressure: a client that sends and never receives is soon not read
// from, and no more than the window is worked on for it.
func TestBackPressure(t *testing.T) {
	f := serve(t, func(c *Config) { c.Workers = 2; c.Window = 4 })
	ctx, cancel := context.WithCancel(t.Context())
	st, err := f.clean.CleanStream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var sent atomic.Int64
	done := make(chan struct{})
	big := strings.Repeat("A line of text that is long enough to be one.\n", 4000)
	go func() {
		defer close(done)
		for st.Send(&pb.CleanStreamRequest{Document: textDoc("x", big)}) == nil {
			sent.Add(1)
		}
	}()
	last := int64(-1)
	for range 100 {
		time.Sleep(50 * time.Millisecond)
		now := sent.Load()
		if now == last && now > 0 {
			break
		}
		last = now
	}
	if n := sent.Load(); n > 400 {
		t.Errorf("%d messages of %d bytes were taken from a client that receives nothing", n, len(big))
	}
	cancel()
	<-done
}

// TestClientGoesAway: work for a client that is gone is given up, and other
// clients are served.
func TestClientGoesAway(t *testing.T) {
	f := serve(t, func(c *Config) { c.Workers = 2 })
	before := runtime.NumGoroutine()
	for range 50 {
		conn := dial(t, f.addr)
		st, err := pb.NewCleanServiceClient(conn).CleanStream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if st.Send(&pb.CleanStreamRequest{Document: textDoc("slow", "text")}) != nil {
				break
			}
		}
		conn.Close()
	}
	if _, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("x", "text")}); err != nil {
		t.Error(err)
	}
	for range 100 {
		if runtime.NumGoroutine() <= before+5 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// TestTenThousandCalls: each is answered with a result or told to come back, and
// no more documents are worked on than there are workers.
func TestTenThousandCalls(t *testing.T) {
	f := serve(t, func(c *Config) { c.Workers = 2; c.Queue = 100 })
	var ok, busy, other atomic.Int64
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range 10_000 {
		wg.Go(func() {
			<-gate
			_, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc(fmt.Sprintf("slow %d", i), "text")})
			switch got := describe(err); got {
			case "OK":
				ok.Add(1)
			case "ResourceExhausted OVERLOADED retry":
				busy.Add(1)
			default:
				if other.Add(1) < 4 {
					t.Error(got, err)
				}
			}
		})
	}
	close(gate)
	wg.Wait()
	t.Logf("%d results, %d told to come back", ok.Load(), busy.Load())
	if ok.Load()+busy.Load() != 10_000 || ok.Load() < 100 || busy.Load() == 0 {
		t.Errorf("%d results, %d told to come back, %d other", ok.Load(), busy.Load(), other.Load())
	}
	// Each is counted, those that were turned away before anything was read too.
	// Handlers count after their reply.
	counted := 0.0
	for until := time.Now().Add(10 * time.Second); counted != 10_000 && time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		counted = 0
		for line := range strings.Lines(scrape(f)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			if name == "winnow_refused_total" || strings.HasPrefix(name, "winnow_calls_total{") {
				n, err := strconv.ParseFloat(value, 64)
				if err != nil {
					t.Fatal(err)
				}
				counted += n
			}
		}
	}
	if counted != 10_000 {
		t.Errorf("%v calls are counted", counted)
	}
	if n := f.engine.most.Load(); n > 2 {
		t.Errorf("%d documents at once with 2 workers", n)
	}
	// The server is as it was.
	if _, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("x", "text")}); err != nil {
		t.Error(err)
	}
	if w := f.gate.waiting.Load(); w != 0 {
		t.Error(w, "still wait")
	}
}

func TestTooManyStreams(t *testing.T) {
	f := serve(t, func(c *Config) { c.MaxStreams = 1 })
	first, err := f.clean.CleanStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Send(&pb.CleanStreamRequest{Document: textDoc("a", "text")}); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Recv(); err != nil {
		t.Fatal(err)
	}
	if _, err := exchange(t, f, []*pb.CleanStreamRequest{{Document: textDoc("b", "text")}}); describe(err) != "ResourceExhausted OVERLOADED retry" {
		t.Error(err)
	}
	first.CloseSend()
	if _, err := first.Recv(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if _, err := exchange(t, f, []*pb.CleanStreamRequest{{Document: textDoc("c", "text")}}); err != nil {
		t.Error(err)
	}
}

// TestDrain: at shut-down a stream gets the replies to what was read, then
// UNAVAILABLE; a call under way gets its result.
func TestDrain(t *testing.T) {
	f := serve(t, func(c *Config) { c.Workers = 2 })
	st, err := f.clean.CleanStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Send(&pb.CleanStreamRequest{Document: textDoc("block", "text")}); err != nil {
		t.Fatal(err)
	}
	call := make(chan error, 1)
	go func() {
		_, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("block", "text")})
		call <- err
	}()
	for f.engine.working.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	down := make(chan error, 1)
	go func() { down <- f.Shutdown(context.Background()) }()
	time.Sleep(50 * time.Millisecond)
	select {
	case err := <-down:
		t.Fatal("shut down with calls under way:", err)
	default:
	}
	f.unblock()
	if m, err := st.Recv(); err != nil || m.GetResult() == nil {
		t.Error(m, err)
	}
	if _, err := st.Recv(); describe(err) != "Unavailable SHUTTING_DOWN retry" {
		t.Error(err)
	}
	if err := <-call; err != nil {
		t.Error(err)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}

// TestDrainTimeout: what does not end in time is cut off.
func TestDrainTimeout(t *testing.T) {
	f := serve(t, nil)
	call := make(chan error, 1)
	go func() {
		_, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("block", "text")})
		call <- err
	}()
	for f.engine.working.Load() < 1 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := f.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if err := <-call; code(err) != codes.Unavailable && code(err) != codes.Canceled {
		t.Error(err)
	}
}
