package rules

import (
	"cmp"
	"slices"
	"sync"
	"unicode/utf8"

	"winnow/text"
)

// maxExpr is the length in bytes of the longest unit that expressions are
// tried on: a longer one is content, and trying would cost too much.
const maxExpr = 2048

// A hit is one atom found at one place.
type hit struct {
	atom   *atom
	lo, hi int       // units, half-open
	span   text.Span // of the units, or of the part that a prefix or suffix takes
}

// partial reports whether h leaves a part of its unit.
func (h hit) partial() bool {
	return h.atom.kind == KindPrefix || h.atom.kind == KindSuffix || h.atom.kind == KindShape
}

// A finder is the memory that one document needs while it is matched.
type finder struct {
	seg  text.Segments
	hits []hit
	skip []text.Span  // second copies of doubled lines
	laid []text.Block // the document's blocks, and its address
	url  string
	only []bool // the units that find looks at, and their lines; nil for all

	plain    plain          // what expressions see
	views    [2]seen        // the unit and the line looked at last
	tried    []uint64       // by expression: the round and the unit that it was tried on last
	round    uint64         // counts calls of find
	answers  map[asked]bool // of expressions that several rules share
	asked    []uint8        // by unit: what around has asked of it
	found    []uint8        // by unit: what around has found that takes it in
	window   []text.Token   // the tokens of the units of windowed
	windowed [2]int         // what tokensAround joined last, half-open; empty for nothing
	noted    []note         // where literals of exceptions stand
	spare    [][]int        // what ints returns, for the next document
	taken    int            // how many of spare are in use

	near func(a *atom, span text.Span) // told of expressions that did not match a unit that holds their literal; may be nil
	ran  func(a *atom, n int)          // told of each expression that ran in vain and the bytes that it ran on; may be nil
}

func newFinder() *finder { return &finder{answers: map[asked]bool{}} }

// finders are kept for the next document: their memory is most of what matching allocates.
var finders = sync.Pool{New: func() any { return newFinder() }}

// segment cuts the document and makes its plain form.
func (f *finder) segment(doc *text.Document) {
	f.taken, f.noted, f.windowed = 0, f.noted[:0], [2]int{}
	f.seg.Cut(doc.Text, doc.Title, f.skip)
	f.plain.set(&f.seg)
	f.laid, f.url = doc.Blocks, doc.URL
	for i := range f.views {
		f.views[i].at = text.Span{Start: -1, End: -1}
	}
	clear(f.answers)
}

// ints returns n numbers of any value, valid until the next document.
func (f *finder) ints(n int) []int {
	if f.taken == len(f.spare) {
		f.spare = append(f.spare, nil)
	}
	s := &f.spare[f.taken]
	f.taken++
	*s = slices.Grow((*s)[:0], n)[:n]
	return *s
}

// find appends to f.hits every atom of x that stands in f.seg.
func (f *finder) find(x *index) {
	f.round++
	if len(f.tried) < 2*x.exprs {
		f.tried = make([]uint64, 2*x.exprs)
	}
	if f.only == nil {
		f.shapes(x)
	}
	f.selectors(x)
	for i := range f.seg.Lines {
		l := &f.seg.Lines[i]
		if l.Blank() {
			continue
		}
		lo, hi := l.Units[0], l.Units[1]
		if f.only != nil && !slices.Contains(f.only[lo:hi], true) {
			continue
		}
		f.unit(x, l.Span, lo, hi)
		if hi-lo > 1 {
			for u := lo; u < hi; u++ {
				if unit := &f.seg.Units[u]; f.only == nil || f.only[u] {
					f.unit(x, unit.Span, u, u+1)
				}
			}
		}
	}
	f.literals(x)
}

// A note says that a literal of an exception stands in a unit, or begins in it.
type note struct {
	x      *index // of the exception
	w      *scanned
	u      int32
	within bool // whether it ends in the unit too
}

// literals tries the expressions of x whose literals stand in the text, and
// notes where those of its exceptions stand.
func (f *finder) literals(x *index) {
	if x.exceptions {
		f.noticed(x)
		return
	}
	if x.lits.empty() {
		return
	}
	exceptions := [scopes]*index{ofKeeps: x.keeps, ofKeepBlocks: x.keepBlocks}
	u := 0
	x.lits.scan(f.plain.low, func(at, end int, w *scanned) {
		if u = f.unitAt(at, u); u == len(f.plain.units) {
			return
		}
		within := f.plain.units[u].Start <= at && end <= f.plain.units[u].End
		if w.of == ofIndex {
			f.literal(x, u, within, w)
		} else if f.seg.Units[u].Span.Len() <= maxExpr { // on others, and on their lines, nothing is tried
			f.note(note{exceptions[w.of], w, int32(u), within})
		}
	})
}

