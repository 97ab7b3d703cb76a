package extract

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
)

// source is a page in UTF-8. text is always valid; it may share memory with
// the page that it came from.
type source struct {
	text     []byte
	charset  string
	warnings []Warning
	exact    bool // text is the page's own bytes from skip on
	skip     int
}

var utf8BOM = []byte("\xef\xbb\xbf")

// A label is a charset that somebody named for a page.
type label struct {
	name string // as given
	by   string // who named it, for warnings
}

// decode brings a page to UTF-8. It asks, in this order: a byte-order mark;
// bytes that only UTF-16 or ISO-2022-JP explain; are the bytes valid UTF-8, or
// nearly; the labels (caller, HTTP header, XML declaration, meta element); the
// usual charset of the page's language.
func decode(p Page) (source, error) {
	b := p.HTML
	if name := bomCharset(b); name != "" {
		return convert(b, name, nil), nil
	}
	labels := labelsOf(p)
	if name := utf16Charset(b); name != "" {
		return convert(b, name, guessedUnless(labels, name)), nil
	}
	if bytes.Contains(b, []byte("\x1b$")) && !anyOther(labels, "iso-2022-jp") && sevenBit(b) {
		return convert(b, "iso-2022-jp", guessedUnless(labels, "iso-2022-jp")), nil
	}
	good, bad := countUTF8(b)
	if bad == 0 || good >= 10*bad {
		return convert(b, "utf-8", contradicted(labels)), nil
	}

	var warnings []Warning
	for _, l := range labels {
		name := lookup(l.name)
		switch {
		case name == "" && l.by == byCaller:
			return source{}, fail(CharsetUnknown, nil, "no charset is named %q, and the bytes are not UTF-8", clip(l.name))
		case name == "":
			warnings = append(warnings, warn(CharsetLabel, "%s names the unknown charset %q", l.by, clip(l.name)))
		case name == "utf-8" && good < bad, strings.HasPrefix(name, "utf-16"):
			warnings = append(warnings, warn(CharsetLabel, "%s names %s, which the bytes are not", l.by, name))
		default:
			return convert(b, name, warnings), nil
		}
	}
	name := languageCharset(b)
	warnings = append(warnings, warn(CharsetGuessed, "taken to be %s: nothing usable names a charset", name))
	return convert(b, name, warnings), nil
}

// convert decodes b, strips a byte-order mark and replaces what cannot be
// decoded by U+FFFD, with a warning.
func convert(b []byte, name string, warnings []Warning) source {
	s := source{charset: name, warnings: warnings}
	if name == "utf-8" {
		s.text, s.exact = bytes.TrimPrefix(b, utf8BOM), true
		s.skip = len(b) - len(s.text)
		if !utf8.Valid(s.text) {
			s.text = bytes.ToValidUTF8(s.text, []byte("\uFFFD"))
			s.exact = false
			s.warnings = append(s.warnings, damaged(name))
		}
		return s
	}
	enc, _ := charset.Lookup(name)
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil { // decoders replace; they do not fail
		out = bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	s.text = bytes.TrimPrefix(out, utf8BOM)
	if bytes.Contains(s.text, []byte("\uFFFD")) {
		s.warnings = append(s.warnings, damaged(name))
	}
	return s
}

func damaged(name string) Warning {
	return warn(CharsetDamaged, "some bytes are not %s; U+FFFD stands for them", name)
}

func bomCharset(b []byte) string {
	switch {
	case bytes.HasPrefix(b, utf8BOM):
		return "utf-8"
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return "utf-16be"
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return "utf-16le"
	}
	return ""
}

// utf16Charset recognises UTF-16 without a mark: the mark-up of a page is
// ASCII, so every other byte is often NUL, always on the same side.
func utf16Charset(b []byte) string {
	head := b[:min(len(b), 4096)&^1]
	if len(head) < 8 {
		return ""
	}
	var nul [2]int
	for i, c := range head {
		if c == 0 {
			nul[i&1]++
		}
	}
	enough, hardly := len(head)/2/5, len(head)/2/50
	switch {
	case nul[1] > enough && nul[0] <= hardly:
		return "utf-16le"
	case nul[0] > enough && nul[1] <= hardly:
		return "utf-16be"
	}
	return ""
}

func sevenBit(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// countUTF8 counts the well-formed sequences of two and more bytes in b, and
// the bytes that belong to no sequence. A sequence that the end of b cuts off
// is neither where there were good ones: a truncated page is no sign of another
// charset. Valid input is answered at once, without a count of the good.
func countUTF8(b []byte) (good, bad int) {
	if utf8.Valid(b) {
		return 0, 0
	}
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		switch {
		case r != utf8.RuneError || n > 1:
			good++
		case good > 0 && !utf8.FullRune(b):
			return good, bad
		default:
			bad++
		}
		b = b[n:]
	}
	return good, bad
}

const (
	byCaller = "the caller"
	byHeader = "the content type"
	byXML    = "the XML declaration"
	byMeta   = "the meta element"
)

// labelsOf returns the charsets that are named for p, strongest first.
func labelsOf(p Page) []label {
	var ls []label
	add := func(name, by string) {
		if name = strings.TrimSpace(name); name != "" {
			ls = append(ls, label{name, by})
		}
	}
	add(p.Charset, byCaller)
	if _, params, err := mime.ParseMediaType(p.ContentType); err == nil {
		add(params["charset"], byHeader)
	}
	head := p.HTML[:min(len(p.HTML), 16<<10)]
	add(xmlCharset(head), byXML)
	add(metaCharset(head), byMeta)
	return ls
}

// lookup returns the standard's name for a label, or "" where it has none that
// a page can be decoded with.
func lookup(name string) string {
	enc, err := htmlindex.Get(name)
	if err != nil || enc == encoding.Replacement {
		return ""
	}
	name, err = htmlindex.Name(enc)
	if err != nil || name == "replacement" {
		return ""
	}
	return name
}

// contradicted warns of the labels that valid UTF-8 overrules. A page of ASCII
// alone fits most labels, but to say so would cost a pass, and harms nobody.
func contradicted(labels []label) []Warning {
	var ws []Warning
	for _, l := range labels {
		switch name := lookup(l.name); name {
		case "utf-8":
		case "":
			ws = append(ws, warn(CharsetLabel, "%s names the unknown charset %q; the bytes are UTF-8", l.by, clip(l.name)))
		default:
			ws = append(ws, warn(CharsetLabel, "%s names %s; the bytes are UTF-8", l.by, name))
		}
	}
	return ws
}

func guessedUnless(labels []label, name string) []Warning {
	for _, l := range labels {
		if n := lookup(l.name); n == name || strings.HasPrefix(n, "utf-16") && strings.HasPrefix(name, "utf-16") {
			return nil
		}
	}
	return []Warning{warn(CharsetGuessed, "taken to be %s by the pattern of its bytes", name)}
}

// anyOther reports whether a label names a charset other than name.
func anyOther(labels []label, name string) bool {
	for _, l := range labels {
		if n := lookup(l.name); n != "" && n != name {
			return true
		}
	}
	return false
}

func xmlCharset(head []byte) string {
	if !bytes.HasPrefix(head, []byte("<?xml")) {
		return ""
	}
	decl, _, _ := bytes.Cut(head, []byte("?>"))
	_, rest, ok := bytes.Cut(decl, []byte("encoding"))
	if !ok {
		return ""
	}
	rest = bytes.TrimLeft(rest, " \t\r\n=")
	if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
		return ""
	}
	name, _, _ := bytes.Cut(rest[1:], rest[:1])
	return string(name)
}

