package rules

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"winnow/text"
)

// A Shape is the pattern of text that repeats in form and not in words: the
// headlines of other stories set between paragraphs, picture credits. Such text
// is often glued to the sentences around it, so a shape is looked for in the
// whole text and not unit by unit; it costs one pass over the text of a
// publisher whose rules hold one.
//
//	shape: {form: capitals, words: 5-40}
//	shape: {form: bracket, of: [Getty Images, AP Photo]}
//	shape: {form: credit, of: [Getty Images, Reuters]}
//	shape: {form: lead, of: [Related article, Read more], words: 3-25}
//	shape: {form: titles, of: [Storm closes schools across the county]}
type Shape struct {
	Form Form
	// Of is what the form is known by, see Form.
	Of []string
	// Least and Most are the fewest and the most words; 0 stands for the form's own bounds.
	Least, Most int
}

// A Form is one of the forms that a Shape can have.
type Form string

// The forms.
const (
	// FormCapitals is a run of words in capitals that stands between sentences.
	FormCapitals Form = "capitals"
	// FormBracket is a text in round brackets that stands between sentences and is
	// none itself; where Of is given, one of its phrases stands in it.
	FormBracket Form = "bracket"
	// FormCredit is a run of names and slashes between sentences that ends with one
	// of Of: "Jane Doe/AFP/Getty Images".
	FormCredit Form = "credit"
	// FormLead is one of the phrases of Of with the headline that it leads to: the
	// rest of its line, the next line, or what stands before the next sentence.
	FormLead Form = "lead"
	// FormTitles is a line, below the third, that equals one of Of: the titles of other documents.
	FormTitles Form = "titles"
)

// shape reads a Shape; words are written "5-40" or "5".
func (r *reader) shape(n ast.Node) *Shape {
	s := &Shape{}
	r.mapping(n, map[string]func(ast.Node){
		"form": func(n ast.Node) { s.Form = Form(r.str(n)) },
		"of":   func(n ast.Node) { s.Of = r.strs(n) },
		"words": func(n ast.Node) {
			least, most, ranged := strings.Cut(r.str(n), "-")
			var err, err2 error
			if s.Least, err = strconv.Atoi(least); ranged {
				s.Most, err2 = strconv.Atoi(most)
			}
			if err != nil || err2 != nil || s.Least < 1 {
				r.fail(n, "words: a number or a range should stand here, for example 5-40")
			}
		},
	})
	return s
}

// shape is a Shape made ready.
type shape struct {
	rule    *Rule
	atom    atom
	of      [][]uint64
	byFirst map[uint64][][]uint64 // of, by their first tokens
	words   []string              // the words that of begins with, in lower case, where these are few and ASCII letters alone; else nil
	slots   bool                  // whether one of byFirst is a slot
	firsts  [64]uint64            // tells quickly of most tokens that they are no first ones: a bit for each of 4,096 hashes
	titles  map[text.Fingerprint]bool
	longest int // tokens of the longest of of
	least   int
	most    int
}

