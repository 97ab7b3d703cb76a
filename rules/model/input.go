package model

import "winnow/text"

// An Input is a text in the form that the model scores: its features and
// shapes. It may be used again, and is not safe for concurrent use.
type Input struct {
	seg    *text.Segments
	taken  []bool
	shapes []shape
	run    []uint8
	zone   []uint8
	topic  []uint8        // 0 for no long word, else 1 plus the tenths of a unit's long words that the main block holds; 12 for prose
	twin   []uint8        // how often a unit that is no prose stands in the text, 0 for prose
	cues   []uint32       // the cues of a unit that is no prose, see cuesOf
	told   []uint8        // the tenths of its words that hold a cue
	vouch  []int32        // how many units before each are taken by rules or speak of little but cues
	bag    [1 << 8]uint64 // a bit for each word of the main block
	lo, hi int            // the main block, see block
	prose  int            // bytes of prose
	slots  []slot         // a hash table of fingerprints
	list   list
}

// A slot counts the units with one fingerprint.
type slot struct {
	print text.Fingerprint
	n     uint32
}

// Reset prepares in for a text, of which Article may be asked; Prepare does the
// rest. taken is as in rules.Scorer.
func (in *Input) Reset(seg *text.Segments, taken []bool) {
	in.seg, in.taken = seg, taken
	in.shapes, in.prose, in.vouch = in.shapes[:0], 0, in.vouch[:0]
	for i := range seg.Units {
		s := shapeOf(seg, &seg.Units[i])
		in.shapes = append(in.shapes, s)
		if s.prose {
			in.prose += seg.Units[i].Span.Len()
		}
	}
}

// Prepare computes what Features needs.
func (in *Input) Prepare() {
	n := len(in.shapes)
	in.run, in.zone = in.run[:0], in.zone[:0]
	first, last := n, -1
	for i := 0; i < n; {
		j := i
		for j < n && in.shapes[j].end == 0 && in.shapes[j].length <= 4 {
			j++
		}
		if j == i {
			if in.shapes[i].prose {
				first, last = min(first, i), i
			}
			in.run = append(in.run, 0)
			i++
			continue
		}
		r := 1 + runs.of(j-i)
		for ; i < j; i++ {
			in.run = append(in.run, r)
		}
	}
	for i := range n {
		z := uint8(1)
		switch {
		case last < 0:
			z = 0
		case i < first:
			z = 2 + zones.of(first-i)
		case i > last:
			z = 8 + zones.of(i-last)
		}
		in.zone = append(in.zone, z)
	}
	in.block()
	in.topics()
	in.count()
	in.Speaks()
}

// Speaks fills in what units speak of, and reports whether enough of them speak
// as menus do for any to go.
func (in *Input) Speaks() bool {
	if len(in.vouch) == len(in.shapes)+1 {
		return in.vouch[len(in.shapes)] >= leastVouched
	}
	in.cues, in.told, in.vouch = in.cues[:0], in.told[:0], append(in.vouch[:0], 0)
	n := int32(0)
	for u := range in.shapes {
		mask, share := uint32(0), uint8(0)
		if toks := in.seg.TokensOf(in.seg.Units[u].Tokens); !in.shapes[u].prose && len(toks) <= 12 {
			var hits int
			mask, hits = cuesOf(toks)
			share = uint8(hits * 10 / max(1, len(toks)))
		}
		in.cues, in.told = append(in.cues, mask), append(in.told, share)
		if in.took(u) == 1 || share >= 4 && mask&^contentCues != 0 {
			n++
		}
		in.vouch = append(in.vouch, n)
	}
	return n >= leastVouched
}

// cue returns the cues of unit u, 0 beyond the text.
func (in *Input) cue(u int) uint32 {
	if u < 0 || u >= len(in.cues) {
		return 0
	}
	return in.cues[u]
}

// vouches reports whether unit u is taken by rules or speaks of little but cues.
func (in *Input) vouches(u int) bool { return in.vouch[u+1] != in.vouch[u] }

// vouchers returns how many of units [lo, hi), cut to the text, are taken by rules or speak of little but cues.
func (in *Input) vouchers(lo, hi int) int32 {
	lo, hi = max(lo, 0), min(hi, len(in.shapes))
	if lo >= hi {
		return 0
	}
	return in.vouch[hi] - in.vouch[lo]
}

// block finds the main block: the stretch of units that has most prose and
// fewest other lines, as the stretch with the greatest sum.
func (in *Input) block() {
	sum, best, from := 0, 0, 0
	in.lo, in.hi = 0, 0
	for u := range in.shapes {
		if in.shapes[u].prose {
			sum += min(in.seg.Units[u].Span.Len(), 400)
		} else {
			sum -= 50
		}
		if sum < 0 {
			sum, from = 0, u+1
		}
		if sum > best {
			best, in.lo, in.hi = sum, from, u+1
		}
	}
}

