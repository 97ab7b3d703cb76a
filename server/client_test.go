package server

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"winnow/client"
	"winnow/rules"
	"winnow/text"
)

// connect returns a client of the library for callers.
func connect(t testing.TB, addr string, opts ...client.Option) *client.Client {
	t.Helper()
	c, err := client.Dial(addr, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestClient(t *testing.T) {
	f := serve(t, func(c *Config) { c.AllowRequestRules = true })
	c := connect(t, f.addr)
	ctx := t.Context()
	in := "Zürich\xff: " + ferry + "\nPost a Comment\n"
	res, err := c.Clean(ctx, client.Document{ID: "a", URL: "https://www.example.com/x", Text: []byte(in), Captured: time.Unix(1e9, 0)}, client.Options{Unit: text.CodePoints})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Removed) != 1 || res.ID != "a" || res.Metadata.Publisher != "example.com" || len(res.Warnings) != 1 || res.Warnings[0].Code != "NOT_UTF8" {
		t.Fatalf("%+v", res)
	}
	r := res.Removed[0]
	if r.Text != r.Span.In(in) || r.Mode != client.Enforced || r.Category != "comments" || r.Stage != "rule" || !slices.Equal(r.Rules, []string{"stub/comments"}) ||
		r.UnitSpan.Start != r.Span.Start-1 || r.UnitOffset != r.CleanOffset-1 || len(r.Matches) == 0 {
		t.Errorf("%+v", r)
	}
	if back, err := res.Extracted(); err != nil || back != in {
		t.Errorf("%q %v", back, err)
	}
	page, err := c.Clean(ctx, client.Document{HTML: []byte(article(8))}, client.Options{Markdown: true, HTML: true, Basic: true})
	if err != nil || page.Markdown == "" || page.HTML == "" || page.Metadata.Title != "The ferry line" {
		t.Error(page, err)
	}
	if _, err := page.Extracted(); err == nil {
		t.Error("the basic view has an extracted text")
	}
	why, err := c.Explain(ctx, client.Document{Text: []byte(in)}, text.Span{Start: r.Span.Start, End: r.Span.Start + 1}, client.Options{})
	if err != nil || why.Removed == nil || len(why.Findings) == 0 || why.Findings[0].Verdict != "cut" {
		t.Errorf("%+v %v", why, err)
	}

	for want, call := range map[string]func() error{
		"ResourceExhausted INPUT_TOO_LARGE": func() error {
			_, err := c.Clean(ctx, client.Document{Text: make([]byte, DefaultMaxDocument+1)}, client.Options{})
			return err
		},
		"InvalidArgument INVALID_OPTION options.engine": func() error {
			_, err := c.Clean(ctx, client.Document{}, client.Options{Engine: "x"})
			return err
		},
		"InvalidArgument INVALID_OPTION": func() error {
			_, err := c.Clean(ctx, client.Document{}, client.Options{Remove: []string{"bios"}})
			return err
		},
		"NotFound RULE_UNKNOWN": func() error { _, err := c.Rule(ctx, "no/such"); return err },
	} {
		var e *client.Error
		if err := call(); !errors.As(err, &e) {
			t.Errorf("%s: %v", want, err)
			continue
		}
		got := e.Code.String() + " " + e.Reason
		for _, v := range e.Fields {
			got += " " + v.Path
		}
		if got != want || e.Temporary() {
			t.Errorf("got %s, want %s", got, want)
		}
	}

	var ids []string
	for r, err := range c.Rules(ctx, client.RuleFilter{Category: "comments"}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID)
	}
	rule, err := c.Rule(ctx, "stub/comments")
	if err != nil || !slices.Equal(ids, []string{"stub/comments"}) || !strings.Contains(rule.RemoveExamples[0].Marked, "[-No comments:") || rule.Mode != "enforced" || rule.Origin != "written" {
		t.Errorf("%v %+v %v", ids, rule, err)
	}
	tested, err := c.TestRules(ctx, map[string]string{"ferry.yaml": ferryPack}, []client.Document{{ID: "x", Text: []byte(in)}}, client.Options{}, true)
	if err != nil || tested.Rules != 1 || len(tested.Results) != 1 || len(tested.Results[0].Result.Removed) != 0 {
		t.Errorf("%+v %v", tested, err)
	}
	if r, err := c.ReloadRules(ctx); err != nil || r.Revision != r.Previous || r.Rules != 1 || r.At.IsZero() {
		t.Errorf("%+v %v", r, err)
	}
}

// documents yields n texts.
func documents(n int) iter.Seq[client.Document] {
	return func(yield func(client.Document) bool) {
		for i := range n {
			if !yield(client.Document{ID: fmt.Sprint(i), Text: fmt.Appendf(nil, "Text number %d of many, as good as any.\nPost a Comment\n", i)}) {
				return
			}
		}
	}
}

