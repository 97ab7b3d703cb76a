package extract

import (
	"net/url"
	"strings"
	"time"

	"winnow/text"

	"golang.org/x/text/language"
)

// metadata puts together what the engine and the page say, the engine first
// but for three: engines parse dates in the machine's own time zone, take a
// language as it is written, and glue lines together in excerpts.
func metadata(f *facts, a article, base *url.URL) Metadata {
	ld := readJSONLD(f.linked())
	m := Metadata{
		Title:    first(a.title, ld.title, f.content("og:title", "twitter:title"), f.title, f.h1),
		Byline:   first(noAddress(a.byline), ld.author, f.name("author", "article:author", "parsely-author", "dc.creator", "dcterms.creator", "byl", "sailthru.author"), f.author),
		SiteName: first(a.siteName, f.content("og:site_name"), ld.publisher, f.content("application-name", "al:android:app_name")),
		Excerpt:  first(ld.description, f.content("og:description", "description", "dc.description", "dcterms.description", "twitter:description")),
		Image:    first(a.image, f.content("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"), ld.image),
		Language: firstLanguage(f.lang, f.content("og:locale"), f.content("content-language"), f.content("language", "dc.language"), ld.language),
	}
	m.Published = f.date([]string{ld.published}, "datepublished", publishedKeys)
	m.Modified = f.date([]string{ld.modified}, "datemodified", modifiedKeys)
	m.Title, m.Byline = oneLine(m.Title), byline(m.Byline)
	m.SiteName, m.Excerpt = oneLine(m.SiteName), oneLine(m.Excerpt)
	m.Image = absolute(m.Image, base)
	m.Next, m.Previous = absolute(f.next, base), absolute(f.previous, base)
	return m
}

// The keys of meta elements that hold dates, best first.
var (
	publishedKeys = []string{
		"article:published_time", "article:published", "og:published_time", "datepublished", "parsely-pub-date",
		"sailthru.date", "citation_publication_date", "citation_date", "publish-date", "publish_date", "publication_date",
		"pubdate", "pub-date", "date.release", "dc.date.issued", "dcterms.issued", "dcterms.available",
		"dcterms.created", "dc.date.created", "dc.date", "dc.terms.date", "weibo:article:create_at", "date",
	}
	modifiedKeys = []string{
		"article:modified_time", "og:updated_time", "datemodified", "last-modified", "lastmod", "dcterms.modified",
		"dc.date.modified", "revised",
	}
)

// content returns the content of the first meta element with one of the keys;
// the order of the keys decides, then the order in the page.
func (f *facts) content(keys ...string) string {
	for _, k := range keys {
		for _, m := range f.meta {
			if m.key == k {
				return strings.TrimSpace(m.content)
			}
		}
	}
	return ""
}

// name is like content, but passes over addresses: article:author is often a
// link to a profile.
func (f *facts) name(keys ...string) string {
	for _, k := range keys {
		if v := noAddress(f.content(k)); v != "" {
			return v
		}
	}
	return ""
}

// noAddress returns s, or "" where it is an address.
func noAddress(s string) string {
	if strings.Contains(s, "://") {
		return ""
	}
	return s
}

// date returns the first date that can be read: of those given, of the meta
// elements, of the elements with that itemprop and, for the date of
// publication, of a page's only <time>.
func (f *facts) date(given []string, prop string, keys []string) time.Time {
	for _, k := range keys {
		given = append(given, f.content(k))
	}
	bare := map[string]bool{}
	for _, s := range f.times {
		if s.prop == prop {
			given = append(given, s.value)
		}
		if s.prop == "" {
			bare[s.value] = true
		}
	}
	if prop == "datepublished" && len(bare) == 1 {
		for v := range bare {
			given = append(given, v)
		}
	}
	for _, v := range given {
		if t, ok := parseDate(v); ok {
			return t
		}
	}
	return time.Time{}
}

