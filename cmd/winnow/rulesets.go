package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"winnow/clean"
	"winnow/rules"
)

// ruleFlags say which rules are in force.
type ruleFlags struct {
	folders   []string
	noBuiltin bool
	feedback  string
}

func (r *ruleFlags) add(c *cobra.Command) {
	c.Flags().StringArrayVar(&r.folders, "rules", nil, "add the packs of `FOLDER` (repeatable); a rule of theirs wins over an earlier one of the same id")
	c.Flags().BoolVar(&r.noBuiltin, "no-builtin", false, "leave out the built-in packs")
	c.Flags().StringVar(&r.feedback, "feedback", "", "apply what people said of rules, built-in ones too, in `FILE`; it need not exist yet")
}

func (r *ruleFlags) given() bool { return len(r.folders) > 0 || r.noBuiltin || r.feedback != "" }

// packs reads the packs, the built-in ones first, and applies the feedback.
func (r *ruleFlags) packs() ([]*rules.Pack, error) {
	ps, err := r.written()
	if err != nil || r.feedback == "" {
		return ps, err
	}
	data, err := os.ReadFile(r.feedback)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return rules.ApplyFeedback(ps, r.feedback, data)
}

// written reads the packs as they are written.
func (r *ruleFlags) written() ([]*rules.Pack, error) {
	var own []*rules.Pack
	for _, dir := range r.folders {
		ps, err := loadFolder(dir)
		if err != nil {
			return nil, err
		}
		own = append(own, ps...)
	}
	if r.noBuiltin {
		return own, nil
	}
	builtin, err := clean.Builtin()
	if err != nil {
		return nil, err
	}
	return slices.Concat(builtin, own), nil
}

// loadFolder reads the packs of a folder. Mistakes in them are rules.Errors.
func loadFolder(dir string) ([]*rules.Pack, error) {
	if !isFolder(dir) {
		return nil, fmt.Errorf("%s is not a folder of packs", dir)
	}
	return rules.LoadDir(dir)
}

func (r *ruleFlags) set() (*rules.Set, error) {
	ps, err := r.packs()
	if err != nil {
		return nil, err
	}
	return rules.NewSet(ps...)
}
