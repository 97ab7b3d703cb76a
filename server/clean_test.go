package server

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"winnow/clean"
	pb "winnow/proto/winnow/v1"
)

func gzipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.Bytes()
}

func zstded(s string) []byte {
	w, _ := zstd.NewWriter(nil)
	defer w.Close()
	return w.EncodeAll([]byte(s), nil)
}

// TestSameAsInProcess checks the fourth law: the same bytes give the same result
// over the wire, in one call, in a stream, packed or not.
func TestSameAsInProcess(t *testing.T) {
	f := serve(t, func(c *Config) { c.LoadRules = builtin })
	engine, err := clean.Default()
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	stream, err := f.clean.CleanStream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	inputs := seeds(t)
	inputs["page"] = article(12)
	removals := 0
	for name, content := range inputs {
		isPage := name == "page"
		want, err := engine.Clean(ctx, clean.Input{ID: name, IsPage: isPage, Source: []byte(content)}, clean.Options{})
		if err != nil {
			t.Fatal(err)
		}
		removals += len(want.Outcome.Removals)
		doc := func(b []byte, enc pb.ContentEncoding) *pb.Document {
			if isPage {
				return &pb.Document{Id: name, Source: &pb.Document_Html{Html: b}, ContentEncoding: enc}
			}
			return &pb.Document{Id: name, Source: &pb.Document_Text{Text: b}, ContentEncoding: enc}
		}
		var got []*pb.CleanResult
		for _, d := range []*pb.Document{
			doc([]byte(content), pb.ContentEncoding_CONTENT_ENCODING_UNSPECIFIED),
			doc(gzipped(content), pb.ContentEncoding_CONTENT_ENCODING_GZIP),
			doc(zstded(content), pb.ContentEncoding_CONTENT_ENCODING_ZSTD),
		} {
			resp, err := f.clean.Clean(ctx, &pb.CleanRequest{Document: d})
			if err != nil {
				t.Fatal(name, err)
			}
			got = append(got, resp.GetResult())
		}
		if err := stream.Send(&pb.CleanStreamRequest{Document: doc([]byte(content), 0)}); err != nil {
			t.Fatal(err)
		}
		reply, err := stream.Recv()
		if err != nil || reply.GetResult() == nil {
			t.Fatal(name, reply, err)
		}
		got = append(got, reply.GetResult())

		for i, r := range got {
			r.Timings = nil
			got[0].Timings = nil
			if !proto.Equal(r, got[0]) {
				t.Errorf("%s: way %d gives another result", name, i)
			}
		}
		r := got[0]
		if string(r.GetCleanText()) != want.Outcome.Clean || r.GetRevision() != want.Revision ||
			r.GetSourceSha256() != want.Sums.Source || r.GetCleanSha256() != want.Sums.Clean || len(r.GetRemoved()) != len(want.Outcome.Removals) {
			t.Errorf("%s: not the result in process", name)
		}
		for i, s := range r.GetRemoved() {
			w := want.Outcome.Removals[i]
			if string(s.GetText()) != w.Span.In(want.Document.Text) || int(s.GetExtractedRange().GetStart()) != w.Span.Start || int(s.GetCleanOffset()) != w.CleanOffset {
				t.Errorf("%s: removal %d: got %v, want %v", name, i, s, w)
			}
			if !isPage && !proto.Equal(s.GetSourceRange(), s.GetExtractedRange()) {
				t.Errorf("%s: source range %v", name, s.GetSourceRange())
			}
		}
		if back := restored(r); back != want.Document.Text {
			t.Errorf("%s: restored %d bytes, want %d", name, len(back), len(want.Document.Text))
		}
		if isPage != (len(r.GetExtractedText()) > 0) {
			t.Errorf("%s: extracted text of %d bytes travelled", name, len(r.GetExtractedText()))
		}
	}
	if removals < 8 {
		t.Errorf("only %d removals in all: the comparison shows little", removals)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
}

// restored puts the enforced removals back.
func restored(r *pb.CleanResult) string {
	out, at := "", int32(0)
	for _, s := range r.GetRemoved() {
		if s.GetMode() == pb.Mode_MODE_ENFORCED {
			out += string(r.GetCleanText()[at:s.GetCleanOffset()]) + string(s.GetText())
			at = s.GetCleanOffset()
		}
	}
	return out + string(r.GetCleanText()[at:])
}

func TestBadInput(t *testing.T) {
	const limit = 256 << 10
	f := serve(t, func(c *Config) { c.MaxDocument = limit; c.Timeout = 20 * time.Second })
	bomb := gzipped(strings.Repeat("\x00", 50<<20))
	for _, c := range []struct {
		name string
		req  *pb.CleanRequest
		want string
	}{
		{"nothing", &pb.CleanRequest{}, "InvalidArgument INVALID_OPTION document"},
		{"no source", &pb.CleanRequest{Document: &pb.Document{Id: "x"}}, "InvalidArgument INVALID_OPTION document"},
		{"empty text", &pb.CleanRequest{Document: textDoc("", "")}, "OK"},
		{"empty page", &pb.CleanRequest{Document: htmlDoc("", "")}, "OK"},
		{"no UTF-8", &pb.CleanRequest{Document: textDoc("", "a\xff\xfe\x00b\n")}, "OK"},
		{"unknown charset", &pb.CleanRequest{Document: &pb.Document{Charset: "klingon", Source: &pb.Document_Html{Html: []byte("<p>\xe4\xff</p>")}}},
			"InvalidArgument CHARSET_UNKNOWN document.charset"},
		{"deep", &pb.CleanRequest{Document: htmlDoc("", strings.Repeat("<div>", 10_000))}, "InvalidArgument HTML_TOO_DEEP"},
		{"at the limit", &pb.CleanRequest{Document: textDoc("", strings.Repeat("a", limit))}, "OK"},
		{"over the limit", &pb.CleanRequest{Document: textDoc("", strings.Repeat("a", limit+1))}, "ResourceExhausted INPUT_TOO_LARGE"},
		{"page over the limit", &pb.CleanRequest{Document: htmlDoc("", strings.Repeat("<p>", limit))}, "ResourceExhausted INPUT_TOO_LARGE"},
		{"gzip bomb", &pb.CleanRequest{Document: &pb.Document{Source: &pb.Document_Text{Text: bomb}, ContentEncoding: pb.ContentEncoding_CONTENT_ENCODING_GZIP}},
			"ResourceExhausted INPUT_TOO_LARGE"},
		{"zstd bomb", &pb.CleanRequest{Document: &pb.Document{Source: &pb.Document_Html{Html: zstded(strings.Repeat("a", 50<<20))}, ContentEncoding: pb.ContentEncoding_CONTENT_ENCODING_ZSTD}},
			"ResourceExhausted INPUT_TOO_LARGE"},
		{"gzip cut off", &pb.CleanRequest{Document: &pb.Document{Source: &pb.Document_Text{Text: gzipped("some text")[:20]}, ContentEncoding: pb.ContentEncoding_CONTENT_ENCODING_GZIP}},
			"InvalidArgument ENCODING_BROKEN"},
		{"zstd cut off", &pb.CleanRequest{Document: &pb.Document{Source: &pb.Document_Text{Text: zstded("some text, and more of it")[:12]}, ContentEncoding: pb.ContentEncoding_CONTENT_ENCODING_ZSTD}},
			"InvalidArgument ENCODING_BROKEN"},
		{"empty gzip", &pb.CleanRequest{Document: &pb.Document{Source: &pb.Document_Text{}, ContentEncoding: pb.ContentEncoding_CONTENT_ENCODING_GZIP}},
			"InvalidArgument ENCODING_BROKEN"},
		{"not zstd", &pb.CleanRequest{Document: &pb.Document{Source: &pb.Document_Text{Text: []byte("plain")}, ContentEncoding: pb.ContentEncoding_CONTENT_ENCODING_ZSTD}},
			"InvalidArgument ENCODING_BROKEN"},
		{"unknown encoding", &pb.CleanRequest{Document: &pb.Document{Source: &pb.Document_Text{}, ContentEncoding: 99}}, "InvalidArgument INVALID_OPTION document.content_encoding"},
		{"long fields", &pb.CleanRequest{Document: &pb.Document{Id: strings.Repeat("i", 1025), Url: strings.Repeat("u", 8193), Source: &pb.Document_Text{}}},
			"InvalidArgument INVALID_OPTION document.id document.url"},
		{"no time", &pb.CleanRequest{Document: &pb.Document{Source: &pb.Document_Text{}, CapturedAt: &timestamppb.Timestamp{Nanos: -1}}},
			"InvalidArgument INVALID_OPTION document.captured_at"},
		{"options", &pb.CleanRequest{Document: textDoc("", "x"), Options: &pb.CleanOptions{Profile: 9, Remove: []pb.Category{0, pb.Category_CATEGORY_BIO},
			Keep: []pb.Category{pb.Category_CATEGORY_BIO}, MinConfidence: math.NaN(), Budget: -0.5, Engine: "x", OffsetUnit: 9, View: 9,
			Forms: []pb.OutputForm{9}, Blocks: "perhaps"}},
			"InvalidArgument INVALID_OPTION options.profile options.offset_unit options.view options.remove[0] options.keep options.min_confidence options.budget options.engine options.blocks options.forms[0]"},
		{"a ledger in the basic view", &pb.CleanRequest{Document: textDoc("", "x"), Options: &pb.CleanOptions{Ledger: true, View: pb.View_VIEW_BASIC}},
			"InvalidArgument INVALID_OPTION options.ledger"},
		{"forms of text", &pb.CleanRequest{Document: textDoc("", "x"), Options: &pb.CleanOptions{Forms: []pb.OutputForm{pb.OutputForm_OUTPUT_FORM_MARKDOWN}}},
			"InvalidArgument INVALID_OPTION options.forms"},
		{"packs", &pb.CleanRequest{Document: textDoc("", "x"), Options: &pb.CleanOptions{Packs: []*pb.RulePack{{Name: "a.yaml"}}}},
			"PermissionDenied RULES_NOT_ALLOWED"},
		{"panic", &pb.CleanRequest{Document: textDoc("panic", "x")}, "Internal INTERNAL"},
		{"fault", &pb.CleanRequest{Document: textDoc("fault", "x")}, "Internal INTERNAL"},
	} {
		_, err := f.clean.Clean(t.Context(), c.req)
		if got := describe(err); got != c.want {
			t.Errorf("%s: got %s (%v)\nwant %s", c.name, got, err, c.want)
		}
		if strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%s: internal detail on the wire: %v", c.name, err)
		}
	}
	// The server still works.
	if _, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("", "text")}); err != nil {
		t.Error(err)
	}
}

