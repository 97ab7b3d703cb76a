package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/spf13/cobra"

	"winnow/rules"
	"winnow/rules/packs"
	"winnow/text"
)

func rulesTestCommand(s streams) *cobra.Command {
	t := &rulesTest{streams: s}
	c := &cobra.Command{
		Use:   "test [FOLDER]",
		Short: "Run the examples of every rule, and the goldens beside the packs",
		Long: `Run the examples of every rule, each rule alone, and the goldens beside the
packs: NAME.txtar holds whole documents in which [-what goes-] is marked. They are
cleaned by the built-in packs and those of the folder together, as documents of
the publisher of the pack NAME.yaml.

Without a folder the examples of the built-in packs are run.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return t.run(args) },
	}
	c.Flags().BoolVar(&t.noBuiltin, "no-builtin", false, "clean the goldens by the folder's packs alone")
	c.Flags().BoolVar(&t.update, "update", false, "rewrite the goldens with what is removed now")
	return c
}

type rulesTest struct {
	streams
	noBuiltin, update        bool
	rules, goldens, failures int
}

func (t *rulesTest) run(args []string) error {
	var own []*rules.Pack
	var err error
	if len(args) == 0 {
		own, err = packs.Builtin() // which runs the examples
	} else {
		own, err = loadFolder(args[0])
	}
	var mistakes rules.Errors
	if errors.As(err, &mistakes) {
		for _, m := range mistakes {
			fmt.Fprintln(t.out, m)
		}
		t.failures += len(mistakes)
	} else if err != nil {
		return err
	}
	if err == nil && len(own) == 0 {
		return fmt.Errorf("%s holds no packs (.yaml)", args[0])
	}
	for _, p := range own {
		t.rules += len(p.Rules)
	}
	if len(args) > 0 && t.failures == 0 {
		if err := t.folder(args[0], own); err != nil {
			return err
		}
	}
	if t.failures > 0 {
		fmt.Fprintf(t.err, "winnow: %s\n", count(t.failures, "failure"))
		return errFailed
	}
	_, err = fmt.Fprintf(t.out, "ok: the examples of %s, %s\n", count(t.rules, "rule"), count(t.goldens, "golden"))
	return err
}

// folder runs the goldens of a folder.
func (t *rulesTest) folder(dir string, own []*rules.Pack) error {
	all := own
	if !t.noBuiltin {
		builtin, err := packs.Builtin()
		if err != nil {
			return err
		}
		all = slices.Concat(builtin, own)
	}
	set, err := rules.NewSet(all...)
	if err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".txtar" {
			return err
		}
		return t.golden(set, path, publisherOf(strings.TrimSuffix(path, ".txtar")+".yaml", own))
	})
}

// publisherOf returns the publisher that the rules of a pack file hold for, or
// one of its group.
func publisherOf(file string, own []*rules.Pack) text.Publisher {
	for _, p := range own {
		if filepath.Clean(p.File) != filepath.Clean(file) {
			continue
		}
		if p.Scope.Publisher != "" {
			return p.Scope.Publisher
		}
		if len(p.Scope.Members) > 0 {
			return p.Scope.Members[0]
		}
	}
	return ""
}

// golden runs the documents of one file.
func (t *rulesTest) golden(set *rules.Set, path string, publisher text.Publisher) error {
	a, err := txtar.ParseFile(path)
	if err != nil {
		return err
	}
	for i, f := range a.Files {
		want, err := rules.ParseMarked(string(f.Data))
		if err != nil {
			return fmt.Errorf("%s: %s: %w", path, f.Name, err)
		}
		t.goldens++
		out := set.Apply(&text.Document{Text: want.Text, Publisher: publisher}, rules.Options{})
		got := rules.Marked(want.Text, out.Removals)
		var cuts []rules.Removal
		for _, s := range want.Cut {
			cuts = append(cuts, rules.Removal{Span: s, Mode: rules.Enforce})
		}
		if canonical := rules.Marked(want.Text, cuts); got != canonical {
			if t.update {
				a.Files[i].Data = []byte(got)
				continue
			}
			t.failures++
			fmt.Fprintf(t.out, "%s: %s: not removed as marked\n%s", path, f.Name, difference(canonical, got))
		}
	}
	if data := txtar.Format(a); t.update {
		if old, err := os.ReadFile(path); err != nil || bytes.Equal(old, data) {
			return err
		}
		return os.WriteFile(path, data, 0o666)
	}
	return nil
}

// difference shows the lines that are not the same. The texts differ in their
// marks alone, so they have the same lines.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			fmt.Fprintf(&b, "  line %d\n    want %s\n    got  %s\n", i+1, w[i], g[i])
		}
	}
	return b.String()
}
