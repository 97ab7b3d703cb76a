package rules

import (
	"strings"
	"testing"

	"winnow/text"
)

// TestExplainKept: what comes nearest to a kept place, and the condition that
// failed.
func TestExplainKept(t *testing.T) {
	p, err := ParsePack("near.yaml", []byte(`publisher: a.com
rules:
  - id: alerts
    category: subscribe
    why: An invitation.
    where: anywhere
    text: ['Get our ferry alerts by text message']
    remove: ['[-Get our ferry alerts by text message-]']
    keep: ['Get ferry alerts, he said.']
  - id: silent
    category: share
    mode: off
    why: A row.
    where: anywhere
    regexp: 'Share this story with .*'
    remove: ['[-Share this story with friends-]']
    keep: ['Share this story.']
  - id: closing
    category: share
    why: A closing line.
    where: tail
    regexp: 'Tell us what you think\.'
    remove: ["The story is long, and it is told here in full.\n[-Tell us what you think.-]"]
    keep: ['Tell us.']
`))
	if err != nil {
		t.Fatal(err)
	}
	set, err := NewSet(p)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{"Get our train alerts by text message", "Share this story with everybody", "Tell us what you think.", "An ordinary line of the story."}
	doc := &text.Document{Publisher: "a.com", Text: strings.Join(lines, "\n") + "\nThe harbour will be dredged in spring, the council decided on Tuesday evening.\n"}
	for i, want := range []string{
		`a.com/alerts: does not match: 86 % of its words are those of "Get our ferry alerts by text message"; all must be, in their order`,
		"a.com/silent: does not match: it matches, but it is off",
		"a.com/closing: not at the place the rule asks for: the rule asks for the tail of the document, and content stands between",
		"",
	} {
		at := strings.Index(doc.Text, lines[i])
		e := set.Explain(doc, text.Span{Start: at, End: at + 1}, Options{})
		got := ""
		if len(e.Findings) > 0 {
			f := e.Findings[0]
			got = string(f.Rule.ID) + ": " + string(f.Verdict) + ": " + f.Condition
		}
		if e.Removed != nil || got != want {
			t.Errorf("%s:\n got %s\nwant %s", lines[i], got, want)
		}
	}
}
