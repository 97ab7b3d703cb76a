package learn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"winnow/rules"
	"winnow/text"
)

// Pages carry for each block the element that it stood in. What stands in an
// element of one class page after page, and is now a text that repeats, now the
// title of another story, is furniture whatever it says next: headlines of
// related stories repeat in nothing but their place.
//
// A place (a tag with one of its classes, or with its id) is proposed where
//   - enough groups of near-duplicates have it,
//   - a good part of its blocks is furniture by what is known of their texts
//     (a smaller part where the name of the place says so too),
//   - none of its blocks reads like prose of one story alone, in any document,
//   - no document has more than a third of its text in it.
//
// Its precision is the Wilson lower bound over the groups that were not looked
// at when it was proposed (every other one), of those in which nothing but
// furniture stood there.

const (
	minPlaceGroups = 5   // groups that must have a place
	knownNamed     = 0.1 // share of a place's blocks that must be known furniture where its name is a cue
	knownUnnamed   = 0.5 // and where it is not
	cutPlace       = 0.9 // precision from which its rule cuts
	maxPlaceShare  = 3   // a document has at most one in so many bytes there
)

// A laidBlock is a block of a document with what is known of it.
type laidBlock struct {
	doc, block int32
	known      bool // its text is furniture: accepted, or another document's title
	fresh      bool // no rule by text would take it
	prose      bool // it reads like a story's own
}

// A spot is what is known of a place on the pages of a publisher.
type spot struct {
	selector string
	tag      string
	name     string // the class or id
	blocks   []laidBlock
	groups   map[int32]bool // by group: whether only furniture stood there
	known    int
	prose    bool // in a group that was looked at
	odd      bool // it holds too much of a document
}

// selectors proposes rules for places.
func (w *writer) selectors() {
	a := w.a
	spots := map[string]*spot{}
	for i := range a.docs {
		if len(a.docs[i].Blocks) > 0 {
			a.spots(int32(i), spots)
		}
	}
	var good []*spot
	for _, s := range spots {
		if a.furnitureAt(s) {
			good = append(good, s)
		}
	}
	// The place that holds most goes first; another one must hold more than it.
	slices.SortFunc(good, func(x, y *spot) int {
		return cmp.Or(len(y.blocks)-len(x.blocks), cmp.Compare(x.selector, y.selector))
	})
	taken := map[[2]int32]bool{}
	for _, s := range good {
		news := map[int32]bool{} // groups in which it takes what nothing else does
		for _, b := range s.blocks {
			if b.fresh && !taken[[2]int32{b.doc, b.block}] {
				news[a.docs[b.doc].group] = true
			}
		}
		if len(news) < 2 || !w.selector(s) {
			continue
		}
		for _, b := range s.blocks {
			taken[[2]int32{b.doc, b.block}] = true
		}
	}
}

// spots books the blocks of a document by the places that they stand at.
func (a *archive) spots(n int32, spots map[string]*spot) {
	d := &a.docs[n]
	at := map[*text.Element][]string{} // the places of an element and those around it
	bytes := map[string]int{}
	u := 0
	for k := range d.Blocks {
		b := &d.Blocks[k]
		if b.In == nil || b.Span.End > len(d.Text) {
			continue
		}
		for u < len(d.units) && int(d.units[u].end) <= b.Span.Start {
			u++
		}
		lb, ok := a.look(d, b.Span, u)
		if !ok {
			continue
		}
		lb.doc, lb.block = n, int32(k)
		for _, sel := range spotsOf(b.In, at, spots) {
			s := spots[sel]
			s.blocks = append(s.blocks, lb)
			only, seen := s.groups[d.group]
			s.groups[d.group] = (only || !seen) && !lb.prose
			if lb.known {
				s.known++
			}
			s.prose = s.prose || lb.prose && looked(d.group)
			if bytes[sel] += b.Span.Len(); bytes[sel]*maxPlaceShare > len(d.Text) {
				s.odd = true
			}
		}
	}
}

// looked reports whether places are proposed by what stands in a group; the
// others are for the judgement.
func looked(group int32) bool { return group%2 == 0 }

