package rules

import (
	"fmt"
	"hash/fnv"
	"strings"

	"winnow/text"
)

// PackName returns the name that the pack of a publisher has: the publisher
// itself, with a hyphen for everything that names of packs cannot hold. The
// pack of documents whose publisher is not known is "unnamed".
func PackName(p text.Publisher) string {
	if p == "" {
		return "unnamed"
	}
	changed := false
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '.', r == ':', r == '_', r == '-':
			return r
		case r == ' ' || r == '/':
			return '-'
		}
		changed = true
		return '-'
	}, strings.ToLower(string(p)))
	name = strings.TrimLeft(name, "-.:_")
	if changed || name == "" { // names of other scripts must not become one
		h := fnv.New32a()
		h.Write([]byte(p))
		name = fmt.Sprintf("%s%08x", name, h.Sum32())
	}
	return name
}
