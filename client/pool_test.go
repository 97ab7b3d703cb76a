package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"winnow/archive"
	pb "winnow/proto/winnow/v1"
)

// host is a server that can be stopped and started at one address.
type host struct {
	pb.UnimplementedCleanServiceServer
	t        *testing.T
	addr     string
	revision atomic.Value // string
	fail     atomic.Value // func(text string) error
	took     time.Duration

	cleaned atomic.Int64
	grpc    *grpc.Server
	done    chan struct{}
}

func newHost(t *testing.T, revision string) *host {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, addr: lis.Addr().String(), took: 200 * time.Microsecond}
	h.revision.Store(revision)
	h.fail.Store(func(string) error { return nil })
	h.serve(lis)
	t.Cleanup(h.stop)
	return h
}

func (h *host) serve(lis net.Listener) {
	h.grpc, h.done = grpc.NewServer(), make(chan struct{})
	pb.RegisterCleanServiceServer(h.grpc, h)
	go func(g *grpc.Server, done chan struct{}) { g.Serve(lis); close(done) }(h.grpc, h.done)
}

func (h *host) start() {
	lis, err := net.Listen("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.serve(lis)
}

func (h *host) stop() { h.grpc.Stop(); <-h.done }

func (h *host) Clean(ctx context.Context, req *pb.CleanRequest) (*pb.CleanResponse, error) {
	t := string(req.GetDocument().GetText())
	if err := h.fail.Load().(func(string) error)(t); err != nil {
		return nil, err
	}
	if t != "" { // no probe
		h.cleaned.Add(1)
		select {
		case <-time.After(h.took):
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
	return &pb.CleanResponse{Result: &pb.CleanResult{CleanText: []byte("clean " + t), Revision: h.revision.Load().(string)}}, nil
}

func pool(t *testing.T, o PoolOptions, hosts ...*host) *Pool {
	t.Helper()
	var addrs []string
	for _, h := range hosts {
		addrs = append(addrs, h.addr)
	}
	p, err := DialPool(t.Context(), addrs, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// cleanAll cleans n records by 16 goroutines and fails for each that has not its
// own result.
func cleanAll(t *testing.T, c Cleaner, n int, each func(i int)) {
	t.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				each(i)
				text := fmt.Sprintf("text %d", i)
				res, err := c.Clean(t.Context(), &archive.Record{ID: text, Source: []byte(text)})
				if err != nil {
					t.Errorf("record %d: %v", i, err)
				} else if res.Text != "clean "+text {
					t.Errorf("record %d has the result %q", i, res.Text)
				}
			}
		})
	}
	wg.Wait()
}

func TestPoolBalances(t *testing.T) {
	slow, fast := newHost(t, "r"), newHost(t, "r")
	slow.took, fast.took = 12*time.Millisecond, 2*time.Millisecond
	cleanAll(t, pool(t, PoolOptions{}, slow, fast), 1000, func(int) {})
	s, f := slow.cleaned.Load(), fast.cleaned.Load()
	if s+f != 1000 || s < 50 || f < s {
		t.Errorf("the slow server cleaned %d, the fast one %d", s, f)
	}
}

// TestPoolLosesNothing stops each of two servers once and brings it back.
func TestPoolLosesNothing(t *testing.T) {
	a, b := newHost(t, "r"), newHost(t, "r")
	var mu sync.Mutex
	var told []string
	p := pool(t, PoolOptions{Changed: func(addr string, err error) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprint(addr == a.addr, err == nil))
	}}, a, b)
	was := int64(0)
	cleanAll(t, p, 3000, func(i int) {
		switch i {
		case 300:
			a.stop()
		case 900:
			was = a.cleaned.Load()
			a.start()
		case 2500:
			b.stop()
		}
	})
	if now := a.cleaned.Load(); now <= was {
		t.Errorf("the server that came back cleaned nothing")
	}
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(told, ", "); got != "true false, true true, false false" {
		t.Errorf("told of: %s", got)
	}
}

