package rules

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// OverridesFile is the name of the file in a folder of packs that says what
// people decided on the modes of its rules. It is a list:
//
//   - id: dailyexample.com/newsletter
//     mode: enforce
//     who: jane
//     when: 2026-11-22
//     why: 'Read forty samples.'
//
// LoadDir applies it after the packs, so that a learned pack can be written
// again without losing a decision. It holds for the rules of its own folder
// and of the folders below.
const OverridesFile = "overrides.yaml"

// An Override is what a person decided on the mode of a rule.
type Override struct {
	ID   ID
	Mode Mode
	Who  string
	When string // a date, YYYY-MM-DD, or a time of RFC 3339
	Why  string // may be empty

	Pack  Mode   // the mode that the pack gives the rule; set by LoadDir
	Place string // "file:line", where it was read
}

const overridesHead = `# What people decided on the rules of the packs in this folder and below.
# Written by winnow rules promote, shadow and off; it may be edited by hand.
`

// parsedOverride is an Override with where it stands.
type parsedOverride struct {
	Override
	node ast.Node
}

// ParseOverrides reads an overrides file; file names it in errors. Every
// mistake is reported at once, as Errors. Whether the rules exist is seen when
// the folder is loaded.
func ParseOverrides(file string, data []byte) ([]Override, error) {
	r := newReader(file, data)
	var out []Override
	for _, o := range r.overrides(data) {
		out = append(out, o.Override)
	}
	return out, r.errs.orNil()
}

func newReader(file string, data []byte) *reader {
	return &reader{file: file, lines: strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n"), anchors: map[string]ast.Node{}}
}

func (r *reader) overrides(data []byte) []parsedOverride {
	f, err := parseYAML(r.file, data)
	if err != nil {
		r.errs = append(r.errs, err)
		return nil
	}
	if len(f.Docs) == 0 || f.Docs[0].Body == nil {
		return nil
	}
	if len(f.Docs) > 1 {
		r.fail(f.Docs[1].Body, "overrides are one YAML document")
	}
	if _, ok := f.Docs[0].Body.(*ast.CommentGroupNode); ok {
		return nil
	}
	var out []parsedOverride
	at := map[ID]string{}
	for _, n := range r.list(f.Docs[0].Body) {
		r.current = ""
		o := Override{Place: fmt.Sprintf("%s:%d", r.file, resolvePos(n).Line)}
		r.mapping(n, map[string]func(ast.Node){
			"id": func(n ast.Node) {
				o.ID = ID(r.str(n))
				r.current = o.ID
				if before, ok := at[o.ID]; ok {
					r.fail(n, "the mode of this rule is decided already at %s", before)
				}
				at[o.ID] = o.Place
			},
			"mode": func(n ast.Node) {
				if o.Mode = Mode(r.str(n)); !o.Mode.known() {
					r.fail(n, "unknown mode %q: enforce, shadow or off", o.Mode)
				}
			},
			"who": func(n ast.Node) { o.Who = r.str(n) },
			"when": func(n ast.Node) {
				if o.When = r.str(n); !isTime(o.When) {
					r.fail(n, "when: a date should stand here, as 2006-01-02, or a time, as 2006-01-02T15:04:05Z")
				}
			},
			"why": func(n ast.Node) { o.Why = r.str(n) },
		})
		for _, f := range []struct{ name, value string }{
			{"id", string(o.ID)}, {"mode", string(o.Mode)}, {"who", strings.TrimSpace(o.Who)}, {"when", o.When},
		} {
			if f.value == "" {
				r.fail(n, "an override says its %s", f.name)
			}
		}
		out = append(out, parsedOverride{o, n})
	}
	r.current = ""
	return out
}

func (m Mode) known() bool { return m == Enforce || m == Shadow || m == Off }

func isTime(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	if err != nil {
		_, err = time.Parse(time.RFC3339, s)
	}
	return err == nil
}

// override sets the modes of the rules of packs as the overrides in data say.
// An id that no rule has is a mistake.
func override(packs []*Pack, file string, data []byte) Errors {
	r := newReader(file, data)
	all := r.overrides(data)
	rules := map[ID][]*Rule{}
	for _, p := range packs {
		for _, rule := range p.Rules {
			rules[rule.ID] = append(rules[rule.ID], rule)
		}
	}
	for _, o := range all {
		if o.ID != "" && len(rules[o.ID]) == 0 {
			r.current = o.ID
			r.fail(o.node, "no pack of this folder holds this rule")
		}
	}
	if len(r.errs) > 0 {
		return r.errs
	}
	for _, o := range all {
		for _, rule := range rules[o.ID] {
			by := o.Override
			by.Pack = rule.Mode
			rule.Mode, rule.Override = by.Mode, &by
		}
	}
	return nil
}

// SetOverride returns the overrides file data with o in it: in the place of
// what it said of the rule before, else at the end. Everything else stays as
// it is, comments too. data may be empty. It returns an error for data with
// mistakes and for an o that could not be read back.
func SetOverride(file string, data []byte, o Override) ([]byte, error) {
	r := newReader(file, data)
	all := r.overrides(data)
	if len(r.errs) > 0 {
		return nil, r.errs
	}
	o.Who, o.Why = oneLine(o.Who), oneLine(o.Why)
	var entry bytes.Buffer
	fmt.Fprintf(&entry, "- id: %s\n  mode: %s\n  who: %s\n  when: %s\n", o.ID, o.Mode, singleQuoted(o.Who), o.When)
	if o.Why != "" {
		fmt.Fprintf(&entry, "  why: %s\n", singleQuoted(o.Why))
	}
	text := string(data)
	if strings.TrimSpace(text) == "" {
		text = overridesHead
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	i := slices.IndexFunc(all, func(p parsedOverride) bool { return p.ID == o.ID })
	if i < 0 {
		text += entry.String()
	} else {
		lines := strings.SplitAfter(text, "\n")
		first := resolvePos(all[i].node).Line - 1
		end := first + 1
		for end < len(lines) && strings.HasPrefix(lines[end], " ") { // the fields of the entry
			end++
		}
		text = strings.Join(lines[:first], "") + entry.String() + strings.Join(lines[end:], "")
	}
	got, err := ParseOverrides(file, []byte(text))
	var es Errors
	if errors.As(err, &es) && es[0].Rule == o.ID {
		return nil, err
	}
	want := make([]Override, 0, len(all)+1)
	for _, p := range all {
		want = append(want, p.Override)
	}
	if i < 0 {
		want = append(want, o)
	} else {
		want[i] = o
	}
	if err != nil || !slices.EqualFunc(got, want, sameDecision) {
		return nil, fmt.Errorf("%s: not in the form that winnow writes: write the mode of %s into it by hand", file, o.ID)
	}
	return []byte(text), nil
}

func sameDecision(a, b Override) bool {
	return a.ID == b.ID && a.Mode == b.Mode && a.Who == b.Who && a.When == b.When && a.Why == b.Why
}

// oneLine returns s without what does not belong into a line of text.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || r == 0xFEFF || r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

func singleQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
