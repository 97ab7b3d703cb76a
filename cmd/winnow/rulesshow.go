package main

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"winnow/rules"
)

func rulesShowCommand(s streams) *cobra.Command {
	var flags ruleFlags
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show one rule with its examples",
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
			return buffered(s.out, func(b *bufio.Writer) error { writeRule(b, r); return nil })
		},
	}
	flags.add(c)
	return c
}

// writeRule writes r in the form of a pack, for readers.
func writeRule(b *bufio.Writer, r *rules.Rule) {
	line := func(name, format string, args ...any) { fmt.Fprintf(b, "%s: %s\n", name, fmt.Sprintf(format, args...)) }
	list := func(name, indent string, items []string) {
		if len(items) > 0 {
			fmt.Fprintf(b, "%s%s:\n", indent, name)
		}
		for _, t := range items {
			fmt.Fprintf(b, "%s  - %s\n", indent, single(t))
		}
	}
	fmt.Fprintf(b, "# %s\n", r.Origin)
	if r.Override != nil {
		fmt.Fprintf(b, "# mode: %s\n", decision(r.Override))
	}
	line("id", "%s", r.ID)
	if r.Scope.Publisher != "" {
		line("publisher", "%s", r.Scope.Publisher)
	} else if r.Scope.Group != "" {
		line("group", "%s", r.Scope.Group)
		for _, m := range r.Scope.Members {
			fmt.Fprintf(b, "  - %s\n", m)
		}
	}
	line("category", "%s", r.Category)
	line("mode", "%s", r.Mode)
	if r.Keep {
		line("action", "keep")
	} else if r.Rescue {
		line("action", "rescue")
	}
	line("why", "%s", r.Why)
	if r.Language != "" {
		line("language", "%s", r.Language)
	}
	line("where", "%s", r.Where)
	if r.Prose && r.Where == rules.Head {
		line("before", "prose")
	} else if r.Prose {
		line("after", "prose")
	}
	if r.Line {
		line("unit", "line")
	}
	line("confidence", "%s", strconv.FormatFloat(r.Confidence, 'f', -1, 64))
	if r.Exempt {
		line("budget", "exempt")
	}
	list("given", "", r.Given)
	list("hosts", "", r.Hosts)
	if r.Outside {
		line("outside", "true")
	}
	switch {
	case r.Kind == rules.KindDoubled:
		line("doubled", "true")
	case r.Cues != nil:
		list("cues", "", r.Cues.Lists())
	case r.Shape != nil:
		fmt.Fprintln(b, "shape:")
		line("  form", "%s", r.Shape.Form)
		list("of", "  ", r.Shape.Of)
		if s := r.Shape; s.Most > 0 {
			line("  words", "%d-%d", s.Least, s.Most)
		} else if s.Least > 0 {
			line("  words", "%d", s.Least)
		}
	case r.Block != nil:
		fmt.Fprintln(b, "block:")
		list("from", "  ", r.Block.From)
		list("to", "  ", r.Block.To)
		if r.Block.Edge {
			line("  edge", "true")
		}
		list("of", "  ", r.Block.Of)
		if len(r.Block.With) > 0 {
			fmt.Fprintln(b, "  with:")
			for _, cond := range r.Block.With {
				var quoted []string
				for _, e := range cond {
					quoted = append(quoted, single(e))
				}
				fmt.Fprintf(b, "    - [%s]\n", strings.Join(quoted, ", "))
			}
		}
		for _, n := range []struct {
			name string
			n    int
		}{{"gap", r.Block.Gap}, {"least", r.Block.Least}, {"within", r.Block.Within}} {
			if n.n > 0 {
				line("  "+n.name, "%d", n.n)
			}
		}
	default:
		list(string(r.Kind), "", r.Text)
	}
	examples(b, "remove", r.Remove)
	examples(b, "keep", r.KeepText)
	if e := r.Evidence; e != nil {
		fmt.Fprintf(b, "evidence:\n  documents: %d\n  groups: %d\n  elsewhere: %d\n  edge: %.3f\n  lift: %.3f\n  precision: %.4f\n",
			e.Documents, e.Groups, e.Elsewhere, e.Edge, e.Lift, e.Precision)
		for _, f := range [][2]string{{"first", e.First}, {"last", e.Last}, {"corpus", e.Corpus}, {"learner", e.Learner}} {
			if f[1] != "" {
				line("  "+f[0], "%s", f[1])
			}
		}
	}
}

// single writes t as YAML's single-quoted string.
func single(t string) string { return "'" + strings.ReplaceAll(t, "'", "''") + "'" }

func examples(b *bufio.Writer, name string, es []rules.Example) {
	fmt.Fprintf(b, "%s:\n", name)
	for _, e := range es {
		if e.Title != "" {
			fmt.Fprintf(b, "  # title: %s\n", e.Title)
		}
		fmt.Fprintf(b, "  - |\n    %s\n", strings.ReplaceAll(strings.TrimRight(e.Marked(), "\n"), "\n", "\n    "))
	}
}