// TestOptionMessages: a field that cannot be used is named once, with what it can be.
func TestOptionMessages(t *testing.T) {
	f := serve(t, nil)
	_, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("", "x"), Options: &pb.CleanOptions{Engine: "x", Blocks: "perhaps"}})
	want := `options.engine: no engine named "x"; there are "shiori" and "readeck"; options.blocks: blocks cannot be "perhaps"; there are "on" and "off"`
	if got := status.Convert(err).Message(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestErrorsStaySmall: details travel in trailers, which clients bound.
func TestErrorsStaySmall(t *testing.T) {
	f := serve(t, nil)
	o := &pb.CleanOptions{Engine: strings.Repeat("e", 100_000)}
	for range 10_000 {
		o.Remove = append(o.Remove, 99)
	}
	_, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("", "x"), Options: o})
	if n := proto.Size(status.Convert(err).Proto()); n > 8<<10 {
		t.Errorf("the error has %d bytes", n)
	}
	if got := describe(err); !strings.HasPrefix(got, "InvalidArgument INVALID_OPTION options.remove[0] ") {
		t.Error(got)
	}
}

func TestViewsAndUnits(t *testing.T) {
	f := serve(t, nil)
	in := "𝔉erry talks in Zürich went on for a week.\nThe board will meet the owners again on Friday.\n\nNo comments:\n\nPost a Comment\n"
	for _, unit := range []pb.OffsetUnit{pb.OffsetUnit_OFFSET_UNIT_UTF16, pb.OffsetUnit_OFFSET_UNIT_CODE_POINT} {
		resp, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("", in), Options: &pb.CleanOptions{OffsetUnit: unit}})
		if err != nil {
			t.Fatal(err)
		}
		removed := resp.GetResult().GetRemoved()
		if len(removed) == 0 {
			t.Fatal("nothing removed")
		}
		for _, s := range removed {
			r := s.GetUnitExtractedRange()
			var cut string
			if unit == pb.OffsetUnit_OFFSET_UNIT_UTF16 {
				cut = string(utf16.Decode(utf16.Encode([]rune(in))[r.GetStart():r.GetEnd()]))
			} else {
				cut = string([]rune(in)[r.GetStart():r.GetEnd()])
			}
			if cut != string(s.GetText()) {
				t.Errorf("%v: %q, want %q", unit, cut, s.GetText())
			}
			if s.GetUnitCleanOffset() >= s.GetCleanOffset() {
				t.Errorf("%v: clean offset %d of %d bytes", unit, s.GetUnitCleanOffset(), s.GetCleanOffset())
			}
		}
	}
	resp, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: htmlDoc("", article(8)),
		Options: &pb.CleanOptions{View: pb.View_VIEW_BASIC, Forms: []pb.OutputForm{pb.OutputForm_OUTPUT_FORM_MARKDOWN, pb.OutputForm_OUTPUT_FORM_HTML}}})
	if err != nil {
		t.Fatal(err)
	}
	r := resp.GetResult()
	if len(r.GetExtractedText()) != 0 || !bytes.Contains(r.GetHtml(), []byte("<p>")) || len(r.GetMarkdown()) == 0 || r.GetMetadata().GetTitle() != "The ferry line" {
		t.Errorf("basic view: %d bytes extracted, %d HTML, %d Markdown, title %q", len(r.GetExtractedText()), len(r.GetHtml()), len(r.GetMarkdown()), r.GetMetadata().GetTitle())
	}
	for _, s := range r.GetRemoved() {
		if len(s.GetText()) > 0 {
			t.Error("removed text in the basic view")
		}
	}
}

