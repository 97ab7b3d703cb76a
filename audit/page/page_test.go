package page_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"winnow/audit"
	"winnow/audit/page"
	"winnow/rules"
)

func TestNewAsksForWhatItNeeds(t *testing.T) {
	if _, err := page.New(page.Config{}); err == nil {
		t.Error("a page without a store")
	}
}

func TestEmptyRecord(t *testing.T) {
	v := newFixture(t, nil).visitor()
	wants(t, v.get("/"), "The record is empty", "winnow serve --audit FILE")
	wants(t, v.get("/review"), "Nothing waits for review")
	wants(t, v.get("/documents"), "No document.")
	wants(t, v.get("/publishers"), "No publisher is like that.")
	wants(t, v.get("/rules"), "dailyexample.com/alerts", "dailyexample.com/read-more")
	wants(t, v.get("/history"), "No rule was changed.", "Nothing was marked.")
	wants(t, v.get("/rule?id=dailyexample.com/alerts"), "An invitation to text alerts.")
}

func TestOverview(t *testing.T) {
	f := newFixture(t, nil)
	f.record("harbour", rightText)
	f.clock = f.clock.AddDate(0, 0, 5)
	f.record("quay", wrongText)
	v := f.visitor()
	wants(t, v.get("/"), "2 documents recorded from 2026-03-20 to 2026-03-25", "1 removal waits for review",
		"<title id=\"share-says\">Removed share", "2026-03-25", "related", "subscribe", "dailyexample.com", "dailyexample.com/read-more")
	wants(t, v.get("/?days=30"), "2 documents recorded")
	f.clock = f.clock.AddDate(1, 0, 0)
	wants(t, v.get("/?days=30"), "Nothing was recorded in this time")
}

func TestDocument(t *testing.T) {
	f := newFixture(t, nil)
	f.record("harbour", rightText)
	v := f.visitor()
	body := v.get("/documents/1")
	wants(t, body, "On harbour", "1 removal,", "1 reported only",
		`id="r0"`, "dailyexample.com/alerts", `<del class="k-subscribe" title="cut as subscribe`, "Get ferry alerts by text.</del>",
		`id="r1"`, "dailyexample.com/quiet", `<ins class="k-share" title="would be cut as share`, "Share this story</ins>")
	if strings.Contains(between(body, `<div class="text clean"`, "</form>"), "alerts by text.</del>\n<div class=\"text clean\"") {
		t.Error("what was removed stands in the clean text")
	}
	clean := v.get("/documents/1/clean")
	wants(t, clean, "Ferries sail as usual until", "Share this story")
	if strings.Contains(clean, "Get ferry alerts") {
		t.Error("what was removed stands in the clean text")
	}
	wants(t, v.get("/documents/1/restored"), "All removals are put back", `<ins class="back">`, "Get ferry alerts by text.")
	wants(t, v.get("/documents/1/restored?rule=dailyexample.com%2Falerts"), "What dailyexample.com/alerts took is put back", `<ins class="back">`)
	if body := v.get("/documents/1/restored?rule=dailyexample.com%2Fquiet"); strings.Contains(body, "Get ferry alerts") {
		t.Error("the removal of another rule is put back")
	}
	for path, want := range map[string]string{
		"/documents/1/restored?raw=1":     rightText,
		"/documents/1/restored?n=0&raw=1": rightText,
		"/documents/1/clean?raw=1":        strings.Replace(rightText, "Get ferry alerts by text.\n", "", 1),
		"/documents/1/removal/1?raw=1":    "Share this story",
	} {
		resp, got := v.do("GET", path, nil, nil)
		if strings.TrimRight(got, "\n") != strings.TrimRight(want, "\n") {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
		if h := resp.Header; h.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") {
			t.Errorf("%s: %v", path, h)
		}
	}
	for path, want := range map[string]int{
		"/documents/99": 404, "/documents/x": 404, "/documents/-1": 404, "/documents/1/removal/7": 404, "/documents/1/removal/x": 404,
		"/documents/99999999999999999999": 404, "/rule?id=nothing/here": 404, "/publisher?name=nobody.example": 404, "/publisher": 404,
		"/documents?category=nonsense": 400, "/documents?flag=nonsense": 400, "/documents?from=yesterday": 400, "/review?token=nonsense": 400, "/documents?token=nonsense": 400,
	} {
		if resp, body := v.do("GET", path, nil, nil); resp.StatusCode != want || !strings.Contains(body, "<h1>") {
			t.Errorf("%s: %s, want %d", path, resp.Status, want)
		}
	}
}

