package siteconfig

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/rules"
	"winnow/text"
)

// A Result is what became of a site config.
type Result struct {
	Config  *Config
	Pack    []byte      // the pack as YAML; nil where nothing could be carried over
	Rules   int         // in the pack
	Carried []Directive // that the rules stand for
	Left    []Left      // that were left behind
	Tests   []Test
}

// A Left is a directive that was left behind.
type Left struct {
	Directive
	Why string
}

// Convert makes a pack of a site config. Each rule is tried on its examples
// before it goes in; one that fails is left behind like what cannot be carried over.
//
// Where the config says that the article stands is often a box that holds more,
// comments for one, since the programs that it is written for prune it. So the
// rule that brings back what stands there is in shadow mode unless rescue is
// true, and the one that takes what stands elsewhere always is.
func Convert(c *Config, rescue bool) *Result {
	w := writer{res: &Result{Config: c, Tests: c.Tests()}, seen: map[string]bool{}, body: rules.Shadow}
	if rescue {
		w.body = rules.Enforce
	}
	w.article()
	for _, d := range c.Lines {
		w.directive(d)
	}
	slices.SortStableFunc(w.res.Carried, func(a, b Directive) int { return a.Line - b.Line })
	slices.SortStableFunc(w.res.Left, func(a, b Left) int { return a.Line - b.Line })
	if w.res.Rules == 0 {
		return w.res
	}
	w.res.Pack = w.pack(w.out.Bytes())
	return w.res
}

// pack returns a pack of these rules.
func (w *writer) pack(written []byte) []byte {
	c := w.res.Config
	head := fmt.Sprintf("# Made of the site config %s by winnow rules import-siteconfig.\npublisher: %s\nrules:\n",
		c.File, quote(string(text.PublisherOf(strings.TrimPrefix(c.Host, ".")))))
	return append([]byte(head), written...)
}

// A writer writes the rules of a pack.
type writer struct {
	res  *Result
	out  bytes.Buffer
	seen map[string]bool // ids
	body rules.Mode      // of the rule that brings back
}

func (w *writer) leave(d Directive, format string, args ...any) {
	w.res.Left = append(w.res.Left, Left{d, fmt.Sprintf(format, args...)})
}

// apart says why directives are left behind that concern something else.
var apart = map[string]string{
	"strip_image_src":          "pictures are no part of the text",
	"strip_attr":               "attributes are no part of the text",
	"post_strip_attr":          "attributes are no part of the text",
	"single_page_link":         "winnow fetches no pages",
	"single_page_link_in_feed": "winnow fetches no pages",
	"next_page_link":           "winnow fetches no pages",
	"autodetect_next_page":     "winnow fetches no pages",
	"if_page_contains":         "winnow fetches no pages",
	"http_header":              "winnow fetches no pages",
	"requires_login":           "winnow fetches no pages",
	"not_logged_in_xpath":      "winnow fetches no pages",
	"login_uri":                "winnow fetches no pages",
	"login_username_field":     "winnow fetches no pages",
	"login_password_field":     "winnow fetches no pages",
	"login_extra_fields":       "winnow fetches no pages",
	"find_string":              "winnow reads pages as they are and changes none before",
	"replace_string":           "winnow reads pages as they are and changes none before",
	"wrap_in":                  "winnow reads pages as they are and changes none before",
	"move_into":                "winnow reads pages as they are and changes none before",
	"dissolve":                 "winnow reads pages as they are and changes none before",
	"convert_double_br_tags":   "two line breaks end a paragraph anyway",
	"src_lazy_load_attr":       "pictures are no part of the text",
	"insert_detected_image":    "pictures are no part of the text",
	"native_ad_clue":           "it tells what a page is, and no part of it",
	"tidy":                     "it is for the other program's parser",
	"parser":                   "it is for the other program's parser",
	"prune":                    "winnow's own model prunes",
	"autodetect_on_failure":    "winnow always detects the article, and rules help it",
	"skip_json_ld":             "it is for the other program's metadata",
	"strip_comments":           "comments of the page's source are never read",
	"footnotes":                "it is for the other program's output",
}

