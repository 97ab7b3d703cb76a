package rules

import (
	"strings"
	"testing"

	"winnow/text"
)

const cuesPack = `
any: test
rules:
  - id: ask
    category: appeal
    why: An appeal.
    where: anywhere
    cues:
      call: [donate, become a ... member]
      lead: [please, you can]
      ask: [your gift]
      groups:
        - {name: publisher, counts: 2, of: [our journalis*, this site]}
        - {name: money, counts: 2, of: [<money>, a month]}
        - {name: us, of: [we're, us]}
        - {name: talk, counts: 0, of: [thanks]}
      need: [publisher]
      voice: [you, your, we, our]
      never: [said, i]
      topic: [donation*]
      least: 4
    remove:
      - |
        The council of the harbour town voted on Tuesday to close the old fish market for good.
        [-Our journalists need boots. Please donate $5.-]
    keep:
      - Our journalists need boots, she said. Please donate $5.
`

// TestCues: where a run begins and ends, and what it asks for in which document.
func TestCues(t *testing.T) {
	const (
		prose  = "The council of the harbour town voted on Tuesday to close the old fish market for good."
		prose2 = "Traders have until the end of March to move their stalls to a car park behind the station."
	)
	for _, c := range []struct{ name, in string }{
		{"whole line", prose + "\n[-Our journalists need boots. Please donate $5.-]\n" + prose2},
		{"end of a line that ends the text", prose + " [-Our journalists need boots. Please donate $5.-]"},
		{"lines around it", prose + "\n[-Thanks to our journalism!\nDonate $5\nYour gift-]\n" + prose2},
		{"gap in a phrase", prose + "\n[-Become a happy paying member of this site for €4.-]\n" + prose2},
		{"letters of a word count, capitals do not", prose + "\n[-OUR JOURNALISM: DONATE $5-]\n" + prose2},
		{"a name in quotation marks", prose + "\n[-Our journalists run the “Boot Fund” for $5: donate.-]\n" + prose2},
		{"not at the beginning of a clause", prose + "\nOur journalists saw them donate $5 and some boots.\n" + prose2},
		{"no call", prose + "\nOur journalists need boots for $5.\n" + prose2},
		{"nothing of the publisher", prose + "\nPlease donate $5 to us.\n" + prose2},
		{"reported", prose + "\nOur journalists need boots. Please donate $5, he said.\n" + prose2},
		{"quoted", prose + "\n“Our journalists need boots. Please donate $5.”\n" + prose2},
		{"in code", prose + "\nOur journalists need boots. Please donate `$5`.\n" + prose2},
		{"glued", prose + "\nOur journalists need boots.Please donate $5.\n" + prose2},
		{"nothing but it", "Our journalists need boots. Please donate $5."},
		{"a letter", "You have read us for years, and we have never asked you for a thing in all that time.\nThis site is free. Donate $5.\nYou will hear from us again when the leaves fall from the trees by the old harbour."},
		{"a story on the subject", prose + "\nA donation of nine pounds was all that the town had found, and nobody knew by whom.\nThe donations stopped in May, when the tin was stolen from the counter of the bakery.\nThis site is cheap. Donate $5.\n" + prose2},
		{"the US is not us, were is not we're", prose + "\nThis site and the US were poor. Donate.\n" + prose2},
	} {
		want, err := ParseMarked(c.in)
		if err != nil {
			t.Fatal(err)
		}
		out := cuesSet(t).Apply(&text.Document{Text: want.Text}, Options{Budget: 1})
		if got := Marked(want.Text, out.Removals); got != c.in {
			t.Errorf("%s: got\n%s", c.name, got)
		}
	}
}

// TestCuesReason: a removal tells what was said in it, and Explain what is
// missing where there is none.
func TestCuesReason(t *testing.T) {
	const prose = "The council of the harbour town voted on Tuesday to close the old fish market for good.\n"
	s := cuesSet(t)
	out := s.Apply(&text.Document{Text: prose + "Our journalists need boots. Please donate $5.\n"}, Options{})
	if len(out.Removals) != 1 {
		t.Fatalf("%+v", out)
	}
	if got, want := out.Removals[0].Matches[0].Reason, `publisher "Our journalists", call "donate", money "5", 5 points of 4`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	in := prose + "Please donate $5 today.\n"
	e := s.Explain(&text.Document{Text: in}, text.Span{Start: len(prose), End: len(in)}, Options{})
	if len(e.Findings) != 1 || e.Findings[0].Verdict != NearMiss || !strings.Contains(e.Findings[0].Condition, "none of publisher") {
		t.Errorf("%+v", e.Findings)
	}
}

func TestCuesErrors(t *testing.T) {
	for _, c := range []struct{ old, put, want string }{
		{"least: 4", "least: 0", "least says how many points are enough"},
		{"need: [publisher]", "need: [editor]", `no group "editor"`},
		{"call: [donate, become a ... member]", "call: [donate ...]", "begins and ends with a word"},
		{"call: [donate, become a ... member]", "call: [to]", "3 letters or more"},
		{"counts: 0", "counts: -1", "points that are not negative"},
	} {
		_, err := ParsePack("x.yaml", []byte(strings.Replace(cuesPack, c.old, c.put, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.put, err, c.want)
		}
	}
}

func cuesSet(t *testing.T) *Set {
	t.Helper()
	p, err := ParsePack("test.yaml", []byte(cuesPack))
	if err == nil {
		err = p.Test()
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSet(p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
