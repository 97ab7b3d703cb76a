package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"winnow/clean"
	pb "winnow/proto/winnow/v1"
	"winnow/rules"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testEngine is the real engine with faults to order, by the document's id.
type testEngine struct {
	*clean.Engine
	working, most atomic.Int64
	block         chan struct{} // documents named "block" wait for it to be closed
}

func (e *testEngine) Clean(ctx context.Context, in clean.Input, o clean.Options) (*clean.Result, error) {
	now := e.working.Add(1)
	defer e.working.Add(-1)
	for old := e.most.Load(); now > old && !e.most.CompareAndSwap(old, now); old = e.most.Load() {
	}
	switch {
	case strings.HasPrefix(in.ID, "panic"):
		panic("secret detail")
	case strings.HasPrefix(in.ID, "fault"):
		return nil, errors.New("secret detail")
	case strings.HasPrefix(in.ID, "block"):
		<-e.block
	case strings.HasPrefix(in.ID, "slow"):
		time.Sleep(5 * time.Millisecond)
	}
	return e.Engine.Clean(ctx, in, o)
}

// fixture is a server on loopback and a connection to it.
type fixture struct {
	*Server
	addr   string
	conn   *grpc.ClientConn
	clean  pb.CleanServiceClient
	rules  pb.RuleServiceClient
	engine *testEngine
}

func builtin() ([]*rules.Pack, error) { return clean.Builtin() }

// stubPack is enough for the tests that look at the server and not at the rules.
const stubPack = `any: stub
rules:
  - id: comments
    category: comments
    why: The stub of a comment form.
    where: anywhere
    regexp: ['No comments:', 'Post a Comment']
    remove:
      - |
        The board will meet the owners of the ships again on Friday, it said.
        [-No comments:
        Post a Comment-]
    keep:
      - The board posted a comment on Friday, and said that it had no comments from the owners.
`

func stub() ([]*rules.Pack, error) {
	p, err := rules.ParsePack("stub.yaml", []byte(stubPack))
	if err != nil {
		return nil, err
	}
	return []*rules.Pack{p}, p.Test()
}

// serve starts a server; change may alter its configuration.
func serve(t testing.TB, change func(*Config)) *fixture {
	t.Helper()
	f := &fixture{engine: &testEngine{block: make(chan struct{})}}
	cfg := Config{LoadRules: stub, Logger: quiet()}
	cfg.NewEngine = func(s *rules.Set) Engine {
		if f.engine.Engine != nil { // a set that came with a request
			return clean.New(s)
		}
		f.engine.Engine = clean.New(s)
		return f.engine
	}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	f.Server = s
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = lis.Addr().String()
	served := make(chan error, 1)
	go func() { served <- s.Serve(lis) }()
	f.conn = dial(t, f.addr)
	f.clean, f.rules = pb.NewCleanServiceClient(f.conn), pb.NewRuleServiceClient(f.conn)
	t.Cleanup(func() {
		f.unblock()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error("Serve:", err)
		}
	})
	return f
}

func (f *fixture) unblock() {
	select {
	case <-f.engine.block:
	default:
		close(f.engine.block)
	}
}

func dial(t testing.TB, addr string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	opts = append([]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20), grpc.MaxCallSendMsgSize(64<<20))}, opts...)
	conn, err := grpc.NewClient(addr, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func textDoc(id, s string) *pb.Document {
	return &pb.Document{Id: id, Source: &pb.Document_Text{Text: []byte(s)}}
}

func htmlDoc(id, s string) *pb.Document {
	return &pb.Document{Id: id, Source: &pb.Document_Html{Html: []byte(s)}}
}

// describe renders an error as "CODE REASON field field".
func describe(err error) string {
	if err == nil {
		return "OK"
	}
	st := status.Convert(err)
	out := st.Code().String()
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			if d.GetDomain() != ErrorDomain {
				out += " (domain " + d.GetDomain() + ")"
			}
			out += " " + d.GetReason()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				out += " " + v.GetField()
			}
		case *errdetails.RetryInfo:
			out += " retry"
		case *errdetails.PreconditionFailure:
			for _, v := range d.GetViolations() {
				out += " " + v.GetSubject()
			}
		}
	}
	return out
}

// article is a page with one article and furniture around it.
func article(n int) string {
	var b strings.Builder
	b.WriteString("<html><head><title>The ferry line</title></head><body><nav><a href=/>Home</a></nav><article><h1>The ferry line</h1>")
	for i := range n {
		fmt.Fprintf(&b, "<p>The talks on the ferry line went on for the %dth day, and the harbour board said that it would meet the owners of the ships again, in the town hall, before the week was out.</p>", i)
	}
	b.WriteString("</article></body></html>")
	return b.String()
}

func seeds(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../testdata/seeds/*.txt")
	if err != nil || len(files) < 5 {
		t.Fatal("seeds are missing:", files, err)
	}
	out := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(f)] = string(b)
	}
	return out
}

func code(err error) codes.Code { return status.Code(err) }

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }
