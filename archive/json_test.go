package archive

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFields(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{}`, ""},
		{` { } `, ""},
		{`{"a":1}`, "a=1"},
		{`{"a" : 1.50 , "b":"x\"y","c":[1,{"d":"]}"}],"a":null}`, `a=1.50 b="x\"y" c=[1,{"d":"]}"}] a=null`},
		{`{"\u0061":true}`, "a=true"},
		{`{"a":12345678901234567890.10e-5}`, "a=12345678901234567890.10e-5"},
		{`{"a":"\\"}`, `a="\\"`},
		{`{"a":"\\\""}`, `a="\\\""`},
		{``, "column 1: a JSON object was expected"},
		{`[1]`, "column 1: a JSON object was expected"},
		{`{`, "column 2: a field name in quotation marks was expected"},
		{`{"a"`, "column 5: a colon was expected"},
		{`{"a":`, "column 6: the line ends where a value was expected"},
		{`{"a":1`, "column 7: the line ends inside an object"},
		{`{"a":1,}`, "column 8: a field name in quotation marks was expected"},
		{`{"a":1 "b":2}`, "column 8: a comma or a closing brace was expected"},
		{`{"a":1}}`, "column 8: more stands after the object"},
		{`{"a":01}`, "column 6: a value that is not JSON"},
		{`{"a":nul}`, "column 6: a value that is not JSON"},
		{`{"a":[1,]}`, "column 6: a value that is not JSON"},
		{`{"a":[1}`, "column 6: a value that is not JSON"},
		{`{"a":[1`, "column 8: the line ends inside a value"},
		{`{"a":"x}`, "column 6: a string that is not closed"},
		{`{"a":"\q"}`, "column 7: a backslash that begins no escape"},
		{`{"a":"x\u12"}`, "column 8: a backslash that begins no escape"},
		{`{"a":"\u12gh"}`, "column 7: a backslash that begins no escape"},
		{`{"a":"\u+123"}`, "column 7: a backslash that begins no escape"},
		{"{\"a\":\"x\ty\"}", "column 8: the control character 0x09 stands in a string"},
		{`{"a":{"b":"\q"}}`, "column 12: a backslash that begins no escape"},
		{`{a:1}`, "column 2: a field name in quotation marks was expected"},
	} {
		fs, err := fields(nil, []byte(c.in))
		var got []string
		for _, f := range fs {
			got = append(got, f.name+"="+string(f.raw))
		}
		out := strings.Join(got, " ")
		if err != nil {
			out = err.Error()
		}
		if out != c.want {
			t.Errorf("fields(%s) = %s, want %s", c.in, out, c.want)
		}
	}
}

func TestUnquote(t *testing.T) {
	for _, c := range []struct {
		in, want          string
		surrogates, bytes int
	}{
		{`""`, "", 0, 0},
		{`"a\n\t\r\b\f\/\\\"z"`, "a\n\t\r\b\f/\\\"z", 0, 0},
		{`"\u00e9\u20ac\ud83d\ude00"`, "é€😀", 0, 0},
		{`"é€😀"`, "é€😀", 0, 0},
		{`"\ufffd` + "\uFFFD" + `"`, "\uFFFD\uFFFD", 0, 0}, // there in the source: no damage
		{`"\ud83d"`, "\uFFFD", 1, 0},
		{`"\ud83dx"`, "\uFFFDx", 1, 0},
		{`"\ude00\ud83d\ude00"`, "\uFFFD😀", 1, 0},
		{`"\ud83d\ud83d\ude00"`, "\uFFFD😀", 1, 0},
		{`"\ud83d\n"`, "\uFFFD\n", 1, 0},
		{"\"a\xffb\xe2\x82\"", "a\uFFFDb\uFFFD\uFFFD", 0, 3},
	} {
		got, d := unquote([]byte(c.in))
		if string(got) != c.want || d != (damage{c.surrogates, c.bytes}) {
			t.Errorf("unquote(%s) = %q %v, want %q %d %d", c.in, got, d, c.want, c.surrogates, c.bytes)
		}
		if here, dh := unquoteHere([]byte(c.in)); string(here) != string(got) || dh != d {
			t.Errorf("unquoteHere(%s) = %q %v, want %q %v", c.in, here, dh, got, d)
		}
	}
}

func TestAppendString(t *testing.T) {
	for in, want := range map[string]string{
		"":                     `""`,
		"<a href=\"x\">&amp;":  `"<a href=\"x\">&amp;"`,
		"\x00\x1f\x7f\n\r\t\\": `"\u0000\u001f` + "\x7f" + `\n\r\t\\"`,
		"é😀\u2028\u2029\u0085": `"é😀\u2028\u2029\u0085"`,
		"a\xffb\uFFFD":         `"a` + "\uFFFDb\uFFFD" + `"`,
	} {
		if got := string(appendString(nil, in)); got != want {
			t.Errorf("appendString(%q) = %s, want %s", in, got, want)
		}
	}
}

// byEncodingJSON is what appendString should write, by encoding/json.
func byEncodingJSON(t *testing.T, s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		t.Fatal(err)
	}
	// What differs: short escapes, what stands for bytes that are no UTF-8, and a
	// line end that Unicode alone knows.
	out := strings.TrimSuffix(b.String(), "\n")
	for i := 0; i+1 < len(out); i++ {
		if out[i] != '\\' {
			continue
		}
		switch out[i+1] {
		case 'b':
			out = out[:i] + `\u0008` + out[i+2:]
		case 'f':
			out = out[:i] + `\u000c` + out[i+2:]
		case 'u':
			if strings.HasPrefix(out[i:], `\ufffd`) {
				out = out[:i] + "\uFFFD" + out[i+6:]
			}
		}
		i++
	}
	return strings.ReplaceAll(out, "\u0085", `\u0085`)
}

// TestJSONRuns: what is looked at eight bytes at a time is right at every place
// of the eight, whatever stands before and behind.
func TestJSONRuns(t *testing.T) {
	for _, what := range []string{`"`, `\`, "\n", "\x00", "\x1f", "\x7f", " ", "!", "#", "[", "]", "é", "\u0085", "\u2028", "😀", "\xff", "\xe2\x80", "a"} {
		for _, next := range []string{"", `"`, `\`, "\x01", "é", "\x80", "a"} {
			for i := range 20 {
				s := strings.Repeat("a", i) + what + next + strings.Repeat("z", 19-i)
				q := string(appendString(nil, s))
				if want := byEncodingJSON(t, s); q != want {
					t.Fatalf("%q is written as %s, by encoding/json as %s", s, q, want)
				}
				end, asIs, err := str([]byte(q+`"x`), 0)
				if err != nil || end != len(q) || asIs != (q == `"`+s+`"` && !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })) {
					t.Fatalf("%s ends at %d, as it is %v, %v", q, end, asIs, err)
				}
				if v, _ := unquote([]byte(q)); string(v) != string([]rune(s)) {
					t.Fatalf("%s gives %q, want %q", q, v, s)
				}
			}
		}
	}
}

// FuzzFields holds the reader against encoding/json: the same lines are objects,
// with the same fields, and what is written is read back as it was.
func FuzzFields(f *testing.F) {
	for _, s := range []string{`{"a":"b\u00e9","c":[1,{"x":null}],"d":-1.5e3}`, `{"a":"\ud83d"}`, `{"a":"x\\"} `, `{"":{}}`, "{\"a\":\"\xff\"}", `{"a":1}x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		fs, err := fields(nil, line)
		var want map[string]json.RawMessage
		wantErr := json.Unmarshal(line, &want)
		if string(line[space(line, 0):]) == "null" || strings.HasPrefix(string(line[space(line, 0):]), "null") {
			return // null is no object, and encoding/json takes it
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, encoding/json: %v", line, err, wantErr)
		}
		for _, x := range fs {
			if x.raw[0] != '"' {
				continue
			}
			v, dv := unquote(x.raw)
			if here, d := unquoteHere(slices.Clone(x.raw)); string(here) != string(v) || d != dv {
				t.Fatalf("%q gives %q %v in its place, else %q %v", x.raw, here, d, v, dv)
			}
			if !utf8.Valid(v) {
				t.Fatalf("%q gives %q, which is not UTF-8", x.raw, v)
			}
			var s string
			if err := json.Unmarshal(x.raw, &s); err != nil || s != string(v) {
				t.Fatalf("%q gives %q, encoding/json %q %v", x.raw, v, s, err)
			}
			if got, want := string(appendString(nil, string(v))), byEncodingJSON(t, string(v)); got != want {
				t.Fatalf("%q is written as %s, by encoding/json as %s", v, got, want)
			}
			back, d := unquote(appendString(nil, string(v)))
			if string(back) != string(v) || d != (damage{}) {
				t.Fatalf("%q comes back as %q %v", v, back, d)
			}
		}
	})
}
