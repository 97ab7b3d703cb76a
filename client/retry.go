package client

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"google.golang.org/grpc/status"
)

// A retrier makes calls again that may go well later. All calls of a Client
// share its tokens: each retry takes one and each success gives a tenth back, so
// that a server in trouble is not asked more than about a tenth more often.
type retrier struct {
	attempts int

	mu     sync.Mutex
	tokens float64
}

const (
	retryBurst   = 20.0 // most tokens
	retryPayback = 0.1  // tokens for a success
	firstBackoff = 50 * time.Millisecond
	maxBackoff   = 5 * time.Second
)

func (r *retrier) succeeded() {
	r.mu.Lock()
	r.tokens = min(r.tokens+retryPayback, retryBurst)
	r.mu.Unlock()
}

// take takes a token, if there is one.
func (r *retrier) take() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tokens < 1 {
		return false
	}
	r.tokens--
	return true
}

// again waits before the next attempt after the one with number n, from 1, and
// reports whether there should be one.
func (r *retrier) again(ctx context.Context, n int, err *Error) bool {
	if !err.Temporary() || n >= r.attempts || !r.take() {
		return false
	}
	wait := max(backoff(n), err.RetryAfter)
	if until, ok := ctx.Deadline(); ok && time.Until(until) < wait {
		return false // better the error of the server than one of the clock
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// backoff returns how long to wait after the attempt with number n: twice as
// long each time, and anything from half of that to all of it, so that clients
// that failed together do not come back together.
func backoff(n int) time.Duration {
	d := maxBackoff
	if n < 8 {
		d = min(firstBackoff<<(n-1), maxBackoff)
	}
	return d/2 + rand.N(d/2)
}

// call makes a unary call, again where that may help.
func call[T any](ctx context.Context, r *retrier, f func() (T, error)) (T, error) {
	for n := 1; ; n++ {
		v, err := f()
		if err == nil {
			r.succeeded()
			return v, nil
		}
		e := errorOf(status.Convert(err))
		if !r.again(ctx, n, e) {
			var zero T
			return zero, e
		}
	}
}
