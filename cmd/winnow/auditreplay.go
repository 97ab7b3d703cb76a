package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"winnow/archive"
	"winnow/audit"
	"winnow/rules"
)

func (a *auditCommands) restore() *cobra.Command {
	var rule, output string
	var n int
	c := &cobra.Command{
		Use:   "restore DECISION",
		Short: "Put back what was removed, from the record alone",
		Long: `Put back what was removed: the whole document as it was extracted, or with
--rule or --removal the clean text with that alone put back. Bytes are those of
the document, and their hash is checked.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := parseID(args[0])
			if err != nil {
				return err
			}
			return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
				d, err := store.Get(ctx, id)
				if err != nil {
					return notFound(err, args[0])
				}
				t, err := restored(d, rules.ID(rule), n)
				if errors.Is(err, audit.ErrNoText) {
					return fmt.Errorf("decision %d was recorded without its text (--audit-texts=false)", id)
				}
				if err != nil {
					return err
				}
				if output == "" {
					_, err := b.WriteString(t)
					return err
				}
				f, err := archive.Create(output)
				if err != nil {
					return err
				}
				defer f.Abandon()
				if _, err := f.Write([]byte(t)); err != nil {
					return err
				}
				return f.Commit()
			})
		},
	}
	c.Flags().StringVar(&rule, "rule", "", "put back what the rule of this `ID` removed, and nothing else")
	c.Flags().IntVar(&n, "removal", -1, "put back removal `N`, and nothing else")
	c.Flags().StringVarP(&output, "output", "o", "", "write to `FILE`")
	c.MarkFlagsMutuallyExclusive("rule", "removal")
	return c
}

func restored(d *audit.Decision, rule rules.ID, n int) (string, error) {
	switch {
	case rule != "":
		if !slices.ContainsFunc(d.Removals, func(r audit.Removal) bool { return slices.Contains(r.Rules(), rule) }) {
			return "", fmt.Errorf("%s removed nothing in decision %d", rule, d.ID)
		}
		return d.Without(audit.WithRule(rule))
	case n >= 0:
		if n >= len(d.Removals) {
			return "", fmt.Errorf("decision %d has %d removals", d.ID, len(d.Removals))
		}
		return d.Without(func(r *audit.Removal) bool { return r.N == n })
	}
	return d.Extracted()
}

func (a *auditCommands) replay() *cobra.Command {
	var f filterFlags
	var r ruleFlags
	var o audit.ReplayOptions
	var maxLoss string
	c := &cobra.Command{
		Use:   "replay",
		Short: "See what other rules would have done to the recorded documents",
		Long: `Run the recorded documents under the rules that the flags choose and compare:
how many documents change, how many bytes come back and how many more go, by
which rules, and in which documents most. Nothing is written.

With --max-loss the exit code is 1 where more of what was kept would go.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if o.Query, err = f.query(); err != nil {
				return err
			}
			bound, err := parseShare(maxLoss)
			if err != nil {
				return err
			}
			if len(a.server.addrs) > 0 && r.given() {
				return errServerRules
			}
			set, err := r.set()
			if err != nil {
				return err
			}
			return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
				var rep *audit.Replayed
				var err error
				if f, ok := far(store); ok {
					rep, err = f.replay(ctx, o)
				} else {
					rep, err = audit.Replay(ctx, store, set, o)
				}
				if errors.Is(err, audit.ErrNoText) {
					return errors.New("the chosen decisions were recorded without their texts (--audit-texts=false), and cannot be replayed")
				}
				if err != nil {
					return err
				}
				writeReplayed(b, rep)
				if bound >= 0 && rep.Loss() > bound {
					fmt.Fprintf(a.s.err, "winnow: %.4f %% of what was kept would go, more than %s\n", 100*rep.Loss(), maxLoss)
					return errFailed
				}
				return nil
			})
		},
	}
	f.add(c, false)
	r.add(c)
	fl := c.Flags()
	fl.IntVar(&o.Differences, "differences", 10, "list the `N` documents that change most")
	fl.BoolVar(&o.Latest, "latest", false, "count each text once, however often it was cleaned")
	fl.StringVar(&maxLoss, "max-loss", "", "fail where more than this `SHARE` of what was kept would go, such as 0.001 or 0.1%")
	return c
}

