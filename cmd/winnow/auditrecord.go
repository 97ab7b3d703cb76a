package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"winnow/audit"
	"winnow/audit/sqlstore"
	"winnow/clean"
	"winnow/server"
)

// recordFlags say where decisions are recorded.
type recordFlags struct {
	where    string
	required bool
	texts    bool
	dropped  bool
}

func (f *recordFlags) add(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.where, "audit", "", "record what is removed in `FILE`, for winnow audit; or in a PostgreSQL database (postgres://...)")
	fl.BoolVar(&f.required, "audit-required", false, "fail where the record cannot be written; without it documents go on, and what was lost is told of")
	fl.BoolVar(&f.texts, "audit-texts", true, "record the kept texts too; without them documents cannot be restored from the record, nor replayed")
	fl.BoolVar(&f.dropped, "audit-dropped", false, "record what extraction dropped from pages too; that costs a second parse of each")
}

func (f *recordFlags) options(lost func(int, error)) audit.RecorderOptions {
	return audit.RecorderOptions{Required: f.required, Bare: !f.texts, Lost: lost}
}

// open opens the record, or returns nil where none is asked for.
func (f *recordFlags) open(ctx context.Context) (*sqlstore.DB, error) {
	if f.where == "" {
		if f.required || !f.texts || f.dropped {
			return nil, errors.New("--audit-required, --audit-texts and --audit-dropped go with --audit")
		}
		return nil, nil
	}
	return openRecord(ctx, f.where)
}

func openRecord(ctx context.Context, where string) (*sqlstore.DB, error) {
	if strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		return sqlstore.OpenPostgres(ctx, where)
	}
	return sqlstore.OpenSQLite(ctx, where)
}

// openExisting opens a record that must be there.
func openExisting(ctx context.Context, where string) (*sqlstore.DB, error) {
	if where == "" {
		return nil, errors.New("which record? Say --audit FILE, or set WINNOW_AUDIT")
	}
	if !strings.Contains(where, "://") {
		if _, err := os.Stat(where); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no record at %s: winnow clean --audit and winnow serve --audit write one", where)
		} else if err != nil {
			return nil, err
		}
	}
	return openRecord(ctx, where)
}

// A recording is the record of one run of winnow clean.
type recording struct {
	store *sqlstore.DB
	rec   *audit.Recorder
	s     streams
}

// record starts to record what l decides, where the flags say so; else it
// returns nil. A recording must be closed.
func (f *recordFlags) record(ctx context.Context, s streams, cl cleaner) (*recording, error) {
	store, err := f.open(ctx)
	if err != nil || store == nil {
		return nil, err
	}
	l, ok := cl.(*local)
	if !ok {
		store.Close()
		return nil, errors.New("--audit records what is cleaned in process; a server keeps its own record (winnow serve --audit)")
	}
	l.options.Ledger = l.options.Ledger || f.dropped
	r := &recording{store: store, s: s}
	told := false
	r.rec = audit.NewRecorder(store, f.options(func(_ int, err error) {
		if !told {
			told = true
			fmt.Fprintf(s.err, "winnow: the record is incomplete: %v\n", err)
		}
	}))
	l.decided = func(ctx context.Context, in clean.Input, res *clean.Result, o clean.Options) error {
		d, err := decisionOf(in, res, o)
		if err != nil {
			return err
		}
		return r.rec.Record(ctx, d)
	}
	return r, nil
}

// sync waits until what was decided is on the disk.
func (r *recording) sync() error {
	if err := r.rec.Flush(context.Background()); err != nil {
		return fmt.Errorf("the record could not be written, and --audit-required asks for it: %w", err)
	}
	return nil
}

func (r *recording) close() error {
	err := r.rec.Close()
	if st := r.rec.Stats(); st.Lost > 0 {
		fmt.Fprintf(r.s.err, "winnow: %d decisions are missing from the record\n", st.Lost)
	}
	if n, e := r.store.Pending(context.Background()); e == nil && n >= manyPending {
		fmt.Fprintf(r.s.err, "winnow: %d decisions are recorded and not in order yet: winnow audit fold does that, or else the first question\n", n)
	}
	return errors.Join(err, r.store.Close())
}

// decisionOf returns the decision that a result is.
func decisionOf(in clean.Input, res *clean.Result, o clean.Options) (*audit.Decision, error) {
	ro, err := o.Rules()
	if err != nil {
		return nil, err
	}
	d := audit.NewDecision(&res.Document, res.Outcome, ro, res.Revision, time.Now())
	d.Page, d.Sums, d.Warnings, d.Profile = in.IsPage, audit.Sums(res.Sums), res.Warnings, string(o.Profile)
	d.Dropped = server.Dropped(res)
	return d, nil
}
