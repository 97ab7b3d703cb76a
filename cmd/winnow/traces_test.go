package main

import (
	"context"
	"encoding/hex"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	pb "winnow/proto/winnow/v1"
	"winnow/rules"
	"winnow/server"
)

// A collectorOf keeps what servers send it.
type collectorOf struct {
	collector.UnimplementedTraceServiceServer
	mu    sync.Mutex
	spans []*otlp.ResourceSpans
}

func (c *collectorOf) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans = append(c.spans, req.GetResourceSpans()...)
	return &collector.ExportTraceServiceResponse{}, nil
}

// TestTracesReachACollector: a call to a server with --traces is a span of the
// trace that its caller began, and has arrived when the server has ended.
func TestTracesReachACollector(t *testing.T) {
	listen := func() net.Listener {
		lis, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return lis
	}
	kept, g, lis := &collectorOf{}, grpc.NewServer(), listen()
	collector.RegisterTraceServiceServer(g, kept)
	go g.Serve(lis)
	defer g.Stop()

	log := slog.New(slog.DiscardHandler)
	tracer, send, err := tracing(t.Context(), "http://"+lis.Addr().String(), log)
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(server.Config{LoadRules: func() ([]*rules.Pack, error) { return nil, nil }, Tracer: tracer, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	own := listen()
	go srv.Serve(own)
	conn, err := grpc.NewClient(own.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", "00-"+trace+"-"+parent+"-01")
	if _, err := pb.NewCleanServiceClient(conn).Clean(ctx, &pb.CleanRequest{Document: &pb.Document{Source: &pb.Document_Text{Text: []byte("text")}}}); err != nil {
		t.Fatal(err)
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	send()

	kept.mu.Lock()
	defer kept.mu.Unlock()
	if len(kept.spans) != 1 {
		t.Fatalf("%d lots of spans", len(kept.spans))
	}
	span := kept.spans[0].GetScopeSpans()[0].GetSpans()[0]
	if span.GetName() != "winnow.v1.CleanService/Clean" || hex.EncodeToString(span.GetTraceId()) != trace || hex.EncodeToString(span.GetParentSpanId()) != parent {
		t.Errorf("span %v", span)
	}
	if who := kept.spans[0].GetResource().String(); !strings.Contains(who, "service.name") || !strings.Contains(who, `"winnow"`) {
		t.Errorf("resource %s", who)
	}
}

// TestTracesAreOff: nothing is traced unless somebody says where to.
func TestTracesAreOff(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
	if p, send, err := tracing(t.Context(), "", nil); p != nil || err != nil {
		t.Errorf("%v, %v", p, err)
	} else {
		send()
	}
	for _, bad := range []string{"127.0.0.1:4317", "localhost", "ftp://x", "http://"} {
		if _, _, err := tracing(t.Context(), bad, nil); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
