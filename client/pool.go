package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	connecting "google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"winnow/archive"
	pb "winnow/proto/winnow/v1"
	"winnow/text"
)

// A Pool is several servers that clean as one. A record goes to the server that
// has the fewest under way. A server that fails is left out, asked again with
// growing waits, and taken back when it answers; the records that it had go to
// another one. A Pool is safe for concurrent use.
//
// Servers must clean alike. The first that answers says by which revision of
// the rules, and one with another revision is left out as well, unless
// PoolOptions say otherwise.
type Pool struct {
	options PoolOptions
	members []*member
	ctx     context.Context // ends with Close
	close   context.CancelFunc
	probes  sync.WaitGroup

	mu       sync.Mutex
	changed  chan struct{} // closed and made anew when a server comes back or is free
	revision string        // of the rules; empty until a server has answered
	downAt   time.Time     // since when no server is up, where none is
	next     int           // where to look first, so that equals take turns
}

// PoolOptions say how a Pool cleans. The zero value is ready for use.
type PoolOptions struct {
	Options

	// Revision is the revision of the rules that servers must clean by. Where
	// it is empty it is that of the first server that answers.
	Revision string
	// AnyRevision lets servers clean by rules that differ.
	AnyRevision bool
	// Patience is how long the Pool waits while no server is up, and how long it
	// goes on asking for one record that servers turn away for load; 0 means
	// DefaultPatience.
	Patience time.Duration
	// Changed, where set, is told when a server is left out, with the reason,
	// and when it is taken back, with nil. It is called by several goroutines.
	Changed func(addr string, err error)
}

const (
	// DefaultPatience is the default of PoolOptions.Patience.
	DefaultPatience = 2 * time.Minute
	// maxLosses is how many servers may be lost under one record. A record that
	// brings servers down must not bring them down for ever.
	maxLosses = 12
	// probeTime bounds one question whether a server is there.
	probeTime = 5 * time.Second
)

// A member is a server of a Pool.
type member struct {
	addr   string
	client *Client

	// Under Pool.mu.
	up   bool
	busy int
	err  error // why it is not up
}

// errRules is why a server is left out that cleans by other rules.
var errRules = errors.New("it cleans by other rules")

