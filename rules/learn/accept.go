package learn

import (
	"slices"

	"winnow/text"
)

// shared holds what is known across publishers.
type shared struct {
	holders map[text.Fingerprint]int // publishers that repeat a unit
}

func newShared() *shared { return &shared{holders: map[text.Fingerprint]int{}} }

func (s *shared) add(a *archive) {
	for p := range a.units {
		s.holders[p]++
	}
}

// elsewhere returns how many publishers besides one of those that hold p repeat it.
func (s *shared) elsewhere(p text.Fingerprint) int { return max(0, s.holders[p]-1) }

// score returns the log-odds that a unit of these measures is furniture.
func (f *features) score() float64 {
	z := 0.0
	for i, w := range weights {
		z += w * f[i]
	}
	return z
}

// A refusal names the guard that refused a unit; "" is none. Guards hold
// whatever the score, and nothing that comes after may re-admit what they refused.
type refusal string

// guard returns the guard that refuses a unit, or "".
func (a *archive) guard(s *stat, m *measures) refusal {
	short := m.words <= 6
	strong := m.edge >= 0.85 && (m.share >= 0.02 || s.groups >= 5)
	switch {
	case a.groups < 3 || s.groups < 2 || s.groups < 3 && (m.cueWords == 0 || a.groups > 20):
		return "too few documents"
	case m.slots > 0.5 && m.variants > 1 && 2*m.variants > len(s.at) && m.cueWords == 0 && !(strong && m.share >= 0.3):
		return "table row" // mostly slot, and different each time
	case m.cueWords == 0 && !strong && m.share < 0.3:
		return "repetition alone" // no cue, no edge, not on every page
	case m.cueWords == 0 && m.allLine && short && m.features[fCompany] < 0.5 && m.edge < 0.7:
		return "heading" // a short line between paragraphs of its own
	case m.likeness > 3 && m.lift > 1.5 && m.share < 0.3 && float64(m.cueWords) < 0.2*float64(m.words):
		return "background" // its documents are about the same thing
	case m.words <= 1 && m.features[fInside] > 0.5:
		return "one word in a line"
	}
	return ""
}

const accept = 0 // log-odds from which a unit is furniture: the trainer sets the bias so

// decide fills a.accepted. Edges are measured twice: first as runs of units
// that repeat, then as runs of accepted ones and their like.
func (a *archive) decide() map[text.Fingerprint]*measures {
	least := int32(2)
	if a.groups >= 100 {
		least = 3
	}
	known := func(p text.Fingerprint) bool {
		s := a.units[p]
		return s != nil && s.groups >= least
	}
	runs := a.edges(known)
	all := map[text.Fingerprint]*measures{}
	refused := map[text.Fingerprint]bool{}
	for _, p := range a.order {
		s := a.units[p]
		m := a.measure(s, runs)
		all[p] = &m
		if a.guard(s, &m) != "" {
			refused[p] = true
		} else if m.score() > accept {
			a.accepted[p] = true
		}
	}
	a.grow(all, refused)
	return all
}

// grow accepts units that stand between accepted ones nearly always and that
// no guard refused.
func (a *archive) grow(all map[text.Fingerprint]*measures, refused map[text.Fingerprint]bool) {
	for range 2 {
		var add []text.Fingerprint
		for _, p := range a.order {
			s, m := a.units[p], all[p]
			if a.accepted[p] || refused[p] || s.groups < 3 || m.score() < accept-2 {
				continue
			}
			both := 0
			for _, at := range s.at {
				us := a.docs[at.doc].units
				if near(us, int(at.unit), -1, a.accepted) && near(us, int(at.unit), 1, a.accepted) {
					both++
				}
			}
			if 10*both >= 9*len(s.at) {
				add = append(add, p)
			}
		}
		if len(add) == 0 {
			return
		}
		for _, p := range add {
			a.accepted[p] = true
		}
	}
}

// near reports whether an accepted unit, or the edge, is one of the two units beside unit i.
func near(us []unit, i, step int, accepted map[text.Fingerprint]bool) bool {
	for k := 1; k <= 2; k++ {
		j := i + step*k
		if j < 0 || j >= len(us) {
			return true
		}
		if accepted[us[j].print] {
			return true
		}
	}
	return false
}

// acceptedInOrder returns the accepted units, the most groups first.
func (a *archive) acceptedInOrder() []text.Fingerprint {
	return slices.DeleteFunc(slices.Clone(a.order), func(p text.Fingerprint) bool { return !a.accepted[p] })
}