// note keeps n, unless it is one of the last ones.
func (f *finder) note(n note) {
	if !slices.Contains(f.noted[max(0, len(f.noted)-4):], n) {
		f.noted = append(f.noted, n)
	}
}

// noticed tries the expressions of x, which are exceptions, where their literals
// were noted: in the lines of the units that find looks at. Of a line on which
// no expression is tried as a whole, only these units are looked at.
func (f *finder) noticed(x *index) {
	for _, n := range f.noted {
		if n.x != x {
			continue
		}
		u := int(n.u)
		if f.only != nil && !f.only[u] {
			l := &f.seg.Lines[f.seg.Units[u].Line]
			if l.Span.Len() > maxExpr || !slices.Contains(f.only[l.Units[0]:l.Units[1]], true) {
				continue
			}
		}
		f.literal(x, u, n.within, n.w)
	}
}

// unitAt returns the first unit that ends behind offset at of the plain form; u
// is the one that was asked for last, which is near.
func (f *finder) unitAt(at, u int) int {
	units := f.plain.units
	for u < len(units) && units[u].End <= at {
		u++
	}
	for u > 0 && units[u-1].End > at {
		u--
	}
	return u
}

// literal tries the expressions of x that have the literal w, which stands within
// unit u or begins in it or behind it: on that unit and on its line.
func (f *finder) literal(x *index, u int, within bool, w *scanned) {
	var own, line *seen
	if within {
		if own = f.see(u, u+1); len(w.atoms) > 1 && !w.any.may(own) && f.near == nil { // else try looks itself
			own = nil
		}
	}
	l := &f.seg.Lines[f.seg.Units[u].Line]
	if l.Units[1]-l.Units[0] > 1 && l.Span.Len() <= maxExpr {
		if line = f.see(l.Units[0], l.Units[1]); !(w.any.spans && (len(w.atoms) == 1 || w.any.may(line))) && f.near == nil {
			line = nil
		}
	}
	for _, n := range w.atoms {
		if own != nil {
			f.try(x, n, own, u, u+1, false)
		}
		if line != nil {
			f.try(x, n, line, l.Units[0], l.Units[1], false)
		}
	}
}

// filled returns the tokens and the fingerprint of unit lo, or of its line where
// [lo, hi) is more than that unit.
func (f *finder) filled(lo, hi int) ([]text.Token, text.Fingerprint) {
	if hi-lo > 1 {
		l := f.seg.FillLine(f.seg.Units[lo].Line)
		return f.seg.TokensOf(l.Tokens), l.Print
	}
	u := f.seg.Fill(lo)
	return f.seg.TokensOf(u.Tokens), u.Print
}

// unit looks up one unit (or line of several units) by its fingerprints.
func (f *finder) unit(x *index, span text.Span, lo, hi int) {
	first, second, sure := f.seg.Begin(lo)
	if hi-lo > 1 && second == 0 { // the line's further tokens are the next units'
		sure, second = sure && first != 0, text.Unknown
	}
	if !sure {
		if toks, _ := f.filled(lo, hi); len(toks) == 0 {
			return
		}
	} else if first == 0 {
		return
	}
	if len(x.opens.heads) > 0 {
		v := f.see(lo, hi)
		x.opens.lookup(v.low[v.word:], func(n int32) { f.try(x, n, v, lo, hi, true) })
	}
	if sure && !x.begins.has(first, second) && !x.suffix.mayEnd(&f.seg, hi-1) {
		return
	}
	toks, p := f.filled(lo, hi)
	x.exact.lookup(p, func(n int32) {
		f.hits = append(f.hits, hit{&x.atoms[n], lo, hi, span})
	})
	if x.prefix.starts.has(toks[0].Hash) {
		var fold text.Fold
		done := 0
		for _, s := range steps {
			if s > len(toks) {
				break
			}
			for ; done < s; done++ {
				fold = fold.Add(toks[done].Hash)
			}
			x.prefix.lookup(fold.Print(), func(n int32) { f.edge(&x.atoms[n], toks, span, lo, hi) })
		}
	}
	if x.suffix.starts.has(toks[len(toks)-1].Hash) {
		var fold text.Fold
		done := 0
		for _, s := range steps {
			if s > len(toks) {
				break
			}
			for ; done < s; done++ {
				fold = fold.Add(toks[len(toks)-1-done].Hash)
			}
			x.suffix.lookup(fold.Print(), func(n int32) { f.edge(&x.atoms[n], toks, span, lo, hi) })
		}
	}
}

