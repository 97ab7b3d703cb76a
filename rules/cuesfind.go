package rules

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/text"
)

// A said is a cue that stands in a unit.
type said struct {
	list int
	span text.Span
}

// A speech is what a cueSet finds in one unit.
type speech struct {
	lists uint64 // bits
	said  []said
	never bool // quoted, reported, or no running text

	markup bool // of code or Markdown, as documentation has it
}

// Lengths in bytes.
const (
	maxSpeech = 600 // of a unit of a run
	maxLabel  = 45  // of a unit that is no sentence
)

// maxQuoted is the most words of a name in quotation marks.
const maxQuoted = 6

// read finds the cues of unit u.
func (s *cueSet) read(f *finder, u int) speech {
	unit := f.seg.Fill(u)
	toks := f.seg.TokensOf(unit.Tokens)
	t := f.seg.Text
	var sp speech
	raw := unit.Span.In(t)
	sp.markup = markup(raw)
	sp.never = sp.markup || len(raw) > maxSpeech || strings.HasPrefix(raw, "- ") || strings.HasPrefix(raw, "* ") || glued(raw)
	led, asked := -1, 0 // the tokens before which a lead ends, and a call
	for i := 0; i < len(toks); i++ {
		if toks[i].Hash == text.MarkQuote {
			n := quotedName(t, toks[i:])
			sp.never = sp.never || n == 0
			i += max(n-1, 0)
			continue
		}
		note := func(p *phrase) {
			n := p.match(t, toks[i:])
			if n == 0 || p.list == cueCall && i != led && !clause(t, toks, i) {
				return
			}
			switch p.list {
			case cueLead:
				led = max(led, i+n)
			case cueCall, cueAsk:
				asked = max(asked, i+n)
			case cueNever: // "I" in "I'll give" is the reader's
				sp.never = sp.never || i >= asked
			}
			if sp.lists&(1<<p.list) == 0 {
				sp.lists |= 1 << p.list
				sp.said = append(sp.said, said{p.list, text.Span{Start: int(toks[i].Start), End: int(toks[i+n-1].End)}})
			}
		}
		s.all.begin(t, toks[i], note)
	}
	return sp
}

// markup reports whether t holds signs of code or of Markdown.
func markup(t string) bool { return strings.HasPrefix(t, "#") || markupInside(t) }

func markupInside(t string) bool {
	for _, c := range [...]byte{'`', '{', '}', '\\'} {
		if strings.IndexByte(t, c) >= 0 {
			return true
		}
	}
	return strings.Contains(t, "](")
}

// rest finds what demands asks of a unit: whether a phrase of Topic stands in
// it, and one of Voice.
func (s *cueSet) rest(f *finder, u int) (topic, voice bool) {
	toks := f.seg.TokensOf(f.seg.Fill(u).Tokens)
	t := f.seg.Text
	for i := 0; i < len(toks) && !(topic && voice); i++ {
		if toks[i].Hash == text.MarkQuote {
			i += max(quotedName(t, toks[i:])-1, 0)
			continue
		}
		s.themes.begin(t, toks[i], func(p *phrase) {
			if p.match(t, toks[i:]) > 0 {
				topic, voice = topic || p.list == cueTopic, voice || p.list == cueVoice
			}
		})
	}
	return topic, voice
}

// calls reports whether a phrase of Call or Ask stands in unit u; whether it
// begins a clause is left open.
func (s *cueSet) calls(f *finder, u int) (yes bool) {
	toks := f.seg.TokensOf(f.seg.Fill(u).Tokens)
	t := f.seg.Text
	for i := range toks {
		s.asks.begin(t, toks[i], func(p *phrase) { yes = yes || p.match(t, toks[i:]) > 0 })
		if yes {
			return true
		}
	}
	return false
}

// quotedName returns how many of toks, which begin with a quotation mark, are a
// name in quotation marks: few words and no stop. 0 is for what somebody says.
func quotedName(t string, toks []text.Token) int {
	for i := 1; i < min(len(toks), maxQuoted+2); i++ {
		if toks[i].Hash == text.MarkQuote {
			if strings.ContainsAny(t[toks[0].End:toks[i].Start], ",.;:!?…、，。！？") {
				return 0
			}
			return i + 1
		}
	}
	return 0
}

// glued reports whether t holds a sentence that ends where the next one begins, without a space.
func glued(t string) bool {
	is := func(i int, from, to byte) bool { return from <= t[i] && t[i] <= to }
	for i := nextCapital(t, 0, len(t)); i < len(t); i = nextCapital(t, i+1, len(t)) {
		switch {
		case i < 2 || !is(i, 'A', 'Z'):
		case i > 2 && i+1 < len(t) && (t[i-1] == '.' || t[i-1] == '!' || t[i-1] == '?') && is(i-2, 'a', 'z') && is(i-3, 'a', 'z'):
			return true
		case i+2 < len(t) && is(i-1, 'A', 'Z') && is(i-2, 'A', 'Z') && is(i+1, 'a', 'z') && is(i+2, 'a', 'z'): // OFFICEThe
			return true
		}
	}
	return false
}

