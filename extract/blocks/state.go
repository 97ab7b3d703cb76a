package blocks

import (
	"math/bits"

	"winnow/text"

	"golang.org/x/net/html/atom"
)

// A sum adds up blocks.
type sum struct {
	blocks, words, linked, kept, stops, prose, keptBlocks int32
}

func (s *sum) add(o sum) {
	s.blocks += o.blocks
	s.words += o.words
	s.linked += o.linked
	s.kept += o.kept
	s.stops += o.stops
	s.prose += o.prose
	s.keptBlocks += o.keptBlocks
}

// element is what is worked out for an element of the page.
type element struct {
	sum
	depth   int32
	up      int32 // the nearest element around with more blocks, or -1
	same    int32 // siblings of its tag and class, with itself
	nth     int32 // its place among them
	first   int32 // its first block
	sig     uint64
	names   uint64
	nearest [nNames]uint8 // steps up to an element with such a name, 0 for none
	tags    [nTags]uint8  // the same for tags
}

// Tags, and roles that stand for them, that a block may be in.
const (
	tagArticle = iota
	tagMain
	tagSection
	tagAside
	tagNav
	tagHeader
	tagFooter
	tagForm
	tagTable
	tagList
	tagItem
	tagDL
	tagFigure
	tagQuote
	tagButton
	tagDetails
	tagLink
	tagLabel
	tagHeading
	tagP
	tagPre
	tagDialog
	tagCustom
	nTags
)

var tagNames = [nTags]string{"article", "main", "section", "aside", "nav", "header", "footer", "form", "table", "list", "item", "dl",
	"figure", "quote", "button", "details", "a", "label", "heading", "p", "pre", "dialog", "custom"}

func tagOf(a atom.Atom) int {
	switch a {
	case atom.Article:
		return tagArticle
	case atom.Main:
		return tagMain
	case atom.Section:
		return tagSection
	case atom.Aside:
		return tagAside
	case atom.Nav:
		return tagNav
	case atom.Header:
		return tagHeader
	case atom.Footer:
		return tagFooter
	case atom.Form, atom.Fieldset:
		return tagForm
	case atom.Table:
		return tagTable
	case atom.Ul, atom.Ol, atom.Menu:
		return tagList
	case atom.Li:
		return tagItem
	case atom.Dl:
		return tagDL
	case atom.Figure, atom.Figcaption:
		return tagFigure
	case atom.Blockquote:
		return tagQuote
	case atom.Button:
		return tagButton
	case atom.Details, atom.Summary:
		return tagDetails
	case atom.A:
		return tagLink
	case atom.Label:
		return tagLabel
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return tagHeading
	case atom.P:
		return tagP
	case atom.Pre, atom.Code:
		return tagPre
	case atom.Dialog:
		return tagDialog
	case 0:
		return tagCustom
	}
	return -1
}

func roleOf(role string) int {
	switch role {
	case "article":
		return tagArticle
	case "main":
		return tagMain
	case "navigation", "menu", "menubar":
		return tagNav
	case "banner":
		return tagHeader
	case "contentinfo":
		return tagFooter
	case "complementary":
		return tagAside
	case "button", "tab":
		return tagButton
	case "dialog", "alertdialog":
		return tagDialog
	case "search", "form":
		return tagForm
	case "heading":
		return tagHeading
	}
	return -1
}

// state is what the features of a page are read from.
type state struct {
	page   *Page
	els    []element
	shapes []shape
	total  sum
	sigs   map[uint64]*signature
	sigOf  []*signature
	same   map[uint64]int32 // blocks with the same text

	title, h1       map[uint64]bool
	body, summary   map[uint64]bool // hashes of runs of three words
	firstKept       int
	lastKept        int
	h1Block         int
	center, proseAt int32   // the innermost elements with most of what the engine kept, most of the prose
	heading         []int32 // the heading before each block, or -1
	wordsBefore     []int32
	keptBefore      []int32 // blocks kept among the first i
	url, kind, ld   uint32
	maker           uint32
	forms, articles int
	prices, dates   int
	headings, items int
	cuesAll         [nCues]int
	hidden          int
	pageRow         []int16 // the features of the page as a whole
}

