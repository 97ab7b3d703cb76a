package server

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/tap"
)

// A gate bounds how many documents are worked on at once. Single calls wait in
// a bounded queue and are turned away when it is full; items of streams wait
// without being counted, because their stream's window bounds them already.
type gate struct {
	slots   chan struct{}
	queue   int64
	waiting atomic.Int64 // single calls in the queue
	working sync.WaitGroup
}

func newGate(workers, queue int) *gate {
	return &gate{slots: make(chan struct{}, workers), queue: int64(queue)}
}

// enter waits for a slot. A nil error obliges the caller to call leave.
func (g *gate) enter(ctx context.Context, queued bool) error {
	if ctx.Err() != nil {
		return ended(ctx)
	}
	select {
	case g.slots <- struct{}{}:
		g.working.Add(1)
		return nil
	default:
	}
	if queued {
		if g.waiting.Add(1) > g.queue {
			g.waiting.Add(-1)
			return tooMuch("the server has more work than it can take on")
		}
		defer g.waiting.Add(-1)
	}
	select {
	case g.slots <- struct{}{}:
		g.working.Add(1)
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

func (g *gate) leave() {
	<-g.slots
	g.working.Done()
}

// idle waits until nobody works. Nobody may enter meanwhile.
func (g *gate) idle() { g.working.Wait() }

// An admission bounds the calls that the server holds at all. gRPC reads a
// request before it calls a handler, so without it ten thousand calls would be
// ten thousand messages in memory before the gate sees the first.
type admission struct {
	max     int64
	refused func()       // called for each call that is turned away
	now     atomic.Int64 // calls, but those for health
	work    atomic.Int64 // calls to services of winnow.v1
}

// spareCalls are the calls beside documents and streams: health, rules.
const spareCalls = 64

// tap runs when the header of a call has come and nothing else has.
func (a *admission) tap(ctx context.Context, info *tap.Info) (context.Context, error) {
	if free(info.FullMethodName) {
		return ctx, nil
	}
	if a.now.Add(1) > a.max {
		a.now.Add(-1)
		a.refused()
		return nil, tooMuch("the server has more calls than it can take on")
	}
	own := strings.HasPrefix(info.FullMethodName, "/winnow.v1.")
	if own {
		a.work.Add(1)
	}
	context.AfterFunc(ctx, func() {
		a.now.Add(-1)
		if own {
			a.work.Add(-1)
		}
	})
	return ctx, nil
}
