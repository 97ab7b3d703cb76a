package server

import (
	"strings"
	"testing"
	"unicode"

	pb "winnow/proto/winnow/v1"
)

// TestLedger accounts for a page over the wire: all that can be seen is kept,
// dropped or removed, and what was not dropped is the extracted text.
func TestLedger(t *testing.T) {
	f := serve(t, func(c *Config) { c.LoadRules = builtin })
	page := "<html><body><nav><a href=/>Home</a></nav><article><h1>The ferry line</h1>" +
		strings.Repeat("<p>The ferry leaves the harbour at eight, whatever the weather, and returns when it has to, mostly before noon.</p>", 5) +
		"<p>Post a Comment</p></article><footer>All rights reserved</footer></body></html>"
	req := &pb.CleanRequest{Document: htmlDoc("p", page), Options: &pb.CleanOptions{Blocks: "off"}}
	plain, err := f.clean.Clean(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if l := plain.GetResult().GetLedger(); l != nil {
		t.Errorf("a ledger that nobody asked for: %v", l)
	}
	req.Options.Ledger = true
	resp, err := f.clean.Clean(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	res := resp.GetResult()
	size := map[pb.Fate]int{}
	removed := ""
	for _, e := range res.GetLedger() {
		size[e.GetFate()] += int(e.GetSize())
		s := e.GetSourceRange()
		if got := page[s.GetStart():s.GetEnd()]; got != string(e.GetText()) && e.GetFate() != pb.Fate_FATE_REMOVED {
			t.Errorf("the source of %q is %q", e.GetText(), got)
		}
		if x := e.GetExtractedRange(); x != nil && string(res.GetExtractedText()[x.GetStart():x.GetEnd()]) != string(e.GetText()) {
			t.Errorf("%q does not stand at %v", e.GetText(), x)
		}
		if e.GetFate() == pb.Fate_FATE_REMOVED {
			removed += string(e.GetText()) + " by " + strings.Join(e.GetRules(), ",")
		}
	}
	seen := func(s string) (n int) {
		for _, r := range s {
			if !unicode.IsSpace(r) {
				n += len(string(r))
			}
		}
		return n
	}
	if got, want := size[pb.Fate_FATE_KEPT], seen(string(res.GetCleanText())); got != want {
		t.Errorf("%d bytes are kept, the clean text has %d", got, want)
	}
	if got, want := size[pb.Fate_FATE_KEPT]+size[pb.Fate_FATE_REMOVED], seen(string(res.GetExtractedText())); got != want {
		t.Errorf("%d bytes came through extraction, the text has %d", got, want)
	}
	if !strings.HasPrefix(removed, "Post a Comment by ") {
		t.Errorf("removed: %q", removed)
	}
	if string(res.GetCleanText()) != string(plain.GetResult().GetCleanText()) {
		t.Error("the ledger changes the text")
	}
}
