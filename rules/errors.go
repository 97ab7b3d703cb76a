package rules

import (
	"fmt"
	"strings"
)

// An Error is one mistake in a pack.
type Error struct {
	File string // as it was given to ParsePack
	Line int    // from 1; 0 where it is not known
	Col  int    // from 1, in runes
	Rule ID     // empty outside rules
	Msg  string
	Src  string // the line itself
}

// Error renders e as "file:line:col: rule: what is wrong", and the line below it.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Col)
	}
	if e.Rule != "" {
		fmt.Fprintf(&b, ": %s", e.Rule)
	}
	fmt.Fprintf(&b, ": %s", e.Msg)
	if e.Src != "" {
		fmt.Fprintf(&b, "\n\t%s", strings.TrimSpace(e.Src))
	}
	return b.String()
}

// Errors are all mistakes of one or more packs, in order.
type Errors []*Error

// Error renders one mistake after the other.
func (es Errors) Error() string {
	var all []string
	for _, e := range es {
		all = append(all, e.Error())
	}
	return strings.Join(all, "\n")
}

func (es Errors) orNil() error {
	if len(es) == 0 {
		return nil
	}
	return es
}
