package extract

import (
	"bytes"
	"context"
	"io"
	"strings"

	"golang.org/x/net/html"
)

// parse builds the tree of a page. It stops when ctx ends.
func parse(ctx context.Context, src []byte) (*html.Node, error) {
	doc, err := html.Parse(&watchedReader{ctx: ctx, r: bytes.NewReader(src)})
	if err == nil {
		return doc, nil
	}
	if err := alive(ctx); err != nil {
		return nil, err
	}
	// The parser has no error value for this; a test holds on to the wording.
	if strings.Contains(err.Error(), "exceeds 512 nodes") {
		return nil, fail(HTMLTooDeep, err, "elements are nested more than 512 deep")
	}
	return nil, fail(EngineFailed, err, "the parser failed on this page")
}

// A watchedReader reads until its context ends. The parser asks for 4 KiB at a time.
type watchedReader struct {
	ctx context.Context
	r   io.Reader
}

func (w *watchedReader) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.r.Read(p)
}
