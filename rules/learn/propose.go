package learn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"winnow/rules"
	"winnow/text"
)

// propose makes rules of what a.decide finds.
func (a *archive) propose(sh *shared) (*Proposal, error) {
	p := &Proposal{Publisher: a.publisher, Documents: a.seen, Groups: a.groups, Corpus: a.corpus}
	if a.groups < 3 {
		return p, nil
	}
	all := a.decide()
	w := &writer{a: a, shared: sh, all: all, names: map[string]int{}}
	w.texts()
	if err := w.forms(); err != nil {
		return nil, err
	}
	p.Rules = w.rules
	slices.SortFunc(p.Rules, func(x, y *rules.Rule) int { return strings.Compare(string(x.ID), string(y.ID)) })
	return p, nil
}

// A writer turns findings into rules.
type writer struct {
	a      *archive
	shared *shared
	all    map[text.Fingerprint]*measures
	names  map[string]int
	rules  []*rules.Rule
}

// texts makes rules of the accepted units: one rule for units that stand
// beside one another in nearly all of their documents, and belong to one category.
func (w *writer) texts() {
	done := map[text.Fingerprint]bool{}
	for _, p := range w.a.acceptedInOrder() {
		if done[p] {
			continue
		}
		chain := []text.Fingerprint{p}
		done[p] = true
		for x := p; ; {
			x = w.partner(x, true)
			if x == 0 || done[x] {
				break
			}
			done[x] = true
			chain = append(chain, x)
		}
		for x := p; ; {
			x = w.partner(x, false)
			if x == 0 || done[x] {
				break
			}
			done[x] = true
			chain = append([]text.Fingerprint{x}, chain...)
		}
		w.split(chain)
	}
}

// partner returns the accepted unit that mostly stands after (or before) x and in as many groups, or 0.
func (w *writer) partner(x text.Fingerprint, after bool) text.Fingerprint {
	m := w.all[x]
	y := m.before
	if after {
		y = m.after
	}
	o := w.all[y]
	if o == nil || !w.a.accepted[y] || after && o.before != x || !after && o.after != x {
		return 0
	}
	g, h := float64(w.a.units[x].groups), float64(w.a.units[y].groups)
	if min(g, h) < 0.9*max(g, h) {
		return 0
	}
	return y
}

// split makes rules of the units of chain, one for each place and kind of them.
func (w *writer) split(chain []text.Fingerprint) {
	for _, where := range []rules.Where{rules.Head, rules.Anywhere, rules.Tail} {
		for _, kind := range []rules.Kind{rules.KindText, rules.KindTemplate} {
			var part []text.Fingerprint
			for _, p := range chain {
				if m := w.all[p]; slices.Contains(m.where(), where) && m.kind() == kind {
					part = append(part, p)
				}
			}
			if len(part) > 0 {
				w.text(part, where, kind)
			}
		}
	}
}

// text makes one rule of units.
func (w *writer) text(units []text.Fingerprint, where rules.Where, kind rules.Kind) {
	r := &rules.Rule{Scope: rules.Scope{Publisher: w.a.publisher}, Kind: kind, Mode: rules.Enforce, Where: where, Exempt: true}
	words := []string{}
	for _, p := range units {
		r.Text = append(r.Text, w.all[p].pattern())
		words = append(words, w.all[p].text)
	}
	r.Category = category(strings.Join(words, " "))
	r.ID = w.id(string(r.Category), words[0])
	r.Confidence = 0.99
	w.rules = append(w.rules, r)
}

// where returns the places of a text rule. A text of few words says little by
// itself: it is furniture where it was seen to be.
func (m *measures) where() []rules.Where {
	if m.words > 3 || m.edge < 0.8 {
		return []rules.Where{rules.Anywhere}
	}
	var out []rules.Where
	if m.head >= 0.1 {
		out = append(out, rules.Head)
	}
	if m.tail >= 0.1 {
		out = append(out, rules.Tail)
	}
	return out
}

// kind returns the kind of rule that matches the unit: a template where it
// holds the document's own title.
func (m *measures) kind() rules.Kind {
	if m.titled {
		return rules.KindTemplate
	}
	return rules.KindText
}

// pattern returns the unit as a rule writes it.
func (m *measures) pattern() string {
	t := m.text
	if m.titled {
		t = t[:m.title.Start] + "<title>" + t[m.title.End:]
	}
	return strings.Join(strings.Fields(t), " ")
}

// category returns the category that the cues of t speak for, navigation where there are none.
func category(t string) rules.Category {
	if c, _ := cueOf(t); c != "" {
		return c
	}
	return rules.Nav
}

// id returns a rule ID of the category and the first words of t that no other rule has.
func (w *writer) id(kind, t string) rules.ID {
	var parts []string
	for _, tok := range text.Tokenize(t) {
		if word := asciiWord(tok.Span().In(t)); word != "" {
			parts = append(parts, word)
		}
		if len(parts) == 4 {
			break
		}
	}
	if len(parts) > 0 {
		kind += "." + strings.Join(parts, "-")
	}
	return w.idOf(kind)
}

// idOf returns a rule ID of that name, with a number where other rules have it.
func (w *writer) idOf(name string) rules.ID {
	name = "learned." + name
	w.names[name]++
	if n := w.names[name]; n > 1 {
		name = fmt.Sprintf("%s.%d", name, n)
	}
	return rules.ID(cmp.Or(string(w.a.publisher), "unnamed") + "/" + name)
}

// asciiWord returns the lower-case letters and digits of word, or "" where it holds others.
func asciiWord(word string) string {
	word = strings.ToLower(word)
	for i := 0; i < len(word); i++ {
		if c := word[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9') {
			return ""
		}
	}
	return word
}

// Pack returns the proposal as a pack in memory.
func (p *Proposal) Pack() *rules.Pack {
	return &rules.Pack{Name: cmp.Or(string(p.Publisher), "unnamed"), Scope: rules.Scope{Publisher: p.Publisher}, Rules: p.Rules}
}
