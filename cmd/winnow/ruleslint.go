package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"winnow/rules"
)

func rulesLintCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "lint FILE|FOLDER...",
		Short: "Print every mistake in packs, as file:line:col: rule: what is wrong",
		Long: `Print every mistake in packs, as file:line:col: rule: what is wrong, with the
line below it. The examples of every rule are run. In a folder, files that end in
.bad.yaml are left out.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			packs, mistakes, err := lint(args)
			if err != nil {
				return err
			}
			n := 0
			for _, p := range packs {
				n += len(p.Rules)
			}
			for _, m := range mistakes {
				fmt.Fprintln(s.out, m)
			}
			if len(mistakes) > 0 {
				fmt.Fprintf(s.err, "winnow: %s\n", count(len(mistakes), "mistake"))
				return errFailed
			}
			_, err = fmt.Fprintf(s.out, "%s in %s: no mistakes\n", count(n, "rule"), count(len(packs), "pack"))
			return err
		},
	}
}

// lint loads packs and returns every mistake in them.
func lint(args []string) (packs []*rules.Pack, mistakes rules.Errors, err error) {
	for _, arg := range args {
		var more []*rules.Pack
		if isFolder(arg) {
			if more, err = rules.LoadDir(arg); err == nil && len(more) == 0 {
				err = fmt.Errorf("%s holds no packs (.yaml)", arg)
			}
		} else {
			more, err = lintFile(arg)
		}
		var es rules.Errors
		if err != nil && !errors.As(err, &es) {
			return nil, nil, err
		}
		mistakes = append(mistakes, es...)
		packs = append(packs, more...)
	}
	if _, err := rules.NewSet(packs...); err != nil && len(mistakes) == 0 {
		if !errors.As(err, &mistakes) {
			return nil, nil, err
		}
	}
	return packs, mistakes, nil
}

func lintFile(path string) ([]*rules.Pack, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if filepath.Base(path) == rules.OverridesFile {
		_, err := rules.ParseOverrides(path, data)
		return nil, err
	}
	p, err := rules.ParsePack(path, data)
	if err != nil {
		return nil, err
	}
	return []*rules.Pack{p}, p.Test()
}
