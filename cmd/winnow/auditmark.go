package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"winnow/audit"
	"winnow/client"
	"winnow/rules"
	"winnow/text"
)

// desk returns what takes marks for the rules that r chooses.
func desk(store audit.Store, r *ruleFlags) (*audit.Desk, error) {
	set, err := r.set()
	if err != nil {
		return nil, err
	}
	return &audit.Desk{Store: store, Rules: func() *rules.Set { return set }, File: r.feedback, Now: time.Now}, nil
}

func (a *auditCommands) mark() *cobra.Command {
	var r ruleFlags
	var m audit.Mark
	var verdict, at, find, rule, category string
	c := &cobra.Command{
		Use:   "mark DECISION",
		Short: "Say that a removal was wrong or right, or that kept text is boilerplate",
		Long: `Say that a removal was wrong or right (--removal N), or that kept text is
boilerplate (--at or --find). It becomes an example of the rule in the feedback
file; a rule in force that fails it goes to shadow mode, built-in ones too. Kept
text that no rule takes becomes a rule of its publisher, in shadow mode.

Where several rules took a removal that is wrong, --rule says which is meant. To
say the same again changes nothing.

Give winnow clean and winnow serve the same --feedback FILE. Without one the mark
is kept in the record and changes no rule.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := parseID(args[0])
			if err != nil {
				return err
			}
			m.Decision, m.Verdict, m.Rule, m.Category = id, audit.Verdict(verdict), rules.ID(rule), rules.Category(category)
			if category != "" {
				if _, err := rules.ParseCategory(category); err != nil {
					return err
				}
			}
			if (m.Verdict == audit.Boilerplate) == c.Flags().Changed("removal") {
				return errors.New("wrong and right go with --removal, boilerplate with --at or --find")
			}
			if len(a.server.addrs) > 0 && r.given() {
				return errServerRules
			}
			return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
				d, err := store.Get(ctx, id)
				if err != nil {
					return notFound(err, args[0])
				}
				if m.Verdict == audit.Boilerplate {
					m.Span, err = keptPlace(d, at, find)
				} else if m.Rule == allRules {
					m.Rule = ""
				} else if m.Rule == "" && m.Verdict == audit.Wrong {
					err = whichRule(d, m.N)
				}
				if err != nil {
					return err
				}
				if f, ok := far(store); ok {
					if err := f.mark(ctx, &m); err != nil {
						return notFound(err, args[0]+" with such a removal")
					}
					fmt.Fprintln(b, m.Outcome)
					return nil
				}
				k, err := desk(store, &r)
				if err != nil {
					return err
				}
				if err := k.Mark(ctx, &m); err != nil {
					return notFound(err, args[0]+" with such a removal")
				}
				fmt.Fprintln(b, m.Outcome)
				return nil
			})
		},
	}
	r.add(c)
	fl := c.Flags()
	fl.StringVar(&verdict, "as", "", "`VERDICT`: wrong, right or boilerplate")
	fl.IntVar(&m.N, "removal", -1, "the removal, by its `NUMBER` in winnow audit show")
	fl.StringVar(&at, "at", "", "kept text: `START:END` in bytes of the extracted text")
	fl.StringVar(&find, "find", "", "kept text: where `TEXT` first stands in the clean text")
	fl.StringVar(&rule, "rule", "", "the `ID` of the rule that is meant, or all for each rule of the removal")
	fl.StringVar(&category, "category", "", "the `CATEGORY` of a new rule; nav without it")
	fl.StringVar(&m.Who, "who", cmp.Or(os.Getenv("USER"), "unknown"), "the `NAME` of who says so")
	fl.StringVar(&m.Why, "why", "", "the `REASON`, for those who ask later")
	c.MarkFlagRequired("as")
	c.MarkFlagsMutuallyExclusive("removal", "at", "find")
	return c
}

// allRules stands for all rules of a removal. No rule has such an id.
const allRules = "all"

// whichRule is an error where several rules took removal n: each that is marked
// as wrong would go to shadow mode for its own part.
func whichRule(d *audit.Decision, n int) error {
	if n < 0 || n >= len(d.Removals) {
		return nil // Mark says so
	}
	ids := d.Removals[n].Rules()
	if len(ids) < 2 {
		return nil
	}
	list := ""
	for _, id := range ids {
		list += "\n    --rule " + string(id)
	}
	return fmt.Errorf("%d rules took removal %d; say which of them is wrong, or --rule all:%s", len(ids), n, list)
}

// keptPlace returns the kept place of a decision that is meant.
func keptPlace(d *audit.Decision, at, find string) (text.Span, error) {
	if at != "" {
		return parseSpan(at)
	}
	if d.Bare {
		return text.Span{}, audit.ErrNoText
	}
	span, ok := d.FindKept(find)
	if !ok || find == "" {
		return text.Span{}, fmt.Errorf("%q does not stand in the clean text of decision %d, in one piece", find, d.ID)
	}
	return span, nil
}

func (a *auditCommands) marks() *cobra.Command {
	var rule string
	var decision int64
	c := &cobra.Command{
		Use:   "marks",
		Short: "List what people said, latest first, and what came of it",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
				ms, err := store.Marks(ctx, audit.ID(decision), rules.ID(rule))
				if err != nil {
					return err
				}
				for _, m := range ms {
					place := fmt.Sprintf("removal %d", m.N)
					if m.N < 0 {
						place = fmt.Sprintf("bytes %d to %d", m.Span.Start, m.Span.End)
					}
					fmt.Fprintf(b, "%s  %s: decision %d, %s is %s%s\n    %s\n", m.Time.Format("2006-01-02 15:04"), oneLineOf(m.Who, 40), m.Decision, place,
						m.Verdict, reasonIn(m.Why), oneLineOf(m.Outcome, 300))
				}
				if len(ms) == 0 {
					fmt.Fprintln(b, "none")
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&rule, "rule", "", "only those on the rule of this `ID`")
	c.Flags().Int64Var(&decision, "decision", 0, "only those on the decision of this `NUMBER`")
	return c
}

func reasonIn(why string) string {
	if why == "" {
		return ""
	}
	return " (" + oneLineOf(why, 200) + ")"
}

func (a *auditCommands) mode() *cobra.Command {
	var r ruleFlags
	var ch audit.Change
	c := &cobra.Command{
		Use:   "mode RULE enforce|shadow|off",
		Short: "Put a rule in force, in shadow mode, or off",
		Long: `Put a rule in force, in shadow mode, or off, built-in ones too. The change is
written into the feedback file and into the record, with who and why. A rule
that fails an example of the feedback file is not put in force.`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			ch.Rule, ch.To = rules.ID(args[0]), rules.Mode(args[1])
			if ch.To != rules.Enforce && ch.To != rules.Shadow && ch.To != rules.Off {
				return fmt.Errorf("unknown mode %q: enforce, shadow or off", args[1])
			}
			switch far := len(a.server.addrs) > 0; {
			case far && r.given():
				return errServerRules
			case !far && r.feedback == "":
				return errors.New("--feedback FILE says where the change is written down")
			}
			return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
				if f, ok := far(store); ok {
					mode := string(ch.To)
					if ch.To == rules.Enforce {
						mode = client.Enforced
					}
					if err := f.c.SetRuleMode(ctx, string(ch.Rule), mode, ch.Who, ch.Why); err != nil {
						return err
					}
					fmt.Fprintf(b, "%s: now %s\n", ch.Rule, ch.To)
					return nil
				}
				k, err := desk(store, &r)
				if err != nil {
					return err
				}
				rule := k.Rules().Rule(ch.Rule)
				if rule == nil {
					return fmt.Errorf("no rule in force has the id %q", ch.Rule)
				}
				if err := k.SetMode(ctx, ch); err != nil {
					return err
				}
				fmt.Fprintf(b, "%s: %s, now %s; written to %s\n", ch.Rule, rule.Mode, ch.To, r.feedback)
				return nil
			})
		},
	}
	r.add(c)
	c.Flags().StringVar(&ch.Who, "who", cmp.Or(os.Getenv("USER"), "unknown"), "the `NAME` of who decides")
	c.Flags().StringVar(&ch.Why, "why", "", "the `REASON`")
	c.MarkFlagRequired("why")
	return c
}

func (a *auditCommands) changes() *cobra.Command {
	var rule string
	c := &cobra.Command{
		Use:   "changes",
		Short: "List changes of the modes of rules, latest first",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
				cs, err := store.Changes(ctx, rules.ID(rule))
				if err != nil {
					return err
				}
				for _, x := range cs {
					fmt.Fprintf(b, "%s  %s: %s, from %s to %s%s\n", x.Time.Format("2006-01-02 15:04"), oneLineOf(x.Who, 40), x.Rule, x.From, x.To, reasonIn(x.Why))
				}
				if len(cs) == 0 {
					fmt.Fprintln(b, "none")
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&rule, "rule", "", "only those of the rule of this `ID`")
	return c
}

func (a *auditCommands) erase() *cobra.Command {
	var document, publisher, before string
	c := &cobra.Command{
		Use:   "erase",
		Short: "Erase decisions from the record for good",
		Long: `Erase decisions from the record for good: of a document, of a publisher, or
older than a day. What is given must all hold. Their texts, words and marks go
too; in a file nothing of them is left. Examples that marks made stay in the
feedback file.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			e := audit.Erasure{Document: document, Publisher: text.ParsePublisher(publisher)}
			var err error
			if e.Before, err = parseTime("--before", before, 0); err != nil {
				return err
			}
			if e == (audit.Erasure{}) {
				return errors.New("what to erase? Say --document, --publisher or --before")
			}
			return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
				done, err := store.Erase(ctx, e)
				if err != nil {
					return err
				}
				fmt.Fprintf(b, "%d decisions erased, and %d texts that nothing else refers to\n", done.Decisions, done.Texts)
				return nil
			})
		},
	}
	fl := c.Flags()
	fl.StringVar(&document, "document", "", "decisions on the document with this `ID`")
	fl.StringVar(&publisher, "publisher", "", "decisions on documents of this `PUBLISHER`")
	fl.StringVar(&before, "before", "", "decisions from before this `DAY`, YYYY-MM-DD, or time")
	return c
}
