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
	for _, id := range a.order {
		s.holders[a.prints[id]]++
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

// precision returns how many of the units with at least about this score are
// furniture, at publishers that the weights were not fitted on: a lower bound.
// What growth accepted counts as if it were barely accepted.
func precision(score float64) float64 {
	p := calibration[0].precision
	for _, c := range calibration {
		if score >= c.score {
			p = c.precision
		}
	}
	return p
}

// A refusal names the guard that refused a unit; "" is none. Guards hold
// whatever the score, and nothing that comes after may re-admit what they refused.
type refusal string

// guard returns the guard that refuses a unit, or "".
func (a *archive) guard(s *stat, m *measures) refusal {
	short := m.words <= 6
	strong := m.edge >= 0.85 && m.share >= 0.1
	switch {
	case a.tooFew(s) || s.groups < 3 && m.cueWords == 0:
		return tooFew
	case m.slots > 0.5 && m.variants > 1 && 2*m.variants > len(s.at) && m.cueWords == 0 && !(strong && m.share >= 0.3):
		return "table row" // mostly slot, and different each time
	case m.cueWords == 0 && m.slots > 0 && m.variants >= 3 && figures(m.text):
		return "data" // a label and a figure that differs from document to document
	case m.cueWords == 0 && m.share < mostPages:
		return notOnMost // what only some stories hold may be theirs
	case m.cueWords == 0 && m.share < 0.3 && (!strong || m.stopped && m.words >= 8):
		return "repetition alone" // no cue, not on every page; a sentence may be the story's own
	case m.cueWords == 0 && m.share < 0.7 && m.edge < 0.85 && m.features[fAdjacent] < 0.7:
		return "repetition alone" // here and there, beside this and that
	case m.cueWords == 0 && m.allLine && short && m.features[fCompany] < 0.5 && m.edge < 0.7 && !(m.edge >= 0.5 && m.features[fEarly] >= 0.7):
		return "heading" // a short line between paragraphs of its own
	case m.cueWords == 0 && m.allLine && short && !m.stopped && m.edge < 0.5 && m.share < 0.5:
		return "heading" // of a part that many articles have
	case m.likeness > 3 && m.lift > 1.5 && m.share < 0.3 && float64(m.cueWords) < 0.2*float64(m.words):
		return "background" // its documents are about the same thing
	case m.bound >= 0.7 && s.groups >= 3 && m.share < 0.5 && float64(m.cueWords) < 0.2*float64(m.words):
		return "background" // and hold the word that says so
	case m.features[fKin] > 0.7 && m.cueWords == 0 && m.share < 0.3:
		return "series" // its documents share much else
	case m.words <= 1 && m.features[fInside] > 0.5:
		return "one word in a line"
	}
	return ""
}

// tooFew is the refusal of what few documents hold, whatever is measured of it.
const tooFew refusal = "too few documents"

func (a *archive) tooFew(s *stat) bool {
	return a.groups < 3 || s.groups < 2 || s.groups < 3 && a.groups > 20
}

// mostPages is the share of the documents that must hold a unit without a cue.
const mostPages = 0.6

// notOnMost is the refusal of a unit that only some documents hold. Standing
// between accepted units, in a run of such units, is the evidence that it lacks.
const notOnMost refusal = "not on most pages"

const accept = 1.3 // log-odds from which a unit is furniture; anything from 1 to 1.6 gives the same on the corpora

// decide fills a.accepted and returns the measures of the repeated units, by
// their numbers: nil for those that too few documents hold.
func (a *archive) decide() []*measures {
	a.edges()
	all := make([]*measures, len(a.prints))
	refused := make([]refusal, len(a.prints))
	for _, id := range a.order {
		s := a.stats[id]
		if a.tooFew(s) {
			refused[id] = tooFew
			continue
		}
		m := a.measure(s)
		all[id] = &m
		if g := a.guard(s, &m); g != "" {
			refused[id] = g
		} else if m.score() > accept || a.calls(s, &m) {
			a.accepted[id] = true
		}
	}
	a.grow(all, refused)
	return all
}

// isAccepted reports whether id is a unit that was accepted.
func (a *archive) isAccepted(id unitID) bool { return id >= 0 && a.accepted[id] }

// calls reports whether a unit is a call that enough documents with little in common hold.
func (a *archive) calls(s *stat, m *measures) bool {
	return int(s.groups) >= max(3, a.groups/20) && m.likeness < 2 && m.features[fKin] < 0.5 && m.bound < 0.7 && isCallText(m.text)
}

// grow accepts units that stand between accepted ones nearly always. Where
// repetition alone spoke for a unit, or its documents are a series, standing
// there is the evidence that was missing; other guards bind growth too.
func (a *archive) grow(all []*measures, refused []refusal) {
	for range 4 {
		beforeSlot, afterSlot := a.closedSlots(-1), a.closedSlots(1)
		var add []unitID
		for _, id := range a.order {
			s, m := a.stats[id], all[id]
			g := refused[id]
			if a.accepted[id] || g != "" && g != "repetition alone" && g != "series" && g != notOnMost || s.groups < 3 {
				continue
			}
			if m.features[fAdjacent] >= 0.9 && (beforeSlot[m.after] || afterSlot[m.before]) || a.fixedRun(s, m) ||
				g == notOnMost && a.enclosed(s, m, refused) {
				add = append(add, id)
				continue
			}
			if g == notOnMost {
				continue
			}
			if m.score() < accept-2.5 {
				continue
			}
			both := 0
			for _, at := range s.at {
				us := a.docs[at.doc].units
				if near(us, int(at.unit), -1, a.accepted) && near(us, int(at.unit), 1, a.accepted) {
					both++
				}
			}
			if 20*both >= 19*len(s.at) || g == "" && a.beside(m) {
				add = append(add, id)
			}
		}
		if len(add) == 0 {
			return
		}
		for _, id := range add {
			a.accepted[id] = true
		}
	}
}

// enclosed reports whether s stands, nearly always, in a run of units that were
// refused like it and that accepted units close on both sides; where a fifth of
// the documents hold it, the document's edge may be one of them.
func (a *archive) enclosed(s *stat, m *measures, refused []refusal) bool {
	const longest = 6
	n := 0
	for _, at := range s.at {
		us := a.docs[at.doc].units
		ends := 0 // accepted units that close the run
		closed := true
		for _, step := range []int{-1, 1} {
			j := int(at.unit) + step
			for k := 0; k < longest && j >= 0 && j < len(us) && refused[us[j].id] == notOnMost && !a.accepted[us[j].id]; k++ {
				j += step
			}
			if j >= 0 && j < len(us) {
				if !a.accepted[us[j].id] {
					closed = false
					break
				}
				ends++
			}
		}
		if closed && (ends == 2 || ends == 1 && m.share >= 0.2) {
			n++
		}
	}
	return 20*n >= 19*len(s.at)
}

// fixedRun reports whether a unit with a cue stands beside an accepted one in
// nearly all of very many groups: small print in an order that never changes.
func (a *archive) fixedRun(s *stat, m *measures) bool {
	return m.cueWords > 0 && int(s.groups) >= max(20, a.groups/25) && m.features[fAdjacent] >= 0.95 &&
		(a.isAccepted(m.before) && m.prevShare >= 0.95 || a.isAccepted(m.after) && m.nextShare >= 0.95)
}

// closedSlots returns the accepted units before which (step -1) or after which
// (step 1) stands, in most groups, one of a few texts: newsletters by section
// before the same small print.
func (a *archive) closedSlots(step int) map[unitID]bool {
	out := map[unitID]bool{}
	for _, id := range a.order {
		s := a.stats[id]
		if !a.accepted[id] || s.groups < 10 {
			continue
		}
		repeated := 0
		for _, at := range s.at {
			us := a.docs[at.doc].units
			if j := int(at.unit) + step; j >= 0 && j < len(us) {
				if o := a.stat(us[j]); o != nil && o.groups >= 3 {
					repeated++
				}
			}
		}
		if 10*repeated >= 7*len(s.at) {
			out[id] = true
		}
	}
	return out
}

// beside reports whether a unit stands at the same side of the same accepted
// unit nearly always, in documents that have nothing else in common.
func (a *archive) beside(m *measures) bool {
	return m.features[fAdjacent] >= 0.9 && (a.isAccepted(m.before) || a.isAccepted(m.after)) &&
		m.edge >= 0.9 && m.lift < 1.5 && m.likeness < 2 && m.features[fKin] < 0.5
}

// near reports whether an accepted unit, or the edge, is one of the two units beside unit i.
func near(us []unit, i, step int, accepted []bool) bool {
	for k := 1; k <= 2; k++ {
		j := i + step*k
		if j < 0 || j >= len(us) {
			return true
		}
		if accepted[us[j].id] {
			return true
		}
	}
	return false
}

// acceptedInOrder returns the accepted units, the most groups first.
func (a *archive) acceptedInOrder() []unitID {
	return slices.DeleteFunc(slices.Clone(a.order), func(id unitID) bool { return !a.accepted[id] })
}

// figures reports whether t holds a number or a time of day that is no part of a date.
func figures(t string) bool {
	number := false
	for _, tok := range text.Tokenize(t) {
		switch tok.Hash {
		case text.SlotDate:
			return false
		case text.SlotNumber, text.SlotTime:
			number = true
		}
	}
	return number
}