// byline cleans the name of an author: one line, without what introduces it.
func byline(s string) string {
	s = oneLine(s)
	for _, intro := range []string{"written by", "posted by", "author", "by"} {
		if len(s) <= len(intro) || !strings.EqualFold(s[:len(intro)], intro) {
			continue
		}
		if rest := strings.TrimLeft(s[len(intro):], ": "); rest != "" && len(rest) < len(s)-len(intro) {
			return rest
		}
	}
	return s
}

// firstLanguage returns the first of the tags that is one, in canonical form.
func firstLanguage(tags ...string) string {
	for _, s := range tags {
		s, _, _ = strings.Cut(strings.TrimSpace(s), ",")
		if s == "" || len(s) > 35 {
			continue
		}
		if t, err := language.Parse(s); err == nil && t != language.Und {
			return t.String()
		}
	}
	return ""
}

// mostExcerpt bounds an excerpt that is taken from the text, in bytes.
const mostExcerpt = 400

// excerpt returns the beginning of a document's first paragraph, on one line.
func excerpt(d text.Document) string {
	for _, b := range d.Blocks {
		if b.Kind != text.Paragraph {
			continue
		}
		s := oneLine(b.Span.In(d.Text))
		if len(s) <= mostExcerpt {
			return s
		}
		if i := strings.LastIndexByte(s[:mostExcerpt], ' '); i > 0 {
			return s[:i] + " …"
		}
		return strings.ToValidUTF8(s[:mostExcerpt], "") + "…"
	}
	return ""
}

// absolute returns ref seen from base. What is no web address gives "".
func absolute(ref string, base *url.URL) string {
	ref = strings.TrimSpace(ref)
	u, err := url.Parse(ref)
	if ref == "" || err != nil {
		return ""
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	if u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}

// dateLayouts are the ways to write a date that pages use in their metadata.
// A date without a zone is taken to be UTC.
var dateLayouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04Z0700",
	"2006-01-02T15:04",
	"2006-01-02T15Z07:00",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999 Z07:00",
	"2006-01-02 15:04:05.999999999 -0700",
	"2006-01-02 15:04:05.999999999 -0700 MST",
	"2006-01-02 15:04:05.999999999 UTC",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02 15:04",
	"2006-01-02Z07:00",
	"2006-01-02",
	"2006-1-2",
	"2006/01/02 15:04:05",
	"2006/01/02 15:04",
	"2006/1/2",
	"2006.01.02",
	"20060102T150405Z0700",
	"20060102150405",
	"20060102",
	time.RFC1123Z,
	"Mon, 2 Jan 2006 15:04:05 -0700",
	"Mon, 2 Jan 2006 15:04:05 GMT",
	"Mon, 2 Jan 2006 15:04:05 UTC",
	"2 Jan 2006 15:04:05 -0700",
	"Mon, 2 Jan 2006",
	"Mon Jan 2 15:04:05 2006",
	"Mon Jan 2 15:04:05 UTC 2006",
	"Mon Jan 02 2006 15:04:05 GMT-0700",
	"Monday, January 2, 2006 - 15:04",
	"Monday, January 2, 2006",
	"Monday 2 January 2006",
	"January 2, 2006 15:04:05",
	"January 2, 2006 15:04",
	"January 2, 2006 3:04 PM",
	"January 2, 2006 3:04 pm",
	"January 2, 2006, 3:04 PM",
	"January 2, 2006 at 3:04 PM",
	"January 2, 2006",
	"January 2 2006",
	"Jan 2, 2006 3:04 PM",
	"Jan 2, 2006",
	"Jan. 2, 2006",
	"Jan 2 2006",
	"2 January 2006",
	"2 Jan 2006",
	"January 2006",
	"2006-01",
}

// parseDate reads a date as pages write it. It knows no local time zone, and
// passes over years that no web page can have.
func parseDate(s string) (time.Time, bool) {
	s = oneLine(s)
	if len(s) < len("2006-01") || len(s) > 64 {
		return time.Time{}, false
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			if y := t.Year(); y < 1600 || y > 2999 {
				return time.Time{}, false
			}
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
