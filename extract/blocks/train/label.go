package main

import (
	"slices"

	"winnow/extract/blocks"
	"winnow/internal/quality"
)

// labelled says how much of a block stands in the truth.
type labelled struct {
	words   int32   // in the block
	matched int32   // aligned with words of the truth
	bag     []int32 // the block's words that the truth has too, by their number in it
}

// label aligns the blocks of a page with its truth. Words are aligned in order,
// first where runs of words stand once on both sides, then between. What is
// left of the truth goes to blocks that stand elsewhere but have its words in
// runs, such as cells of a table that the truth has in another order.
func label(p *blocks.Page, truth string) ([]labelled, []int32) {
	number := map[string]int32{}
	var counts []int32
	id := func(w string) int32 {
		n, ok := number[w]
		if !ok {
			n = int32(len(number))
			number[w] = n
			counts = append(counts, 0)
		}
		return n
	}
	want := ids(quality.Words(truth), id)
	for _, w := range want {
		counts[w]++
	}
	inTruth := int32(len(counts))
	out := make([]labelled, len(p.Blocks))
	var got []int32
	var of []int32 // the block of each word
	for i := range p.Blocks {
		ws := ids(quality.Words(p.Blocks[i].Text), id)
		out[i].words = int32(len(ws))
		for _, w := range ws {
			if w < inTruth {
				out[i].bag = append(out[i].bag, w)
			}
			got = append(got, w)
			of = append(of, int32(i))
		}
	}
	pair := align(got, want)
	used := make([]bool, len(want))
	for i, j := range pair {
		if j >= 0 {
			used[j] = true
			out[of[i]].matched++
		}
	}
	rescue(got, of, want, pair, used, out)
	return out, counts[:inTruth]
}

func ids(words []string, id func(string) int32) []int32 {
	out := make([]int32, len(words))
	for i, w := range words {
		out[i] = id(w)
	}
	return out
}

// align returns for each word of a its partner in b, or -1. Partners are in order.
func align(a, b []int32) []int32 {
	pair := make([]int32, len(a))
	for i := range pair {
		pair[i] = -1
	}
	alignIn(a, b, 0, len(a), 0, len(b), pair, 0)
	return pair
}

func alignIn(a, b []int32, a0, a1, b0, b1 int, pair []int32, depth int) {
	// What begins and ends alike is a pair.
	for a0 < a1 && b0 < b1 && a[a0] == b[b0] && depth > 0 {
		pair[a0] = int32(b0)
		a0, b0 = a0+1, b0+1
	}
	for a0 < a1 && b0 < b1 && a[a1-1] == b[b1-1] && depth > 0 {
		a1, b1 = a1-1, b1-1
		pair[a1] = int32(b1)
	}
	if a0 >= a1 || b0 >= b1 {
		return
	}
	for _, n := range []int{5, 3, 2, 1} {
		if n == 1 && (a1-a0) > 60*(b1-b0)+200 {
			break
		}
		anchors := unique(a, b, a0, a1, b0, b1, n)
		if len(anchors) == 0 {
			continue
		}
		pa, pb := a0, b0
		for _, m := range anchors {
			if m[0] < pa || m[1] < pb {
				continue
			}
			alignIn(a, b, pa, m[0], pb, m[1], pair, depth+1)
			k := 0
			for k < n || m[0]+k < a1 && m[1]+k < b1 && a[m[0]+k] == b[m[1]+k] {
				pair[m[0]+k] = int32(m[1] + k)
				k++
			}
			pa, pb = m[0]+k, m[1]+k
		}
		alignIn(a, b, pa, a1, pb, b1, pair, depth+1)
		return
	}
	if (a1-a0)*(b1-b0) <= 4_000_000 {
		common(a, b, a0, a1, b0, b1, pair)
	}
}

