package blocks

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"sort"
)

// A forest is boosted trees over a row of whole numbers, walked from nodes[starts[t]].
type forest struct {
	base   int32
	nodes  []branch
	starts []int32
}

// A branch is a node of a tree: rows with less than limit in the feature go to
// the node that follows, the others to right. A leaf has feature leaf. value is
// the sum that the node adds: a leaf's own, a branch's mean, for explanations.
type branch struct {
	feature uint16
	limit   int16
	right   uint16 // nodes from the tree's start
	value   int16  // in 1/4096 of log odds
}

const (
	leaf      = 0xffff
	scoreUnit = 4096
)

// score returns the sum over the trees, in 1/4096 of log odds.
func (f *forest) score(row []int16) int32 {
	s := f.base
	for _, start := range f.starts {
		tree := f.nodes[start:]
		i := 0
		for tree[i].feature != leaf {
			if row[tree[i].feature] < tree[i].limit {
				i++
			} else {
				i = int(tree[i].right)
			}
		}
		s += int32(tree[i].value)
	}
	return s
}

// explain adds to weights what each feature did to the score of a row: the
// change of the mean at every branch on its way (Saabas 2014).
func (f *forest) explain(row []int16, weights []int32) {
	for _, start := range f.starts {
		tree := f.nodes[start:]
		i := 0
		for tree[i].feature != leaf {
			from, by := tree[i].value, tree[i].feature
			if row[by] < tree[i].limit {
				i++
			} else {
				i = int(tree[i].right)
			}
			weights[by] += int32(tree[i].value) - int32(from)
		}
	}
}

// read takes a forest off the front of b, and checks that no row of width
// features can lead it astray.
func (f *forest) read(b []byte, width int) ([]byte, error) {
	if len(b) < 12 {
		return nil, errShort
	}
	f.base = int32(binary.LittleEndian.Uint32(b))
	trees, nodes := int(binary.LittleEndian.Uint32(b[4:])), int(binary.LittleEndian.Uint32(b[8:]))
	b = b[12:]
	if trees < 0 || nodes < 0 || trees > 1<<16 || nodes > 1<<22 || len(b) < 4*trees+8*nodes {
		return nil, errShort
	}
	f.starts = make([]int32, trees)
	for i := range f.starts {
		f.starts[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
	}
	b = b[4*trees:]
	f.nodes = make([]branch, nodes)
	for i := range f.nodes {
		n := b[8*i:]
		f.nodes[i] = branch{binary.LittleEndian.Uint16(n), int16(binary.LittleEndian.Uint16(n[2:])),
			binary.LittleEndian.Uint16(n[4:]), int16(binary.LittleEndian.Uint16(n[6:]))}
	}
	for t, start := range f.starts {
		end := int32(nodes)
		if t+1 < trees {
			end = f.starts[t+1]
		}
		if start < 0 || start >= end || end > int32(nodes) {
			return nil, fmt.Errorf("blocks: tree %d lies at [%d, %d) of %d nodes", t, start, end, nodes)
		}
		for i := start; i < end; i++ {
			n := f.nodes[i]
			if n.feature == leaf {
				continue
			}
			if int(n.feature) >= width || start+int32(n.right) >= end || start+int32(n.right) <= i || i+1 >= end {
				return nil, fmt.Errorf("blocks: node %d of tree %d leads astray", i-start, t)
			}
		}
	}
	return b[8*nodes:], nil
}

var errShort = fmt.Errorf("blocks: the model's file is cut short")

// A scale turns sums into chances: step k is the least sum with a chance of at
// least k+1 in a thousand.
type scale [1000]int32

func (s *scale) chance(sum int32) int16 {
	return int16(sort.Search(len(s), func(k int) bool { return s[k] > sum }))
}

// less reports whether a/b < c/d, for what is not negative.
func less(a, b, c, d uint64) bool {
	h1, l1 := bits.Mul64(a, d)
	h2, l2 := bits.Mul64(c, b)
	return h1 < h2 || h1 == h2 && l1 < l2
}
