package learn

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"winnow/text"
)

// kinds are made-up sites. Their furniture is marked as in examples of rules,
// [-so-]; what is not marked is told on every page, or on most, and must stay.
var kinds = []struct {
	name string
	page func(i int, r *rand.Rand, body []string) string
}{
	{"recipes", func(i int, r *rand.Rand, body []string) string {
		return fmt.Sprintf("[-Kitchen Table\nRecipes\nAbout\nContact us-]\nRoast %s with %s\n[-Jump to Recipe\nThis post may contain affiliate links.-]\n%s\nServes %d\nIngredients\n%d g %s\n%d ml %s\nMethod\n%s\n[-Did you make this recipe?\nTag @kitchentable on Instagram and leave a rating below!\nLeave a comment-]",
			nouns[i%30], nouns[(i*7+1)%30], body[0], 2+r.IntN(6), r.IntN(500), nouns[r.IntN(30)], r.IntN(500), nouns[r.IntN(30)], body[1])
	}},
	{"matches", func(i int, r *rand.Rand, body []string) string {
		return fmt.Sprintf("[-Matchday\nResults\nTables\nSign in-]\nMatch %d of %s and %s\nFULL TIME\nAttendance: %d\nReferee: J. Moss\n%s\nMan of the match\n%s\n[-Get the Matchday app for live scores and alerts.\nFollow @matchday on Twitter\n© Matchday Media-]",
			i, nouns[i%30], nouns[(i*3+2)%30], r.IntN(90000), strings.Join(body, "\n"), nouns[r.IntN(30)])
	}},
	{"letters", func(i int, r *rand.Rand, body []string) string {
		letter, greeting := strings.Join(body, "\n"), ""
		if i%2 == 0 {
			greeting, letter = "Dear editor,\n", letter+"\nYours faithfully,\n"+nouns[r.IntN(30)]+" of "+nouns[r.IntN(30)]
		}
		return fmt.Sprintf("[-The Post\nLetters Opinion News Sport\nContact us-]\nOn the %s and the %s of %d\n%s%s\n[-Support independent local journalism. Become a member of The Post today.\nAll content © The Post Newspapers-]",
			nouns[i%30], nouns[(i*7+5)%30], i, greeting, letter)
	}},
	{"judgments", func(i int, r *rand.Rand, body []string) string {
		return fmt.Sprintf("[-LawBase: Decisions\nHome Databases Search Help Feedback-]\nCase No: A%d/%d\nDate: %d May 2019\nBefore :\n%s\nBetween :\nAppellant\n- and -\nRespondent\nApproved Judgment\n%s\nConclusion\nFor these reasons I would dismiss the appeal.\nLORD FROST:\nI agree.\n[-LawBase: Copyright Policy | Disclaimers | Privacy Policy | Feedback-]",
			i, r.IntN(9000), 1+r.IntN(28), nouns[r.IntN(30)], strings.Join(body, "\n"))
	}},
	{"podcasts", func(i int, r *rand.Rand, body []string) string {
		box := ""
		if i%5 < 2 {
			box = "[-(Note: the player needs a current browser and some patience.)\nOr download an mp3.-]\n"
		}
		return "[-Home\nEpisodes\nAbout\nContact us-]\n" + body[0] + "\n" + box + strings.Join(body[1:], "\n") + "\n[-Subscribe to our newsletter\n© 2026 The Daily Example. All rights reserved.-]"
	}},
	{"wire, in one line", func(i int, r *rand.Rand, body []string) string {
		name := []string{"Jane Ames", "Tom Bell", "Ada Cole", "Ned Dray", "Kay Eden"}[i%5]
		if i >= 60 {
			name = "Eve Gill" // whom nobody has learned
		}
		return strings.Join(body, " ") + fmt.Sprintf("[-TAP FOR THE DAILY WIRE APP: BREAKING NEWS ON YOUR PHONE-] And so it went. [-Share or comment on this article: The %s and the %s of year %d Follow %s on Twitter @%s-]",
			nouns[i%len(nouns)], nouns[(i*7+3)%len(nouns)], i, name, strings.ToLower(name[:3]))
	}},
}

// TestKinds learns each kind of site, and tries the rules on pages that were not learned from.
func TestKinds(t *testing.T) {
	unmark := strings.NewReplacer("[-", "", "-]", "")
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			marked := map[string]string{}
			docs := site(90, func(i int, r *rand.Rand, body string) string {
				m := k.page(i, r, strings.Split(body, "\n"))
				marked[fmt.Sprintf("doc-%03d", i)] = m
				return unmark.Replace(m)
			})
			p := propose(t, docs[:60])
			for _, d := range docs[60:] {
				var want []string
				for i, part := range strings.Split(strings.ReplaceAll(marked[d.ID], "-]", "[-"), "[-") {
					if i%2 == 0 {
						want = append(want, strings.Fields(part)...)
					}
				}
				got := strings.Fields(cleaned(t, p, text.Document{ID: d.ID, Title: d.Title, Text: d.Text}))
				if g, w := strings.Join(got, ""), strings.Join(want, ""); g != w {
					t.Fatalf("got\n%s\nwant\n%s\nby\n%s", g, w, p.YAML())
				}
			}
		})
	}
}
