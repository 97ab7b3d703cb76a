package archive

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// Ordered works on items by several goroutines and hands them on in the order
// in which they came. It holds some items a goroutine and no more bytes than
// it may, but always at least one item: who reads waits for who writes.
type Ordered[T any] struct {
	Jobs     int  // goroutines that work, at least 1
	MaxBytes int  // bytes of all items held; 0 means DefaultHeld
	AnyOrder bool // items are handed on as they are ready

	// Next returns the next item and its size in bytes, or io.EOF.
	Next func() (T, int, error)
	// Work is called by several goroutines at once.
	Work func(context.Context, *T)
	// Emit is given the items in their order, by the caller of Run.
	Emit func(*T) error
	// Idle, where set, is called before Run waits for an item; a filter flushes then.
	Idle func() error
}

// Ahead is how many items a goroutine may be ready while the one before them is
// worked on: enough that a slow page holds nobody up at once.
const Ahead = 16

// DefaultHeld is the default of Ordered.MaxBytes. A text takes up to twenty times
// its size in memory while it is cleaned, so that of those that are larger than
// half of this one is worked on at a time.
const DefaultHeld = 32 << 20

// Run returns after the last item was emitted, or with the first error of Next,
// Emit, Idle or ctx. It waits for items that are being worked on, and not for
// a Next that does not return.
func (o Ordered[T]) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type slot struct {
		item T
		size int
		done chan struct{}
	}
	held := newBudget(ctx, o.MaxBytes)
	work := make(chan *slot)
	jobs := max(o.Jobs, 1)
	order := make(chan *slot, Ahead*jobs)
	var readErr error // read after order is closed
	go func() {
		defer close(work)
		if !o.AnyOrder {
			defer close(order)
		}
		for {
			item, size, err := o.Next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					readErr = err
				}
				return
			}
			s := &slot{item, size, make(chan struct{})}
			if !held.take(ctx, size) {
				return
			}
			if !o.AnyOrder {
				select {
				case order <- s:
				case <-ctx.Done():
					return
				}
			}
			select {
			case work <- s:
			case <-ctx.Done():
				close(s.done)
				return
			}
		}
	}()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)
	var working atomic.Int64
	working.Store(int64(jobs))
	for range jobs {
		wg.Go(func() {
			defer func() {
				if working.Add(-1) == 0 && o.AnyOrder {
					close(order)
				}
			}()
			for {
				select {
				case s, ok := <-work:
					if !ok {
						return
					}
					o.Work(ctx, &s.item)
					close(s.done)
					if o.AnyOrder {
						select {
						case order <- s:
						case <-ctx.Done():
							return
						}
					}
				case <-ctx.Done():
					return
				}
			}
		})
	}
	idle := func() error {
		if o.Idle == nil {
			return nil
		}
		return o.Idle()
	}
	for {
		var s *slot
		ok := true
		select {
		case s, ok = <-order:
		default:
			if err := idle(); err != nil {
				return err
			}
			select {
			case s, ok = <-order:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if !ok {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			return readErr
		}
		select {
		case <-s.done:
		default:
			if err := idle(); err != nil {
				return err
			}
			select {
			case <-s.done:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := o.Emit(&s.item); err != nil {
			return err
		}
		held.give(s.size)
	}
}

// A budget bounds the bytes that are held.
type budget struct {
	mu   sync.Mutex
	cond *sync.Cond
	max  int
	held int
}

func newBudget(ctx context.Context, max int) *budget {
	if max <= 0 {
		max = DefaultHeld
	}
	b := &budget{max: max}
	b.cond = sync.NewCond(&b.mu)
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.cond.Broadcast()
	})
	return b
}

// take waits until n bytes fit, or nothing is held. It reports whether ctx still runs.
func (b *budget) take(ctx context.Context, n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.held > 0 && b.held+n > b.max && ctx.Err() == nil {
		b.cond.Wait()
	}
	b.held += n
	return ctx.Err() == nil
}

func (b *budget) give(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= n
	b.cond.Broadcast()
}
