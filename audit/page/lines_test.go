package page

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

func removal(n, start, end int, mode rules.Mode) audit.Removal {
	return audit.Removal{N: n, Span: text.Span{Start: start, End: end}, Mode: mode, Category: rules.Share}
}

func TestRuns(t *testing.T) {
	cut, shadow := rules.Enforce, rules.Shadow
	for _, c := range []struct {
		name string
		rs   []audit.Removal
		want string
	}{
		{"none", nil, "[0,10)-1"},
		{"one", []audit.Removal{removal(0, 2, 4, cut)}, "[0,2)-1 [2,4)0del [4,10)-1"},
		{"at the ends", []audit.Removal{removal(0, 0, 3, cut), removal(1, 7, 10, cut)}, "[0,3)0del [3,7)-1 [7,10)1del"},
		{"side by side", []audit.Removal{removal(0, 2, 4, cut), removal(1, 4, 6, shadow)}, "[0,2)-1 [2,4)0del [4,6)1ins [6,10)-1"},
		{"a cut within what is reported", []audit.Removal{removal(0, 1, 9, shadow), removal(1, 3, 5, cut)}, "[0,1)-1 [1,3)0ins [3,5)1del [5,9)0ins [9,10)-1"},
		{"what is reported within a cut", []audit.Removal{removal(0, 1, 9, cut), removal(1, 3, 5, shadow)}, "[0,1)-1 [1,9)0del [9,10)-1"},
		{"outside the text", []audit.Removal{removal(0, 8, 12, cut), removal(1, -1, 2, cut), removal(2, 5, 5, cut)}, "[0,10)-1"},
	} {
		var got []string
		for _, r := range runs(10, c.rs) {
			got = append(got, fmt.Sprintf("%v%d%s", r.span, r.n, r.is))
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%s: got %s, want %s", c.name, g, c.want)
		}
	}
}

func TestCompare(t *testing.T) {
	span := func(start, end int) text.Span { return text.Span{Start: start, End: end} }
	for _, c := range []struct {
		then, now []text.Span
		want      string
	}{
		{nil, nil, "[0,10)"},
		{[]text.Span{span(2, 4)}, nil, "[0,2) [2,4)back [4,10)"},
		{nil, []text.Span{span(2, 4)}, "[0,2) [2,4)new [4,10)"},
		{[]text.Span{span(2, 6)}, []text.Span{span(4, 8)}, "[0,2) [2,4)back [4,6)del [6,8)new [8,10)"},
		{[]text.Span{span(0, 10)}, []text.Span{span(0, 3), span(7, 10)}, "[0,3)del [3,7)back [7,10)del"},
	} {
		var got []string
		for _, r := range compare(10, c.then, c.now) {
			got = append(got, fmt.Sprintf("%v%s", r.span, r.is))
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%v and %v: got %s, want %s", c.then, c.now, g, c.want)
		}
	}
}

// TestPartsAreTheText: the parts of any text hold all of it, in order, each
// within the bounds; and their lines show every removal.
func TestPartsAreTheText(t *testing.T) {
	for seed := range int64(40) {
		rnd := rand.New(rand.NewSource(seed))
		words := []string{"a", "word", "é", "👩\u200D🚀", "\n", "\r\n", "\n\n", "\u202E", "\xff", strings.Repeat("x", rnd.Intn(9000)), strings.Repeat("y\n", rnd.Intn(900))}
		var b strings.Builder
		for range rnd.Intn(3000) {
			b.WriteString(words[rnd.Intn(len(words))])
		}
		whole := b.String()
		var rs []audit.Removal
		for at := 0; ; {
			start := at + rnd.Intn(1+rnd.Intn(600))
			end := start + 1 + rnd.Intn(1+rnd.Intn(400))
			if rnd.Intn(100) == 0 {
				end += 20_000
			}
			if end > len(whole) {
				break
			}
			mode := rules.Enforce
			if rnd.Intn(4) == 0 {
				mode = rules.Shadow
			}
			rs = append(rs, removal(len(rs), start, end, mode))
			at = end
		}
		var back strings.Builder
		shown := map[int]bool{}
		for i, p := range parts(whole, runs(len(whole), rs)) {
			size, lines := 0, 0
			views := map[int]*removalView{}
			for _, r := range p.runs {
				back.WriteString(r.span.In(whole))
				size += r.span.Len()
				if r.is != kept {
					size -= max(0, r.span.Len()-foldOver)
					views[r.n] = &removalView{Removal: &rs[r.n]}
				}
			}
			for _, l := range layout(whole, p, views) {
				lines++
				for _, v := range l.Margin {
					shown[v.N] = true
				}
			}
			if size > partBytes+foldOver || lines > partLines+foldOver || p.removals > partRemovals {
				t.Fatalf("seed %d, part %d: %d bytes, %d lines, %d removals", seed, i, size, lines, p.removals)
			}
		}
		if back.String() != whole {
			t.Fatalf("seed %d: the parts are not the text", seed)
		}
		if len(shown) != len(rs) {
			t.Fatalf("seed %d: %d removals of %d are shown", seed, len(shown), len(rs))
		}
	}
}

func TestLayout(t *testing.T) {
	whole := "Ferries sail.\nSign up now\n\n\n\nShare\nThe end."
	rs := []audit.Removal{removal(0, 13, 25, rules.Enforce), removal(1, 29, 34, rules.Shadow)}
	views := map[int]*removalView{0: {Removal: &rs[0]}, 1: {Removal: &rs[1]}}
	var got []string
	for _, l := range layout(whole, parts(whole, runs(len(whole), rs))[0], views) {
		s := ""
		for _, v := range l.Margin {
			s += fmt.Sprint(v.N)
		}
		for _, f := range l.Marked {
			s += fmt.Sprintf(" %s(%s)", f.Is, render(f.Pieces))
		}
		s += " |"
		for _, f := range l.Clean {
			s += fmt.Sprintf(" %s(%s)", f.Is, render(f.Pieces))
		}
		got = append(got, s)
	}
	want := []string{" (Ferries sail.) | (Ferries sail.)", "0 del(Sign up now) |", " |", "1 ins(Share) | (Share)", " (The end.) | (The end.)"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAround(t *testing.T) {
	for _, c := range []struct {
		n, of int
		want  string
	}{{1, 1, "[1]"}, {1, 3, "[1 2 3]"}, {5, 9, "[1 0 3 4 5 6 7 0 9]"}, {700, 700, "[1 0 698 699 700]"}} {
		if got := fmt.Sprint(around(c.n, c.of)); got != c.want {
			t.Errorf("around(%d, %d) = %s, want %s", c.n, c.of, got, c.want)
		}
	}
}
