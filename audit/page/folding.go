package page

import (
	"context"
	"net/http"
	"sync/atomic"
)

// A folding is whether new decisions are being put in order.
type folding struct{ running atomic.Bool }

// A folder is a store that puts new decisions in order when it is asked to. Every
// question waits until it has.
type folder interface {
	Pending(context.Context) (int, error)
	Fold(context.Context) (int, error)
}

// manyPending is from how many new decisions on a visitor is told to wait, and not
// left waiting: a few thousand are put in order in a second.
const manyPending = 5000

// waits tells a visitor how many decisions are still to be put in order, where they
// are many, and has that done.
func (p *Page) waits(w http.ResponseWriter, r *http.Request) bool {
	s, ok := p.Store.(folder)
	if !ok {
		return false
	}
	n, err := s.Pending(r.Context())
	if err != nil || n < manyPending { // who asks the record is told of the error
		return false
	}
	if p.folding.running.CompareAndSwap(false, true) {
		go func() {
			defer p.folding.running.Store(false)
			for {
				n, err := s.Fold(context.Background())
				if err != nil {
					p.Logger.Error("audit page: new decisions cannot be put in order", "error", err)
				}
				if n == 0 || err != nil {
					return
				}
			}
		}()
	}
	w.Header().Set("Refresh", "3")
	w.Header().Set("Retry-After", "3")
	p.write(w, r, http.StatusServiceUnavailable, "waiting", "New decisions", n)
	return true
}
