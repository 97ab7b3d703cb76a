package rules

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"winnow/text"
)

const overriddenPack = `publisher: daily.example
rules:
  - id: post
    category: comments
    why: The link to the comment form.
    where: anywhere
    text: Post a Comment
    remove: ['[-Post a Comment-]']
    keep: [Post a Comment to your diary.]
  - id: more
    category: nav
    mode: shadow
    why: A link.
    where: anywhere
    text: Read on
    remove: ['[-Read on-]']
    keep: ['Read on, Macduff, and do not stop before the end of the chapter.']
`

// load returns the set of a folder of overriddenPack and an overrides file.
func load(t *testing.T, overrides string) (*Set, error) {
	t.Helper()
	fsys := fstest.MapFS{"daily.yaml": {Data: []byte(overriddenPack)}}
	if overrides != "" {
		fsys[OverridesFile] = &fstest.MapFile{Data: []byte(overrides)}
	}
	packs, err := LoadFS(fsys, "own")
	if err != nil {
		return nil, err
	}
	if len(packs) != 1 {
		t.Fatalf("%d packs", len(packs))
	}
	s, err := NewSet(packs...)
	if err != nil {
		t.Fatal(err)
	}
	return s, nil
}

func TestOverridesHold(t *testing.T) {
	doc := &text.Document{Publisher: "daily.example", Text: "Post a Comment\nThe council met on Tuesday and spoke of the harbour.\nRead on"}
	revisions := map[string]string{}
	for _, c := range []struct{ overrides, want string }{
		{"", "[-Post a Comment-]\nP\n[?Read on?]"},
		{"- {id: daily.example/post, mode: 'off', who: a, when: 2026-11-22}", "Post a Comment\nP\n[?Read on?]"},
		{"- {id: daily.example/post, mode: shadow, who: a, when: 2026-11-22}", "[?Post a Comment?]\nP\n[?Read on?]"},
		{"- {id: daily.example/more, mode: enforce, who: a, when: 2026-11-22}\n- {id: daily.example/post, mode: shadow, who: a, when: '2026-11-22T13:40:00Z', why: w}",
			"[?Post a Comment?]\nP\n[-Read on-]"},
	} {
		s, err := load(t, c.overrides)
		if err != nil {
			t.Fatalf("%s: %v", c.overrides, err)
		}
		got := strings.Replace(Marked(doc.Text, s.Apply(doc, Options{Budget: 1}).Removals), "The council met on Tuesday and spoke of the harbour.", "P", 1)
		if got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.overrides, got, c.want)
		}
		if other, ok := revisions[s.Revision()]; ok {
			t.Errorf("%q and %q have one revision", c.overrides, other)
		}
		revisions[s.Revision()] = c.overrides
	}
	// What changes no mode changes no revision, and is told of all the same.
	plain, _ := load(t, "# nothing yet\n")
	same, err := load(t, "- {id: daily.example/more, mode: shadow, who: jane, when: 2026-11-22, why: right so}")
	if err != nil || plain.Revision() != same.Revision() {
		t.Errorf("a mode that stays changes the revision (%v)", err)
	}
	if o := same.Rule("daily.example/more").Override; o == nil || fmt.Sprint(*o) != "{daily.example/more shadow jane 2026-11-22 right so shadow own/overrides.yaml:1}" {
		t.Errorf("%+v", o)
	}
	if o := same.Rule("daily.example/post").Override; o != nil {
		t.Errorf("nobody decided on it: %+v", o)
	}
}

func TestOverrideMistakes(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"- id: daily.example/none\n  mode: 'off'\n  who: a\n  when: 2026-11-22\n", "own/overrides.yaml:1:3: daily.example/none: no pack of this folder holds this rule\n\t- id: daily.example/none"},
		{"\n- id: daily.example/post\n  mode: on\n  who: a\n  when: 2026-11-22\n", "own/overrides.yaml:3:9: daily.example/post: unknown mode \"on\": enforce, shadow or off\n\tmode: on"},
		{"- id: daily.example/post\n  mode: shadow\n  who: a\n  when: yesterday\n", "own/overrides.yaml:4:9: daily.example/post: when: a date should stand here, as 2006-01-02, or a time, as 2006-01-02T15:04:05Z\n\twhen: yesterday"},
		{"- id: daily.example/post\n  mode: shadow\n  when: 2026-11-22\n", "own/overrides.yaml:1:3: daily.example/post: an override says its who\n\t- id: daily.example/post"},
		{"- {id: daily.example/post, mode: shadow, who: a, when: 2026-11-22}\n- {id: daily.example/post, mode: shadow, who: a, when: 2026-11-22}", "own/overrides.yaml:2:8: daily.example/post: the mode of this rule is decided already at own/overrides.yaml:1\n\t- {id: daily.example/post, mode: shadow, who: a, when: 2026-11-22}"},
		{"- {id: daily.example/post, mode: shadow, who: a, when: 2026-11-22, wy: b}", "own/overrides.yaml:1:68: daily.example/post: unknown field \"wy\"\n\t- {id: daily.example/post, mode: shadow, who: a, when: 2026-11-22, wy: b}"},
		{"id: daily.example/post", "own/overrides.yaml:1:1: a list should stand here\n\tid: daily.example/post"},
		{"- [", "own/overrides.yaml:1:"},
	} {
		_, err := load(t, c.in)
		var es Errors
		if !errors.As(err, &es) || !strings.HasPrefix(err.Error(), c.want) || len(es) != 1 {
			t.Errorf("%q:\n got %v\nwant %s", c.in, err, c.want)
		}
	}
	// Mistakes of packs and of overrides are told of together; rules of broken
	// packs are not missed.
	dir := t.TempDir()
	for name, data := range map[string]string{
		"bad.yaml":               "any: bad\nrules: [{id: a}]\n",
		OverridesFile:            "- {id: bad/a, mode: 'off', when: 2026-11-22}\n",
		"below/" + OverridesFile: "[]\n",
	} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	_, err := LoadDir(dir)
	for _, want := range []string{"bad.yaml:2", "an override says its who", "below/overrides.yaml: overrides stand at the top"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if err != nil && strings.Contains(err.Error(), "no pack") {
		t.Errorf("a rule of a broken pack is missed: %v", err)
	}
}

