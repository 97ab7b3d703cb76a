package winnow_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net"

	"winnow/clean"
	"winnow/client"
	"winnow/rules"
	"winnow/server"
)

const story = `The harbour will be dredged in spring, the council decided on Tuesday evening.
“No comments,” said the mayor when he was asked what it would cost.
The work begins in March and takes six weeks. Ferries sail as usual.
Post a Comment
`

// A text is cleaned in process by the built-in packs.
func Example() {
	engine, err := clean.Default() // the built-in rules; safe for concurrent use
	if err != nil {
		log.Fatal(err)
	}
	res, err := engine.Clean(context.Background(), clean.Input{Source: []byte(story)}, clean.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(res.Outcome.Clean)
	for _, r := range res.Outcome.Removals {
		fmt.Printf("%v %s %q\n", r.Span, r.Category, r.Span.In(res.Document.Text))
	}
	back, err := rules.Restore(res.Outcome.Clean, res.Outcome.Pieces(res.Document.Text))
	fmt.Println(back == story, err)
	// Output:
	// The harbour will be dredged in spring, the council decided on Tuesday evening.
	// “No comments,” said the mayor when he was asked what it would cost.
	// The work begins in March and takes six weeks. Ferries sail as usual.
	// [220,235) comments "Post a Comment\n"
	// true <nil>
}

// A text is cleaned by a server.
func Example_client() {
	addr := serve()
	c, err := client.Dial(addr)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	res, err := c.Clean(context.Background(), client.Document{Text: []byte(story)}, client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range res.Removed {
		fmt.Printf("%v %s %s %q\n", r.Span, r.Category, r.Mode, r.Text)
	}
	// Output:
	// [220,235) comments enforced "Post a Comment\n"
}

// serve starts a server on a free port.
func serve() string {
	srv, err := server.New(server.Config{LoadRules: clean.Builtin, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go srv.Serve(lis)
	return lis.Addr().String()
}
