package learn

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/rules"
	"winnow/text"
)

// Some furniture varies in names alone: "Follow Jane Doe on Twitter". With
// each run of capitalised words made a slot, such units have one form. A form
// is accepted where several groups hold it with different names, where its
// constant words outweigh its slots, and where a cue or its author's role says
// what it is; a form without either may be a way of telling a story.

const (
	minTemplate = 4  // tokens of a unit
	maxTemplate = 30 // tokens
	nameMark    = 0x6E616D65
)

// A form with names is a masked unit and its places.
type named struct {
	pattern  string
	groups   map[int32]bool
	variants map[unitID]bool
	at       []place
	words    int // constant
	slots    int
}

// A masked is a unit whose names were made slots.
type masked struct {
	print text.Fingerprint
	unit  int32
	whole bool // the first word too
}

// appendMasks appends the forms with names of unit i, whose tokens, of t, are toks.
func appendMasks(ms []masked, t string, toks []text.Token, i int32) []masked {
	for _, whole := range []bool{false, true} {
		if m := mask(t, toks, whole); m.names > 0 && m.slots > 0 && m.words >= 3 {
			ms = append(ms, masked{m.print, i, whole})
		}
	}
	return ms
}

// templates makes template rules.
func (w *writer) templates() {
	a := w.a
	type at struct {
		print text.Fingerprint
		place
		whole bool
	}
	var all []at
	for i := range a.docs {
		for _, m := range a.docs[i].masks {
			if u := a.docs[i].units[m.unit]; !a.accepted[u.id] || 2*int(a.stat(u).groups) < a.groups {
				all = append(all, at{m.print, place{int32(i), m.unit}, m.whole})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y at) int { return cmp.Compare(x.print, y.print) })
	var forms []*named
	for lo, hi := 0, 0; lo < len(all); lo = hi {
		for hi = lo + 1; hi < len(all) && all[hi].print == all[lo].print; hi++ {
		}
		if hi-lo < 3 {
			continue
		}
		f := &named{groups: map[int32]bool{}, variants: map[unitID]bool{}}
		for _, x := range all[lo:hi] {
			d := &a.docs[x.doc]
			f.groups[d.group] = true
			f.variants[d.units[x.unit].id] = true
			if len(f.at) < maxPlaces {
				f.at = append(f.at, x.place)
			}
		}
		if len(f.groups) < 3 || len(f.variants) < 3 {
			continue
		}
		d := &a.docs[all[lo].doc]
		span := d.units[all[lo].unit].span()
		m := mask(d.Text, d.tokens(span), all[lo].whole)
		if f.pattern = m.pattern(d.Text, span); f.pattern == "" {
			continue
		}
		f.words, f.slots = m.words, m.slots
		forms = append(forms, f)
	}
	slices.SortStableFunc(forms, func(x, y *named) int {
		return cmp.Or(len(y.groups)-len(x.groups), cmp.Compare(x.pattern, y.pattern))
	})
	taken := map[place]bool{}
	w.filled = map[unitID]bool{}
	for _, f := range forms {
		if slices.ContainsFunc(f.at, func(p place) bool { return taken[p] }) {
			continue
		}
		if w.template(f) {
			for _, p := range f.at {
				taken[p] = true
				w.filled[a.docs[p.doc].units[p.unit].id] = true
			}
		}
	}
}

// template makes a rule of f and reports whether it stands.
func (w *writer) template(f *named) bool {
	a := w.a
	d := &a.docs[f.at[0].doc]
	sample := d.text(d.units[f.at[0].unit])
	c := authorial(sample)
	if c == "" {
		var cue int
		bare := withoutSlots(f.pattern, ",")
		if c, cue = cueOf(bare); cue < 2 && 4*cue < f.words || f.words < 2*f.slots && !isCallText(bare) {
			return false
		}
	}
	lift, bound := a.lift(f.pattern, f.at)
	if bound >= 0.7 && lift > 1.5 || a.likeness(f.at) > 3 && 10*a.kinship(f.at) > 10*a.kin0+5 {
		return false
	}
	n := len(f.groups)
	ev := &rules.Evidence{Documents: a.seen, Groups: n, Occurrences: len(f.at), Lift: lift, Variants: len(f.variants), Precision: min(precision(accept), wilson(n, n)+0.3), Corpus: a.corpus, Learner: Version}
	w.dates(ev, f.at)
	r := &rules.Rule{
		ID: "x/x", Scope: rules.Scope{Publisher: a.publisher}, Kind: rules.KindTemplate, Mode: rules.Enforce, Where: rules.Anywhere,
		Category: c, Text: []string{f.pattern}, Exempt: true, Evidence: ev, Confidence: ev.Precision,
		Why: fmt.Sprintf("The same words around changing names, in %d of %d documents looked at.", n, a.groups),
	}
	var places []sampleSpan
	for _, p := range spread(f.at, 8) {
		d := &a.docs[p.doc]
		places = append(places, sampleSpan{int(p.doc), d.units[p.unit].span()})
	}
	w.sample(ev, places)
	if !w.exemplify(r, places) {
		return false
	}
	r.ID = w.id(string(c), withoutSlots(f.pattern, " "))
	w.rules = append(w.rules, r)
	return true
}

// withoutSlots returns a pattern with its open slots replaced.
func withoutSlots(pattern, by string) string {
	return strings.NewReplacer("<name>", by, "<title>", by).Replace(pattern)
}

// telling holds the words that a cue or a note on authors begins with: a unit
// with none of them has no form that would be accepted.
var telling = func() *wordSet {
	hs := slices.Collect(maps.Keys(cues))
	for _, p := range slices.Concat(creditPhrases, professions, bylineWords) {
		hs = append(hs, p.words[0])
	}
	return newWordSet(hs...)
}()

// A namedMask is a text in which each name was made a slot.
type namedMask struct {
	print        text.Fingerprint
	words, slots int // constant words, and slots with the names
	names        int
	open         int
	at           [maxTemplate]text.Token // the slots that a pattern writes as such: names and titles
}

// mask makes slots of the names among toks, tokens of t, at most
// maxTemplate or it returns no names. The first word is a name only with whole,
// and only where more capitals follow.
func mask(t string, toks []text.Token, whole bool) (m namedMask) {
	if len(toks) > maxTemplate {
		return m
	}
	var f text.Fold
	for i := 0; i < len(toks); {
		n := 0
		if i > 0 || whole {
			n = nameLen(t, toks[i:])
		}
		if n == 0 || i == 0 && n < 2 {
			if text.IsSlot(toks[i].Hash) || toks[i].Hash == text.MarkQuote {
				m.slots++
			} else {
				m.words++
			}
			if toks[i].Hash == text.SlotTitle {
				m.at[m.open] = toks[i]
				m.open++
			}
			f = f.Add(toks[i].Hash)
			i++
			continue
		}
		m.slots++
		f = f.Add(nameMark)
		m.at[m.open] = text.Token{Hash: nameMark, Start: toks[i].Start, End: toks[i+n-1].End}
		m.open++
		m.names++
		i += n
	}
	m.print = f.Print()
	return m
}

// pattern returns the template that matches span of t, which m was made of, or
// "" where none can be written.
func (m *namedMask) pattern(t string, span text.Span) string {
	var b strings.Builder
	at := span.Start
	for _, n := range m.at[:m.open] {
		if strings.ContainsAny(t[at:n.Start], "<>") {
			return ""
		}
		b.WriteString(t[at:n.Start])
		if n.Hash == text.SlotTitle {
			b.WriteString("<title>")
		} else {
			b.WriteString("<name>")
		}
		at = int(n.End)
	}
	if strings.ContainsAny(t[at:span.End], "<>") {
		return ""
	}
	b.WriteString(t[at:span.End])
	return strings.Join(strings.Fields(b.String()), " ")
}

// tokens returns the tokens of span of d, where they stand in its text, with
// its title made one.
func (d *doc) tokens(span text.Span) []text.Token {
	toks := text.Tokenize(span.In(d.Text))
	title, _ := titleIn(span.In(d.Text), d.Title)
	w := 0
	for _, k := range toks {
		if title.Contains(int(k.Start)) {
			if int(k.Start) > title.Start {
				continue
			}
			k = text.Token{Hash: text.SlotTitle, Start: int32(title.Start), End: int32(title.End)}
		}
		toks[w] = text.Token{Hash: k.Hash, Start: k.Start + int32(span.Start), End: k.End + int32(span.Start)}
		w++
	}
	return toks[:w]
}

// nameLen returns the number of capitalised words in a row that toks begin
// with, at most six, with nothing but spaces between; 0 where there is none.
func nameLen(t string, toks []text.Token) int {
	n := 0
	for n < len(toks) && n < 6 {
		k := toks[n]
		r, _ := utf8.DecodeRuneInString(t[k.Start:])
		if text.IsSlot(k.Hash) || !unicode.IsUpper(r) || len(cues[k.Hash]) > 0 || n > 0 && strings.TrimSpace(t[toks[n-1].End:k.Start]) != "" {
			break
		}
		n++
	}
	return n
}

// A frame is a call whose words change in one place: "Sign up for our ...
// newsletter".
type frame struct {
	groups   map[int32]bool
	variants map[unitID]bool
	at       []place
	first    []uint64 // the tokens that all begin with, so far
	last     []uint64 // the tokens that all end with, the last first
	shortest int      // tokens
	longest  int
}

const (
	frameEdge = 3 // tokens at either end that a frame is found by
	frameGap  = 6 // the most tokens between
)

// frames makes template rules of calls that change in one place.
func (w *writer) frames() {
	a := w.a
	found := map[[2]text.Fingerprint]*frame{}
	for i := range a.docs {
		d := &a.docs[i]
		for j, u := range d.units {
			if u.flags&isCall == 0 || u.tokens < 2*frameEdge+1 || u.tokens > 40 || a.accepted[u.id] && a.isCommon(a.stat(u)) {
				continue
			}
			toks := text.Tokenize(d.text(u))
			var hs []uint64
			for _, k := range toks {
				hs = append(hs, k.Hash)
			}
			back := slices.Clone(hs)
			slices.Reverse(back)
			k := [2]text.Fingerprint{text.Print(toks[:frameEdge]), text.Print(toks[len(toks)-frameEdge:])}
			f := found[k]
			if f == nil {
				f = &frame{groups: map[int32]bool{}, variants: map[unitID]bool{}, first: hs, last: back, shortest: len(hs)}
				found[k] = f
			}
			f.groups[d.group] = true
			f.variants[u.id] = true
			f.at = append(f.at, place{int32(i), int32(j)})
			f.first, f.last = sameStart(f.first, hs), sameStart(f.last, back)
			f.shortest, f.longest = min(f.shortest, len(hs)), max(f.longest, len(hs))
		}
	}
	keys := slices.SortedFunc(maps.Keys(found), func(x, y [2]text.Fingerprint) int {
		return cmp.Or(len(found[y].groups)-len(found[x].groups), cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]))
	})
	for _, k := range keys {
		f := found[k]
		fixed := min(len(f.first)+len(f.last), f.shortest-1)
		if len(f.groups) >= max(3, a.groups/20) && len(f.variants) >= 3 && f.longest-fixed <= frameGap && 2*fixed > f.longest {
			w.frame(f)
		}
	}
}

