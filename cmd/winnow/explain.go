package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"winnow/archive"
	"winnow/client"
	"winnow/extract"
	"winnow/rules"
	"winnow/text"
)

// An explanation says in the words of a local run why a place was removed or
// kept, wherever it comes from.
type explanation struct {
	span     text.Span
	text     string
	removed  *archive.Removed // nil where it was kept
	findings []finding
	revision string
}

type finding struct {
	rule      string
	span      text.Span
	verdict   rules.Verdict
	condition string
	why       string // the rule's own, in process only
}

func (l *local) explain(ctx context.Context, rec *archive.Record, span text.Span) (*explanation, error) {
	used, _ := client.Usable(rec)
	in, o := l.input(used)
	x, res, err := l.engine.ExplainAt(ctx, in, func(extracted string) (text.Span, error) {
		if span.End > len(extracted) {
			return span, &extract.Error{Reason: extract.InvalidOption,
				Message: fmt.Sprintf("%v does not lie in the text of %d bytes", span, len(extracted))}
		}
		return span, nil
	}, o)
	if err != nil {
		return nil, localError(ctx, err)
	}
	e := &explanation{span: x.Span, text: x.Span.In(res.Document.Text), revision: res.Revision}
	if x.Removed != nil && x.Removed.Mode == rules.Enforce {
		r := removed(*x.Removed, res.Document.Text)
		e.removed = &r
	}
	for _, f := range x.Findings {
		e.findings = append(e.findings, finding{string(f.Rule.ID), f.Span, f.Verdict, f.Condition, f.Rule.Why})
	}
	return e, nil
}

// verdicts are the wire's words for rules.Verdict.
var verdicts = map[string]rules.Verdict{
	"cut": rules.Cut, "exception": rules.KeptByException, "place": rules.KeptByPlace, "category": rules.KeptByCategory,
	"confidence": rules.KeptByConfidence, "budget": rules.KeptByBudget, "profile": rules.KeptByProfile,
	"shadow": rules.OnlyShadow, "": rules.NearMiss,
}

func (r remote) explain(ctx context.Context, rec *archive.Record, span text.Span) (*explanation, error) {
	x, err := r.Explain(ctx, rec, span)
	if err != nil {
		return nil, err
	}
	e := &explanation{span: x.Span, text: x.Text, revision: x.Revision}
	if x.Removed != nil && x.Removed.Mode == client.Enforced {
		e.removed = &archive.Removed{Start: x.Removed.Span.Start, End: x.Removed.Span.End, Text: x.Removed.Text,
			Rules: x.Removed.Rules, Category: x.Removed.Category, Stage: x.Removed.Stage, Mode: x.Removed.Mode, Confidence: x.Removed.Confidence}
	}
	for _, f := range x.Findings {
		e.findings = append(e.findings, finding{f.Rule, f.Span, verdicts[f.Verdict], f.Condition, ""})
	}
	return e, nil
}

