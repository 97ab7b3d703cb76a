package page

import (
	"slices"
	"strings"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// What one answer shows of a document. A longer one comes in parts; inside a
// part a long removal is folded. Kept text never is.
const (
	partBytes    = 48 << 10 // of text
	partRemovals = 150
	partLines    = 600
	foldOver     = 3 << 10 // a removal longer than this is folded ...
	foldHead     = 1 << 10 // ... to this much of its beginning
	foldTail     = 512     // and of its end
)

// A run is a stretch of the extracted text in one state. Runs follow each other
// without gaps.
type run struct {
	span text.Span
	n    int // the removal that it belongs to, its place in Decision.Removals; -1 for none
	is   state
}

// A state is what became of a stretch of text. It is a class in the page.
type state string

const (
	kept     state = ""
	cutOut   state = "del"
	reported state = "ins"  // a rule in shadow mode would cut it
	back     state = "back" // cut by the record, and kept in what is shown
	anew     state = "new"  // kept by the record, and cut in what is shown
	folded   state = "fold" // left out of the page for its length
)

// runs lays removals over a text of size bytes: where several hold the same
// bytes, an enforced one wins, then the first. Time is linear in removals.
func runs(size int, rs []audit.Removal) []run {
	var cut, shadow []int
	for i := range rs {
		switch s := rs[i].Span; {
		case s.Start < 0 || s.End > size || s.Empty():
		case rs[i].Mode == rules.Shadow:
			shadow = append(shadow, i)
		default:
			cut = append(cut, i)
		}
	}
	var out []run
	for at := 0; at < size; {
		for len(cut) > 0 && rs[cut[0]].Span.End <= at {
			cut = cut[1:]
		}
		for len(shadow) > 0 && rs[shadow[0]].Span.End <= at {
			shadow = shadow[1:]
		}
		end, n, is := size, -1, kept
		if len(cut) > 0 {
			if s := rs[cut[0]].Span; s.Start <= at {
				end, n, is = s.End, cut[0], cutOut
			} else {
				end = s.Start
			}
		}
		if n < 0 && len(shadow) > 0 {
			if s := rs[shadow[0]].Span; s.Start <= at {
				end, n, is = min(end, s.End), shadow[0], reported
			} else {
				end = min(end, s.Start)
			}
		}
		out = append(out, run{text.Span{Start: at, End: end}, n, is})
		at = end
	}
	return out
}

// A part is what one answer shows: whole runs or, of kept ones, stretches.
type part struct {
	runs     []run
	removals int
}

// parts cuts runs of t into parts. It cuts after line breaks where it can.
func parts(t string, rs []run) []part {
	var out []part
	var p part
	size, lines := 0, 0
	end := func() {
		if len(p.runs) > 0 {
			out = append(out, p)
		}
		p, size, lines = part{}, 0, 0
	}
	for _, r := range rs {
		if r.is != kept {
			if p.removals >= partRemovals || size >= partBytes || lines >= partLines {
				end()
			}
			p.runs = append(p.runs, r)
			p.removals++
			size += min(r.span.Len(), foldOver)
			lines += strings.Count(t[r.span.Start:min(r.span.End, r.span.Start+foldOver)], "\n")
			continue
		}
		for !r.span.Empty() {
			if size >= partBytes || lines >= partLines {
				end()
			}
			s := r.span
			whole := s.In(t)
			n := len(cut(whole, partBytes-size))
			if n == 0 { // not room for one rune
				end()
				continue
			}
			if i := nthBreak(whole[:n], partLines-lines); i >= 0 {
				n = i + 1
			} else if n < len(whole) {
				if i := strings.LastIndexByte(whole[:n], '\n'); i > n/2 {
					n = i + 1
				}
			}
			s.End = s.Start + n
			p.runs = append(p.runs, run{s, -1, kept})
			size += n
			lines += strings.Count(whole[:n], "\n")
			if r.span.Start = s.End; !r.span.Empty() {
				end()
			}
		}
	}
	end()
	return out
}

// nthBreak returns where the n-th line break of t stands, -1 where it has fewer.
func nthBreak(t string, n int) int {
	at := -1
	for ; n > 0; n-- {
		i := strings.IndexByte(t[at+1:], '\n')
		if i < 0 {
			return -1
		}
		at += i + 1
	}
	return at
}

// A line is one row of the document: what stands in the margin, the text with
// its marks, and what is left of it.
type line struct {
	Margin []*removalView
	Marked []frag
	Clean  []frag
	Blank  bool
}

// A frag is a stretch of a line in one state.
type frag struct {
	Is     state
	N      int
	Class  string
	Title  string
	Pieces []piece
	Folded int // bytes, of a fold
}

// layout makes the lines of a part of t. views holds, by their place, the
// removals that have something to say in the margin.
func layout(t string, p part, views map[int]*removalView) []line {
	var out []line
	var l line
	seen := map[int]bool{}
	put := func(r run, s string) {
		if s == "" {
			return
		}
		f := frag{Is: r.is, N: r.n, Pieces: visible(s)}
		if v := views[r.n]; v != nil {
			f.Class, f.Title = v.Class(), v.Title()
			if !seen[r.n] {
				seen[r.n] = true
				l.Margin = append(l.Margin, v)
			}
		}
		l.Marked = append(l.Marked, f)
		switch r.is {
		case kept, reported:
			l.Clean = append(l.Clean, frag{N: -1, Pieces: f.Pieces})
		case back:
			l.Clean = append(l.Clean, f)
		}
	}
	feed := func() {
		l.Blank = len(l.Marked) == 0
		out = append(out, l)
		l = line{}
	}
	write := func(r run, s string) {
		breaks := r.is != kept && strings.Trim(s, "\r\n") == ""
		for {
			i := strings.IndexByte(s, '\n')
			if i < 0 {
				break
			}
			put(r, strings.TrimSuffix(s[:i], "\r"))
			if breaks { // nothing else of it could be seen
				put(r, "↵")
				breaks = false
			}
			feed()
			s = s[i+1:]
		}
		put(r, s)
	}
	for _, r := range p.runs {
		s := r.span.In(t)
		if r.is == kept || len(s) <= foldOver {
			write(r, s)
			continue
		}
		head, tail := cut(s, foldHead), cutFront(s, foldTail)
		write(r, head)
		l.Marked = append(l.Marked, frag{Is: folded, N: r.n, Folded: len(s) - len(head) - len(tail)})
		write(r, tail)
	}
	if len(l.Marked) > 0 {
		feed()
	}
	// One blank line says as much as ten.
	return slices.CompactFunc(out, func(a, b line) bool { return a.Blank && b.Blank })
}