func newShape(r *Rule) (*shape, error) {
	s := &shape{rule: r, atom: atom{rule: r, kind: KindShape}, byFirst: map[uint64][][]uint64{}, least: r.Shape.Least, most: r.Shape.Most}
	for _, p := range r.Shape.Of {
		var hs []uint64
		for _, t := range text.Tokenize(p) {
			hs = append(hs, t.Hash)
		}
		if len(hs) == 0 {
			return nil, fmt.Errorf("shape: %q holds no word", p)
		}
		s.of = append(s.of, hs)
		s.longest = max(s.longest, len(hs))
		s.byFirst[hs[0]] = append(s.byFirst[hs[0]], hs)
		s.firsts[hs[0]>>6&63] |= 1 << (hs[0] & 63)
		s.slots = s.slots || text.IsSlot(hs[0])
	}
	s.words = firstWords(r.Shape.Of)
	bounds := func(least, most int) {
		if s.least == 0 {
			s.least = least
		}
		if s.most == 0 {
			s.most = most
		}
	}
	switch r.Shape.Form {
	case FormCapitals:
		bounds(5, 40)
		if s.least < 3 {
			return nil, errors.New("shape: capitals: fewer than 3 words are names more often than headlines")
		}
		if len(s.of) > 0 {
			return nil, errors.New("shape: capitals: of says nothing here")
		}
	case FormBracket:
		bounds(1, 24)
	case FormCredit, FormLead:
		bounds(2, 24)
		if len(s.of) == 0 {
			return nil, fmt.Errorf("shape: %s: needs of", r.Shape.Form)
		}
	case FormTitles:
		s.titles = map[text.Fingerprint]bool{}
		for i, p := range r.Shape.Of {
			if len(s.of[i]) < 3 {
				return nil, fmt.Errorf("shape: titles: %q has fewer than three words", p)
			}
			s.titles[text.PrintOf(p)] = true
		}
	default:
		return nil, fmt.Errorf("shape: unknown form %q: capitals, bracket, credit, lead or titles", r.Shape.Form)
	}
	if s.most < s.least {
		return nil, fmt.Errorf("shape: words: at least %d and at most %d", s.least, s.most)
	}
	return s, nil
}

// shapes appends to f.hits the places of the shapes of x.
func (f *finder) shapes(x *index) {
	for _, s := range x.shapes {
		f.shape(s)
	}
}

// shape appends to f.hits the places of s.
func (f *finder) shape(s *shape) {
	found := func(span text.Span) {
		if span = span.Trim(f.seg.Text); span.Empty() {
			return
		}
		lo := f.seg.UnitAt(span.Start)
		hi := lo + 1
		for hi < len(f.seg.Units) && f.seg.Units[hi].Span.Start < span.End {
			hi++
		}
		if lo < len(f.seg.Units) {
			f.hits = append(f.hits, hit{&s.atom, lo, hi, span})
		}
	}
	switch s.rule.Shape.Form {
	case FormCapitals:
		f.capitals(s, found)
	case FormBracket:
		f.brackets(s, found)
	case FormCredit:
		f.credits(s, found)
	case FormLead:
		f.leads(s, found)
	case FormTitles:
		f.titles(s, found)
	}
}

// titles finds lines that are titles of other documents.
func (f *finder) titles(s *shape, found func(text.Span)) {
	lines := 0
	for i := range f.seg.Lines {
		l := &f.seg.Lines[i]
		if l.Blank() {
			continue
		}
		if lines++; lines > 3 && s.titles[f.seg.FillLine(i).Print] {
			found(l.Span)
		}
	}
}

// Forms returns, for each of shapes, its places in a text that was segmented (and not Cut),
// for those who look for forms that no rule has yet.
func Forms(seg *text.Segments, shapes []*Pattern) [][]text.Span {
	f := finders.Get().(*finder)
	own, low := f.seg, f.plain.low
	f.seg, f.plain.low, f.windowed = *seg, "", [2]int{} // there is no plain form
	out := make([][]text.Span, len(shapes))
	for i, p := range shapes {
		f.hits = f.hits[:0]
		f.shape(p.shape)
		for _, h := range f.hits {
			out[i] = append(out[i], h.span)
		}
	}
	f.hits, f.seg, f.plain.low, f.windowed = f.hits[:0], own, low, [2]int{}
	finders.Put(f)
	return out
}

// A Pattern is a Shape made ready for Forms.
type Pattern struct{ shape *shape }

// NewPattern makes a shape ready.
func NewPattern(sh Shape) (*Pattern, error) {
	s, err := newShape(&Rule{Kind: KindShape, Shape: &sh})
	return &Pattern{s}, err
}

// maxFirstWords is the most words that are looked for in the text before its words are.
const maxFirstWords = 4

// firstWords returns the words that phrases begin with, in lower case; nil where
// they are many or not ASCII letters alone.
func firstWords(phrases []string) (words []string) {
	for _, p := range phrases {
		w := foldASCII(p[text.Tokenize(p)[0].Start:text.Tokenize(p)[0].End])
		if strings.ContainsFunc(w, func(r rune) bool { return r < 'a' || r > 'z' }) {
			return nil
		}
		words = append(words, w)
	}
	if words = uniq(words); len(words) > maxFirstWords {
		return nil
	}
	return words
}

