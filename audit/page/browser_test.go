package page_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow/audit"
	"winnow/audit/page"
	"winnow/rules"
	"winnow/text"
)

// TestAuditor is what the page is for, in a real browser and by keys alone: an
// auditor finds a wrong removal in the queue, marks it, sees the rule go to
// shadow mode, replays, and the document comes back whole.
func TestAuditor(t *testing.T) {
	b := newBrowser(t)
	f := newFixture(t, withToken)
	f.record("harbour", rightText)
	id := f.record("quay", wrongText)

	// Log in; the address that was asked for is where that leads.
	b.open(f.server.URL + "/review")
	b.fill("input[name=token]", token)
	b.fill("input[name=who]", "Ann Auditor")
	b.click("button.main")
	b.wait(`return location.pathname === '/review' && !!document.querySelector('.item')`)

	// The queue begins with the focus on what is riskiest. Mark it, and say why.
	if got := b.text(".item .text"); !strings.Contains(got, "Read more letters before judging, said Professor Miriam Okafor") {
		t.Fatalf("the queue begins with %q", got)
	}
	b.wait(`return document.activeElement.matches('.item')`)
	b.press("e")
	b.wait(`return document.activeElement.name === 'why'`)
	b.press("a sentence of the story\uE00C") // Escape
	b.press("w")
	b.wait(`return location.search.includes('marked=') && !!document.getElementById('done')`)
	if got := b.text("#done"); !strings.Contains(got, "Marked as wrong.") || !strings.Contains(got, "went to shadow mode") {
		t.Fatalf("after the mark: %q", got)
	}
	if got := b.text(".queue"); !strings.Contains(got, "Nothing waits for review") {
		t.Errorf("the queue still holds %q", got)
	}

	b.picture("auditor-1-marked")

	// The rule is in shadow mode; who did that, and why, stands beside it.
	b.click("#done a[href^='/rule']")
	b.wait(`return location.pathname === '/rule'`)
	if got := b.text("main .state"); got != "shadow" {
		t.Errorf("the rule is in mode %q", got)
	}
	if got := b.text("main"); !strings.Contains(got, "enforce → shadow by Ann Auditor") || !strings.Contains(got, "a sentence of the story") {
		t.Errorf("the rule's history: %q", got)
	}

	b.picture("auditor-2-rule")

	// Replayed under the rules in force, the document comes back whole.
	b.open(fmt.Sprintf("%s/documents/%d", f.server.URL, id))
	if got := b.text(".doc del"); !strings.Contains(got, "Read more letters") {
		t.Errorf("struck through is %q", got)
	}
	b.click(".cards form[action$='/replay'] button")
	b.wait(`return !!document.getElementById('outcome')`)
	if got := b.text("#outcome"); !strings.Contains(got, "The document comes back whole.") {
		t.Errorf("the replay says %q", got)
	}
	b.picture("auditor-3-replayed")
	if got := b.text("main .card"); !strings.Contains(got, "Read more letters before judging") {
		t.Errorf("what is left: %q", got)
	}
	var cut int
	b.eval(`return document.querySelectorAll('main .card del').length`, &cut)
	if cut != 0 {
		t.Errorf("%d places are still cut", cut)
	}
	for _, c := range b.complaints() {
		if !strings.Contains(c, "401") { // the page that asked for the token
			t.Errorf("the browser says: %s", c)
		}
	}
	if ms, err := f.store.Marks(context.Background(), id, ""); err != nil || len(ms) != 1 || ms[0].Who != "Ann Auditor" || ms[0].Why != "a sentence of the story" {
		t.Errorf("recorded: %+v, %v", ms, err)
	}
}

