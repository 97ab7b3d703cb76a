package rules

import (
	"slices"
	"strings"
)

// pairs is a set of the pairs of neighbouring bytes of a unit, by their hash.
// It says of most strings that the unit does not hold them, at a tenth of the
// cost of looking (a filter after Bloom, 1970, with one hash).
type pairs [1 << 10 / 64]uint64

func (p *pairs) set(low string) {
	*p = pairs{}
	for i := 1; i < len(low); i++ {
		h := pairHash(low[i-1], low[i])
		p[h>>6] |= 1 << (h & 63)
	}
}

// all reports whether p has each of hs.
func (p *pairs) all(hs []uint16) bool {
	for _, h := range hs {
		if p[h>>6&(1<<4-1)]&(1<<(h&63)) == 0 {
			return false
		}
	}
	return true
}

func pairHash(a, b byte) uint16 {
	return uint16((uint32(a)<<8|uint32(b))*0x9E3779B1>>(32-10)) & (1<<10 - 1)
}

// rarestPairs returns the hashes of the pairs of s, the rarest first.
func rarestPairs(s string) (hs []uint16) {
	at := make([]int, 0, len(s))
	for j := 1; j < len(s); j++ {
		at = append(at, j)
	}
	slices.SortStableFunc(at, func(a, b int) int {
		return rarity[s[b-1]] + rarity[s[b]] - rarity[s[a-1]] - rarity[s[a]]
	})
	for _, j := range at {
		hs = append(hs, pairHash(s[j-1], s[j]))
	}
	return hs
}

// rarity says how rare a byte is in running text; higher is rarer. The order
// is that of the frequency in English, the space first.
var rarity = func() (r [256]int) {
	for c := range r {
		if r[c] = strings.IndexByte(" etaoinshrdlucmfwygpbvkxqjz", byte(c)); r[c] < 0 {
			r[c] = 20
		}
	}
	return
}()
