package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"winnow/archive"
	"winnow/client"
)

func ExampleClient_Clean() {
	c, err := client.Dial("localhost:7464")
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	res, err := c.Clean(context.Background(), client.Document{
		URL:  "https://news.example/ferry",
		HTML: []byte("<article><p>Talks ended.</p></article>"),
	}, client.Options{Remove: []string{"byline"}})
	var e *client.Error
	if errors.As(err, &e) && e.Reason == "INPUT_TOO_LARGE" {
		log.Fatal("too large for this server: ", e.Message)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Clean)
	for _, r := range res.Removed {
		fmt.Println(r.Span, r.Category, r.Rules, r.Text)
	}
}

func ExampleClient_Stream() {
	c, err := client.Dial("winnow.example:7464", client.WithTLS(nil), client.WithToken("a token of 16 bytes or more"))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	docs := slices.Values([]client.Document{
		{ID: "a", Text: []byte("Talks ended.\nPost a Comment")},
		{ID: "b", HTML: []byte("<p>")},
	})
	for reply, err := range c.Stream(context.Background(), docs, client.StreamOptions{}) {
		if err != nil {
			log.Fatal(err) // the stream is over
		}
		if reply.Err != nil {
			log.Print(reply.ID, ": ", reply.Err) // this document alone
			continue
		}
		fmt.Println(reply.ID, reply.Result.Clean)
	}
}

// A Bulk drives any Cleaner: a Pool of servers, an engine in process, or this one.
type stubs struct{}

func (stubs) Clean(_ context.Context, rec *archive.Record) (*archive.Result, error) {
	const stub = "\nPost a Comment"
	text, cut := strings.CutSuffix(string(rec.Source), stub)
	res := &archive.Result{Text: text, Publisher: rec.Publisher, Revision: "1"}
	if cut {
		res.Removed = []archive.Removed{{Start: len(text), End: len(text) + len(stub), Text: stub,
			Rules: []string{"stubs/post"}, Category: "comments", Mode: archive.Enforced, Confidence: 1}}
	}
	return res, nil
}

func ExampleBulk() {
	dir, err := os.MkdirTemp("", "bulk")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "out.jsonl")
	err = os.WriteFile(in, []byte(`{"id":"a","text":"Talks ended.\nPost a Comment"}
{"id":"b","text":"The ferry sails."}
`), 0o666)
	if err != nil {
		log.Fatal(err)
	}
	sources, _, err := archive.Sources([]string{in}, "")
	if err != nil {
		log.Fatal(err)
	}
	b := client.Bulk{
		Cleaner: stubs{},
		Sources: sources,
		Output:  out,
		Format:  archive.Format{Kind: archive.JSONL},
		Resume:  true, // where a run was stopped before, it goes on
		Each: func(it *client.Item) {
			if it.Failed != nil {
				log.Print(it.Record.ID, ": ", it.Failed) // this document alone
			}
		},
	}
	if err := b.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(b.Report.Documents, "documents,", b.Report.Changed, "changed,", b.Report.Removed, "bytes removed")
	for _, rule := range b.Report.Rules.Top(3) {
		fmt.Println(rule.Name, rule.Spans)
	}
	// Output:
	// 2 documents, 1 changed, 15 bytes removed
	// stubs/post 1
}
