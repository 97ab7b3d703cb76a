package learn

import (
	"slices"
	"strings"

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
	case m.cueWords == 0 && m.author:
		return "the author's voice"
	case m.cueWords == 0 && m.share < mostPages:
		return notOnMost // what only some stories hold may be theirs
	case m.cueWords == 0 && m.share < 0.3 && (!strong || m.stopped && m.words >= 8):
		return "repetition alone" // no cue, not on every page; a sentence may be the story's own
	case m.cueWords == 0 && m.share < 0.7 && m.edge < 0.85 && m.features[fAdjacent] < 0.7:
		return "repetition alone" // here and there, beside this and that
	case (m.cueWords == 0 && m.allLine && short || m.label()) && m.features[fCompany] < 0.5 && m.edge < 0.7 && !(m.edge >= 0.5 && m.features[fEarly] >= 0.7):
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
	// What growth builds on may prove to be an island; then it begins anew without that.
	first := slices.Clone(a.accepted)
	for {
		a.boxes(all, refused)
		a.grow(all, refused)
		islands := a.islands(all)
		if len(islands) == 0 {
			break
		}
		for _, id := range islands {
			refused[id], first[id] = island, false
		}
		copy(a.accepted, first)
	}
	return all
}

// speaksForItself reports whether a unit shows by more than repetition that the
// publisher's page says it: by a cue, by calling out to the reader, or as a
// sentence of some length that nearly every page holds, word by word.
func (m *measures) speaksForItself() bool {
	return m.cueWords > 0 || m.words >= 4 && strings.HasSuffix(m.text, "!") || m.stopped && m.words >= 8 && m.share >= 0.95
}

// parted reports whether a unit has parts, as the links of a path or a label
// with what it names have.
func (m *measures) parted() bool {
	return strings.ContainsAny(strings.TrimRight(m.text, ": "), "»›|>:")
}

// label reports whether a unit is a short line that says nothing of its own:
// the heading of a part, a name, one of the values that stand in a place.
func (m *measures) label() bool {
	return m.weakCue && m.allLine && m.words <= 6 && !m.stopped && !m.parted()
}

// longList is the number of lines without a cue, side by side, from which they are a menu.
const longList = 8

// boxes accepts boxes that a part of the pages hold among the story's
// paragraphs: two units or more, one of them with a cue, that always stand side
// by side in the same order, in documents that have little in common.
func (a *archive) boxes(all []*measures, refused []refusal) {
	may := func(id unitID) bool {
		g := refused[id]
		return (g == "" || g == notOnMost || g == "repetition alone") && all[id].likeness < 2 && all[id].bound < 0.7
	}
	for _, id := range a.order {
		if int(a.stats[id].groups) < max(8, a.groups/5) {
			return
		}
		m := all[id]
		if m.after == atEdge || all[m.after] == nil {
			continue
		}
		next := m.after
		n := all[next]
		if n.before == id && m.nextShare >= 0.95 && n.prevShare >= 0.95 && may(id) && may(next) && m.cueWords+n.cueWords > 0 {
			a.accepted[id], a.accepted[next] = true, true
		}
	}
}

// island is the refusal of runs of a few units that stand between the story's
// own texts and of which none speaks for itself: "Ingredients", "FULL TIME",
// "Dear editor,". What repeats there is how the stories of this publisher are told.
const island refusal = "island"

// islands returns the accepted units of which more than half of the occurrences stand in islands.
func (a *archive) islands(all []*measures) []unitID {
	counts := make([]int32, len(a.prints))
	for i := range a.docs {
		a.countIslands(&a.docs[i], all, counts)
	}
	var out []unitID
	for _, id := range a.order {
		if a.accepted[id] && 2*counts[id] > a.stats[id].occurrences {
			out = append(out, id)
		}
	}
	return out
}

// countIslands counts the units of d that stand in islands.
func (a *archive) countIslands(d *doc, all []*measures, counts []int32) {
	us := d.units
	for lo, hi := 0, 0; lo < len(us); lo = hi {
		hi = lo + 1
		if !a.accepted[us[lo].id] {
			continue
		}
		// Datelines and rulers part nothing; the document's title does.
		for hi < len(us) && (a.accepted[us[hi].id] || us[hi].words == 0 && a.prints[us[hi].id] != titlePrint || us[hi].flags&isDated != 0) {
			hi++
		}
		lines, speaks := 0, false
		for _, u := range us[lo:hi] {
			if a.accepted[u.id] {
				speaks = speaks || all[u.id].speaksForItself()
				if u.flags&isStopped == 0 {
					lines++
				}
			}
		}
		if lo > 0 && hi < len(us) && !speaks && lines < longList {
			for _, u := range us[lo:hi] {
				counts[u.id]++
			}
		}
	}
}

// titlePrint is the fingerprint of a unit that is the document's own title.
var titlePrint = text.Print([]text.Token{{Hash: text.SlotTitle}})

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
			if m.features[fAdjacent] >= 0.9 && !m.label() && (beforeSlot[m.after] || afterSlot[m.before]) || a.fixedRun(s, m) ||
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
	if m.label() && m.share < 0.2 {
		return false // one of many values that stand there
	}
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

// figures reports whether t holds a number, a time of day or a date.
func figures(t string) bool {
	return slices.ContainsFunc(text.Tokenize(t), func(k text.Token) bool {
		return k.Hash == text.SlotNumber || k.Hash == text.SlotTime || k.Hash == text.SlotDate
	})
}