func TestShadowAll(t *testing.T) {
	f := serve(t, nil)
	in := ferry + "\nPost a Comment\n"
	resp, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("", in), Options: &pb.CleanOptions{ShadowAll: true}})
	if err != nil {
		t.Fatal(err)
	}
	if string(resp.GetResult().GetCleanText()) != in || len(resp.GetResult().GetRemoved()) == 0 {
		t.Error("shadow_all cut something, or reported nothing")
	}
	for _, s := range resp.GetResult().GetRemoved() {
		if s.GetMode() != pb.Mode_MODE_SHADOW {
			t.Error(s)
		}
	}
}

func TestExplain(t *testing.T) {
	f := serve(t, nil)
	in := "Zürich: talks on the ferry line went on for a week.\nThe board will meet the owners again on Friday.\n\nNo comments:\n\nPost a Comment\n"
	at := func(s string) int32 { return int32(strings.Index(in, s)) }
	for _, c := range []struct {
		name string
		req  *pb.ExplainRequest
		want string
	}{
		{"removed", &pb.ExplainRequest{Place: &pb.ExplainRequest_Offset{Offset: at("Post a")}}, "OK"},
		{"code points", &pb.ExplainRequest{Place: &pb.ExplainRequest_Offset{Offset: at("Post a") - 1}, Options: &pb.CleanOptions{OffsetUnit: pb.OffsetUnit_OFFSET_UNIT_CODE_POINT}}, "OK"},
		{"range", &pb.ExplainRequest{Place: &pb.ExplainRequest_Range{Range: &pb.Range{Start: at("Post a"), End: at("Post a") + 3}}}, "OK"},
		{"kept", &pb.ExplainRequest{Place: &pb.ExplainRequest_Offset{Offset: 3}}, "OK kept"},
		{"nowhere", &pb.ExplainRequest{}, "InvalidArgument INVALID_OPTION place"},
		{"outside", &pb.ExplainRequest{Place: &pb.ExplainRequest_Offset{Offset: int32(len(in))}}, "InvalidArgument INVALID_OPTION place"},
		{"outside in code points", &pb.ExplainRequest{Place: &pb.ExplainRequest_Offset{Offset: int32(len(in)) - 1},
			Options: &pb.CleanOptions{OffsetUnit: pb.OffsetUnit_OFFSET_UNIT_CODE_POINT}}, "InvalidArgument INVALID_OPTION place"},
		{"negative", &pb.ExplainRequest{Place: &pb.ExplainRequest_Offset{Offset: -1}}, "InvalidArgument INVALID_OPTION offset"},
		{"empty range", &pb.ExplainRequest{Place: &pb.ExplainRequest_Range{Range: &pb.Range{Start: 3, End: 3}}}, "InvalidArgument INVALID_OPTION range"},
		{"large range", &pb.ExplainRequest{Place: &pb.ExplainRequest_Range{Range: &pb.Range{Start: 3, End: math.MaxInt32}}}, "InvalidArgument INVALID_OPTION place"},
	} {
		c.req.Document = textDoc("", in)
		resp, err := f.clean.Explain(t.Context(), c.req)
		got := describe(err)
		if err == nil && resp.GetRemoved() == nil {
			got += " kept"
		}
		if got != c.want {
			t.Errorf("%s: got %s (%v), want %s", c.name, got, err, c.want)
		}
		if c.want == "OK" {
			if !strings.Contains(string(resp.GetText()), "Post a Comment") || len(resp.GetFindings()) == 0 || resp.GetFindings()[0].GetVerdict() != pb.Verdict_VERDICT_CUT {
				t.Errorf("%s: %v", c.name, resp)
			}
		}
	}
}

