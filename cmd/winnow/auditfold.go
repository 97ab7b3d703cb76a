package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"winnow/audit/sqlstore"
)

// manyPending is how many new decisions take a while to be put in order.
const manyPending = 20_000

// fold puts new decisions in order and returns how many that were. each, if not
// nil, is told how many are done.
func fold(ctx context.Context, store *sqlstore.DB, each func(done int)) (done int, err error) {
	for {
		n, err := store.Fold(ctx)
		if n == 0 || err != nil {
			return done, err
		}
		done += n
		if each != nil {
			each(done)
		}
	}
}

// foldFirst puts new decisions in order before they are asked for, and says so
// where that takes a while. What cannot be folded is told by whoever asks.
func (a *auditCommands) foldFirst(ctx context.Context, store *sqlstore.DB) error {
	n, err := store.Pending(ctx)
	if err != nil || n < manyPending {
		return err
	}
	_, err = a.foldTold(ctx, store, n)
	return err
}

// foldTold folds n decisions and says how far it is.
func (a *auditCommands) foldTold(ctx context.Context, store *sqlstore.DB, n int) (int, error) {
	begin, last := time.Now(), time.Now()
	if n >= manyPending {
		fmt.Fprintf(a.s.err, "winnow: %d decisions are new in the record and are put in order\n", n)
	}
	return fold(ctx, store, func(done int) {
		if now := time.Now(); now.Sub(last) >= 5*time.Second {
			last = now
			rest := time.Duration(float64(now.Sub(begin)) * float64(max(0, n-done)) / float64(done)).Round(time.Second)
			fmt.Fprintf(a.s.err, "winnow: %d of %d are in order, some %v to go\n", done, max(n, done), rest)
		}
	})
}

func (a *auditCommands) fold() *cobra.Command {
	return &cobra.Command{
		Use:   "fold",
		Short: "Put new decisions in order, so that the next question need not",
		Long: `Put new decisions in order, so that the next question need not. winnow clean
writes them into FILE-log beside the record, which is quick; this moves them into
the record, and FILE-log is gone. Questions do it too, with what is new then.

It may be stopped at any time, and goes on where it was.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			store, err := openExisting(c.Context(), *a.where)
			if err != nil {
				return err
			}
			defer func() {
				if e := store.Close(); err == nil {
					err = e
				}
			}()
			n, err := store.Pending(c.Context())
			if err != nil {
				return err
			}
			done, err := a.foldTold(c.Context(), store, n)
			if err == nil {
				_, err = fmt.Fprintf(a.s.out, "%d decisions put in order\n", done)
			}
			return err
		},
	}
}
