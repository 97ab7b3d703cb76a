package blocks

import (
	"winnow/text"
)

// A row is filled feature by feature; the first to be filled notes the names.
type row struct {
	v     []int16
	names *[]string
}

func (r *row) put(name string, x int) {
	if r.names != nil {
		*r.names = append(*r.names, name)
	}
	r.v = append(r.v, int16(max(min(x, 32000), -32000)))
}

// put2 is put for a name in two parts, which are joined only to be noted.
func (r *row) put2(a, b string, x int) {
	if r.names != nil {
		a += b
	}
	r.put(a, x)
}

func (r *row) flag2(a, b string, x bool) {
	if r.names != nil {
		a += b
	}
	r.flag(a, x)
}

func (r *row) flag(name string, x bool) {
	n := 0
	if x {
		n = 1
	}
	r.put(name, n)
}

// share returns a of b in thousandths, -1 for b = 0.
func share[T int | int32 | int64](a, b T) int {
	if b == 0 {
		return -1
	}
	return int(int64(a) * 1000 / int64(b))
}

// overlap returns how much of the words stands in m, in thousandths.
func overlap(h []uint64, m map[uint64]bool) int {
	if len(h) == 0 || len(m) == 0 {
		return -1
	}
	n := 0
	for _, x := range h {
		if m[x] {
			n++
		}
	}
	return n * 1000 / len(h)
}

func overlap3(h []uint64, m map[uint64]bool) int {
	if len(h) < 3 || len(m) == 0 {
		return -1
	}
	n := 0
	for i := 0; i+3 <= len(h); i++ {
		if m[triple(h[i:])] {
			n++
		}
	}
	return n * 1000 / (len(h) - 2)
}

