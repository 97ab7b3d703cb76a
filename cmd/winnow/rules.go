package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"winnow/rules"
)

func rulesCommand(s streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "rules",
		Short: "List, show, test and lint rules, and decide on them",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(rulesListCommand(s), rulesShowCommand(s), rulesTestCommand(s), rulesLintCommand(s), rulesWhyCommand(s), rulesImportCommand(s))
	c.AddCommand(rulesModeCommands(s, time.Now)...)
	return c
}

func rulesListCommand(s streams) *cobra.Command {
	var flags ruleFlags
	var category string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the rules in force",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if category != "" {
				if _, err := rules.ParseCategory(category); err != nil {
					return err
				}
			}
			set, err := flags.set()
			if err != nil {
				return err
			}
			t := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
			fmt.Fprintln(t, "ID\tCATEGORY\tWHERE\tMODE\tKIND\tCONFIDENCE")
			for _, r := range set.Rules() {
				if category == "" || string(r.Category) == category {
					fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%.3f\n", r.ID, r.Category, r.Where, modeOf(r), r.Kind, r.Confidence)
				}
			}
			return t.Flush()
		},
	}
	flags.add(c)
	c.Flags().StringVar(&category, "category", "", "only rules of `CATEGORY`")
	return c
}

// modeOf names what comes of a match; an exception's is "keep", and "rescue"
// that of a rule that tells extraction what is content.
func modeOf(r *rules.Rule) string {
	if r.Rescue && r.Mode == rules.Enforce {
		return "rescue"
	}
	if r.Keep && r.Mode != rules.Off {
		return "keep"
	}
	return string(r.Mode)
}
