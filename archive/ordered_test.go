package archive

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"
)

// counter returns a Next that gives 0 to n-1, each of size bytes.
func counter(n, size int) func() (int, int, error) {
	at := -1
	return func() (int, int, error) {
		if at++; at >= n {
			return 0, 0, io.EOF
		}
		return at, size, nil
	}
}

func TestOrderedKeepsOrderAndBound(t *testing.T) {
	var held, most atomic.Int64
	next := counter(500, 1)
	want := 0
	err := Ordered[int]{
		Jobs: 8, MaxBytes: 5,
		Next: func() (int, int, error) {
			i, size, err := next()
			return i, size, err
		},
		Work: func(_ context.Context, i *int) {
			for n := held.Add(1); ; {
				m := most.Load()
				if n <= m || most.CompareAndSwap(m, n) {
					break
				}
			}
			time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond)
			held.Add(-1)
		},
		Emit: func(i *int) error {
			if *i != want {
				t.Errorf("got %d, want %d", *i, want)
			}
			want++
			return nil
		},
	}.Run(context.Background())
	if err != nil || want != 500 {
		t.Errorf("%d items, %v", want, err)
	}
	if most.Load() > 5 || most.Load() < 2 {
		t.Errorf("%d items were worked on at once, 2 to 5 wanted", most.Load())
	}
}

// TestOrderedInAnyOrder: every item comes once, and a slow one holds nobody up.
func TestOrderedInAnyOrder(t *testing.T) {
	seen := map[int]bool{}
	slow := make(chan struct{})
	err := Ordered[int]{
		Jobs: 3, AnyOrder: true, Next: counter(200, 1),
		Work: func(_ context.Context, i *int) {
			if *i == 5 {
				<-slow
			}
		},
		Emit: func(i *int) error {
			if seen[*i] {
				t.Errorf("%d comes twice", *i)
			}
			if seen[*i] = true; len(seen) == 199 {
				close(slow) // all others are done
			}
			return nil
		},
	}.Run(context.Background())
	if err != nil || len(seen) != 200 {
		t.Errorf("%d items, %v", len(seen), err)
	}
}

// TestOrderedTakesOneOverTheBound: an item larger than the bound goes alone.
func TestOrderedTakesOneOverTheBound(t *testing.T) {
	n := 0
	err := Ordered[int]{Jobs: 4, MaxBytes: 10, Next: counter(20, 1000), Work: func(context.Context, *int) {},
		Emit: func(*int) error { n++; return nil }}.Run(context.Background())
	if err != nil || n != 20 {
		t.Errorf("%d items, %v", n, err)
	}
}

func TestOrderedErrors(t *testing.T) {
	boom := errors.New("boom")
	nothing := func(context.Context, *int) {}
	next := counter(100, 1)
	n := 0
	for name, o := range map[string]Ordered[int]{
		"next": {Next: func() (int, int, error) {
			if i, size, err := next(); i < 7 {
				return i, size, err
			}
			return 0, 0, boom
		}, Work: nothing, Emit: func(*int) error { n++; return nil }},
		"emit": {Next: counter(100, 1), Work: nothing, Emit: func(i *int) error {
			if *i == 7 {
				return boom
			}
			return nil
		}},
		"idle": {Next: counter(100, 1), Work: nothing, Emit: func(*int) error { return nil }, Idle: func() error { return boom }},
	} {
		o.Jobs = 3
		if err := o.Run(context.Background()); !errors.Is(err, boom) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n != 7 {
		t.Errorf("%d items before the error of next, want 7", n)
	}
}

// TestOrderedStops: a reader that waits forever does not hold up the end of
// the context.
func TestOrderedStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	block := make(chan struct{})
	defer close(block)
	next := counter(3, 1)
	emitted := 0
	err := Ordered[int]{Jobs: 2, Next: func() (int, int, error) {
		if i, size, err := next(); err == nil {
			return i, size, nil
		}
		<-block
		return 0, 0, io.EOF
	}, Work: func(context.Context, *int) {}, Emit: func(*int) error {
		if emitted++; emitted == 3 {
			cancel()
		}
		return nil
	}}.Run(ctx)
	if !errors.Is(err, context.Canceled) || emitted != 3 {
		t.Errorf("%d items, %v", emitted, err)
	}
}