// sameStart returns what a and b begin with alike.
func sameStart(a, b []uint64) []uint64 {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// frame makes a rule of f.
func (w *writer) frame(f *frame) {
	a := w.a
	d := &a.docs[f.at[0].doc]
	t := d.text(d.units[f.at[0].unit])
	toks := text.Tokenize(t)
	head := min(len(f.first), f.shortest-1-frameEdge)
	tail := min(len(f.last), f.shortest-1-head)
	from, to := int(toks[head-1].End), int(toks[len(toks)-tail].Start)
	pattern := strings.Join(strings.Fields(t[:from]+" <any> "+t[to:]), " ")
	if strings.Count(pattern, "<") != 1 || !isCallText(strings.Replace(pattern, "<any>", ",", 1)) || a.likeness(f.at) > 2 {
		return
	}
	c, _ := cueOf(strings.Replace(pattern, "<any>", ",", 1))
	n := len(f.groups)
	ev := &rules.Evidence{Documents: a.seen, Groups: n, Occurrences: len(f.at), Lift: 1, Variants: len(f.variants), Precision: min(precision(accept), wilson(n, n)+0.3), Corpus: a.corpus, Learner: Version}
	w.dates(ev, f.at)
	r := &rules.Rule{
		ID: "x/x", Scope: rules.Scope{Publisher: a.publisher}, Kind: rules.KindTemplate, Mode: rules.Enforce, Where: rules.Anywhere,
		Category: c, Text: []string{pattern}, Exempt: true, Evidence: ev, Confidence: ev.Precision,
		Why: fmt.Sprintf("A call to the reader that changes in one place, in %d of %d documents looked at.", n, a.groups),
	}
	var places []sampleSpan
	for _, p := range spread(f.at, 8) {
		places = append(places, sampleSpan{int(p.doc), a.docs[p.doc].units[p.unit].span()})
	}
	w.sample(ev, places)
	if w.exemplify(r, places) {
		r.ID = w.id(string(c), strings.Replace(pattern, "<any>", " ", 1))
		w.rules = append(w.rules, r)
	}
}
