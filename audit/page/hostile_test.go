package page_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// Texts that want to be more than text: mark-up, template code, characters that
// turn the reading direction, marks that pile up, bytes that are no UTF-8.
const (
	hostileScript = `<script>document.title="owned"</script><img src=x onerror="document.title='owned'"><svg onload=alert(1)>"><b>'` + "`" + `{{.CSRF}}</del></div></form><!--`
	hostileBidi   = "user\u202Egpj.exe\u2066\u2067\u200F left open \u202B and \u2028 more\u0085 \x1b[31m \u200B\u200B\u200B\ufeff\u00ad"
)

var hostileMarks = "Z" + strings.Repeat("\u0315\u0489\u0337\u034b", 300) + "algo"

// hostileDecision is a decision in which everything that can be text is hostile.
func hostileDecision(at time.Time) *audit.Decision {
	bad := hostileScript + hostileBidi + hostileMarks
	d := &audit.Decision{Document: "d" + bad, URL: "javascript:alert(1)//" + bad, Publisher: text.Publisher("p" + bad), Language: bad, Title: "t" + bad,
		Time: at, Page: true, Revision: "r" + bad, Profile: "standard" + bad,
		Warnings: []rules.Warning{{Code: "C" + bad, Message: "m" + bad}},
		Dropped:  []audit.Dropped{{Start: 0, End: len(bad), Reason: "why" + bad, Text: bad}}}
	var whole, clean strings.Builder
	for i, mode := range []rules.Mode{rules.Enforce, rules.Shadow, rules.Enforce} {
		kept := fmt.Sprintf("%s\nkept %d %s\n", bad, i, bad)
		whole.WriteString(kept)
		clean.WriteString(kept)
		gone := "\"Gone to Miriam Okafor, 4711\" " + bad + "\xff\xfe\x00"
		span := text.Span{Start: whole.Len(), End: whole.Len() + len(gone)}
		d.Removals = append(d.Removals, audit.Removal{N: i, Span: span, CleanOffset: clean.Len(), Text: gone, Mode: mode, Stage: rules.StageRule,
			Category: rules.Category("k" + bad), Confidence: .5, Matches: []audit.Match{{Rule: rules.ID("rule/" + bad), Span: span, Reason: bad}}})
		whole.WriteString(gone)
		if mode == rules.Shadow {
			clean.WriteString(gone)
		}
	}
	d.Clean = clean.String()
	d.Sums = audit.Sums{Source: sum(whole.String()), Extracted: sum(whole.String()), Clean: sum(d.Clean)}
	return d
}

// hugeDecision has a removal of 5 MB, a kept line of 5 MB, and n small removals.
func hugeDecision(at time.Time, n int) *audit.Decision {
	d := &audit.Decision{Document: "huge", Title: "Huge", Publisher: "huge.example", Time: at, Revision: "aaaabbbbcccc", Profile: "standard"}
	var whole, clean strings.Builder
	take := func(t string) {
		span := text.Span{Start: whole.Len(), End: whole.Len() + len(t)}
		d.Removals = append(d.Removals, audit.Removal{N: len(d.Removals), Span: span, CleanOffset: clean.Len(), Text: t, Mode: rules.Enforce,
			Stage: rules.StageRule, Category: rules.Ad, Confidence: .9, Matches: []audit.Match{{Rule: "huge.example/ads", Span: span}}})
		whole.WriteString(t)
	}
	keep := func(t string) { whole.WriteString(t); clean.WriteString(t) }
	take(strings.Repeat("A span without an end. \u202E", 200_000))
	keep(strings.Repeat("A line without a break. ", 210_000) + "\n")
	for i := range n {
		take(fmt.Sprintf("Advertisement %d.", i))
		keep(" . \n")
	}
	d.Clean = clean.String()
	d.Sums = audit.Sums{Source: sum(whole.String()), Extracted: sum(whole.String()), Clean: sum(d.Clean)}
	return d
}

