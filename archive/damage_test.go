package archive

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

func load(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(archives, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// short describes records by what tells them apart: address or ID, or the error.
func short(list []*Record) []string {
	var out []string
	for _, r := range list {
		s := r.ID
		if r.URL != "" {
			s = r.URL[strings.LastIndexByte(r.URL, '/')+1:]
		}
		if r.Err != nil {
			s = fmt.Sprintf("!%s@%d", r.Err.Reason, r.Offset)
		}
		out = append(out, s)
	}
	return out
}

// TestDamage: what stands before and behind a damaged place is read, and the
// place is told.
func TestDamage(t *testing.T) {
	replace := func(old, new string, n int) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), n) }
	}
	zero := func(from, n int) func([]byte) []byte {
		return func(b []byte) []byte { clear(b[from : from+n]); return b }
	}
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:n] } }
	insert := func(at int, what string) func([]byte) []byte {
		return func(b []byte) []byte { return slices.Concat(b[:at], []byte(what), b[at:]) }
	}
	const warcAll = "plain gzip br deflate rawflate chunked gzipchunked latin1 meta badlabel notype text.txt mislabelled.txt empty plain"
	without := func(list string, names ...string) string {
		for _, n := range names {
			list = strings.Replace(list, n, "!", 1)
		}
		return list
	}
	for _, c := range []struct {
		name, file string
		change     func([]byte) []byte
		want       string // of short; ! stands for a record with an error
		message    string // in one of the errors
	}{
		{"noise between records", "wget.warc", insert(3115, "noise\nWAR noise\n\n\n"), "plain ! " + strings.TrimPrefix(warcAll, "plain "), "at byte 3115: no WARC record begins here"},
		{"noise at the beginning", "wget.warc", insert(0, "WARC/1.0 noise\n"), "! " + warcAll, "at byte 0: "},
		{"a length that is too long", "wget.warc", replace("Content-Length: 919\r\n", "Content-Length: 1919\r\n", 1), without(warcAll, "plain"), "its Content-Length is wrong"},
		{"a length that is too short", "wget.warc", replace("Content-Length: 919\r\n", "Content-Length: 519\r\n", 1), without(warcAll, "plain"), "no end stands where the Content-Length says"},
		{"a length that is no number", "wget.warc", replace("Content-Length: 919\r\n", "Content-Length: many\r\n", 1), without(warcAll, "plain"), `"many" is no length`},
		{"a length beyond the end", "wget.warc", replace("Content-Length: 919\r\n", "Content-Length: 99999999999\r\n", 1), "!", ""},
		{"cut in a record", "wget.warc", cut(3500), "plain !", "the file ends inside the record that begins at byte 3115"},
		{"cut in a header", "wget.warc", cut(3200), "plain !", "the file ends inside"},
		{"an HTTP header that is none", "wget.warc", replace("HTTP/1.1 200 OK", "XTTP/1.1 200 OK", 1), without(warcAll, "plain"), "no HTTP response begins there"},
		{"a member overwritten", "wget.warc.gz", zero(2100, 60), without(warcAll, "gzip"), "reading goes on at byte "},
		{"the end of a member overwritten", "wget.warc.gz", zero(2730, 6), without(warcAll, "gzip"), "reading goes on at byte "},
		{"noise between members", "wget.warc.gz", insert(831, "noise"), "! " + warcAll, "at byte 831: gzip: invalid header; reading goes on at byte 836"},
		{"cut in a member", "wget.warc.gz", cut(1200), "!", "nothing behind it can be read"},
		{"first member damaged", "lines.jsonl.gz", zero(100, 8), "! ! ! ! d e", "at byte 317: gzip: invalid checksum; reading goes on at byte 317"},
		{"checksum wrong", "lines.jsonl.gz", zero(309, 4), "harbour 2 c ! d e", "at byte 317: gzip: invalid checksum"},
		{"second member cut", "lines.jsonl.gz", cut(350), "harbour 2 c d !", "at byte 350: the compressed data end too early"},
		{"first frame damaged", "lines.jsonl.zst", zero(200, 8), "! d e", "reading goes on at byte 321"},
		{"second frame cut", "lines.jsonl.zst", cut(350), "harbour 2 c !", "too early"},
		{"first stream damaged", "lines.jsonl.bz2", zero(150, 8), "! d e", "reading goes on at byte"},
		{"zeros at the end", "lines.jsonl.gz", func(b []byte) []byte { return append(b, make([]byte, 700)...) }, "harbour 2 c d e", ""},
		{"a line damaged", "lines.jsonl", replace(`"c","html"`, `"c"html"`, 1), "harbour 2 ! d e", "line 3: column"},
		{"a line cut", "lines.jsonl", cut(300), "harbour 2 !", "line 3: "},
		{"a header overwritten", "tree.pax.tar", zero(21504+150, 8), "a.txt deep.txt ! grüße.txt page.html", "no header of a tar file"},
		{"the first header overwritten", "tree.gnu.tar", zero(512+150, 2), "! deep.txt grüße.txt page.html", "at byte 512: no header"},
		{"cut in a file", "tree.gnu.tar", cut(13312 + 1024), "a.txt deep.txt grüße.txt !", "the file ends inside the member that begins at byte 13312"},
		{"cut in a compressed tar", "tree.ustar.tar.gz", cut(400), "a.txt grüße.txt !", "at byte 400"},
		{"two files joined", "tree.gnu.tar", func(b []byte) []byte { return slices.Concat(b, b) }, "a.txt deep.txt grüße.txt page.html a.txt deep.txt grüße.txt page.html", ""},
		{"no end blocks", "tree.gnu.tar", func(b []byte) []byte { return bytes.TrimRight(b, "\x00") }, "a.txt deep.txt grüße.txt page.html", ""},
		{"footer cut", "duckdb.parquet", cut(50000), "!", "the footer at the end of the file"},
		{"footer overwritten", "arrow.parquet", func(b []byte) []byte { clear(b[len(b)-300 : len(b)-20]); return b }, "!", "the footer at the end of the file"},
	} {
		ext := c.file[strings.IndexByte(c.file, '.'):]
		path := filepath.Join(t.TempDir(), "x"+ext)
		if err := os.WriteFile(path, c.change(slices.Clone(load(t, c.file))), 0o666); err != nil {
			t.Fatal(err)
		}
		f := FormatOf(path)
		s := Source{Path: path, Name: "x" + ext, Kind: f.Kind, Compression: f.Compression}
		if info, err := os.Stat(path); err == nil {
			s.Size = info.Size()
		}
		list, _ := all(t, s, ReadOptions{})
		got := short(list)
		told := c.message == ""
		for i, r := range list {
			if r.Err != nil {
				got[i] = "!"
				told = told || strings.Contains(r.Err.Message, c.message)
			} else if i := strings.LastIndexByte(got[i], '/'); r.Name != "" && i >= 0 {
				got[slices.Index(list, r)] = r.Name[strings.LastIndexByte(r.Name, '/')+1:]
			}
		}
		if strings.Join(got, " ") != c.want || !told {
			t.Errorf("%s (%s): got %s\nwant %s\n%s", c.name, c.file, strings.Join(got, " "), c.want, errorsOf(list))
		}
		againFromMarks(t, s)
	}
}

func errorsOf(list []*Record) string {
	var b strings.Builder
	for _, r := range list {
		if r.Err != nil {
			fmt.Fprintf(&b, "  %v\n", r.Err)
		}
	}
	return b.String()
}

// TestDamagedRowGroup: the row groups before and behind are read.
func TestDamagedRowGroup(t *testing.T) {
	b := load(t, "duckdb.parquet")
	list, _ := all(t, source(t, filepath.Join(archives, "duckdb.parquet")), ReadOptions{})
	second := list[2048].Offset
	clear(b[second+20 : second+2000])
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	got, _ := all(t, source(t, path), ReadOptions{})
	bad := slices.IndexFunc(got, func(r *Record) bool { return r.Err != nil && r.Err.Reason == Damaged })
	if bad != 2048 || len(got) != 2048+1+904 || got[bad].Offset != second || got[2049].ID != "doc-4096" {
		t.Fatalf("%d records, the damaged one is %d: %v", len(got), bad, got[max(bad, 0)])
	}
	if want := fmt.Sprintf("row group 2, at byte %d: rows 2049 to 4096 cannot be read", second); !strings.Contains(got[bad].Err.Message, want) {
		t.Errorf("%v, want %s", got[bad].Err, want)
	}
	againFromMarks(t, source(t, path))
}

// TestMislabelled: names lie, what the files hold does not.
func TestMislabelled(t *testing.T) {
	for _, c := range []struct{ file, name string }{
		{"wget.warc", "x.txt"}, {"wget.warc.gz", "x.jsonl"}, {"pages.warc.wet.gz", "x"}, {"lines.jsonl", "x.html"},
		{"lines.jsonl.gz", "x.jsonl"}, {"lines.jsonl.zst", "x.gz"}, {"lines.jsonl.bz2", "x.warc"}, {"duckdb.parquet", "x.jsonl.gz"},
		{"tree.pax.tar", "x.parquet"}, {"tree.ustar.tar.gz", "x.txt"}, {"tree.ustar.tar.gz", "x.tgz"},
	} {
		want := source(t, filepath.Join(archives, c.file))
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, load(t, c.file), 0o666); err != nil {
			t.Fatal(err)
		}
		if got := source(t, path); got.Format() != want.Format() {
			t.Errorf("%s as %s: %s, want %s", c.file, c.name, got.Format(), want.Format())
		}
	}
}

