package extract

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Decode brings a text to UTF-8 as Extract does a page: a byte-order mark goes
// first, else the charset that the caller names (CHARSET_UNKNOWN where nothing has
// that name). What cannot be decoded stands as U+FFFD. Warnings say where the
// charset that was named is not the one that was used.
//
// Valid UTF-8 is taken as it is, its mark included, unless the charset that is
// named can hide in it: UTF-16 of ASCII letters, and ISO-2022-JP.
func Decode(b []byte, charset string) (string, []Warning, error) {
	if utf8.Valid(b) && !hidden(b, charset) {
		return string(b), nil, nil
	}
	s, err := decode(Page{HTML: b, Charset: charset})
	return string(s.text), s.warnings, err
}

// hidden reports whether b, which is valid UTF-8, may be in charset all the same.
func hidden(b []byte, charset string) bool {
	switch name := lookup(charset); {
	case strings.HasPrefix(name, "utf-16"):
		return utf16Charset(b) != ""
	case name == "iso-2022-jp":
		return bytes.Contains(b, []byte("\x1b$"))
	}
	return false
}

// WideCharset returns the charset that a text of more than one byte a character
// seems to be in: "utf-16le", "utf-16be" or "utf-32", which Decode does not know,
// by its byte-order mark or by the zeros in it; else "".
func WideCharset(b []byte) string {
	if bytes.HasPrefix(b, []byte("\xff\xfe\x00\x00")) || bytes.HasPrefix(b, []byte("\x00\x00\xfe\xff")) {
		return "utf-32"
	}
	if name := bomCharset(b); strings.HasPrefix(name, "utf-16") {
		return name
	}
	if bytes.IndexByte(b[:min(len(b), 4096)], 0) < 0 {
		return ""
	}
	return utf16Charset(b)
}
