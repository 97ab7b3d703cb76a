package page

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"winnow/audit"
)

// skips are the removals that reviewers put off. They are kept in memory, by the
// name of who did: a restart brings them back.
type skips struct {
	mu sync.Mutex
	by map[string]map[place]bool
}

// A place is a removal of a decision.
type place struct {
	decision audit.ID
	n        int
}

// mostSkips is how many removals a reviewer may put off, and mostSkippers how many
// reviewers may. Whoever goes beyond that begins anew.
const (
	mostSkips    = 10_000
	mostSkippers = 1000
)

func (s *skips) add(who string, p place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil || len(s.by) >= mostSkippers && s.by[who] == nil {
		s.by = map[string]map[place]bool{}
	}
	if s.by[who] == nil || len(s.by[who]) >= mostSkips {
		s.by[who] = map[place]bool{}
	}
	s.by[who][p] = true
}

func (s *skips) clear(who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, who)
}

func (s *skips) count(who string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.by[who])
}

func (s *skips) has(who string, x *audit.Sample) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.by[who][place{x.Decision.ID, x.Removal.N}]
}

// queue returns a page of the queue without what who put off.
func (p *Page) queue(ctx context.Context, who string, q audit.Query) (audit.SamplePage, error) {
	var out audit.SamplePage
	for {
		q.Limit = queueSize + min(p.skips.count(who), 500)
		list, err := p.Store.Queue(ctx, q)
		if err != nil {
			return out, err
		}
		for i := range list.Samples {
			if p.skips.has(who, &list.Samples[i]) {
				continue
			}
			if out.Samples = append(out.Samples, list.Samples[i]); len(out.Samples) < queueSize {
				continue
			}
			if i+1 < len(list.Samples) { // the next page begins in the middle of this one
				q.Limit = i + 1
				if list, err = p.Store.Queue(ctx, q); err != nil {
					return out, err
				}
			}
			break
		}
		if out.Next = list.Next; out.Next == "" || len(out.Samples) == queueSize {
			return out, nil
		}
		q.Token = out.Next
	}
}

// skip puts a removal off, or brings all back.
func (p *Page) skip(w http.ResponseWriter, r *http.Request) error {
	who := sessionOf(r.Context()).Who
	q, err := url.ParseQuery(r.PostForm.Get("review"))
	if err != nil {
		q = url.Values{}
	}
	if r.PostForm.Has("back") {
		p.skips.clear(who)
		return see(w, r, "/review?"+q.Encode())
	}
	id, err := strconv.ParseInt(r.PostForm.Get("decision"), 10, 64)
	n, err2 := strconv.Atoi(r.PostForm.Get("n"))
	if err != nil || err2 != nil || id < 1 || n < 0 {
		return fail(http.StatusBadRequest, "There is no such removal.")
	}
	p.skips.add(who, place{audit.ID(id), n})
	return see(w, r, "/review?"+q.Encode()+"#i"+strconv.Itoa(number(r, "place", 0, 0)))
}
