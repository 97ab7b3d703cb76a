package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"winnow/archive"
)

func statsCommand(s streams) *cobra.Command {
	j := &statsJob{streams: s}
	c := &cobra.Command{
		Use:   "stats FILE|FOLDER|-...",
		Short: "Say what is in archives",
		Long: `Say what is in archives, before they are cleaned: formats, documents, publishers,
languages, sizes, and what cannot be read, with the place. Nothing is extracted
or cleaned, and memory does not grow with the archive.

Languages are told of an even sample of 2,000 to 4,000 documents: what a record
or a page names as its language, else what the letters and their sequences say.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return j.run(c.Context(), args) },
	}
	fl := c.Flags()
	fl.BoolVar(&j.json, "json", false, "write JSON")
	fl.IntVar(&j.top, "top", 10, "list this many publishers and languages; 0 lists all")
	fl.StringVar(&j.as, "as", "", "read every file as `KIND`: text, html, jsonl, warc, wet, parquet or tar")
	fl.StringVar(&j.prefer, "prefer", "html", "the `FIELD` that counts where a record has both: html or text")
	fl.StringToStringVar(&j.fields, "field", nil, "read `FIELD=COLUMN` of Parquet files, where columns have other names")
	return c
}

// A statsJob is one call of winnow stats.
type statsJob struct {
	streams
	json       bool
	top        int
	as, prefer string
	fields     map[string]string

	survey    archive.Survey
	languages languages
	skipped   int
}

func (j *statsJob) run(ctx context.Context, args []string) error {
	if j.prefer != "html" && j.prefer != "text" {
		return fmt.Errorf("--prefer %q: html or text", j.prefer)
	}
	if j.top < 0 {
		return errors.New("--top is less than 0")
	}
	var as archive.Kind
	var err error
	if j.as != "" {
		if as, err = archive.ParseKind(j.as); err != nil {
			return err
		}
	}
	sources, skipped, err := archive.Sources(args, as)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		return fmt.Errorf("%s holds nothing that is read (%s)", strings.Join(args, ", "), count(skipped, "file of another kind"))
	}
	j.skipped = skipped
	for _, src := range sources {
		if err := j.read(ctx, src); err != nil {
			return err
		}
	}
	if j.json {
		return j.writeJSON()
	}
	return j.write()
}

// read counts what a file holds. A file that cannot be read is counted as an error.
func (j *statsJob) read(ctx context.Context, src archive.Source) error {
	r, err := archive.Open(src, archive.ReadOptions{Prefer: j.prefer, Fields: j.fields, In: j.in})
	if err != nil {
		j.survey.AddFile(src)
		j.survey.AddError(src.Path, "NOT_READ", strings.TrimPrefix(err.Error(), src.Path+": "))
		return nil
	}
	defer r.Close()
	src.Kind, src.Compression = r.Format().Kind, r.Format().Compression // of "-" it is known only now
	defer func() {
		if src.Size == 0 {
			src.Size = r.Position()
		}
		j.survey.AddFile(src)
		j.survey.AddPassed(r)
	}()
	for {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		rec, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			j.survey.AddError(src.Path, "NOT_READ", err.Error())
			return nil
		}
		if j.survey.Add(src, rec) {
			j.languages.add(rec)
		}
	}
}

// quantiles are those that are shown.
var quantiles = []struct {
	name string
	q    float64
}{{"p1", .01}, {"p10", .1}, {"p25", .25}, {"p50", .5}, {"p75", .75}, {"p90", .9}, {"p99", .99}, {"p99.9", .999}}

func (j *statsJob) writeJSON() error {
	list, missed := j.survey.Publishers()
	langs, of := j.languages.top(0)
	out := struct {
		*archive.Survey
		Sizes      map[string]map[string]int64 `json:"sizes"`
		OtherFiles int                         `json:"files_of_other_kinds"`
		Publishers struct {
			Named  int                      `json:"named"`
			Missed int64                    `json:"counts_may_lack,omitempty"`
			Top    []archive.PublisherCount `json:"top"`
		} `json:"publishers"`
		Languages struct {
			Of     int             `json:"of_documents"`
			Counts []languageCount `json:"counts"`
		} `json:"languages"`
	}{Survey: &j.survey, Sizes: map[string]map[string]int64{}, OtherFiles: j.skipped}
	for name, s := range map[string]*archive.Sizes{"texts": &j.survey.Texts, "pages": &j.survey.Pages} {
		if s.Count == 0 {
			continue
		}
		m := map[string]int64{"mean": s.Mean()}
		for _, q := range quantiles {
			m[q.name] = s.Quantile(q.q)
		}
		out.Sizes[name] = m
	}
	out.Publishers.Named, out.Publishers.Missed, out.Publishers.Top = named(list), missed, firstN(list, j.top)
	out.Languages.Of, out.Languages.Counts = of, firstN(langs, j.top)
	e := json.NewEncoder(j.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// named counts the publishers without those who are none.
func named(list []archive.PublisherCount) int {
	if slices.ContainsFunc(list, func(p archive.PublisherCount) bool { return p.Publisher == "" }) {
		return len(list) - 1
	}
	return len(list)
}

// firstN returns the first n of list, or all where n is 0.
func firstN[T any](list []T, n int) []T {
	if n > 0 && len(list) > n {
		return list[:n]
	}
	return list
}

func (j *statsJob) write() error {
	s := &j.survey
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s %10s %12s %12s\n", "format", "files", "bytes", "documents")
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		f := s.Files[name]
		fmt.Fprintf(&b, "%-14s %10s %12s %12s\n", name, grouped(f.Files), size(f.Bytes), grouped(f.Documents))
	}
	if j.skipped > 0 {
		fmt.Fprintf(&b, "%-14s %10s\n", "other kinds", grouped(int64(j.skipped)))
	}
	fmt.Fprintf(&b, "\n%-14s %10s %12s %9s", "documents", "count", "bytes", "mean")
	for _, q := range quantiles {
		fmt.Fprintf(&b, " %9s", q.name)
	}
	fmt.Fprintf(&b, " %9s\n", "max")
	for _, row := range []struct {
		name string
		s    *archive.Sizes
	}{{"texts", &s.Texts}, {"pages", &s.Pages}} {
		if row.s.Count == 0 {
			continue
		}
		fmt.Fprintf(&b, "%-14s %10s %12s %9s", row.name, grouped(row.s.Count), size(row.s.Bytes), size(row.s.Mean()))
		for _, q := range quantiles {
			fmt.Fprintf(&b, " %9s", size(row.s.Quantile(q.q)))
		}
		fmt.Fprintf(&b, " %9s\n", size(row.s.Max))
	}
	if !s.First.IsZero() {
		fmt.Fprintf(&b, "\ncaptured from %s to %s", s.First.Format(time.DateOnly), s.Last.Format(time.DateOnly))
		if s.Undated > 0 {
			fmt.Fprintf(&b, "; %s not dated", count(int(s.Undated), "document"))
		}
		b.WriteByte('\n')
	}
	list, missed := s.Publishers()
	if len(list) > 0 {
		fmt.Fprintf(&b, "\n%-40s %12s\n", count(named(list), "publisher"), "documents")
		for _, p := range firstN(list, j.top) {
			name := string(p.Publisher)
			if name == "" {
				name = "(none)"
			}
			fmt.Fprintf(&b, "  %-38s %12s %6s\n", name, grouped(p.Documents), share(p.Documents, s.Documents))
		}
		if missed > 0 {
			fmt.Fprintf(&b, "  more publishers than are counted by name: counts may lack %s\n", grouped(missed))
		}
	}
	if langs, of := j.languages.top(j.top); of > 0 {
		fmt.Fprintf(&b, "\n%-40s %12s\n", "languages", "documents")
		for _, l := range langs {
			fmt.Fprintf(&b, "  %-38s %12s %6s\n", l.Language, grouped(l.Documents), share(l.Documents, int64(of)))
		}
		if int64(of) < s.Documents {
			fmt.Fprintf(&b, "  told of an even sample of %s\n", count(of, "document"))
		}
	}
	if len(s.Passed) > 0 {
		b.WriteString("\npassed by\n")
		for _, what := range slices.Sorted(maps.Keys(s.Passed)) {
			fmt.Fprintf(&b, "  %-38s %12s\n", what, grouped(s.Passed[what]))
		}
	}
	if len(s.Warnings) > 0 {
		b.WriteString("\nwarnings\n")
		for _, code := range slices.Sorted(maps.Keys(s.Warnings)) {
			fmt.Fprintf(&b, "  %-38s %12s\n", code, grouped(s.Warnings[code]))
		}
	}
	if len(s.Errors) > 0 {
		b.WriteString("\ncannot be read\n")
		for _, reason := range slices.Sorted(maps.Keys(s.Errors)) {
			e := s.Errors[reason]
			fmt.Fprintf(&b, "  %-38s %12s\n", reason, grouped(e.Count))
			for _, m := range e.First {
				fmt.Fprintf(&b, "    %s\n", m)
			}
		}
	}
	_, err := io.WriteString(j.out, b.String())
	return err
}
