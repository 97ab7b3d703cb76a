package main

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"winnow/archive"
	"winnow/rules"
	"winnow/text"
)

func rulesWhyCommand(s streams) *cobra.Command {
	var flags ruleFlags
	var archives []string
	j := &learnJob{streams: s}
	c := &cobra.Command{
		Use:   "why ID",
		Short: "Tell in plain words why a rule is there: who wrote it, its evidence, its examples",
		Long: `Tell in plain words why a rule is there: who or what wrote it, what people decided
on it, its evidence, and its examples, marked. Where --archive names the documents
that it was learned from, its samples are shown where they stand.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			set, err := flags.set()
			if err != nil {
				return err
			}
			r := set.Rule(rules.ID(args[0]))
			if r == nil {
				return fmt.Errorf("no rule has the id %q", args[0])
			}
			var found map[string][]text.Document
			if len(archives) > 0 && r.Evidence != nil {
				if found, err = j.sampled(c.Context(), archives, r); err != nil {
					return err
				}
			}
			return buffered(s.out, func(b *bufio.Writer) error {
				writeWhy(b, r)
				writeSamples(b, r, found)
				return nil
			})
		},
	}
	flags.add(c)
	c.Flags().StringArrayVar(&archives, "archive", nil, "a `FILE` or folder that holds the documents of the samples (repeatable)")
	c.Flags().StringVar(&j.as, "as", "", "read every file of --archive as `KIND`: text, html, jsonl, warc, wet, parquet or tar")
	c.Flags().StringVar(&j.prefer, "prefer", "text", "the `FIELD` that was learned from where a record has both: html or text")
	return c
}

// writeWhy tells of everything but the samples.
func writeWhy(b *bufio.Writer, r *rules.Rule) {
	verb := "takes"
	if r.Keep {
		verb = "keeps"
	} else if r.Rescue {
		verb = "brings back"
	}
	place := map[rules.Where]string{rules.Head: "at the head", rules.Tail: "at the tail", rules.Anywhere: "anywhere"}[r.Where]
	of := "of any publisher"
	if s := r.Scope.String(); s != "any" {
		of = "of " + s
	}
	fmt.Fprintf(b, "%s %s %s, %s in documents %s, by the kind %s.\n%s\n", r.ID, verb, r.Category, place, of, r.Kind, r.Why)
	fmt.Fprintf(b, "Mode: %s. Confidence: %.3f.\n", r.Mode, r.Confidence)
	if r.Override != nil {
		fmt.Fprintf(b, "Decided: %s.\n", decision(r.Override))
	}
	e := r.Evidence
	switch {
	case r.Kind == rules.KindModel:
		fmt.Fprintf(b, "Written in %s: it stands for the universal model.\n", r.Origin)
	case e == nil:
		fmt.Fprintf(b, "Written by hand in %s.\n", r.Origin)
	default:
		fmt.Fprintf(b, "Learned from the archive %s by version %s of the learner; written in %s.\n\n", e.Corpus, e.Learner, r.Origin)
		writeEvidence(b, e)
	}
	fmt.Fprintln(b)
	if r.Keep || r.Rescue {
		marked(b, "It must leave this to other rules:", r.Remove)
		marked(b, "It must keep this:", r.KeepText)
	} else {
		marked(b, "It must take what is marked:", r.Remove)
		marked(b, "It must leave this whole:", r.KeepText)
	}
}

// decision tells of an override in one line.
func decision(o *rules.Override) string {
	s := fmt.Sprintf("%s by %s on %s (the pack says %s; %s)", o.Mode, o.Who, o.When, o.Pack, o.Place)
	if o.Why != "" {
		s += ": " + strings.TrimRight(o.Why, ".")
	}
	return s
}

func writeEvidence(b *bufio.Writer, e *rules.Evidence) {
	fmt.Fprintf(b, "Evidence: it stands in %s of near-duplicates, of %s that were read", count(e.Groups, "group"), count(e.Documents, "document"))
	if e.Occurrences > 0 {
		fmt.Fprintf(b, "; %s in all", count(e.Occurrences, "time"))
	}
	if e.Variants > 0 {
		fmt.Fprintf(b, ", in %s", count(e.Variants, "spelling"))
	}
	fmt.Fprintln(b, ".")
	if e.Elsewhere == 0 {
		fmt.Fprintln(b, "  No other publisher of the archive holds it.")
	} else {
		fmt.Fprintf(b, "  Other publishers of the archive that hold it: %d.\n", e.Elsewhere)
	}
	if e.Edge > 0 {
		fmt.Fprintf(b, "  %.0f %% of its places lie in an unbroken run at the edge of their document.\n", 100*e.Edge)
	}
	if e.Lift > 0 {
		fmt.Fprintf(b, "  Its words go with those of their documents %.2f times as often as by chance: about 1 is furniture, more is content.\n", e.Lift)
	}
	fmt.Fprintf(b, "  At least %.1f %% of what it takes is furniture (lower bound).\n", 100*e.Precision)
	if e.First != "" {
		fmt.Fprintf(b, "  First seen %s, last seen %s.\n", e.First, e.Last)
	} else {
		fmt.Fprintln(b, "  When it was seen is not known: its documents have no dates.")
	}
	if len(e.Guards) > 0 {
		fmt.Fprintf(b, "  Guards that it passed: %s.\n", strings.Join(e.Guards, ", "))
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// marked writes examples below a heading.
func marked(b *bufio.Writer, heading string, es []rules.Example) {
	fmt.Fprintln(b, heading)
	for i, e := range es {
		if i > 0 {
			fmt.Fprintln(b)
		}
		if e.Title != "" {
			fmt.Fprintf(b, "  (title: %s)\n", e.Title)
		}
		quoteLines(b, e.Marked())
	}
}

func quoteLines(b *bufio.Writer, t string) {
	for l := range strings.SplitSeq(strings.Trim(t, "\n"), "\n") {
		fmt.Fprintf(b, "  | %s\n", strings.ToValidUTF8(l, "\uFFFD"))
	}
}

// sampled returns the documents of archives that the samples of r name.
func (j *learnJob) sampled(ctx context.Context, archives []string, r *rules.Rule) (map[string][]text.Document, error) {
	if j.prefer != "html" && j.prefer != "text" {
		return nil, fmt.Errorf("--prefer %q: html or text", j.prefer)
	}
	files, err := j.files(archives)
	if err != nil {
		return nil, err
	}
	records, failed := make(chan *archive.Record, 64), make(chan error, 1)
	go func() {
		defer close(records)
		for _, f := range files {
			if err := j.readFile(f, records); err != nil {
				failed <- err
				return
			}
		}
	}()
	out := map[string][]text.Document{}
	for rec := range records {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !slices.ContainsFunc(r.Evidence.Samples, func(s rules.Sample) bool { return s.Doc == rec.ID }) {
			continue
		}
		d, err := j.document(ctx, rec)
		if err != nil {
			fmt.Fprintf(j.err, "winnow: %s: %v\n", rec.ID, err)
		} else if p := r.Scope.Publisher; p == "" || d.Publisher == "" || d.Publisher == p {
			out[rec.ID] = append(out[rec.ID], d)
		}
	}
	select {
	case err := <-failed:
		return nil, err
	default:
		return out, nil
	}
}

// writeSamples writes the samples of r: where found holds their documents, with
// what stands around them. found is nil where no archive was given.
func writeSamples(b *bufio.Writer, r *rules.Rule, found map[string][]text.Document) {
	if r.Evidence == nil || len(r.Evidence.Samples) == 0 {
		return
	}
	fmt.Fprintln(b, "\nSamples of what it was learned from:")
	for _, s := range r.Evidence.Samples {
		fmt.Fprintf(b, "%s, bytes %d to %d", s.Doc, s.Start, s.End)
		span := text.Span{Start: s.Start, End: s.End}
		docs := found[s.Doc]
		i := slices.IndexFunc(docs, func(d text.Document) bool { return within(d.Text, span) })
		switch {
		case found == nil:
			fmt.Fprintln(b)
		case len(docs) == 0:
			fmt.Fprintln(b, ": not in the archive given")
		case i < 0:
			fmt.Fprintf(b, ": the document in the archive is another, of %d bytes\n", len(docs[0].Text))
		default:
			fmt.Fprintln(b, ":")
			quoteLines(b, inContext(docs[i].Text, span))
		}
	}
	if found == nil {
		fmt.Fprintln(b, "To see them where they stand, name the archive with --archive.")
	}
}

// within reports whether s is a span of t, and splits no rune.
func within(t string, s text.Span) bool {
	return 0 <= s.Start && s.Start < s.End && s.End <= len(t) && utf8.RuneStart(t[s.Start]) && (s.End == len(t) || utf8.RuneStart(t[s.End]))
}

// around is the most bytes of a line that are shown on one side of a sample.
const around = 160

// inContext returns the lines of s in t with s marked, and a line above and
// below it. Of long lines what is nearest to s is shown.
func inContext(t string, s text.Span) string {
	before, after := t[:s.Start], t[s.End:]
	from := strings.LastIndexByte(before, '\n') + 1
	line, above := lastBytes(before[from:]), ""
	if lines := strings.TrimRight(before[:from], " \t\r\n"); lines != "" {
		above = lastBytes(lines[strings.LastIndexByte(lines, '\n')+1:]) + "\n"
	}
	rest, below := after, ""
	if to := strings.IndexByte(after, '\n'); to >= 0 {
		rest = after[:to]
		if lines := strings.TrimLeft(after[to:], " \t\r\n"); lines != "" {
			first, _, _ := strings.Cut(lines, "\n")
			below = "\n" + firstBytes(first)
		}
	}
	m := rules.Marked(s.In(t), []rules.Removal{{Span: text.Span{End: s.Len()}, Mode: rules.Enforce}})
	return above + line + m + firstBytes(strings.TrimRight(rest, "\r")) + below
}

func lastBytes(t string) string {
	if len(t) <= around {
		return t
	}
	t = t[len(t)-around:]
	for len(t) > 0 && !utf8.RuneStart(t[0]) {
		t = t[1:]
	}
	return "…" + t
}

func firstBytes(t string) string {
	if len(t) <= around {
		return t
	}
	n := around
	for n > 0 && !utf8.RuneStart(t[n]) {
		n--
	}
	return t[:n] + "…"
}
