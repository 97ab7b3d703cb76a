package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

func (a *auditCommands) removals() *cobra.Command {
	return a.sampleCommand("removals", "List removals in their context, latest first",
		func(store audit.Store) lister { return store.Removals }, nil)
}

func (a *auditCommands) flags() *cobra.Command {
	return a.sampleCommand("flags", "List removals that may have taken something real, latest first",
		func(store audit.Store) lister { return store.Removals }, func(q *audit.Query) {
			if q.Flags == 0 {
				q.Flags = audit.FlagName | audit.FlagNumber | audit.FlagQuote | audit.FlagProse | audit.FlagNear | audit.FlagOver | audit.FlagNothing
			}
		})
}

func (a *auditCommands) queue() *cobra.Command {
	return a.sampleCommand("queue", "List flagged removals that nobody marked yet, the riskiest first",
		func(store audit.Store) lister { return store.Queue }, nil)
}

// A lister lists removals by pages.
type lister func(context.Context, audit.Query) (audit.SamplePage, error)

func (a *auditCommands) sampleCommand(use, short string, of func(audit.Store) lister, change func(*audit.Query)) *cobra.Command {
	var f filterFlags
	c := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			q, err := f.query()
			if err != nil {
				return err
			}
			if change != nil {
				change(&q)
			}
			return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
				n := 0
				for {
					q.Limit = 200
					if f.limit > 0 {
						q.Limit = min(q.Limit, f.limit-n)
					}
					page, err := of(store)(ctx, q)
					if err != nil {
						return err
					}
					for i := range page.Samples {
						writeSample(b, &page.Samples[i])
					}
					n += len(page.Samples)
					if q.Token = page.Next; q.Token == "" {
						if n == 0 {
							fmt.Fprintln(b, "none")
						}
						return nil
					}
					if n == f.limit {
						fmt.Fprintf(b, "... and more; --limit shows them\n")
						return nil
					}
				}
			})
		},
	}
	f.add(c, true)
	return c
}

func writeSample(b *bufio.Writer, x *audit.Sample) {
	var ids []string
	for _, id := range x.Removal.Rules() {
		ids = append(ids, string(id))
	}
	fmt.Fprintf(b, "decision %d removal %d  %s  %s by %s", x.Decision.ID, x.Removal.N, documentName(&x.Decision), x.Removal.Category, strings.Join(ids, ", "))
	if x.Removal.Mode != rules.Enforce {
		b.WriteString(", only reported")
	}
	if x.Removal.Flags != 0 {
		fmt.Fprintf(b, "  [risk %.2f: %s]", x.Removal.Risk, x.Removal.Flags)
	}
	if x.Mark != nil {
		fmt.Fprintf(b, "  {%s, said %s}", x.Mark.Verdict, x.Mark.Who)
	}
	open, end := "[-", "-]"
	if x.Removal.Mode != rules.Enforce {
		open, end = "[?", "?]"
	}
	before, after := oneLineOf(x.Before, 1000), oneLineOf(x.After, 1000)
	if rs := []rune(before); len(rs) > 60 {
		before = "..." + string(rs[len(rs)-57:])
	}
	fmt.Fprintf(b, "\n    %s%s%s%s%s\n", spaced(before, true), open, oneLineOf(x.Removal.Text, 400), end, spaced(oneLineOf(after, 60), false))
}

func spaced(t string, after bool) string {
	switch {
	case t == "":
		return ""
	case after:
		return t + " "
	}
	return " " + t
}

// totalFlags choose what is counted.
type totalFlags struct{ publisher, rule, category, from, to string }

func (f *totalFlags) add(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.publisher, "publisher", "", "only documents of this `PUBLISHER`")
	fl.StringVar(&f.rule, "rule", "", "only what the rule of this `ID` removed")
	fl.StringVar(&f.category, "category", "", "only what of this `CATEGORY` was removed")
	fl.StringVar(&f.from, "from", "", "from this `DAY` on, YYYY-MM-DD")
	fl.StringVar(&f.to, "to", "", "up to this `DAY`")
}

func (f *totalFlags) filter() (audit.Filter, error) {
	q := audit.Filter{Publisher: text.ParsePublisher(f.publisher), Rule: rules.ID(f.rule)}
	var err error
	if f.category != "" {
		if q.Category, err = rules.ParseCategory(f.category); err != nil {
			return q, err
		}
	}
	if q.From, err = parseTime("--from", f.from, 0); err != nil {
		return q, err
	}
	q.To, err = parseTime("--to", f.to, 0)
	return q, err
}

