package extract

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func countNodes(t testing.TB, src string) (int, bool) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(src))
	if err != nil {
		return 0, false // nested too deep
	}
	return 1 + below(doc), true
}

func TestEstimateNodes(t *testing.T) {
	many := func(s string) string { return strings.Repeat(s, 200) }
	differing := func(format string) string {
		var b strings.Builder
		for i := range 100 {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for _, src := range []string{
		"", "a", many("<p>"), many("<p>a</p>"), many("</p>"), many("</br>"), many("<!-- -->"), many("<a>x"), many("<?x>"),
		many("<table><td>x</table>"), many("<b>x<p>"), many("<b><p></b>"), many("<i><b><p></i></b>"),
		differing("<b id=%d>") + many("<p>x"),
		differing("<b id='>%d'>") + many("<p>x"),
		differing("<b id=%d><i>") + strings.Repeat("</b>x", 100),
		differing("<b id=%d>") + "<table><td>" + many("</b>") + "</table>" + many("<p>x"),
		differing("<b id=%d>") + "<!--" + many("</b>") + "-->" + many("<p>x"),
		differing("<b id=%d>") + "<textarea>" + many("</b>") + "</textarea>" + many("<p>x"),
		differing("<b id=%d>") + "<p title='" + many("</b>") + "'>" + many("<p>x"),
		differing("<b id=%d>") + "<select>" + many("</b>") + "</select>" + many("<p>x"),
		differing("<b id=%d>") + "<svg><desc>" + many("</b>") + "</desc></svg>" + many("<p>x"),
		"<svg><style>" + differing("<b id=%d>") + "</style></svg>" + many("<p>x"),
		"<script>'<p title=\"</script>" + differing("<b id=%d>") + many("<p>x") + "\">",
	} {
		n, ok := countNodes(t, src)
		if !ok {
			t.Errorf("too deep: %.60q", src)
			continue
		}
		// The parser makes up html, head and body, and rows around cells.
		if e := overestimate([]byte(src), 1<<30); n > 3*e+4 {
			t.Errorf("%d nodes, over-estimated as %d: %.60q", n, e, src)
		}
		if e := tokenEstimate([]byte(src), 1<<30); n > 3*e+4 {
			t.Errorf("%d nodes, estimated as %d: %.60q", n, e, src)
		}
	}
}

// TestEstimateIsNear makes sure that ordinary mark-up is not refused.
func TestEstimateIsNear(t *testing.T) {
	src := strings.Repeat(`<div class="x"><p>a <b>b</b> <a href="y"><i class='z'>c</i></a></p><!-- > --><ul><li><em>d</em></ul></div>`, 1000) +
		`<script>` + strings.Repeat(`x = "<b id=1><p>" + "</b>";`, 1000) + `</script>`
	n, _ := countNodes(t, src)
	if e := tokenEstimate([]byte(src), 1<<30); e < n || e > 3*n/2 {
		t.Errorf("%d nodes, estimated as %d", n, e)
	}
}

// TestEstimateStops makes sure that the estimate takes no longer than it must.
func TestEstimateStops(t *testing.T) {
	src := bytes.Repeat([]byte("<p>"), 1000)
	for _, f := range []func([]byte, int) int{overestimate, tokenEstimate} {
		if n := f(src, 10); n < 11 || n > 12 {
			t.Errorf("stopped at %d", n)
		}
	}
}

func FuzzEstimate(f *testing.F) {
	f.Add([]byte("<b id=1><i><p></b>x<table><td></i><a><a></table><svg><style><b>"))
	f.Add([]byte("<u><p title='</u>'><!-- </u> --><select></u></select><p>x"))
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 1<<12 {
			return
		}
		// Repetition turns a small error into a large one.
		page := string(bytes.Repeat(src, 20))
		n, ok := countNodes(t, page)
		if !ok {
			return
		}
		if e := overestimate([]byte(page), 1<<30); n > 8*e+20 {
			t.Errorf("%d nodes, over-estimated as %d", n, e)
		}
		if e := tokenEstimate([]byte(page), 1<<30); n > 8*e+20 {
			t.Errorf("%d nodes, estimated as %d", n, e)
		}
	})
}
