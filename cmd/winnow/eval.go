package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"winnow/internal/eval"
	"winnow/rules"
)

func evalCommand(s streams) *cobra.Command {
	var flags ruleFlags
	var labels, prefer string
	var share float64
	var curve bool
	var wrong int
	c := &cobra.Command{
		Use:   "eval FILE|FOLDER...",
		Short: "Measure how well rules do on documents with truth or labels",
		Long: `Measure how well rules do, by publisher: of the characters removed how many were
furniture (precision), of the furniture how much was removed (recall), and how
much of the content was lost.

The documents are JSON lines with a field truth, the main text as its author
wrote it, or spans, [{"start","end","label","ambiguous"}], which may stand in a
file of their own (--labels). Rules are learned from some documents and judged
on others, unless --rules names rules to judge.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if prefer != "html" && prefer != "text" {
				return fmt.Errorf("--prefer %q: html or text", prefer)
			}
			if share <= 0 || share >= 1 {
				return fmt.Errorf("--learn %v does not lie between 0 and 1", share)
			}
			judged, rest, err := eval.Files(c.Context(), args, labels, prefer == "html")
			if err != nil {
				return err
			}
			if len(judged) == 0 {
				return fmt.Errorf("no document has truth or labels")
			}
			var set *rules.Set
			if len(flags.folders) > 0 {
				if set, err = flags.set(); err != nil {
					return err
				}
			}
			report, err := eval.Evaluate(judged, rest, set, share, curve)
			if err != nil {
				return err
			}
			return report.Write(s.out, wrong)
		},
	}
	flags.add(c)
	fl := c.Flags()
	fl.StringVar(&labels, "labels", "", "a `FILE` of labelled spans by id; documents that it does not name are learned from")
	fl.StringVar(&prefer, "prefer", "text", "the `FIELD` to judge on where a record has both: html or text")
	fl.Float64Var(&share, "learn", 0.7, "the `SHARE` of the documents to learn from")
	fl.BoolVar(&curve, "curve", false, "learn from 3, 5, 10, 20, 50 and 100 documents as well")
	fl.IntVar(&wrong, "wrong", 0, "list the first `N` stretches of content that went")
	return c
}