// A signature sums up the blocks of one make: the same tags and classes around.
type signature struct {
	sum
	first, last int32
}

const maxNear = 30

func newState(p *Page) *state {
	s := &state{page: p, els: make([]element, len(p.Elements)), shapes: make([]shape, len(p.Blocks)), sigs: map[uint64]*signature{},
		same: map[uint64]int32{}, firstKept: -1, lastKept: -1, h1Block: -1, center: -1, proseAt: -1}
	s.title, s.h1 = words(p.Facts.Title), words(p.Facts.H1)
	s.body, s.summary = triples(p.Facts.Body), triples(p.Facts.Summary)
	s.url, s.kind, s.maker = pageBits(pathOf(p.Facts.URL)), pageBits(p.Facts.Kind), pageBits(p.Facts.Maker)
	for _, t := range p.Facts.Types {
		s.ld |= pageBits(t)
	}
	s.readElements()
	s.readBlocks()
	s.sumUp()
	return s
}

// pathOf returns the path of an address.
func pathOf(u string) string {
	for i := 0; i+2 < len(u); i++ {
		if u[i] == '/' && u[i+1] == '/' {
			u = u[i+2:]
			break
		}
	}
	for i := range len(u) {
		if u[i] == '/' {
			return u[i:]
		}
	}
	return ""
}

func words(t string) map[uint64]bool {
	var sh shape
	sh.read(t)
	m := map[uint64]bool{}
	for _, h := range sh.hashes {
		m[h] = true
	}
	return m
}

// triples returns the runs of three words in texts.
func triples(texts []string) map[uint64]bool {
	if len(texts) == 0 {
		return nil
	}
	m := map[uint64]bool{}
	for _, t := range texts {
		var sh shape
		sh.read(t)
		for i := 0; i+3 <= len(sh.hashes); i++ {
			m[triple(sh.hashes[i:])] = true
		}
	}
	return m
}

func triple(h []uint64) uint64 {
	return mix(mix(h[0], h[1]), h[2])
}

func mix(a, b uint64) uint64 { return (bits.RotateLeft64(a, 23) ^ b) * 0x9E3779B97F4A7C15 }

