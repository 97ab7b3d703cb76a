package archive

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
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
}

// A syntaxError is a mistake at a byte of a line, counted from 0.
type syntaxError struct {
	at  int
	msg string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.at+1, e.msg) }

// fields splits a JSON object into its members, which share memory with line.
func fields(line []byte) ([]field, error) {
	i := space(line, 0)
	if i == len(line) || line[i] != '{' {
		return nil, &syntaxError{i, "a JSON object was expected"}
	}
	var out []field
	i = space(line, i+1)
	if i < len(line) && line[i] == '}' {
		return out, rest(line, i+1)
	}
	for {
		if i == len(line) || line[i] != '"' {
			return nil, &syntaxError{i, "a field name in quotation marks was expected"}
		}
		end, err := value(line, i)
		if err != nil {
			return nil, err
		}
		name, _ := unquote(line[i:end])
		if i = space(line, end); i == len(line) || line[i] != ':' {
			return nil, &syntaxError{i, "a colon was expected"}
		}
		i = space(line, i+1)
		if end, err = value(line, i); err != nil {
			return nil, err
		}
		out = append(out, field{string(name), line[i:end:end]})
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

// value returns the end of the JSON value that begins at i.
func value(b []byte, i int) (end int, err error) {
	if i == len(b) {
		return 0, &syntaxError{i, "the line ends where a value was expected"}
	}
	switch b[i] {
	case '"':
		return str(b, i)
	case '{', '[':
		depth := 0
		for end = i; end < len(b); {
			switch b[end] {
			case '"':
				if end, err = str(b, end); err != nil {
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

// str returns the end of the JSON string that begins at i.
func str(b []byte, i int) (end int, err error) {
	for end = i + 1; end < len(b); {
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
			return end, checkString(b[i:end], i)
		}
	}
	return 0, &syntaxError{i, "a string that is not closed"}
}

// checkString reports what makes a string, which begins at column at, no JSON.
// Bytes that are not UTF-8 do not: unquote mends and tells of them.
func checkString(q []byte, at int) error {
	const escapes = `"\/bfnrtu`
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
func control(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if x := binary.LittleEndian.Uint64(b[i:]); (x-ones*' ')&^x&tops != 0 {
			break
		}
	}
	for ; i < len(b); i++ {
		if b[i] < ' ' {
			return i
		}
	}
	return -1
}

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
	for i := 0; i < len(b); {
		for i+8 <= len(b) && calm(binary.LittleEndian.Uint64(b[i:])) {
			i += 8
		}
		for end := min(i+8, len(b)); i < end; {
			switch c := b[i]; {
			case c == '\\' || c < ' ':
				return i
			case c < utf8.RuneSelf:
				i++
			default:
				r, n := utf8.DecodeRune(b[i:])
				if r == utf8.RuneError && n == 1 {
					return i
				}
				i += n
			}
		}
	}
	return len(b)
}

// calm reports whether eight bytes, as a little-endian number, are ASCII, and
// neither control characters nor quotation marks nor backslashes. Texts are
// mostly such, and are so looked at in half the time.
func calm(x uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	slashes, quotes := x^ones*'\\', x^ones*'"'
	return (x|(x-ones*' ')&^x|(slashes-ones)&^slashes|(quotes-ones)&^quotes)&tops == 0
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
	b = append(b, '"')
	view := unsafe.Slice(unsafe.StringData(s), len(s)) // to read eight bytes at once
	start, next := 0, 0
	for i := 0; i < len(s); {
		if i >= next {
			for i+8 <= len(s) && calm(binary.LittleEndian.Uint64(view[i:])) {
				i += 8
			}
			if next = i + 8; i == len(s) {
				break
			}
		}
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			switch {
			case r == '\u0085' || r == '\u2028' || r == '\u2029':
				b = append(b, s[start:i]...)
				b = append(b, '\\', 'u', digits[r>>12], digits[r>>8&15], digits[r>>4&15], digits[r&15])
				i += n
				start = i
				continue
			case r != utf8.RuneError || n > 1:
				i += n
				continue
			}
		}
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
			if c < ' ' {
				b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			} else {
				b = utf8.AppendRune(b, utf8.RuneError)
			}
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}