func TestSetOverride(t *testing.T) {
	set := func(data string, o Override) string {
		t.Helper()
		out, err := SetOverride("o.yaml", []byte(data), o)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	one := set("", Override{ID: "a.example/x", Mode: Off, Who: "jane", When: "2026-11-22"})
	const wantOne = overridesHead + "- id: a.example/x\n  mode: off\n  who: 'jane'\n  when: 2026-11-22\n"
	if one != wantOne {
		t.Errorf("got\n%swant\n%s", one, wantOne)
	}
	two := set(one+"# a word of mine\n", Override{ID: "b:8080/y", Mode: Enforce, Who: "o'neill", When: "2026-11-22T13:40:00Z", Why: "  read\n'forty' # of them: fine\x00 "})
	const added = "- id: b:8080/y\n  mode: enforce\n  who: 'o''neill'\n  when: 2026-11-22T13:40:00Z\n  why: 'read ''forty'' # of them: fine'\n"
	if want := wantOne + "# a word of mine\n" + added; two != want {
		t.Errorf("got\n%swant\n%s", two, want)
	}
	// What was decided before is decided anew in its place.
	three := set(two, Override{ID: "a.example/x", Mode: Shadow, Who: "joe", When: "2026-11-23", Why: "once more"})
	const anew = "- id: a.example/x\n  mode: shadow\n  who: 'joe'\n  when: 2026-11-23\n  why: 'once more'\n"
	if want := overridesHead + anew + "# a word of mine\n" + added; three != want {
		t.Errorf("got\n%swant\n%s", three, want)
	}
	if got := set("- {id: a.example/x, mode: enforce, who: j, when: 2026-11-22}", Override{ID: "a.example/x", Mode: Shadow, Who: "joe", When: "2026-11-23", Why: "once more"}); got != anew {
		t.Errorf("got\n%s", got)
	}

	for _, c := range []struct {
		data string
		o    Override
		want string
	}{
		{"- {id: a, mode: off}", Override{ID: "b", Mode: Off, Who: "j", When: "2026-11-22"}, "o.yaml:1:3: a: an override says its who"},
		{"[{id: a, mode: off, who: j, when: 2026-11-22}]", Override{ID: "b", Mode: Off, Who: "j", When: "2026-11-22"}, "write the mode of b into it by hand"},
		{"", Override{ID: "b", Mode: "on", Who: "j", When: "2026-11-22"}, `unknown mode "on"`},
		{"", Override{ID: "b", Mode: Off, Who: " \n", When: "2026-11-22"}, "an override says its who"},
		{"", Override{ID: "b", Mode: Off, Who: "j", When: "now"}, "a date should stand here"},
	} {
		if out, err := SetOverride("o.yaml", []byte(c.data), c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q, %+v: %v, want %s\n%s", c.data, c.o, err, c.want, out)
		}
	}
}

func FuzzSetOverride(f *testing.F) {
	f.Add("- id: a\n  mode: off\n  who: j\n  when: 2026-11-22\n", "jane", "why: [not]")
	f.Add("# x\n", "'", "\"\\u0000")
	f.Fuzz(func(t *testing.T, data, who, why string) {
		o := Override{ID: "b.example/y", Mode: Shadow, Who: who, When: "2026-11-22", Why: why}
		before, err := ParseOverrides("o", []byte(data))
		if err != nil {
			return
		}
		out, err := SetOverride("o", []byte(data), o)
		if err != nil {
			return
		}
		after, err := ParseOverrides("o", out)
		if err != nil || len(after) < len(before) {
			t.Fatalf("%v: %q", err, out)
		}
		found := false
		for _, a := range after {
			found = found || a.ID == o.ID && a.Mode == o.Mode && a.Who == oneLine(who) && a.Why == oneLine(why)
		}
		if !found {
			t.Fatalf("not in %q", out)
		}
	})
}