// TestKeys: every key does what the list of keys says.
func TestKeys(t *testing.T) {
	b := newBrowser(t)
	f := newFixture(t, nil)
	for i := range 25 {
		f.record("quay", quay(i))
	}
	f.record("harbour", rightText)
	at := func(css string) string { return fmt.Sprintf(`return document.activeElement.matches(%q)`, css) }

	b.open(f.server.URL + "/review")
	b.wait(at("#i0"))
	b.press("jj")
	b.wait(at("#i2"))
	b.press("k")
	b.wait(at("#i1"))
	var second, now string
	b.eval(`return document.querySelector('#i1 .doc-link').pathname`, &second)
	b.press("s") // puts the second off, and goes on with what is then the second
	b.wait(`return !!document.querySelector('.skipped') && ` + strings.TrimPrefix(at("#i1"), "return "))
	b.press("j")
	b.wait(at("#i2"))
	b.press("r") // marks the third, and goes on with what is then the third
	b.wait(`return location.search.includes('marked=') && ` + strings.TrimPrefix(at("#i2"), "return "))
	b.eval(`return [...document.querySelectorAll('.doc-link')].map((a) => a.pathname).join(' ')+' '`, &now)
	if got := b.text(".skipped"); strings.Contains(now, second+" ") || !strings.Contains(got, "You put off 1 removal.") {
		t.Errorf("%s was put off and stands in %s; %q", second, now, got)
	}
	if got := b.text("#done"); !strings.Contains(got, "Marked as right.") {
		t.Errorf("after the mark: %q", got)
	}
	b.press("?")
	b.wait(`return document.getElementById('keys').open`)
	b.press("j") // is not for the queue while the list is open
	b.press("?")
	b.wait(`return !document.getElementById('keys').open`)
	b.press("n")
	b.wait(`return location.search.includes('token=')`)
	b.press("p")
	b.wait(`return !location.search.includes('token=')`)
	b.wait(at("#i0"))
	b.press("o")
	b.wait(`return location.pathname.startsWith('/documents/') && document.querySelector('details.why').open`)
	b.press("o")
	b.wait(`return !document.querySelector('details.why').open`)
	b.press("/")
	b.wait(at("#q"))
	b.press("jkw") // are letters here
	var typed string
	b.eval(`return document.getElementById('q').value`, &typed)
	if typed != "jkw" {
		t.Errorf("typed %q", typed)
	}

	b.open(f.server.URL + fmt.Sprintf("/documents/%d", f.ids["harbour"]))
	b.press("j")
	b.wait(at("#r0 > summary"))
	b.press("j")
	b.wait(at("#r1 > summary"))
	b.press("k")
	b.press("e")
	b.wait(at("input[name=why-0]"))
	b.press("an advertisement\uE00C")
	b.press("r")
	b.wait(`return location.search.includes('marked=')`)
	if got := b.text("#r0"); !strings.Contains(got, "right") || !strings.Contains(got, "an advertisement") {
		t.Errorf("after the mark: %q", got)
	}
	// Text that is chosen is what b marks.
	b.eval(`getSelection().selectAllChildren(document.querySelector('.doc .line:not(.heads) .text')); return 0`, nil)
	b.press("b")
	b.wait(at("#kept-text"))
	b.eval(`return document.getElementById('kept-text').value`, &typed)
	if !strings.Contains(typed, "Ferries sail as usual") {
		t.Errorf("chosen is %q", typed)
	}
	for _, c := range b.complaints() {
		t.Errorf("the browser says: %s", c)
	}
}

// TestHostileInBrowser: what a record holds runs no script, loads nothing,
// breaks out of no box and turns no text around; and a document of 100,000
// removals can be worked with.
func TestHostileInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a record of 20 MB, and 30 pages of it")
	}
	b := newBrowser(t)
	f := newFixture(t, nil)
	bad := hostileDecision(f.clock)
	rule, publisher := string(bad.Removals[0].Matches[0].Rule), string(bad.Publisher)
	f.keep("hostile", bad)
	const n = 100_000
	f.keep("huge", hugeDecision(f.clock, n))
	last := fmt.Sprintf("/documents/2?n=%d#r%d", n, n)
	for _, width := range []int{1280, 360} {
		b.window(width, 800, false)
		for _, path := range []string{"/", "/documents", "/documents/1", "/documents/1?n=1#r1", "/documents/1/clean", "/documents/1/restored", "/documents/1/dropped", "/review", "/search?q=okafor",
			"/rule?id=" + escape(rule), "/publisher?name=" + escape(publisher), "/documents/2", last, "/documents/2/removal/0", "/documents/2/clean"} {
			name := fmt.Sprintf("%.50s at %d pixels", path, width)
			began := time.Now()
			b.open(f.server.URL + path)
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("%s took %v", name, took)
			}
			var wide, reach int
			var title string
			b.eval(`return document.documentElement.scrollWidth`, &wide)
			b.eval(`return document.title`, &title)
			if wide > width || !strings.HasSuffix(title, "winnow audit") || title == "owned" {
				t.Errorf("%s: %d pixels wide, title %.80q", name, wide, title)
			}
			// Piled-up marks may not reach over their boxes, nor directions out of them.
			b.eval(`return [...document.querySelectorAll('.text, bdi, del, ins')].filter(e => !['isolate', 'isolate-override', 'plaintext'].includes(getComputedStyle(e).unicodeBidi)).length`, &reach)
			if reach > 0 {
				t.Errorf("%s: %d pieces of text are no islands", name, reach)
			}
			b.eval(`return document.querySelectorAll('main script, main img, main iframe, main object, main [onerror], main [onload], main a[href^="javascript"]').length`, &reach)
			if reach > 0 {
				t.Errorf("%s: %d things that should be text", name, reach)
			}
			for _, c := range b.complaints() {
				t.Errorf("%s: the browser says %s", name, c)
			}
		}
	}
	b.open(f.server.URL + last)
	b.wait(fmt.Sprintf(`return document.activeElement.parentElement.id === 'r%d'`, n))
	b.press("r")
	b.wait(`return !!document.getElementById('done')`)
	if got := b.text("#done"); !strings.Contains(got, "Marked as right.") {
		t.Errorf("after the mark: %q", got)
	}
}