// clause reports whether a clause begins with token i.
func clause(t string, toks []text.Token, i int) bool {
	if i == 0 {
		return true
	}
	between := t[toks[i-1].End:toks[i].Start]
	return strings.ContainsAny(between, ",:;.!?|•·>–—、，。：；！？　") || strings.Contains(between, " - ")
}

// A hearing is one rule's look at one document.
type hearing struct {
	*cueSet
	f    *finder
	read map[int]speech
}

func (h *hearing) unit(u int) speech {
	sp, ok := h.read[u]
	if !ok {
		sp = h.cueSet.read(h.f, u)
		h.read[u] = sp
	}
	return sp
}

// talks reports whether unit u may be a part of a run.
func (h *hearing) talks(u int) bool {
	sp := h.unit(u)
	return !sp.never && sp.lists&h.talk != 0
}

// tells reports whether unit u says so much that it is a part of a run in the
// line next to it: a label one thing that counts, and a sentence see speaks.
func (h *hearing) tells(u int) bool {
	unit := h.f.seg.Fill(u)
	label := unit.Span.Len() <= maxLabel && (unit.Tokens.Len() <= 5 || !endsSentence(unit.Span.In(h.f.seg.Text)))
	return label && h.talks(u) && h.unit(u).lists&h.counts != 0 || h.speaks(u)
}

// speaks reports whether unit u says two things that count, or one where it is
// short, to the reader or of the publisher: of a paragraph only such sentences
// belong to a run.
func (h *hearing) speaks(u int) bool {
	lists := h.unit(u).lists
	things := bits.OnesCount64(lists & h.counts)
	return h.talks(u) && lists&(h.need|1<<cueCall|1<<cueAsk|1<<cueVoice) != 0 && (things > 1 || things > 0 && !h.f.content(u))
}

// cues appends the runs of the rules of x that are of the kind cues. cs are the
// matches of the other rules, openers the units that may hold a call of a rule.
func (f *finder) cues(x *index, openers map[*Rule][]hit, cs []candidate) []candidate {
	var taken []bool
	for _, s := range x.cues {
		calls := openers[s.rule]
		if calls == nil {
			continue
		}
		if taken == nil {
			taken = f.wholly(cs)
		}
		cs = (&hearing{s, f, map[int]speech{}}).runs(cs, calls, taken)
	}
	return cs
}

// wholly returns the units that matches of enforcing rules cover.
func (f *finder) wholly(cs []candidate) []bool {
	taken := make([]bool, len(f.seg.Units))
	for _, c := range cs {
		for u := c.lo; u < c.hi && !c.partial && c.rule.Mode == Enforce; u++ {
			taken[u] = true
		}
	}
	return taken
}

// A speaker is a run of units in which somebody asks for something.
type speaker struct{ lo, hi int }

// bytes returns the length of r.
func (h *hearing) bytes(r speaker) (n int) {
	for u := r.lo; u < r.hi; u++ {
		n += h.f.seg.Units[u].Span.Len()
	}
	return n
}

// runs appends the runs of h that have points enough.
func (h *hearing) runs(cs []candidate, calls []hit, taken []bool) []candidate {
	var rs []speaker
	slices.SortFunc(calls, func(x, y hit) int { return cmp.Compare(x.lo, y.lo) })
	for _, call := range calls {
		u := call.lo
		if n := len(rs); n > 0 && u < rs[n-1].hi {
			continue
		}
		if sp := h.unit(u); sp.never || sp.lists&(1<<cueCall|1<<cueAsk) == 0 {
			continue
		}
		rs = append(rs, h.around(u))
	}
	var enough []speaker
	var points []int
	most := math.MinInt // what the rest of the document may ask for at most
	for _, r := range rs {
		if lists := h.lists(r); (h.need == 0 || h.need&lists != 0) && h.from&^lists == 0 {
			p := h.count(lists)
			if spare := p - h.asked(r, 0, math.MaxInt, taken); p >= h.rule.Cues.Least && spare >= leastMore {
				enough, points, most = append(enough, r), append(points, p), max(most, spare)
			}
		}
	}
	if len(enough) == 0 {
		return cs
	}
	more, rest := h.demands(rs, taken, most)
	if rest == 0 || more > most {
		return cs
	}
	for i, r := range enough {
		asked := h.asked(r, more, rest, taken)
		if points[i] < asked {
			continue
		}
		us := h.f.seg.Units
		cs = append(cs, candidate{rule: h.rule, lo: r.lo, hi: r.hi, reason: h.reason(r, points[i], asked),
			span: text.Span{Start: us[r.lo].Span.Start, End: us[r.hi-1].Span.End}})
	}
	return cs
}

