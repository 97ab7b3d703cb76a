package server

import (
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "winnow/proto/winnow/v1"
)

// rawCodec sends bytes as they are.
type rawCodec struct{ lenient }

func (c rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	if b, ok := v.([]byte); ok {
		return mem.BufferSlice{mem.SliceBuffer(b)}, nil
	}
	return c.lenient.Marshal(v)
}

var raw = grpc.ForceCodecV2(rawCodec{newCodec()})

func wireOf(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// brokenMessages are requests that are none, by what is wrong with them.
func brokenMessages(t *testing.T) map[string][]byte {
	whole := wireOf(t, &pb.CleanRequest{Document: textDoc("x", ferry)}) // a CleanStreamRequest as well
	return map[string][]byte{
		"it is cut off":            whole[:len(whole)-4],
		"or is no winnow.v1.Clean": {0xff, 0xff, 0xff, 0xff},
		"a string in it is not UTF-8 (html and text are bytes": []byte("\n\x05\n\x03\xff\xfe\xfd"),
	}
}

// TestBrokenMessages: what cannot be decoded is the fault of who sent it, and says
// so in a call of its own.
func TestBrokenMessages(t *testing.T) {
	f := serve(t, nil)
	for why, b := range brokenMessages(t) {
		err := f.conn.Invoke(t.Context(), pb.CleanService_Clean_FullMethodName, b, new(pb.CleanResponse), raw)
		if got := describe(err); got != "InvalidArgument MESSAGE_BROKEN" || !strings.Contains(err.Error(), why) {
			t.Errorf("got %s: %v", got, err)
		}
	}
	if _, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("", ferry)}); err != nil {
		t.Error(err)
	}
}

// TestBrokenItems: in a stream it costs that item alone, be it the first.
func TestBrokenItems(t *testing.T) {
	f := serve(t, nil)
	for why, b := range brokenMessages(t) {
		st, err := f.conn.NewStream(t.Context(), &pb.CleanService_ServiceDesc.Streams[0], pb.CleanService_CleanStream_FullMethodName, raw)
		if err != nil {
			t.Fatal(err)
		}
		const n = 40
		go func() {
			for i := range n {
				if i%10 == 0 {
					st.SendMsg(b)
				} else {
					st.SendMsg(&pb.CleanStreamRequest{Document: textDoc(fmt.Sprint(i), ferry)})
				}
			}
			st.CloseSend()
		}()
		for i := range n {
			r := new(pb.CleanStreamResponse)
			if err := st.RecvMsg(r); err != nil || r.GetIndex() != int64(i) {
				t.Fatalf("reply %d has number %d: %v", i, r.GetIndex(), err)
			}
			switch {
			case i%10 == 0:
				err := status.FromProto(r.GetError()).Err()
				if describe(err) != "InvalidArgument MESSAGE_BROKEN" || !strings.Contains(err.Error(), why) {
					t.Errorf("item %d: %v", i, err)
				}
			case r.GetId() != fmt.Sprint(i) || r.GetResult() == nil:
				t.Errorf("item %d: %v", i, r)
			}
		}
		if err := st.RecvMsg(new(pb.CleanStreamResponse)); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	}
}

// TestBrokenLesson: a document that cannot be decoded is one that cannot be read.
func TestBrokenLesson(t *testing.T) {
	f := serve(t, nil)
	st, err := f.conn.NewStream(t.Context(), &pb.RuleService_ServiceDesc.Streams[0], pb.RuleService_LearnRules_FullMethodName, raw)
	if err != nil {
		t.Fatal(err)
	}
	st.SendMsg([]byte{0xff})
	for i := range 3 {
		st.SendMsg(&pb.LearnRulesRequest{Document: textDoc(fmt.Sprint(i), ferry)})
	}
	st.CloseSend()
	r := new(pb.LearnRulesResponse)
	if err := st.RecvMsg(r); err != nil {
		t.Fatal(err)
	}
	p := r.GetProgress()
	if p.GetDocuments() != 3 || len(p.GetUnread()) != 1 || p.GetUnread()[0].GetIndex() != 0 ||
		describe(status.FromProto(p.GetUnread()[0].GetError()).Err()) != "InvalidArgument MESSAGE_BROKEN" {
		t.Errorf("progress %v", p)
	}
}

// scrape returns the metrics of a server.
func scrape(f *fixture) string {
	w := httptest.NewRecorder()
	f.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// TestOversized: gRPC itself refuses a message over the limit of messages, and ends
// the stream; the server counts it as what it is.
func TestOversized(t *testing.T) {
	f := serve(t, func(c *Config) { c.MaxDocument = 64 << 10 })
	st, err := f.clean.CleanStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Send(&pb.CleanStreamRequest{Document: textDoc("a", ferry)}); err != nil {
		t.Fatal(err)
	}
	if r, err := st.Recv(); err != nil || r.GetId() != "a" {
		t.Fatal(r, err)
	}
	st.Send(&pb.CleanStreamRequest{Document: textDoc("b", strings.Repeat("a", 2<<20))})
	if _, err := st.Recv(); describe(err) != "ResourceExhausted" || !strings.Contains(err.Error(), "larger than max") {
		t.Error(err)
	}
	want := `winnow_calls_total{code="ResourceExhausted",method="/winnow.v1.CleanService/CleanStream"} 1`
	for got, until := "", time.Now().Add(10*time.Second); !strings.Contains(got, want); {
		if time.Now().After(until) {
			t.Fatalf("the metrics hold no %s:\n%s", want, got)
		}
		time.Sleep(10 * time.Millisecond)
		got = scrape(f)
	}
}
