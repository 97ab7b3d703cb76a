package sqlstore

import (
	"context"
	"errors"
	"strings"

	"winnow/audit"
)

// eraseAtOnce is how many decisions one transaction erases.
const eraseAtOnce = 1000

// Erase implements audit.Store: decisions, their removals, marks and counts,
// and the texts, words and publishers that nothing else refers to. See the
// package on what is left on a disk. Where it is interrupted, what it erased is
// erased, and the rest is as it was.
func (s *DB) Erase(ctx context.Context, e audit.Erasure) (audit.Erased, error) {
	var done audit.Erased
	if e == (audit.Erasure{}) {
		return done, errors.New("sqlstore: an erasure says what it erases: a document, a publisher or an age")
	}
	if err := s.clearLog(ctx); err != nil {
		return done, err
	}
	for {
		part, err := s.eraseSome(ctx, e)
		if err != nil {
			return done, err
		}
		done.Decisions += part.Decisions
		done.Texts += part.Texts
		if part.Decisions < eraseAtOnce {
			break
		}
	}
	if err := s.erasePublishers(ctx); err != nil {
		return done, err
	}
	return done, s.compact(ctx)
}

func (s *DB) eraseSome(ctx context.Context, e audit.Erasure) (done audit.Erased, err error) {
	s.fold.Lock()
	defer s.fold.Unlock()
	p, err := s.plan(ctx, audit.Query{Document: e.Document, Publisher: e.Publisher, To: e.Before})
	if err != nil || p.none {
		return done, wrap(err)
	}
	var ds []*audit.Decision
	keeps := map[int64]bool{}
	var rows []*decisionRow
	err = each(ctx, s.read, s.d, p.sql(decisionColumns, ``, `d.id`, eraseAtOnce), p.args, func(scan func(...any) error) (bool, error) {
		row := &decisionRow{}
		rows = append(rows, row)
		return true, scan(row.targets()...)
	})
	if err != nil {
		return done, wrap(err)
	}
	for _, row := range rows {
		d, err := s.decisionOf(ctx, row)
		if err != nil {
			return done, wrap(err)
		}
		if d.Removals, err = s.removalsOf(ctx, s.read, row); err != nil {
			return done, wrap(err)
		}
		if row.kept.Valid {
			keeps[row.kept.Int64] = true
		}
		ds = append(ds, d)
	}
	if len(ds) == 0 {
		return done, nil
	}
	err = s.tx(ctx, func(t *tx) error {
		done = audit.Erased{}
		cells, hits := map[cellKey]*cellSums{}, map[[2]int64]bool{}
		bodies := map[int64]bool{}
		for _, d := range ds {
			n, err := t.exec(`DELETE FROM decision WHERE id = ?`, int64(d.ID))
			if err != nil {
				return err
			}
			if n == 0 {
				continue // erased by another process
			}
			done.Decisions++
			if err := s.count(t, d, -1, cells, hits); err != nil {
				return err
			}
			err = each(ctx, t, s.d, `SELECT DISTINCT body FROM span WHERE decision = ?`, []any{int64(d.ID)}, func(scan func(...any) error) (bool, error) {
				var id int64
				err := scan(&id)
				bodies[id] = true
				return true, err
			})
			if err != nil {
				return err
			}
			for _, table := range []string{"span", "queue", "mark"} {
				if _, err := t.exec(`DELETE FROM `+table+` WHERE decision = ?`, int64(d.ID)); err != nil {
					return err
				}
			}
		}
		for k := range hits {
			if _, err := t.exec(`DELETE FROM hit WHERE word = ? AND decision = ?`, k[0], k[1]); err != nil {
				return err
			}
		}
		if err := t.addCells(cells); err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM cell WHERE documents = 0`); err != nil {
			return err
		}
		if err := s.eraseTexts(t, bodies, keeps, &done); err != nil {
			return err
		}
		_, err := t.next("erasure", 1) // other processes forget their names
		return err
	})
	s.names.forget(-1)
	return done, err
}

// eraseTexts erases the texts among those given that nothing refers to.
func (s *DB) eraseTexts(t *tx, bodies, keeps map[int64]bool, done *audit.Erased) error {
	for id := range bodies {
		_, used, err := one[int](t.ctx, t, s.d, `SELECT 1 FROM span WHERE body = ? LIMIT 1`, id)
		if err != nil {
			return err
		}
		if used {
			continue
		}
		if !s.d.postgres {
			var form int
			var data []byte
			if err := t.QueryRowContext(t.ctx, `SELECT form, data FROM body WHERE id = ?`, id).Scan(&form, &data); err != nil {
				return err
			}
			text, err := s.unpacked(form, data)
			if err != nil {
				return err
			}
			if _, err := t.exec(`INSERT INTO fts(fts, rowid, text) VALUES ('delete', ?, ?)`, id, searchable(text)); err != nil {
				return err
			}
		}
		if _, err := t.exec(`DELETE FROM body WHERE id = ?`, id); err != nil {
			return err
		}
		done.Texts++
	}
	for id := range keeps {
		n, err := t.exec(`DELETE FROM kept WHERE id = ? AND NOT EXISTS (SELECT 1 FROM decision WHERE kept = ?)`, id, id)
		if err != nil {
			return err
		}
		done.Texts += int(n)
	}
	return nil
}

// erasePublishers erases the names of publishers that have no documents left.
func (s *DB) erasePublishers(ctx context.Context) error {
	s.fold.Lock()
	defer s.fold.Unlock()
	defer s.names.forget(-1)
	return s.tx(ctx, func(t *tx) error {
		if _, err := t.exec(`DELETE FROM word WHERE kind = ? AND NOT EXISTS (SELECT 1 FROM cell WHERE publisher = word.id)`, kindPublisher); err != nil {
			return err
		}
		_, err := t.next("erasure", 1)
		return err
	})
}

// compact gives freed space back and empties the write-ahead log.
func (s *DB) compact(ctx context.Context) error {
	if s.d.postgres {
		for _, table := range strings.Fields("journal decision span hit body kept cell queue mark word") {
			if _, err := s.write.ExecContext(ctx, `VACUUM `+table); err != nil {
				return wrap(err)
			}
		}
		return nil
	}
	if err := s.vacuum(ctx); err != nil {
		return err
	}
	var busy, inLog, moved int
	if err := s.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &inLog, &moved); err != nil {
		return wrap(err)
	}
	if busy != 0 {
		return errors.New("sqlstore: erased, but another process reads the record: its write-ahead log still holds what was erased, until that process is done and an erasure runs again")
	}
	return nil
}
