package rules

import "slices"

func sortedIDs(ids []ID) []ID {
	slices.Sort(ids)
	return slices.Compact(ids)
}