// mayHold reports whether a phrase of s may begin in unit u.
func (f *finder) mayHold(s *shape, u int) bool {
	return f.seg.Units[u].Tokens.Start >= 0 || s.mayStand(f.plain.units[u].In(f.plain.low))
}

// mayStand reports whether a phrase of s may begin in low, which is folded.
func (s *shape) mayStand(low string) bool {
	return s.words == nil || slices.ContainsFunc(s.words, func(w string) bool { return strings.Contains(low, w) })
}

// begins reports whether a phrase of s may begin with a token of hash h.
func (s *shape) begins(h uint64) bool { return s.firsts[h>>6&63]>>(h&63)&1 != 0 }

// phraseAt returns how many tokens of toks, beginning at i, the longest phrase of s.of takes, 0 for none.
func (s *shape) phraseAt(toks []text.Token, i int) int {
	first := toks[i].Hash
	if !s.begins(first) {
		return 0
	}
	best := 0
next:
	for _, p := range s.byFirst[first] {
		if len(p) <= best || len(toks)-i < len(p) {
			continue
		}
		for k, h := range p {
			if toks[i+k].Hash != h {
				continue next
			}
		}
		best = len(p)
	}
	return best
}

// capitals finds runs of words in capitals.
func (f *finder) capitals(s *shape, found func(text.Span)) {
	t := f.seg.Text
	above := 0 // lines that are not blank, this one included: a line at the top may be the title
	for _, l := range f.seg.Lines {
		if !l.Blank() {
			above++
		}
		if !shouts(l.Span.In(t)) {
			continue
		}
		for i := l.Span.Start; i < l.Span.End; {
			if i = nextCapital(t, i, l.Span.End); i == l.Span.End {
				break
			}
			if n := noRun(t, i, l.Span.End); n > 0 {
				i += n
				continue
			}
			if !upperAt(t, i) || !between(t, l.Span.Start, i) {
				_, n := utf8.DecodeRuneInString(t[i:])
				i += n
				continue
			}
			run, words, letters := capitalRun(t, text.Span{Start: i, End: l.Span.End})
			if words >= s.least && words <= s.most && letters >= 4*s.least {
				run = quoted(t, l.Span.Start, run)
				if !(above <= 3 && run.Covers(l.Span)) && !f.ownTitle(run) {
					found(run)
				}
			}
			i = max(run.End, i+1)
		}
	}
}

// nextCapital returns the offset from i on of the first byte of t[:end] that is
// an ASCII capital or no ASCII, or end. It looks at eight bytes at a time.
func nextCapital(t string, i, end int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= end; i += 8 {
		x := eight(t[i:])
		seven := x &^ high
		if at := ((seven+(0x80-'A')*ones)&^(seven+(0x80-'Z'-1)*ones) | x) & high; at != 0 {
			return i + bits.TrailingZeros64(at)>>3
		}
	}
	for i < end && t[i] < utf8.RuneSelf && (t[i] < 'A' || t[i] > 'Z') {
		i++
	}
	return i
}

// noRun returns the length of the rune at i of t[:end] where it is plain that
// no run of capitals begins there, which it is of most: no capital, or one with
// a small letter after it. 0 leaves it open.
func noRun(t string, i, end int) int {
	switch c := t[i]; {
	case c < utf8.RuneSelf:
		if c < 'A' || c > 'Z' || i+1 < end && 'a' <= t[i+1] && t[i+1] <= 'z' && !(c == 'M' && t[i+1] == 'c') {
			return 1
		}
	case 0xC3 <= c && c <= 0xD6 && i+1 < len(t) && t[i+1]&0xC0 == 0x80: // Latin, Greek, Cyrillic and their neighbours
		if r := uint(c&0x1F)<<6 | uint(t[i+1]&0x3F); twoUpper[r>>6]>>(r&63)&1 == 0 {
			return 2
		}
	case 0xE3 <= c && c <= 0xE9 && i+2 < len(t) && t[i+1]&0xC0 == 0x80 && t[i+2]&0xC0 == 0x80: // East Asian: no capitals
		return 3
	}
	return 0
}