func TestRequestPacks(t *testing.T) {
	f := serve(t, func(c *Config) { c.AllowRequestRules = true })
	before := f.engine.Rules().Revision()
	resp, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("", ferry+"\nSee the timetable of the ferry\n"), Options: &pb.CleanOptions{Packs: []*pb.RulePack{{Name: "ferry.yaml", Yaml: ferryPack}}}})
	if err != nil {
		t.Fatal(err)
	}
	r := resp.GetResult()
	if len(r.GetRemoved()) != 1 || r.GetRemoved()[0].GetRules()[0] != "ferry/timetable" || r.GetRevision() == before {
		t.Error(r)
	}
	if f.engine.Rules().Revision() != before {
		t.Error("the rules of a request stay in force")
	}
	_, err = f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("", "x"), Options: &pb.CleanOptions{Packs: []*pb.RulePack{{Name: "bad.yaml", Yaml: strings.Replace(ferryPack, "regexp", "regxp", 1)}}}})
	if got := describe(err); !strings.HasPrefix(got, "InvalidArgument RULES_BROKEN options.packs") || !strings.Contains(err.Error(), "bad.yaml:") {
		t.Errorf("%s: %v", got, err)
	}
}

func TestDeadline(t *testing.T) {
	f := serve(t, func(c *Config) { c.Timeout = 50 * time.Millisecond })
	began := time.Now()
	_, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("block", "x")})
	if got := describe(err); got != "DeadlineExceeded DEADLINE" {
		t.Error(got)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Error("answered after", took)
	}
	// The caller's own deadline, with work that does not end.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err = f.clean.Clean(ctx, &pb.CleanRequest{Document: textDoc("block", "x")}); code(err).String() != "DeadlineExceeded" {
		t.Error(err)
	}
}

