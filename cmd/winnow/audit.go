package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

func auditCommand(s streams) *cobra.Command {
	var where string
	c := &cobra.Command{
		Use:   "audit",
		Short: "Look at the record of what was removed, put it back, mend the rules",
		Long: `Look at the record that winnow clean --audit and winnow serve --audit keep: what
was removed from which document, by which rule. Put it back, see what other
rules would have done, and say what was wrong.

The record is a file, or a PostgreSQL database (postgres://...). WINNOW_AUDIT
names it where --audit does not. With --server it is that of a server (winnow
serve --audit), and the answers are the same.`,
	}
	c.PersistentFlags().StringVar(&where, "audit", os.Getenv("WINNOW_AUDIT"), "the record: a `FILE` or a database")
	a := &auditCommands{s: s, where: &where}
	for _, ask := range []*cobra.Command{a.list(), a.show(), a.removals(), a.flags(), a.queue(), a.totals(), a.series(), a.restore(), a.replay(),
		a.drift(), a.verify(), a.export(), a.mark(), a.marks(), a.mode(), a.changes(), a.erase(), a.stats()} {
		a.server.addAsk(ask)
		c.AddCommand(ask)
	}
	c.AddCommand(a.fold())
	addAuditServe(c, s, &where)
	return c
}

// auditCommands are the commands of winnow audit.
type auditCommands struct {
	s      streams
	where  *string
	server serverFlags
}

// with opens the record, calls f and closes it.
func (a *auditCommands) with(c *cobra.Command, f func(ctx context.Context, store audit.Store, b *bufio.Writer) error) (err error) {
	if len(a.server.addrs) > 0 {
		if c.Flags().Changed("audit") {
			return errors.New("--audit is a record here and --server one elsewhere: say which")
		}
		one, err := a.server.dialOne()
		if err != nil {
			return err
		}
		store := &farRecord{c: one}
		defer store.Close()
		return buffered(a.s.out, func(b *bufio.Writer) error { return f(c.Context(), store, b) })
	}
	store, err := openExisting(c.Context(), *a.where)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := a.foldFirst(c.Context(), store); err != nil {
		return err
	}
	return buffered(a.s.out, func(b *bufio.Writer) error { return f(c.Context(), store, b) })
}

// filterFlags choose decisions.
type filterFlags struct {
	publisher, rule, category, document, revision string
	from, to, text                                string
	flags                                         []string
	limit                                         int
}

func (f *filterFlags) add(c *cobra.Command, limit bool) {
	fl := c.Flags()
	fl.StringVar(&f.publisher, "publisher", "", "only documents of this `PUBLISHER`")
	fl.StringVar(&f.rule, "rule", "", "only where the rule of this `ID` removed something")
	fl.StringVar(&f.category, "category", "", "only where something of this `CATEGORY` was removed")
	fl.StringVar(&f.document, "document", "", "only the document with this `ID`")
	fl.StringVar(&f.revision, "revision", "", "only decisions of the rule set of this `REVISION`")
	fl.StringVar(&f.from, "from", "", "only from this `DAY` on, YYYY-MM-DD, or from this time of RFC 3339")
	fl.StringVar(&f.to, "to", "", "only up to this `DAY`, or before this time")
	fl.StringSliceVar(&f.flags, "flag", nil, "only with one of these flags: "+strings.Join(audit.FlagNames(), ", "))
	fl.StringVar(&f.text, "text", "", "only where a removed text holds these `WORDS`; in double quotes: side by side")
	if limit {
		fl.IntVar(&f.limit, "limit", 50, "show `N` at most; 0 is all")
	}
}

// query returns the flags as a query. A day stands for its beginning as --from
// and for its end as --to.
func (f *filterFlags) query() (audit.Query, error) {
	q := audit.Query{Publisher: text.ParsePublisher(f.publisher), Rule: rules.ID(f.rule), Document: f.document, Revision: f.revision, Text: f.text}
	var err error
	if f.category != "" {
		if q.Category, err = rules.ParseCategory(f.category); err != nil {
			return q, err
		}
	}
	for _, name := range f.flags {
		flag, ok := audit.ParseFlag(name)
		if !ok {
			return q, fmt.Errorf("--flag %q: %s", name, strings.Join(audit.FlagNames(), ", "))
		}
		q.Flags |= flag
	}
	if q.From, err = parseTime("--from", f.from, 0); err != nil {
		return q, err
	}
	q.To, err = parseTime("--to", f.to, 1)
	return q, err
}

// parseTime reads a day, days after which it means, or a time.
func parseTime(flag, s string, days int) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.AddDate(0, 0, days), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("%s %q: a day, as 2006-01-02, or a time, as 2006-01-02T15:04:05Z", flag, s)
	}
	return t.UTC(), nil
}

