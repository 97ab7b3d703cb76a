package rules

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/text"
)

// Doubling is what a two-column diff leaves when it is flattened: every
// paragraph that both versions share stands twice, one copy behind the other.
// Where a row of the diff became a line, the line is P + P or P + separator + P.
// Where each cell became a line, two lines in a row are equal. Where all white
// space was folded, copies follow one another inside of one long line.
//
// One such pair alone may be meant ("very very", a refrain, a line that the
// people say after the priest), so a rule needs more:
//
//   - A rule with given (the archive's own header stands in the document) needs
//     one pair whose copy has minCopyWords words.
//   - A rule without needs minDoubled such pairs, which must be at least half
//     of all lines that long. Only copies that touch, as none that somebody
//     wrote do, count, and copies of minApartWords words; a refrain counts once.
//
// Then every pair is repaired, short ones (a title) too. The second gate made
// no mistake in 31,500 documents.
const (
	minDoubled    = 3
	minCopyWords  = 8
	minApartWords = 16
	minCopyBytes  = 24 // shorter copies cannot have minCopyWords words
)

// A doubling is what is doubled in a text.
type doubling struct {
	cuts []text.Span // the second copies, separators included, in order
	long int         // copies of minCopyWords words and lines that long which have no copy
	any  int         // the copies among them
	sure int         // those that touch or have minApartWords words, a refrain counted once
}

// A twin is a paragraph and the copy behind it.
type twin struct {
	first, second text.Span // second takes the separator in
}

func (w twin) touches() bool { return w.first.End == w.second.Start && w.first.Len() == w.second.Len() }

// logged reports whether the copy is a line of its own that does not end as a
// sentence does: a program that logs to two places says everything twice as well.
func (w twin) logged(t string) bool {
	last, _ := utf8.DecodeLastRuneInString(w.first.In(t))
	return strings.Contains(t[w.first.End:w.second.End], "\n") && !strings.ContainsRune(".!?…。！？\"'”’»", last)
}

// doubled looks for paragraphs of t that stand twice.
func doubled(t string) *doubling {
	d := &doubling{}
	var twins []twin
	var last text.Span // the line before, where it has no copy yet
	for line := range trimmedLines(t) {
		switch half := copyOf(line.In(t)); {
		case line.Empty():
		case half > 0:
			if line.Len() >= minCopyBytes || strings.ContainsAny(t[line.Start:line.Start+half], " \t") {
				twins = append(twins, twin{text.Span{Start: line.Start, End: line.Start + half}, text.Span{Start: line.Start + half, End: line.End}})
			}
			last = text.Span{}
		case line.Len() == last.Len() && line.In(t) == last.In(t):
			if strings.ContainsAny(line.In(t), " \t") {
				twins = append(twins, twin{last, line})
			}
			last = text.Span{}
		default:
			twins = tandems(twins, t, line)
			last = line
		}
	}
	if len(twins) == 0 {
		return d // as almost always: nobody asks for the counts
	}
	seen := map[string]bool{}
	for _, w := range twins {
		d.cuts = append(d.cuts, w.second)
		first := w.first.In(t)
		if !wordsAtLeast(first, minCopyWords) {
			continue
		}
		d.long++
		d.any++
		if !seen[first] && (w.touches() || wordsAtLeast(first, minApartWords) && !w.logged(t)) {
			d.sure++
		}
		seen[first] = true
	}
	// Lines without a copy, and what stands between the copies of a line.
	count := func(from, to int) {
		if to-from >= minCopyBytes && wordsAtLeast(t[from:to], minCopyWords) {
			d.long++
		}
	}
	told := 0 // where the last copy ends
	for line := range trimmedLines(t) {
		for len(twins) > 0 && twins[0].first.Start < line.End {
			count(max(told, line.Start), twins[0].first.Start)
			told, twins = twins[0].second.End, twins[1:]
		}
		count(max(told, line.Start), line.End)
	}
	return d
}

// minFolded is the length in bytes from which a line is asked for paragraphs
// that stand twice inside of it, maxFolds how many joints of it are tried, and
// maxCopy how long their paragraphs may be, in bytes.
const (
	minFolded = 400
	maxFolds  = 16
	maxCopy   = 4096
)