// TestPoolWaits: where no server is up the pool waits for one, and not for ever.
func TestPoolWaits(t *testing.T) {
	h := newHost(t, "r")
	p := pool(t, PoolOptions{Patience: 400 * time.Millisecond}, h)
	h.stop()
	time.AfterFunc(150*time.Millisecond, h.start)
	cleanAll(t, p, 10, func(int) {})
	h.stop()
	begin := time.Now()
	_, err := p.Clean(t.Context(), &archive.Record{ID: "late", Source: []byte("x")})
	if err == nil || !strings.Contains(err.Error(), "no server is left ("+h.addr) || time.Since(begin) < 300*time.Millisecond {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Clean(ctx, &archive.Record{Source: []byte("x")}); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	h.start() // for the cleanup
}

func TestPoolRules(t *testing.T) {
	a, b := newHost(t, "r"), newHost(t, "other")
	if _, err := DialPool(t.Context(), []string{a.addr, b.addr}, PoolOptions{}); err == nil || !strings.Contains(err.Error(), "revision other, not r") {
		t.Errorf("two rule sets: %v", err)
	}
	if _, err := DialPool(t.Context(), []string{a.addr}, PoolOptions{Revision: "before"}); err == nil || !strings.Contains(err.Error(), "revision r, not before") {
		t.Errorf("not the rule set asked for: %v", err)
	}
	cleanAll(t, pool(t, PoolOptions{AnyRevision: true}, a, b), 100, func(int) {})

	// One that takes other rules during the run is left out, and its results
	// are not used; where it is the last one, the run ends.
	b.revision.Store("r")
	p := pool(t, PoolOptions{}, a, b)
	b.revision.Store("new")
	for i := range 50 {
		if res, err := p.Clean(t.Context(), &archive.Record{Source: []byte("x")}); err != nil || res.Revision != "r" {
			t.Fatalf("record %d: %+v %v", i, res, err)
		}
	}
	a.revision.Store("new")
	if _, err := p.Clean(t.Context(), &archive.Record{Source: []byte("x")}); !errors.Is(err, errRules) && (err == nil || !strings.Contains(err.Error(), "other rules")) {
		t.Errorf("all by other rules: %v", err)
	}
}

// TestPoolErrors tells the record's failures from the server's.
func TestPoolErrors(t *testing.T) {
	h := newHost(t, "r")
	p := pool(t, PoolOptions{Patience: time.Second}, h)
	calls := 0
	for _, c := range []struct {
		name string
		fail func(string) error
		want string
	}{
		{"the record's", func(string) error { return busyFor("INPUT_TOO_LARGE", codes.ResourceExhausted) }, "item INPUT_TOO_LARGE: busy"},
		{"too much to do, twice", func(string) error {
			if calls++; calls <= 2 {
				return busy(true)
			}
			return nil
		}, "clean x"},
		{"not allowed", func(string) error { return busyFor("UNAUTHENTICATED", codes.Unauthenticated) }, "the server: UNAUTHENTICATED: busy"},
		{"brings servers down", func(t string) error {
			if t == "" {
				return nil
			}
			return status.Error(codes.Unavailable, "connection reset")
		}, `12 servers were lost while they cleaned the document "id": Unavailable: connection reset`},
	} {
		h.fail.Store(c.fail)
		res, err := p.Clean(t.Context(), &archive.Record{ID: "id", Source: []byte("x")})
		var item *archive.Error
		var got string
		switch {
		case errors.As(err, &item):
			got = "item " + item.Error()
		case err != nil:
			got = err.Error()
		default:
			got = res.Text
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	h.fail.Store(func(string) error { return busyFor("UNAUTHENTICATED", codes.Unauthenticated) })
	if _, err := DialPool(t.Context(), []string{h.addr}, PoolOptions{}); err == nil || !strings.Contains(err.Error(), "UNAUTHENTICATED") {
		t.Errorf("a server that refuses the caller: %v", err)
	}
}
