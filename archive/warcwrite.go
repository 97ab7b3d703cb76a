package archive

import (
	"crypto/sha1"
	"encoding/base32"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// Results are written as WET: conversion records, as Common Crawl makes them of
// its pages, each in a member of its own where the file is compressed. Removed
// spans stand in a metadata record behind that of their text. No clock is asked:
// the date is that of the capture, and IDs are made from the content and the
// place in the file.

const (
	// noURI is the address of what has none; the standard wants one.
	noURI = "urn:winnow:none"
	// ownID names what the document was called where that is no WARC record ID.
	ownID = "Winnow-ID"
)

// unknownDate is written for what was captured nobody knows when.
var unknownDate = time.Unix(0, 0).UTC()

// A warcWriter writes results as WET.
type warcWriter struct {
	*frames
	part Part
	at   int64 // uncompressed bytes, or the offset where the file was gone on with and those behind
	buf  []byte
}

// Write is Writer.Write. What failed leaves nothing.
func (w *warcWriter) Write(rec *Record, res *Result, failed *Error) error {
	if rec.Blank || failed != nil {
		return nil
	}
	uri := header{{"WARC-Target-URI", rec.URL}}
	if rec.URL == "" {
		uri[0].value = noURI
	}
	date := rec.Captured
	if date.IsZero() {
		date = unknownDate
	}
	h := append(uri, headerField{"WARC-Date", formatTime(date)})
	switch {
	case strings.HasPrefix(rec.ID, "urn:uuid:"):
		h = append(h, headerField{"WARC-Refers-To", "<" + rec.ID + ">"})
	case rec.ID != "":
		h = append(h, headerField{ownID, strings.NewReplacer("\r", " ", "\n", " ").Replace(rec.ID)})
	}
	if base, err := language.ParseBase(rec.Language); err == nil {
		h = append(h, headerField{"WARC-Identified-Content-Language", base.ISO3()})
	}
	kind := "text/plain"
	if utf8.ValidString(res.Text) {
		kind += "; charset=utf-8"
	}
	id, err := w.record("conversion", append(h, headerField{"Content-Type", kind}), res.Text)
	if err != nil || w.part != Whole || len(res.Removed) == 0 {
		return err
	}
	w.buf = rec.AppendLine(w.buf[:0], res, nil, RemovedOnly)
	h = append(uri, headerField{"WARC-Date", formatTime(date)}, headerField{"WARC-Refers-To", id}, headerField{"Content-Type", "application/json"})
	_, err = w.record("metadata", h, string(w.buf))
	return err
}

// record writes one record and returns its ID.
func (w *warcWriter) record(kind string, h header, block string) (id string, err error) {
	sum := sha1.Sum([]byte(block))
	place := w.at
	if w.enc != nil {
		place = w.out.n // each record is a member: this is where it begins
	}
	u := sha1.Sum(fmt.Appendf(nil, "%d %s %s %x", place, kind, h[0].value, sum))
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80 // version 5 and variant of RFC 9562
	id = fmt.Sprintf("<urn:uuid:%x-%x-%x-%x-%x>", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
	var b strings.Builder
	fmt.Fprintf(&b, "WARC/1.1\r\nWARC-Type: %s\r\nWARC-Record-ID: %s\r\n", kind, id)
	for _, f := range h {
		fmt.Fprintf(&b, "%s: %s\r\n", f.name, strings.Map(unbroken, f.value))
	}
	fmt.Fprintf(&b, "WARC-Block-Digest: sha1:%s\r\nContent-Length: %d\r\n\r\n", base32.StdEncoding.EncodeToString(sum[:]), len(block))
	for _, part := range []string{b.String(), block, "\r\n\r\n"} {
		n, err := w.frames.Write([]byte(part))
		if w.at += int64(n); err != nil {
			return "", err
		}
	}
	if w.enc != nil {
		_, err = w.frames.Cut()
	}
	return id, err
}

// unbroken drops what would end a line of a header.
func unbroken(r rune) rune {
	if r == '\r' || r == '\n' {
		return -1
	}
	return r
}
