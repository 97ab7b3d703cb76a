package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"winnow/client"
	pb "winnow/proto/winnow/v1"
	"winnow/rules"
	"winnow/rules/learn"
	"winnow/text"
)

// words makes the stories of lessons: each of n has sentences of its own.
var words = strings.Fields("harbour council ferry winter market bridge school doctor garden railway captain theatre orchard glacier museum village teacher river printer bakery")

func story(publisher string, n int) client.Document {
	var b strings.Builder
	for k := range 6 {
		w := func(i int) string { return words[(n*7+k*5+i*(n+3))%len(words)] }
		fmt.Fprintf(&b, "The %s near the %s of story %d asked the %s about part %d, and the %s answered in the %s.\n", w(1), w(2), n*31+k, w(3), k*17+n, w(4), w(5))
	}
	b.WriteString("Please support our newsroom with a small donation today.\nSign up for our free newsletter.\n")
	return client.Document{ID: fmt.Sprintf("%s/%d", publisher, n), URL: fmt.Sprintf("https://www.%s/%d", publisher, n), Text: []byte(b.String())}
}

func stories(n int, more ...client.Document) []client.Document {
	var out []client.Document
	for i := range n {
		out = append(out, story("daily.example", i), story("weekly.example", i+100))
	}
	return append(out, more...)
}

func TestLearnRules(t *testing.T) {
	f := serve(t, func(c *Config) { c.MaxDocument = 1 << 16 })
	c := connect(t, f.addr)
	before := f.engine.Rules().Revision()
	docs := stories(60,
		client.Document{ID: "deep", HTML: []byte(strings.Repeat("<div>", 2000))},
		client.Document{ID: "large", Text: make([]byte, 1<<17)},
		client.Document{ID: "oddly packed", Text: []byte("x"), Encoding: "rar"},
		client.Document{ID: "page", URL: "https://page.example/", HTML: []byte(article(4))})
	var told []client.LearnProgress
	learned, err := c.LearnRules(t.Context(), slices.Values(docs), func(p client.LearnProgress) { told = append(told, p) })
	if err != nil {
		t.Fatal(err)
	}
	if len(learned) != 3 || learned[0].Publisher != "daily.example" || learned[1].Publisher != "page.example" || learned[2].Publisher != "weekly.example" {
		t.Fatalf("%+v", learned)
	}
	if p := learned[1]; p.Documents != 1 || p.File != "" || p.Pack != "" || p.Enforced != 0 {
		t.Errorf("something was learned of one page: %+v", p)
	}
	for _, p := range []client.Learned{learned[0], learned[2]} {
		pack, err := rules.ParsePack(p.File, []byte(p.Pack))
		if err != nil || pack.Test() != nil {
			t.Fatal(err, p.Pack)
		}
		if p.Documents != 60 || p.Groups < 3 || p.Enforced < 1 || p.Enforced+p.Shadow != len(pack.Rules) || p.File != string(p.Publisher)+".learned.yaml" {
			t.Errorf("%+v", p)
		}
		if !strings.Contains(p.Pack, "Sign up for our free newsletter.") || strings.Contains(p.Pack, "text: The") {
			t.Errorf("%s", p.Pack)
		}
	}
	if f.engine.Rules().Revision() != before {
		t.Error("what was learned took effect")
	}
	last := told[len(told)-1]
	if len(told) != 2 || told[0].Complete || told[0].Documents+told[0].Failed != 100 || !last.Complete || last.Documents != 121 || last.Failed != 3 || last.Publishers != 3 || last.Bytes < 60*2*400 {
		t.Errorf("%+v", told)
	}
	got := map[string]string{}
	for _, p := range told {
		for _, u := range p.Unread {
			got[u.ID] = fmt.Sprintf("%d %s %s", u.Index, u.Err.Code, u.Err.Reason)
		}
	}
	want := map[string]string{"deep": "120 InvalidArgument HTML_TOO_DEEP", "large": "121 ResourceExhausted INPUT_TOO_LARGE", "oddly packed": "122 InvalidArgument INVALID_OPTION"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("unread:\n got %v\nwant %v", got, want)
	}

	// The order plays no part.
	slices.Reverse(docs)
	again, err := c.LearnRules(t.Context(), slices.Values(docs), nil)
	if err != nil || !slices.Equal(again, learned) {
		t.Errorf("another order gives other packs (%v)", err)
	}
	// Nothing in, nothing out.
	if none, err := c.LearnRules(t.Context(), slices.Values([]client.Document{}), nil); err != nil || len(none) != 0 {
		t.Error(none, err)
	}
}

