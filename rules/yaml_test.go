package rules

import (
	"fmt"
	"strings"
	"testing"
)

// TestAliases checks that aliases mean what they name, and that a few lines of
// aliases of aliases cannot stand for more than memory holds.
func TestAliases(t *testing.T) {
	const rule = "\nrules:\n  - id: a\n    category: nav\n    where: tail\n    why: w\n    text: *last\n    remove: ['[-Read on-]']\n    keep: [Read on was all.]\n"
	p, err := ParsePack("a.yaml", []byte("\ufeffany: test\ndefine:\n  - &one [Read on, Go on]\n  - &last [*one, *one, More]"+rule))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.Rules[0].Text, "|"); got != "Read on|Go on|Read on|Go on|More" {
		t.Errorf("the lists were read as %q", got)
	}

	bomb := "any: test\ndefine:\n  - &a0 [Read on]\n"
	for i := range 20 {
		bomb += fmt.Sprintf("  - &a%d [%s]\n", i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), ", "))
	}
	wide := "any: test\ndefine:\n  - &a0 [" + strings.Repeat("x, ", 1<<12) + "x]\n  - &a20 [" + strings.Repeat("*a0, ", 1<<12) + "x]\n"
	for _, pack := range []string{bomb, wide} {
		_, err := ParsePack("b.yaml", []byte(pack+strings.Replace(rule, "*last", "*a20", 1)))
		if err == nil || strings.Count(err.Error(), "aliases stand for too much") != 1 {
			t.Errorf("a pack that blows up: %.300v", err)
		}
	}
}

// TestDepth checks that what is nested without end costs next to nothing.
func TestDepth(t *testing.T) {
	for _, rules := range []string{strings.Repeat("[", 100_000), strings.Repeat("{a: ", 100_000), "\n  " + strings.Repeat("- ", 100_000) + "a"} {
		_, err := ParsePack("a.yaml", []byte("any: test\nrules: "+rules))
		if err == nil || !strings.Contains(err.Error(), "nested too deeply") {
			t.Errorf("%.30s: %.300v", rules, err)
		}
	}
}