// look says what is known of the block at span, whose first unit is u. It
// returns false for a block without words.
func (a *archive) look(d *doc, span text.Span, u int) (b laidBlock, ok bool) {
	all := true
	for ; u < len(d.units) && int(d.units[u].start) < span.End; u++ {
		x := d.units[u]
		if x.tokens == 0 {
			continue
		}
		ok = true
		accepted := a.accepted[x.id]
		all = all && accepted
		repeated := a.stat(x) != nil
		b.prose = b.prose || !accepted && !repeated && (x.flags&isStopped != 0 && x.tokens >= longUnit || x.tokens >= 3*longUnit)
	}
	title := ok && !all && a.isTitle(d, span.In(d.Text))
	b.known = all || title
	b.fresh = ok && !all
	b.prose = b.prose && !title
	return b, ok
}

// spotsOf returns the places of e and of the elements around it, and sees to
// it that spots has them.
func spotsOf(e *text.Element, at map[*text.Element][]string, spots map[string]*spot) []string {
	if e == nil {
		return nil
	}
	if ps, ok := at[e]; ok {
		return ps
	}
	ps := slices.Clip(spotsOf(e.Parent, at, spots))
	add := func(id, class string) {
		sel := rules.FormatSelector(e.Tag, id, rules.ClassNames(class)...)
		if spots[sel] == nil {
			if rules.CheckSelector(sel) != nil {
				return
			}
			spots[sel] = &spot{selector: sel, tag: e.Tag, name: id + class, groups: map[int32]bool{}}
		}
		if !slices.Contains(ps, sel) {
			ps = append(ps, sel)
		}
	}
	if id, _ := e.Attr("id"); id != "" && !numbered(id) {
		add(id, "")
	}
	class, _ := e.Attr("class")
	for _, c := range rules.ClassNames(class) {
		if !numbered(c) {
			add("", c)
		}
	}
	switch e.Tag {
	case "aside", "footer", "nav", "form", "button":
		add("", "")
	}
	at[e] = ps
	return ps
}

// numbered reports whether a name holds a number of the page's own, such as post-4711.
func numbered(name string) bool {
	digits := 0
	for i := range len(name) {
		if '0' <= name[i] && name[i] <= '9' {
			digits++
		}
	}
	return digits >= 3
}

// furnitureAt reports whether what stands at a place may be furniture.
func (a *archive) furnitureAt(s *spot) bool {
	if s.prose || s.odd || len(s.groups) < minPlaceGroups {
		return false
	}
	need := knownUnnamed
	if c := rules.CategoryOfNames(s.tag, s.name); c != "" && c.Removed() {
		need = knownNamed
	}
	return s.known >= 3 && float64(s.known) >= need*float64(len(s.blocks))
}

// selector makes a rule of a place, and reports whether it stands.
func (w *writer) selector(s *spot) bool {
	held, pure := 0, 0
	for g, only := range s.groups {
		if !looked(g) {
			held++
			if only {
				pure++
			}
		}
	}
	precision := min(0.98, wilson(pure, held))
	if held == 0 || pure < held && precision < cutPlace {
		return false // something stood there that no page furnishes
	}
	c := w.categoryAt(s)
	ev := &rules.Evidence{Documents: w.a.seen, Groups: len(s.groups), Occurrences: len(s.blocks), Lift: 1, Variants: w.variants(s),
		Corpus: w.a.corpus, Learner: Version, Precision: precision}
	r := &rules.Rule{
		ID: "x/x", Scope: rules.Scope{Publisher: w.a.publisher}, Category: c, Kind: rules.KindSelector, Mode: rules.Enforce,
		Where: rules.Anywhere, Text: []string{s.selector}, Confidence: precision, Evidence: ev,
		Why: fmt.Sprintf("A place that holds furniture alone: %d blocks in %d of %d documents looked at, %d of them known by their texts.",
			len(s.blocks), len(s.groups), w.a.groups, s.known),
	}
	if precision < cutPlace {
		r.Mode = rules.Shadow
	}
	var spans []sampleSpan
	var at []place
	last := int32(-1)
	for _, b := range s.blocks {
		if b.doc != last {
			spans = append(spans, sampleSpan{doc: int(b.doc), span: w.a.docs[b.doc].Blocks[b.block].Span})
			at = append(at, place{doc: b.doc})
			last = b.doc
		}
	}
	w.sample(ev, spans)
	w.dates(ev, at)
	if !w.showPlace(r, s) {
		return false
	}
	r.ID = w.idOf("place." + s.selector)
	w.rules = append(w.rules, r)
	return true
}