func TestLearnLimits(t *testing.T) {
	docs := stories(3)
	size := 0
	for _, d := range docs {
		size += len(d.Text) + len(d.ID) + len(d.URL)
	}
	for _, c := range []struct {
		documents, bytes int
		want             string
	}{
		{6, size, "OK"},
		{5, size, "ResourceExhausted INPUT_TOO_LARGE"},
		{6, size - 1, "ResourceExhausted INPUT_TOO_LARGE"},
	} {
		f := serve(t, func(cfg *Config) { cfg.LearnDocuments, cfg.LearnBytes = c.documents, c.bytes })
		_, err := connect(t, f.addr).LearnRules(t.Context(), slices.Values(docs), nil)
		var e *client.Error
		got := "OK"
		if errors.As(err, &e) {
			got = e.Code.String() + " " + e.Reason
		}
		if got != c.want {
			t.Errorf("%d documents, %d bytes: %s, want %s", c.documents, c.bytes, got, c.want)
		}
	}
	if _, err := New(Config{LoadRules: stub, LearnBytes: -1}); err == nil {
		t.Error("a negative limit is taken")
	}
}

// TestLearnOneAtATime: a call holds its place until it ends, however it ends.
func TestLearnOneAtATime(t *testing.T) {
	f := serve(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	first, err := f.rules.LearnRules(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i := range progressEvery {
		if err := first.Send(&pb.LearnRulesRequest{Document: textDoc(fmt.Sprint(i), ferry)}); err != nil {
			t.Fatal(err)
		}
	}
	m, err := first.Recv() // it is under way
	if p := m.GetProgress(); err != nil || p.GetDocuments() != progressEvery || p.GetComplete() {
		t.Fatal(m, err)
	}
	second, err := f.rules.LearnRules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Recv(); describe(err) != "ResourceExhausted OVERLOADED retry" {
		t.Errorf("a second call: %s", describe(err))
	}
	cancel()
	if _, err := first.Recv(); code(err) != codes.Canceled {
		t.Errorf("a call that was given up: %v", err)
	}
	c := connect(t, f.addr)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, err := c.LearnRules(t.Context(), slices.Values(stories(2)), nil)
		if err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the place of a call that was given up stays taken:", err)
		}
	}
}

// TestLearnDrains: a server that shuts down does not wait for documents.
func TestLearnDrains(t *testing.T) {
	f := serve(t, nil)
	call, err := f.rules.LearnRules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range progressEvery {
		if err := call.Send(&pb.LearnRulesRequest{Document: textDoc(fmt.Sprint(i), ferry)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := call.Recv(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := f.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := call.Recv(); describe(err) != "Unavailable SHUTTING_DOWN retry" {
		t.Errorf("%s", describe(err))
	}
}

// TestLearnUnsendable: what cannot be sent at all ends the call.
func TestLearnUnsendable(t *testing.T) {
	f := serve(t, nil)
	docs := stories(3, client.Document{ID: "\xff", Text: []byte("x")})
	_, err := connect(t, f.addr).LearnRules(t.Context(), slices.Values(docs), nil)
	var e *client.Error
	if !errors.As(err, &e) || e.Code == codes.Canceled || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("%v (%v)", err, status.Code(err))
	}
}

// TestLearnGivenUp: who gives up while the server learns is let go at once, and
// the place of the call is free when the work has ended.
func TestLearnGivenUp(t *testing.T) {
	l := &lesson{learner: learn.New(learn.Options{})}
	for _, d := range stories(300) {
		l.learner.Add(text.Document{ID: d.ID, Publisher: text.PublisherOf(d.URL), Text: string(d.Text)})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan struct{})
	if packs, err := l.learn(ctx, func() { close(done) }); code(err) != codes.Canceled || packs != nil {
		t.Errorf("%d packs, %v", len(packs), err)
	}
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Error("the work goes on and on")
	}
}
