package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"winnow/audit"
)

// A pendings is what one fold takes: rows of the journal, or a part of the log.
type pendings struct {
	ds     []*audit.Decision
	firsts []any // of the journal
	folded int64 // meta.folded before
	last   int64 // and after; 0 for the journal
}

// pending reads the oldest batches that are not folded yet. Those of the journal
// are older than those of the log.
func (s *DB) pending(ctx context.Context) (p pendings, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT first, batch FROM journal ORDER BY first`)
	if err != nil {
		return p, wrap(err)
	}
	defer rows.Close()
	size := 0
	for len(p.ds) < foldDecisions && size < foldBytes && rows.Next() {
		var first int64
		var batch []byte
		if err := rows.Scan(&first, &batch); err != nil {
			return p, wrap(err)
		}
		more, err := decode(string(batch))
		if err != nil {
			return p, err
		}
		for i, d := range more {
			d.ID = audit.ID(first) + audit.ID(i)
		}
		p.firsts, p.ds, size = append(p.firsts, first), append(p.ds, more...), size+len(batch)
	}
	if err := rows.Err(); err != nil || len(p.ds) > 0 || s.log == nil {
		return p, wrap(err)
	}
	m, err := s.logMeta(ctx)
	if err != nil {
		return p, wrap(err)
	}
	p.folded = m.folded
	if p.ds, p.last, err = s.log.next(m.folded, foldDecisions, foldBytes); err != nil || len(p.ds) > 0 {
		return p, wrap(err)
	}
	return p, s.dropLog(ctx, m)
}

// take marks what is taken as folded.
func (p *pendings) take(t *tx, log *batchLog) error {
	if p.last > 0 {
		m, err := t.logMeta()
		if err != nil {
			return err
		}
		if m.folded != p.folded {
			return errFoldedElsewhere
		}
		if _, err := log.drop(m.folded, false, true); err != nil {
			return err
		}
		_, err = t.exec(`UPDATE meta SET value = CASE key WHEN 'folded' THEN ? ELSE max(value, ?) END WHERE key IN ('folded', 'decision')`, p.last, p.last)
		return err
	}
	for part := range slices.Chunk(p.firsts, 500) {
		n, err := t.exec(`DELETE FROM journal WHERE first IN (`+placeholders(len(part))+`)`, part...)
		if err != nil {
			return err
		}
		if int(n) != len(part) {
			return errFoldedElsewhere
		}
	}
	return nil
}

// dropLog takes the log away where all of it is folded. That it is gone is written
// down first: a crash in between leaves a file that nobody expects and everybody
// reads.
func (s *DB) dropLog(ctx context.Context, m logMeta) error {
	if fs, err := s.log.files(); err != nil || len(fs) == 0 && m.log == 0 {
		return wrap(err)
	} else {
		closeAll(fs)
	}
	for _, sure := range []bool{false, true} {
		none := false
		err := s.tx(ctx, func(t *tx) error {
			m, err := t.logMeta()
			if err != nil {
				return err
			}
			if m.log == 1 && !sure {
				if fs, err := s.log.files(); err != nil || len(fs) == 0 {
					return errors.Join(err, s.log.missing())
				} else {
					closeAll(fs)
				}
			}
			if m.log == 1 && sure {
				return nil // there is something new in it
			}
			if none, err = s.log.drop(m.folded, true, sure); err != nil || !none {
				return err
			}
			_, err = t.exec(`UPDATE meta SET value = 0 WHERE key = 'log'`)
			return err
		})
		if err != nil || !none {
			return err
		}
	}
	return nil
}

// clearLog folds what stands in the log and takes the files away in which that
// stood, however much comes meanwhile.
func (s *DB) clearLog(ctx context.Context) error {
	for _, turn := range []bool{true, false} {
		if err := s.settle(ctx); err != nil || s.log == nil {
			return err
		}
		err := s.tx(ctx, func(t *tx) error {
			m, err := t.logMeta()
			if err != nil || m.log == 0 {
				return err
			}
			if _, err := s.log.drop(m.folded, false, true); err != nil || !turn {
				return err
			}
			if err := s.log.open(true); err != nil {
				return err
			}
			return s.log.turn()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Pending returns how many decisions are recorded and not folded yet.
func (s *DB) Pending(ctx context.Context) (int, error) {
	var n sql.NullInt64
	if err := s.read.QueryRowContext(ctx, `SELECT sum(n) FROM journal`).Scan(&n); err != nil || s.log == nil {
		return int(n.Int64), wrap(err)
	}
	m, err := s.logMeta(ctx)
	if err != nil {
		return 0, wrap(err)
	}
	more, _, _, err := s.log.pending(m.folded)
	return int(n.Int64) + more, wrap(err)
}

// newest returns the number of the last decision that is not folded yet; 0 where
// all are.
func (s *DB) newest(ctx context.Context) (int64, error) {
	var last sql.NullInt64
	if err := s.read.QueryRowContext(ctx, `SELECT max(first + n - 1) FROM journal`).Scan(&last); err != nil || s.log == nil {
		return last.Int64, wrap(err)
	}
	m, err := s.logMeta(ctx)
	if err != nil || m.log == 0 {
		return last.Int64, wrap(err)
	}
	_, end, _, err := s.log.pending(m.folded)
	if end > m.folded || end == 0 { // with an end of 0 the log may be missing, which Fold tells
		return max(last.Int64, end, m.folded+1), wrap(err)
	}
	return last.Int64, wrap(err)
}

// settle folds what stood in the log or in the journal when it was called, so that
// queries see it.
func (s *DB) settle(ctx context.Context) error {
	last, err := s.newest(ctx)
	if err != nil || last == 0 {
		return err
	}
	for {
		n, err := s.Fold(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return s.shrink(ctx)
		}
		if oldest, err := s.oldest(ctx); err != nil || oldest > last {
			return err
		}
	}
}

// oldest returns the least number that a decision which is not folded yet may
// have; 0 where all are folded.
func (s *DB) oldest(ctx context.Context) (int64, error) {
	var first sql.NullInt64
	if err := s.read.QueryRowContext(ctx, `SELECT min(first) FROM journal`).Scan(&first); err != nil || first.Valid || s.log == nil {
		return first.Int64, wrap(err)
	}
	m, err := s.logMeta(ctx)
	if err != nil {
		return 0, wrap(err)
	}
	n, _, _, err := s.log.pending(m.folded)
	if n == 0 {
		return 0, wrap(err)
	}
	return m.folded + 1, nil
}

// shrink gives the space of the journal back to the file system where it is more
// than half of the file.
func (s *DB) shrink(ctx context.Context) error {
	if s.d.postgres {
		return nil
	}
	var free, pages int
	if err := s.read.QueryRowContext(ctx, `SELECT freelist_count, page_count FROM pragma_freelist_count(), pragma_page_count()`).Scan(&free, &pages); err != nil {
		return wrap(err)
	}
	if 2*free <= pages {
		return nil
	}
	s.fold.Lock()
	defer s.fold.Unlock()
	return s.vacuum(ctx)
}

// vacuum gives free pages back to the file system.
func (s *DB) vacuum(ctx context.Context) error {
	// The pragma frees a page each time it is stepped.
	return wrap(each(ctx, s.write, s.d, `PRAGMA incremental_vacuum`, nil, func(func(...any) error) (bool, error) { return true, nil }))
}