// around returns the run that the call in unit u stands in: sentences of its
// line, with one between two of them that says nothing, and whole lines above
// and below. A line that stands for itself goes whole where each sentence talks.
func (h *hearing) around(u int) speaker {
	within := h.rule.Cues.Within
	if within == 0 {
		within = 16
	}
	units, lines := h.f.seg.Units, h.f.seg.Lines
	line := units[u].Line
	// A line may hold a book: no more of it is looked at than a run can take.
	first, last := max(lines[line].Units[0], u-within-1), min(lines[line].Units[1], u+within+2)
	for n := u; n > first; n-- { // wide gaps part paragraphs too
		if h.gap(n) {
			first = n
		}
	}
	for n := u + 1; n < last; n++ {
		if h.gap(n) {
			last = n
		}
	}
	r := speaker{u, u + 1}
	for r.hi-r.lo < within && r.lo > first {
		if h.speaks(r.lo - 1) {
			r.lo--
		} else if r.lo-2 >= first && h.speaks(r.lo-2) && !h.unit(r.lo-1).never {
			r.lo -= 2
		} else {
			break
		}
	}
	for r.hi-r.lo < within && r.hi < last {
		if h.speaks(r.hi) || h.talks(r.hi) && !h.f.content(r.hi) {
			r.hi++
		} else if r.hi+1 < last && h.speaks(r.hi+1) && !h.unit(r.hi).never {
			r.hi += 2
		} else {
			break
		}
	}
	if alone := first == lines[line].Units[0] && last == lines[line].Units[1]; alone && last-first <= within && (h.step(line, -1) >= 0 || h.step(line, 1) >= 0) {
		all := true
		for u := first; u < last; u++ {
			all = all && (r.lo <= u && u < r.hi || h.talks(u))
		}
		if all {
			r = speaker{first, last}
		}
	}
	for up := line; r.lo == lines[up].Units[0]; {
		if up = h.step(up, -1); up < 0 || !h.joins(up, r, within) {
			break
		}
		r.lo = lines[up].Units[0]
	}
	for down := line; r.hi == lines[down].Units[1]; {
		if down = h.step(down, 1); down < 0 || !h.joins(down, r, within) {
			break
		}
		r.hi = lines[down].Units[1]
	}
	return r
}

// gap reports whether the white space before unit u, inside a line, is that of a
// lost line break: wide, or none between two sentences of a script that sets spaces.
func (h *hearing) gap(u int) bool {
	us := h.f.seg.Units
	n := us[u].Span.Start - us[u-1].Span.End
	return n > 3 || n == 0 && h.f.seg.Text[us[u].Span.Start-1] < utf8.RuneSelf
}

// step returns the next line from line on that is not blank, or -1.
func (h *hearing) step(line, by int) int {
	for line += by; 0 <= line && line < len(h.f.seg.Lines); line += by {
		if !h.f.seg.Lines[line].Blank() {
			return line
		}
	}
	return -1
}

// joins reports whether a line next to run r is a part of it: each of its
// sentences talks, and the first or the last one tells.
func (h *hearing) joins(line int, r speaker, within int) bool {
	units := h.f.seg.Lines[line].Units
	if r.hi-r.lo+units[1]-units[0] > within || !h.tells(units[0]) && !h.tells(units[1]-1) {
		return false
	}
	for u := units[0]; u < units[1]; u++ {
		if !h.talks(u) {
			return false
		}
	}
	return true
}

// lists returns what is said in r.
func (h *hearing) lists(r speaker) (lists uint64) {
	for u := r.lo; u < r.hi; u++ {
		lists |= h.unit(u).lists
	}
	return lists
}

// count returns the points of lists.
func (h *hearing) count(lists uint64) (points int) {
	if lists&(1<<cueCall|1<<cueAsk) != 0 {
		points++
	}
	for i := cueGroups; i < len(h.points); i++ {
		if lists&(1<<i) != 0 {
			points += h.points[i]
		}
	}
	return points
}

// maxMarked is the most points that code and Markdown in the rest of a document ask for.
const maxMarked = 3

// leastMore is the least that demands returns.
const leastMore = -1