// tandems appends to twins the paragraphs of minCopyWords words that stand
// twice in line, which holds no line breaks because white space was folded: it
// looks only where copies touch at one joint at least.
func tandems(twins []twin, t string, line text.Span) []twin {
	if line.Len() < minFolded || !jointed(line.In(t)) {
		return twins
	}
	s, begun := line.In(t), map[string]int{} // where a word with these bytes behind it began last
	for i := 0; i+minCopyBytes <= len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if before, _ := utf8.DecodeLastRuneInString(s[:i]); text.IsSpace(r) || wordRune(before) {
			i += size
			continue
		}
		key := s[i : i+minCopyBytes]
		if p, ok := begun[key]; ok {
			end := p + len(strings.TrimRight(s[p:i], separators))
			if n := end - p; n <= maxCopy && i-end <= maxSeparator && i+n <= len(s) && s[p:end] == s[i:i+n] && wordsAtLeast(s[p:end], minCopyWords) {
				at := line.Start
				twins = append(twins, twin{text.Span{Start: at + p, End: at + end}, text.Span{Start: at + end, End: at + i + n}})
				i += n
				clear(begun)
				continue
			}
		}
		begun[key] = i
		i += size
	}
	return twins
}

// jointed reports whether at one of the first joints of s, where a sentence
// ends and another begins without white space, a paragraph ends and its copy begins.
func jointed(s string) bool {
	for i, n := 0, 0; n < maxFolds; {
		if i = text.NextStop(s, i, len(s)); i == len(s) {
			return false
		}
		i++
		if s[i-1] >= utf8.RuneSelf {
			continue
		}
		i += len(s[i:]) - len(strings.TrimLeft(s[i:], "\"')’”»"))
		if i+minCopyBytes > len(s) {
			return false
		}
		if r, _ := utf8.DecodeRuneInString(s[i:]); text.IsSpace(r) || unicode.IsLower(r) || unicode.IsDigit(r) {
			continue
		}
		n++
		from := max(0, i-maxCopy)
		if p := lastIndex(s[from:i], s[i:i+minCopyBytes]); p >= 0 && strings.HasPrefix(s[i:], s[from+p:i]) {
			return true
		}
	}
	return false
}

// lastIndex is strings.LastIndex for a part that hardly ever stands there, which
// is known sooner from the front.
func lastIndex(s, part string) int {
	for last := -1; ; {
		k := strings.Index(s[last+1:], part)
		if k < 0 {
			return last
		}
		last += k + 1
	}
}

// trimmedLines yields the lines of t without the white space at their ends.
func trimmedLines(t string) iter.Seq[text.Span] {
	return func(yield func(text.Span) bool) {
		for i := 0; i < len(t); {
			end := len(t)
			if n := strings.IndexByte(t[i:], '\n'); n >= 0 {
				end = i + n
			}
			if !yield(text.Span{Start: i, End: end}.Trim(t)) {
				return
			}
			i = end + 1
		}
	}
}

// enough reports whether d is doubled enough for r, whose given stands in the text.
func (d *doubling) enough(r *Rule) bool {
	if len(r.Given) > 0 {
		return d.any > 0
	}
	return d.sure >= minDoubled && 2*d.sure >= d.long
}

// Between a paragraph and its copy may stand maxSeparator bytes of separators.
const (
	maxSeparator = 3
	separators   = " \t|/-\u00a0"
)

// copyOf returns the length of P where line is P, a separator of at most three
// bytes without letters or digits, and P again; else 0.
func copyOf(line string) int {
	if len(line) <= maxSeparator {
		return 0
	}
	for sep := 0; sep <= maxSeparator; sep++ {
		n := len(line) - sep
		if n < 2 || n%2 != 0 {
			continue
		}
		half := n / 2
		if line[0] == line[half+sep] && line[:half] == line[half+sep:] && separator(line[half:half+sep]) {
			p := text.Span{Start: 0, End: half}.Trim(line)
			if p.Start == 0 && !p.Empty() {
				return p.End
			}
		}
	}
	return 0
}

func separator(s string) bool { return strings.Trim(s, separators) == "" }

// wordsAtLeast reports whether t has n words or more. East Asian text, which
// sets no spaces, counts three letters as a word.
func wordsAtLeast(t string, n int) bool {
	words, wide := 0, 0
	in := false
	for _, r := range t {
		switch {
		case text.IsSpace(r):
			in = false
		case 0x3040 <= r && r <= 0x9FFF:
			wide++
			in = false
		case !in:
			in = true
			words++
		}
		if words+wide/3 >= n {
			return true
		}
	}
	return false
}