// edge checks a prefix, suffix or open template whose key was found.
func (f *finder) edge(a *atom, toks []text.Token, span text.Span, lo, hi int) {
	if a.kind == KindTemplate {
		if hi-lo > 1 && !a.spans() {
			return
		}
		if a.tmpl.match(f.seg.Text, toks) {
			f.hits = append(f.hits, hit{a, lo, hi, span})
		}
		return
	}
	n := len(a.tokens)
	if n > len(toks) {
		return
	}
	for i, h := range a.tokens {
		t := toks[i]
		if a.kind == KindSuffix {
			t = toks[len(toks)-1-i]
		}
		if t.Hash != h {
			return
		}
	}
	// The prefix takes what stands between it and the next token; the suffix begins with its first token.
	if a.kind == KindPrefix && n < len(toks) {
		span.End = int(toks[n].Start)
	} else if a.kind == KindSuffix && n < len(toks) {
		span.Start = int(toks[len(toks)-n].Start)
	}
	if span = span.Trim(f.seg.Text); !span.Empty() {
		f.hits = append(f.hits, hit{a, lo, hi, span})
	}
}

// try runs the expression n on unit lo, or on its line where [lo, hi) is all of
// it, which it may match. v is that unit or line; headed says that it begins as
// the expression asks.
func (f *finder) try(x *index, n int32, v *seen, lo, hi int, headed bool) {
	g := &x.glances[n]
	if hi-lo > 1 && !g.spans {
		return
	}
	may := g.may(v)
	if !may && f.near == nil {
		return
	}
	a := &x.atoms[n]
	if a.kind == KindCues {
		if span := f.seg.Units[lo].Span; span.Len() <= maxSpeech && a.cues.calls(f, lo) {
			f.hits = append(f.hits, hit{a, lo, hi, span})
		}
		return
	}
	slot := &f.tried[2*a.expr.n]
	span := f.seg.Units[lo].Span
	if hi-lo > 1 {
		slot = &f.tried[2*a.expr.n+1]
		span = f.seg.Lines[f.seg.Units[lo].Line].Span
	}
	now := f.round<<32 | uint64(lo)
	if *slot == now || span.Len() > maxExpr {
		return
	}
	*slot = now
	if may && f.matches(a, v, headed) {
		f.hits = append(f.hits, hit{a, lo, hi, span})
	} else if f.near != nil {
		f.near(a, span)
	}
}

// matches reports whether the expression of a matches v, which its glance lets
// pass. headed says that v begins with a head of it.
func (f *finder) matches(a *atom, v *seen, headed bool) bool {
	if !a.expr.may(v, headed) {
		return false
	}
	k := asked{a.expr.source, v.at}
	if a.expr.shared {
		if yes, ok := f.answers[k]; ok {
			return yes
		}
	}
	yes := a.expr.dfa().match(v.plain)
	if f.ran != nil && !yes {
		f.ran(a, len(v.plain))
	}
	if a.expr.shared {
		f.answers[k] = yes
	}
	return yes
}

// An asked is an expression and what it was run on.
type asked struct {
	source string
	at     text.Span // in the plain form
}

// maxSpan is the length in runes up to which an expression may match a line of several sentences.
const maxSpan = 600

// spans reports whether a may match a line of several sentences as one unit. An
// expression without a bound would take the prose on that line too.
func (a *atom) spans() bool {
	return a.rule.Line || a.kind == KindRegexp && 0 <= a.expr.max && a.expr.max <= maxSpan
}

// takesProse reports whether h is a line of several sentences of which one is
// plainly content and, by own, no match for any rule by itself.
func (f *finder) takesProse(h hit, own func(u int) bool) bool {
	if h.hi-h.lo == 1 || h.atom.kind != KindRegexp || h.atom.rule.Line {
		return false
	}
	for u := h.lo; u < h.hi; u++ {
		if f.content(u) && !own(u) {
			return true
		}
	}
	return false
}

// A candidate is a rule's match before places, exceptions and options have been looked at.
type candidate struct {
	rule    *Rule
	lo, hi  int // units
	span    text.Span
	partial bool
	reason  string // of a Scorer
}

