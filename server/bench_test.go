package server

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"winnow/clean"
	pb "winnow/proto/winnow/v1"
)

// nothing answers every call with the same reply: what gRPC itself costs, the two
// messages included.
type nothing struct {
	pb.UnimplementedCleanServiceServer
	reply *pb.CleanResponse
}

func (n nothing) Clean(context.Context, *pb.CleanRequest) (*pb.CleanResponse, error) {
	return n.reply, nil
}

// BenchmarkCall compares calls over loopback with the same calls to a server
// that does nothing and with the same work in process, one after the other in
// one run, so that their ratios hold whatever else the machine is doing.
//
//	calls/s   calls to winnow
//	noop/s    calls to the server that does nothing, with messages of the same size
//	x-noop    time of a call in calls to that server; 1 would be free
//	x-local   time of a call in calls in process
func BenchmarkCall(b *testing.B) {
	engine, err := clean.Default()
	if err != nil {
		b.Fatal(err)
	}
	f := serve(b, func(c *Config) {
		c.LoadRules = builtin
		c.NewEngine = nil
	})
	for _, c := range []struct {
		name string
		doc  *pb.Document
	}{
		{"text", textDoc("seed", seeds(b)["001_17db3bd3503084e3.txt"])},
		{"page", htmlDoc("page", article(40))},
	} {
		b.Run(c.name, func(b *testing.B) {
			req := &pb.CleanRequest{Document: c.doc}
			want, err := f.clean.Clean(b.Context(), req)
			if err != nil {
				b.Fatal(err)
			}
			idle := serveNoop(b, want)
			in, err := inputOf(c.doc)
			if err != nil {
				b.Fatal(err)
			}
			var real, empty, local time.Duration
			b.SetBytes(int64(len(in.Source)))
			for b.Loop() {
				t0 := time.Now()
				got, err := f.clean.Clean(b.Context(), req)
				t1 := time.Now()
				if err != nil || string(got.GetResult().GetCleanText()) != string(want.GetResult().GetCleanText()) {
					b.Fatal("another result", err)
				}
				t2 := time.Now()
				got, err = idle.Clean(b.Context(), req)
				t3 := time.Now()
				if err != nil || proto.Size(got) != proto.Size(want) {
					b.Fatal("another reply", err)
				}
				t4 := time.Now()
				res, err := engine.Clean(b.Context(), in, clean.Options{})
				t5 := time.Now()
				if err != nil || res.Outcome.Clean != string(want.GetResult().GetCleanText()) {
					b.Fatal("another result in process", err)
				}
				real, empty, local = real+t1.Sub(t0), empty+t3.Sub(t2), local+t5.Sub(t4)
			}
			b.ReportMetric(float64(b.N)/real.Seconds(), "calls/s")
			b.ReportMetric(float64(b.N)/empty.Seconds(), "noop/s")
			b.ReportMetric(real.Seconds()/empty.Seconds(), "x-noop")
			b.ReportMetric(real.Seconds()/local.Seconds(), "x-local")
		})
	}
}

// BenchmarkParallel is BenchmarkCall's text with as many callers as cores, and
// the same texts on one stream.
func BenchmarkParallel(b *testing.B) {
	f := serve(b, func(c *Config) {
		c.LoadRules = builtin
		c.NewEngine = nil
	})
	doc := textDoc("seed", seeds(b)["001_17db3bd3503084e3.txt"])
	req := &pb.CleanRequest{Document: doc}
	want, err := f.clean.Clean(b.Context(), req)
	if err != nil {
		b.Fatal(err)
	}
	idle := serveNoop(b, want)
	for name, service := range map[string]pb.CleanServiceClient{"winnow": f.clean, "noop": idle} {
		b.Run(name, func(b *testing.B) {
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if got, err := service.Clean(context.Background(), req); err != nil || len(got.GetResult().GetRemoved()) != 1 {
						b.Error(got, err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
	b.Run("stream", func(b *testing.B) {
		st, err := f.clean.CleanStream(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		go func() {
			for range b.N {
				st.Send(&pb.CleanStreamRequest{Document: doc})
			}
			st.CloseSend()
		}()
		for range b.N {
			if m, err := st.Recv(); err != nil || len(m.GetResult().GetRemoved()) != 1 {
				b.Fatal(m, err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "docs/s")
	})
}

func serveNoop(b *testing.B, reply *pb.CleanResponse) pb.CleanServiceClient {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	g := grpc.NewServer(grpc.MaxRecvMsgSize(64 << 20))
	pb.RegisterCleanServiceServer(g, nothing{reply: reply})
	go g.Serve(lis)
	b.Cleanup(g.Stop)
	return pb.NewCleanServiceClient(dial(b, lis.Addr().String()))
}
