package extract

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"
)

// encoded returns s in the charset of that name.
func encoded(t testing.TB, s, name string) []byte {
	t.Helper()
	switch name {
	case "utf-16le":
		name = "LE"
	case "utf-16be":
		name = "BE"
	default:
		enc, _ := charset.Lookup(name)
		b, err := enc.NewEncoder().Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	end := unicode.LittleEndian
	if name == "BE" {
		end = unicode.BigEndian
	}
	b, err := unicode.UTF16(end, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var charsetSamples = []struct{ name, lang, text string }{
	{"windows-1250", "cs", "Příliš žluťoučký kůň"},
	{"windows-1251", "ru", "Съешь ещё этих мягких французских булок"},
	{"windows-1252", "fr", "Voix ambiguë d’un cœur – déjà €"},
	{"windows-1253", "el", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία"},
	{"windows-1254", "tr", "Pijamalı hasta yağız şoföre"},
	{"windows-1255", "he", "דג סקרן שט בים"},
	{"windows-1256", "ar", "نص حكيم له سر قاطع"},
	{"windows-1257", "lt", "Įlinkdama fechtuotojo špaga"},
	{"windows-874", "th", "เป็นมนุษย์สุดประเสริฐ"},
	{"shift_jis", "ja", "いろはにほへと散りぬるを"},
	{"euc-kr", "ko", "다람쥐 헌 쳇바퀴에 타고파"},
	{"gb18030", "zh", "天地玄黄宇宙洪荒"},
	{"iso-8859-2", "", "Zażółć gęślą jaźń"},
	{"iso-8859-5", "", "Съешь ещё этих мягких булок"},
	{"iso-8859-7", "", "Ξεσκεπάζω την ψυχοφθόρα"},
	{"iso-8859-15", "", "Un cœur à 5 €"},
	{"koi8-r", "", "Съешь ещё этих мягких булок"},
	{"koi8-u", "", "Жебракують філософи ґанок"},
	{"macintosh", "", "déjà vu “été”"},
	{"euc-jp", "", "いろはにほへと散りぬるを"},
	{"iso-2022-jp", "", "いろはにほへと散りぬるを"},
	{"big5", "", "天地玄黃宇宙洪荒"},
	{"gbk", "", "天地玄黄宇宙洪荒"},
	{"utf-16le", "", "天地玄黄 déjà"},
	{"utf-16be", "", "天地玄黄 déjà"},
	{"utf-8", "", "天地玄黄 déjà"},
}

// TestCharsetNamed has every place name the charset in turn.
func TestCharsetNamed(t *testing.T) {
	for _, c := range charsetSamples {
		for _, place := range []string{"caller", "header", "meta", "pragma", "late meta", "xml"} {
			head, p := "", Page{}
			switch place {
			case "caller":
				p.Charset = c.name
			case "header":
				p.ContentType = "text/html; charset=" + c.name
			case "meta":
				head = `<meta charset=" ` + strings.ToUpper(c.name) + `">`
			case "pragma":
				head = `<meta content="text/html; charset='` + c.name + `'" http-equiv=Content-Type>`
			case "late meta":
				head = strings.Repeat("<link rel=x>", 200) + "<!-- <meta charset=utf-8> --><meta charset=" + c.name + ">"
			}
			src := "<html><head>" + head + "</head><body><p>" + strings.Repeat(c.text+" ", 3)
			if place == "xml" {
				src = `<?xml version="1.0" encoding='` + c.name + `'?>` + src
			}
			p.HTML = encoded(t, src, c.name)
			s, err := decode(p)
			if err != nil {
				t.Fatalf("%s by %s: %v", c.name, place, err)
			}
			if s.charset != c.name || string(s.text) != src {
				t.Errorf("%s by %s: taken for %s: %.80q", c.name, place, s.charset, s.text)
			}
			inPage := place != "caller" && place != "header"
			if inPage && strings.HasPrefix(c.name, "utf-16") {
				continue // a label in UTF-16 cannot be read before its charset is known
			}
			if len(s.warnings) > 0 {
				t.Errorf("%s by %s: %v", c.name, place, s.warnings)
			}
		}
	}
}

// TestCharsetByLanguage has nothing name the charset but the page its language.
func TestCharsetByLanguage(t *testing.T) {
	for _, c := range charsetSamples {
		if c.lang == "" {
			continue
		}
		src := `<!DOCTYPE html><html lang="` + c.lang + `-XX"><p>` + c.text
		s, err := decode(Page{HTML: encoded(t, src, c.name)})
		if err != nil || s.charset != c.name || string(s.text) != src {
			t.Errorf("%s: taken for %s: %q, %v", c.name, s.charset, s.text, err)
		}
		if len(s.warnings) != 1 || s.warnings[0].Code != CharsetGuessed {
			t.Errorf("%s: warnings %v", c.name, s.warnings)
		}
	}
}

func TestDecode(t *testing.T) {
	page := "<html><body><p>déjà vu, naïve façade, über Größe, señor, coração, œuvre</p>"
	long := "<p>" + strings.Repeat("naïve ", 30)
	for _, c := range []struct {
		name string
		page Page
		want string // charset, text, warning codes
	}{
		{"empty", Page{}, `utf-8 "" []`},
		{"ascii", Page{HTML: []byte("<p>a")}, `utf-8 "<p>a" []`},
		{"utf-8 mark", Page{HTML: []byte("\xef\xbb\xbf<p>é")}, `utf-8 "<p>é" []`},
		{"utf-8 mark alone", Page{HTML: []byte("\xef\xbb\xbf")}, `utf-8 "" []`},
		{"utf-16 marks", Page{HTML: []byte("\xff\xfea\x00\xe9\x00")}, `utf-16le "aé" []`},
		{"utf-16 mark, big", Page{HTML: []byte("\xfe\xff\x00a\x00\xe9")}, `utf-16be "aé" []`},
		{"mark beats label", Page{HTML: []byte("\xff\xfea\x00"), Charset: "koi8-r"}, `utf-16le "a" []`},
		{"utf-16, odd end", Page{HTML: []byte("\xff\xfea\x00b")}, "utf-16le \"a\uFFFD\" [CHARSET_DAMAGED]"},
		{"utf-16, no mark", Page{HTML: encoded(t, "<p>aé</p>", "utf-16le")}, `utf-16le "<p>aé</p>" [CHARSET_GUESSED]`},
		{"utf-16, no mark, big", Page{HTML: encoded(t, "<p>aé</p>", "utf-16be")}, `utf-16be "<p>aé</p>" [CHARSET_GUESSED]`},
		{"utf-16 labelled without end", Page{HTML: encoded(t, "<p>aé</p>", "utf-16be"), Charset: "utf-16"}, `utf-16be "<p>aé</p>" []`},
		{"a few NUL", Page{HTML: []byte("<p>a\x00b</p>")}, `utf-8 "<p>a\x00b</p>" []`},
		{"NUL alone", Page{HTML: make([]byte, 10)}, `utf-8 "` + strings.Repeat(`\x00`, 10) + `" []`},
		{"iso-2022-jp unnamed", Page{HTML: []byte("<p>\x1b$B$$\x1b(B")}, `iso-2022-jp "<p>い" [CHARSET_GUESSED]`},
		{"escapes in named utf-8", Page{HTML: []byte("<p>\x1b$B"), Charset: "utf-8"}, `utf-8 "<p>\x1b$B" []`},

		{"wrong label by caller", Page{HTML: []byte("<p>é"), Charset: "koi8-r"}, `utf-8 "<p>é" [CHARSET_LABEL]`},
		{"wrong label by header", Page{HTML: []byte("<p>é"), ContentType: "text/html;charset=gbk"}, `utf-8 "<p>é" [CHARSET_LABEL]`},
		{"wrong label by meta", Page{HTML: []byte("<meta charset=big5><p>é")}, `utf-8 "<meta charset=big5><p>é" [CHARSET_LABEL]`},
		{"utf-16 label on utf-8", Page{HTML: []byte("<p>é"), Charset: "utf-16le"}, `utf-8 "<p>é" [CHARSET_LABEL]`},
		{"unknown label on utf-8", Page{HTML: []byte("<p>é"), Charset: "klingon"}, `utf-8 "<p>é" [CHARSET_LABEL]`},
		{"utf-16 label on latin 1", Page{HTML: []byte("<p>\xe9"), Charset: "utf-16"}, `windows-1252 "<p>é" [CHARSET_LABEL CHARSET_GUESSED]`},
		{"utf-8 label on latin 1", Page{HTML: encoded(t, page, "windows-1252"), Charset: "utf-8"},
			fmt.Sprintf("windows-1252 %q [CHARSET_LABEL CHARSET_GUESSED]", page)},
		{"utf-8 label on koi8-r, meta right", Page{HTML: []byte("<meta charset=koi8-r><p>\xc1\xc2\xd7 \xc7\xc4"), ContentType: "text/html; charset=utf-8"},
			`koi8-r "<meta charset=koi8-r><p>абв гд" [CHARSET_LABEL]`},
		{"unknown header, meta right", Page{HTML: []byte("<meta charset=latin1><p>\xe9"), ContentType: "text/html; charset=zzz"},
			`windows-1252 "<meta charset=latin1><p>é" [CHARSET_LABEL]`},
		{"replacement charset", Page{HTML: []byte("<meta charset=hz-gb-2312><p>\xe9")}, `windows-1252 "<meta charset=hz-gb-2312><p>é" [CHARSET_LABEL CHARSET_GUESSED]`},
		{"nothing named", Page{HTML: []byte("<p>caf\xe9")}, `windows-1252 "<p>café" [CHARSET_GUESSED]`},

		{"a bad byte in utf-8", Page{HTML: []byte(long + "\xff")}, fmt.Sprintf("utf-8 %q [CHARSET_DAMAGED]", long+"\uFFFD")},
		{"a bad byte in mislabelled utf-8", Page{HTML: []byte(long + "\xff"), Charset: "latin1"},
			fmt.Sprintf("utf-8 %q [CHARSET_LABEL CHARSET_DAMAGED]", long+"\uFFFD")},
		{"cut inside a rune", Page{HTML: []byte("<p>é\xe2\x80")}, "utf-8 \"<p>é\uFFFD\" [CHARSET_DAMAGED]"},
		{"half and half, named utf-8", Page{HTML: []byte("<p>éé\xff"), Charset: "utf-8"}, "utf-8 \"<p>éé\uFFFD\" [CHARSET_DAMAGED]"},
		{"not what the label says", Page{HTML: []byte("<p>\xff\xff"), Charset: "gbk"}, "gbk \"<p>\uFFFD\uFFFD\" [CHARSET_DAMAGED]"},
	} {
		s, err := decode(c.page)
		var codes []string
		for _, w := range s.warnings {
			codes = append(codes, string(w.Code))
		}
		got := fmt.Sprintf("%s %q %v", s.charset, s.text, codes)
		if err != nil || got != c.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", c.name, got, err, c.want)
		}
	}
}

func TestCharsetUnknown(t *testing.T) {
	_, err := decode(Page{HTML: []byte("<p>caf\xe9"), Charset: strings.Repeat("klingon", 100)})
	var e *Error
	if !errors.As(err, &e) || e.Reason != CharsetUnknown || len(e.Message) > 200 {
		t.Errorf("got %v", err)
	}
}

// TestDecodeKeepsInput makes sure that decoding writes to a copy.
func TestDecodeKeepsInput(t *testing.T) {
	for _, in := range []string{"<p>\xff", "\xef\xbb\xbf<p>\xff" + strings.Repeat("é", 30), "\xff\xfea\x00"} {
		b := []byte(in)
		if _, err := decode(Page{HTML: b}); err != nil {
			t.Fatal(err)
		}
		if string(b) != in {
			t.Errorf("%q became %q", in, b)
		}
	}
}