// demands returns how many points more the rest of the document asks for, and
// its bytes; these are 0 where no prose is among it. It reads no further once
// that is more than most.
func (h *hearing) demands(rs []speaker, taken []bool, most int) (more, bytes int) {
	in := make([]bool, len(taken))
	for _, r := range rs {
		for u := r.lo; u < r.hi; u++ {
			in[u] = true
		}
	}
	prose, voiced, topics, marked := 0, 0, 0, 0
	asks := func(prose int) int { // of prose units, of which so many are voiced
		switch {
		case voiced*3 > prose:
			return topics + marked + 3
		case voiced*8 > prose:
			return topics + marked + 1
		case prose > 1 && voiced+topics == 0: // a report: nobody in it speaks to the reader
			return marked + leastMore
		}
		return topics + marked
	}
	inside := markupInside(h.f.seg.Text)
	for u := range h.f.seg.Units {
		if in[u] || taken[u] {
			continue
		}
		topic, voice := h.rest(h.f, u)
		if topic {
			topics++
		}
		raw := h.f.seg.Units[u].Span.In(h.f.seg.Text)
		if marked < maxMarked && (inside && markup(raw) || raw[0] == '#') {
			marked++
		}
		bytes += len(raw)
		if h.f.content(u) || len(raw) > maxLabel && endsSentence(raw) {
			prose++
			if voice {
				voiced++
			}
		}
		if more = asks(max(len(taken), 2)); more > most { // if all of it were prose
			return more, bytes
		}
	}
	if prose == 0 {
		return 0, 0
	}
	return asks(prose), bytes
}

// A run of more than shortRun bytes needs one point more for each longRun bytes
// beyond: in a long text that says "we" and "you" all along a little of
// everything stands.
const (
	shortRun = 300
	longRun  = 150
)

// asked returns the points that r needs, of a document whose rest, of that many
// bytes, asks for more.
func (h *hearing) asked(r speaker, more, rest int, taken []bool) int {
	points, n := h.rule.Cues.Least+more+h.place(r, taken), h.bytes(r)
	if n > rest { // the document may be an appeal itself
		points += 2
	}
	return points + max(0, n-shortRun)/longRun
}

// place returns how many points more are asked of r for where it stands: a run
// that shares its line with other text may be a part of it.
func (h *hearing) place(r speaker, taken []bool) (points int) {
	units, lines := h.f.seg.Units, h.f.seg.Lines
	first, last := &lines[units[r.lo].Line], &lines[units[r.hi-1].Line]
	before, after := r.lo > first.Units[0], r.hi < last.Units[1]
	if before && h.unit(r.lo-1).never || after && h.unit(r.hi).never {
		points++
	}
	if next := units[r.hi-1].Line + 1; !after && next < len(lines) && last.Span.Len() > proseLine && !endsSentence(last.Span.In(h.f.seg.Text)) {
		if c, _ := utf8.DecodeRuneInString(lines[next].Span.In(h.f.seg.Text)); unicode.IsLower(c) || c == '<' || c == '(' {
			points += 3 // a sentence that goes on in the next line
		}
	}
	switch {
	case before && after:
		return points + 2
	case after:
		return points + 1
	case before:
		for u := r.hi; u < len(units); u++ {
			if !taken[u] && !h.f.furniture(u) {
				return points + 1
			}
		}
	}
	return points
}

// reason says what stands in r and what it counts.
func (h *hearing) reason(r speaker, points, asked int) string {
	var b strings.Builder
	var seen uint64
	for u := r.lo; u < r.hi; u++ {
		for _, s := range h.unit(u).said {
			if name := h.names[s.list]; name != "" && seen&(1<<s.list) == 0 && s.list != cueVoice {
				seen |= 1 << s.list
				fmt.Fprintf(&b, "%s %q, ", name, s.span.In(h.f.seg.Text))
			}
		}
	}
	fmt.Fprintf(&b, "%d points of %d", points, asked)
	return b.String()
}

// doubt says what stands in the run around unit u, and why it is not enough; ""
// where nobody asks for anything there.
func (r *Rule) doubt(f *finder, u int, cs []candidate) string {
	s, err := newCueSet(r)
	if err != nil {
		return "" // the set was compiled with it
	}
	h := &hearing{s, f, map[int]speech{}}
	taken := f.wholly(cs)
	for n := range f.seg.Units {
		if sp := h.unit(n); sp.never || sp.lists&(1<<cueCall|1<<cueAsk) == 0 {
			continue
		}
		run := h.around(n)
		if u < run.lo || run.hi <= u {
			continue
		}
		lists := h.lists(run)
		more, rest := h.demands([]speaker{run}, taken, math.MaxInt)
		asked := h.asked(run, more, rest, taken)
		switch {
		case rest == 0:
			return h.reason(run, h.count(lists), asked) + ", but nothing else in the document is prose"
		case h.need != 0 && h.need&lists == 0:
			return h.reason(run, h.count(lists), asked) + ", but none of " + strings.Join(r.Cues.Need, ", ")
		case h.from&^lists != 0:
			return h.reason(run, h.count(lists), asked) + ", but nothing of from"
		}
		return h.reason(run, h.count(lists), asked)
	}
	return ""
}
