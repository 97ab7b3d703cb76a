package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"winnow/text"
)

// A Set is a compiled set of packs, ready to match. It is immutable and safe
// for concurrent use.
type Set struct {
	revision string
	rules    []*Rule
	byID     map[ID]*Rule

	any        *index
	publishers map[text.Publisher][]*index
}

// Revision returns the hash of everything in the set that decides what is
// removed: 12 hexadecimal digits of the SHA-256 over its rules in the order of
// their IDs. Comments, examples and evidence play no part in it.
func (s *Set) Revision() string { return s.revision }

// Rules returns the rules in the order of their IDs. The caller must not change them.
func (s *Set) Rules() []*Rule { return s.rules }

// Rule returns the rule of that ID, or nil.
func (s *Set) Rule(id ID) *Rule { return s.byID[id] }

// NewSet compiles packs into a Set. Where two packs hold a rule of the same ID,
// a hand-written one wins over a learned one, else the later pack's wins. It
// reports every mistake at once (see Errors).
func NewSet(packs ...*Pack) (*Set, error) {
	s := &Set{byID: map[ID]*Rule{}, any: &index{}, publishers: map[text.Publisher][]*index{}}
	for _, p := range packs {
		for _, r := range p.Rules {
			if old := s.byID[r.ID]; old != nil && old.Evidence == nil && r.Evidence != nil {
				continue
			}
			s.byID[r.ID] = r
		}
	}
	s.rules = slices.Collect(maps.Values(s.byID))
	slices.SortFunc(s.rules, func(a, b *Rule) int { return cmpID(a.ID, b.ID) })

	var errs Errors
	groups := map[string]*index{}
	members := map[string][]text.Publisher{}
	own := map[text.Publisher]*index{}
	for _, r := range s.rules {
		if r.Mode == Off {
			continue
		}
		x := s.any
		switch {
		case r.Scope.Publisher != "":
			if x = own[r.Scope.Publisher]; x == nil {
				x = &index{}
				own[r.Scope.Publisher] = x
			}
		case r.Scope.Group != "":
			if x = groups[r.Scope.Group]; x == nil {
				x = &index{}
				groups[r.Scope.Group] = x
			}
			members[r.Scope.Group] = r.Scope.Members
		}
		if err := x.add(r); err != nil {
			errs = append(errs, &Error{File: r.Origin, Rule: r.ID, Msg: err.Error()})
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	s.any.seal()
	for _, p := range slices.Sorted(maps.Keys(own)) {
		own[p].seal()
		s.publishers[p] = append(s.publishers[p], own[p])
	}
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		groups[g].seal()
		for _, p := range members[g] {
			s.publishers[p] = append(s.publishers[p], groups[g])
		}
	}
	s.revision = revision(s.rules)
	return s, nil
}

// indexes returns the indexes that apply to a publisher's documents.
func (s *Set) indexes(p text.Publisher) []*index {
	if own := s.publishers[p]; own != nil {
		return append([]*index{s.any}, own...)
	}
	return []*index{s.any}
}

func revision(rules []*Rule) string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, r := range rules {
		// Field by field, so that a new field of no effect changes no revision.
		if err := enc.Encode([]any{r.ID, r.Scope, r.Category, r.Mode, r.Keep, r.Where, r.Given, r.Unless, r.Prose, r.Line, r.LineEnd, r.Kind, r.Text, r.Block, r.Confidence, r.Exempt}); err != nil {
			panic(fmt.Sprintf("rules: revision: %v", err))
		}
		if r.Kind == KindSelector {
			if err := enc.Encode([]any{r.Outside, r.Rescue, r.Hosts}); err != nil {
				panic(fmt.Sprintf("rules: revision: %v", err))
			}
		}
		if r.Cues != nil {
			if err := enc.Encode(r.Cues); err != nil {
				panic(fmt.Sprintf("rules: revision: %v", err))
			}
		}
		if r.Shape != nil {
			if err := enc.Encode(r.Shape); err != nil {
				panic(fmt.Sprintf("rules: revision: %v", err))
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

func cmpID(a, b ID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
