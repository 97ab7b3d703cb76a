package blocks

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"winnow/text"

	"golang.org/x/net/html/atom"
)

// story is a page of a menu, a story with a share bar in it, and a footer. The
// engine kept the story, share bar and all, but for the last paragraph.
func story() *Page {
	p := &Page{Facts: Facts{Title: "The weir at Oakford", URL: "https://e.org/news/weir"}}
	add := func(parent int32, tag atom.Atom, class string) int32 {
		p.Elements = append(p.Elements, Element{Parent: parent, Tag: tag, Class: class})
		return int32(len(p.Elements) - 1)
	}
	block := func(e int32, kind text.BlockKind, linked, kept bool, t string) {
		b := Block{Text: t, Kind: kind, Element: e, Size: len(t), Kept: kept}
		if linked {
			b.Linked, b.Links = len(t), 1
		}
		p.Blocks = append(p.Blocks, b)
	}
	body := add(add(-1, atom.Html, ""), atom.Body, "")
	nav := add(body, atom.Nav, "menu")
	for _, t := range []string{"Home", "Rivers", "About us"} {
		block(add(add(nav, atom.Li, ""), atom.A, ""), text.ListItem, true, false, t)
	}
	story := add(add(body, atom.Main, ""), atom.Article, "story")
	block(add(story, atom.H1, ""), text.Heading, false, true, "The weir at Oakford")
	for range 3 {
		block(add(story, atom.P, ""), text.Paragraph, false, true,
			"The weir had been built of oak piles and river stone, and for two hundred years nobody asked whether it was in the way of the fish.")
	}
	block(add(story, atom.Div, "share-bar social"), text.Paragraph, true, true, "Share on Facebook")
	block(add(story, atom.P, ""), text.Paragraph, false, false,
		"This spring the parish took out eleven piles, left the stone, and waited; the first fish passed on the second of May, before noon.")
	foot := add(body, atom.Footer, "footer")
	block(add(foot, atom.P, ""), text.Paragraph, false, false, "© 2024 Oakford Parish. All rights reserved.")
	return p
}

func TestStory(t *testing.T) {
	j := Builtin().Judge(story())
	for i, want := range []bool{false, false, false, true, true, true, true, true, true, false} {
		if want != j.Keep[i] && i != 7 { // the share bar is in doubt: the engine kept it
			t.Errorf("block %d: kept is %v, chances %v", i, j.Keep[i], j.Chance)
		}
	}
	for _, i := range []int{4, 5, 6, 8} {
		if j.Chance[7] >= j.Chance[i] {
			t.Errorf("the share bar is as sure as paragraph %d: %v", i, j.Chance)
		}
	}
	for i := range j.Keep {
		why := j.Why(i, 3)
		if len(why) != 3 || !slices.Equal(why, Builtin().Judge(story()).Why(i, 3)) {
			t.Errorf("block %d: %v", i, why)
		}
	}
}

func TestFeatures(t *testing.T) {
	names, rows := Rows(story())
	seen := map[string]bool{}
	for _, n := range names {
		if seen[n] || n == "" {
			t.Errorf("two features are called %q", n)
		}
		seen[n] = true
	}
	for i, r := range rows {
		if len(r) != len(names) {
			t.Errorf("row %d has %d features, there are %d names", i, len(r), len(names))
		}
	}
	value := func(row int, name string) int { return int(rows[row][slices.Index(names, name)]) }
	for _, c := range []struct {
		row  int
		name string
		want int
	}{
		{0, "in:nav", 3}, {0, "linked", 1000}, {0, "kept", 0}, {0, "name:nav", 3}, {0, "cue-first", int(cueNav)},
		{4, "in:article", 2}, {4, "words", 27}, {4, "heading-distance", 1}, {4, "from-engine-start", 1}, {4, "title-words", 148},
		{7, "name:share", 1}, {7, "cue:share", 666}, {7, "-1:words", 27}, {7, "+1:kept", 0},
		{8, "to-center", 0}, {8, "same-text", 1}, {5, "same-text", 3}, {9, "copyright", 1}, {9, "year", 1}, {9, "page:url:article", 1},
	} {
		if got := value(c.row, c.name); got != c.want {
			t.Errorf("block %d: %s is %d, want %d", c.row, c.name, got, c.want)
		}
	}
}

// TestExplanationAddsUp holds the reasons to the score: what the trees say on
// the whole and what each feature added make the sum.
func TestExplanationAddsUp(t *testing.T) {
	m := Builtin()
	_, rows := Rows(story())
	for i, r := range rows {
		sum := m.trees.base
		for _, s := range m.trees.starts {
			sum += int32(m.trees.nodes[s].value)
		}
		weights := make([]int32, len(r))
		m.trees.explain(r, weights)
		for _, w := range weights {
			sum += w
		}
		if got := m.trees.score(r); got != sum {
			t.Errorf("block %d: the score is %d, the reasons come to %d", i, got, sum)
		}
	}
}

