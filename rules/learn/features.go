package learn

import (
	"math"
	"slices"
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
	fKin       // ln of how many units that are not common its documents share, those around it aside
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

var featureNames = [numFeatures]string{"bias", "groups", "share", "edge", "adjacent", "company", "cue", "lift", "likeness", "kin", "slots",
	"short", "long", "stopped", "code", "lower", "inside", "repeats", "share*edge", "cue*edge", "fixed place", "few"}

type features [numFeatures]float64

// measures are features with what evidence and guards need of them.
type measures struct {
	features
	edge, lift, likeness, share float64
	kin                         float64
	bound                       float64 // see archive.lift
	head, tail                  float64 // shares of the occurrences in the runs at the beginning and the end
	cueWords                    int
	author                      bool // speaks in the first person singular
	weakCue                     bool // no cue, or none but single words that prose uses as well
	slots                       float64
	variants                    int
	text                        string
	words                       int
	prevShare, nextShare        float64 // of the places that have them
	before, after               unitID  // the commonest neighbours, atEdge for the edge
	allLine                     bool    // always a line of its own
	stopped                     bool
	wholeLine                   bool      // begins a line that goes as one text, see writer.wholeLines
	titled                      bool      // holds the document's own title ...
	title                       text.Span // ... here, in text
}

// measure returns the measures of s.
func (a *archive) measure(s *stat) measures {
	m := measures{text: a.sampleOf(s)}
	n := float64(len(s.at))
	first := a.docs[s.at[0].doc].units[s.at[0].unit]
	if text.PrintOf(m.text) != a.prints[s.id] {
		m.title, m.titled = titleIn(m.text, a.docs[s.at[0].doc].Title)
	}
	m.words = int(first.words)
	company, inside := 0.0, 0.0
	m.allLine = true
	sc := &a.scratch
	sc.reset()
	for _, p := range s.at {
		d := &a.docs[p.doc]
		if d.units[p.unit].flags&isLine == 0 {
			inside++
			m.allLine = false
		}
		b, c := atEdge, atEdge
		if p.unit > 0 {
			b = d.units[p.unit-1].id
		}
		if int(p.unit)+1 < len(d.units) {
			c = d.units[p.unit+1].id
		}
		sc.before, sc.after = append(sc.before, b), append(sc.after, c)
		if (b == atEdge || a.stats[b] != nil) && (c == atEdge || a.stats[c] != nil) {
			company++
		}
		sc.fromStart = append(sc.fromStart, p.unit)
		sc.fromEnd = append(sc.fromEnd, int32(len(d.units))-p.unit)
	}
	var pn, nn int
	m.before, pn = a.topNeighbour(sc.before)
	m.after, nn = a.topNeighbour(sc.after)
	m.prevShare, m.nextShare = float64(pn)/n, float64(nn)/n
	sn, en := most(sc.fromStart), most(sc.fromEnd)
	m.head = float64(s.head) / float64(s.occurrences)
	m.tail = float64(s.tail) / float64(s.occurrences)
	m.edge = min(1, m.head+m.tail)
	m.share = float64(s.groups) / float64(a.groups)
	m.lift, m.bound = a.lift(m.text, s.at)
	m.likeness = a.likeness(s.at)
	m.kin = a.kinship(s.at)
	m.slots = 1 - float64(first.words)/float64(max(1, first.tokens))
	m.variants = a.rawVariants(s)
	toks := text.Tokenize(m.text)
	_, m.cueWords = cueIn(m.text, toks)
	m.author = authorVoice(m.text, toks)
	m.weakCue = m.cueWords == 0 || !strongCue(m.text, toks)
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
	f[fKin] = clamp(math.Log((1+m.kin)/(1+a.kin0)), -0.5, 2)
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

// atEdge stands for the document's edge where a neighbour would stand.
const atEdge unitID = -1

// scratch is memory that measuring one unit needs.
type scratch struct {
	before, after      []unitID
	fromStart, fromEnd []int32
}

func (s *scratch) reset() {
	s.before, s.after, s.fromStart, s.fromEnd = s.before[:0], s.after[:0], s.fromStart[:0], s.fromEnd[:0]
}

// topNeighbour returns the number that stands most often in ids, of several
// the one with the least fingerprint, and how often. It sorts ids.
func (a *archive) topNeighbour(ids []unitID) (top unitID, n int) {
	slices.Sort(ids)
	print := func(id unitID) text.Fingerprint {
		if id == atEdge {
			return 1
		}
		return a.prints[id]
	}
	for i := 0; i < len(ids); {
		j := i + 1
		for j < len(ids) && ids[j] == ids[i] {
			j++
		}
		if j-i > n || j-i == n && print(ids[i]) < print(top) {
			top, n = ids[i], j-i
		}
		i = j
	}
	return top, n
}

// most returns how often the number stands in ns that stands there most often. It sorts ns.
func most(ns []int32) int {
	slices.Sort(ns)
	n := 0
	for i := 0; i < len(ns); {
		j := i + 1
		for j < len(ns) && ns[j] == ns[i] {
			j++
		}
		n = max(n, j-i)
		i = j
	}
	return n
}

// edges counts how often each unit stands in the runs of furniture at the
// edges of documents.
func (a *archive) edges() {
	for i := range a.docs {
		us := a.docs[i].units
		head := a.edgeRun(us, 1)
		tail := len(us) - a.edgeRun(us, -1)
		for j, u := range us {
			if s := a.stat(u); s != nil {
				switch {
				case j >= tail: // of a document that is all furniture, the end
					s.tail++
				case j < head:
					s.head++
				}
			}
		}
	}
}

// common is the share of a publisher's groups from which a unit is common to
// its pages; what fewer hold may belong to a series of articles.
const common = 0.2

func (a *archive) isCommon(s *stat) bool { return float64(s.groups) >= common*float64(a.groups) }

// edgeRun returns the length of the run of furniture that us begins with (or,
// for step -1, ends with): the stretch in which units common to the
// publisher's pages outweigh others most. Units that some pages share count
// neither way, a short line against it, a sentence of its own by its length.
func (a *archive) edgeRun(us []unit, step int) int {
	best, bestAt, sum := 0.0, 0, 0.0
	for k := range us {
		u := us[k]
		if step < 0 {
			u = us[len(us)-1-k]
		}
		s := a.stat(u)
		switch {
		case u.words == 0: // a ruler, a date
		case s != nil && a.isCommon(s):
			sum++
		case s != nil:
		case u.words <= 12 && u.flags&isStopped == 0:
			sum -= 0.3
		default:
			sum -= 1 + float64(u.words)/10
		}
		if sum > best {
			best, bestAt = sum, k+1
		}
		if sum < best-max(4, best/4) {
			break
		}
	}
	return bestAt
}

// titleIn returns where title stands in t, if it is one that fingerprints take for a slot.
func titleIn(t, title string) (text.Span, bool) {
	want := text.Tokenize(title)
	if len(want) < 3 {
		return text.Span{}, false
	}
	toks := text.Tokenize(t)
	for i := 0; i+len(want) <= len(toks); i++ {
		if text.Print(toks[i:i+len(want)]) == text.Print(want) {
			return text.Span{Start: int(toks[i].Start), End: int(toks[i+len(want)-1].End)}, true
		}
	}
	return text.Span{}, false
}