// candidates turns hits into matches of rules, sorted by place and rule.
func (f *finder) candidates(xs []*index) []candidate {
	var cs []candidate
	var runs map[*Rule][]hit
	var given, refused map[*Rule]bool
	var alone map[int]bool // units that rules match by themselves
	for _, h := range f.hits {
		switch {
		case h.atom.role == roleGiven:
			given = put(given, h.atom.rule)
		case h.atom.role == roleUnless:
			refused = put(refused, h.atom.rule)
		case h.atom.role == roleWhole && h.hi-h.lo == 1 && !h.partial():
			alone = put(alone, h.lo)
		}
	}
	own := func(u int) bool { return alone[u] }
	for _, h := range f.hits {
		if h.atom.role == roleGiven || len(h.atom.rule.Given) > 0 && !given[h.atom.rule] || refused[h.atom.rule] || f.takesProse(h, own) {
			continue
		}
		if h.atom.role == roleWhole {
			cs = append(cs, candidate{rule: h.atom.rule, lo: h.lo, hi: h.hi, span: h.span, partial: h.partial()})
			continue
		}
		if runs == nil {
			runs = map[*Rule][]hit{}
		}
		runs[h.atom.rule] = append(runs[h.atom.rule], h)
	}
	if runs != nil {
		for _, x := range xs {
			for _, p := range x.blocks {
				if hits := runs[p.rule]; hits != nil {
					cs = f.blocks(cs, p, hits)
				}
			}
		}
		for _, x := range xs {
			cs = f.cues(x, runs, cs)
		}
	}
	cs = slices.DeleteFunc(cs, func(c candidate) bool {
		return c.rule.Line && !f.wholeLines(c) || c.rule.LineEnd && !f.endsLine(c)
	})
	slices.SortFunc(cs, func(a, b candidate) int {
		return cmp.Or(a.span.Compare(b.span), cmp.Compare(a.rule.ID, b.rule.ID))
	})
	return slices.CompactFunc(cs, func(a, b candidate) bool { return a.span == b.span && a.rule == b.rule })
}

// put adds k to m, which is made when it is first needed.
func put[K comparable](m map[K]bool, k K) map[K]bool {
	if m == nil {
		m = map[K]bool{}
	}
	m[k] = true
	return m
}

// wholeLines reports whether c begins and ends with a line.
func (f *finder) wholeLines(c candidate) bool {
	return f.seg.Lines[f.seg.Units[c.lo].Line].Units[0] == c.lo && f.endsLine(c)
}

// endsLine reports whether c ends with a line.
func (f *finder) endsLine(c candidate) bool {
	return f.seg.Lines[f.seg.Units[c.hi-1].Line].Units[1] == c.hi
}

// content reports whether unit u is plainly content: a sentence of some length.
func (f *finder) content(u int) bool {
	unit := f.seg.Fill(u)
	n := unit.Tokens.Len()
	if toks := f.seg.TokensOf(unit.Tokens); n > 0 && unit.Span.Len() < 4*n && f.seg.Text[toks[0].Start] >= utf8.RuneSelf {
		n = n * 2 / 5 // East Asian: a token is a character, and a word has two or three
	}
	if n < 12 {
		return false
	}
	t := unit.Span.In(f.seg.Text)
	return n >= 30 || endsSentence(t)
}

// furniture reports whether unit u is short and does not read like a sentence.
func (f *finder) furniture(u int) bool {
	unit := &f.seg.Units[u]
	l := &f.seg.Lines[unit.Line]
	if f.wordless(u) {
		return true // a ruler
	}
	if l.Units[1]-l.Units[0] > 1 || l.Span.Len() > 120 || f.seg.Fill(u).Tokens.Len() > 10 {
		return false
	}
	return !endsSentence(unit.Span.In(f.seg.Text))
}

// wordless reports whether unit u has no tokens.
func (f *finder) wordless(u int) bool {
	if first, _, sure := f.seg.Begin(u); sure {
		return first == 0
	}
	return f.seg.Fill(u).Tokens.Len() == 0
}

// endsSentence reports whether t ends with a sentence stop, a quotation mark after one or not, or a comma.
func endsSentence(t string) bool {
	for len(t) > 0 {
		r, n := utf8.DecodeLastRuneInString(t)
		switch r {
		case '.', '!', '?', '…', '。', '！', '？', '．', '؟', '।', ',', ';', '，', '；', '"', '“', '”', '„', '‟', '«', '»', '″', '＂':
			return true
		case ')', ']', '\'', '`', '’', '‘', '‚', '‛', '′', 'ʼ', '´', '）', '］', '＇', 0xAD, 0x200C, 0x200D, 0x200E, 0x200F:
		default:
			if !text.IsSpace(r) {
				return false
			}
		}
		t = t[:len(t)-n]
	}
	return false
}