func explainCommand(s streams) *cobra.Command {
	var flags cleanFlags
	var at, find, id, as, prefer, publisher string
	var all bool
	c := &cobra.Command{
		Use:   "explain FILE --at OFFSET",
		Short: "Say why a place was removed, or why it was kept",
		Long: `Say why a place in a document was removed, or why it was kept: which rules
matched there or came near, and which condition decided.

Offsets are bytes of the extracted text, as "removed" lists them; for a text
that is the file itself.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			read := archive.ReadOptions{Prefer: prefer, In: s.in}
			read.MaxPage, read.MaxText = flags.largest()
			rec, err := oneRecord(args[0], as, id, read)
			if err != nil {
				return err
			}
			if publisher != "" {
				rec.Publisher = text.ParsePublisher(publisher)
			}
			cl, done, err := flags.cleaner(c)
			if err != nil {
				return err
			}
			defer done()
			var span text.Span
			if c.Flags().Changed("find") {
				span, err = findIn(c.Context(), cl, rec, find)
			} else {
				span, err = parseSpan(at)
			}
			if err != nil {
				return err
			}
			e, err := cl.explain(c.Context(), rec, span)
			if err != nil {
				return err
			}
			return buffered(s.out, func(b *bufio.Writer) error { return e.write(b, all) })
		},
	}
	flags.add(c)
	fl := c.Flags()
	fl.StringVar(&at, "at", "", "the place: `OFFSET`, or START:END")
	fl.StringVar(&find, "find", "", "the place: where `TEXT` first stands in the extracted text")
	fl.StringVar(&id, "id", "", "the record of JSON lines to look at; the first without it")
	fl.StringVar(&as, "as", "", "read the file as `KIND`: text, html or jsonl")
	fl.StringVar(&prefer, "prefer", "", "the `FIELD` to clean where a record has both: html or text")
	fl.StringVar(&publisher, "publisher", "", "the publisher, where the file does not say")
	fl.BoolVar(&all, "all", false, "also list every rule that comes near, and what it asks for")
	c.MarkFlagsOneRequired("at", "find")
	c.MarkFlagsMutuallyExclusive("at", "find")
	return c
}

// parseSpan reads OFFSET or START:END.
func parseSpan(s string) (text.Span, error) {
	from, to, both := strings.Cut(s, ":")
	start, err := strconv.Atoi(from)
	end := start + 1
	if err == nil && both {
		end, err = strconv.Atoi(to)
	}
	if err != nil || start < 0 || end <= start {
		return text.Span{}, fmt.Errorf("--at %q is no place: OFFSET or START:END, in bytes", s)
	}
	return text.Span{Start: start, End: end}, nil
}

// findIn returns the place where t first stands in the extracted text.
func findIn(ctx context.Context, cl cleaner, rec *archive.Record, t string) (text.Span, error) {
	if t == "" {
		return text.Span{}, errors.New("--find names no text")
	}
	res, err := cl.Clean(ctx, rec)
	if err != nil {
		return text.Span{}, err
	}
	extracted, err := restore(res.Text, res.Removed)
	if err != nil {
		return text.Span{}, err
	}
	i := strings.Index(extracted, t)
	if i < 0 {
		return text.Span{}, fmt.Errorf("%q does not stand in the extracted text", t)
	}
	return text.Span{Start: i, End: i + len(t)}, nil
}

// oneRecord reads the record of that id, or the only or first one, by o.
func oneRecord(path, as, id string, o archive.ReadOptions) (*archive.Record, error) {
	src, err := oneSource(path, as)
	if err != nil {
		return nil, err
	}
	r, err := archive.Open(src, o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		switch {
		case errors.Is(err, io.EOF) && id != "":
			return nil, fmt.Errorf("%s has no record with the id %q", path, id)
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%s has no record", path)
		case err != nil:
			return nil, err
		case rec.Blank || id != "" && rec.ID != id:
			continue
		case rec.Err != nil:
			return nil, rec.Err
		}
		return rec, nil
	}
}

// write writes e in plain words. Rules that have a word in common with the
// place and do not match are shown with all, else a few where nothing matches.
func (e *explanation) write(b *bufio.Writer, all bool) error {
	fmt.Fprintf(b, "bytes %d to %d: %s\n", e.span.Start, e.span.End, quoted(e.text))
	if r := e.removed; r != nil {
		fmt.Fprintf(b, "removed as %s by %s, with bytes %d to %d (confidence %.3f, stage %s)\n",
			r.Category, strings.Join(r.Rules, ", "), r.Start, r.End, r.Confidence, r.Stage)
	} else {
		fmt.Fprintln(b, "kept")
	}
	matched := 0
	for _, f := range e.findings {
		if f.verdict != rules.NearMiss {
			matched++
		}
	}
	if matched == 0 {
		fmt.Fprintln(b, "  no rule matches here")
	}
	shown := matched
	if all {
		shown = len(e.findings)
	} else if matched == 0 {
		shown = min(fewMisses, len(e.findings))
	}
	for _, f := range e.findings[:shown] {
		fmt.Fprintf(b, "  %s at bytes %d to %d: %s\n", f.rule, f.span.Start, f.span.End, f.verdict)
		if c := f.condition; c != "" && c != string(f.verdict) {
			fmt.Fprintf(b, "      %s\n", c)
		}
		if f.why != "" {
			fmt.Fprintf(b, "      %s\n", f.why)
		}
	}
	if n := len(e.findings) - shown; n > 0 {
		fmt.Fprintf(b, "  %d rules more come near (--all)\n", n)
	}
	fmt.Fprintf(b, "rules %s\n", e.revision)
	return nil
}

// fewMisses is how many rules that do not match are shown where none does.
const fewMisses = 3

// quoted shortens t for one line.
func quoted(t string) string {
	const most = 160
	if len(t) > most {
		n := most
		for n > 0 && !utf8.RuneStart(t[n]) {
			n--
		}
		return strconv.Quote(t[:n]) + " ..."
	}
	return strconv.Quote(t)
}
