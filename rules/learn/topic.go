package learn

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"winnow/text"
)

// Background paragraphs, refrains and shared quotes repeat because their
// documents are about the same thing; furniture repeats whatever its documents
// are about. Two measures tell them apart: lift asks whether the unit's words
// stand in the rest of its documents more often than in others, affinity
// whether its documents are more alike than two taken at random.

// topics is what is known of the words of an archive outside of repeated units.
type topics struct {
	numbers   map[uint32]int32 // of words, by their hashes
	df        []int32          // by number: groups that hold the word
	weights   []float64        // by number: how much it tells that two documents share the word
	docs      [][]int32        // of each document, sorted: the numbers of its words
	affinity0 float64          // how alike two documents are that were taken at random
	known     map[[2]int32]float64
}

// topics gathers the words of each document outside of repeated units.
func (a *archive) topics(raws []raw) {
	t := &a.topic
	t.numbers, t.docs, t.known = map[uint32]int32{}, make([][]int32, len(a.docs)), map[[2]int32]float64{}
	last := []int32{} // by number: one more than the group that held the word last
	var ws []uint32
	for _, i := range a.byGroup() {
		d := &a.docs[i]
		ws = ws[:0]
		from := int32(0)
		for j, u := range d.units {
			if a.stat(u) == nil {
				ws = append(ws, raws[i].words[from:raws[i].ends[j]]...)
			}
			from = raws[i].ends[j]
		}
		raws[i] = raw{}
		slices.Sort(ws)
		ws = slices.Compact(ws)
		ns := make([]int32, len(ws))
		for k, w := range ws {
			n, ok := t.numbers[w]
			if !ok {
				n = int32(len(t.df))
				t.numbers[w] = n
				t.df, last = append(t.df, 0), append(last, 0)
			}
			if last[n] != d.group+1 {
				t.df[n]++
				last[n] = d.group + 1
			}
			ns[k] = n
		}
		t.docs[i] = ns
	}
	t.renumber()
	t.weights = make([]float64, len(t.df))
	n := float64(a.groups)
	for k, df := range t.df {
		if df := float64(df); df >= 2 && df <= max(2, n/5) {
			t.weights[k] = math.Log(n / df)
		}
	}
	a.series = make([][]seriesUnit, len(a.docs))
	for i := range a.docs {
		var us []seriesUnit
		for j, u := range a.docs[i].units {
			if s := a.stat(u); s != nil && !a.isCommon(s) {
				us = append(us, seriesUnit{u.id, int32(j)})
			}
		}
		slices.SortFunc(us, func(x, y seriesUnit) int { return cmp.Or(cmp.Compare(x.id, y.id), cmp.Compare(x.unit, y.unit)) })
		a.series[i] = slices.CompactFunc(us, func(x, y seriesUnit) bool { return x.id == y.id })
	}
	// How alike documents are at random: neighbours in the order of their hashes.
	pairs := 0
	for i := 0; i+1 < len(a.docs) && pairs < 400; i++ {
		if a.docs[i].group != a.docs[i+1].group {
			t.affinity0 += a.alike(int32(i), int32(i+1))
			a.kin0 += float64(a.kin(place{int32(i), -100}, place{int32(i + 1), -100}))
			pairs++
		}
	}
	if pairs > 0 {
		t.affinity0 /= float64(pairs)
		a.kin0 /= float64(pairs)
	}
}

// renumber numbers the words in the order of their hashes. Each document's
// words stand in that order, and so do their numbers then.
func (t *topics) renumber() {
	hashes := slices.Sorted(maps.Keys(t.numbers))
	to, df := make([]int32, len(hashes)), make([]int32, len(hashes))
	for n, h := range hashes {
		to[t.numbers[h]] = int32(n)
		df[n] = t.df[t.numbers[h]]
		t.numbers[h] = int32(n)
	}
	t.df = df
	for _, ns := range t.docs {
		for k := range ns {
			ns[k] = to[ns[k]]
		}
	}
}

// appendWords appends the hashes of the words among toks, tokens of t, that
// may carry meaning: those of four bytes or more (ideographs as pairs).
func appendWords(ws []uint32, t string, toks []text.Token) []uint32 {
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
func (a *archive) alike(i, j int32) float64 {
	k := [2]int32{min(i, j), max(i, j)}
	if c, ok := a.topic.known[k]; ok {
		return c
	}
	x, y := a.topic.docs[i], a.topic.docs[j]
	both := 0.0
	for k, l := 0, 0; k < len(x) && l < len(y); {
		switch {
		case x[k] < y[l]:
			k++
		case x[k] > y[l]:
			l++
		default:
			both += a.topic.weights[x[k]]
			k++
			l++
		}
	}
	if both > 0 {
		both /= math.Sqrt(float64(len(x)) * float64(len(y)))
	}
	a.topic.known[k] = both
	return both
}

// lift returns how much more often the words of unit t stand in the rest of
// the documents at than in all documents: about 1 for furniture. bound is the
// share of the documents that hold the one word of t, not common otherwise,
// that most of them hold: near 1 where they are about what t is about.
func (a *archive) lift(t string, at []place) (lift, bound float64) {
	ws := appendWords(nil, t, text.Tokenize(t))
	slices.Sort(ws)
	ws = slices.Compact(ws)
	got, want := 0.0, 0.0
	docs := spread(at, 60)
	for _, w := range ws {
		n, ok := a.topic.numbers[w]
		if !ok {
			continue
		}
		df := float64(a.topic.df[n]) / float64(a.groups)
		want += df * float64(len(docs))
		hits := 0.0
		for _, p := range docs {
			if _, ok := slices.BinarySearch(a.topic.docs[p.doc], n); ok {
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
			x, y := docs[i].doc, docs[j].doc
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
	return (sum/float64(n) + soft) / (a.topic.affinity0 + soft)
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
	id   unitID
	unit int32
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
		case x[k].id < y[l].id:
			k++
		case x[k].id > y[l].id:
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
