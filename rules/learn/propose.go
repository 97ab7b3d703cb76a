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
	w.templates()
	w.wholeLines()
	w.texts()
	w.doubtful()
	w.frames()
	w.blocks()
	if err := w.forms(); err != nil {
		return nil, err
	}
	w.selectors()
	p.Rules = w.rules
	p.sort()
	return p, nil
}

// A writer turns findings into rules.
type writer struct {
	a      *archive
	shared *shared
	all    []*measures // by number, see decide
	names  map[string]int
	rules  []*rules.Rule
	lines  map[unitID]string // the lines that accepted units make up, by their first unit
	inLine map[unitID]bool   // the other units of such lines
	filled map[unitID]bool   // accepted units that a template takes
}

// wholeLines finds lines of several accepted units that never vary: a rule takes such a line as one text.
func (w *writer) wholeLines() {
	w.lines, w.inLine = map[unitID]string{}, map[unitID]bool{}
	for _, p := range w.a.acceptedInOrder() {
		var line []unitID
		for k, at := range w.a.stats[p].at {
			us := w.a.docs[at.doc].units
			var got []unitID
			for j := int(at.unit); j < len(us) && us[j].line == us[at.unit].line; j++ {
				got = append(got, us[j].id)
			}
			if k == 0 {
				line = got
			}
			if us[at.unit].flags&isLead == 0 || len(got) < 2 || !slices.Equal(line, got) {
				line = nil
				break
			}
		}
		if line == nil || slices.ContainsFunc(line, func(q unitID) bool {
			return !w.a.accepted[q] || w.inLine[q] || w.lines[q] != "" || w.all[q].titled || w.a.stats[q].groups != w.a.stats[p].groups
		}) {
			continue
		}
		at := w.a.stats[p].at[0]
		d := &w.a.docs[at.doc]
		last := d.units[int(at.unit)+len(line)-1]
		w.lines[p] = strings.Join(strings.Fields(d.Text[d.units[at.unit].start:last.end]), " ")
		w.all[p].wholeLine = true
		for _, q := range line[1:] {
			w.inLine[q] = true
		}
	}
}

// texts makes rules of the accepted units: one rule for units that stand
// beside one another in nearly all of their documents, and belong to one category.
func (w *writer) texts() {
	done := map[unitID]bool{}
	var minor []unitID // texts that few pages hold, one rule a category
	for _, p := range w.a.acceptedInOrder() {
		if done[p] {
			continue
		}
		chain := []unitID{p}
		done[p] = true
		for x := p; ; {
			x = w.partner(x, true)
			if x < 0 || done[x] {
				break
			}
			done[x] = true
			chain = append(chain, x)
		}
		for x := p; ; {
			x = w.partner(x, false)
			if x < 0 || done[x] {
				break
			}
			done[x] = true
			chain = append([]unitID{x}, chain...)
		}
		if top := w.a.stats[p].groups; len(chain) <= 2 && float64(top) < 0.05*float64(w.a.groups) {
			minor = append(minor, chain...)
			continue
		}
		w.split(chain, rules.Enforce)
	}
	w.minors(minor)
}

// minors makes a rule of each category of units that few pages hold.
func (w *writer) minors(units []unitID) {
	by := map[rules.Category][]unitID{}
	for _, p := range units {
		c := category(w.all[p].text)
		by[c] = append(by[c], p)
	}
	for _, c := range rules.Categories() {
		for part := range slices.Chunk(by[c], 40) {
			w.split(part, rules.Enforce)
		}
	}
}

// doubtful makes rules in shadow mode of units that fell short of acceptance by little.
func (w *writer) doubtful() {
	for _, p := range w.a.order {
		if s, m := w.a.stats[p], w.all[p]; !w.a.accepted[p] && s.groups >= 3 && m.score() > accept-1 && w.a.guard(s, m) == "" {
			w.split([]unitID{p}, rules.Shadow)
		}
	}
}

// partner returns the accepted unit that mostly stands after (or before) x and in as many groups, or -1.
func (w *writer) partner(x unitID, after bool) unitID {
	m := w.all[x]
	y := m.before
	if after {
		y = m.after
	}
	if !w.a.isAccepted(y) {
		return -1
	}
	o := w.all[y]
	if !oneKind(m, o) || after && o.before != x || !after && o.after != x {
		return -1
	}
	g, h := float64(w.a.stats[x].groups), float64(w.a.stats[y].groups)
	if min(g, h) < 0.9*max(g, h) {
		return -1
	}
	return y
}

// split makes rules of the units of chain: of those that always make up a line
// together, of the line; else one for each place and kind of them.
func (w *writer) split(chain []unitID, mode rules.Mode) {
	chain = slices.DeleteFunc(slices.Clone(chain), func(p unitID) bool { return w.inLine[p] || w.filled[p] })
	for _, where := range []rules.Where{rules.Head, rules.Anywhere, rules.Tail} {
		for _, kind := range []rules.Kind{rules.KindText, rules.KindTemplate} {
			var part []unitID
			for _, p := range chain {
				if m := w.all[p]; slices.Contains(m.where(), where) && m.kind() == kind {
					part = append(part, p)
				}
			}
			if len(part) > 0 {
				w.text(part, where, kind, mode)
			}
		}
	}
}

