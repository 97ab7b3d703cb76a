package page_test

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"
)

var (
	lookAt   = flag.String("look", "", "the `ADDRESS` of a running page to take pictures of")
	lookInto = flag.String("pictures", "", "the `FOLDER` for the pictures")
	lookFor  = flag.String("paths", "/,/review,/documents,/rules,/publishers,/search?q=share,/history", "what to take pictures of, with commas between")
)

// TestLook takes pictures of a running page, wide and narrow, light and dark,
// for a person to look at, and fails where something reaches over the edge.
func TestLook(t *testing.T) {
	if *lookAt == "" || *lookInto == "" {
		t.Skip("takes pictures of a running page with -look and -pictures")
	}
	b := newBrowser(t)
	for _, path := range strings.Split(*lookFor, ",") {
		for _, v := range []struct {
			name          string
			width, height int
			dark          bool
		}{{"light", 1280, 1000, false}, {"dark", 1280, 1000, true}, {"phone", 360, 740, false}, {"phonedark", 360, 740, true}} {
			b.window(v.width, v.height, v.dark)
			b.open("http://" + *lookAt + path)
			var height, width int
			b.eval("return document.documentElement.scrollHeight", &height)
			b.eval("return document.documentElement.scrollWidth", &width)
			if width > v.width {
				var who string
				b.eval("return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join(' | ')", &who)
				t.Errorf("%s: %d pixels wide on a screen of %d: %s", path, width, v.width, who)
			}
			b.window(v.width, min(max(height, v.height), 2600), v.dark)
			name := strings.NewReplacer("/", "_", "?", "_", "=", "_", "&", "_", ":", "_").Replace(strings.TrimPrefix(path, "/"))
			if name == "" {
				name = "overview"
			}
			b.shot(filepath.Join(*lookInto, name+"-"+v.name+".png"))
		}
		for _, c := range b.complaints() {
			t.Errorf("%s: %s", path, c)
		}
	}
}

// picture takes a picture where -pictures asks for them.
func (b *browser) picture(name string) {
	b.t.Helper()
	if *lookInto != "" {
		b.shot(filepath.Join(*lookInto, name+".png"))
	}
}
