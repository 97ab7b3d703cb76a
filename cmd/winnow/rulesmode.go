package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"winnow/archive"
	"winnow/rules"
	"winnow/rules/packs"
)

// rulesModeCommands are promote, shadow and off: they write down what a person
// decided on the mode of a rule. now is the clock.
func rulesModeCommands(s streams, now func() time.Time) []*cobra.Command {
	var out []*cobra.Command
	for _, m := range []struct {
		name, short string
		mode        rules.Mode
	}{
		{"promote", "Let a rule cut", rules.Enforce},
		{"shadow", "Let a rule report and cut nothing", rules.Shadow},
		{"off", "Switch a rule off", rules.Off},
	} {
		var folder, who, when, why string
		c := &cobra.Command{
			Use:   m.name + " ID --rules FOLDER",
			Short: m.short,
			Long: m.short + `. The decision is written into the folder's ` + rules.OverridesFile + `, beside the packs:
packs may be learned again and lose none.`,
			Args: cobra.ExactArgs(1),
			RunE: func(_ *cobra.Command, args []string) error {
				o := rules.Override{ID: rules.ID(args[0]), Mode: m.mode, Who: who, Why: why, When: cmp.Or(when, now().UTC().Format(time.DateOnly))}
				before, path, err := decide(folder, o)
				if err != nil {
					return err
				}
				fmt.Fprintf(s.out, "%s: %s, now %s; written to %s\n", o.ID, before, o.Mode, path)
				return nil
			},
		}
		fl := c.Flags()
		fl.StringVar(&folder, "rules", "", "the `FOLDER` of the pack")
		fl.StringVar(&who, "who", cmp.Or(os.Getenv("USER"), "unknown"), "the `NAME` of who decides")
		fl.StringVar(&when, "when", "", "the `DATE`, YYYY-MM-DD, or time of the decision; today where it is not given")
		fl.StringVar(&why, "why", "", "the `REASON`, for those who ask later")
		c.MarkFlagRequired("rules")
		out = append(out, c)
	}
	return out
}

// decide writes o into the overrides of a folder whose packs hold its rule. It
// returns the mode that the rule had, and the file.
func decide(folder string, o rules.Override) (before rules.Mode, path string, err error) {
	own, err := loadFolder(folder)
	if err != nil {
		return "", "", err
	}
	for _, p := range own {
		for _, r := range p.Rules {
			if r.ID == o.ID {
				before = r.Mode
			}
		}
	}
	if before == "" && isBuiltin(o.ID) {
		return "", "", fmt.Errorf("%s is a built-in rule: winnow audit mode %s MODE --feedback FILE decides on it", o.ID, o.ID)
	}
	if before == "" {
		return "", "", fmt.Errorf("no rule in %s has the id %q", folder, o.ID)
	}
	path = filepath.Join(folder, rules.OverridesFile)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	if data, err = rules.SetOverride(path, data, o); err != nil {
		return "", "", err
	}
	f, err := archive.Create(path)
	if err != nil {
		return "", "", err
	}
	defer f.Abandon()
	if _, err := f.Write(data); err != nil {
		return "", "", err
	}
	return before, path, f.Commit()
}

// isBuiltin reports whether a rule of the built-in packs has the id.
func isBuiltin(id rules.ID) bool {
	own, err := packs.Builtin()
	return err == nil && slices.ContainsFunc(own, func(p *rules.Pack) bool {
		return slices.ContainsFunc(p.Rules, func(r *rules.Rule) bool { return r.ID == id })
	})
}