// twoUpper has a bit for each of the runes up to U+05BF that is a capital.
var twoUpper = func() (up [0x5C0 / 64]uint64) {
	for r := rune(0x80); r < 0x5C0; r++ {
		if unicode.IsUpper(r) {
			up[r>>6] |= 1 << (r & 63)
		}
	}
	return
}()

// shouts reports whether t may hold a run of words in capitals: ten bytes in a
// row of which none is a small letter of ASCII. It looks at every tenth byte.
func shouts(t string) bool {
	const row = 10
	small := func(c byte) bool { return 'a' <= c && c <= 'z' }
	for i := row - 1; i < len(t); i += row {
		if small(t[i]) {
			continue
		}
		lo, hi := i, i+1
		for lo > 0 && hi-lo < row && !small(t[lo-1]) {
			lo--
		}
		for hi < len(t) && hi-lo < row && !small(t[hi]) {
			hi++
		}
		if hi-lo == row {
			return true
		}
	}
	return false
}

// ownTitle reports whether span is the document's own title.
func (f *finder) ownTitle(span text.Span) bool {
	for u := f.seg.UnitAt(span.Start); u < len(f.seg.Units) && f.seg.Units[u].Span.Start < span.End; u++ {
		for _, k := range f.seg.TokensOf(f.seg.Fill(u).Tokens) {
			if k.Hash == text.SlotTitle && span.Overlaps(k.Span()) {
				return true
			}
		}
	}
	return false
}

// upperAt reports whether a capital letter, or an opening quotation mark before one, stands at i.
func upperAt(t string, i int) bool {
	r, n := utf8.DecodeRuneInString(t[i:])
	if r == '‘' || r == '“' {
		r, _ = utf8.DecodeRuneInString(t[i+n:])
	}
	return unicode.IsUpper(r)
}

// between reports whether a new sentence may begin at i of the line that
// begins at start: after a stop and what closes it, after a bracket, after
// three spaces, or glued to a lower-case letter.
func between(t string, start, i int) bool {
	before := text.Span{Start: start, End: i}.Trim(t).End
	if before <= start || i-before >= 3 {
		return true
	}
	r, n := utf8.DecodeLastRuneInString(t[start:before])
	switch r {
	case '.', '!', '?', '…', '”', '’', ')', ']', '»', '。', '！', '？':
		return true
	case '"', '\'': // closing where a stop or letter stands before it and nothing between
		b, _ := utf8.DecodeLastRuneInString(t[start : before-n])
		return before == i && b != ' ' || strings.ContainsRune(".!?…", b)
	}
	return before == i && (unicode.IsLower(r) || unicode.IsDigit(r))
}

// capitalRun returns the run of words in capitals that span begins with, how
// many words and how many letters it has; 0 words where what stands there is
// the beginning of a sentence, a dateline or the name of a speaker.
func capitalRun(t string, span text.Span) (run text.Span, words, letters int) {
	run = text.Span{Start: span.Start, End: span.Start}
	type word struct{ start, end, letters int }
	var ws []word
	follow := rune(0) // the first letter after the run, where a space stands before it
	for i := span.Start; i < span.End; {
		end := i
		for end < span.End {
			r, n := utf8.DecodeRuneInString(t[end:span.End])
			if text.IsSpace(r) {
				break
			}
			end += n
		}
		k, n := capitalPart(t[i:end], len(ws) == 0)
		if k > 0 {
			ws = append(ws, word{i, i + k, n})
		}
		if i+k < end {
			if k == 0 {
				follow, _ = utf8.DecodeRuneInString(t[i:])
			}
			break
		}
		i = end
		for i < span.End {
			r, n := utf8.DecodeRuneInString(t[i:span.End])
			if !text.IsSpace(r) {
				break
			}
			i += n
		}
		if i-end >= 3 { // a gap as wide as a line break
			break
		}
	}
	if unicode.IsLower(follow) && len(ws) > 0 { // the sentence began before: "... RAGES ONA new", "ON A new"
		last := &ws[len(ws)-1]
		w := t[last.start:last.end]
		switch {
		case len(w) > 2 && (strings.HasSuffix(w, "A") || strings.HasSuffix(w, "I")):
			last.end--
			last.letters--
		case strings.HasSuffix(w, ".") && initials(w) > 0 && initials(w) < len(w):
			last.end -= initials(w)
		default:
			ws = ws[:len(ws)-1]
		}
	}
	for _, w := range ws {
		if w.letters > 0 {
			words++
		}
		letters += w.letters
	}
	if len(ws) == 0 {
		return run, 0, 0
	}
	run.End = ws[len(ws)-1].end
	switch r, _ := utf8.DecodeLastRuneInString(t[run.Start:run.End]); r {
	case ':', '-', '–', '—', ',':
		return run, 0, 0
	}
	return run, words, letters
}

