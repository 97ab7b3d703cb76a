package rules

import (
	"strings"
	"testing"

	"winnow/text"
)

// Each case is a text in which what the shape takes is marked [-so-].
func TestShapes(t *testing.T) {
	capitals := Shape{Form: FormCapitals, Least: 4}
	bracket := Shape{Form: FormBracket}
	named := Shape{Form: FormBracket, Of: []string{"Example Images", "EPX"}}
	credit := Shape{Form: FormCredit, Of: []string{"Example Images", "EPX"}}
	lead := Shape{Form: FormLead, Of: []string{"Related story", "More"}}
	titles := Shape{Form: FormTitles, Of: []string{"Storm closes schools across the county"}}
	for _, c := range []struct {
		name  string
		shape Shape
		text  string
	}{
		{"glued on both sides", capitals, `He left.[-MAYOR CALLS FOR A NEW BRIDGE-]The council met.`},
		{"on a line of its own, below the title", capitals, "A title\nHe left the room.\nHe came back.\n[-MAYOR CALLS FOR A NEW BRIDGE-]\nThe council met."},
		{"the title itself", capitals, "MAYOR CALLS FOR A NEW BRIDGE\nThe council met."},
		{"a sentence that begins with A", capitals, `He left.[-MAYOR CALLS FOR A NEW BRIDGE-]A crowd came.`},
		{"initials", capitals, `He left.[-MAYOR CALLS FOR NEW BRIDGE IN-]U.S. officials came.`},
		{"a word that cannot be told apart stays", capitals, `He left.[-MAYOR CALLS FOR A NEW-] BRIDGEIDF troops came.`},
		{"in the middle of a sentence", capitals, `He told the BBC AND THE NEW YORK TIMES that he left.`},
		{"a dateline", capitals, `PORT CHARLES, NEW ISLAND, MARCH 3 - The council met.`},
		{"a speaker", capitals, `He left. JANE A. DOE OF EXAMPLE: I never said so.`},
		{"few words", capitals, `He left.THE ROAD AHEAD The council met.`},
		{"quotations inside", capitals, `"He left."[-‘STORM’ STAR SAYS HE 'NEVER' SLEPT-]"The council met," she said.`},
		{"a closing quotation mark", capitals, `He left.[-MAYOR CALLS RIVAL A 'BORN LIAR'-]"The council met," she said.`},

		{"a credit after its caption", bracket, `The bridge at dusk.[-(Jane Doe)-]The council met.`},
		{"two of them", bracket, `The bridge at dusk.[-(Jane Doe) (Example Images)-]The council met.`},
		{"brackets in brackets", bracket, `The bridge.[-(Doe (pool) via Example)-]The council met.`},
		{"a sentence in brackets", bracket, `He left. (He came back.) The council met.`},
		{"an exclamation in brackets", bracket, `He left. (Do come back!) The council met.`},
		{"inside a sentence", bracket, `He left (Jane stayed) and came back.`},
		{"a wire's dateline", bracket, `PORT CHARLES (Example) - The council met.`},
		{"that names an agency", named, `The bridge.[-(Jane Doe/Example Images)-]The council met. (Doe) It sat.`},

		{"names and slashes", credit, `The bridge at dusk. [-Jane Doe/EPX/Example Images-] The council met.`},
		{"with an initial", credit, `The bridge at dusk. [-Jane B. Doe/EPX-] The council met.`},
		{"in running text", credit, `He read the Doe/EPX report.`},
		{"another slash", credit, `The bridge. Jane Doe/Sunday The council met.`},

		{"the headline on the next line", lead, "He left.\n[-Related story-]\n[-Storm closes schools-]\nThe council met on Monday and spoke of the bridge."},
		{"prose on the next line", lead, "He left.\n[-Related story-]\nThe council met."},
		{"the headline behind it", lead, "He left.\n[-Related story: Storm closes schools-]\nThe council met."},
		{"glued in one line", lead, `He left. [-Related story Storm closes schools across three counties-] The council met on Monday and spoke of the bridge for a long time, and of the dam, until the night.`},
		{"where the headline ends cannot be told", lead, `He left. Related story Storm closes schools across three counties Council members met on Monday and spoke of bridges for hours, of dams, of roads until night fell over town.`},
		{"lower case", lead, `He told a related story about storms.`},
		{"one word in a sentence", lead, `There is More of it.`},

		{"a title of another document", titles, "One\nTwo\nThree\n[-Storm closes schools across the county-]\nFour"},
		{"at the top it may be the document's own", titles, "Storm closes schools across the county\nOne"},
	} {
		e, err := ParseMarked(c.text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := NewPattern(c.shape)
		if err != nil {
			t.Fatal(err)
		}
		got := formsOf(e.Text, p)[0]
		if m := markSpans(e.Text, got); m != c.text {
			t.Errorf("%s %s\n got  %s\n want %s", c.shape.Form, c.name, m, c.text)
		}
	}
}

func TestShapeMistakes(t *testing.T) {
	for in, want := range map[string]string{
		`{form: capitals, words: 2-9}`:    "fewer than 3 words",
		`{form: capitals, of: [x]}`:       "of says nothing",
		`{form: lead}`:                    "needs of",
		`{form: credit, of: ["?!"]}`:      "holds no word",
		`{form: titles, of: [Two words]}`: "fewer than three words",
		`{form: circle}`:                  "unknown form",
		`{form: bracket, words: 9-3}`:     "at least 9 and at most 3",
		`{form: bracket, words: many}`:    "a number or a range",
		`{form: bracket, colour: red}`:    `unknown field "colour"`,
	} {
		pack := "publisher: a.example\nrules:\n  - id: x\n    category: nav\n    why: because\n    where: anywhere\n    shape: " + in + "\n    remove: ['[-x-]']\n    keep: [y]\n"
		_, err := ParsePack("p.yaml", []byte(pack))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", in, err, want)
		}
	}
}

func FuzzShapes(f *testing.F) {
	f.Add("He left.MAYOR CALLS FOR A NEW BRIDGEThe council met.(Jane Doe/EPX) Related story Storm")
	f.Add("“A”(B)((C/EPX\"'’‘ \xff\xc2 ONA new U.S. MMcX. More\n\nx")
	var ps []*Pattern
	for _, s := range []Shape{{Form: FormCapitals, Least: 3}, {Form: FormBracket}, {Form: FormCredit, Of: []string{"EPX"}}, {Form: FormLead, Of: []string{"More"}}} {
		p, err := NewPattern(s)
		if err != nil {
			f.Fatal(err)
		}
		ps = append(ps, p)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for i, spans := range formsOf(in, ps...) {
			for _, s := range spans {
				if s.Empty() || s.Start < 0 || s.End > len(in) || s.Trim(in) != s {
					t.Fatalf("shape %d: span %v of %q", i, s, in)
				}
			}
		}
	})
}

func formsOf(t string, ps ...*Pattern) [][]text.Span {
	var seg text.Segments
	seg.Segment(t, "", nil)
	return Forms(&seg, ps)
}
