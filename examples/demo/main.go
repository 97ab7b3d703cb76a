// Demo starts a server on loopback, sends it the seeds and a page through the Go
// client, and shows what each lost: the removed text stands between [- and -].
// It exits with 1 where a result differs from the golden beside its input, or
// cannot be put together again.
//
//	go run ./examples/demo            from the root of the repository
//	go run ./examples/demo -update    writes the golden of the page
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"winnow/clean"
	"winnow/client"
	"winnow/rules"
	"winnow/server"
	"winnow/text"
)

func main() {
	update := flag.Bool("update", false, "write the golden of the page instead of comparing with it")
	flag.Parse()
	if err := run(os.Stdout, *update); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, update bool) (err error) {
	files, err := filepath.Glob("testdata/seeds/*.txt")
	if err != nil || len(files) == 0 {
		return errors.New("no seeds in testdata/seeds: run it from the root of the repository")
	}
	const page = "examples/demo/testdata/ferry.html"
	files = append(files, page)
	slices.Sort(files)

	addr, stop, err := serve()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	c, err := client.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()

	var sources [][]byte
	var docs []client.Document
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		sources = append(sources, b)
		doc := client.Document{ID: name, Text: b}
		if name == page {
			doc = client.Document{ID: name, HTML: b}
		}
		docs = append(docs, doc)
	}

	var wrong []string
	for r, err := range c.Stream(context.Background(), slices.Values(docs), client.StreamOptions{}) {
		if err != nil {
			return err
		}
		if r.Err != nil {
			return fmt.Errorf("%s: %w", r.ID, r.Err)
		}
		extracted, err := r.Result.Extracted()
		if err != nil {
			return err
		}
		marked := rules.Marked(extracted, removals(r.Result))
		golden := strings.TrimSuffix(r.ID, filepath.Ext(r.ID)) + ".marked"
		if update && r.ID == page {
			if err := os.WriteFile(golden, []byte(marked), 0o666); err != nil {
				return err
			}
		}
		show(w, r.Result, sources[r.Index], extracted, marked)
		want, err := os.ReadFile(golden)
		switch {
		case err != nil:
			return err
		case marked != string(want):
			wrong = append(wrong, r.ID+" differs from "+golden)
		case !intact(r.Result, docs[r.Index], extracted):
			wrong = append(wrong, r.ID+" cannot be put together again")
		}
	}
	if wrong != nil {
		return errors.New(strings.Join(wrong, "\n"))
	}
	fmt.Fprintf(w, "%d documents through %s: all as expected, all restored byte for byte\n", len(files), addr)
	return nil
}

// serve starts a server with the built-in rules on a free port of loopback.
func serve() (addr string, stop func() error, err error) {
	s, err := server.New(server.Config{LoadRules: clean.Builtin, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", nil, err
	}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(lis) }()
	return lis.Addr().String(), func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return errors.Join(s.Shutdown(ctx), <-served)
	}, nil
}

func removals(r *client.Result) (out []rules.Removal) {
	for _, rem := range r.Removed {
		mode := rules.Shadow
		if rem.Mode == client.Enforced {
			mode = rules.Enforce
		}
		out = append(out, rules.Removal{Span: rem.Span, Mode: mode})
	}
	return out
}

// intact reports whether the pieces give the extracted text, the hash of it
// included, and for text the input itself.
func intact(r *client.Result, doc client.Document, extracted string) bool {
	var pieces []rules.Piece
	for _, rem := range r.Removed {
		if rem.Mode == client.Enforced {
			pieces = append(pieces, rules.Piece{Start: rem.Span.Start, Text: rem.Text})
		}
	}
	back, err := rules.Restore(r.Clean, pieces)
	return err == nil && back == extracted && fmt.Sprintf("%x", sha256.Sum256([]byte(back))) == r.Sums.Extracted &&
		(doc.HTML != nil || back == string(doc.Text))
}

// show prints a document: what is kept is cut short, what is removed is not.
func show(w io.Writer, r *client.Result, source []byte, extracted, marked string) {
	fmt.Fprintf(w, "%s\n", r.ID)
	if r.Metadata.Title != "" {
		fmt.Fprintf(w, "  title: %s\n  byline: %s\n", r.Metadata.Title, r.Metadata.Byline)
	}
	fmt.Fprintf(w, "  %d bytes in, %d extracted, %d clean\n\n", len(source), len(extracted), len(r.Clean))
	inside := false
	for line := range strings.Lines(marked) {
		line = strings.TrimRight(line, "\r\n")
		removed := inside || strings.Contains(line, "[-")
		if open, end := strings.LastIndex(line, "[-"), strings.LastIndex(line, "-]"); open != end {
			inside = open > end
		}
		if !removed {
			line = short(line)
		}
		fmt.Fprintf(w, "  | %s\n", line)
	}
	fmt.Fprintln(w)
	for _, rem := range r.Removed {
		fmt.Fprintf(w, "  %s %v %s: %s\n", rem.Mode, rem.Span, rem.Category, strings.Join(rem.Rules, ", "))
	}
	if len(r.Removed) == 0 {
		fmt.Fprintln(w, "  nothing removed")
	}
	fmt.Fprintln(w, string(bytes.Repeat([]byte("-"), 80)))
}

// short cuts a line of kept text to 76 code points.
func short(line string) string {
	const most = 76
	if n := text.ByteOffset(line, text.CodePoints, most); n < len(line) {
		return line[:n] + " ..."
	}
	return line
}
