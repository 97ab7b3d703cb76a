package learn

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"winnow/rules"
	"winnow/text"
)

// Lists of other stories change from page to page, but stand between two
// pieces of furniture that do not: "You may also like", four headlines,
// "Comments". Such a run is a place: what lies between its two ends, after the
// article, goes with them.

// maxGap is the most units between the two ends of a block.
const maxGap = 14

// A gap is what stands between two units, common furniture, that follow one another.
type gap struct {
	from, to unitID // to is atEdge where the gap reaches the document's end
	groups   map[int32]bool
	places   []sampleSpan // from the beginning of from to the end of to
	widest   int          // units between
	long     int          // places where much of the article's own text may lie between
	headline int          // units between that read like headlines
	authors  int          // units between that are about the author
	units    int
	texts    map[unitID]bool
}

// blocks makes block rules of the gaps in the tails of documents.
func (w *writer) blocks() {
	a := w.a
	gaps := map[[2]unitID]*gap{}
	starts := map[unitID]map[int32]bool{} // groups in which such a unit stands in the tail
	for i := range a.docs {
		d := &a.docs[i]
		tail := len(d.units) - a.edgeRun(d.units, -1)
		own := 0 // words before the tail that are no furniture
		for _, u := range d.units[:tail] {
			if !a.accepted[u.id] {
				own += int(u.words)
			}
		}
		last := -1
		for j := tail; j <= len(d.units); j++ {
			if j < len(d.units) && !w.fixed(d.units[j].id) {
				continue
			}
			if last >= 0 {
				from := d.units[last].id
				if starts[from] == nil {
					starts[from] = map[int32]bool{}
				}
				starts[from][d.group] = true
				if n := j - last - 1; 0 < n && n <= maxGap {
					w.gap(gaps, i, last, j, own)
				}
			}
			last = j
		}
	}
	keys := slices.SortedFunc(maps.Keys(gaps), func(x, y [2]unitID) int {
		return cmp.Or(len(gaps[y].groups)-len(gaps[x].groups), cmp.Compare(a.prints[x[0]], a.prints[y[0]]), cmp.Compare(a.printOr0(x[1]), a.printOr0(y[1])))
	})
	for _, k := range keys {
		g := gaps[k]
		n := len(g.groups)
		switch {
		case n < max(3, a.groups/20) || 10*n < 8*len(starts[g.from]):
		case w.all[g.from].tail < 0.8 || g.to != atEdge && w.all[g.to].tail < 0.8:
		case 10*g.long > len(g.places) || 5*g.authors > g.units:
		case len(g.texts) < 3 || 2*len(g.texts) < len(g.groups): // what is the same on every page is no list
		case g.to == atEdge && (10*g.headline < 9*g.units || category(w.all[g.from].text) != rules.Related):
		default:
			w.block(g)
		}
	}
}

// fixed reports whether a unit is furniture that is common to the publisher's pages.
func (w *writer) fixed(id unitID) bool {
	return w.a.accepted[id] && w.a.isCommon(w.a.stats[id])
}

// printOr0 returns the fingerprint of a unit, 0 for the document's edge.
func (a *archive) printOr0(id unitID) text.Fingerprint {
	if id == atEdge {
		return 0
	}
	return a.prints[id]
}

// gap notes the gap between units last and j (or the end) of document i. own
// is the number of words before the tail that are no furniture.
func (w *writer) gap(gaps map[[2]unitID]*gap, i, last, j, own int) {
	d := &w.a.docs[i]
	k := [2]unitID{d.units[last].id, atEdge}
	end := d.units[len(d.units)-1].end
	if j < len(d.units) {
		k[1] = d.units[j].id
		end = d.units[j].end
	}
	g := gaps[k]
	if g == nil {
		g = &gap{from: k[0], to: k[1], groups: map[int32]bool{}, texts: map[unitID]bool{}}
		gaps[k] = g
	}
	g.groups[d.group] = true
	g.places = append(g.places, sampleSpan{i, text.Span{Start: int(d.units[last].start), End: int(end)}})
	g.widest = max(g.widest, j-last-1)
	words := 0
	for _, u := range d.units[last+1 : j] {
		words += int(u.words)
		g.units++
		g.texts[u.id] = true
		t := d.text(u)
		if u.words <= 25 && u.flags&isLine != 0 && (u.flags&isStopped == 0 || strings.HasSuffix(t, "?") || strings.HasSuffix(t, "!")) {
			g.headline++
		}
		if authorial(t) != "" {
			g.authors++
		}
	}
	if own < 40 || 2*words > own {
		g.long++
	}
}

// block makes a rule of g.
func (w *writer) block(g *gap) {
	from := w.all[g.from]
	ends := []*measures{from}
	b := &rules.Block{From: []string{from.pattern()}, Within: min(g.widest+4, maxGap+2)}
	if g.to != atEdge {
		to := w.all[g.to]
		b.To = []string{to.pattern()}
		ends = append(ends, to)
	} else {
		b.Edge = true
	}
	n := len(g.groups)
	ev := &rules.Evidence{Documents: w.a.seen, Groups: n, Occurrences: len(g.places), Edge: 1, Lift: 1, Variants: len(g.texts), Precision: wilson(n, n), Corpus: w.a.corpus, Learner: Version}
	r := &rules.Rule{
		ID: "x/x", Scope: rules.Scope{Publisher: w.a.publisher}, Kind: rules.KindBlock, Mode: rules.Enforce, Where: rules.Tail, Block: b,
		Category: rules.Related, Exempt: true, Evidence: ev, Confidence: ev.Precision,
		Why: fmt.Sprintf("What changes from page to page between two fixed ends after the article, in %d of %d documents looked at.", n, w.a.groups),
	}
	for _, m := range ends {
		if m.titled {
			return
		}
	}
	if ev.Precision < 0.7 {
		r.Mode = rules.Shadow
	}
	places := slices.Clone(g.places)
	slices.SortStableFunc(places, func(x, y sampleSpan) int { return x.span.Len() - y.span.Len() }) // short ones read best
	w.sample(ev, places)
	if w.exemplify(r, places[:min(len(places), 12)]) {
		r.ID = w.id("block", from.text)
		w.rules = append(w.rules, r)
	}
}
