package main

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/abadojack/whatlanggo"
	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/language"

	"winnow/archive"
)

const (
	sampled  = 4_000     // documents whose language is held at once, at most
	textPart = 1 << 10   // bytes of a text that are looked at
	showPart = 4 << 10   // of what a page shows, which begins with menus
	pagePart = 128 << 10 // of the page
)

// languages are those of an even sample of documents: every stride-th one. When
// too many are held, every other one goes and the stride doubles.
type languages struct {
	seen   int
	stride int
	held   []string // of the documents 0, stride, 2*stride and so on
}

func (l *languages) add(rec *archive.Record) {
	if l.stride == 0 {
		l.stride = 1
	}
	if l.seen%l.stride == 0 {
		l.held = append(l.held, languageOf(rec))
		if len(l.held) == sampled {
			for i := range l.held[:sampled/2] {
				l.held[i] = l.held[2*i]
			}
			l.held = l.held[:sampled/2]
			l.stride *= 2
		}
	}
	l.seen++
}

// A languageCount is how many documents of the sample are in a language.
type languageCount struct {
	Language  string `json:"language"` // ISO 639, the shortest; "unknown" where it cannot be told
	Documents int64  `json:"documents"`
}

// top returns the n languages with the most documents, or all where n is 0, and
// how many documents were looked at.
func (l *languages) top(n int) (list []languageCount, of int) {
	counts := map[string]int64{}
	for _, name := range l.held {
		counts[name]++
	}
	for name, c := range counts {
		list = append(list, languageCount{name, c})
	}
	slices.SortFunc(list, func(a, b languageCount) int {
		return cmp.Or(cmp.Compare(b.Documents, a.Documents), cmp.Compare(a.Language, b.Language))
	})
	return firstN(list, n), len(l.held)
}

// languageOf is what the record or the page says, where its script agrees, else
// what its letters tell.
func languageOf(rec *archive.Record) string {
	said, part := rec.Language, rec.Source[:min(len(rec.Source), textPart)]
	if rec.IsPage {
		var lang string
		if lang, part = visible(rec); said == "" {
			said = lang
		}
	}
	info := whatlanggo.Detect(strings.ToValidUTF8(string(part), ""))
	if tag, err := language.Parse(said); err == nil && said != "" {
		// Many pages have the language of their template, and another script.
		base, sure := tag.Base()
		script, _ := tag.Script()
		if sure > language.No && (info.Script == nil || (info.Script == unicode.Latin) == (script.String() == "Latn")) {
			return base.String()
		}
	}
	if !info.IsReliable() {
		return "unknown"
	}
	if code := info.Lang.Iso6391(); code != "" {
		return code
	}
	return info.Lang.Iso6393()
}

// visible returns the language that a page names, and the beginning of what it
// shows, without extraction.
func visible(rec *archive.Record) (lang string, shown []byte) {
	kind := rec.ContentType
	if rec.Charset != "" {
		kind = "text/html; charset=" + rec.Charset
	}
	r, err := charset.NewReader(bytes.NewReader(rec.Source[:min(len(rec.Source), pagePart)]), kind)
	if err != nil {
		return "", nil
	}
	var out bytes.Buffer
	z := html.NewTokenizer(r)
	hidden := 0
	for out.Len() < showPart {
		switch z.Next() {
		case html.ErrorToken:
			return lang, out.Bytes()
		case html.StartTagToken:
			name, more := z.TagName()
			if isHidden(string(name)) {
				hidden++
			}
			for root := string(name) == "html"; root && more; {
				var key, value []byte
				if key, value, more = z.TagAttr(); string(key) == "lang" {
					lang = string(value)
				}
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); isHidden(string(name)) && hidden > 0 {
				hidden--
			}
		case html.TextToken:
			if hidden == 0 {
				out.Write(bytes.TrimSpace(z.Text()))
				out.WriteByte('\n')
			}
		}
	}
	return lang, out.Bytes()
}

func isHidden(tag string) bool {
	return tag == "script" || tag == "style" || tag == "template" || tag == "noscript" || tag == "svg"
}