// DialPool returns a Pool of the servers at addrs. It asks all of them at once
// and returns an error where none answers, or one refuses who is calling, or
// they clean by different rules. Options are those of Dial; the Pool itself
// makes calls again, so that WithAttempts has no effect.
func DialPool(ctx context.Context, addrs []string, o PoolOptions, opts ...Option) (*Pool, error) {
	if len(addrs) == 0 {
		return nil, errors.New("client: a pool without servers")
	}
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	p := &Pool{options: o, changed: make(chan struct{}), revision: o.Revision}
	p.ctx, p.close = context.WithCancel(context.Background())
	for _, addr := range addrs {
		// gRPC's own waits before it connects again grow to two minutes.
		soon := grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: probeTime,
			Backoff: connecting.Config{BaseDelay: firstBackoff, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second}})
		c, err := Dial(addr, append(opts[:len(opts):len(opts)], WithAttempts(1), WithGRPC(soon))...)
		if err != nil {
			p.Close()
			return nil, err
		}
		p.members = append(p.members, &member{addr: addr, client: c})
	}
	if err := p.begin(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// begin asks all servers for the first time, up to five times each.
func (p *Pool) begin(ctx context.Context) error {
	errs := make([]error, len(p.members))
	revisions := make([]string, len(p.members))
	var wg sync.WaitGroup
	for i, m := range p.members {
		wg.Go(func() {
			for n := 1; ; n++ {
				revisions[i], errs[i] = p.ask(ctx, m, false)
				if !absent(errs[i]) || n == DefaultAttempts || !sleep(ctx, backoff(n)) {
					return
				}
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	up := 0
	for i, m := range p.members {
		switch err := errs[i]; {
		case err == nil:
			if p.revision == "" {
				p.revision = revisions[i]
			}
			if err := p.checkRules(revisions[i]); err != nil {
				return fmt.Errorf("the server %s: %w", m.addr, err)
			}
			m.up = true
			up++
		case !absent(err):
			return fmt.Errorf("the server %s: %w", m.addr, err)
		}
	}
	if up == 0 {
		return fmt.Errorf("the server %s: %w", p.members[0].addr, errs[0])
	}
	for i, m := range p.members {
		if !m.up {
			p.lose(m, errs[i])
		}
	}
	return nil
}

// Close ends all calls and the connections.
func (p *Pool) Close() error {
	p.close()
	p.probes.Wait()
	var err error
	for _, m := range p.members {
		if e := m.client.Close(); err == nil {
			err = e
		}
	}
	return err
}

// Revision returns the revision of the rules that the servers clean by.
func (p *Pool) Revision() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.revision
}

// Clean implements Cleaner. What the network or a server does to a call is not
// the record's failure: it is made again, by another server where there is one.
// An error that is no *archive.Error means that no server was up for as long as
// the Pool waits, that it refuses who is calling, or that server after server
// was lost with the record.
func (p *Pool) Clean(ctx context.Context, rec *archive.Record) (res *archive.Result, err error) {
	err = p.call(ctx, rec.ID, func(c *Client) (revision string, err error) {
		if res, err = c.CleanRecord(ctx, rec, p.options.Options); err != nil {
			return "", err
		}
		return res.Revision, nil
	})
	return res, err
}

// Explain is Client.Explain for a record, with the errors of Clean.
func (p *Pool) Explain(ctx context.Context, rec *archive.Record, span text.Span) (x *Explanation, err error) {
	used, _ := Usable(rec)
	err = p.call(ctx, rec.ID, func(c *Client) (revision string, err error) {
		if x, err = c.Explain(ctx, DocumentOf(used), span, p.options.Options); err != nil {
			return "", err
		}
		return x.Revision, nil
	})
	return x, err
}

// call has f call a server, and another one as long as that may help. F returns
// the revision of the rules that the server used.
func (p *Pool) call(ctx context.Context, id string, f func(*Client) (revision string, err error)) error {
	losses := 0
	var refused time.Time // since when servers turn the record away
	for n := 1; ; n++ {
		m, err := p.take(ctx)
		if err != nil {
			return err
		}
		revision, err := f(m.client)
		p.give(m)
		var e *Error
		switch {
		case err == nil:
			if err = p.checkRules(revision); err == nil {
				return nil
			}
			p.lose(m, err)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case lost(err):
			p.lose(m, err)
			if losses++; losses >= maxLosses {
				return fmt.Errorf("%d servers were lost while they cleaned the document %q: %w", losses, id, err)
			}
		case errors.As(err, &e) && e.Temporary():
			if now := time.Now(); refused.IsZero() {
				refused = now
			} else if now.Sub(refused) > p.options.Patience {
				return fmt.Errorf("the server %s: %w", m.addr, err)
			}
			if !sleep(ctx, max(backoff(n), e.RetryAfter)) {
				return context.Cause(ctx)
			}
		default:
			return ItemError(err)
		}
	}
}

// checkRules returns an errRules where the revision is not the Pool's.
func (p *Pool) checkRules(revision string) error {
	if want := p.Revision(); !p.options.AnyRevision && revision != want {
		return fmt.Errorf("%w: revision %s, not %s", errRules, revision, want)
	}
	return nil
}

// lost reports whether err says that the server, or the way to it, is gone.
// The caller's own end comes as an error like it and must be looked for first.
func lost(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case codes.Unavailable, codes.Canceled:
		return true // a server that is stopped cancels the calls under way
	case codes.Internal, codes.Unknown, codes.DataLoss, codes.DeadlineExceeded:
		return e.Reason == "" // gRPC's own: a broken stream, or a probe that took too long
	}
	return false
}

// absent reports whether err, of a probe, says that the server may answer later.
func absent(err error) bool {
	var e *Error
	return lost(err) || errors.As(err, &e) && (e.Temporary() || e.Code == codes.DeadlineExceeded)
}

// take returns a server that is up, and waits for one where none is.
func (p *Pool) take(ctx context.Context) (*member, error) {
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		p.mu.Lock()
		var best *member
		for i := range p.members {
			m := p.members[(p.next+i)%len(p.members)]
			if m.up && (best == nil || m.busy < best.busy) {
				best = m
			}
		}
		if best != nil {
			p.next = (p.next + 1) % len(p.members)
			best.busy++
			p.mu.Unlock()
			return best, nil
		}
		changed, wait := p.changed, time.Until(p.downAt.Add(p.options.Patience))
		hopeless := true
		for _, m := range p.members {
			hopeless = hopeless && errors.Is(m.err, errRules)
		}
		err := p.none()
		p.mu.Unlock()
		if hopeless || wait <= 0 {
			return nil, err
		}
		t := time.NewTimer(wait)
		select {
		case <-changed:
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, context.Cause(ctx)
		}
		t.Stop()
	}
}

// none is the error that no server is up.
func (p *Pool) none() error {
	var why []string
	for _, m := range p.members {
		why = append(why, fmt.Sprintf("%s: %v", m.addr, m.err))
	}
	return fmt.Errorf("no server is left (%s)", strings.Join(why, "; "))
}

func (p *Pool) give(m *member) {
	p.mu.Lock()
	m.busy--
	p.mu.Unlock()
}

// lose leaves m out and has somebody ask for it.
func (p *Pool) lose(m *member, err error) {
	p.mu.Lock()
	known := m.err != nil
	m.up, m.err = false, err
	if p.downAt.IsZero() && !p.anyUp() {
		p.downAt = time.Now()
	}
	if known || p.ctx.Err() != nil {
		p.mu.Unlock()
		return
	}
	p.probes.Add(1)
	p.mu.Unlock()
	if p.options.Changed != nil {
		p.options.Changed(m.addr, err)
	}
	go p.probe(m)
}

func (p *Pool) anyUp() bool {
	for _, m := range p.members {
		if m.up {
			return true
		}
	}
	return false
}

// probe asks m until it answers, and takes it back.
func (p *Pool) probe(m *member) {
	defer p.probes.Done()
	for n := 1; sleep(p.ctx, backoff(n)); n++ {
		revision, err := p.ask(p.ctx, m, true)
		if err == nil {
			err = p.checkRules(revision)
		}
		p.mu.Lock()
		if err != nil {
			m.err = err
			p.mu.Unlock()
			continue
		}
		m.up, m.err, p.downAt = true, nil, time.Time{}
		close(p.changed)
		p.changed = make(chan struct{})
		p.mu.Unlock()
		if p.options.Changed != nil {
			p.options.Changed(m.addr, nil)
		}
		return
	}
}

// ask has m clean an empty text: that says at once whether it is there, whether
// it takes the caller and the options, and by which rules it cleans. With wait it
// waits for the connection, for probeTime.
func (p *Pool) ask(ctx context.Context, m *member, wait bool) (revision string, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	doc, options, err := request(Document{Text: []byte{}}, p.options.Options)
	if err != nil {
		return "", err
	}
	res, err := m.client.clean.Clean(ctx, &pb.CleanRequest{Document: doc, Options: options}, grpc.WaitForReady(wait))
	if err != nil {
		return "", errorOf(status.Convert(err))
	}
	return res.GetResult().GetRevision(), nil
}

// sleep waits for d and reports whether ctx still runs.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