// topics tells of each unit that is no prose how many of its longer words the prose of the main block holds.
func (in *Input) topics() {
	in.topic = in.topic[:0]
	clear(in.bag[:])
	for u := in.lo; u < in.hi; u++ {
		if in.shapes[u].prose {
			for _, t := range in.seg.TokensOf(in.seg.Units[u].Tokens) {
				in.bag[t.Hash>>6&255] |= 1 << (t.Hash & 63)
			}
		}
	}
	for u := range in.shapes {
		if in.shapes[u].prose {
			in.topic = append(in.topic, 12)
			continue
		}
		long, hit := 0, 0
		for _, t := range in.seg.TokensOf(in.seg.Units[u].Tokens) {
			if t.End-t.Start < 4 || text.IsSlot(t.Hash) {
				continue
			}
			long++
			hit += int(in.bag[t.Hash>>6&255] >> (t.Hash & 63) & 1)
		}
		if long == 0 {
			in.topic = append(in.topic, 0)
		} else {
			in.topic = append(in.topic, uint8(1+hit*10/long))
		}
	}
}

// count fills in.twin.
func (in *Input) count() {
	size := 16
	for size < 2*len(in.shapes) {
		size *= 2
	}
	if cap(in.slots) < size {
		in.slots = make([]slot, size)
	}
	in.slots = in.slots[:size]
	clear(in.slots)
	in.twin = in.twin[:0]
	find := func(p text.Fingerprint) *slot {
		for i := int(p) & (size - 1); ; i = (i + 1) & (size - 1) {
			if s := &in.slots[i]; s.n == 0 || s.print == p {
				return s
			}
		}
	}
	for u := range in.shapes {
		if !in.shapes[u].prose {
			s := find(in.seg.Units[u].Print)
			s.print = in.seg.Units[u].Print
			s.n++
		}
	}
	for u := range in.shapes {
		if in.shapes[u].prose {
			in.twin = append(in.twin, 0)
		} else {
			in.twin = append(in.twin, uint8(min(find(in.seg.Units[u].Print).n, 255)))
		}
	}
}

// numbers reports whether most of the units around u that are no prose hold a number.
func (in *Input) numbers(u int) bool {
	all, with := 0, 0
	for w := max(0, u-6); w < min(len(in.shapes), u+7); w++ {
		if s := &in.shapes[w]; !s.prose {
			all++
			with += int(s.marks & markNumber)
		}
	}
	return all >= 7 && 2*with > all
}

// beside returns how many units unit u stands before (negative) or behind the stretch [lo, hi); 0 inside.
func beside(u, lo, hi int) int {
	switch {
	case u < lo:
		return u - lo
	case u >= hi:
		return u - hi + 1
	}
	return 0
}

// Article reports whether the text has enough prose to be judged as an
// article, or as a page around one. In lists, catalogues and tables the content looks like furniture.
func (in *Input) Article() bool {
	return len(in.shapes) >= fewest && in.prose >= leastProse && in.share() >= leastShare
}

// share returns the per cent of the text's bytes that are prose.
func (in *Input) share() int { return in.prose * 100 / max(1, len(in.seg.Text)) }

// Below so many units, bytes of prose or per cent of prose a text is left
// alone; below manyShare per cent more is asked of each unit, see Asked.
const (
	fewest     = 8
	leastProse = 600
	leastShare = 4
	manyShare  = 60
)

// Scored reports whether the model looks at unit u. Prose that stands neither
// near an edge nor beside what rules took is content unseen: it costs most and
// is hardly ever furniture.
func (in *Input) Scored(u int) bool {
	return !in.shapes[u].prose || u < nearEdge || u >= len(in.shapes)-nearEdge || in.took(u-1)+in.took(u+1) > 0
}

// nearEdge is the number of units from either edge in which prose is looked at.
const nearEdge = 10

// Len returns the number of units.
func (in *Input) Len() int { return len(in.shapes) }

// Prose reports whether unit u is a sentence of some length.
func (in *Input) Prose(u int) bool { return in.shapes[u].prose }

func (in *Input) shape(u int) uint64 {
	if u < 0 || u >= len(in.shapes) {
		return 1 << 20
	}
	return uint64(in.shapes[u].code())
}

func (in *Input) took(u int) uint64 {
	if u >= 0 && u < len(in.taken) && in.taken[u] {
		return 1
	}
	return 0
}