func (a *auditCommands) totals() *cobra.Command {
	var f totalFlags
	var by string
	var limit int
	c := &cobra.Command{
		Use:   "totals",
		Short: "Count what was removed, by rule, publisher or category",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.count(c, &f, audit.By(by), limit) },
	}
	f.add(c)
	c.Flags().StringVar(&by, "by", "rule", "rule, publisher, category or day")
	c.Flags().IntVar(&limit, "limit", 50, "show `N` at most; 0 is all")
	return c
}

func (a *auditCommands) series() *cobra.Command {
	var f totalFlags
	c := &cobra.Command{
		Use:   "series",
		Short: "Count what was removed, day by day",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.count(c, &f, audit.ByDay, 0) },
	}
	f.add(c)
	return c
}

func (a *auditCommands) count(c *cobra.Command, f *totalFlags, by audit.By, limit int) error {
	q, err := f.filter()
	if err != nil {
		return err
	}
	return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
		ts, err := store.Totals(ctx, by, q)
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "%10s %10s %12s %10s %8s  %s\n", "DOCUMENTS", "REMOVALS", "BYTES", "REPORTED", "FLAGGED", strings.ToUpper(string(by)))
		for i, t := range ts {
			if limit > 0 && i == limit {
				fmt.Fprintf(b, "... and %d more; --limit shows them\n", len(ts)-limit)
				break
			}
			fmt.Fprintf(b, "%10d %10d %12d %10d %8d  %s", t.Documents, t.Removals, t.Bytes, t.Shadow, t.Flagged, oneLineOf(t.Key, 120))
			if t.Size > 0 {
				fmt.Fprintf(b, "  (%.2f %% of the text)", 100*float64(t.Bytes)/float64(t.Size))
			}
			b.WriteByte('\n')
		}
		return nil
	})
}

func (a *auditCommands) stats() *cobra.Command {
	return &cobra.Command{
		Use:   "stats",
		Short: "Say how large the record is",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
				if _, err := store.Totals(ctx, audit.ByDay, audit.Filter{}); err != nil { // puts new decisions in order
					return err
				}
				st, err := store.Stats(ctx)
				if err != nil {
					return err
				}
				fmt.Fprintf(b, "%d decisions, %d removals, %d distinct texts, %.1f MB\n", st.Decisions, st.Removals, st.Texts, float64(st.Bytes)/1e6)
				return nil
			})
		},
	}
}

func (a *auditCommands) drift() *cobra.Command {
	o := audit.DriftOptions{}
	var until, publisher string
	c := &cobra.Command{
		Use:   "drift",
		Short: "Find rules that fell silent, and publishers with new text that repeats",
		Long: `Compare the latest days with those before them: rules that match half as often
as before or less, and publishers whose kept texts hold more text than before
that stands in three documents or more and that no rule takes.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if o.Now, err = parseTime("--until", until, 0); err != nil {
				return err
			}
			if until == "" {
				o.Now = time.Now()
			}
			o.Publisher = text.ParsePublisher(publisher)
			return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
				d, err := audit.FindDrift(ctx, store, o)
				if err != nil {
					return err
				}
				for _, r := range d.Rules {
					fmt.Fprintf(b, "rule %s: matched %.1f %% of %d documents, now %.1f %% of %d\n", r.Rule, 100*r.Before, r.Documents[0], 100*r.After, r.Documents[1])
				}
				for _, p := range d.Publishers {
					fmt.Fprintf(b, "publisher %s: %.1f %% of what was kept repeated, now %.1f %%\n", p.Publisher, 100*p.Before, 100*p.After)
					for _, x := range p.Examples {
						fmt.Fprintf(b, "    %s\n", oneLineOf(x, 120))
					}
				}
				if len(d.Rules)+len(d.Publishers) == 0 {
					fmt.Fprintln(b, "nothing drifted")
				}
				return nil
			})
		},
	}
	fl := c.Flags()
	fl.IntVar(&o.Recent, "recent", 14, "how many `DAYS` are the latest")
	fl.IntVar(&o.Before, "before", 56, "how many `DAYS` before those")
	fl.IntVar(&o.Sample, "sample", 100, "how many documents of each publisher and time to read for text that repeats; -1 is none")
	fl.StringVar(&until, "until", "", "the last `DAY`; today where it is not given")
	fl.StringVar(&publisher, "publisher", "", "only this `PUBLISHER`")
	return c
}