// initials returns the length of the initials with full stops that w ends with.
func initials(w string) int {
	n := 0
	for n+2 <= len(w) && w[len(w)-n-1] == '.' && 'A' <= w[len(w)-n-2] && w[len(w)-n-2] <= 'Z' {
		n += 2
	}
	if n < 4 {
		return 0
	}
	return n
}

// capitalPart returns the length of the part of w, a word, that is written in
// capitals, and its letters. "ONArmy" is in capitals up to "ON".
func capitalPart(w string, first bool) (k, letters int) {
	last := 0 // where the last capital begins
	for i, r := range w {
		switch {
		case r == '(' && i > 0 || r == '(' && !first:
			return i, letters
		case unicode.IsUpper(r):
			last = i
			letters++
		case r == '"' || r == '“':
			if n := i + utf8.RuneLen(r); letters > 0 && n < len(w) && letterByte(w, n, 0) { // a quotation was glued on
				return i, letters
			}
		case r == '”' && letters > 0:
			return i + utf8.RuneLen(r), letters
		case unicode.IsLower(r):
			if r == 's' && i+1 == len(w) && letters > 1 && strings.HasSuffix(w[:i], "'") { // "the US's"
				return len(w), letters
			}
			if strings.HasPrefix(w, "Mc") && i == 1 && len(w) > 3 && unicode.IsUpper(rune(w[3])) {
				continue
			}
			cut := last
			if letters > 0 {
				letters--
			}
			// What opens the sentence belongs to it.
			for cut > 0 {
				r, n := utf8.DecodeLastRuneInString(w[:cut])
				if r != '“' && r != '‘' && r != '«' && r != '"' && r != '\'' && r != '(' && r != '[' {
					break
				}
				if (r == '"' || r == '\'') && strings.Count(w[:cut], string(r)) > 1 {
					break
				}
				cut -= n
			}
			return cut, letters
		}
	}
	return len(w), letters
}

// quoted brings the quotation marks at the ends of a run in order: a straight
// mark that closes in the run is opened by the one before it, one that is left
// open at the end belongs to what follows.
func quoted(t string, start int, run text.Span) text.Span {
	for _, q := range [...]byte{'\'', '"'} {
		n := 0
		for i := run.Start; i < run.End; i++ {
			if t[i] == q && !(letterByte(t, i-1, run.Start) && letterByte(t, i+1, -run.End)) {
				n++
			}
		}
		switch {
		case n%2 == 0:
		case t[run.End-1] == q && n == 1 && run.Start > start && t[run.Start-1] == q:
			run.Start--
		case t[run.End-1] == q:
			run.End--
		case run.Start > start && t[run.Start-1] == q:
			run.Start--
		case run.End < len(t) && t[run.End] == q:
			run.End++
		}
	}
	return run
}

// letterByte reports whether the byte at i is part of a letter; i must not lie
// before bound, or (where bound is negative) not at or after -bound.
func letterByte(t string, i, bound int) bool {
	if i < 0 || bound >= 0 && i < bound || bound < 0 && i >= -bound {
		return false
	}
	c := t[i]
	return c >= utf8.RuneSelf || 'a' <= c|0x20 && c|0x20 <= 'z'
}