// categoryAt is what most known texts at a place are, else what its name says.
func (w *writer) categoryAt(s *spot) rules.Category {
	if c := rules.CategoryOfNames(s.tag, s.name); c != "" {
		return c
	}
	votes := map[rules.Category]int{}
	titles := 0
	for _, b := range s.blocks {
		if b.known && b.fresh {
			titles++
		} else if b.known {
			votes[category(w.a.docs[b.doc].Blocks[b.block].Span.In(w.a.docs[b.doc].Text))]++
		}
	}
	votes[rules.Related] += titles
	best := rules.Nav
	for _, c := range rules.Categories() {
		if votes[c] > votes[best] {
			best = c
		}
	}
	return best
}

func (w *writer) variants(s *spot) int {
	seen := map[text.Fingerprint]bool{}
	for _, b := range s.blocks {
		d := &w.a.docs[b.doc]
		seen[text.PrintOf(d.Blocks[b.block].Span.In(d.Text))] = true
	}
	return len(seen)
}

// maxShown is the length in bytes of the longest block that examples show.
const maxShown = 240

// showPlace writes the examples of a rule for a place: a block that stands
// there below one that does not, and the same block elsewhere. It reports
// whether the rule passes them.
func (w *writer) showPlace(r *rules.Rule, s *spot) bool {
	for _, b := range s.blocks {
		d := &w.a.docs[b.doc]
		own := &d.Blocks[b.block]
		other := slices.IndexFunc(d.Blocks, func(o text.Block) bool {
			return o.In != nil && o.Span.End <= len(d.Text) && o.Span.Len() <= maxShown && o.Span.Len() > 0 && !stands(o.In, s)
		})
		t := own.Span.In(d.Text)
		if other < 0 || !b.fresh || len(t) > maxShown || strings.Contains(t, "\n") || strings.Contains(t, "[-") || strings.Contains(t, "-]") {
			continue
		}
		o := d.Blocks[other].Span.In(d.Text)
		if strings.Contains(o, "\n") || strings.Contains(o, "[-") || strings.Contains(o, "-]") {
			continue
		}
		away, there := shown(d.Blocks[other].In, nil), shown(own.In, s)
		ex := rules.Example{Text: o + "\n" + t}
		cut := text.Span{Start: len(o) + 1, End: len(ex.Text)}
		ex.Cut = []text.Span{cut}
		ex.Blocks = []text.Block{{Span: text.Span{End: len(o)}, In: away}, {Span: cut, In: there}}
		keep := rules.Example{Text: t, Blocks: []text.Block{{Span: text.Span{End: len(t)}, In: away}}}
		r.Remove, r.KeepText = []rules.Example{ex}, []rules.Example{keep}
		if len(r.Test("")) == 0 {
			return true
		}
	}
	return false
}

// stands reports whether e stands at the place.
func stands(e *text.Element, s *spot) bool {
	for ; e != nil; e = e.Parent {
		if s.is(e) {
			return true
		}
	}
	return false
}

// is reports whether e is the place's element.
func (s *spot) is(e *text.Element) bool {
	if e.Tag != s.tag {
		return false
	}
	id, _ := e.Attr("id")
	class, _ := e.Attr("class")
	return s.name == "" || id == s.name || slices.Contains(rules.ClassNames(class), s.name)
}

// shown returns e with its tag, id and classes alone, and of the elements
// around it those up to the place, or two.
func shown(e *text.Element, s *spot) *text.Element {
	var chain []*text.Element
	for x := e; x != nil; x = x.Parent {
		chain = append(chain, x)
		if s != nil && s.is(x) || s == nil && len(chain) == 2 {
			break
		}
	}
	var out *text.Element
	for _, x := range slices.Backward(chain) {
		n := &text.Element{Parent: out, Tag: x.Tag}
		for _, key := range []string{"id", "class"} {
			if v, _ := x.Attr(key); v != "" {
				n.Attrs = append(n.Attrs, text.Attr{Key: key, Value: strings.Join(rules.ClassNames(v), " ")})
			}
		}
		out = n
	}
	return out
}
