package sqlstore

import (
	"context"

	"winnow/audit"
)

// A batch is decisions that are recorded together, written down as they come: a
// frame of the log without its header.
type batch struct {
	s *DB
	w writer // logHeader bytes of room, then form 4
	n int
}

// The first buffer of a batch, the one it gets when that is too small, and the
// largest that is kept for the next decisions, in bytes. Growing by a quarter, as
// append does, copies a batch four times.
const (
	firstBuffer = 16 << 10
	largeBuffer = 2304 << 10 // holds what an audit.Recorder writes at once
	keepBuffer  = 16 << 20
)

// NewBatch implements audit.Batcher.
func (s *DB) NewBatch() audit.Batch {
	return &batch{s: s, w: writer{names: map[string]int{}}}
}

func (b *batch) Len() int   { return b.n }
func (b *batch) Bytes() int { return len(b.w.b) }

func (b *batch) Add(d *audit.Decision) error {
	w := &b.w
	if b.n == 0 {
		w.b = append(append(w.b[:0], make([]byte, logHeader)...), formMarked)
	}
	w.room(1024 + len(d.Clean))
	w.b = append(w.b, 1)
	if err := w.decision(d); err != nil {
		w.b = w.b[:len(w.b)-1]
		return err
	}
	b.n++
	return nil
}

// room makes room for n bytes more.
func (w *writer) room(n int) {
	switch need := len(w.b) + n; {
	case need <= cap(w.b):
	case need <= firstBuffer:
		w.b = append(make([]byte, 0, firstBuffer), w.b...)
	default:
		w.b = append(make([]byte, 0, max(largeBuffer, 2*need)), w.b...)
	}
}

// Record appends the batch to the log, or to the journal of PostgreSQL.
func (b *batch) Record(ctx context.Context) (first audit.ID, err error) {
	if b.n > 0 {
		first, err = b.s.append(ctx, b)
	}
	b.n, b.w.b = 0, b.w.b[:0]
	clear(b.w.names)
	if cap(b.w.b) > keepBuffer {
		b.w.b = nil
	}
	return first, err
}

func (s *DB) append(ctx context.Context, b *batch) (audit.ID, error) {
	var first int64
	if s.d.postgres {
		packed := packed(b.w.b[logHeader:])
		err := s.tx(ctx, func(t *tx) (err error) {
			if first, err = t.next("decision", b.n); err != nil {
				return err
			}
			_, err = t.exec(`INSERT INTO journal VALUES (?, ?, ?)`, first, b.n, packed)
			return err
		})
		return audit.ID(first), err
	}
	err := s.tx(ctx, func(t *tx) error {
		m, err := t.logMeta()
		if err != nil {
			return err
		}
		if first, err = s.log.append(&b.w.b, b.n, m.decision, m.log != 0); err != nil || m.log != 0 {
			return err
		}
		_, err = t.exec(`UPDATE meta SET value = 1 WHERE key = 'log'`)
		return err
	})
	return audit.ID(first), err
}

// Record implements audit.Store.
func (s *DB) Record(ctx context.Context, ds []*audit.Decision) error {
	b := s.NewBatch()
	for _, d := range ds {
		if err := b.Add(d); err != nil {
			return err
		}
	}
	first, err := b.Record(ctx)
	if err != nil {
		return err
	}
	for i, d := range ds {
		d.ID = first + audit.ID(i)
	}
	return nil
}