// TestWithoutScript: all of it works without script.
func TestWithoutScript(t *testing.T) {
	b := newBrowser(t)
	f := newFixture(t, nil)
	f.record("quay", wrongText)
	b.cdp("Emulation.setScriptExecutionDisabled", map[string]any{"value": true})
	b.open(f.server.URL + "/review")
	b.fill(".item input[name=why]", "a sentence of the story\uE007") // Enter marks nothing by itself
	if strings.Contains(b.at(), "marked=") {
		t.Error("Enter in the reason marked the removal")
	}
	b.click(".item button.wrong")
	if got := b.text("#done"); !strings.Contains(got, "went to shadow mode") {
		t.Errorf("after the mark: %q", got)
	}
}

// TestFocusAndContrast: what has the focus shows it, and words stand out from
// what is behind them by 4.5 to 1 (WCAG 2.2, 1.4.3), in both schemes.
func TestFocusAndContrast(t *testing.T) {
	if testing.Short() {
		t.Skip("looks at 14 pages")
	}
	b := newBrowser(t)
	f := newFixture(t, func(c *page.Config) { c.Tokens = nil })
	f.record("harbour", rightText)
	f.record("quay", wrongText)
	f.keep("colours", colourful(f.clock))
	for _, dark := range []bool{false, true} {
		b.window(1280, 900, dark)
		for _, path := range []string{"/", "/documents/1", "/documents/3", "/review", "/rules", "/rule?id=dailyexample.com%2Falerts", "/search?q=ferry", "/history"} {
			b.open(f.server.URL + path)
			var low []string
			b.eval(contrastScript, &low)
			for _, l := range low {
				t.Errorf("%s, dark %v: %s", path, dark, l)
			}
			var ring string
			b.press("\uE004") // Tab
			b.eval(`const s = getComputedStyle(document.activeElement); return s.outlineStyle + ' ' + s.outlineWidth`, &ring)
			if ring != "solid 3px" {
				t.Errorf("%s, dark %v: what has the focus has the outline %q", path, dark, ring)
			}
		}
	}
}

// colourful is a decision with two removals of each category, one that is cut
// and one that is only reported.
func colourful(at time.Time) *audit.Decision {
	d := &audit.Decision{Document: "colours", Publisher: "dailyexample.com", Time: at, Revision: "aaaabbbbcccc", Profile: "standard"}
	var whole, clean strings.Builder
	for i, c := range slices.Concat(rules.Categories(), rules.Categories()) {
		kept := "A paragraph.\n"
		whole.WriteString(kept)
		clean.WriteString(kept)
		gone := "Text of the category " + string(c) + "\n"
		mode := rules.Enforce
		if i >= len(rules.Categories()) {
			mode = rules.Shadow
		}
		span := text.Span{Start: whole.Len(), End: whole.Len() + len(gone)}
		d.Removals = append(d.Removals, audit.Removal{N: i, Span: span, CleanOffset: clean.Len(), Text: gone, Mode: mode, Stage: rules.StageRule, Category: c,
			Confidence: .9, Matches: []audit.Match{{Rule: "any/" + rules.ID(c), Span: span}}})
		whole.WriteString(gone)
		if mode == rules.Shadow {
			clean.WriteString(gone)
		}
	}
	d.Clean = clean.String()
	d.Sums = audit.Sums{Source: sum(whole.String()), Extracted: sum(whole.String()), Clean: sum(d.Clean)}
	return d
}

// contrastScript returns the words whose colour is too near to what is behind
// them. Colours are read by drawing them, since a style may give them in any space.
const contrastScript = `
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgba = (c) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
const light = ([r, g, b]) => { const f = (v) => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }; return .2126 * f(r) + .7152 * f(g) + .0722 * f(b); };
const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255]; };
const out = new Set();
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const e = walk.currentNode.parentElement;
  if (!walk.currentNode.data.trim() || !e.checkVisibility() || e.closest('svg, .hidden, .skip, :disabled, option')) continue;
  const a = light(rgba(getComputedStyle(e).color)), b = light(behind(e));
  const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  if (ratio < 4.5) out.add(ratio.toFixed(2) + ' for ' + e.tagName + '.' + e.className + ' ' + walk.currentNode.data.trim().slice(0, 40));
}
return [...out];`
