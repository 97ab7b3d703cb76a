package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"winnow/text"
)

// pathMark stands between the path and the text of a line in examples of
// rules of the kind selector:
//
//	main > article > p | The harbour will be dredged in spring.
//	main > aside.related > a | [-Read more about the harbour-]
const pathMark = " | "

// ParseLaid takes the paths out of an example's text and fills in its Blocks, a
// block a line. A path is the selector of the elements around, the outermost
// first, with > between them. A line without one stands in no element.
func ParseLaid(e Example) (Example, error) {
	type move struct{ from, to int } // what stood at from or behind it stands at to
	var b strings.Builder
	var moves []move
	out := e
	out.Blocks = nil
	made := map[string]*text.Element{}
	at := 0
	for line := range strings.Lines(e.Text) {
		body := strings.TrimRight(line, "\n")
		path, rest, ok := strings.Cut(body, pathMark)
		var in *text.Element
		if ok {
			var err error
			if in, err = elementOf(path, made); err != nil {
				return e, err
			}
			body = rest
		}
		start := b.Len()
		cut := len(strings.TrimRight(line, "\n")) - len(body)
		moves = append(moves, move{at + cut, start})
		b.WriteString(body)
		if body != "" {
			out.Blocks = append(out.Blocks, text.Block{Span: text.Span{Start: start, End: b.Len()}, In: in})
		}
		if strings.HasSuffix(line, "\n") {
			b.WriteByte('\n')
		}
		at += len(line)
	}
	out.Text = b.String()
	to := func(i int) int {
		k, exact := slices.BinarySearchFunc(moves, i, func(m move, i int) int { return m.from - i })
		if exact {
			return moves[k].to
		}
		if k == 0 {
			return moves[0].to
		}
		// Behind the beginning of the line's text, or in the path of the next line.
		n := moves[k-1].to + i - moves[k-1].from
		if k < len(moves) {
			n = min(n, moves[k].to)
		}
		return n
	}
	out.Cut = nil
	for _, c := range e.Cut {
		out.Cut = append(out.Cut, text.Span{Start: to(c.Start), End: to(c.End)})
	}
	out.Cut = joinCuts(out.Text, out.Cut)
	return out, nil
}

// elementOf makes the element that a path leads to. Paths of one example share
// the elements that they have in common.
func elementOf(path string, made map[string]*text.Element) (*text.Element, error) {
	path = strings.TrimSpace(path)
	p := selectorParser{in: path}
	var e *text.Element
	for {
		st, err := p.compound()
		if err != nil {
			return nil, fmt.Errorf("path %q: %w", path, err)
		}
		n := &text.Element{Parent: e, Tag: st.tag}
		if n.Tag == "" {
			n.Tag = "div"
		}
		for _, t := range st.tests {
			if t.op == 0 {
				t.op = '='
			}
			if t.op == '~' && t.key == "class" {
				if i := slices.IndexFunc(n.Attrs, func(a text.Attr) bool { return a.Key == "class" }); i >= 0 {
					n.Attrs[i].Value += " " + t.value
					continue
				}
			} else if t.op != '=' {
				return nil, fmt.Errorf("path %q: an element has attributes with =", path)
			}
			n.Attrs = append(n.Attrs, text.Attr{Key: t.key, Value: t.value})
		}
		p.space()
		upTo := strings.TrimSpace(path[:len(path)-len(p.in)])
		if old := made[upTo]; old != nil {
			n = old
		} else {
			made[upTo] = n
		}
		e = n
		if p.in == "" {
			return e, nil
		}
		if p.in[0] != '>' {
			return nil, fmt.Errorf("path %q: > should stand between its elements", path)
		}
		p.in = p.in[1:]
		p.space()
	}
}

// Marked returns the example as it stands in a pack, without its title: what
// must go is marked, and lines have the paths that they stand at.
func (e Example) Marked() string {
	var rs []Removal
	for _, c := range e.Cut {
		rs = append(rs, Removal{Span: c, Mode: Enforce})
	}
	if len(e.Blocks) == 0 {
		return Marked(e.Text, rs)
	}
	lines := strings.Split(Marked(e.Text, rs), "\n")
	start := 0
	for i, l := range strings.Split(e.Text, "\n") {
		for _, b := range e.Blocks {
			if b.Span.Start == start && b.In != nil {
				lines[i] = PathOf(b.In) + pathMark + lines[i]
			}
		}
		start += len(l) + 1
	}
	return strings.Join(lines, "\n")
}

// lay reads the paths in the examples of a rule.
func (r *reader) lay(n ast.Node, rule *Rule) {
	for _, es := range [][]Example{rule.Remove, rule.KeepText} {
		for i := range es {
			e, err := ParseLaid(es[i])
			if err != nil {
				r.fail(n, "example: %v", err)
				continue
			}
			es[i] = e
		}
	}
}

// rescued returns what rules with Rescue hold of an example.
func (s *Set) rescued(e Example) []text.Span {
	if len(s.rules) == 0 {
		return nil
	}
	r := s.rules[0]
	d := r.document(e)
	rescue := s.Rescue(d.Publisher, d.URL)
	if rescue == nil {
		return nil
	}
	var in []*text.Element
	for _, b := range d.Blocks {
		in = append(in, b.In)
	}
	var out []text.Span
	for i, yes := range rescue(in) {
		if yes {
			out = append(out, d.Blocks[i].Span)
		}
	}
	return out
}