func hashString(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

func (s *state) readElements() {
	type key struct {
		parent int32
		sig    uint64
	}
	count := map[key]int32{}
	keys := make([]key, len(s.els))
	cache := map[string]uint64{}
	nameOf := func(n string) uint64 {
		if n == "" {
			return 0
		}
		b, ok := cache[n]
		if !ok {
			b = nameBits(n)
			cache[n] = b
		}
		return b
	}
	for i := range s.els {
		e, p := &s.els[i], &s.page.Elements[i]
		e.up, e.first = -1, -1
		e.names = nameOf(p.Class) | nameOf(p.ID) | nameOf(p.Label)
		if p.Prop != "" {
			e.names |= propBits(p.Prop)
		}
		e.sig = hashString(mix(fnvOffset, uint64(p.Tag)), firstWords(p.Class))
		if p.Parent >= 0 {
			up := &s.els[p.Parent]
			e.depth = up.depth + 1
			e.nearest, e.tags = up.nearest, up.tags
			for j := range e.nearest {
				if v := e.nearest[j]; v > 0 && v < maxNear {
					e.nearest[j]++
				}
			}
			for j := range e.tags {
				if v := e.tags[j]; v > 0 && v < maxNear {
					e.tags[j]++
				}
			}
		}
		for b := e.names; b != 0; b &= b - 1 {
			e.nearest[bits.TrailingZeros64(b)] = 1
		}
		if t := tagOf(p.Tag); t >= 0 {
			e.tags[t] = 1
			switch t {
			case tagForm:
				s.forms++
			case tagArticle:
				s.articles++
			}
		}
		if t := roleOf(p.Role); t >= 0 {
			e.tags[t] = 1
		}
		keys[i] = key{p.Parent, e.sig}
		count[keys[i]]++
		e.nth = count[keys[i]]
	}
	for i := range s.els {
		s.els[i].same = count[keys[i]]
	}
}

// firstWords returns the first two classes of an attribute.
func firstWords(class string) string {
	n := 0
	for i := range len(class) {
		if class[i] == ' ' {
			if n++; n == 2 {
				return class[:i]
			}
		}
	}
	return class
}

func (s *state) readBlocks() {
	p := s.page
	s.sigOf = make([]*signature, len(p.Blocks))
	s.heading = make([]int32, len(p.Blocks))
	s.wordsBefore = make([]int32, len(p.Blocks)+1)
	s.keptBefore = make([]int32, len(p.Blocks)+1)
	last := int32(-1)
	for i := range p.Blocks {
		b, sh := &p.Blocks[i], &s.shapes[i]
		sh.read(b.Text)
		w := int32(max(sh.words, 1))
		u := sum{blocks: 1, words: w, stops: int32(sh.stops)}
		u.linked = linkedWords(w, b)
		if b.Kept {
			u.kept, u.keptBlocks = w, 1
			if s.firstKept < 0 {
				s.firstKept = i
			}
			s.lastKept = i
			s.keptBefore[i+1] = 1
		}
		s.keptBefore[i+1] += s.keptBefore[i]
		if sh.words >= 10 && int(u.linked)*3 < sh.words && (sh.stops*6 >= sh.words || sh.cjk > 10) {
			u.prose = w
		}
		s.total.add(u)
		s.wordsBefore[i+1] = s.wordsBefore[i] + w
		s.heading[i] = last
		if b.Kind == text.Heading {
			last = int32(i)
			s.headings++
			if s.h1Block < 0 && b.Level == 1 {
				s.h1Block = i
			}
		}
		if b.Kind == text.ListItem {
			s.items++
		}
		if sh.price {
			s.prices++
		}
		if sh.cues[cueDate] > 0 && sh.words <= 8 {
			s.dates++
		}
		for c := range sh.cues {
			if sh.cues[c] > 0 {
				s.cuesAll[c]++
			}
		}
		h := uint64(fnvOffset)
		for _, x := range sh.hashes {
			h = mix(h, x)
		}
		s.same[h]++
		var sig uint64
		if e := b.Element; e >= 0 {
			if p.Elements[e].Hidden {
				s.hidden++
			}
			a := e
			for range 4 {
				if a < 0 {
					break
				}
				sig = mix(sig, s.els[a].sig)
				a = p.Elements[a].Parent
			}
			el := &s.els[e]
			el.add(u)
			if el.first < 0 {
				el.first = int32(i)
			}
		}
		g := s.sigs[sig]
		if g == nil {
			g = &signature{first: int32(i)}
			s.sigs[sig] = g
		}
		g.add(u)
		g.last = int32(i)
		s.sigOf[i] = g
	}
}

// linkedWords returns how many of the w words of b are in links.
func linkedWords(w int32, b *Block) int32 {
	return int32(int64(w) * int64(b.Linked) / int64(max(b.Size, 1)))
}

// sumUp gives each element the sums of what it holds.
func (s *state) sumUp() {
	for i := len(s.els) - 1; i >= 0; i-- {
		e := &s.els[i]
		if p := s.page.Elements[i].Parent; p >= 0 && e.blocks > 0 {
			up := &s.els[p]
			up.add(e.sum)
			if up.first < 0 || e.first < up.first {
				up.first = e.first
			}
		}
	}
	for i := range s.els {
		e := &s.els[i]
		if p := s.page.Elements[i].Parent; p >= 0 {
			if s.els[p].blocks > e.blocks {
				e.up = p
			} else {
				e.up = s.els[p].up
			}
		}
		if e.kept > 0 && e.kept*10 >= s.total.kept*9 {
			s.center = int32(i)
		}
		if e.prose > 0 && e.prose*10 >= s.total.prose*6 {
			s.proseAt = int32(i)
		}
	}
}
