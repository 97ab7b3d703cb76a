package blocks

import "slices"

// choose picks the blocks whose words, by their chances, agree best with a
// text of which nothing is known but these chances: it takes blocks from the
// surest down, as far as the expected F1 of words,
//
//	2 * sum of words taken times chance / (words taken + all words times chance),
//
// grows. chance is in thousandths.
func choose(chance []int16, words []int32) []bool {
	order := make([]int32, len(chance))
	var all uint64
	for i := range order {
		order[i] = int32(i)
		all += uint64(words[i]) * uint64(chance[i])
	}
	slices.SortFunc(order, func(a, b int32) int {
		if chance[a] != chance[b] {
			return int(chance[b]) - int(chance[a])
		}
		return int(a - b)
	})
	var hit, taken, bestHit uint64
	bestOf := uint64(1)
	best := 0
	for k, i := range order {
		if chance[i] == 0 {
			break
		}
		hit += uint64(words[i]) * uint64(chance[i])
		taken += uint64(words[i]) * 1000
		if less(bestHit, bestOf, hit, taken+all) {
			best, bestHit, bestOf = k+1, hit, taken+all
		}
	}
	keep := make([]bool, len(chance))
	for _, i := range order[:best] {
		keep[i] = true
	}
	return keep
}
