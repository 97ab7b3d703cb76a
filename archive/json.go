package archive

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// JSON is read and written by hand here, for three things that encoding/json
// does not do: fields keep their order and their exact text, lone surrogates
// and invalid UTF-8 are noticed, and a long string is copied once.

// A field is a member of a JSON object. raw is its value as it was written.
type field struct {
	name string
	raw  []byte
	asIs bool // raw is a string that stands for itself: ASCII without escapes
}

// A syntaxError is a mistake at a byte of a line, counted from 0.
type syntaxError struct {
	at  int
	msg string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.at+1, e.msg) }

// fields appends to out the members of a JSON object, which share memory with line.
func fields(out []field, line []byte) ([]field, error) {
	i := space(line, 0)
	if i == len(line) || line[i] != '{' {
		return nil, &syntaxError{i, "a JSON object was expected"}
	}
	i = space(line, i+1)
	if i < len(line) && line[i] == '}' {
		return out, rest(line, i+1)
	}
	for {
		if i == len(line) || line[i] != '"' {
			return nil, &syntaxError{i, "a field name in quotation marks was expected"}
		}
		end, asIs, err := value(line, i)
		if err != nil {
			return nil, err
		}
		name := nameOf(line[i:end], asIs)
		if i = space(line, end); i == len(line) || line[i] != ':' {
			return nil, &syntaxError{i, "a colon was expected"}
		}
		i = space(line, i+1)
		if end, asIs, err = value(line, i); err != nil {
			return nil, err
		}
		out = append(out, field{name, line[i:end:end], asIs})
		i = space(line, end)
		switch {
		case i < len(line) && line[i] == '}':
			return out, rest(line, i+1)
		case i < len(line) && line[i] == ',':
			i = space(line, i+1)
		case i == len(line):
			return nil, &syntaxError{i, "the line ends inside an object"}
		default:
			return nil, &syntaxError{i, "a comma or a closing brace was expected"}
		}
	}
}

func rest(line []byte, i int) error {
	if i = space(line, i); i < len(line) {
		return &syntaxError{i, "more stands after the object"}
	}
	return nil
}

// space returns the first offset from i on that is not white space.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r' || b[i] == '\n') {
		i++
	}
	return i
}

// nameOf returns the name that a field's JSON string stands for. Those that
// records have take no memory of their own.
func nameOf(q []byte, asIs bool) string {
	if !asIs {
		name, _ := unquote(q)
		return string(name)
	}
	q = q[1 : len(q)-1]
	for _, name := range ownNames {
		if string(q) == name {
			return name
		}
	}
	return string(q)
}

var ownNames = []string{"id", "url", "publisher", "title", "language", "charset", "captured", "html", "text", "html" + inBase64, "text" + inBase64}

// inBase64 ends the names of fields that hold what JSON cannot.
const inBase64 = "_base64"

// value returns the end of the JSON value that begins at i, and whether it is a
// string that stands for itself.
func value(b []byte, i int) (end int, asIs bool, err error) {
	if i == len(b) {
		return 0, false, &syntaxError{i, "the line ends where a value was expected"}
	}
	if b[i] == '"' {
		return str(b, i)
	}
	end, err = other(b, i)
	return end, false, err
}

// other is value for what is no string.
func other(b []byte, i int) (end int, err error) {
	switch b[i] {
	case '{', '[':
		depth := 0
		for end = i; end < len(b); {
			switch b[end] {
			case '"':
				if end, _, err = str(b, end); err != nil {
					return 0, err
				}
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			if end++; depth == 0 {
				break
			}
		}
		if depth > 0 {
			return 0, &syntaxError{len(b), "the line ends inside a value"}
		}
	default:
		for end = i; end < len(b) && bytes.IndexByte([]byte(",}] \t\r\n"), b[end]) < 0; end++ {
		}
	}
	if !json.Valid(b[i:end]) { // checks what stands inside, and numbers
		return 0, &syntaxError{i, "a value that is not JSON"}
	}
	return end, nil
}

// str returns the end of the JSON string that begins at i, and whether it is
// ASCII without escapes.
func str(b []byte, i int) (end int, asIs bool, err error) {
	asIs = true
	for end = i + 1; ; {
		if end += calmLen(b[end:]); end == len(b) {
			return 0, false, &syntaxError{i, "a string that is not closed"}
		}
		switch c := b[end]; {
		case c == '"':
			return end + 1, asIs, nil
		case c >= utf8.RuneSelf:
			asIs = false
			for end++; end < len(b) && b[end] >= utf8.RuneSelf; end++ {
			}
		case c == '\\' && end+1 < len(b) && isEscape[b[end+1]]:
			if asIs = false; b[end+1] != 'u' {
				end += 2
			} else if _, ok := hex4(b[end:]); ok {
				end += 6
			} else {
				return mistake(b, i)
			}
		default:
			return mistake(b, i)
		}
	}
}

// isEscape holds what may stand behind a backslash.
var isEscape = func() (t [256]bool) {
	for _, c := range []byte(escapes) {
		t[c] = true
	}
	return
}()

const escapes = `"\/bfnrtu`

// mistake says what is wrong with the JSON string that begins at i.
func mistake(b []byte, i int) (int, bool, error) {
	for end := i + 1; end < len(b); {
		n := bytes.IndexByte(b[end:], '"')
		if n < 0 {
			break
		}
		end += n + 1
		slashes := 0
		for k := end - 2; k > i && b[k] == '\\'; k-- {
			slashes++
		}
		if slashes%2 == 0 {
			return 0, false, checkString(b[i:end], i)
		}
	}
	return 0, false, &syntaxError{i, "a string that is not closed"}
}

// checkString reports what makes a string, which begins at column at, no JSON.
// Bytes that are not UTF-8 do not: unquote mends and tells of them.
func checkString(q []byte, at int) error {
	if i := control(q); i >= 0 {
		return &syntaxError{at + i, fmt.Sprintf("the control character 0x%02x stands in a string", q[i])}
	}
	for i := 1; ; i += 2 {
		n := bytes.IndexByte(q[i:len(q)-1], '\\')
		if n < 0 {
			return nil
		}
		i += n
		_, ok := hex4(q[i:])
		if strings.IndexByte(escapes, q[i+1]) < 0 || q[i+1] == 'u' && !ok {
			return &syntaxError{at + i, "a backslash that begins no escape"}
		}
	}
}

// control returns where the first control character stands in b, or -1.
func control(b []byte) int { return slices.IndexFunc(b, func(c byte) bool { return c < ' ' }) }

// damage is what a JSON string holds that stands for no character.
type damage struct{ surrogates, bytes int }

// unquote returns the value of a JSON string that str has found, with its
// quotation marks. Lone surrogates and bytes that are not UTF-8 become U+FFFD
// and are counted.
func unquote(q []byte) ([]byte, damage) {
	var d damage
	b := q[1 : len(q)-1]
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		n := plain(b)
		out, b = append(out, b[:n]...), b[n:]
		switch {
		case len(b) == 0:
		case b[0] >= utf8.RuneSelf:
			out, b = utf8.AppendRune(out, utf8.RuneError), b[1:]
			d.bytes++
		default:
			var k int
			out, k = appendEscape(out, b, &d)
			b = b[k:]
		}
	}
	return out, d
}

