package audit

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// A Recorder stands between the clean path and a Store: it collects decisions
// and writes them in batches, beside the work that makes them. Make one with
// NewRecorder. All methods are safe for concurrent use.
//
// What happens when the store fails (its disk is full, another process keeps it
// locked, its server is gone) is a choice:
//
//	Required false  the documents go on without a record; each batch that was
//	                lost is told of through Lost, and Stats counts it
//	Required true   Record, Commit and Flush return the failure
type Recorder struct {
	store Store
	o     RecorderOptions

	mu              sync.Mutex
	changed         *sync.Cond
	filling         Batch    // what waits
	spare           Batch    // what fills next, where it is not being written
	waiters         []waiter // for what is in filling
	added, finished int      // decisions that filling took, and those that are durable or lost
	urgent          int      // callers that wait for what is in filling
	refused         int      // decisions that no batch takes and that nobody was told of, because of refusal
	refusal         error
	err             error
	stats           RecorderStats
	closing         bool

	unfolded int  // decisions that were recorded since the store folded all
	folding  bool // by foldSome
	done     chan struct{}
}

// RecorderOptions say how a Recorder records. The zero value works.
type RecorderOptions struct {
	Required bool
	// Bare leaves the kept texts out of the record. They make up most of its
	// size, and without them nothing can be restored or replayed.
	Bare bool
	// Lost is called, from one goroutine, with how many decisions were lost
	// because of err. Nil tells nobody.
	Lost func(n int, err error)

	Batch    int           // how many decisions are written at once although nobody waits; default 512, and from 2 MiB on fewer
	Linger   time.Duration // how long a batch that nobody waits for may take to fill; default 100 ms
	MaxQueue int           // bytes that may wait before Record waits too; default 64 MiB
	Idle     time.Duration // how long nothing must have come before the store is asked to fold; default 2 s
	// FoldAfter is after how many decisions the store is asked to fold although
	// more keep coming, for recorders that may never be idle; 0 is never.
	FoldAfter int
}

// RecorderStats count what a Recorder did.
type RecorderStats struct {
	Recorded int // durable
	Lost     int
	Batches  int
}

// A waiter waits for the nth decision of a batch.
type waiter struct {
	d    *Decision
	n    int
	done chan<- error
}

// batchBytes is how much is written at once although nobody waits, in bytes. A
// batch has an fsync of its own; but what waits to be written is memory that is
// not in the processor's caches any more.
const batchBytes = 2 << 20

// A folder is a store that does the rest of its work when it is asked to.
type folder interface {
	Fold(context.Context) (int, error)
}

// NewRecorder returns a Recorder that writes to s. Close it before s.
func NewRecorder(s Store, o RecorderOptions) *Recorder {
	if o.Batch == 0 {
		o.Batch = 512
	}
	if o.Linger == 0 {
		o.Linger = 100 * time.Millisecond
	}
	if o.MaxQueue == 0 {
		o.MaxQueue = 64 << 20
	}
	if o.Idle == 0 {
		o.Idle = 2 * time.Second
	}
	r := &Recorder{store: s, o: o, filling: newBatch(s), spare: newBatch(s), done: make(chan struct{})}
	r.changed = sync.NewCond(&r.mu)
	go r.run()
	return r
}

// Record hands d over to be recorded and returns at once, unless too much is
// waiting already. The caller must not change d afterwards, unless the store is a
// Batcher. Only where a record is required does it return an error: that of an
// earlier batch, that of ctx, or that d cannot be written down.
func (r *Recorder) Record(ctx context.Context, d *Decision) error {
	return r.put(ctx, d, nil)
}

// Commit records d and waits until it is durable. Where a record is not required
// it returns nil in any case.
func (r *Recorder) Commit(ctx context.Context, d *Decision) error {
	done := make(chan error, 1)
	if err := r.put(ctx, d, done); err != nil {
		return err
	}
	select {
	case err := <-done:
		return r.excuse(err)
	case <-ctx.Done():
		return r.excuse(ctx.Err())
	}
}

// wake wakes those who wait, after they have begun to.
func (r *Recorder) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changed.Broadcast()
}

func (r *Recorder) excuse(err error) error {
	if r.o.Required {
		return err
	}
	return nil
}

var errClosed = errors.New("audit: the recorder is closed")

func (r *Recorder) put(ctx context.Context, d *Decision, done chan<- error) error {
	ripe, err := r.add(ctx, d, done)
	if ripe {
		// Let the writer have its turn, also where one processor does all: else the
		// batch grows until this goroutine is interrupted.
		runtime.Gosched()
	}
	return err
}

