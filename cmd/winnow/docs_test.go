package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestCommandsInDocs: every winnow command that the documentation shows exists,
// with every flag that it is given.
func TestCommandsInDocs(t *testing.T) {
	shown := 0
	for _, file := range []string{"../../README.md", "../../docs/api.md", "../../docs/rules.md", "../../docs/design.md", "../../docs/audit.md", "../../docs/archives.md"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("(?m)(?:^|[`|] ?)winnow ([a-z][^`|#\n]*)").FindAllStringSubmatch(string(data), -1) {
			words := strings.Fields(m[1])
			root := newRoot(streams{strings.NewReader(""), &strings.Builder{}, &strings.Builder{}})
			root.InitDefaultHelpCmd()
			c, _, err := root.Find(words)
			if err != nil || c == root {
				if regexp.MustCompile(`^(separates|takes|reads|hands)\b`).MatchString(m[1]) {
					continue // a sentence
				}
				t.Errorf("%s: winnow %s: no such command", file, m[1])
				continue
			}
			shown++
			for _, w := range words {
				checkFlag(t, file, c, w)
			}
		}
		// Flags that are named by themselves belong to some command.
		for _, m := range regexp.MustCompile("`(--[a-z-]+)").FindAllStringSubmatch(string(data), -1) {
			if !someCommandHas(m[1]) {
				t.Errorf("%s: no command has the flag %s", file, m[1])
			}
		}
	}
	if shown < 15 {
		t.Errorf("only %d commands were found in the documentation", shown)
	}
}

func checkFlag(t *testing.T, file string, c *cobra.Command, word string) {
	name, isFlag := strings.CutPrefix(strings.TrimRight(word, "],"), "--")
	name, _, _ = strings.Cut(strings.TrimPrefix(name, "["), "=")
	if isFlag && c.Flag(name) == nil {
		t.Errorf("%s: %s has no flag %s", file, c.CommandPath(), word)
	}
}

func someCommandHas(flag string) bool {
	found := false
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		found = found || c.Flags().Lookup(strings.TrimPrefix(flag, "--")) != nil
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(streams{strings.NewReader(""), &strings.Builder{}, &strings.Builder{}}))
	return found
}
