package rules

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Cues is the pattern of text that is known by what is said in it and not by
// its wording: a run of sentences in which somebody speaks to the reader, asks
// for something, and says what for. Each entry of its lists is a phrase of words
// (see phrase). A run is looked for where a phrase of Call or Ask stands, and
// nowhere else.
type Cues struct {
	// Call are the requests that begin a clause: "donate", "sign up". They count
	// at the beginning of a sentence, after a comma, colon, semicolon or dash, and
	// after a phrase of Lead ("please", "you can").
	Call []string
	Lead []string
	// Ask are the requests that are told by themselves, wherever they stand:
	// "by becoming a member".
	Ask []string
	// Groups are what else may be said. Each counts once in a run.
	Groups []CueGroup
	// Need names groups, of which one must stand in the run; empty asks for none.
	Need []string
	// From are phrases of which one must stand in the run besides: what a
	// publisher offers, and a manual that tells of an account and an app does not.
	From []string
	// Voice are the words of somebody who speaks to the reader: "you", "our".
	// They make a sentence a part of the run, and where they stand in the rest of
	// the document too, it is a letter or a speech, and more is asked.
	Voice []string
	// Never are the words that no sentence of a run holds: "said", "he".
	Never []string
	// Topic are the words that tell that a document is itself on what the rule
	// takes. Each of its sentences that holds one asks for a point more.
	Topic  []string
	Least  int // the fewest points of a run
	Within int // the most units of a run, 16 where it is 0
}

// A CueGroup is one thing that may be said in a run, and the points that it counts.
// A group of no points only makes a sentence a part of the run.
type CueGroup struct {
	Name   string
	Counts int
	Of     []string
}

// The lists of a Cues that are no groups, by their index into cueSet.points.
const (
	cueCall = iota
	cueAsk
	cueLead
	cueVoice
	cueNever
	cueTopic
	cueFrom
	cueGroups // the first group
)

// maxCueGroups is the most groups that a rule may have: those that stand in a unit are kept as bits.
const maxCueGroups = 48

func (r *reader) cues(n ast.Node) *Cues {
	c := &Cues{}
	r.mapping(n, map[string]func(ast.Node){
		"call":   func(n ast.Node) { c.Call = r.strs(n) },
		"lead":   func(n ast.Node) { c.Lead = r.strs(n) },
		"ask":    func(n ast.Node) { c.Ask = r.strs(n) },
		"need":   func(n ast.Node) { c.Need = r.strs(n) },
		"from":   func(n ast.Node) { c.From = r.strs(n) },
		"voice":  func(n ast.Node) { c.Voice = r.strs(n) },
		"never":  func(n ast.Node) { c.Never = r.strs(n) },
		"topic":  func(n ast.Node) { c.Topic = r.strs(n) },
		"least":  func(n ast.Node) { c.Least = r.integer(n) },
		"within": func(n ast.Node) { c.Within = r.units(n) },
		"groups": func(n ast.Node) {
			for _, n := range r.list(n) {
				g := CueGroup{Counts: 1}
				r.mapping(n, map[string]func(ast.Node){
					"name":   func(n ast.Node) { g.Name = r.str(n) },
					"counts": func(n ast.Node) { g.Counts = r.integer(n) },
					"of":     func(n ast.Node) { g.Of = r.strs(n) },
				})
				c.Groups = append(c.Groups, g)
			}
		},
	})
	if c.Least < 1 {
		r.fail(n, "cues: least says how many points are enough")
	}
	return c
}

// Lists returns what is in c for readers, one list a line: its name, a colon, its phrases.
func (c *Cues) Lists() []string {
	var out []string
	add := func(name string, of []string) {
		if len(of) > 0 {
			out = append(out, name+": "+strings.Join(of, ", "))
		}
	}
	add("call", c.Call)
	add("lead", c.Lead)
	add("ask", c.Ask)
	for _, g := range c.Groups {
		add(fmt.Sprintf("%s (%d)", g.Name, g.Counts), g.Of)
	}
	add("need", c.Need)
	add("from", c.From)
	add("voice", c.Voice)
	add("never", c.Never)
	add("topic", c.Topic)
	out = append(out, fmt.Sprintf("least: %d", c.Least))
	if c.Within > 0 {
		out = append(out, fmt.Sprintf("within: %d", c.Within))
	}
	return out
}

// cueSet is a Cues made ready.
type cueSet struct {
	rule   *Rule
	points []int // of each list
	names  []string
	need   uint64 // bits of lists, of which one must stand; 0 for none
	from   uint64 // the bit of From, 0 where it is empty
	talk   uint64 // bits of the lists that a unit of a run may say
	counts uint64 // those of them that count
	all    phrases
	asks   phrases  // of Call and Ask
	themes phrases  // of Topic and Voice
	opens  []string // texts of which one stands, folded, in every unit with a call
}

func newCueSet(r *Rule) (*cueSet, error) {
	c := r.Cues
	if len(c.Groups) > maxCueGroups {
		return nil, fmt.Errorf("cues: more than %d groups", maxCueGroups)
	}
	s := &cueSet{rule: r,
		points: []int{1, 1, 0, 0, 0, 0, 0}, names: []string{"call", "call", "", "voice", "", "", "from"}, talk: 1<<cueCall | 1<<cueAsk | 1<<cueVoice, counts: 1<<cueCall | 1<<cueAsk}
	lists := [][]string{c.Call, c.Ask, c.Lead, c.Voice, c.Never, c.Topic, c.From}
	byName := map[string]int{}
	for i, g := range c.Groups {
		if g.Name == "" || g.Counts < 0 || len(g.Of) == 0 {
			return nil, fmt.Errorf("cues: a group has a name, points that are not negative, and phrases")
		}
		byName[g.Name] = cueGroups + i
		s.points, s.names, lists = append(s.points, g.Counts), append(s.names, g.Name), append(lists, g.Of)
		s.talk |= 1 << (cueGroups + i)
		if g.Counts > 0 {
			s.counts |= 1 << (cueGroups + i)
		}
	}
	for _, name := range c.Need {
		i, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("cues: need: no group %q", name)
		}
		s.need |= 1 << i
	}
	if len(c.From) > 0 {
		s.from = 1 << cueFrom
	}
	if len(c.Call)+len(c.Ask) == 0 {
		return nil, fmt.Errorf("cues: needs call or ask")
	}
	for list, of := range lists {
		for _, t := range of {
			p, open, err := parsePhrase(t)
			if err != nil {
				return nil, err
			}
			p.list = list
			s.all.add(p)
			if list == cueTopic || list == cueVoice {
				s.themes.add(p)
			}
			if list == cueCall || list == cueAsk {
				s.asks.add(p)
				if len(strings.Trim(open, wordEdge)) < minLiteral {
					return nil, fmt.Errorf("cues %q: a call holds a word of %d letters or more", t, minLiteral)
				}
				s.opens = append(s.opens, cased(open)...)
			}
		}
	}
	s.opens = minimalWords(s.opens)
	return s, nil
}
