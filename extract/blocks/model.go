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
	names   []string // of the features
	trees   forest
	chances scale
	bonus   bonus
}

// A bonus is what the engine's own choice adds to a block's score, in 1/4096 of
// log odds: flat, and word for each of its words, up to most. What the engine
// kept is content far more often than not, and a long block that is lost weighs
// more than a short one that stays.
type bonus struct{ flat, word, most int32 }

func (b bonus) of(words int) int32 {
	return int32(min(int64(b.flat)+int64(b.word)*int64(words), int64(b.most)))
}

// magic begins the model's file, which is gzipped. What follows, all
// little-endian: the number of features and the three numbers of the bonus as
// 32-bit integers; 1,000 sums as 32-bit integers (scale); and the forest.
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
	if len(b) < 16+4*len(scale{}) {
		return nil, errShort
	}
	next := func() int32 {
		v := int32(binary.LittleEndian.Uint32(b))
		b = b[4:]
		return v
	}
	m := &Model{names: featureNames()}
	if width := int(next()); width != len(m.names) {
		return nil, fmt.Errorf("blocks: the model is made for %d features, there are %d", width, len(m.names))
	}
	m.bonus = bonus{next(), next(), next()}
	for k := range m.chances {
		m.chances[k] = next()
	}
	if b, err = m.trees.read(b, len(m.names)); err != nil {
		return nil, err
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("blocks: %d bytes too many in the model's file", len(b))
	}
	return m, nil
}

// featureNames returns the names of the features.
func featureNames() []string {
	names, _ := Rows(&Page{Blocks: []Block{{Text: "x", Size: 1, Element: -1}}})
	return names
}

// A Judgement is what the model says of a page.
type Judgement struct {
	Keep   []bool  // the blocks that are content
	Chance []int16 // of each block to be content, in thousandths
	model  *Model
	state  *state
}

// Judge judges the blocks of p, but for captions of figures, which are kept or
// left out by other means and count for nothing here.
func (m *Model) Judge(p *Page) *Judgement {
	s := newState(p)
	j := &Judgement{Chance: make([]int16, len(p.Blocks)), model: m, state: s}
	words := make([]int32, len(p.Blocks))
	r := row{v: make([]int16, 0, len(m.names))}
	for i := range p.Blocks {
		if p.Blocks[i].Caption {
			continue
		}
		r.v = r.v[:0]
		s.features(&r, i)
		sum := m.trees.score(r.v)
		if p.Blocks[i].Kept {
			sum += m.bonus.of(s.shapes[i].words)
		}
		j.Chance[i] = m.chances.chance(sum)
		words[i] = int32(s.shapes[i].words)
	}
	j.Keep = choose(j.Chance, words)
	return j
}

// Why returns the features that did most to the chance of block i, strongest
// first, at most n: each with its value and the log odds that it added, such as
// "name:comment 2 (-1.31)". The engine's bonus goes by the name "engine".
func (j *Judgement) Why(i, n int) []string {
	r := row{}
	j.state.features(&r, i)
	weights := make([]int32, len(r.v))
	j.model.trees.explain(r.v, weights)
	names := j.model.names
	if j.state.page.Blocks[i].Kept {
		names = append(slices.Clip(names), "engine")
		weights = append(weights, j.model.bonus.of(j.state.shapes[i].words))
		r.v = append(r.v, 1)
	}
	order := make([]int, len(weights))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return int(max(weights[b], -weights[b]) - max(weights[a], -weights[a]))
	})
	var out []string
	for _, k := range order[:min(n, len(order))] {
		if weights[k] == 0 {
			break
		}
		out = append(out, fmt.Sprintf("%s %d (%+.2f)", names[k], r.v[k], float64(weights[k])/scoreUnit))
	}
	return out
}

// Rows returns the features of a page's blocks, a row a block, and their names.
func Rows(p *Page) (names []string, rows [][]int16) {
	s := newState(p)
	rows = make([][]int16, len(p.Blocks))
	for i := range rows {
		r := row{}
		if i == 0 {
			r.names = &names
		}
		s.features(&r, i)
		rows[i] = r.v
	}
	return names, rows
}
