package rules

import (
	"fmt"
	"math"
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
//   - expressions by the first letters of the unit where these are known (see
//     opening), else by the literals derived from them (see literals).
type atom struct {
	rule *Rule
	role role
	cond int // roleWith: which condition

	kind   Kind // KindText (closed templates too), KindTemplate, KindRegexp, KindPrefix, KindSuffix
	print  text.Fingerprint
	expr   *expr    // KindRegexp
	tokens []uint64 // KindPrefix: in order; KindSuffix: last token first
	tmpl   template // KindTemplate with open slots
	cues   *cueSet  // KindCues
}

// A role says what an atom is to its rule.
type role uint8

const (
	roleWhole  role = iota // the unit is what the rule takes
	roleGiven              // the document must hold it somewhere
	roleUnless             // the document must not hold it anywhere
	roleFrom
	roleTo
	roleOf
	roleWith
	roleCall // a unit that may hold a call of a rule of the kind cues
)

// An index holds the atoms of one scope.
type index struct {
	atoms     []atom
	exact     table // by fingerprint of a unit or line
	prefix    table // by fold of the first tokens
	suffix    table // by fold of the last tokens, last first
	begins    begins
	opens     openings
	lits      scanner
	glances   []glance // of the atoms that are expressions
	exprs     int      // expressions in the tables
	blocks    []*plan  // the block rules, in the order of their IDs
	selectors selectorIndex
	rescues   *selectorIndex // rules with Rescue, and exceptions; nil where there are none
	shapes    []*shape       // the shape rules, in the order of their IDs
	cues      []*cueSet      // the rules of the kind cues, in the order of their IDs
	repair    []*Rule        // rules of the kind doubled
	models    []*Rule        // rules of the kind model that have a Scorer

	// Exceptions stand in indexes of their own. They are looked for only where
	// something else matched, those that are blocks up to margin units around it,
	// and in the whole document where one that was found depends on what stands elsewhere.
	// Their literals stand in lits of the index that they belong to.
	keeps, keepBlocks *index
	margin            int
	exceptions        bool // whether x is one of these
}

// add puts the patterns of r into x.
func (x *index) add(r *Rule) error {
	if r.Kind == KindSelector {
		return x.addSelector(r)
	}
	if r.Keep {
		to := &x.keeps
		if r.Kind == KindBlock || len(r.Given)+len(r.Unless) > 0 {
			to = &x.keepBlocks
		}
		if *to == nil {
			*to = &index{exceptions: true}
		}
		x = *to
	}
	for _, asked := range []struct {
		role  role
		exprs []string
	}{{roleGiven, r.Given}, {roleUnless, r.Unless}} {
		for _, e := range asked.exprs {
			a, err := parseExpr(r, asked.role, 0, e)
			if err != nil {
				return err
			}
			if err := x.addAtom(a); err != nil {
				return err
			}
		}
	}
	switch r.Kind {
	case KindDoubled:
		x.repair = append(x.repair, r)
	case KindModel:
		if r.Scorer != nil {
			x.models = append(x.models, r)
		}
	case KindShape:
		s, err := newShape(r)
		if err != nil {
			return err
		}
		x.shapes = append(x.shapes, s)
	case KindCues:
		s, err := newCueSet(r)
		if err != nil {
			return err
		}
		x.cues = append(x.cues, s)
		n := int32(len(x.atoms))
		x.atoms = append(x.atoms, atom{rule: r, role: roleCall, kind: KindCues, cues: s})
		for _, t := range s.opens {
			whole, start, end := cutEdges(t)
			x.lits.add(whole, besides(start, end, noLetter), n)
		}
	case KindBlock:
		p, err := newPlan(r)
		if err != nil {
			return err
		}
		x.blocks = append(x.blocks, p)
		x.margin = max(x.margin, p.after)
		for _, a := range p.open {
			if err := x.addAtom(a); err != nil {
				return err
			}
		}
	default:
		for _, p := range r.Text {
			a, err := newAtom(r, roleWhole, 0, r.Kind, p)
			if err != nil {
				return err
			}
			if err := x.addAtom(a); err != nil {
				return err
			}
		}
	}
	return nil
}

// parseExpr makes an atom of an entry of a block's list: an expression between
// slashes, a template where it holds a slot, or a text.
func parseExpr(r *Rule, role role, cond int, e string) (atom, error) {
	switch {
	case len(e) > 1 && e[0] == '/' && e[len(e)-1] == '/':
		return newAtom(r, role, cond, KindRegexp, e[1:len(e)-1])
	case strings.Contains(e, "<") && strings.Contains(e, ">"):
		return newAtom(r, role, cond, KindTemplate, e)
	}
	return newAtom(r, role, cond, KindText, e)
}

func newAtom(r *Rule, role role, cond int, kind Kind, p string) (atom, error) {
	a := atom{rule: r, role: role, cond: cond, kind: kind} // a text's first two tokens are in a.tokens until it is in an index
	switch kind {
	case KindText:
		toks := text.Tokenize(p)
		a.print = text.Print(toks)
		for _, t := range toks[:min(len(toks), 2)] {
			a.tokens = append(a.tokens, t.Hash)
		}
		if err := enoughWords(toks); err != nil {
			return a, fmt.Errorf("%s %q: %w", kind, p, err)
		}
	case KindTemplate:
		t, err := parseTemplate(p)
		if err != nil {
			return a, err
		}
		if t.words() == 0 {
			return a, fmt.Errorf("template %q: holds slots alone", p)
		}
		if t.closed() {
			a.kind, a.print, a.tokens = KindText, t.print(), t.edge(false)
			break
		}
		a.tmpl = t
	case KindPrefix, KindSuffix:
		toks := text.Tokenize(p)
		if err := enoughWords(toks); err != nil {
			return a, fmt.Errorf("%s %q: %w", kind, p, err)
		}
		for i := range toks {
			if kind == KindSuffix {
				i = len(toks) - 1 - i
			}
			a.tokens = append(a.tokens, toks[i].Hash)
		}
	case KindRegexp:
		e := r.exprs[p]
		if e == nil {
			var err error
			if e, err = newExpr(p); err != nil {
				return a, err
			}
			if r.reading {
				r.exprs[p] = e
			}
		}
		own := *e // an expression has a number of its own in every index
		a.expr = &own
	}
	return a, nil
}

// addAtom puts a into the table that finds it.
func (x *index) addAtom(a atom) error {
	n := int32(len(x.atoms))
	switch a.kind {
	case KindText:
		x.exact.add(a.print, n)
		x.begins.add(a.tokens, true)
		a.tokens = nil
	case KindTemplate:
		switch pre, suf := a.tmpl.edge(false), a.tmpl.edge(true); {
		case len(pre) == 0 && len(suf) == 0:
			return fmt.Errorf("template: must begin or end with a word")
		case step(len(pre)) >= step(len(suf)):
			x.prefix.addEdge(pre, n)
			x.begins.add(pre, false)
		default:
			x.suffix.addEdge(suf, n)
		}
	case KindPrefix:
		x.prefix.addEdge(a.tokens, n)
		x.begins.add(a.tokens, false)
	case KindSuffix:
		x.suffix.addEdge(a.tokens, n)
	case KindRegexp:
		a.expr.n = x.exprs
		if a.expr.byHead {
			for _, h := range a.expr.head {
				x.opens.add(h.whole, n)
			}
			x.exprs++
			break
		}
		if a.expr.literals == nil {
			return fmt.Errorf("regexp %q: every match must hold one of a few texts of %d letters or more, so that it can be reached without trying it everywhere", a.expr.source, minLiteral)
		}
		for _, l := range a.expr.literals {
			whole, start, end := cutEdges(l)
			// An edge beside a byte that is no part of a word asks for one that is.
			x.lits.add(whole, besides(start && wordByte(whole[0]), end && wordByte(whole[len(whole)-1]), noWordByte), n)
		}
		x.exprs++
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

// key returns the key of a prefix or suffix: the fingerprint of its first tokens.
func key(hashes []uint64) text.Fingerprint {
	var f text.Fold
	for _, h := range hashes[:step(len(hashes))] {
		f = f.Add(h)
	}
	return f.Print()
}

func (x *index) seal() {
	if x == nil {
		return
	}
	x.keeps.seal()
	x.keepBlocks.seal()
	// Expressions that stand in several atoms are run once a unit.
	first := map[string]*expr{}
	share := func(e *expr) {
		if e == nil {
			return
		}
		if o := first[e.source]; o != nil {
			e.dfa, e.shared, o.shared = o.dfa, true, true
		} else {
			first[e.source] = e
		}
	}
	for i := range x.atoms {
		share(x.atoms[i].expr)
	}
	for _, p := range x.blocks {
		for _, lazy := range p.lazy {
			for i := range lazy {
				share(lazy[i].expr)
			}
		}
	}
	x.glances = make([]glance, len(x.atoms))
	for i := range x.atoms {
		if x.atoms[i].kind == KindRegexp {
			x.glances[i] = x.atoms[i].glance()
		} else if x.atoms[i].kind == KindCues {
			x.glances[i] = glance{max: math.MaxInt32, first: ^uint64(0), last: ^uint64(0)}
		}
	}
	x.opens.seal()
	if !x.exceptions {
		glances := [scopes][]glance{x.glances}
		for of, k := range [scopes]*index{ofKeeps: x.keeps, ofKeepBlocks: x.keepBlocks} {
			if k != nil {
				x.lits.join(&k.lits, scope(of))
				glances[of] = k.glances
			}
		}
		x.lits.seal(glances)
	}
	x.begins.seal()
	x.exact.seal()
	x.prefix.seal()
	x.suffix.seal()
}