// unique returns pairs of places where a run of n words begins that stands once
// on each side, in the longest order that both sides share.
func unique(a, b []int32, a0, a1, b0, b1, n int) [][2]int {
	type seen struct{ na, nb, ia, ib int }
	m := map[[5]int32]*seen{}
	key := func(x []int32, i int) (k [5]int32) {
		copy(k[:], x[i:i+n])
		return k
	}
	for i := b0; i+n <= b1; i++ {
		k := key(b, i)
		if m[k] == nil {
			m[k] = &seen{}
		}
		m[k].nb++
		m[k].ib = i
	}
	for i := a0; i+n <= a1; i++ {
		if s := m[key(a, i)]; s != nil {
			s.na++
			s.ia = i
		}
	}
	var ms [][2]int
	for i := a0; i+n <= a1; i++ {
		if s := m[key(a, i)]; s != nil && s.na == 1 && s.nb == 1 {
			ms = append(ms, [2]int{i, s.ib})
		}
	}
	// The longest increasing run.
	var tails []int // indexes into ms
	prev := make([]int, len(ms))
	for i, x := range ms {
		k, _ := slices.BinarySearchFunc(tails, x[1], func(t, v int) int { return ms[t][1] - v })
		prev[i] = -1
		if k > 0 {
			prev[i] = tails[k-1]
		}
		if k == len(tails) {
			tails = append(tails, i)
		} else {
			tails[k] = i
		}
	}
	if len(tails) == 0 {
		return nil
	}
	var out [][2]int
	for i := tails[len(tails)-1]; i >= 0; i = prev[i] {
		out = append(out, ms[i])
	}
	slices.Reverse(out)
	return out
}

// common pairs the longest common subsequence, where runs count for more than
// words that stand alone.
func common(a, b []int32, a0, a1, b0, b1 int, pair []int32) {
	n, m := a1-a0, b1-b0
	best := make([]int32, (n+1)*(m+1))
	run := make([]int32, (n+1)*(m+1))
	at := func(i, j int) int { return i*(m+1) + j }
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			v := max(best[at(i+1, j)], best[at(i, j+1)])
			if a[a0+i] == b[b0+j] {
				run[at(i, j)] = run[at(i+1, j+1)] + 1
				gain := int32(2)
				if run[at(i+1, j+1)] > 0 {
					gain = 3
				}
				v = max(v, best[at(i+1, j+1)]+gain)
			}
			best[at(i, j)] = v
		}
	}
	for i, j := 0, 0; i < n && j < m; {
		v := best[at(i, j)]
		gain := int32(2)
		if run[at(i+1, j+1)] > 0 {
			gain = 3
		}
		switch {
		case a[a0+i] == b[b0+j] && v == best[at(i+1, j+1)]+gain:
			pair[a0+i] = int32(b0 + j)
			i, j = i+1, j+1
		case v == best[at(i+1, j)]:
			i++
		default:
			j++
		}
	}
}

// rescue pairs blocks that no order reaches with runs of the truth that are left.
func rescue(got, of, want, pair []int32, used []bool, out []labelled) {
	const n = 3
	where := map[[n]int32][]int{}
	for j := 0; j+n <= len(want); j++ {
		if !used[j] && !used[j+1] && !used[j+2] {
			k := [n]int32(want[j : j+n])
			where[k] = append(where[k], j)
		}
	}
	for i := 0; i+n <= len(got); i++ {
		if pair[i] >= 0 || pair[i+1] >= 0 || pair[i+2] >= 0 {
			continue
		}
		k := [n]int32(got[i : i+n])
		for _, j := range where[k] {
			if used[j] || used[j+1] || used[j+2] {
				continue
			}
			for d := 0; i+d < len(got) && j+d < len(want) && got[i+d] == want[j+d] && !used[j+d] && pair[i+d] < 0; d++ {
				pair[i+d] = int32(j + d)
				used[j+d] = true
				out[of[i+d]].matched++
			}
			break
		}
	}
}