// unquoteHere is unquote for a string whose bytes nobody needs again: the value
// takes their place, where it is not longer than they are. Texts of hundreds of
// megabytes are not held twice.
func unquoteHere(q []byte) ([]byte, damage) {
	var d damage
	b := q[1 : len(q)-1]
	if !utf8.Valid(b) {
		return unquote(q) // U+FFFD is longer than the byte that it stands for
	}
	out := b[:0]
	for len(b) > 0 {
		n := bytes.IndexByte(b, '\\')
		if n < 0 {
			n = len(b)
		}
		out, b = append(out, b[:n]...), b[n:]
		if len(b) > 0 {
			var k int
			out, k = appendEscape(out, b, &d)
			b = b[k:]
		}
	}
	return out, d
}

// appendEscape appends what the escape that b begins with stands for, and
// returns its length.
func appendEscape(out, b []byte, d *damage) ([]byte, int) {
	if b[1] != 'u' {
		return append(out, "\"\\/\b\f\n\r\t"[strings.IndexByte(`"\/bfnrt`, b[1])]), 2
	}
	r, _ := hex4(b)
	n := 6
	if utf16.IsSurrogate(r) {
		low, ok := hex4(b[6:])
		if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
			r, n = pair, 12
		} else {
			r = utf8.RuneError
			d.surrogates++
		}
	}
	return utf8.AppendRune(out, r), n
}

// plain returns how many bytes b begins with that stand for themselves.
func plain(b []byte) int {
	for i := 0; ; {
		if i += calmLen(b[i:]); i == len(b) {
			return i
		}
		switch c := b[i]; {
		case c == '"':
			i++
		case c < utf8.RuneSelf:
			return i
		default:
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n == 1 {
				return i
			}
			i += n
		}
	}
}

// calmLen returns how many bytes b begins with that are ASCII, and neither
// control characters nor quotation marks nor backslashes. It looks at eight of
// them at once (a carry goes to higher bytes alone, so the lowest one that is
// marked is right).
func calmLen(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		slashes, quotes := x^ones*'\\', x^ones*'"'
		if m := (x | (x-ones*' ')&^x | (slashes-ones)&^slashes | (quotes-ones)&^quotes) & tops; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return i
		}
	}
	return i
}

// hex4 reads the escape \uXXXX that b begins with.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16) // which takes no sign and, with base 16, no underscore
	return rune(n), err == nil
}

// appendString appends s as a JSON string: <, > and & as they are, bytes that
// are not UTF-8 as U+FFFD. The line ends of Unicode are escaped: some languages
// break lines there when they read a file.
func appendString(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(slices.Grow(b, len(s)+len(s)/32+2), '"')
	view := unsafe.Slice(unsafe.StringData(s), len(s)) // to read eight bytes at once
	start := 0
	for i := 0; ; {
		if i += calmLen(view[i:]); i == len(s) {
			return append(append(b, s[start:]...), '"')
		}
		c, n := s[i], 1
		if c >= utf8.RuneSelf {
			var r rune
			r, n = utf8.DecodeRuneInString(s[i:])
			if (r != utf8.RuneError || n > 1) && r != '\u0085' && r != '\u2028' && r != '\u2029' {
				i += n
				continue
			}
			b = append(b, s[start:i]...)
			if n == 1 {
				b = utf8.AppendRune(b, utf8.RuneError)
			} else {
				b = append(b, '\\', 'u', digits[r>>12], digits[r>>8&15], digits[r>>4&15], digits[r&15])
			}
		} else {
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			}
		}
		i += n
		start = i
	}
}
