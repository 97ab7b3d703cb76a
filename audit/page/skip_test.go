package page_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"winnow/audit"
	"winnow/audit/page"
)

// TestSkip: what a reviewer puts off does not come back when the page is loaded
// again, nor on a later page, but does for others and when it is asked for.
func TestSkip(t *testing.T) {
	f := newFixture(t, nil)
	for i := range 50 {
		f.record(fmt.Sprintf("quay%02d", i), quay(i))
	}
	v := f.visitor()
	v.get("/review")
	var names []string // of the queue, page by page
	read := func(v *visitor) string {
		names = nil
		for next := "/review"; next != ""; {
			body := v.get(next)
			for _, part := range strings.Split(body, `class="doc-link"`)[1:] {
				names = append(names, between(part, "quay", "<"))
			}
			next = strings.ReplaceAll(between(body, `rel="next" href="`, `"`), "&amp;", "&")
		}
		return strings.Join(names, " ")
	}
	all := read(v)
	if len(names) != 50 {
		t.Fatalf("the queue holds %s", all)
	}
	var want []string
	for i, name := range append([]string{}, names...) {
		if i%2 == 0 && i < 44 {
			v.post("/review/skip", url.Values{"decision": {fmt.Sprint(f.ids["quay"+name])}, "n": {"0"}, "review": {""}, "place": {"0"}})
		} else {
			want = append(want, name)
		}
	}
	if got := read(v); got != strings.Join(want, " ") {
		t.Errorf("after skips: %s", got)
	}
	wants(t, v.get("/review"), "You put off 22 removals.", "Show them again")

	other := f.visitor()
	other.get("/review")
	other.post("/who", url.Values{"who": {"Another"}})
	if got := read(other); got != all {
		t.Errorf("another reviewer sees %s", got)
	}
	if body := v.post("/review/skip", url.Values{"back": {"1"}, "review": {""}}); strings.Contains(body, "You put off") {
		t.Error("what was asked back is still put off")
	}
	if got := read(v); got != all {
		t.Errorf("after it was asked back: %s", got)
	}
	for _, form := range []url.Values{{"decision": {"x"}, "n": {"0"}}, {"decision": {"1"}, "n": {"-1"}}, {}} {
		form.Set("csrf", v.csrf)
		if resp, _ := v.do("POST", "/review/skip", form, nil); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%v: %s", form, resp.Status)
		}
	}
}

// TestQueueOnce: a text that the same rule took from many documents is judged once,
// those that are recorded later included.
func TestQueueOnce(t *testing.T) {
	f := newFixture(t, nil)
	for i := range 40 {
		f.record(fmt.Sprint("same", i), wrongText)
	}
	f.record("other", quay(1))
	v := f.visitor()
	body := v.get("/review")
	if n := strings.Count(body, `class="item`); n != 2 || strings.Contains(body, `rel="next"`) {
		t.Fatalf("%d things in the queue", n)
	}
	wants(t, body, "The same text was removed 39 times more. What you say counts for all.")
	body = v.post(fmt.Sprintf("/documents/%d/mark", f.ids["same3"]), url.Values{"n": {"0"}, "verdict": {"right"}, "review": {""}, "place": {"0"}})
	wants(t, body, "Marked as right.", "4712 of them")
	f.record("later", wrongText)
	body = v.get("/review")
	if n := strings.Count(body, `class="item`); n != 1 {
		t.Errorf("%d things in the queue after one was marked as right", n)
	}
	wants(t, body, "4712 of them")
}

// TestWaiting: while many decisions are new, a visitor is told so at once, and the
// page comes by itself once they are in order.
func TestWaiting(t *testing.T) {
	f := newFixture(t, nil)
	f.record("quay", wrongText)
	d, err := f.store.Get(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var batch []*audit.Decision
	for i := range page.ManyPending {
		copied := *d
		copied.Document = fmt.Sprint("d", i)
		batch = append(batch, &copied)
	}
	if err := f.store.Record(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	v := f.visitor()
	resp, body := v.do("GET", "/", nil, nil)
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Refresh") != "3" {
		t.Fatalf("%s, %v", resp.Status, resp.Header)
	}
	wants(t, body, "The record is being put in order: 5", "000 decisions are new")
	for resp.StatusCode != http.StatusOK {
		resp, body = v.do("GET", "/", nil, nil)
	}
	wants(t, body, "001 documents recorded")
}