// errServerRules is the error for flags that choose rules beside --server.
var errServerRules = errors.New("--rules, --no-builtin and --feedback choose rules here, and with --server the rules are those of the server")

// parseShare reads 0.001 or 0.1%; -1 for nothing.
func parseShare(s string) (float64, error) {
	if s == "" {
		return -1, nil
	}
	number, percent := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		v /= 100
	}
	if err != nil || !(0 <= v && v <= 1) {
		return 0, fmt.Errorf("--max-loss %q is no share: 0.001, or 0.1%%", s)
	}
	return v, nil
}

func writeReplayed(b *bufio.Writer, r *audit.Replayed) {
	fmt.Fprintf(b, "rules %s: %d documents, %d of them change", r.Revision, r.Documents, r.Changed)
	if r.Skipped > 0 {
		fmt.Fprintf(b, "; %d were recorded without text and left out", r.Skipped)
	}
	fmt.Fprintf(b, "\nremoved before %d bytes, now %d: %d come back, %d more go (%.4f %% of what was kept)\n", r.Before, r.After, r.Back, r.Gone, 100*r.Loss())
	if len(r.Rules) > 0 {
		fmt.Fprintf(b, "\n%10s %10s  RULE\n", "BACK", "GONE")
	}
	for _, x := range r.Rules {
		fmt.Fprintf(b, "%10d %10d  %s\n", x.Back, x.Gone, x.Rule)
	}
	for _, x := range r.Differences {
		fmt.Fprintf(b, "\ndecision %d, %s: %d bytes come back, %d more go\n", x.Decision, oneLineOf(x.Document, 80), x.Back, x.Gone)
		if x.BackText != "" {
			fmt.Fprintf(b, "  + %s\n", oneLineOf(x.BackText, 160))
		}
		if x.GoneText != "" {
			fmt.Fprintf(b, "  - %s\n", oneLineOf(x.GoneText, 160))
		}
	}
}

func (a *auditCommands) verify() *cobra.Command {
	var f filterFlags
	c := &cobra.Command{
		Use:   "verify",
		Short: "Recompute places, hashes and totals of the record",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			q, err := f.query()
			if err != nil {
				return err
			}
			return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
				res, err := audit.Verify(ctx, store, q, func(id audit.ID, fault string) {
					if id == 0 {
						fmt.Fprintf(b, "record: %s\n", fault)
					} else {
						fmt.Fprintf(b, "decision %d: %s\n", id, fault)
					}
				})
				if err != nil {
					return err
				}
				fmt.Fprintf(b, "%d decisions with %d removals, %d wrong", res.Decisions, res.Removals, res.Wrong)
				if res.Bare > 0 {
					fmt.Fprintf(b, "; %d were recorded without text, and of those places alone were checked", res.Bare)
				}
				b.WriteByte('\n')
				if res.Wrong > 0 {
					return errFailed
				}
				return nil
			})
		},
	}
	f.add(c, false)
	return c
}

func (a *auditCommands) export() *cobra.Command {
	var f filterFlags
	var format, output string
	c := &cobra.Command{
		Use:   "export",
		Short: "Write decisions as JSON lines, CSV or SARIF",
		Long: `Write decisions, latest first: as JSON lines (a decision a line, whole), CSV (a
removal a row) or SARIF 2.1.0 (a removal a result, for viewers of findings).

Texts come from documents. A spreadsheet may take a cell that begins with = for
a formula: import the column as text.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			q, err := f.query()
			if err != nil {
				return err
			}
			return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
				export := func(w io.Writer) error {
					if f, ok := far(store); ok {
						return f.export(ctx, q, audit.Format(format), w)
					}
					return audit.Export(ctx, store, q, audit.Format(format), w)
				}
				if output == "" {
					return export(b)
				}
				out, err := archive.Create(output)
				if err != nil {
					return err
				}
				defer out.Abandon()
				if err := export(out); err != nil {
					return err
				}
				return out.Commit()
			})
		},
	}
	f.add(c, false)
	c.Flags().StringVar(&format, "format", "jsonl", "jsonl, csv or sarif")
	c.Flags().StringVarP(&output, "output", "o", "", "write to `FILE`")
	return c
}