// features fills in the row of block i.
func (s *state) features(r *row, i int) {
	b, sh := &s.page.Blocks[i], &s.shapes[i]
	n := len(s.page.Blocks)
	s.textFeatures(r, b, sh)
	s.treeFeatures(r, b)

	// Position.
	r.put("index", i)
	r.put("index-from-end", n-1-i)
	r.put("place", share(i, n))
	r.put("word-place", share(s.wordsBefore[i], s.total.words))
	r.put("from-h1", i-s.h1Block)
	r.flag("has-h1", s.h1Block >= 0)
	if s.h1Block >= 0 {
		r.put("words-from-h1", int(s.wordsBefore[i]-s.wordsBefore[s.h1Block]))
	} else {
		r.put("words-from-h1", 0)
	}

	// The engine.
	r.flag("kept", b.Kept)
	r.flag("part", b.Part)
	r.flag("in-engine", s.firstKept >= 0 && i >= s.firstKept && i <= s.lastKept)
	if s.firstKept >= 0 {
		r.put("from-engine-start", i-s.firstKept)
		r.put("from-engine-end", i-s.lastKept)
		r.put("words-from-engine-start", int(s.wordsBefore[i]-s.wordsBefore[s.firstKept]))
		r.put("words-from-engine-end", int(s.wordsBefore[i]-s.wordsBefore[s.lastKept]))
	} else {
		for _, name := range []string{"from-engine-start", "from-engine-end", "words-from-engine-start", "words-from-engine-end"} {
			r.put(name, 0)
		}
	}
	for _, w := range windows {
		lo, hi := max(i-w.blocks, 0), min(i+w.blocks+1, n)
		r.put2("kept-around-", w.name, share(s.keptBefore[hi]-s.keptBefore[lo], int32(hi-lo)))
	}
	r.put("to-center", s.steps(b.Element, s.center))
	r.put("to-prose", s.steps(b.Element, s.proseAt))

	// Headings before.
	h := int(s.heading[i])
	if h >= 0 {
		hs, hb := &s.shapes[h], &s.page.Blocks[h]
		r.put("heading-distance", i-h)
		r.put("heading-words-since", int(s.wordsBefore[i]-s.wordsBefore[h]))
		r.put("heading-level", hb.Level)
		r.put("heading-words", hs.words)
		r.flag("heading-kept", hb.Kept)
		r.put("heading-cue", hs.cueFirst)
		r.put("heading-linked", share(hb.Linked, max(hb.Size, 1)))
		r.put("heading-title", overlap(hs.hashes, s.title))
		r.put("heading-related", int(hs.cues[cueRelated])+int(hs.cues[cueComment])*4+int(hs.cues[cueSubscribe])*16)
		r.put("heading-depth", int(s.depth(hb.Element)-s.depth(b.Element)))
	} else {
		for _, name := range []string{"heading-distance", "heading-words-since", "heading-level", "heading-words", "heading-kept",
			"heading-cue", "heading-linked", "heading-title", "heading-related", "heading-depth"} {
			r.put(name, -2)
		}
	}

	// Neighbours.
	for _, d := range []int{-3, -2, -1, 1, 2, 3} {
		s.neighbour(r, i, d)
	}
	s.window(r, i, "before-", max(i-8, 0), i)
	s.window(r, i, "after-", min(i+1, n), min(i+9, n))

	// Containers.
	e := b.Element
	for k := range 5 {
		s.container(r, boxNames[k], e, i)
		if e >= 0 {
			e = s.els[e].up
		}
	}
	// Blocks of the same make.
	g := s.sigOf[i]
	r.put("make-blocks", int(g.blocks))
	r.put("make-share", share(g.words, s.total.words))
	r.put("make-words", int(g.words/g.blocks))
	r.put("make-linked", share(g.linked, g.words))
	r.put("make-kept", share(g.kept, g.words))
	r.put("make-stops", share(g.stops, g.words))
	r.put("make-spread", share(int(g.last-g.first), n))
	var hh uint64 = fnvOffset
	for _, x := range sh.hashes {
		hh = mix(hh, x)
	}
	r.put("same-text", int(s.same[hh]))

	if s.pageRow == nil || r.names != nil {
		s.pageRow = nil
		from := len(r.v)
		s.pageFeatures(r)
		s.pageRow = append(s.pageRow, r.v[from:]...)
		return
	}
	r.v = append(r.v, s.pageRow...)
}

var (
	boxNames = [5]string{"box-1", "box-2", "box-3", "box-4", "box-5"}
	windows  = [3]struct {
		blocks int
		name   string
	}{{3, "3"}, {8, "8"}, {20, "20"}}
)

func (s *state) depth(e int32) int32 {
	if e < 0 {
		return -1
	}
	return s.els[e].depth
}

// steps returns how many steps lead from element e up to the first that also
// stands around element to; 0 where e is in it.
func (s *state) steps(e, to int32) int {
	if e < 0 || to < 0 {
		return -1
	}
	n := 0
	els := s.page.Elements
	for s.els[to].depth > s.els[e].depth {
		to = els[to].Parent
		n++
	}
	for s.els[e].depth > s.els[to].depth {
		e = els[e].Parent
	}
	for e != to {
		e, to = els[e].Parent, els[to].Parent
		n++
	}
	return n
}