func TestModelFile(t *testing.T) {
	if len(builtin) > 2<<20 {
		t.Errorf("the model has %d bytes", len(builtin))
	}
	z, err := gzip.NewReader(bytes.NewReader(builtin))
	if err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(z); err != nil {
		t.Fatal(err)
	}
	pack := func(b []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		if _, err := z.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	if _, err := Read(pack(raw.Bytes())); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 5, len(magic), len(magic) + 16, 2000, raw.Len() / 2, raw.Len() - 1} {
		if _, err := Read(pack(raw.Bytes()[:n])); err == nil {
			t.Errorf("no error for %d bytes of %d", n, raw.Len())
		}
	}
	if _, err := Read(pack(append(raw.Bytes(), 0))); err == nil {
		t.Error("no error for a byte too many")
	}
	if _, err := Read([]byte("no gzip")); err == nil {
		t.Error("no error for what is no gzip")
	}
	// A damaged file is refused, or does no harm.
	rng := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		b := slices.Clone(raw.Bytes())
		for range 8 {
			b[len(magic)+rng.IntN(len(b)-len(magic))] ^= byte(1 + rng.IntN(255))
		}
		if m, err := Read(pack(b)); err == nil {
			m.Judge(story())
		}
	}
}

// TestChoose compares with all subsets.
func TestChoose(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		n := rng.IntN(9)
		chance, words := make([]int16, n), make([]int32, n)
		all := 0
		for i := range n {
			chance[i], words[i] = int16(rng.IntN(1001)), int32(rng.IntN(30))
			all += int(chance[i]) * int(words[i])
		}
		promise := func(set uint) float64 {
			hit, taken := 0, 0
			for i := range n {
				if set>>i&1 == 1 {
					hit += int(words[i]) * int(chance[i])
					taken += int(words[i]) * 1000
				}
			}
			if hit == 0 {
				return 0
			}
			return float64(hit) / float64(taken+all)
		}
		best := 0.
		for set := range uint(1) << n {
			best = max(best, promise(set))
		}
		var got uint
		for i, k := range choose(chance, words) {
			if k {
				got |= 1 << i
			}
		}
		if p := promise(got); p < best-1e-12 {
			t.Errorf("chances %v, words %v: %b promises %v, the best %v", chance, words, got, p, best)
		}
		if best == 0 && bits.OnesCount(got) > 0 {
			t.Errorf("chances %v, words %v: %b promises nothing", chance, words, got)
		}
	}
}

func TestShape(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "0 words"},
		{"Share on Facebook", "3 words, 1 function, starts with a capital"},
		{"It’s $5.99, isn't it?", "5 words, 2 function, starts with a capital, ends well, price, question"},
		{"Published May 4, 2024 at 10:30", "7 words, 1 function, starts with a capital, year, clock"},
		{"© 2024 Example Ltd.", "3 words, ends well, year, copyright"},
		{"老桥上的灯。", "5 words, ends well"},
		{"see https://e.org or mail a@e.org", "9 words, 4 function, address, at"},
		{"Read more...", "2 words, starts with a capital, ellipsis"},
		{"Features:", "1 words, starts with a capital, colon"},
	} {
		var s shape
		s.read(c.text)
		got := []string{fmt.Sprint(s.words, " words")}
		for _, f := range []struct {
			is   bool
			name string
		}{{s.stops > 0, fmt.Sprint(s.stops, " function")}, {s.startsUpper, "starts with a capital"}, {s.endsWell, "ends well"},
			{s.price, "price"}, {s.year, "year"}, {s.clock, "clock"}, {s.copyright, "copyright"}, {s.question, "question"},
			{s.address, "address"}, {s.mail, "at"}, {s.ellipsis, "ellipsis"}, {s.colonEnd, "colon"}} {
			if f.is {
				got = append(got, f.name)
			}
		}
		if g := strings.Join(got, ", "); g != c.want {
			t.Errorf("%q: %s, want %s", c.text, g, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	bit := func(name string) uint64 {
		for i, g := range nameGroups {
			if g.name == name {
				return 1 << i
			}
		}
		t.Fatal("no group", name)
		return 0
	}
	for _, c := range []struct {
		name   string
		groups []string
	}{
		{"", nil}, {"x9f3", nil}, {"article-body", []string{"article", "body"}}, {"relatedPosts", []string{"related", "post"}},
		{"js-site-footer__inner", []string{"footer", "section"}}, {"newslettersignup", []string{"newsletter"}},
	} {
		got := nameBits(c.name)
		for _, g := range c.groups {
			if got&bit(g) == 0 {
				t.Errorf("%q is not in %s", c.name, g)
			}
		}
		if len(c.groups) == 0 && got != 0 {
			t.Errorf("%q is in %b", c.name, got)
		}
	}
}
