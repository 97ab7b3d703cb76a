package extract

import (
	"encoding/json"
	"strings"
)

// linked is what the JSON-LD of a page says about its article.
type linked struct {
	title, author, publisher, description, image, language, published, modified string
}

// linked returns the objects in the page's JSON-LD, in order.
func (f *facts) linked() []map[string]any {
	if f.objects == nil {
		f.objects = []map[string]any{}
		for _, s := range f.jsonLD {
			s = strings.TrimSpace(s)
			s = strings.TrimSuffix(strings.TrimPrefix(s, "<![CDATA["), "]]>")
			var v any
			if json.Unmarshal([]byte(s), &v) == nil {
				f.objects = gather(f.objects, v, 0)
			}
		}
	}
	return f.objects
}

// readJSONLD reads the first object that is some article (of schema.org's
// types), else the first with a date of publication.
func readJSONLD(objects []map[string]any) linked {
	var other map[string]any
	for _, o := range objects {
		if isArticle(o["@type"]) {
			return linkedOf(o)
		}
		if other == nil && str(o["datePublished"]) != "" {
			other = o
		}
	}
	if other == nil {
		return linked{}
	}
	return linkedOf(other)
}

// gather appends the objects in v: itself, those of a list, of a @graph and of
// mainEntity, in order.
func gather(objects []map[string]any, v any, depth int) []map[string]any {
	if depth > 4 || len(objects) > 200 {
		return objects
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			objects = gather(objects, e, depth+1)
		}
	case map[string]any:
		objects = append(objects, v)
		objects = gather(objects, v["@graph"], depth+1)
		objects = gather(objects, v["mainEntity"], depth+1)
	}
	return objects
}

func isArticle(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.HasSuffix(v, "Article") || strings.HasSuffix(v, "Posting") || v == "Report" || v == "Review"
	case []any:
		for _, e := range v {
			if s, ok := e.(string); ok && isArticle(s) {
				return true
			}
		}
	}
	return false
}

func linkedOf(o map[string]any) linked {
	return linked{
		title:       first(str(o["headline"]), str(o["name"])),
		author:      names(o["author"]),
		publisher:   names(o["publisher"]),
		description: str(o["description"]),
		image:       imageOf(o["image"]),
		language:    str(o["inLanguage"]),
		published:   first(str(o["datePublished"]), str(o["dateCreated"]), str(o["uploadDate"])),
		modified:    str(o["dateModified"]),
	}
}

func str(v any) string {
	s, _ := v.(string)
	return strings.TrimSpace(s)
}

// names returns the names of persons or organisations, joined by ", ".
func names(v any) string {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "://") {
			return ""
		}
		return strings.TrimSpace(v)
	case map[string]any:
		return str(v["name"])
	case []any:
		var ns []string
		for _, e := range v {
			if _, list := e.([]any); list {
				continue
			}
			if n := names(e); n != "" && len(ns) < 20 {
				ns = append(ns, n)
			}
		}
		return strings.Join(ns, ", ")
	}
	return ""
}

func imageOf(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case map[string]any:
		return first(str(v["url"]), str(v["contentUrl"]))
	case []any:
		for _, e := range v {
			if _, list := e.([]any); list {
				continue
			}
			if s := imageOf(e); s != "" {
				return s
			}
		}
	}
	return ""
}