func (s *state) textFeatures(r *row, b *Block, sh *shape) {
	w := max(sh.words, 1)
	r.put("chars", sh.chars)
	r.put("words", sh.words)
	r.put("word-length", sh.letters*10/w)
	r.put("stops", share(sh.stops, w))
	r.put("upper", share(sh.upper, max(sh.letters, 1)))
	r.put("titled", share(sh.titled, w))
	r.put("digits", share(sh.digits, max(sh.chars, 1)))
	r.put("commas", sh.commas)
	r.put("ends", sh.ends)
	r.put("marks", sh.marks)
	r.put("symbols", sh.symbols)
	r.put("cjk", share(sh.cjk, w))
	r.flag("ends-well", sh.endsWell)
	r.flag("starts-upper", sh.startsUpper)
	r.flag("price", sh.price)
	r.flag("year", sh.year)
	r.flag("clock", sh.clock)
	r.flag("at", sh.mail)
	r.flag("address", sh.address)
	r.flag("copyright", sh.copyright)
	r.flag("question", sh.question)
	r.flag("exclaim", sh.exclaim)
	r.flag("colon-end", sh.colonEnd)
	r.flag("ellipsis", sh.ellipsis)
	r.put("cue-first", sh.cueFirst)
	for c := int(cueStop) + 1; c < int(nCues); c++ {
		r.put2("cue:", cueNames[c], int(sh.cues[c])*1000/w)
	}
	r.put("kind", int(b.Kind))
	r.put("level", b.Level)
	r.put("linked", share(b.Linked, max(b.Size, 1)))
	r.put("links", b.Links)
	r.put("bold", share(b.Bold, max(b.Size, 1)))
	r.put("title-words", overlap(sh.hashes, s.title))
	r.put("h1-words", overlap(sh.hashes, s.h1))
	r.put("ld-body", overlap3(sh.hashes, s.body))
	r.put("ld-summary", overlap3(sh.hashes, s.summary))
}

var none element

func (s *state) treeFeatures(r *row, b *Block) {
	e, hidden := &none, false
	same, nth, at := int32(0), int32(0), 0
	if b.Element >= 0 {
		e = &s.els[b.Element]
		hidden = s.page.Elements[b.Element].Hidden
		k := 0
		for a := b.Element; a >= 0 && k < 8; a = s.page.Elements[a].Parent {
			k++
			if x := &s.els[a]; x.same > same {
				same, nth, at = x.same, x.nth, k
			}
		}
		r.put("tag", tagOf(s.page.Elements[b.Element].Tag))
	} else {
		r.put("tag", -1)
	}
	r.put("depth", int(e.depth))
	r.flag("hidden", hidden)
	r.put("same-siblings", int(same))
	r.put("same-nth", int(nth))
	r.put("same-steps", at)
	for t := range tagNames {
		r.put2("in:", tagNames[t], int(e.tags[t]))
	}
	for g := range nameGroups {
		r.put2("name:", nameGroups[g].name, int(e.nearest[g]))
	}
}

func (s *state) neighbour(r *row, i, d int) {
	pre := neighbourNames[d+3]
	j := i + d
	if j < 0 || j >= len(s.page.Blocks) {
		for _, name := range []string{"words", "linked", "kept", "stops", "kind", "alike", "ends-well", "cue"} {
			r.put2(pre, name, -2)
		}
		return
	}
	b, sh := &s.page.Blocks[j], &s.shapes[j]
	r.put2(pre, "words", sh.words)
	r.put2(pre, "linked", share(b.Linked, max(b.Size, 1)))
	r.flag2(pre, "kept", b.Kept)
	r.put2(pre, "stops", share(sh.stops, max(sh.words, 1)))
	r.put2(pre, "kind", int(b.Kind)*8+b.Level)
	r.flag2(pre, "alike", s.sigOf[i] == s.sigOf[j])
	r.flag2(pre, "ends-well", sh.endsWell)
	r.put2(pre, "cue", sh.cueFirst)
}

var neighbourNames = [7]string{"-3:", "-2:", "-1:", "", "+1:", "+2:", "+3:"}

func (s *state) window(r *row, i int, pre string, lo, hi int) {
	var u sum
	most := 0
	for j := lo; j < hi; j++ {
		b, sh := &s.page.Blocks[j], &s.shapes[j]
		w := int32(max(sh.words, 1))
		u.words += w
		u.linked += linkedWords(w, b)
		u.stops += int32(sh.stops)
		if b.Kind == text.Heading {
			u.blocks++
		}
		most = max(most, sh.words)
	}
	r.put2(pre, "words", int(u.words))
	r.put2(pre, "linked", share(u.linked, u.words))
	r.put2(pre, "stops", share(u.stops, u.words))
	r.put2(pre, "headings", int(u.blocks))
	r.put2(pre, "longest", most)
}

