// Package packs holds the rules that winnow is built with, one YAML file a
// subject, with whole-document goldens beside each (.txtar).
package packs

import (
	"embed"
	"sync"

	"winnow/rules"
)

//go:embed *.yaml
var files embed.FS

// Builtin returns the built-in packs, read once. Their examples are not run
// anew in every process, which would cost a second: they cannot change once
// they are built in, and the tests of this package run them.
var Builtin = sync.OnceValues(func() ([]*rules.Pack, error) { return rules.ReadFS(files, "builtin") })

// Set returns the built-in packs as a set.
var Set = sync.OnceValues(func() (*rules.Set, error) {
	ps, err := Builtin()
	if err != nil {
		return nil, err
	}
	return rules.NewSet(ps...)
})