// safe fails where a page holds what a hostile record put into it unescaped, or
// what nobody can see.
func safe(t *testing.T, path, body string) {
	t.Helper()
	for _, never := range []string{"<script>", "onerror=\"", "<svg onload", "<img", "<b>", "</form><!--", "href=\"javascript", `src="x`} {
		if i := strings.Index(body, never); i >= 0 {
			t.Errorf("%s holds %q: …%.200s", path, never, body[max(0, i-60):])
		}
	}
	for i, r := range body {
		if r == unicode.ReplacementChar || r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 {
			t.Errorf("%s holds %U: …%q", path, r, body[max(0, i-60):min(len(body), i+20)])
			return
		}
	}
	for _, tag := range []string{"div", "del", "ins", "form", "details", "article", "bdi", "table", "main", "section"} {
		if open, shut := strings.Count(body, "<"+tag+">")+strings.Count(body, "<"+tag+" "), strings.Count(body, "</"+tag+">"); open != shut {
			t.Errorf("%s: %d <%s> and %d of their ends", path, open, tag, shut)
		}
	}
}

const largestAnswer = 1 << 20 // bytes

func TestHostile(t *testing.T) {
	f := newFixture(t, nil)
	d := hostileDecision(f.clock)
	rule, publisher := string(d.Removals[0].Matches[0].Rule), string(d.Publisher)
	id := f.keep("hostile", d)
	v := f.visitor()
	v.get("/")
	got, err := f.store.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Publisher) != publisher || string(got.Removals[0].Matches[0].Rule) != rule {
		t.Fatal("the record changed what was put into it")
	}
	for _, path := range []string{"/", "/documents", "/documents/1", "/documents/1/clean", "/documents/1/restored", "/documents/1/removal/0", "/documents/1/dropped",
		"/rules", "/rule?id=" + escape(rule), "/publishers", "/publisher?name=" + escape(publisher), "/search?q=okafor", "/review", "/history",
		"/search?q=" + escape(`"><script>alert(1)</script>`), "/rule?id=" + escape(`"><script>alert(1)</script>`), "/documents/" + escape("<script>"),
		"/publisher?name=" + escape("<b>\u202E")} {
		resp, body := v.do("GET", path, nil, nil)
		if resp.StatusCode >= 500 {
			t.Errorf("%.60s: %s", path, resp.Status)
		}
		if len(body) > largestAnswer {
			t.Errorf("%.60s: %d bytes", path, len(body))
		}
		safe(t, fmt.Sprintf("%.60s", path), body)
	}
	wants(t, v.get("/documents/1"), "&lt;script&gt;", `<span class="ctl" title="U&#43;202E right-to-left override">RLO</span>`, "ZWSP×3", `\xFF`)
}

func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// TestHuge: a document with 100,000 removals, one of them of 5 MB, comes in
// parts, each small and quick; the last is as quick as the first.
func TestHuge(t *testing.T) {
	if testing.Short() {
		t.Skip("a record of 20 MB")
	}
	const n = 100_000
	f := newFixture(t, nil)
	f.keep("huge", hugeDecision(f.clock, n))
	v := f.visitor()
	first := v.get("/documents/1")
	wants(t, first, "100\u202f001 removals", "MB more …", `rel="next"`)
	for _, path := range []string{"/documents/1", "/documents/1?part=2", "/documents/1?part=100000", "/documents/1?n=100000", "/documents/1?n=50000", "/documents/1/clean", "/documents/1/clean?part=50",
		"/documents/1/restored?part=300", "/documents/1/removal/0", "/documents/1/removal/0?part=7", "/", "/rule?id=huge.example%2Fads", "/publisher?name=huge.example", "/review", "/search?q=advertisement", "/documents"} {
		began := time.Now()
		resp, body := v.do("GET", path, nil, nil)
		took := time.Since(began)
		t.Logf("%-32s %7d bytes %v", path, len(body), took.Round(time.Millisecond))
		if resp.StatusCode != http.StatusOK || len(body) > largestAnswer || took > 10*time.Second {
			t.Errorf("%s: %s, %d bytes in %v", path, resp.Status, len(body), took)
		}
		safe(t, path, body)
	}
	wants(t, v.get("/documents/1?n=100000"), `id="r100000" open`, "Advertisement 99999.")
	wants(t, v.get("/documents/1?n=50000"), `id="r50000" open`, "Advertisement 49999.")
}