// TestMarkWrong is the auditor's way without a browser: the rule goes to
// shadow mode, and the document comes back whole.
func TestMarkWrong(t *testing.T) {
	f := newFixture(t, nil)
	id := f.record("quay", wrongText)
	v := f.visitor()
	wants(t, v.get("/review"), "On quay", "Read more letters before judging")
	body := v.post("/documents/1/mark", url.Values{"n": {"0"}, "verdict": {"wrong"}, "why": {"a sentence of the story"}, "review": {"rule="}, "place": {"0"}})
	wants(t, body, "Marked as wrong.", "went to shadow mode", "Nothing waits for review")
	wants(t, v.get("/rule?id=dailyexample.com/read-more"), `<span class="state shadow">shadow</span>`, "enforce → <strong>shadow</strong>", "tester", "a sentence of the story", "Must stay", "Read more letters before judging")
	wants(t, v.post("/documents/1/replay", url.Values{}), "The document comes back whole.", "come back", `<ins class="back">`, "Read more letters before judging")
	wants(t, v.post("/replay", url.Values{"latest": {"1"}}), "1 of 1 document would change.", "dailyexample.com/read-more", "Read more letters")
	wants(t, v.get("/history"), "dailyexample.com/read-more", "a sentence of the story", "wrong")
	ms, err := f.store.Marks(context.Background(), id, "")
	if err != nil || len(ms) != 1 || ms[0].Who != "tester" || ms[0].Verdict != audit.Wrong || !ms[0].Time.Equal(f.clock) {
		t.Errorf("marks %+v, %v", ms, err)
	}
	if got := f.set.Load().Rule("dailyexample.com/read-more").Mode; got != rules.Shadow {
		t.Errorf("the rule is in mode %s", got)
	}
}

// TestWhichRule: where several rules made one removal, the mark is about the one
// that is chosen, and the others stay as they are.
func TestWhichRule(t *testing.T) {
	const both = "The council met on Tuesday evening in the old customs house by the quay.\n" +
		"Read more letters before judging, said Professor Miriam Okafor.\nGet ferry alerts by text.\nThe work begins in March.\n"
	for _, c := range []struct {
		choice       string
		more, alerts rules.Mode
		whole        bool
	}{
		{"dailyexample.com/read-more", rules.Shadow, rules.Enforce, false},
		{"*", rules.Shadow, rules.Shadow, true},
	} {
		f := newFixture(t, nil)
		f.record("both", both)
		v := f.visitor()
		v.get("/review")
		form := url.Values{"n": {"0"}, "verdict": {"wrong"}, "why": {"a sentence"}, "review": {"rule="}, "place": {"0"}}
		wants(t, v.post("/documents/1/mark", form), "Which rule was wrong?", `name="why" value="a sentence"`, `name="review" value="rule="`,
			"Get ferry alerts by text.</del>", "This one", "Read more letters before judging, said Professor Miriam Okafor.</del>", "All of them")
		if ms, err := f.store.Marks(context.Background(), 1, ""); err != nil || len(ms) > 0 {
			t.Fatalf("marks before the choice: %v, %v", ms, err)
		}
		form.Set("rule", "dailyexample.com/quiet")
		form.Set("csrf", v.csrf)
		if resp, _ := v.do("POST", "/documents/1/mark", form, nil); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("a rule that has no part: %s", resp.Status)
		}
		form.Set("rule", c.choice)
		wants(t, v.post("/documents/1/mark", form), "Marked as wrong.", "went to shadow mode")
		if m, a := f.set.Load().Rule("dailyexample.com/read-more").Mode, f.set.Load().Rule("dailyexample.com/alerts").Mode; m != c.more || a != c.alerts {
			t.Errorf("%s: the rules are in modes %s and %s", c.choice, m, a)
		}
		body := v.post("/documents/1/replay", url.Values{})
		if whole := strings.Contains(body, "The document comes back whole."); whole != c.whole {
			t.Errorf("%s: the document comes back whole: %v", c.choice, whole)
		}
		wants(t, body, `<ins class="back">`, "Read more letters")
	}
}

