package clean

import (
	"context"
	"slices"
	"strings"
	"testing"

	"winnow/rules"
	"winnow/rules/model"
)

// TestDefault: a caller who builds nothing has the packs and the model, and
// packs of its own win over both.
func TestDefault(t *testing.T) {
	const menu = "Home\nNews\nLog in\nMy account\nSearch\nSport\nBusiness\nTechnology\nHealth\nScience\nVideo\nPodcasts\nEvents\nGardens\nTide tables\nJobs at the port\nBlog\nShop\nCart\nHelp\n"
	story := strings.Repeat("The council met on Monday and spoke of the new bridge, which will cost more than anyone had thought before the winter.\n", 30)
	in := Input{Source: []byte(menu + story + "Related articles\nMost popular\nFollow us\nFacebook\nTwitter\nInstagram\n" + menu + "Terms of use\nPrivacy policy\nSitemap\nPost a Comment\n")}
	by := func(own ...*rules.Pack) (ids []rules.ID, clean string) {
		e, err := Default(own...)
		if err != nil {
			t.Fatal(err)
		}
		res, err := e.Clean(context.Background(), in, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range res.Outcome.Removals {
			ids = append(ids, r.IDs()...)
		}
		return ids, res.Outcome.Clean
	}
	ids, out := by()
	if !slices.Contains(ids, model.ID) || !slices.Contains(ids, "comments/invite") || !strings.Contains(out, "new bridge") {
		t.Errorf("%v\n%s", ids, out)
	}
	off, err := model.Pack(rules.Off)
	if err != nil {
		t.Fatal(err)
	}
	if ids, _ = by(off); slices.Contains(ids, model.ID) || !slices.Contains(ids, "comments/invite") {
		t.Errorf("with the model off: %v", ids)
	}
}
