// Serve answers on loopback with a few pages of a paper that does not exist, in
// the codings that real servers use, so that crawlers can be run against it. It
// prints its address.
package main

import (
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
)

func page(title, meta, body string) string {
	return "<!DOCTYPE html>\n<html lang=\"en\"><head>" + meta + "<title>" + title + "</title></head>\n<body><nav><a href=\"/\">Home</a> <a href=\"/sport\">Sport</a></nav>\n<article><h1>" +
		title + "</h1>\n" + body + "\n<p>Sign up for our free daily newsletter</p>\n</article><footer>Copyright 2026 The Daily Example</footer></body></html>\n"
}

var story = page("The harbour is dredged", "", strings.Repeat("<p>The harbour will be dredged in spring, the council decided on Tuesday evening. “No comments,” said the mayor when he was asked what it would cost.</p>\n", 3))

func main() {
	for path, encode := range map[string]func(io.Writer) io.WriteCloser{
		"gzip":     func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"br":       func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
		"deflate":  func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
		"rawflate": func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 6); return f },
	} {
		http.HandleFunc("/"+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Encoding", strings.TrimPrefix(path, "raw"))
			if path == "rawflate" {
				w.Header().Set("Content-Encoding", "deflate")
			}
			z := encode(w)
			io.WriteString(z, strings.Replace(story, "The harbour is", "By "+path+": the harbour is", 2))
			z.Close()
		})
	}
	send := func(path, kind, body string) {
		http.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			io.WriteString(w, body)
		})
	}
	send("/plain", "text/html; charset=utf-8", story)
	send("/again", "text/html; charset=utf-8", story) // the same bytes: a revisit to those who look
	send("/latin1", "text/html; charset=ISO-8859-1", page("Caf\xe9 au lait", "", "<p>The caf\xe9 on the quay has new owners, who were born in M\xfcnster and Troms\xf8.</p>"))
	send("/meta", "text/html", page("Ein Caf\xe9", `<meta charset="windows-1252">`, "<p>Das Caf\xe9 am Kai hat neue P\xe4chter \x96 sie kommen aus M\xfcnster.</p>"))
	send("/badlabel", "text/html; charset=utf-9", page("No such charset", "", "<p>The header of this page names a charset that nobody knows.</p>"))
	send("/notype", "", story)
	send("/text.txt", "text/plain; charset=utf-8", "The ferry sails at nine.\nIt is back at noon.\nPost a Comment\n")
	send("/mislabelled.txt", "text/plain", page("A page that says it is text", "", "<p>Servers are wrong now and then.</p>"))
	send("/style.css", "text/css", "body { color: black }\n")
	send("/pic.png", "image/png", "\x89PNG\r\n\x1a\nno picture follows")
	send("/empty", "text/html", "")
	http.HandleFunc("/chunked", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for part := range strings.SplitAfterSeq(strings.Replace(story, "The harbour is", "In chunks: the harbour is", 2), "\n") {
			io.WriteString(w, part)
			w.(http.Flusher).Flush()
		}
	})
	http.HandleFunc("/gzipchunked", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		for part := range strings.SplitAfterSeq(story, "\n") {
			io.WriteString(z, part)
			z.Flush()
			w.(http.Flusher).Flush()
		}
		z.Close()
	})
	http.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/plain", http.StatusMovedPermanently)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.Addr())
	log.Fatal(http.Serve(l, nil))
}
