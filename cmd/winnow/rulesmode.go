package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"winnow/archive"
	"winnow/rules"
)

// rulesModeCommands are promote, shadow and off: they set the mode of a rule in its pack file.
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
		var folder string
		c := &cobra.Command{
			Use:   m.name + " ID --rules FOLDER",
			Short: m.short,
			Long:  m.short + `. The mode is written into the rule's pack file, marked as set by hand; learning again leaves it.`,
			Args:  cobra.ExactArgs(1),
			RunE: func(_ *cobra.Command, args []string) error {
				r, err := ruleIn(folder, rules.ID(args[0]))
				if err != nil {
					return err
				}
				if err := setMode(r, m.mode); err != nil {
					return err
				}
				fmt.Fprintf(s.out, "%s: %s\n", r.ID, m.mode)
				return nil
			},
		}
		c.Flags().StringVar(&folder, "rules", "", "the `FOLDER` of the pack")
		c.MarkFlagRequired("rules")
		out = append(out, c)
	}
	return out
}

// ruleIn returns the rule of that ID in the packs of a folder.
func ruleIn(folder string, id rules.ID) (*rules.Rule, error) {
	packs, err := loadFolder(folder)
	if err != nil {
		return nil, err
	}
	for _, p := range packs {
		for _, r := range p.Rules {
			if r.ID == id {
				return r, nil
			}
		}
	}
	return nil, fmt.Errorf("no rule in %s has the id %q", folder, id)
}

var modeField = regexp.MustCompile(`^(\s*)(?:- )?mode:`)

// setMode writes the mode of r into its pack file.
func setMode(r *rules.Rule, mode rules.Mode) error {
	i := strings.LastIndexByte(r.Origin, ':')
	at, err := strconv.Atoi(r.Origin[i+1:])
	if i < 0 || err != nil {
		return fmt.Errorf("%s: its place %q is no file and line", r.ID, r.Origin)
	}
	path := r.Origin[:i]
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := strings.Split(string(data), "\n")
	if at < 1 || at > len(lines) {
		return fmt.Errorf("%s has no line %d", path, at)
	}
	first := lines[at-1]
	dash := strings.IndexByte(first, '-')
	if dash < 0 || strings.TrimSpace(first[:dash]) != "" {
		return fmt.Errorf("%s:%d: a rule in this form is not changed here: set its mode by hand", path, at)
	}
	indent := strings.Repeat(" ", dash+2)
	set := indent + "mode: " + string(mode) + " # by hand"
	done := false
	for k := at; k < len(lines) && strings.HasPrefix(lines[k], indent); k++ {
		if m := modeField.FindStringSubmatch(lines[k]); m != nil && m[1] == indent {
			lines[k], done = set, true
			break
		}
	}
	if !done {
		lines = append(lines[:at], append([]string{set}, lines[at:]...)...)
	}
	f, err := archive.Create(path)
	if err != nil {
		return err
	}
	defer f.Abandon()
	if _, err := io.WriteString(f, strings.Join(lines, "\n")); err != nil {
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
