package blocks

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"
)

// A Model judges the blocks of pages. It is safe for concurrent use.
type Model struct {
	names         []string // of the features, of both stages
	width         int      // features of the first stage
	first, second forest
	chances       [2]scale
	stay          int32 // what the engine's own choice adds to a score, in 1/4096 of log odds
}

// magic begins the model's file. What follows, all little-endian: the number of
// features of the first stage and of both as 32-bit integers; the bonus for the
// engine's choice; two scales of 1,000 32-bit sums; the forests, each its base,
// numbers of trees and nodes, the trees' starts, and eight bytes a node.
const magic = "winnow-blocks-1\n"

//go:embed model.bin.gz
var builtin []byte

// Builtin returns the model that is built in.
var Builtin = sync.OnceValue(func() *Model {
	m, err := Read(builtin)
	if err != nil {
		panic(err) // the file is a part of the program; a test reads it
	}
	return m
})

// Read reads a model's file.
func Read(file []byte) (*Model, error) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("blocks: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(z, 1<<26))
	if err != nil {
		return nil, fmt.Errorf("blocks: %w", err)
	}
	if !bytes.HasPrefix(b, []byte(magic)) {
		return nil, fmt.Errorf("blocks: not a model's file of this version")
	}
	b = b[len(magic):]
	if len(b) < 12+2*4*1000 {
		return nil, errShort
	}
	m := &Model{width: int(binary.LittleEndian.Uint32(b)), stay: int32(binary.LittleEndian.Uint32(b[8:]))}
	m.names = featureNames()
	both := int(binary.LittleEndian.Uint32(b[4:]))
	if m.width > both || both != len(m.names) {
		return nil, fmt.Errorf("blocks: the model is made for %d features, there are %d", both, len(m.names))
	}
	b = b[12:]
	for i := range m.chances {
		for k := range m.chances[i] {
			m.chances[i][k] = int32(binary.LittleEndian.Uint32(b))
			b = b[4:]
		}
	}
	if b, err = m.first.read(b, m.width); err != nil {
		return nil, err
	}
	if b, err = m.second.read(b, both); err != nil {
		return nil, err
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("blocks: %d bytes too many in the model's file", len(b))
	}
	return m, nil
}

// featureNames returns the names of the features, of the first stage and then
// of the second.
func featureNames() []string {
	p := &Page{Blocks: []Block{{Text: "x", Size: 1, Element: -1}}}
	names, _ := Rows(p)
	second, _ := ScoreRows(p, []int16{0})
	return append(names, second...)
}

// A Judgement is what the model says of a page.
type Judgement struct {
	Keep   []bool  // the blocks that are content
	Chance []int16 // of each block to be content, in thousandths
	model  *Model
	state  *state
	near   *neighbourhood
}

// Judge judges the blocks of p. Blocks for which spare holds are left out.
func (m *Model) Judge(p *Page, spare func(i int) bool) *Judgement {
	s := newState(p)
	j := &Judgement{Chance: make([]int16, len(p.Blocks)), model: m, state: s}
	first := make([]int16, len(p.Blocks))
	r := row{v: make([]int16, 0, len(m.names))}
	for i := range first {
		r.v = r.v[:0]
		s.first(&r, i)
		first[i] = m.chances[0].chance(m.first.score(r.v))
	}
	j.near = newNeighbourhood(s, first)
	words := make([]int32, len(p.Blocks))
	for i := range first {
		r.v = r.v[:0]
		s.first(&r, i)
		j.near.second(&r, i)
		sum := m.second.score(r.v)
		if p.Blocks[i].Kept {
			sum += m.stay
		}
		j.Chance[i] = m.chances[1].chance(sum)
		if spare(i) {
			j.Chance[i] = 0
		}
		words[i] = int32(s.shapes[i].words)
	}
	j.Keep = choose(j.Chance, words)
	return j
}

// Why returns the features that did most to the chance of block i, strongest
// first, at most n: each with its value and the log odds that it added, such as
// "name:comment 2 (-1.31)".
func (j *Judgement) Why(i, n int) []string {
	r := row{}
	j.state.first(&r, i)
	j.near.second(&r, i)
	weights := make([]int32, len(r.v))
	j.model.second.explain(r.v, weights)
	order := make([]int, len(weights))
	for k := range order {
		order[k] = k
	}
	abs := func(x int32) int32 { return max(x, -x) }
	slices.SortStableFunc(order, func(a, b int) int { return int(abs(weights[b]) - abs(weights[a])) })
	var out []string
	for _, k := range order[:min(n, len(order))] {
		if weights[k] == 0 {
			break
		}
		out = append(out, fmt.Sprintf("%s %d (%+.2f)", j.model.names[k], r.v[k], float64(weights[k])/scoreUnit))
	}
	return out
}

// Rows returns the features of a page's blocks for the first stage, a row a
// block, and the features' names.
func Rows(p *Page) (names []string, rows [][]int16) {
	s := newState(p)
	rows = make([][]int16, len(p.Blocks))
	for i := range rows {
		r := row{}
		if i == 0 {
			r.names = &names
		}
		s.first(&r, i)
		rows[i] = r.v
	}
	return names, rows
}

// ScoreRows returns what the second stage sees of each block besides its row
// of the first: what the first stage's chances, in thousandths, tell.
func ScoreRows(p *Page, first []int16) (names []string, rows [][]int16) {
	h := newNeighbourhood(newState(p), first)
	rows = make([][]int16, len(p.Blocks))
	for i := range rows {
		r := row{}
		if i == 0 {
			r.names = &names
		}
		h.second(&r, i)
		rows[i] = r.v
	}
	return names, rows
}
