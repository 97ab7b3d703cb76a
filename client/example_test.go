package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"

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