// directive writes the rules of one line, but for those that tell where the article stands.
func (w *writer) directive(d Directive) {
	switch d.Name {
	case "body", "test_url", "test_contains", "test_not_contains":
	case "strip":
		w.strip(d)
	case "strip_id_or_class":
		w.named(d)
	case "title":
		w.known(d, rules.TitleLine, "The title of the article.")
	case "author":
		w.known(d, rules.Byline, "Who wrote it.")
	case "date":
		w.known(d, rules.Dateline, "When it was written.")
	default:
		switch why, ok := apart[d.Name]; {
		case d.malformed:
			w.leave(d, "it is no directive")
		case ok:
			w.leave(d, "%s", why)
		default:
			w.leave(d, "no directive of that name is known")
		}
	}
}

// article writes what tells where the article stands: one rule that brings
// back what stands there, and one that reports what stands elsewhere.
func (w *writer) article() {
	var all [][]step
	var from []Directive
	for _, d := range w.res.Config.Lines {
		if d.Name != "body" {
			continue
		}
		if ws, ok := w.ways(d); ok {
			all = append(all, ws...)
			from = append(from, d)
		}
	}
	if len(all) == 0 {
		return
	}
	path := examplePath(all[0])
	err := w.rule(entry{id: "body", category: rules.Nav, action: "rescue", mode: w.body, why: "Where the article stands.", ways: all,
		remove: other, keep: path + story})
	if err == nil {
		err = w.rule(entry{id: "outside", category: rules.Nav, mode: rules.Shadow, outside: true, why: "What does not stand where the article does.", ways: all,
			remove: path + story + "\n" + marked, keep: other})
	}
	for _, d := range from {
		if err != nil {
			w.leave(d, "%v", err)
		} else {
			w.res.Carried = append(w.res.Carried, d)
		}
	}
}

// Lines of examples.
const (
	other  = "x-other | Something else stands here."
	marked = "x-other | [-Something else stands here.-]"
	story  = " | The story stands here."
)

// strip writes a rule of an XPath expression that selects what is no part of the article.
func (w *writer) strip(d Directive) {
	all, ok := w.ways(d)
	if !ok {
		return
	}
	var telling [][]step
	for _, x := range all {
		if !textless[x[len(x)-1].tag] {
			telling = append(telling, x)
		}
	}
	if len(telling) == 0 {
		w.leave(d, "such elements hold no text")
		return
	}
	w.removal(d, telling, categoryOf(telling))
}

// textless are elements that hold no text that extraction would take.
var textless = map[string]bool{"img": true, "svg": true, "picture": true, "source": true, "iframe": true, "video": true, "audio": true,
	"script": true, "style": true, "noscript": true, "object": true, "embed": true, "canvas": true, "input": true, "br": true, "hr": true,
	"link": true, "meta": true, "track": true, "select": true, "textarea": true, "template": true}

// named writes a rule of a part of a class or an id.
func (w *writer) named(d Directive) {
	v := strings.Trim(d.Value, `"' `)
	if len(v) < 3 {
		w.leave(d, "so short a part of a name is in many others")
		return
	}
	if !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
		w.leave(d, "it is no text")
		return
	}
	all := [][]step{{{tests: []test{{"class", v, '*'}}}}, {{tests: []test{{"id", v, '*'}}}}}
	w.removal(d, all, categoryOf(all))
}

// known writes a rule of a category that is kept unless a caller asks.
func (w *writer) known(d Directive, c rules.Category, why string) {
	if all, ok := w.ways(d); ok {
		w.carry(d, entry{id: d.Name + "." + hash(d), category: c, why: why, ways: all})
	}
}

func (w *writer) removal(d Directive, all [][]step, c rules.Category) {
	w.carry(d, entry{id: "strip." + hash(d), category: c, why: "The site config says that it is no part of the article.", ways: all})
}

