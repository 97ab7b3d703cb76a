package extract

import "testing"

func TestPageLinks(t *testing.T) {
	for _, c := range []struct{ name, page, next, previous string }{
		{"none", `<a href=/2>Next</a>`, "", ""},
		{"link", `<link rel="prev" href="?page=1"><link rel=next href="?page=3">`, "https://e.org/story?page=3", "https://e.org/story?page=1"},
		{"anchor", `<a rel="nofollow next" href="/story/2">2</a>`, "https://e.org/story/2", ""},
		{"previous", `<a rel=previous href="/story/0">0</a>`, "", "https://e.org/story/0"},
		{"pager", `<ul class="pagination"><li><a class="page-link next" href="/story/2">2</a></li></ul>`, "https://e.org/story/2", ""},
		{"label", `<nav aria-label="Pagination"><a aria-label="Next page" href="/story/2">›</a></nav>`, "https://e.org/story/2", ""},
		{"carousel", `<div class="carousel"><a class="next" href="/x">›</a></div>`, "", ""},
		{"no address", `<a rel=next href="#">x</a><a rel=next href="javascript:go()">x</a>`, "", ""},
		{"the first counts", `<a rel=next href=/a>a</a><a rel=next href=/b>b</a>`, "https://e.org/a", ""},
	} {
		r := mustExtract(t, Page{HTML: []byte(c.page), URL: "https://e.org/story"}, Options{})
		if r.Metadata.Next != c.next || r.Metadata.Previous != c.previous {
			t.Errorf("%s: next %q, previous %q", c.name, r.Metadata.Next, r.Metadata.Previous)
		}
	}
}
