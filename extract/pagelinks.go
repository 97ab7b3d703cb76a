package extract

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// pageLink notes a link to the page that this one goes on with or continues:
// what the page calls so by rel, else a link in a row of page numbers that is
// named so.
func (f *facts) pageLink(n *html.Node) {
	if f.next != "" && f.previous != "" {
		return
	}
	rel := strings.Fields(strings.ToLower(attr(n, "rel")))
	next, previous := nextOrPrevious(rel)
	if !next && !previous && n.DataAtom == atom.A {
		if class := attr(n, "class") + " " + attr(n, "aria-label") + " " + attr(n, "title"); inPager(n) {
			next, previous = nextOrPrevious(strings.FieldsFunc(strings.ToLower(class), func(r rune) bool { return r < 'a' || r > 'z' }))
		}
	}
	href := strings.TrimSpace(attr(n, "href"))
	if href == "" || href[0] == '#' || next == previous {
		return
	}
	if next {
		f.next = first(f.next, href)
	} else {
		f.previous = first(f.previous, href)
	}
}

// nextOrPrevious reports whether words name what comes next or what came before.
func nextOrPrevious(words []string) (next, previous bool) {
	for _, w := range words {
		switch w {
		case "next":
			next = true
		case "prev", "previous":
			previous = true
		}
	}
	return next, previous
}

// inPager reports whether n stands in what is called a row of page numbers.
func inPager(n *html.Node) bool {
	for range 4 {
		if n = n.Parent; n == nil || n.Type != html.ElementNode {
			return false
		}
		name := strings.ToLower(attr(n, "class") + " " + attr(n, "id") + " " + attr(n, "aria-label"))
		if strings.Contains(name, "paginat") || strings.Contains(name, "pager") {
			return true
		}
	}
	return false
}