// metaCharset returns the charset that the first meta element with one names.
// It reads on where x/net/html/charset stops, at 1,024 bytes: pages with long
// heads are common.
func metaCharset(head []byte) string {
	z := html.NewTokenizer(bytes.NewReader(head))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
		default:
			continue
		}
		name, more := z.TagName()
		if string(name) == "body" {
			return ""
		}
		if string(name) != "meta" {
			continue
		}
		var direct, content string
		var pragma bool
		for more {
			var k, v []byte
			k, v, more = z.TagAttr()
			switch string(k) {
			case "charset":
				direct = string(v)
			case "content":
				content = string(v)
			case "http-equiv":
				pragma = bytes.EqualFold(v, []byte("content-type"))
			}
		}
		if direct != "" {
			return direct
		}
		if pragma {
			if c := contentCharset(content); c != "" {
				return c
			}
		}
	}
}

// contentCharset returns the charset of a content attribute such as
// "text/html; charset=utf-8".
func contentCharset(s string) string {
	i := strings.Index(strings.ToLower(s), "charset")
	if i < 0 {
		return ""
	}
	s = strings.TrimLeft(s[i+len("charset"):], " \t\r\n")
	s, ok := strings.CutPrefix(s, "=")
	if !ok {
		return ""
	}
	s = strings.Trim(strings.TrimSpace(s), `"'`)
	if i := strings.IndexAny(s, "; \t\r\n\"'"); i >= 0 {
		s = s[:i]
	}
	return s
}

// languageCharset returns the charset that pages in the language of b's html
// element usually have, after the table of defaults in the HTML standard.
func languageCharset(b []byte) string {
	lang, _, _ := strings.Cut(strings.ToLower(htmlLang(b[:min(len(b), 4096)])), "-")
	switch lang {
	case "ru", "uk", "be", "bg", "mk", "sr", "ky", "tg", "tt":
		return "windows-1251"
	case "ja":
		return "shift_jis"
	case "ko":
		return "euc-kr"
	case "zh":
		return "gb18030"
	case "cs", "hu", "pl", "sk", "sl", "hr", "ro":
		return "windows-1250"
	case "el":
		return "windows-1253"
	case "tr", "az":
		return "windows-1254"
	case "he", "iw", "yi":
		return "windows-1255"
	case "ar", "fa", "ur":
		return "windows-1256"
	case "et", "lv", "lt":
		return "windows-1257"
	case "vi":
		return "windows-1258"
	case "th":
		return "windows-874"
	}
	return "windows-1252"
}

func htmlLang(head []byte) string {
	z := html.NewTokenizer(bytes.NewReader(head))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken:
			t := z.Token()
			if t.Data != "html" {
				return ""
			}
			for _, a := range t.Attr {
				if a.Key == "lang" || a.Key == "xml:lang" {
					return a.Val
				}
			}
			return ""
		}
	}
}

// clip shortens a string of the sender's for use in a message.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