func (s *state) container(r *row, pre string, e int32, i int) {
	if e < 0 {
		for _, name := range []string{":blocks", ":words", ":share", ":linked", ":kept", ":stops", ":mean", ":prose", ":place", ":same", ":steps"} {
			r.put2(pre, name, -2)
		}
		return
	}
	x := &s.els[e]
	r.put2(pre, ":blocks", int(x.blocks))
	r.put2(pre, ":words", int(x.words))
	r.put2(pre, ":share", share(x.words, s.total.words))
	r.put2(pre, ":linked", share(x.linked, x.words))
	r.put2(pre, ":kept", share(x.kept, x.words))
	r.put2(pre, ":stops", share(x.stops, x.words))
	r.put2(pre, ":mean", int(x.words*10/max(x.blocks, 1)))
	r.put2(pre, ":prose", share(x.prose, x.words))
	r.put2(pre, ":place", share(int32(i)-x.first, max(x.blocks, 1)))
	r.put2(pre, ":same", int(x.same))
	r.put2(pre, ":steps", s.steps(e, s.center))
}

func (s *state) pageFeatures(r *row) {
	n := int32(max(len(s.page.Blocks), 1))
	r.put("page:blocks", int(n))
	r.put("page:words", int(s.total.words))
	r.put("page:linked", share(s.total.linked, s.total.words))
	r.put("page:stops", share(s.total.stops, s.total.words))
	r.put("page:prose", share(s.total.prose, s.total.words))
	r.put("page:prose-words", int(s.total.prose))
	r.put("page:kept", share(s.total.kept, s.total.words))
	r.put("page:kept-words", int(s.total.kept))
	r.put("page:kept-blocks", int(s.total.keptBlocks))
	var k sum
	if s.center >= 0 {
		k = s.els[s.center].sum
	}
	r.put("page:center-kept", share(k.kept, k.words))
	r.put("page:center-linked", share(k.linked, k.words))
	r.put("page:center-share", share(k.words, s.total.words))
	r.put("page:center-depth", int(s.depth(s.center)))
	r.put("page:prose-depth", int(s.depth(s.proseAt)))
	r.put("page:center-prose", s.steps(s.center, s.proseAt))
	r.put("page:headings", share(s.headings, int(n)))
	r.put("page:items", share(s.items, int(n)))
	r.put("page:prices", s.prices)
	r.put("page:price-share", share(s.prices, int(n)))
	r.put("page:dates", s.dates)
	r.put("page:forms", s.forms)
	r.put("page:articles", s.articles)
	r.put("page:hidden", share(s.hidden, int(n)))
	for _, c := range []int{int(cueShop), int(cueForum), int(cueReview), int(cueSpec), int(cueComment), int(cueHelp), int(cueAuthor)} {
		r.put2("page:cue:", cueNames[c], share(s.cuesAll[c], int(n)))
	}
	r.put("page:elements", len(s.els)/int(n))
	r.put("page:title-words", len(s.title))
	r.put("page:ld-body", len(s.body))
	depth := 0
	digits := 0
	path := pathOf(s.page.Facts.URL)
	for j := range len(path) {
		if path[j] == '/' && j+1 < len(path) {
			depth++
		}
		if path[j] >= '0' && path[j] <= '9' {
			digits++
		}
	}
	r.put("page:path-depth", depth)
	r.put("page:path-length", len(path))
	r.put("page:path-digits", digits)
	for g := range pageGroups {
		r.put2("page:url:", pageGroups[g].name, int(s.url>>g&1))
	}
	for g := range pageGroups {
		r.put2("page:ld:", pageGroups[g].name, int(s.ld>>g&1))
	}
	r.put("page:kind", int(s.kind&0x3ff))
	r.put("page:maker", int(s.maker&0x3ff))
}
