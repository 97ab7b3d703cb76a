package audit

import "context"

// A Batch collects decisions that are recorded together. Its methods must not be
// called at the same time.
type Batch interface {
	// Add adds d. Where it fails the batch is as it was.
	Add(d *Decision) error
	// Len returns how many decisions were added.
	Len() int
	// Bytes returns about how much memory the batch holds for them.
	Bytes() int
	// Record keeps what was added, all or none. When it returns no error the
	// decisions are durable, and numbered from first on in the order in which they
	// were added. Afterwards the batch is empty, also where it failed.
	Record(ctx context.Context) (first ID, err error)
}

// A Batcher is a Store with batches of its own, which write decisions down as
// they are added and keep nothing of them. So a decision is read while it is in
// the caches of the processor that made it, and its memory may be used again.
type Batcher interface {
	Store
	NewBatch() Batch
}

// newBatch returns a batch for s.
func newBatch(s Store) Batch {
	if b, ok := s.(Batcher); ok {
		return b.NewBatch()
	}
	return &listed{store: s}
}

// A listed is a batch for stores that have none of their own.
type listed struct {
	store Store
	ds    []*Decision
	bytes int
}

func (b *listed) Add(d *Decision) error {
	b.ds = append(b.ds, d)
	b.bytes += len(d.Clean) + 256
	for i := range d.Removals {
		b.bytes += len(d.Removals[i].Text) + 128
	}
	return nil
}

func (b *listed) Len() int   { return len(b.ds) }
func (b *listed) Bytes() int { return b.bytes }

func (b *listed) Record(ctx context.Context) (first ID, err error) {
	if err = b.store.Record(ctx, b.ds); err == nil && len(b.ds) > 0 {
		first = b.ds[0].ID
	}
	clear(b.ds)
	b.ds, b.bytes = b.ds[:0], 0
	return first, err
}