// carry writes a rule that removes what it selects.
func (w *writer) carry(d Directive, e entry) {
	e.from = d.String()
	for i, x := range e.ways {
		if i > 0 {
			e.remove += "\n"
		}
		e.remove += examplePath(x) + " | [-This stands here.-]"
	}
	e.remove += "\nx-other | The story stands here."
	e.keep = other
	if err := w.rule(e); err != nil {
		w.leave(d, "%v", err)
		return
	}
	w.res.Carried = append(w.res.Carried, d)
}

func hash(d Directive) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(d.String())))[:8] }

// ways reads the XPath expression of a directive. What cannot be read of it is
// left behind; ok tells whether there is a rest.
func (w *writer) ways(d Directive) (all [][]step, ok bool) {
	parts := union(d.Value)
	for _, part := range parts {
		some, err := ways(part, d.Name == "body")
		for _, x := range some {
			if err == nil {
				err = rules.CheckSelector(selector(x))
			}
		}
		switch {
		case err == nil:
			all = append(all, some...)
		case len(parts) == 1:
			w.leave(d, "%v", err)
		default:
			w.leave(d, "in part, %s: %v", part, err)
		}
	}
	return all, len(all) > 0
}

// An entry is a rule to be written.
type entry struct {
	id           string
	category     rules.Category
	action       string
	mode         rules.Mode
	outside      bool
	why, from    string
	ways         [][]step
	remove, keep string // examples
}

// errNothing says that no page can hold what a directive asks for, or that the
// example made of it is none.
var errNothing = errors.New("no example of what it selects could be made")

// rule writes a rule that passes its examples.
func (w *writer) rule(e entry) error {
	if w.seen[e.id] {
		return nil // the same line twice
	}
	var b bytes.Buffer
	w.write(&b, e)
	p, err := rules.ParsePack(w.res.Config.File, w.pack(b.Bytes()))
	if err == nil {
		err = p.Test()
	}
	if err != nil {
		return errNothing
	}
	w.seen[e.id] = true
	w.res.Rules++
	w.out.Write(b.Bytes())
	return nil
}

func (w *writer) write(b *bytes.Buffer, e entry) {
	line := func(format string, args ...any) { fmt.Fprintf(b, "    "+format+"\n", args...) }
	host := w.res.Config.Host
	of := strings.ReplaceAll(strings.TrimPrefix(host, "."), ".", "-")
	if of != strings.ReplaceAll(host, ".", "-") { // apart from the rules of the host itself
		of = "below-" + of
	}
	fmt.Fprintf(b, "  - id: siteconfig.%s.%s\n", of, e.id)
	line("category: %s", e.category)
	if e.action != "" {
		line("action: %s", e.action)
	}
	if e.mode != "" {
		line("mode: %s", e.mode)
	}
	if e.from != "" {
		e.why += " (" + e.from + ")"
	}
	line("why: %s", quote(e.why))
	line("where: anywhere")
	line("hosts: [%s]", quote(host))
	line("confidence: 0.95")
	line("selector:")
	var written []string
	for _, x := range e.ways {
		if s := selector(x); !slices.Contains(written, s) {
			written = append(written, s)
			line("  - %s", quote(s))
		}
	}
	if e.outside {
		line("outside: true")
	}
	for _, list := range []struct{ name, text string }{{"remove", e.remove}, {"keep", e.keep}} {
		line("%s:", list.name)
		line("  - |")
		for _, l := range strings.Split(list.text, "\n") {
			line("    %s", l)
		}
	}
}

// quote returns t as a YAML scalar in single quotation marks.
func quote(t string) string {
	t = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(t, "?"))
	return "'" + strings.ReplaceAll(t, "'", "''") + "'"
}

// categoryOf guesses from the names in selectors what they take.
func categoryOf(all [][]step) rules.Category {
	var names []string
	for _, x := range all {
		s := x[len(x)-1]
		names = append(names, s.tag)
		for _, t := range s.tests {
			names = append(names, t.value)
		}
	}
	if c := rules.CategoryOfNames(names...); c != "" {
		return c
	}
	return rules.Nav
}
