package learn

import (
	"fmt"
	"slices"

	"winnow/text"
)

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
func (l *Learner) Examples() ([]Example, error) {
	var out []Example
	for _, p := range l.Publishers() {
		a, err := newArchive(p, l.samples[p])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		a.decide()
		for _, id := range a.order {
			s := a.stats[id]
			m := a.measure(s)
			out = append(out, Example{p, a.prints[id], m.text, slices.Clone(m.features[:]), string(a.guard(s, &m)), int(s.groups)})
		}
	}
	return out, nil
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
