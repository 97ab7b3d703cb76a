package server

import (
	"bytes"
	"context"
	"testing"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"winnow/clean"
	pb "winnow/proto/winnow/v1"
	"winnow/rules"
)

// FuzzUnpack: whatever the bytes, unpacking ends with at most limit bytes or
// with an error that may travel.
func FuzzUnpack(f *testing.F) {
	const limit = 1 << 12
	f.Add(uint8(2), gzipped("some text"))
	f.Add(uint8(3), zstded("some text"))
	f.Add(uint8(2), gzipped(string(make([]byte, 1<<16))))
	f.Add(uint8(3), zstded(string(make([]byte, 1<<16))))
	u := inflater{limit: limit}
	f.Fuzz(func(t *testing.T, enc uint8, packed []byte) {
		out, err := u.unpack(pb.ContentEncoding(enc), packed)
		if err != nil {
			if _, ok := status.FromError(err); !ok {
				t.Errorf("an error that may not travel: %v", err)
			}
			return
		}
		if len(out) > limit {
			t.Errorf("%d bytes", len(out))
		}
		// What came out packs and unpacks to itself.
		again, err := u.unpack(pb.ContentEncoding_CONTENT_ENCODING_GZIP, gzipped(string(out)))
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("%d bytes come back as %d, %v", len(out), len(again), err)
		}
	})
}

// FuzzRequest: whatever a request holds, it is cleaned or refused with an error
// that may travel, and what was removed goes back in.
func FuzzRequest(f *testing.F) {
	for _, req := range []*pb.CleanRequest{
		{Document: textDoc("a", ferry+"\nPost a Comment\n"), Options: &pb.CleanOptions{OffsetUnit: pb.OffsetUnit_OFFSET_UNIT_UTF16}},
		{Document: htmlDoc("b", article(3)), Options: &pb.CleanOptions{Forms: []pb.OutputForm{1, 2}, Captions: true}},
		{Document: &pb.Document{Source: &pb.Document_Text{Text: gzipped("x")}, ContentEncoding: 2}},
	} {
		b, err := proto.Marshal(req)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	set, err := rules.NewSet(must(stub())...)
	if err != nil {
		f.Fatal(err)
	}
	engine := clean.New(set)
	unpack := inflater{limit: 1 << 16}
	f.Fuzz(func(t *testing.T, b []byte) {
		var req pb.CleanRequest
		if proto.Unmarshal(b, &req) != nil {
			return
		}
		p, err := planOf(req.GetOptions())
		if err == nil {
			var in clean.Input
			if in, err = inputOf(req.GetDocument()); err == nil {
				if in.Source, err = unpack.unpack(req.GetDocument().GetContentEncoding(), in.Source); err == nil {
					err = cleanOne(t, engine, in, p)
				}
			}
		}
		if err == nil {
			return
		}
		err, _ = wire(context.Background(), err)
		if st, ok := status.FromError(err); !ok || reasonOf(err) == string(internal) || proto.Size(st.Proto()) > 16<<10 {
			t.Errorf("%d bytes: %v", proto.Size(st.Proto()), err)
		}
	})
}

func cleanOne(t *testing.T, engine Engine, in clean.Input, p *plan) error {
	res, err := engine.Clean(context.Background(), in, p.options)
	if err != nil {
		return err
	}
	m := resultOf(in, res, p, 0)
	if _, err := proto.Marshal(m); err != nil {
		t.Errorf("cannot be encoded: %v", err)
	}
	if p.full && restored(m) != res.Document.Text {
		t.Error("cannot be put together again")
	}
	return nil
}
