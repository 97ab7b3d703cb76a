package rules

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"winnow/text"
)

// An atom is one pattern that a unit can match: a rule's own, or one of a
// block's expressions. All atoms of a scope are found in one pass over a
// document's segments, whatever their number:
//
//   - texts and templates without open slots by the unit's fingerprint,
//   - prefixes, suffixes and templates with open slots by the fingerprint of
//     their first or last 1, 2, 3, 4, 6, 8, 12 or 16 tokens (the largest of
//     these lengths that the pattern reaches),
//   - expressions by the literals derived from them (see literals).
type atom struct {
	rule *Rule
	role role
	cond int // roleWith: which condition

	kind   Kind // KindText, KindTemplate, KindRegexp, KindPrefix, KindSuffix
	re     *regexp.Regexp
	tokens []uint64 // KindPrefix: in order; KindSuffix: last token first
	tmpl   template // KindTemplate with open slots
}

// A role says what an atom is to its rule.
type role uint8

const (
	roleWhole role = iota // the unit is what the rule takes
	roleFrom
	roleTo
	roleOf
	roleWith
)

// An index holds the atoms of one scope.
type index struct {
	atoms  []atom
	exact  table // by fingerprint of a unit or line
	prefix table // by fold of the first tokens
	suffix table // by fold of the last tokens, last first
	lits   scanner
	blocks []*Rule // the block rules, in the order of their IDs
	repair []*Rule // rules of the kind doubled
}

// steps are the numbers of tokens by which prefixes and suffixes are keyed.
var steps = [...]int{1, 2, 3, 4, 6, 8, 12, 16}

func step(n int) int {
	best := 0
	for _, s := range steps {
		if s <= n {
			best = s
		}
	}
	return best
}

// A table maps fingerprints to atoms. A bit table in front of the map answers
// most look-ups, which find nothing, without touching the map.
type table struct {
	filter []uint64 // a power of two of words
	first  map[text.Fingerprint]int32
	next   map[int32]int32 // further atoms of the same fingerprint
}

func (t *table) add(p text.Fingerprint, atom int32) {
	if t.first == nil {
		t.first = map[text.Fingerprint]int32{}
	}
	if at, ok := t.first[p]; ok {
		if t.next == nil {
			t.next = map[int32]int32{}
		}
		t.next[atom] = at
	}
	t.first[p] = atom
}

// seal builds the bit table: about 16 bits an entry, one probe.
func (t *table) seal() {
	if t.first == nil {
		return
	}
	n := 64
	for n < len(t.first)/4 {
		n *= 2
	}
	t.filter = make([]uint64, n)
	for p := range t.first {
		t.filter[uint64(p)>>6&uint64(n-1)] |= 1 << (p & 63)
	}
}

// lookup calls hit with each atom of p.
func (t *table) lookup(p text.Fingerprint, hit func(atom int32)) {
	if t.filter == nil || t.filter[uint64(p)>>6&uint64(len(t.filter)-1)]&(1<<(p&63)) == 0 {
		return
	}
	a, ok := t.first[p]
	for ok {
		hit(a)
		a, ok = t.next[a]
	}
}

// add puts the patterns of r into x.
func (x *index) add(r *Rule) error {
	switch r.Kind {
	case KindDoubled:
		x.repair = append(x.repair, r)
	case KindModel:
	case KindBlock:
		x.blocks = append(x.blocks, r)
		for _, part := range []struct {
			role role
			expr []string
		}{{roleFrom, r.Block.From}, {roleTo, r.Block.To}, {roleOf, r.Block.Of}} {
			for _, e := range part.expr {
				if err := x.addExpr(atom{rule: r, role: part.role}, e); err != nil {
					return err
				}
			}
		}
		for i, cond := range r.Block.With {
			for _, e := range cond {
				if err := x.addExpr(atom{rule: r, role: roleWith, cond: i}, e); err != nil {
					return err
				}
			}
		}
	default:
		for _, p := range r.Text {
			if err := x.addPattern(atom{rule: r, kind: r.Kind}, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// addExpr adds an entry of a block's list: an expression between slashes, a
// template where it holds a slot, or a text.
func (x *index) addExpr(a atom, e string) error {
	switch {
	case len(e) > 1 && e[0] == '/' && e[len(e)-1] == '/':
		a.kind, e = KindRegexp, e[1:len(e)-1]
	case strings.Contains(e, "<") && strings.Contains(e, ">"):
		a.kind = KindTemplate
	default:
		a.kind = KindText
	}
	return x.addPattern(a, e)
}

func (x *index) addPattern(a atom, p string) error {
	n := int32(len(x.atoms))
	switch a.kind {
	case KindText:
		toks := text.Tokenize(p)
		if err := enoughWords(toks); err != nil {
			return fmt.Errorf("%s %q: %w", a.kind, p, err)
		}
		x.exact.add(text.Print(toks), n)
	case KindTemplate:
		t, err := parseTemplate(p)
		if err != nil {
			return err
		}
		if t.words() == 0 {
			return fmt.Errorf("template %q: holds slots alone", p)
		}
		if t.closed() {
			x.exact.add(t.print(), n)
			break
		}
		a.tmpl = t
		switch pre, suf := t.edge(false), t.edge(true); {
		case len(pre) == 0 && len(suf) == 0:
			return fmt.Errorf("template %q: must begin or end with a word", p)
		case step(len(pre)) >= step(len(suf)):
			x.prefix.add(key(pre), n)
		default:
			x.suffix.add(key(suf), n)
		}
	case KindPrefix, KindSuffix:
		toks := text.Tokenize(p)
		if err := enoughWords(toks); err != nil {
			return fmt.Errorf("%s %q: %w", a.kind, p, err)
		}
		for i := range toks {
			if a.kind == KindSuffix {
				i = len(toks) - 1 - i
			}
			a.tokens = append(a.tokens, toks[i].Hash)
		}
		if a.kind == KindPrefix {
			x.prefix.add(key(a.tokens), n)
		} else {
			x.suffix.add(key(a.tokens), n)
		}
	case KindRegexp:
		re, lits, err := compile(p)
		if err != nil {
			return err
		}
		a.re = re
		for _, l := range lits {
			x.lits.add(l, n)
		}
	}
	x.atoms = append(x.atoms, a)
	return nil
}

func enoughWords(toks []text.Token) error {
	for _, t := range toks {
		if !text.IsSlot(t.Hash) && t.Hash != text.MarkQuote {
			return nil
		}
	}
	return fmt.Errorf("holds no word to compare, only slots and punctuation")
}

// compile reads an expression, anchors it to the unit and derives its literals.
func compile(p string) (*regexp.Regexp, []string, error) {
	parsed, err := syntax.Parse(p, syntax.Perl)
	if err != nil {
		return nil, nil, fmt.Errorf("regexp %q: %s", p, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	lits := literals(parsed)
	if lits == nil {
		return nil, nil, fmt.Errorf("regexp %q: every match must hold a word of %d letters or more, so that it can be reached without trying it everywhere", p, minLiteral)
	}
	re, err := regexp.Compile(`^(?:` + p + `)$`)
	if err != nil {
		return nil, nil, fmt.Errorf("regexp %q: %w", p, err)
	}
	return re, lits, nil
}

// key returns the key of a prefix or suffix: the fingerprint of its first tokens.
func key(hashes []uint64) text.Fingerprint {
	var f text.Fold
	for _, h := range hashes[:step(len(hashes))] {
		f = f.Add(h)
	}
	return f.Print()
}

func (x *index) seal() {
	x.exact.seal()
	x.prefix.seal()
	x.suffix.seal()
}
