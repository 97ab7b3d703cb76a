package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"winnow/archive"
	"winnow/clean"
	"winnow/extract"
	"winnow/rules"
	"winnow/rules/siteconfig"
)

func rulesImportCommand(s streams) *cobra.Command {
	j := &importJob{streams: s}
	c := &cobra.Command{
		Use:   "import-siteconfig FILE|FOLDER... -o FOLDER",
		Short: "Make packs of FiveFilters site configs",
		Long: `Make packs of FiveFilters site configs, the files of Full-Text RSS, wallabag and
others that say for a host where its articles stand in the page (example.com.txt,
.example.com.txt for the hosts below).

Each file becomes a pack of rules by selectors in the output folder. What could
not be carried over is listed with its reason in siteconfig-left.tsv there, and
what the files say that the texts of pages must hold in siteconfig-tests.jsonl.
With --pages these tests are run on pages that are at hand, with the new packs
and without.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return j.run(c.Context(), args) },
	}
	fl := c.Flags()
	fl.StringVarP(&j.output, "output", "o", "", "write the packs to `FOLDER`")
	fl.StringArrayVar(&j.pages, "pages", nil, "run the files' tests on the pages in `FILE`, of any kind that winnow clean reads (repeatable)")
	fl.BoolVar(&j.rescue, "rescue", false, "bring back everything in the element that a file says the article stands in (else in shadow mode: such elements often hold comments and boxes too)")
	c.MarkFlagRequired("output")
	return c
}

// An importJob is one call of winnow rules import-siteconfig.
type importJob struct {
	streams
	output string
	pages  []string
	rescue bool
}

func (j *importJob) run(ctx context.Context, args []string) error {
	files, err := siteconfigFiles(args)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(j.output, 0o777); err != nil {
		return err
	}
	var left, tests bytes.Buffer
	left.WriteString("file\tline\tdirective\twhy\n")
	var all []siteconfig.Test
	var packs, ruleCount, carried, behind int
	whys := map[string]int{}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c, err := siteconfig.Parse(filepath.Base(path), data)
		if err != nil {
			return err
		}
		res := siteconfig.Convert(c, j.rescue)
		carried += len(res.Carried)
		behind += len(res.Left)
		for _, l := range res.Left {
			fmt.Fprintf(&left, "%s\t%d\t%s\t%s\n", c.File, l.Line, strings.ReplaceAll(l.Directive.String(), "\t", " "), l.Why)
			whys[l.Name]++
		}
		for _, t := range res.Tests {
			b, err := json.Marshal(t)
			if err != nil {
				return err
			}
			tests.Write(append(b, '\n'))
		}
		all = append(all, res.Tests...)
		if res.Rules == 0 {
			continue
		}
		packs++
		ruleCount += res.Rules
		if err := writeWhole(filepath.Join(j.output, siteconfigPack(c.Host)), res.Pack); err != nil {
			return err
		}
	}
	if err := writeWhole(filepath.Join(j.output, "siteconfig-left.tsv"), left.Bytes()); err != nil {
		return err
	}
	if err := writeWhole(filepath.Join(j.output, "siteconfig-tests.jsonl"), tests.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(j.out, "%s: %s in %s; of %s %d carried over, %d left behind\n",
		count(len(files), "site config"), count(ruleCount, "rule"), count(packs, "pack"), count(carried+behind, "directive"), carried, behind)
	names := make([]string, 0, len(whys))
	for n := range whys {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(whys[b]-whys[a], cmp.Compare(a, b)) })
	for _, n := range names {
		if n == "" {
			fmt.Fprintf(j.out, "  left behind: %5d lines that are no directive\n", whys[n])
			continue
		}
		fmt.Fprintf(j.out, "  left behind: %5d %s\n", whys[n], n)
	}
	if len(j.pages) == 0 {
		return nil
	}
	return j.try(ctx, all)
}

// siteconfigPack names the file of a host's pack.
func siteconfigPack(host string) string {
	if strings.HasPrefix(host, ".") {
		return "below" + host + ".siteconfig.yaml"
	}
	return host + ".siteconfig.yaml"
}

// siteconfigFiles lists the site configs among args and in their folders, sorted.
func siteconfigFiles(args []string) ([]string, error) {
	var out []string
	for _, a := range args {
		info, err := os.Stat(a)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			out = append(out, a)
			continue
		}
		entries, err := os.ReadDir(a)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.IsDir() && siteconfig.HostOf(e.Name()) != "" {
				out = append(out, filepath.Join(a, e.Name()))
			}
		}
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) == 0 {
		return nil, fmt.Errorf("%s holds no site configs: files named for a host, such as example.com.txt", strings.Join(args, ", "))
	}
	return out, nil
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(path string, content []byte) error {
	f, err := archive.Create(path)
	if err != nil {
		return err
	}
	defer f.Abandon()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Commit()
}

// try runs the tests on pages, with the packs and without.
func (j *importJob) try(ctx context.Context, tests []siteconfig.Test) error {
	own, err := rules.LoadDir(j.output)
	if err != nil {
		return err
	}
	with, err := clean.Default(own...)
	if err != nil {
		return err
	}
	without, err := clean.Default()
	if err != nil {
		return err
	}
	asked := map[string][]siteconfig.Test{}
	for _, t := range tests {
		if len(t.Contains)+len(t.NotContains) > 0 {
			asked[samePage(t.URL)] = append(asked[samePage(t.URL)], t)
		}
	}
	pages, snippets := 0, 0
	var held [2]int // without, with
	err = eachPage(j.pages, j.in, func(rec *archive.Record) error {
		ts := asked[samePage(rec.URL)]
		if len(ts) == 0 {
			return nil
		}
		pages++
		var texts [2]string
		for i, e := range []*clean.Engine{without, with} {
			res, err := e.Clean(ctx, clean.Input{URL: rec.URL, IsPage: true, Source: rec.Source, Charset: rec.Charset}, clean.Options{})
			if err != nil {
				return fmt.Errorf("%s: %w", rec.URL, err)
			}
			texts[i] = strings.Join(strings.Fields(res.Outcome.Clean), " ")
		}
		for _, t := range ts {
			check := func(snippet string, want bool) {
				snippet = strings.Join(strings.Fields(snippet), " ")
				snippets++
				for i, s := range texts {
					if strings.Contains(s, snippet) == want {
						held[i]++
					} else if i == 1 {
						fmt.Fprintf(j.out, "%s: %q stands in the text: %v\n", rec.URL, snippet, !want)
					}
				}
			}
			for _, x := range t.Contains {
				check(x, true)
			}
			for _, x := range t.NotContains {
				check(x, false)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(j.out, "tests on %s: %d of %d hold with the packs, %d without\n", count(pages, "page"), held[1], snippets, held[0])
	return nil
}

// samePage brings addresses of one page to one form.
func samePage(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		rest = url
	}
	return strings.TrimSuffix(strings.TrimPrefix(rest, "www."), "/")
}

// eachPage calls f with every page in files.
func eachPage(files []string, in io.Reader, f func(*archive.Record) error) error {
	sources, _, err := archive.Sources(files, "")
	if err != nil {
		return err
	}
	for _, src := range sources {
		if err := pagesOf(src, in, f); err != nil {
			return fmt.Errorf("%s: %w", src.Path, err)
		}
	}
	return nil
}

func pagesOf(src archive.Source, in io.Reader, f func(*archive.Record) error) error {
	r, err := archive.Open(src, archive.ReadOptions{Prefer: "html", In: in, MaxPage: extract.DefaultMaxBytes})
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if rec.Err != nil || rec.Blank || !rec.IsPage {
			continue
		}
		if err := f(rec); err != nil {
			return err
		}
	}
}
