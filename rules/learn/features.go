package learn

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/text"
)

// The measures of a repeated unit, in the order of the weights. All lie in
// about [-1, 2].
const (
	fBias      = iota
	fGroups    // ln of the groups that hold it, 3 groups are 0
	fShare     // share of the publisher's groups, up to 0.3, times 3
	fEdge      // share of its places in a run of furniture at the document's edge
	fAdjacent  // share of its places beside the neighbour that it mostly has
	fCompany   // share of its places with a repeated unit on both sides (or the edge)
	fCue       // words of it that belong to cues, by share, with a floor for one
	fLift      // ln of topical lift
	fLikeness  // ln of how alike its documents are
	fSlots     // share of its tokens that are slots
	fShort     // one to three words
	fLong      // ten words or more
	fStopped   // ends like a sentence
	fCode      // share of signs that are no letters, beyond what prose has
	fLower     // begins with a lower-case letter
	fInside    // stands inside a longer line
	fRepeats   // times it stands in one document, beyond once
	fShareEdge // fShare and fEdge together
	fCueEdge   // fCue and fEdge together
	fEarly     // share of its places at the same distance from the document's beginning or end
	fFew       // few documents in all: 1 for three, 0.3 for ten
	numFeatures
)

var featureNames = [numFeatures]string{"bias", "groups", "share", "edge", "adjacent", "company", "cue", "lift", "likeness", "slots",
	"short", "long", "stopped", "code", "lower", "inside", "repeats", "share*edge", "cue*edge", "fixed place", "few"}

type features [numFeatures]float64

// measures are features with what evidence and guards need of them.
type measures struct {
	features
	edge, lift, likeness, share float64
	head                        float64 // share of the places in the run at the beginning
	cueWords                    int
	slots                       float64
	variants                    int
	text                        string
	words                       int
	before, after               text.Fingerprint // the commonest neighbours, 0 for the edge
	allLine                     bool             // always a line of its own
	stopped                     bool
}

// measure returns the measures of s. runs are those of a.edges.
func (a *archive) measure(s *stat, runs []run) measures {
	m := measures{text: a.sampleOf(s)}
	n := float64(len(s.at))
	first := a.docs[s.at[0].doc].units[s.at[0].unit]
	m.words = int(first.words)
	prev, next := map[text.Fingerprint]int{}, map[text.Fingerprint]int{}
	fromStart, fromEnd := map[int]int{}, map[int]int{}
	company, inside, head, tail := 0.0, 0.0, 0.0, 0.0
	m.allLine = true
	for _, p := range s.at {
		d := &a.docs[p.doc]
		u := d.units[p.unit]
		if u.flags&isLine == 0 {
			inside++
			m.allLine = false
		}
		if int(p.unit) < runs[p.doc].head {
			head++
		}
		if int(p.unit) >= runs[p.doc].tail {
			tail++
		}
		b, c := text.Fingerprint(1), text.Fingerprint(1) // the document's edges
		if p.unit > 0 {
			b = d.units[p.unit-1].print
		}
		if int(p.unit)+1 < len(d.units) {
			c = d.units[p.unit+1].print
		}
		prev[b]++
		next[c]++
		if (b == 1 || a.units[b] != nil) && (c == 1 || a.units[c] != nil) {
			company++
		}
		fromStart[int(p.unit)]++
		fromEnd[len(d.units)-int(p.unit)]++
	}
	pk, pn := top(prev)
	nk, nn := top(next)
	m.before, m.after = pk, nk
	_, sn := top(fromStart)
	_, en := top(fromEnd)
	m.head = head / n
	m.edge = max(head, tail) / n
	m.share = float64(s.groups) / float64(a.groups)
	m.lift = a.lift(m.text, s.at)
	m.likeness = a.likeness(s.at)
	m.slots = 1 - float64(first.words)/float64(max(1, first.tokens))
	m.variants = a.rawVariants(s)
	_, m.cueWords = cueOf(m.text)
	m.stopped = first.flags&isStopped != 0

	f := &m.features
	f[fBias] = 1
	f[fGroups] = math.Log(float64(s.groups)/3) / 3
	f[fShare] = 3 * min(m.share, 0.3)
	f[fEdge] = m.edge
	// How often two places agree tells more the more places there are.
	f[fAdjacent] = float64(max(pn, nn)-1) / (n - 0.999)
	f[fCompany] = company / n
	if m.cueWords > 0 {
		f[fCue] = 0.4 + 0.6*min(1, 2*float64(m.cueWords)/float64(max(1, m.words)))
	}
	f[fLift] = clamp(math.Log(m.lift), -1, 2)
	f[fLikeness] = clamp(math.Log(m.likeness), -1, 2)
	f[fSlots] = m.slots
	if m.words <= 3 {
		f[fShort] = 1
	}
	if m.words >= 10 {
		f[fLong] = 1
	}
	if m.stopped {
		f[fStopped] = 1
	}
	f[fCode] = clamp(3*(0.85-letters(m.text)), 0, 1)
	if r, _ := utf8.DecodeRuneInString(strings.TrimLeft(m.text, "\"'“‘«([•-– ")); unicode.IsLower(r) {
		f[fLower] = 1
	}
	f[fInside] = inside / n
	f[fRepeats] = clamp(math.Log(float64(s.occurrences)/float64(max(int32(len(s.at)), s.groups))), 0, 1)
	f[fShareEdge] = f[fShare] * f[fEdge]
	f[fCueEdge] = f[fCue] * f[fEdge]
	f[fEarly] = float64(max(sn, en)-1) / (n - 0.999)
	f[fFew] = min(1, 3/float64(a.groups))
	return m
}

func clamp(x, lo, hi float64) float64 { return max(lo, min(hi, x)) }

// top returns the key counted most, the least of several, and its count.
func top[K text.Fingerprint | int](m map[K]int) (best K, n int) {
	for k, c := range m {
		if c > n || c == n && k < best {
			best, n = k, c
		}
	}
	return best, n
}

// A run says where the furniture at a document's edges ends: units [0, head)
// and [tail, ...).
type run struct{ head, tail int }

// edges returns the runs at the edges of each document: units that known
// reports to be furniture, with a few short ones between them that are no
// sentences (titles, dates, names).
func (a *archive) edges(known func(text.Fingerprint) bool) []run {
	out := make([]run, len(a.docs))
	for i := range a.docs {
		us := a.docs[i].units
		out[i].head = edgeRun(us, 1, known)
		out[i].tail = len(us) - edgeRun(us, -1, known)
	}
	return out
}

func edgeRun(us []unit, step int, known func(text.Fingerprint) bool) int {
	const maxIdle = 4
	n, idle := 0, 0
	for k := range us {
		u := us[k]
		if step < 0 {
			u = us[len(us)-1-k]
		}
		switch {
		case u.words == 0: // a ruler, a date
		case known(u.print):
			n, idle = k+1, 0
		case u.words <= 12 && u.flags&isStopped == 0 && idle < maxIdle:
			idle++
		default:
			return n
		}
	}
	return n
}