// oneKind reports whether two units may belong to one rule: they are of one
// category, or one of them has none.
func oneKind(m, o *measures) bool {
	if x, y := authorial(m.text), authorial(o.text); x != y {
		return false
	}
	x, _ := cueOf(m.text)
	y, _ := cueOf(o.text)
	return x == y || x == "" || y == ""
}

// text makes one rule of units; where it does not pass its examples, one of each unit.
func (w *writer) text(units []unitID, where rules.Where, kind rules.Kind, mode rules.Mode) {
	r := &rules.Rule{Scope: rules.Scope{Publisher: w.a.publisher}, Kind: kind, Mode: mode, Where: where, Exempt: mode == rules.Enforce}
	ev := &rules.Evidence{Documents: w.a.seen, Edge: 1, Precision: 1, Corpus: w.a.corpus, Learner: Version}
	var words []string
	var places []sampleSpan
	for _, p := range units {
		m, s := w.all[p], w.a.stats[p]
		r.Text = append(r.Text, cmp.Or(w.lines[p], m.pattern()))
		words = append(words, m.text)
		ev.Groups = max(ev.Groups, int(s.groups))
		ev.Occurrences += int(s.occurrences)
		ev.Elsewhere = max(ev.Elsewhere, w.shared.elsewhere(w.a.prints[p]))
		ev.Edge = min(ev.Edge, m.edge)
		ev.Lift = max(ev.Lift, m.lift)
		ev.Variants = max(ev.Variants, m.variants)
		ev.Precision = min(ev.Precision, precision(m.score()))
		if s.groups == int32(ev.Groups) {
			w.dates(ev, s.at)
		}
		for _, at := range spread(s.at, 3) {
			d := &w.a.docs[at.doc]
			span := d.units[at.unit].span()
			for j := int(at.unit) + 1; w.lines[p] != "" && j < len(d.units) && d.units[j].line == d.units[at.unit].line; j++ {
				span.End = int(d.units[j].end)
			}
			places = append(places, sampleSpan{int(at.doc), span})
		}
	}
	r.Category = category(strings.Join(words, " "))
	r.Why = why(r.Category, where, ev.Groups, w.a.groups, len(units))
	r.Evidence, r.Confidence = ev, ev.Precision
	w.sample(ev, places)
	r.ID = "x/x" // until it has passed: names are given to rules that stand
	if !w.exemplify(r, interleave(places, 3)) {
		if len(units) > 1 {
			for _, p := range units {
				w.text([]unitID{p}, where, kind, mode)
			}
		}
		return
	}
	r.ID = w.id(string(r.Category), words[0])
	w.rules = append(w.rules, r)
}

// interleave orders runs of n places: the first of each run, then the second.
func interleave(places []sampleSpan, n int) []sampleSpan {
	var out []sampleSpan
	for k := range n {
		for i := k; i < len(places); i += n {
			out = append(out, places[i])
		}
	}
	return out
}

// sample fills in the samples of ev.
func (w *writer) sample(ev *rules.Evidence, places []sampleSpan) {
	for _, p := range places[:min(3, len(places))] {
		d := &w.a.docs[p.doc]
		ev.Samples = append(ev.Samples, rules.Sample{Doc: d.ID, Start: p.span.Start, End: p.span.End})
	}
}

// dates fills in when the documents at places were captured, where that is known.
func (w *writer) dates(ev *rules.Evidence, at []place) {
	for _, p := range at {
		t := w.a.docs[p.doc].Captured
		if t.IsZero() {
			continue
		}
		day := t.UTC().Format("2006-01-02")
		if ev.First == "" || day < ev.First {
			ev.First = day
		}
		ev.Last = max(ev.Last, day)
	}
}

// why says in a sentence what a text rule takes and how it was seen.
func why(c rules.Category, where rules.Where, groups, of, units int) string {
	what := map[rules.Category]string{
		rules.Appeal: "An appeal for money or membership", rules.Subscribe: "An offer of a newsletter, an app or a subscription",
		rules.Prompt: "A prompt of the page", rules.Share: "Share and follow links", rules.Comments: "The stub of the comments",
		rules.Related: "Links to other stories", rules.Media: "Furniture of pictures and players", rules.Ad: "A label of advertisements",
		rules.Legal: "Copyright and legal notes", rules.Nav: "Navigation", rules.Tech: "A note of the page's machinery",
		rules.Credit: "A note on who contributed", rules.Bio: "A note on the author", rules.Byline: "The author's name",
	}[c]
	place := map[rules.Where]string{rules.Head: ", at the beginning", rules.Tail: ", at the end"}[where]
	if units > 1 {
		what += fmt.Sprintf(" (%d texts)", units)
	}
	return fmt.Sprintf("%s%s, the same in %d of %d documents looked at.", what, place, groups, of)
}

// where returns the places of a text rule. A text of few words says little by
// itself: it is furniture where it was seen to be.
func (m *measures) where() []rules.Where {
	if m.words > 3 || m.edge < 0.8 || m.wholeLine {
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
	return rules.ID(rules.PackName(w.a.publisher) + "/" + name)
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
	return &rules.Pack{Name: rules.PackName(p.Publisher), Scope: rules.Scope{Publisher: p.Publisher}, Rules: p.Rules}
}
