package audit

import (
	"context"
	"errors"
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

	mu      sync.Mutex
	changed *sync.Cond
	queue   []entry
	size    int // bytes of the queue
	writing int // decisions that are being written
	urgent  int // callers that wait for what is in the queue
	err     error
	stats   RecorderStats
	closing bool

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

	Batch    int           // the most decisions of a batch; default 512
	Linger   time.Duration // how long a batch that nobody waits for may take to fill; default 100 ms
	MaxQueue int           // bytes of texts that may wait before Record waits too; default 64 MiB
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

type entry struct {
	d    *Decision
	size int
	done chan<- error // nil where nobody waits
}

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
	r := &Recorder{store: s, o: o, done: make(chan struct{})}
	r.changed = sync.NewCond(&r.mu)
	go r.run()
	return r
}

// Record hands d over to be recorded and returns at once, unless too much is
// waiting already. The caller must not change d afterwards. Only where a record
// is required does it return an error: that of an earlier batch, or that of ctx.
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
	d.Bare = d.Bare || r.o.Bare
	e := entry{d, len(d.Clean) + 256, done}
	for i := range d.Removals {
		e.size += len(d.Removals[i].Text) + 128
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.size > r.o.MaxQueue {
		stop := context.AfterFunc(ctx, r.wake)
		defer stop()
	}
	for r.size > r.o.MaxQueue && ctx.Err() == nil && !r.closing && !(r.o.Required && r.err != nil) {
		r.changed.Wait()
	}
	switch {
	case r.closing:
		return r.excuse(errClosed)
	case r.o.Required && done == nil && r.err != nil:
		return r.err
	case ctx.Err() != nil && r.size > r.o.MaxQueue:
		r.stats.Lost++
		return r.excuse(ctx.Err())
	}
	r.queue, r.size = append(r.queue, e), r.size+e.size
	if done != nil {
		r.urgent++
	}
	if n := len(r.queue); n == 1 || n >= r.o.Batch || done != nil {
		r.changed.Broadcast()
	}
	return nil
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
	for until := r.stats.Recorded + r.stats.Lost + r.writing + len(r.queue); r.stats.Recorded+r.stats.Lost < until && r.writing+len(r.queue) > 0; {
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
		batch := r.take()
		if batch == nil {
			return
		}
		ds := make([]*Decision, len(batch))
		for i, e := range batch {
			ds[i] = e.d
		}
		err := r.store.Record(context.Background(), ds)
		if err != nil && r.o.Lost != nil && !r.o.Required {
			r.o.Lost(len(batch), err)
		}
		for _, e := range batch {
			if e.done != nil {
				e.done <- err
			}
		}
		r.mu.Lock()
		r.writing = 0
		r.stats.Batches++
		if err != nil {
			r.stats.Lost += len(batch)
			if r.err == nil {
				r.err = err
			}
		} else {
			r.stats.Recorded += len(batch)
			if r.unfolded += len(batch); r.o.FoldAfter > 0 && r.unfolded >= r.o.FoldAfter && !r.folding {
				r.folding = true
				go r.foldSome()
			}
		}
		r.changed.Broadcast()
		r.mu.Unlock()
	}
}

// take waits for decisions and takes a batch of them; nil at the end. While
// nothing comes it lets the store fold.
func (r *Recorder) take() []entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.queue) == 0 {
		if r.closing {
			return nil
		}
		idle := time.AfterFunc(r.o.Idle, r.fold)
		r.changed.Wait()
		idle.Stop()
	}
	ripe := false
	fill := time.AfterFunc(r.o.Linger, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		ripe = true
		r.changed.Broadcast()
	})
	defer fill.Stop()
	for !ripe && len(r.queue) < r.o.Batch && r.urgent == 0 && r.size <= r.o.MaxQueue && !r.closing {
		r.changed.Wait()
	}
	n := min(len(r.queue), r.o.Batch)
	batch := r.queue[:n:n]
	r.queue = r.queue[n:]
	for _, e := range batch {
		r.size -= e.size
		if e.done != nil {
			r.urgent--
		}
	}
	r.writing = n
	r.changed.Broadcast()
	return batch
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
		busy := len(r.queue) > 0 || r.closing
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