// add adds d to what waits, and reports whether that is enough to be written.
func (r *Recorder) add(ctx context.Context, d *Decision, done chan<- error) (ripe bool, err error) {
	d.Bare = d.Bare || r.o.Bare
	r.mu.Lock()
	defer r.mu.Unlock()
	full := func() bool { return r.filling.Bytes() > r.o.MaxQueue }
	if full() {
		stop := context.AfterFunc(ctx, r.wake)
		defer stop()
	}
	for full() && ctx.Err() == nil && !r.closing && !(r.o.Required && r.err != nil) {
		r.changed.Wait()
	}
	switch {
	case r.closing:
		return false, r.excuse(errClosed)
	case r.o.Required && done == nil && r.err != nil:
		return false, r.err
	case ctx.Err() != nil && full():
		r.stats.Lost++
		return false, r.excuse(ctx.Err())
	}
	n := r.filling.Len()
	if err := r.filling.Add(d); err != nil {
		r.stats.Lost++
		r.refused, r.refusal = r.refused+1, err
		r.changed.Broadcast()
		if done != nil {
			done <- err
			return false, nil
		}
		return false, r.excuse(err)
	}
	r.added++
	if done != nil {
		r.waiters = append(r.waiters, waiter{d, n, done})
		r.urgent++
	}
	if ripe = r.ripe(); ripe || n == 0 || done != nil {
		r.changed.Broadcast()
	}
	return ripe, nil
}

// ripe reports whether what waits is enough to be written at once.
func (r *Recorder) ripe() bool {
	return r.filling.Len() >= r.o.Batch || r.filling.Bytes() >= min(batchBytes, r.o.MaxQueue)
}

// Flush waits until everything that was handed over before is durable or lost.
// Where a record is required it returns the first failure since the last Flush.
func (r *Recorder) Flush(ctx context.Context) error {
	stop := context.AfterFunc(ctx, r.wake)
	defer stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.urgent++
	defer func() { r.urgent-- }()
	r.changed.Broadcast()
	for until := r.added; r.finished < until; {
		if ctx.Err() != nil {
			return r.excuse(ctx.Err())
		}
		r.changed.Wait()
	}
	err := r.err
	r.err = nil
	return r.excuse(err)
}

// Stats returns what was done so far.
func (r *Recorder) Stats() RecorderStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

// Close writes what is waiting and ends the Recorder. It returns what Flush does.
func (r *Recorder) Close() error {
	err := r.Flush(context.Background())
	r.mu.Lock()
	r.closing = true
	r.changed.Broadcast()
	r.mu.Unlock()
	<-r.done
	return err
}

// run writes batches until the Recorder is closed.
func (r *Recorder) run() {
	defer close(r.done)
	for {
		batch, waiters := r.take()
		if batch == nil {
			return
		}
		n := batch.Len()
		first, err := batch.Record(context.Background())
		if err != nil && r.o.Lost != nil && !r.o.Required {
			r.o.Lost(n, err)
		}
		for _, w := range waiters {
			if err == nil {
				w.d.ID = first + ID(w.n)
			}
			w.done <- err
		}
		r.mu.Lock()
		r.spare = batch
		r.finished += n
		r.stats.Batches++
		if err != nil {
			r.stats.Lost += n
			if r.err == nil {
				r.err = err
			}
		} else {
			r.stats.Recorded += n
			if r.unfolded += n; r.o.FoldAfter > 0 && r.unfolded >= r.o.FoldAfter && !r.folding {
				r.folding = true
				go r.foldSome()
			}
		}
		r.changed.Broadcast()
		r.mu.Unlock()
	}
}

// take waits for decisions and takes the batch that they fill; nil at the end.
// While nothing comes it lets the store fold.
func (r *Recorder) take() (Batch, []waiter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		r.tellRefused()
		if r.filling.Len() > 0 {
			break
		}
		if r.closing {
			return nil, nil
		}
		idle := time.AfterFunc(r.o.Idle, r.fold)
		r.changed.Wait()
		idle.Stop()
	}
	late := false
	fill := time.AfterFunc(r.o.Linger, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		late = true
		r.changed.Broadcast()
	})
	defer fill.Stop()
	for !late && !r.ripe() && r.urgent == 0 && !r.closing {
		r.changed.Wait()
	}
	batch, waiters := r.filling, r.waiters
	r.filling, r.spare, r.waiters = r.spare, nil, nil
	r.urgent -= len(waiters)
	r.changed.Broadcast()
	return batch, waiters
}

// tellRefused tells of decisions that no batch took. It is called with r.mu held,
// and lets go of it meanwhile.
func (r *Recorder) tellRefused() {
	for r.refused > 0 {
		n, err := r.refused, r.refusal
		r.refused, r.refusal = 0, nil
		if r.o.Required || r.o.Lost == nil {
			continue
		}
		r.mu.Unlock()
		r.o.Lost(n, err)
		r.mu.Lock()
	}
}

// fold lets the store do the rest of its work while nothing comes. What fails
// here fails again, and is told of, when the record is read.
func (r *Recorder) fold() {
	f, ok := r.store.(folder)
	if !ok {
		return
	}
	for {
		r.mu.Lock()
		busy := r.filling.Len() > 0 || r.closing
		r.mu.Unlock()
		if busy {
			return
		}
		n, err := f.Fold(context.Background())
		if n == 0 || err != nil {
			return
		}
		r.folded(n)
	}
}

// foldSome lets the store fold until less than FoldAfter is left.
func (r *Recorder) foldSome() {
	f, ok := r.store.(folder)
	for more := ok; more; {
		n, err := f.Fold(context.Background())
		r.folded(n)
		r.mu.Lock()
		more = n > 0 && err == nil && r.unfolded >= r.o.FoldAfter && !r.closing
		r.mu.Unlock()
	}
	r.mu.Lock()
	r.folding = false
	r.mu.Unlock()
}

func (r *Recorder) folded(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unfolded = max(0, r.unfolded-n)
}