// TestRandomDamage overwrites, cuts out and inserts bytes anywhere. Reading must
// end, give what lies wholly before the place as it was, and be the same from
// every mark.
func TestRandomDamage(t *testing.T) {
	seed := uint64(1)
	r := rand.New(rand.NewPCG(seed, 0))
	for _, name := range []string{"wget.warc", "wget.warc.gz", "pages.warc.wet.gz", "lines.jsonl", "lines.jsonl.gz", "lines.jsonl.zst",
		"lines.jsonl.bz2", "tree.gnu.tar", "tree.ustar.tar.gz", "arrow.parquet"} {
		data := load(t, name)
		s := source(t, filepath.Join(archives, name))
		want, _ := all(t, s, ReadOptions{})
		times := 25
		if testing.Short() {
			times = 5
		}
		for range times {
			at, n := r.IntN(len(data)), 1+r.IntN(64)
			b := slices.Clone(data)
			switch r.IntN(4) {
			case 0:
				b = b[:at]
			case 1:
				b = slices.Concat(b[:at], b[min(at+n, len(b)):])
			case 2:
				b = slices.Concat(b[:at], bytes.Repeat([]byte{byte(r.Uint32())}, n), b[at:])
			default:
				for i := at; i < min(at+n, len(b)); i++ {
					b[i] = byte(r.Uint32())
				}
			}
			s.Path, s.Size = filepath.Join(t.TempDir(), name), int64(len(b))
			if err := os.WriteFile(s.Path, b, 0o666); err != nil {
				t.Fatal(err)
			}
			got, _ := all(t, s, ReadOptions{})
			if s.Kind != Parquet { // whose end says what its beginning holds
				for i, w := range want {
					next := slices.IndexFunc(want[i:], func(r *Record) bool { return r.Offset > w.Offset })
					if next < 0 || want[i+next].Offset > int64(at) {
						break // it does not end before
					}
					if i >= len(got) || line(got[i]) != line(w) {
						t.Fatalf("seed %d: %s damaged at byte %d: record %d is not what it was", seed, name, at, i+1)
					}
				}
			}
			againFromMarks(t, s)
		}
	}
}

// TestSwallowedMember: damage that decodes on past the end of its member does
// not hide the members behind.
func TestSwallowedMember(t *testing.T) {
	var b bytes.Buffer
	for i := range 200 {
		z := gzip.NewWriter(&b)
		fmt.Fprintf(z, "{\"id\":\"%d\",\"text\":%q}\n", i, strings.Repeat(fmt.Sprint(i, " "), 200))
		z.Close()
	}
	data := b.Bytes()
	copy(data[len(data)/2:], []byte{0xff, 0x00, 0xaa, 0x12})
	path := filepath.Join(t.TempDir(), "x.jsonl.gz")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	list, _ := all(t, source(t, path), ReadOptions{})
	good := 0
	for _, r := range list {
		if r.Err == nil {
			good++
		}
	}
	if good < 198 || len(list) == good {
		t.Errorf("%d of 200 records were read, and %d places told", good, len(list)-good)
	}
}

// TestNearlyEmpty: compressed files that hold nothing, or a letter.
func TestNearlyEmpty(t *testing.T) {
	for _, text := range []string{"", "x"} {
		for _, c := range []Compression{Plain, Gzip, Zstd} {
			list := []*Record{{ID: "a", Source: []byte(text)}}
			s := source(t, writeFile(t, list, WriteOptions{Format: Format{Text, c}}, 1, false))
			s.Kind = Text
			got, _ := all(t, s, ReadOptions{})
			if len(got) != 1 || got[0].Err != nil || string(got[0].Source) != text {
				t.Errorf("%q as %s: %s", text, s.Format(), line(got[0]))
			}
			againFromMarks(t, s)
		}
	}
}

// TestPipe: from standard input reading works for all but Parquet, and damage ends it.
func TestPipe(t *testing.T) {
	for _, name := range []string{"lines.jsonl", "lines.jsonl.gz", "lines.jsonl.zst", "lines.jsonl.bz2", "wget.warc", "wget.warc.gz", "tree.gnu.tar"} {
		want, _ := all(t, source(t, filepath.Join(archives, name)), ReadOptions{})
		in := io.MultiReader(bytes.NewReader(load(t, name)))
		got, _ := all(t, Source{Path: "-", Name: "-", Kind: JSONL}, ReadOptions{In: in})
		if len(got) != len(want) || line(got[len(got)-1]) != line(want[len(want)-1]) {
			t.Errorf("%s: %d records from a pipe, %d from the file", name, len(got), len(want))
		}
	}
	if _, err := Open(Source{Path: "-", Kind: JSONL}, ReadOptions{In: bytes.NewReader(load(t, "arrow.parquet"))}); err == nil {
		t.Error("Parquet from a pipe: no error")
	}
	cut := load(t, "lines.jsonl.gz")
	clear(cut[100:108])
	got, _ := all(t, Source{Path: "-", Kind: JSONL}, ReadOptions{In: bytes.NewReader(cut)})
	if n := len(got); n == 0 || got[n-1].Err == nil || !strings.Contains(got[n-1].Err.Message, "nothing behind it can be read") {
		t.Errorf("damage in a pipe: %q", short(got))
	}
}
