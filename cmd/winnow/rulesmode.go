package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"winnow/archive"
	"winnow/rules"
)

// rulesModeCommands are promote, shadow and off: they write down what a person
// decided on the mode of a rule.
func rulesModeCommands(s streams) []*cobra.Command {
	var out []*cobra.Command
	for _, m := range []struct {
		name, short string
		mode        rules.Mode
	}{
		{"promote", "Let a rule cut", rules.Enforce},
		{"shadow", "Let a rule report and cut nothing", rules.Shadow},
		{"off", "Switch a rule off", rules.Off},
	} {
		var folder, who, why string
		c := &cobra.Command{
			Use:   m.name + " ID --rules FOLDER",
			Short: m.short,
			Long: m.short + `. The decision is written into the folder's ` + rules.OverridesFile + `, beside the packs:
packs may be learned again and lose none.`,
			Args: cobra.ExactArgs(1),
			RunE: func(_ *cobra.Command, args []string) error {
				o := rules.Override{ID: rules.ID(args[0]), Mode: m.mode, Who: who, Why: why, When: time.Now().UTC().Format(time.DateOnly)}
				if err := decide(folder, o); err != nil {
					return err
				}
				fmt.Fprintf(s.out, "%s: %s\n", o.ID, o.Mode)
				return nil
			},
		}
		fl := c.Flags()
		fl.StringVar(&folder, "rules", "", "the `FOLDER` of the pack")
		fl.StringVar(&who, "who", cmp.Or(os.Getenv("USER"), "unknown"), "`NAME` of who decides")
		fl.StringVar(&why, "why", "", "the `REASON`, for those who ask later")
		c.MarkFlagRequired("rules")
		out = append(out, c)
	}
	return out
}

// decide writes o into the overrides of a folder whose packs hold its rule.
func decide(folder string, o rules.Override) error {
	packs, err := loadFolder(folder)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(packs, func(p *rules.Pack) bool {
		return slices.ContainsFunc(p.Rules, func(r *rules.Rule) bool { return r.ID == o.ID })
	}) {
		return fmt.Errorf("no rule in %s has the id %q", folder, o.ID)
	}
	path := filepath.Join(folder, rules.OverridesFile)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if data, err = rules.SetOverride(path, data, o); err != nil {
		return err
	}
	f, err := archive.Create(path)
	if err != nil {
		return err
	}
	defer f.Abandon()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Commit()
}

func rulesWhyCommand(s streams) *cobra.Command {
	var flags ruleFlags
	var source string
	c := &cobra.Command{
		Use:   "why ID",
		Short: "Show why a rule is there: its evidence, and samples in context",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := flags.set()
			if err != nil {
				return err
			}
			r := set.Rule(rules.ID(args[0]))
			if r == nil {
				return fmt.Errorf("no rule has the id %q", args[0])
			}
			return buffered(s.out, func(b *bufio.Writer) error { return writeWhy(b, r, source) })
		},
	}
	flags.add(c)
	c.Flags().StringVar(&source, "archive", "", "the JSON lines `FILE` that the rule was learned from, to show its samples in context")
	return c
}

func writeWhy(b *bufio.Writer, r *rules.Rule, source string) error {
	fmt.Fprintf(b, "%s (%s, %s, %s)\n%s\n", r.ID, r.Category, modeOf(r), r.Where, r.Why)
	e := r.Evidence
	if e == nil {
		fmt.Fprintf(b, "written by hand in %s\n", r.Origin)
	} else {
		fmt.Fprintf(b, "seen in %d groups of %d documents, %d times, in %d forms; at %d other publishers\n", e.Groups, e.Documents, e.Occurrences, e.Variants, e.Elsewhere)
		fmt.Fprintf(b, "at a document's edge %.0f %%; topical lift %.2f; precision at least %.3f\n", 100*e.Edge, e.Lift, e.Precision)
		if e.First != "" {
			fmt.Fprintf(b, "captured from %s to %s\n", e.First, e.Last)
		}
	}
	for _, x := range r.Remove {
		var rs []rules.Removal
		for _, c := range x.Cut {
			rs = append(rs, rules.Removal{Span: c, Mode: rules.Enforce})
		}
		fmt.Fprintf(b, "takes: %s\n", rules.Marked(x.Text, rs))
	}
	for _, x := range r.KeepText {
		fmt.Fprintf(b, "leaves: %s\n", x.Text)
	}
	if source == "" || e == nil {
		return nil
	}
	return samples(b, e, source)
}

// samples shows the samples of e with what stands around them in their documents.
func samples(b *bufio.Writer, e *rules.Evidence, source string) error {
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(source, ".gz") {
		if in, err = gzip.NewReader(file); err != nil {
			return err
		}
	}
	lines := archive.NewLines(in)
	lines.Prefer = "text"
	for {
		rec, err := lines.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, x := range e.Samples {
			t := string(rec.Source)
			if rec.ID != x.Doc || rec.IsPage || x.Start < 0 || x.End > len(t) || x.Start > x.End {
				continue
			}
			const around = 160
			from, to := max(0, x.Start-around), min(len(t), x.End+around)
			fmt.Fprintf(b, "\n%s at %d:\n...%s[-%s-]%s...\n", x.Doc, x.Start, strings.ToValidUTF8(t[from:x.Start], ""), t[x.Start:x.End], strings.ToValidUTF8(t[x.End:to], ""))
		}
	}
}