func TestClientStream(t *testing.T) {
	f := serve(t, nil)
	c := connect(t, f.addr, client.WithMaxMessage(16<<20))
	for _, anyOrder := range []bool{false, true} {
		docs := func(yield func(client.Document) bool) {
			for d := range documents(500) {
				switch d.ID {
				case "7":
					d.Text = make([]byte, 20<<20) // over the client's limit
				case "8":
					d.Text = make([]byte, DefaultMaxDocument+1) // over the server's
				case "9":
					d.Encoding = "lzma"
				case "10":
					d.Encoding = "gzip"
				}
				if !yield(d) {
					return
				}
			}
		}
		want := map[int]string{7: "INPUT_TOO_LARGE", 8: "INPUT_TOO_LARGE", 9: "INVALID_OPTION", 10: "ENCODING_BROKEN"}
		seen := map[int]bool{}
		for r, err := range c.Stream(t.Context(), docs, client.StreamOptions{AnyOrder: anyOrder}) {
			if err != nil {
				t.Fatal(err)
			}
			if !anyOrder && r.Index != len(seen) {
				t.Fatalf("reply %d comes as number %d", r.Index, len(seen))
			}
			if seen[r.Index] || r.ID != fmt.Sprint(r.Index) {
				t.Fatalf("reply %d, id %s", r.Index, r.ID)
			}
			seen[r.Index] = true
			var e *client.Error
			switch {
			case want[r.Index] != "":
				if !errors.As(r.Err, &e) || e.Reason != want[r.Index] || r.Result != nil {
					t.Errorf("reply %d: %v", r.Index, r.Err)
				}
			case r.Err != nil || len(r.Result.Removed) != 1 || !strings.HasPrefix(r.Result.Clean, fmt.Sprintf("Text number %d ", r.Index)):
				t.Errorf("reply %d: %+v %v", r.Index, r.Result, r.Err)
			}
		}
		if len(seen) != 500 {
			t.Errorf("%d replies", len(seen))
		}
	}
	n := 0
	for range c.Stream(t.Context(), documents(1000), client.StreamOptions{}) { // a caller that stops
		if n++; n == 10 {
			break
		}
	}
	for range c.Stream(t.Context(), documents(0), client.StreamOptions{}) {
		t.Error("a reply to nothing")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for r, err := range c.Stream(ctx, documents(1000), client.StreamOptions{}) {
		if r.Index == 20 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Error(last)
	}
}

// TestClientSurvivesRestart: a server that drains and comes back costs a stream
// no document, and gives none twice.
func TestClientSurvivesRestart(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := lis.Addr().String()
	start := func(lis net.Listener) (*Server, chan error) {
		s, err := New(Config{LoadRules: stub, Logger: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- s.Serve(lis) }()
		return s, served
	}
	s, served := start(lis)
	c := connect(t, addr)
	const total = 3000
	next := 0
	restarts := 0
	for r, err := range c.Stream(t.Context(), documents(total), client.StreamOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Err != nil || r.Index != next {
			t.Fatalf("reply %d, want %d: %v", r.Index, next, r.Err)
		}
		next++
		if next%1000 == 0 && restarts < 2 {
			restarts++
			// The drain has to wait for replies that this loop has yet to take, so
			// the first restart is cut off and the second one is drained beside it.
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(restarts-1)*time.Second)
			old, oldServed := s, served
			go func() {
				defer cancel()
				old.Shutdown(ctx)
			}()
			if err := <-oldServed; err != nil {
				t.Fatal(err)
			}
			if lis, err = net.Listen("tcp", addr); err != nil {
				t.Fatal(err)
			}
			s, served = start(lis)
		}
	}
	if next != total {
		t.Errorf("%d replies of %d", next, total)
	}
	c.Close()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestClientAccess(t *testing.T) {
	ours := newAuthority(t, "ours")
	certFile, keyFile := ours.issue("server")
	clientCert, clientKey := ours.issue("client")
	cfg, err := LoadTLS(certFile, keyFile, ours.ca())
	if err != nil {
		t.Fatal(err)
	}
	const token = "token-0123456789abcdef"
	f := serve(t, func(c *Config) { c.TLS, c.Tokens = cfg, []string{token} })
	clean := func(opts ...client.Option) error {
		_, err := connect(t, f.addr, opts...).Clean(t.Context(), client.Document{Text: []byte("x")}, client.Options{})
		return err
	}
	tls := client.WithTLSFiles(ours.ca(), clientCert, clientKey)
	if err := clean(tls, client.WithToken(token)); err != nil {
		t.Error(err)
	}
	var e *client.Error
	if err := clean(tls); !errors.As(err, &e) || e.Code != codes.Unauthenticated {
		t.Error(err)
	}
	if err := clean(client.WithTLSFiles(ours.ca(), "", ""), client.WithToken(token), client.WithAttempts(1)); !errors.As(err, &e) || e.Code != codes.Unavailable {
		t.Error(err)
	}
	if _, err := client.Dial("winnow.example:7464", client.WithToken(token)); err == nil {
		t.Error("a token may travel in plain text")
	}
}

// TestClientWaitsForItsTurn: calls that are told to come back do, and end well.
func TestClientWaitsForItsTurn(t *testing.T) {
	f := serve(t, func(c *Config) { c.Workers, c.Queue = 1, 1 })
	c := connect(t, f.addr, client.WithAttempts(20))
	errs := make(chan error, 6)
	for range cap(errs) {
		go func() {
			_, err := c.Clean(t.Context(), client.Document{ID: "slow", Text: []byte("x")}, client.Options{})
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestReloadByHand(t *testing.T) {
	broken := false
	f := serve(t, func(c *Config) {
		c.LoadRules = func() ([]*rules.Pack, error) {
			if broken {
				return nil, rules.Errors{{File: "/secret/x.yaml", Line: 3, Msg: "no"}}
			}
			return stub()
		}
	})
	first, n, err := f.Reload()
	if err != nil || n != 1 {
		t.Error(n, err)
	}
	broken = true
	second, n, err := f.Reload()
	if err == nil || second != first || n != 1 {
		t.Error(second, n, err)
	}
}
