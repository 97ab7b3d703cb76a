package learn

import (
	"cmp"
	"math"
	"slices"

	"winnow/text"
)

// Background paragraphs, refrains and shared quotes repeat because their
// documents are about the same thing; furniture repeats whatever its documents
// are about. Two measures tell them apart: lift asks whether the unit's words
// stand in the rest of its documents more often than in others, affinity
// whether its documents are more alike than two taken at random.

// topics gathers the words of each document outside of repeated units.
func (a *archive) topics() {
	a.words = make([][]uint32, len(a.docs))
	a.df = map[uint32]int32{}
	last := map[uint32]int32{}
	for _, i := range a.byGroup() {
		d := &a.docs[i]
		var ws []uint32
		for _, u := range d.units {
			if a.units[u.print] == nil {
				ws = appendWords(ws, d.text(u))
			}
		}
		slices.Sort(ws)
		ws = slices.Compact(ws)
		a.words[i] = ws
		for _, w := range ws {
			if l, ok := last[w]; !ok || l != d.group {
				a.df[w]++
				last[w] = d.group
			}
		}
	}
	a.series = make([][]seriesUnit, len(a.docs))
	for i := range a.docs {
		var us []seriesUnit
		for j, u := range a.docs[i].units {
			if s := a.units[u.print]; s != nil && !a.isCommon(s) {
				us = append(us, seriesUnit{u.print, int32(j)})
			}
		}
		slices.SortFunc(us, func(x, y seriesUnit) int { return cmp.Or(cmp.Compare(x.print, y.print), cmp.Compare(x.unit, y.unit)) })
		a.series[i] = slices.CompactFunc(us, func(x, y seriesUnit) bool { return x.print == y.print })
	}
	// How alike documents are at random: neighbours in the order of their hashes.
	n := 0
	for i := 0; i+1 < len(a.docs) && n < 400; i++ {
		if a.docs[i].group != a.docs[i+1].group {
			a.affinity0 += a.alike(i, i+1)
			a.kin0 += float64(a.kin(place{int32(i), -100}, place{int32(i + 1), -100}))
			n++
		}
	}
	if n > 0 {
		a.affinity0 /= float64(n)
		a.kin0 /= float64(n)
	}
}

// appendWords appends the hashes of the words of t that may carry meaning:
// those of four bytes or more (ideographs as pairs).
func appendWords(ws []uint32, t string) []uint32 {
	toks := text.Tokenize(t)
	for i, k := range toks {
		switch {
		case text.IsSlot(k.Hash) || k.Hash == text.MarkQuote:
		case k.End-k.Start >= 4:
			ws = append(ws, uint32(k.Hash^k.Hash>>32))
		case k.End-k.Start == 3 && t[k.Start] >= 0xE3 && i+1 < len(toks): // an ideograph
			h := k.Hash*31 + toks[i+1].Hash
			ws = append(ws, uint32(h^h>>32))
		}
	}
	return ws
}

// alike returns the cosine of two documents' words, weighted by rarity; words
// that more than a fifth of the groups hold play no part.
func (a *archive) alike(i, j int) float64 {
	x, y := a.words[i], a.words[j]
	n := float64(a.groups)
	weight := func(w uint32) float64 {
		df := float64(a.df[w])
		if df < 2 || df > max(2, n/5) {
			return 0
		}
		return math.Log(n / df)
	}
	both := 0.0
	for k, l := 0, 0; k < len(x) && l < len(y); {
		switch {
		case x[k] < y[l]:
			k++
		case x[k] > y[l]:
			l++
		default:
			both += weight(x[k])
			k++
			l++
		}
	}
	if both == 0 {
		return 0
	}
	return both / math.Sqrt(float64(len(x))*float64(len(y)))
}

// lift returns how much more often the words of unit t stand in the rest of
// the documents at than in all documents: about 1 for furniture. bound is the
// share of the documents that hold the one word of t, not common otherwise,
// that most of them hold: near 1 where they are about what t is about.
func (a *archive) lift(t string, at []place) (lift, bound float64) {
	ws := appendWords(nil, t)
	slices.Sort(ws)
	ws = slices.Compact(ws)
	got, want := 0.0, 0.0
	docs := spread(at, 60)
	for _, w := range ws {
		df := float64(a.df[w]) / float64(a.groups)
		want += df * float64(len(docs))
		hits := 0.0
		for _, p := range docs {
			if _, ok := slices.BinarySearch(a.words[p.doc], w); ok {
				hits++
			}
		}
		if got += hits; df <= 0.4 {
			bound = max(bound, hits/float64(len(docs)))
		}
	}
	return (got + 1) / (want + 1), bound
}

// likeness returns how alike the documents at are, compared with documents
// taken at random: 1 for as alike.
func (a *archive) likeness(at []place) float64 {
	docs := spread(at, 24)
	sum, n := 0.0, 0
	for i := range docs {
		for j := i + 1; j < len(docs) && j <= i+6; j++ {
			x, y := int(docs[i].doc), int(docs[j].doc)
			if a.docs[x].group != a.docs[y].group {
				sum += a.alike(x, y)
				n++
			}
		}
	}
	if n == 0 {
		return 1
	}
	const soft = 0.02
	return (sum/float64(n) + soft) / (a.affinity0 + soft)
}

// spread returns at most n of at, evenly.
func spread(at []place, n int) []place {
	if len(at) <= n {
		return at
	}
	out := make([]place, n)
	for i := range out {
		out[i] = at[i*len(at)/n]
	}
	return out
}

// A seriesUnit is a unit of a document that some other documents hold, but few.
type seriesUnit struct {
	print text.Fingerprint
	unit  int32
}

// kin returns how many units that are not common to the publisher's pages the
// documents of two places share, outside the neighbourhood of the places.
// Articles of a series (release notes, live reports) share many.
func (a *archive) kin(p, q place) int {
	const around = 3
	x, y := a.series[p.doc], a.series[q.doc]
	n := 0
	for k, l := 0, 0; k < len(x) && l < len(y); {
		switch {
		case x[k].print < y[l].print:
			k++
		case x[k].print > y[l].print:
			l++
		default:
			if abs(x[k].unit-p.unit) > around {
				n++
			}
			k++
			l++
		}
	}
	return n
}

func abs(x int32) int32 { return max(x, -x) }

// kinship returns the mean of kin over pairs of places.
func (a *archive) kinship(at []place) float64 {
	docs := spread(at, 24)
	sum, n := 0, 0
	for i := range docs {
		for j := i + 1; j < len(docs) && j <= i+6; j++ {
			if a.docs[docs[i].doc].group != a.docs[docs[j].doc].group {
				sum += a.kin(docs[i], docs[j])
				n++
			}
		}
	}
	if n == 0 {
		return 0
	}
	return float64(sum) / float64(n)
}
