package sqlstore

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"winnow/audit"
	"winnow/text"
)

// TestSaid: what matches say comes back byte for byte, whatever it is, and takes
// little where the model says it.
func TestSaid(t *testing.T) {
	model := func(i int) string {
		return fmt.Sprintf(`score %d.%d with what stands around it; its place in the text +2.1, "Security %d" first +1.2, the line before -0.4`, i%7, i%10, i%3)
	}
	says := []string{"", " ", "because", "1.5", " 1.5", " 1.5,", " +1.5, ", " -0.0,", " 00.1", " +.5", " 1.", " 1.55", " 999999.9", " 1234567.8", " +1.5,, -2.0",
		"; ;  ;", "a; b, c +1.0", `"x, +2.0" first +1.0`, "\xff 1.0 \x00", "score", "score 5.3", model(1), strings.Repeat(" its length", 9)}
	r := rand.New(rand.NewPCG(3, 4))
	parts := []string{" ", ",", ";", "+", "-", ".", "0", "1", "25", "score", " its length", `"w"`, "é", " 1.5", " +0.3,"}
	for range 2000 {
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		says = append(says, b.String())
	}
	s := openSQLite(t)
	f := folding{s: s}
	for n, rest := 1, says; len(rest) > 0; n = min(3*n, len(rest)) { // small blobs are not packed, large ones are
		var ms []audit.Match
		for _, reason := range rest[:n] {
			ms = append(ms, audit.Match{Rule: "any/model", Span: text.Span{Start: 3, End: 900}, Reason: reason})
		}
		rest = rest[n:]
		w := f.blank()
		w.matches(ms)
		in, err := s.unblob(f.blob(w.b))
		if err != nil {
			t.Fatal(err)
		}
		got := in.matches()
		if in.bad || in.b != "" || len(got) != n {
			t.Fatalf("%d of %d are read", len(got), n)
		}
		for i := range got {
			if !reflect.DeepEqual(got[i], ms[i]) {
				t.Errorf("%q became %q", ms[i].Reason, got[i].Reason)
			}
		}
	}
	w, plain := f.blank(), 0
	for i := range 20 {
		w.said(model(i))
		plain += len(model(i))
	}
	if len(w.b)*5 > plain {
		t.Errorf("%d bytes for %d", len(w.b), plain)
	}
}
