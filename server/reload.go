package server

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"winnow/rules"
)

// A ruleStore holds the rules in force and exchanges them at once.
type ruleStore struct {
	load   func() ([]*rules.Pack, error)
	engine Engine

	mu  sync.Mutex // held while loading: reloads do not overlap
	now atomic.Pointer[loaded]
}

// loaded is one state of the rules. It never changes.
type loaded struct {
	packs []*rules.Pack
	set   *rules.Set
	at    time.Time
}

func newRuleStore(load func() ([]*rules.Pack, error), newEngine func(*rules.Set) Engine) (*ruleStore, error) {
	st := &ruleStore{load: load}
	next, err := st.read()
	if err != nil {
		return nil, err
	}
	st.engine = newEngine(next.set)
	st.now.Store(next)
	return st, nil
}

func (st *ruleStore) current() *loaded { return st.now.Load() }

// reload reads the rules again and puts them in force. Where something is
// broken the old ones stay and the error lists every mistake.
func (st *ruleStore) reload() (before, after *loaded, err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	next, err := st.read()
	before = st.current()
	if err != nil {
		return before, before, err
	}
	st.engine.SetRules(next.set)
	st.now.Store(next)
	return before, next, nil
}

func (st *ruleStore) read() (*loaded, error) {
	packs, err := st.load()
	if err != nil {
		return nil, err
	}
	set, err := rules.NewSet(packs...)
	if err != nil {
		return nil, err
	}
	return &loaded{packs: packs, set: set, at: time.Now()}, nil
}

// with returns the rules in force and more packs besides them, tested and
// compiled. Where ids are the same the later pack's rule wins.
func (st *ruleStore) with(more []*rules.Pack) (*rules.Set, error) {
	return rules.NewSet(append(slices.Clip(slices.Clone(st.current().packs)), more...)...)
}

// Reload reads the rules again, as ReloadRules does. It returns the revision in
// force and the number of rules; where err is not nil they are the old ones.
func (s *Server) Reload() (revision string, n int, err error) {
	_, after, err := s.reload()
	return after.set.Revision(), len(after.set.Rules()), err
}

func (s *Server) reload() (before, after *loaded, err error) {
	before, after, err = s.rules.reload()
	if err != nil {
		s.metrics.reloads.WithLabelValues("broken").Inc()
		s.log.Error("rules stay as they are", "revision", before.set.Revision(), "error", err)
		return before, after, err
	}
	s.metrics.reloads.WithLabelValues("ok").Inc()
	s.log.Info("rules in force", "revision", after.set.Revision(), "before", before.set.Revision(),
		"rules", len(after.set.Rules()))
	return before, after, nil
}
