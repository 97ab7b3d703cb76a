package page

import (
	"context"
	"crypto/sha256"
	"fmt"
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
	by map[string]map[judgement]bool
}

// A judgement is what is judged once: a text, and the rules that took it.
type judgement [32]byte

func judgementOf(r *audit.Removal) judgement {
	h := sha256.New()
	for _, id := range r.Rules() {
		fmt.Fprintf(h, "%q ", id)
	}
	fmt.Fprintf(h, "%s\n%s", r.Mode, r.Text)
	return judgement(h.Sum(nil))
}

// mostSkips is how many removals a reviewer may put off, and mostSkippers how many
// reviewers may. Whoever goes beyond that begins anew.
const (
	mostSkips    = 10_000
	mostSkippers = 1000
)

func (s *skips) add(who string, j judgement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil || len(s.by) >= mostSkippers && s.by[who] == nil {
		s.by = map[string]map[judgement]bool{}
	}
	if s.by[who] == nil || len(s.by[who]) >= mostSkips {
		s.by[who] = map[judgement]bool{}
	}
	s.by[who][j] = true
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

func (s *skips) has(who string, j judgement) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.by[who][j]
}

// queue returns a page of the queue without what who put off. A text that the same
// rules took several times stands in it once, where it is riskiest; like says how
// many more of each there are on the way to the end of the page.
func (p *Page) queue(ctx context.Context, who string, q audit.Query) (out audit.SamplePage, like []int, err error) {
	at := map[judgement]int{}
	for limit := queueSize; ; limit = min(2*limit, 1000) {
		q.Limit = limit
		list, err := p.Store.Queue(ctx, q)
		if err != nil {
			return out, nil, err
		}
		full := -1 // how many of the list make the page full
		for i := range list.Samples {
			j := judgementOf(&list.Samples[i].Removal)
			if n, ok := at[j]; ok {
				like[n]++
			} else if len(out.Samples) == queueSize {
				full = i
				break
			} else if !p.skips.has(who, j) {
				at[j] = len(out.Samples)
				out.Samples, like = append(out.Samples, list.Samples[i]), append(like, 0)
			}
		}
		if full == 0 { // the next page begins with this list
			out.Next = q.Token
			return out, like, nil
		}
		if full > 0 { // or in the middle of it
			q.Limit = full
			if list, err = p.Store.Queue(ctx, q); err != nil {
				return out, nil, err
			}
		}
		if out.Next = list.Next; out.Next == "" || full > 0 {
			return out, like, nil
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
	d, err := p.Store.Get(r.Context(), audit.ID(id))
	if err != nil {
		return err
	}
	if n >= len(d.Removals) {
		return audit.ErrNotFound
	}
	p.skips.add(who, judgementOf(&d.Removals[n]))
	return see(w, r, "/review?"+q.Encode()+"#i"+strconv.Itoa(number(r, "place", 0, 0)))
}
