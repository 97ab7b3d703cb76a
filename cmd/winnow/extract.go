package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"winnow/archive"
	"winnow/clean"
	"winnow/extract"
)

func extractCommand(s streams) *cobra.Command {
	var format, engine, url, charset, contentType, as, prefer, id string
	var captions, ledger bool
	var blocks string
	var ruleFlags ruleFlags
	c := &cobra.Command{
		Use:   "extract PAGE.html|-",
		Short: "Print the article of a page, before any rule",
		Long: `Print the article of a page, before any rule: as text, Markdown or cleaned
HTML, or what the page says about itself as JSON. "-" reads a page from standard
input; with a file of JSON lines, --id names the record.

With --ledger, print what became of every text on the page instead: kept,
dropped by extraction (and why) or removed by a rule (and which), with the
element it stands in and its bytes in the page; --format json gives a JSON line
for each, the sums last.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if as == "" && args[0] == "-" {
				as = string(archive.Page)
			}
			rec, err := oneRecord(args[0], as, id, archive.ReadOptions{Prefer: prefer, In: s.in, MaxPage: extract.DefaultMaxBytes})
			if err != nil {
				return err
			}
			if rec.Err != nil {
				return rec.Err
			}
			if !rec.IsPage {
				return fmt.Errorf("%s: the record %q is a text and not a page; --as html reads a file as one", args[0], rec.ID)
			}
			if url != "" {
				rec.URL = url
			}
			if charset != "" {
				rec.Charset = charset
			}
			name, err := extract.ParseEngine(engine)
			if err != nil {
				return plainError(err)
			}
			if format != "text" && format != "markdown" && format != "html" && format != "json" {
				return fmt.Errorf("--format %q: text, markdown, html or json", format)
			}
			blocking, err := extract.ParseBlocking(blocks)
			if err != nil {
				return plainError(err)
			}
			if ledger {
				o := clean.Options{Engine: name, Captions: captions, Blocks: blocking, Ledger: true}
				return printLedger(c.Context(), s, args[0], rec, contentType, ruleFlags, o, format)
			}
			page := extract.Page{HTML: rec.Source, URL: rec.URL, Charset: rec.Charset, ContentType: contentType}
			res, err := extract.Extract(c.Context(), page, extract.Options{Engine: name, Captions: captions, Blocks: blocking,
				Markdown: format == "markdown", HTML: format == "html"})
			var bad *extract.Error
			if errors.As(err, &bad) {
				fmt.Fprintf(s.err, "winnow: %s: %s: %s\n", args[0], bad.Reason, bad.Message)
				return errFailed
			}
			if err != nil {
				return err
			}
			return buffered(s.out, func(b *bufio.Writer) error { return writeExtracted(s, b, res, format) })
		},
	}
	fl := c.Flags()
	fl.StringVar(&format, "format", "text", "what to print: text, markdown, html or json (metadata)")
	fl.StringVar(&engine, "engine", string(extract.Shiori), "what finds the article: shiori or readeck")
	fl.StringVar(&blocks, "blocks", string(extract.BlocksOn), "on: the block model mends what the engine found; off: the engine alone")
	fl.BoolVar(&ledger, "ledger", false, "print what became of every text on the page, rules included")
	fl.BoolVar(&captions, "captions", false, "keep the captions of pictures")
	fl.StringVar(&url, "url", "", "where the page was found")
	fl.StringVar(&charset, "charset", "", "the page's charset, where it is known")
	fl.StringVar(&contentType, "content-type", "", "the Content-Type header that the page came with")
	fl.StringVar(&as, "as", "", "read the file as `KIND`: html or jsonl")
	fl.StringVar(&prefer, "prefer", "html", "the `FIELD` to read where a record has both")
	fl.StringVar(&id, "id", "", "the record of JSON lines to read; the first without it")
	ruleFlags.add(c)
	return c
}

func writeExtracted(s streams, b *bufio.Writer, res *extract.Result, format string) error {
	if format == "json" {
		return writeMetadata(b, res)
	}
	for _, w := range res.Warnings {
		fmt.Fprintf(s.err, "winnow: %s: %s\n", w.Code, w.Message)
	}
	out := map[string]string{"text": res.Document.Text, "markdown": res.Markdown, "html": res.HTML}[format]
	if out != "" && !strings.HasSuffix(out, "\n") {
		out += "\n"
	}
	_, err := io.WriteString(b, out)
	return err
}

// writeMetadata writes what the page says about itself. Times are RFC 3339 in
// UTC, and all fields are there.
func writeMetadata(b *bufio.Writer, res *extract.Result) error {
	m := res.Metadata
	when := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	warnings := []archive.Warning{}
	for _, w := range res.Warnings {
		warnings = append(warnings, archive.Warning{Code: string(w.Code), Message: w.Message})
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(struct {
		URL       string            `json:"url"`
		Publisher string            `json:"publisher"`
		Title     string            `json:"title"`
		Byline    string            `json:"byline"`
		SiteName  string            `json:"site_name"`
		Language  string            `json:"language"`
		Published string            `json:"published"`
		Modified  string            `json:"modified"`
		Excerpt   string            `json:"excerpt"`
		Image     string            `json:"image"`
		Next      string            `json:"next_page"`
		Previous  string            `json:"previous_page"`
		Charset   string            `json:"charset"`
		Bytes     int               `json:"text_bytes"`
		Warnings  []archive.Warning `json:"warnings"`
	}{res.Document.URL, string(res.Document.Publisher), m.Title, m.Byline, m.SiteName, m.Language, when(m.Published),
		when(m.Modified), m.Excerpt, m.Image, m.Next, m.Previous, res.Charset, len(res.Document.Text), warnings})
	if err != nil {
		return err
	}
	_, err = out.WriteTo(b)
	return err
}
