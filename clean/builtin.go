package clean

import (
	"slices"
	"sync"

	"winnow/rules"
	"winnow/rules/model"
	"winnow/rules/packs"
)

// Builtin returns what winnow cleans by where nobody says otherwise: the
// built-in packs, and after them the universal model, which is a pack of one
// rule (model.ID). They are read once and shared: do not change them. A server
// loads them with Config.LoadRules.
var Builtin = sync.OnceValues(func() ([]*rules.Pack, error) {
	ps, err := packs.Builtin()
	if err != nil {
		return nil, err
	}
	universal, err := model.Pack(rules.Enforce)
	if err != nil {
		return nil, err
	}
	return append(slices.Clip(ps), universal), nil
})

// Default returns an Engine that cleans by the built-in packs, the universal
// model, and own: packs that were read (rules.LoadDir) or learned. A rule of
// theirs wins over an earlier one of the same ID.
func Default(own ...*rules.Pack) (*Engine, error) {
	ps, err := Builtin()
	if err != nil {
		return nil, err
	}
	set, err := rules.NewSet(slices.Concat(ps, own)...)
	if err != nil {
		return nil, err
	}
	return New(set), nil
}
