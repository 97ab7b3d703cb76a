package rules

import (
	"strings"
	"testing"

	"winnow/text"
)

// TestContext gives the same labels once as furniture and once as a part of the text.
func TestContext(t *testing.T) {
	pack, err := ParsePack("labels.yaml", []byte(`any: labels
rules:
  - id: label
    category: ad
    why: Labels.
    where: anywhere
    unit: line
    text: [Advertisement, Sponsored, Share, '- Advertisement', 'Photos: 12']
    remove: ['[-Advertisement-]']
    keep: [Advertisements]
  - id: inline
    category: related
    why: Links inside the text.
    where: anywhere
    unit: line
    regexp: 'Also see the [^.]{20,90}'
    remove: ['[-Also see the list of harbours of the coast-]']
    keep: [Also see to it.]
  - id: button
    category: prompt
    why: Buttons above the text.
    where: head
    unit: line
    text: [Log in]
    remove: ['[-Log in-]']
    keep: [Log out]
  - id: clause
    category: legal
    why: A rights line, but not in a contract.
    where: anywhere
    unless: ['/(?i).*\bthis agreement\b.*/']
    regexp: 'Reproduction .* is prohibited\.'
    remove: ['[-Reproduction in any form is prohibited.-]']
    keep: [Reproduction is a right.]
  - id: run
    category: appeal
    why: A run of appeals that ends with its line.
    where: anywhere
    unit: line-end
    block: {of: ['/(?i)(?:please |support |donate ).*/'], least: 2}
    remove: ["[-Support us.\nPlease donate.-]"]
    keep: [Please.]
`))
	if err != nil {
		t.Fatal(err)
	}
	set, err := NewSet(pack)
	if err != nil {
		t.Fatal(err)
	}
	const prose = "The harbour board voted on Tuesday to rebuild the wall, and the work will take two summers."
	for _, c := range []struct{ name, marked string }{
		{"between paragraphs", prose + "\n[-Advertisement-]\n" + prose},
		{"in a paragraph cut in two", strings.TrimSuffix(prose, ".") + "\n[-Advertisement-]\nand so on until the autumn of the year after."},
		{"a sentence goes on below", prose + "\nSponsored\nby a brewery, the race has grown to four thousand runners."},
		{"a wrapped line goes on below", "Also see the list of all harbours of the coast, which tells what each of\nthem can take in, and in which months of the year.\n" + prose},
		{"a headline on a line", prose + "\n[-Also see the list of all harbours of the coast and what they can take-]\n" + prose},
		{"a heading over text", "# Log in\n\nThe command asks for a name and a word, and keeps both in a file.\n" + prose},
		{"a heading over smaller ones", "# Share\n\n## Sponsored\n\nWho pays for the race is told here, in the order of the sums.\n" + prose},
		{"a heading alone", prose + "\n[-## Share-]"},
		{"before code", prose + "\nShare\n```\nshare --all\n```\n" + prose},
		{"a record", prose + "\nContainers: 4\nPhotos: 12\nImages: 2\nVolumes: 1\nNetworks: 7\n" + prose},
		{"terms", "Paywall\nWhat stands between you and a story.\nAdvertisement\nWhat pays for the story.\nShare\nA part of a firm."},
		{"paragraphs between labels", prose + "\n[-Advertisement-]\n" + prose + "\n[-Share-]\n" + prose},
		{"steps", "How to change it\nOpen the menu\nLog in\nChoose a name\nSave\n" + prose},
		{"above the text", "The wall\n[-Log in-]\n" + prose},
		{"code", "if paid {\nAdvertisement\n}\n" + prose},
		{"comparison", "The change:\n- Advertisement\n+ Anzeige\n" + prose},
		{"rights line", prose + "\n[-Reproduction in any form is prohibited.-]"},
		{"clause", "Reproduction in any form is prohibited.\nThis agreement ends in May."},
		{"run", prose + "\n[-Support us.\nPlease donate.-]\n" + prose},
		{"argument", "Support us, they say. Please donate today. " + prose},
	} {
		want, err := ParseMarked(c.marked)
		if err != nil {
			t.Fatal(err)
		}
		out := set.Apply(&text.Document{Text: want.Text}, Options{Budget: 1})
		if got := Marked(want.Text, out.Removals); got != c.marked {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.marked)
		}
	}
}