func parseID(s string) (audit.ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%q is no number of a decision: winnow audit list shows them", s)
	}
	return audit.ID(n), nil
}

func (a *auditCommands) list() *cobra.Command {
	var f filterFlags
	c := &cobra.Command{
		Use:   "list",
		Short: "List decisions, latest first",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			q, err := f.query()
			if err != nil {
				return err
			}
			return a.with(c, func(ctx context.Context, store audit.Store, b *bufio.Writer) error {
				fmt.Fprintf(b, "%8s  %-20s %9s %7s  %s\n", "DECISION", "TIME", "REMOVED", "SHARE", "DOCUMENT")
				n := 0
				for {
					q.Limit = 500
					if f.limit > 0 {
						q.Limit = min(q.Limit, f.limit-n)
					}
					page, err := store.List(ctx, q)
					if err != nil {
						return err
					}
					for i := range page.Decisions {
						writeDecision(b, &page.Decisions[i])
					}
					n += len(page.Decisions)
					if q.Token = page.Next; q.Token == "" {
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

func writeDecision(b *bufio.Writer, d *audit.Decision) {
	fmt.Fprintf(b, "%8d  %-20s %9d %6.1f%%  %s", d.ID, d.Time.Format("2006-01-02 15:04:05"), d.RemovedBytes, 100*d.Share(), documentName(d))
	if d.Flags != 0 {
		fmt.Fprintf(b, "  [%s]", d.Flags)
	}
	b.WriteByte('\n')
}

// documentName names a document by what is known of it.
func documentName(d *audit.Decision) string {
	name := d.Document
	if name == "" {
		name = d.URL
	}
	if name == "" {
		name = "-"
	}
	name = oneLineOf(name, 80)
	if d.Publisher != "" && !strings.Contains(name, string(d.Publisher)) {
		name += " (" + string(d.Publisher) + ")"
	}
	return name
}

// oneLineOf returns t on one line, without what a terminal would act on, cut
// after n runes.
func oneLineOf(t string, n int) string {
	t = strings.Join(strings.Fields(strings.ToValidUTF8(t, "\uFFFD")), " ")
	t = strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, t)
	if rs := []rune(t); len(rs) > n {
		return string(rs[:n-3]) + "..."
	}
	return t
}

func (a *auditCommands) show() *cobra.Command {
	return &cobra.Command{
		Use:   "show DECISION",
		Short: "Show a decision: the text with its removals marked, and why",
		Args:  cobra.ExactArgs(1),
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
				return showDecision(b, d, isTerminal(a.s.out))
			})
		},
	}
}

func notFound(err error, id string) error {
	if errors.Is(err, audit.ErrNotFound) {
		return fmt.Errorf("the record has no decision %s", id)
	}
	return err
}

func showDecision(b *bufio.Writer, d *audit.Decision, colour bool) error {
	fmt.Fprintf(b, "decision %d of %s on %s\n", d.ID, d.Time.Format("2006-01-02 15:04:05"), documentName(d))
	fmt.Fprintf(b, "rules %s, profile %s; %d of %d bytes removed (%.1f %%)\n", d.Revision, d.Profile, d.RemovedBytes, d.Size, 100*d.Share())
	if d.URL != "" {
		fmt.Fprintf(b, "url %s\n", oneLineOf(d.URL, 200))
	}
	for _, w := range d.Warnings {
		fmt.Fprintf(b, "warning %s: %s\n", w.Code, oneLineOf(w.Message, 200))
	}
	for i := range d.Removals {
		r := &d.Removals[i]
		var ids []string
		for _, id := range r.Rules() {
			ids = append(ids, string(id))
		}
		verb := ""
		if r.Mode == rules.Shadow {
			verb = "only reported, "
		}
		fmt.Fprintf(b, "%4d  %s%s by %s, bytes %d to %d, confidence %.3f", r.N, verb, r.Category, strings.Join(ids, ", "), r.Span.Start, r.Span.End, r.Confidence)
		if r.Flags != 0 {
			fmt.Fprintf(b, ", risk %.2f: %s", r.Risk, r.Flags)
		}
		fmt.Fprintf(b, "\n      %s\n", oneLineOf(r.Text, 100))
	}
	t, err := d.Extracted()
	if errors.Is(err, audit.ErrNoText) {
		fmt.Fprintln(b, "the text was not recorded")
		return nil
	}
	if err != nil {
		return err
	}
	b.WriteString("\n")
	var rs []rules.Removal
	for _, r := range d.Removals {
		rs = append(rs, rules.Removal{Span: r.Span, Mode: r.Mode})
	}
	if colour {
		writeColoured(b, t, rs)
	} else {
		b.WriteString(rules.Marked(t, rs))
	}
	if !strings.HasSuffix(t, "\n") {
		b.WriteByte('\n')
	}
	return nil
}
