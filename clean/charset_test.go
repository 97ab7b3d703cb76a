package clean

import (
	"context"
	"strings"
	"testing"
	"unicode/utf16"

	"winnow/rules"
)

// wide encodes s as UTF-16, with the low byte first or last.
func wide(s string, little bool) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if little {
			b = append(b, byte(u), byte(u>>8))
		} else {
			b = append(b, byte(u>>8), byte(u))
		}
	}
	return string(b)
}

// TestCharsetsOfTexts: a text is decoded where a charset is named, and only then;
// what else there is to know of its bytes is a warning.
func TestCharsetsOfTexts(t *testing.T) {
	set, err := rules.NewSet()
	if err != nil {
		t.Fatal(err)
	}
	e := New(set)
	const story, ascii = "Die Fähre legt um zwölf ab.\n", "The ferry sails at noon.\n"
	taken := "taken byte for byte"
	for _, c := range []struct {
		name, source, charset, want string
		warnings                    []string // parts of each
	}{
		{"plain", story, "", story, nil},
		{"a mark of UTF-8 stays", "\ufeff" + story, "", "\ufeff" + story, nil},
		{"also where it is named", "\ufeff" + story, "utf-8", "\ufeff" + story, nil},
		{"broken", "F\xe4hre", "", "F\xe4hre", []string{"NOT_UTF8 not valid UTF-8 and no charset"}},
		{"UTF-16 by its mark", wide("\ufeff"+story, true), "", wide("\ufeff"+story, true), []string{"NOT_UTF8 name the charset utf-16le to have it decoded (on the command line --charset utf-16le)"}},
		{"the other end first", wide("\ufeff"+story, false), "", wide("\ufeff"+story, false), []string{"NOT_UTF8 utf-16be"}},
		{"UTF-16 by its zeros", wide(ascii, true), "", wide(ascii, true), []string{"NOT_UTF8 utf-16le"}},
		{"UTF-32", "\xff\xfe\x00\x00F\x00\x00\x00", "", "\xff\xfe\x00\x00F\x00\x00\x00", []string{"NOT_UTF8 UTF-32"}},
		{"a zero is no sign", "a\x00b and so on\n", "", "a\x00b and so on\n", nil},
		{"UTF-16 that is named", wide("\ufeff"+story, true), "utf-16", story, nil},
		{"UTF-16 of ASCII, which is UTF-8 as well", wide(ascii, true), "utf-16le", ascii, nil},
		{"and is not, though named", ascii, "utf-16le", ascii, nil},
		{"ISO-2022-JP", "\x1b$BEl5~\x1b(B\n", "iso-2022-jp", "東京\n", nil},
		{"latin", "F\xe4hre", "latin1", "Fähre", nil},
		{"UTF-8 whatever is named", story, "latin1", story, nil},
		{"named UTF-8, and is not", "F\xe4hre", "utf-8", "Fähre", []string{"CHARSET_LABEL the caller names utf-8, which the bytes are not", "CHARSET_GUESSED windows-1252"}},
		{"holes", "F\xff\xfe\x80hre \x81", "shift_jis", "F\ufffd\ufffd\u0080hre \ufffd", []string{"CHARSET_DAMAGED shift_jis"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, err := e.Clean(context.Background(), Input{Source: []byte(c.source), Charset: c.charset}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if res.Outcome.Clean != c.want {
				t.Errorf("text %q", res.Outcome.Clean)
			}
			if len(res.Warnings) != len(c.warnings) {
				t.Fatalf("warnings %v", res.Warnings)
			}
			for i, w := range res.Warnings {
				code, part, _ := strings.Cut(c.warnings[i], " ")
				if w.Code != code || !strings.Contains(w.Message, part) || code == NotUTF8 && !strings.Contains(w.Message, taken) {
					t.Errorf("warning %s: %s", w.Code, w.Message)
				}
			}
		})
	}
}
