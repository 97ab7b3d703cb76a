package learn

import "winnow/text"

// An Example is a repeated unit as the trainer of the weights sees it.
type Example struct {
	Publisher text.Publisher
	Print     text.Fingerprint
	Text      string
	Measures  []float64 // in the order of MeasureNames
	Refused   string    // by which guard, if any
	Groups    int
}

// MeasureNames returns the names of the measures.
func MeasureNames() []string { return featureNames[:] }

// Examples returns every unit that two or more groups of a publisher hold.
func (l *Learner) Examples() []Example {
	var out []Example
	for _, p := range l.Publishers() {
		a := newArchive(p, l.samples[p])
		all := a.decide()
		for _, print := range a.order {
			m, s := all[print], a.units[print]
			out = append(out, Example{p, print, m.text, append([]float64(nil), m.features[:]...), string(a.guard(s, m)), int(s.groups)})
		}
	}
	return out
}

// Signs says of each measure which sign its weight may have: 1, -1, or 0 for
// either. What more of a measure must mean is known before any fitting, and
// keeping to it makes weights hold for publishers that are unlike those fitted on.
func Signs() []int {
	s := make([]int, numFeatures)
	for _, f := range []int{fGroups, fShare, fEdge, fAdjacent, fCompany, fCue, fShareEdge, fCueEdge, fEarly, fFew} {
		s[f] = 1
	}
	for _, f := range []int{fLift, fLikeness, fKin, fSlots, fCode, fLower, fInside} {
		s[f] = -1
	}
	return s
}