func TestRequestID(t *testing.T) {
	f := serve(t, nil)
	for given, keep := range map[string]bool{"": false, "trace-17": true, "with space": false, strings.Repeat("x", 200): false} {
		ctx := t.Context()
		if given != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, requestIDKey, given)
		}
		var header metadata.MD
		if _, err := f.clean.Clean(ctx, &pb.CleanRequest{Document: textDoc("", "x")}, grpc.Header(&header)); err != nil {
			t.Fatal(err)
		}
		got := header.Get(requestIDKey)
		if len(got) != 1 || got[0] == "" || (got[0] == given) != keep {
			t.Errorf("%q: got %q", given, got)
		}
	}
}

// TestTablesAreComplete: every value of an enum has a value of the domain, and
// none of them two.
func TestTablesAreComplete(t *testing.T) {
	for name, c := range map[string]struct{ table, values any }{
		"category": {categories, pb.Category_name}, "stage": {stages, pb.Stage_name},
		"mode": {modes, pb.Mode_name}, "verdict": {verdicts, pb.Verdict_name},
	} {
		if got, want := reflect.ValueOf(c.table).Len(), reflect.ValueOf(c.values).Len()-1; got != want {
			t.Errorf("%s: %d in the table, %d in the proto", name, got, want)
		}
		seen := map[any]bool{}
		for _, k := range reflect.ValueOf(c.table).MapKeys() {
			v := reflect.ValueOf(c.table).MapIndex(k).Interface()
			if seen[v] {
				t.Errorf("%s: %v twice", name, v)
			}
			seen[v] = true
		}
	}
}
