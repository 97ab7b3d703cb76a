package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A reader walks the syntax tree of a pack and collects every mistake with its
// place. (Decoding into structs would stop at the first one.)
type reader struct {
	file    string
	lines   []string
	anchors map[string]ast.Node
	aliases int // followed so far
	strings int // read since the first of them
	errs    Errors
	current ID  // the rule being read
	errsAt  int // len(errs) when it was begun
}

// What may stand inside of what: the parser's memory grows with the square of it.
const (
	maxFlow   = 100  // brackets and braces that are open at once
	maxColumn = 1000 // of an entry or a key outside of brackets
)

// parseYAML parses data, which some editors begin with a byte order mark. The
// error is nil where data is YAML.
func parseYAML(file string, data []byte) (*ast.File, *Error) {
	tokens := lexer.Tokenize(strings.TrimPrefix(string(data), "\ufeff"))
	open := 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			open++
		case token.SequenceEndType, token.MappingEndType:
			open--
			continue
		case token.MappingValueType:
			t = t.Prev
		case token.SequenceEntryType:
		default:
			continue
		}
		if open > maxFlow || open == 0 && t != nil && t.Position.Column > maxColumn {
			return nil, &Error{File: file, Line: t.Position.Line, Col: t.Position.Column, Msg: "nested too deeply"}
		}
	}
	f, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, yamlError(file, err)
	}
	return f, nil
}

func yamlError(file string, err error) *Error {
	e := &Error{File: file, Msg: "not YAML: " + err.Error()}
	if ye, ok := err.(yaml.Error); ok {
		if t := ye.GetToken(); t != nil && t.Position != nil {
			e.Line, e.Col = t.Position.Line, t.Position.Column
		}
		e.Msg = "not YAML: " + ye.GetMessage()
	}
	return e
}

func (r *reader) fail(n ast.Node, format string, args ...any) {
	e := &Error{File: r.file, Rule: r.current, Msg: fmt.Sprintf(format, args...)}
	if n != nil {
		pos := resolvePos(n)
		e.Line, e.Col = pos.Line, pos.Column
		if 0 < pos.Line && pos.Line <= len(r.lines) {
			e.Src = r.lines[pos.Line-1]
		}
	}
	r.errs = append(r.errs, e)
}

// resolvePos returns where n begins.
func resolvePos(n ast.Node) *token.Position {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		n = m.Values[0].Key
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position
	}
	return &token.Position{}
}

// A few short lines of aliases of aliases can stand for more text than any
// memory holds. So maxAliases of a file are followed at most, and from the first
// of them on maxStrings strings are read.
const (
	maxAliases = 1 << 16
	maxStrings = 1 << 20
)

// bombed reports whether the aliases of the file stand for too much, and fails
// once where they do.
func (r *reader) bombed(n ast.Node) bool {
	if r.aliases <= maxAliases && r.strings <= maxStrings {
		return false
	}
	if r.aliases < 2*maxAliases {
		r.aliases = 2 * maxAliases
		r.fail(n, "aliases stand for too much: %d of them, or %d strings, are the most", maxAliases, maxStrings)
	}
	return true
}

// resolve follows anchors and aliases.
func (r *reader) resolve(n ast.Node) ast.Node {
	for range 100 {
		switch x := n.(type) {
		case *ast.AnchorNode:
			r.anchors[x.Name.GetToken().Value] = x.Value
			n = x.Value
		case *ast.AliasNode:
			if r.aliases++; r.bombed(n) {
				return nil
			}
			name := x.Value.GetToken().Value
			to, ok := r.anchors[name]
			if !ok {
				r.fail(n, "unknown alias *%s", name)
				return nil
			}
			n = to
		default:
			return n
		}
	}
	r.fail(n, "aliases go round in a circle")
	return nil
}

// collect notes every anchor below n.
func (r *reader) collect(n ast.Node) {
	if _, ok := n.(*ast.AliasNode); ok {
		return // noted where it was defined
	}
	switch x := r.resolve(n).(type) {
	case *ast.MappingNode:
		for _, v := range x.Values {
			r.collect(v.Value)
		}
	case *ast.SequenceNode:
		for _, v := range x.Values {
			r.collect(v)
		}
	}
}

// mapping calls the function of each field of n, and reports fields that have none or stand twice.
func (r *reader) mapping(n ast.Node, fields map[string]func(ast.Node)) {
	m, ok := r.resolve(n).(*ast.MappingNode)
	if !ok {
		r.fail(n, "a mapping should stand here")
		return
	}
	seen := map[string]bool{}
	for _, v := range m.Values {
		key := v.Key.GetToken().Value
		f, ok := fields[key]
		switch {
		case !ok:
			r.fail(v.Key, "unknown field %q%s", key, nearest(key, fields))
		case seen[key]:
			r.fail(v.Key, "field %q stands here twice", key)
		default:
			f(v.Value)
		}
		seen[key] = true
	}
}

// nearest suggests a field whose name begins like key.
func nearest(key string, fields map[string]func(ast.Node)) string {
	best := ""
	for f := range fields {
		if len(key) > 2 && strings.HasPrefix(f, key[:3]) && (best == "" || f < best) {
			best = f
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

func (r *reader) list(n ast.Node) []ast.Node {
	if n == nil {
		return nil
	}
	s, ok := r.resolve(n).(*ast.SequenceNode)
	if !ok {
		r.fail(n, "a list should stand here")
		return nil
	}
	return s.Values
}

// strs reads a string or a list of strings; lists inside lists are made flat.
func (r *reader) strs(n ast.Node) []string {
	x := r.resolve(n)
	s, ok := x.(*ast.SequenceNode)
	if !ok {
		return []string{r.str(x)}
	}
	var out []string
	for _, v := range s.Values {
		if r.aliases > 0 {
			if r.strings++; r.bombed(v) {
				return nil
			}
		}
		out = append(out, r.strs(v)...)
	}
	return out
}

func (r *reader) str(n ast.Node) string {
	switch x := r.resolve(n).(type) {
	case *ast.StringNode:
		return x.Value
	case *ast.LiteralNode:
		return x.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return x.GetToken().Value
	case nil:
		return ""
	}
	r.fail(n, "a string should stand here")
	return ""
}

func (r *reader) integer(n ast.Node) int {
	i, err := strconv.Atoi(r.str(n))
	if err != nil {
		r.fail(n, "a whole number should stand here")
	}
	return i
}

// units reads "20 units" or "20".
func (r *reader) units(n ast.Node) int {
	s := r.str(n)
	i, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(s, " units"), " unit"))
	if err != nil {
		r.fail(n, "a number of units should stand here, for example 20 units")
	}
	return i
}

func (r *reader) float(n ast.Node) float64 {
	f, err := strconv.ParseFloat(r.str(n), 64)
	if err != nil {
		r.fail(n, "a number should stand here")
	}
	return f
}

func (r *reader) boolean(n ast.Node) bool {
	b, err := strconv.ParseBool(r.str(n))
	if err != nil {
		r.fail(n, "true or false should stand here")
	}
	return b
}