func TestMarkInDocument(t *testing.T) {
	f := newFixture(t, nil)
	f.record("harbour", rightText)
	v := f.visitor()
	v.get("/documents/1")
	wants(t, v.post("/documents/1/mark", url.Values{"right": {"0"}, "why-0": {"an advertisement"}, "why-1": {"not this"}}), "Marked as right.", `<span class="mark-right">right</span>`, "an advertisement")
	for name, form := range map[string]url.Values{
		"no verdict":         {"n": {"0"}},
		"unknown verdict":    {"n": {"0"}, "verdict": {"maybe"}},
		"no such removal":    {"wrong": {"9"}},
		"no number":          {"wrong": {"x"}},
		"text that is gone":  {"verdict": {"boilerplate"}, "category": {"nav"}, "text": {"Get ferry alerts by text."}},
		"text that is twice": {"verdict": {"boilerplate"}, "category": {"nav"}, "text": {"s"}},
		"no text":            {"verdict": {"boilerplate"}, "category": {"nav"}, "text": {" "}},
		"no category":        {"verdict": {"boilerplate"}, "text": {"Ferries sail as usual until the spring, the harbour board said."}},
	} {
		form.Set("csrf", v.csrf)
		if resp, _ := v.do("POST", "/documents/1/mark", form, nil); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
	v.get("/documents/1")
	wants(t, v.post("/documents/1/mark", url.Values{"verdict": {"boilerplate"}, "category": {"nav"}, "why": {"stands under every story"},
		"text": {"Ferries sail as usual until the spring, the harbour board said."}}), "Marked as boilerplate.", "stands under every story")
}

func TestSetMode(t *testing.T) {
	f := newFixture(t, nil)
	v := f.visitor()
	v.get("/")
	for name, form := range map[string]url.Values{
		"no reason":    {"id": {"dailyexample.com/alerts"}, "mode": {"off"}, "why": {"  "}},
		"unknown mode": {"id": {"dailyexample.com/alerts"}, "mode": {"on"}, "why": {"because"}},
	} {
		form.Set("csrf", v.csrf)
		if resp, _ := v.do("POST", "/rule", form, nil); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
	for _, mode := range []rules.Mode{rules.Off, rules.Shadow, rules.Enforce} {
		wants(t, v.post("/rule", url.Values{"id": {"dailyexample.com/alerts"}, "mode": {string(mode)}, "why": {"tried it"}}),
			`<span class="state `+string(mode)+`">`, "The rule went from", "to "+string(mode), "tried it")
		if got := f.set.Load().Rule("dailyexample.com/alerts").Mode; got != mode {
			t.Errorf("the rule is in mode %s, want %s", got, mode)
		}
	}
	form := url.Values{"id": {"nothing/here"}, "mode": {"off"}, "why": {"because"}, "csrf": {v.csrf}}
	if resp, _ := v.do("POST", "/rule", form, nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a rule that is not: %s", resp.Status)
	}
	if cs, err := f.store.Changes(context.Background(), ""); err != nil || len(cs) != 3 {
		t.Errorf("changes %v, %v", cs, err)
	}
}

// TestLookOnly: without a desk the page shows and takes nothing.
func TestLookOnly(t *testing.T) {
	f := newFixture(t, func(c *page.Config) { c.Desk = nil })
	f.record("quay", wrongText)
	v := f.visitor()
	wants(t, v.get("/rule?id=dailyexample.com/alerts"), "This page was opened to look only.")
	for path, form := range map[string]url.Values{
		"/documents/1/mark": {"wrong": {"0"}},
		"/rule":             {"id": {"dailyexample.com/alerts"}, "mode": {"off"}, "why": {"because"}},
	} {
		form.Set("csrf", v.csrf)
		if resp, _ := v.do("POST", path, form, nil); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

func TestSetWho(t *testing.T) {
	v := newFixture(t, nil).visitor()
	v.get("/")
	wants(t, v.post("/who", url.Values{"who": {"Ann Example"}}), `name="who" value="Ann Example"`)
}

func TestSearch(t *testing.T) {
	f := newFixture(t, nil)
	f.record("harbour", rightText)
	f.record("quay", wrongText)
	v := f.visitor()
	wants(t, v.get("/search?q=ferry+alerts"), "On harbour", "<mark>ferry</mark>", "<mark>alerts</mark>")
	wants(t, v.get("/search?q=%22Miriam+Okafor%22"), "On quay", "<mark>Miriam Okafor</mark>")
	wants(t, v.get("/search?q=zeppelin"), "No removal is like that.")
	wants(t, v.get("/search?category=subscribe"), "On harbour")
	wants(t, v.get("/documents?document=quay"), "On quay")
	wants(t, v.get("/documents?to=2026-03-19"), "No document.")
	wants(t, v.get("/documents?from=2026-03-20&to=2026-03-20"), "On quay")
}

// TestPaging: lists lead on to their ends and hold everything once.
func TestPaging(t *testing.T) {
	f := newFixture(t, nil)
	for i := range 120 {
		f.record("quay"+string(rune('a'+i/26))+string(rune('a'+i%26)), quay(i))
	}
	v := f.visitor()
	for path, unit := range map[string]string{"/documents": `data-head="removed"`, "/review": `class="item`, "/search?q=okafor": `class="item`, "/rule?id=dailyexample.com/read-more": `class="item`} {
		n, pages := 0, 0
		for next := path; next != ""; pages++ {
			body := v.get(next)
			n += strings.Count(body, unit)
			next = strings.ReplaceAll(between(body, `rel="next" href="`, `"`), "&amp;", "&")
		}
		if n != 120 || pages < 3 {
			t.Errorf("%s: %d things on %d pages", path, n, pages)
		}
	}
}
