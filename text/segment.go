package text

import (
	"math"
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Unit is what rules match: a sentence of a long line, or the whole of a
// short one.
type Unit struct {
	Span   Span        // without white space at its ends
	Line   int         // index into Segments.Lines
	Tokens TokenRange  // its tokens, in Segments.Tokens; see Segments.Cut
	Print  Fingerprint // of those tokens

	stray int32 // bytes at its end that glue added, which have no tokens
	edge  edge
}

// A Line is a line of a text.
type Line struct {
	Span   Span        // without the line break and without white space at its ends
	Full   Span        // with white space and line break; the Full spans of a text's lines add up to the text
	Units  [2]int      // its units, half-open, in Segments.Units; never empty but for a blank line
	Tokens TokenRange  // in Segments.Tokens
	Print  Fingerprint // of the whole line; equal to its unit's where it has one
}

// Blank reports whether l holds nothing but white space.
func (l Line) Blank() bool { return l.Span.Empty() }

// A TokenRange is a half-open range of indices into Segments.Tokens.
type TokenRange struct{ Start, End int32 }

// notYet is the range of tokens that nobody asked for yet.
var notYet = TokenRange{-1, -1}

// Len returns the number of tokens.
func (r TokenRange) Len() int { return int(r.End - r.Start) }

// Segments is a text cut into lines, units and tokens. It may be used for one
// text after the other, and then reuses its memory: Segment overwrites all of
// it. Not safe for concurrent use while Segment runs.
type Segments struct {
	Text   string
	Lines  []Line
	Units  []Unit
	Tokens []Token

	title   []Token
	scratch []Token
}

// MaxText is the largest text that can be segmented, in bytes.
const MaxText = 1 << 30

// longLine is the length in bytes up to which a line is one unit.
const longLine = 60

// Segment cuts t into lines, units and tokens. title, where it has three
// tokens or more, becomes a slot wherever it stands in a unit. skip holds
// spans, sorted and apart, each inside one line, that are taken for line
// breaks: the second copy of a doubled line.
//
// Lines end at "\n", "\r\n", "\r", form feed, vertical tab, NEL, U+2028 and
// U+2029. A line of more than 60 bytes is cut into sentences.
// It panics where t is longer than MaxText.
func (s *Segments) Segment(t, title string, skip []Span) { s.segment(t, title, skip, false) }

func (s *Segments) segment(t, title string, skip []Span, later bool) {
	if len(t) > MaxText {
		panic("text: Segment: text longer than MaxText")
	}
	s.Text, s.Lines, s.Units, s.Tokens, s.title = t, s.Lines[:0], s.Units[:0], s.Tokens[:0], s.title[:0]
	if title != "" {
		toks, numbers := tokenize(s.Tokens, title, 0, len(title), math.MaxInt)
		s.Tokens = mergeSlots(toks, 0, numbers, nil)
		if len(s.Tokens) >= 3 {
			s.title = append(s.title, s.Tokens...)
		}
		s.Tokens = s.Tokens[:0]
	}
	simple := simpleBreaks(t)
	for i := 0; i < len(t); {
		end, next := len(t), len(t)
		if !simple {
			end, next = lineEnd(t, i)
		} else if n := strings.IndexByte(t[i:], '\n'); n >= 0 {
			end, next = i+n, i+n+1
		}
		for len(skip) > 0 && skip[0].End <= i {
			skip = skip[1:]
		}
		// What stands between two skipped spans of a line is taken as a line.
		for len(skip) > 0 && skip[0].Start < end && !(Span{skip[0].End, end}).Trim(t).Empty() {
			s.line(Span{i, skip[0].End}, Span{i, max(skip[0].Start, i)}.Trim(t), later)
			i, skip = skip[0].End, skip[1:]
		}
		stop := end
		if len(skip) > 0 && skip[0].Start < end {
			stop = max(skip[0].Start, i)
		}
		s.line(Span{i, next}, Span{i, stop}.Trim(t), later)
		i = next
	}
}

// simpleBreaks reports whether all line breaks of t are "\n".
func simpleBreaks(t string) bool {
	return strings.IndexByte(t, '\r') < 0 && strings.IndexByte(t, '\f') < 0 && strings.IndexByte(t, '\v') < 0 &&
		!strings.Contains(t, "\u0085") && !strings.Contains(t, "\u2028") && !strings.Contains(t, "\u2029")
}

// lineEnd returns where the line that begins at i ends, and where the next one begins.
func lineEnd(t string, i int) (end, next int) {
	for ; i < len(t); i++ {
		c := t[i]
		if c > '\r' && c != 0xC2 && c != 0xE2 {
			continue
		}
		switch {
		case c == '\r' && i+1 < len(t) && t[i+1] == '\n':
			return i, i + 2
		case '\n' <= c && c <= '\r':
			return i, i + 1
		case c == 0xC2 && i+1 < len(t) && t[i+1] == 0x85:
			return i, i + 2
		case c == 0xE2 && i+2 < len(t) && t[i+1] == 0x80 && (t[i+2] == 0xA8 || t[i+2] == 0xA9):
			return i, i + 3
		}
	}
	return len(t), len(t)
}

// line appends a line and its units, with their tokens or (later) with what is to be known without them.
func (s *Segments) line(full, span Span, later bool) {
	n, u := len(s.Lines), len(s.Units)
	l := Line{Span: span, Full: full, Tokens: notYet}
	for rest := span; !rest.Empty(); {
		end := rest.End
		if rest.Len() > longLine || rest.Start > span.Start {
			end = sentenceEnd(s.Text, rest)
		}
		sentence := Span{rest.Start, end}.Trim(s.Text)
		rest = Span{end, rest.End}
		if len(s.Units) > u && s.glue(&s.Units[len(s.Units)-1], sentence) || sentence.Empty() {
			continue
		}
		unit := Unit{Span: sentence, Line: n, Tokens: notYet}
		if later {
			unit.edge = s.begin(sentence)
		}
		s.Units = append(s.Units, unit)
	}
	l.Units = [2]int{u, len(s.Units)}
	if s.Lines = append(s.Lines, l); !later || l.Units[1] == u {
		s.FillLine(n)
	}
}

// glue makes a sentence that holds no letter or digit (stray punctuation) part of the unit before it.
func (s *Segments) glue(before *Unit, sentence Span) bool {
	for _, r := range sentence.In(s.Text) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == utf8.RuneError {
			return false
		}
	}
	if !sentence.Empty() {
		before.stray += int32(sentence.End - before.Span.End)
		before.Span.End = sentence.End
	}
	return true
}

// TokensOf returns the tokens of r.
func (s *Segments) TokensOf(r TokenRange) []Token { return s.Tokens[r.Start:r.End] }

// UnitAt returns the index of the unit that holds offset i, or else of the first unit after it;
// len(s.Units) where there is none.
func (s *Segments) UnitAt(i int) int {
	lo, hi := 0, len(s.Units)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if s.Units[m].Span.End <= i {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// sentenceEnd returns where the first sentence of span ends (one past its
// last byte, closing quotes and brackets included).
//
// A sentence ends at a run of . ! ? … and their full-width forms, with the
// closing marks that follow, where white space and then anything but a
// lower-case letter comes next, unless the stop belongs to an abbreviation or
// an initial. East Asian stops need no white space. Archives that lose line
// breaks glue sentences ("the end.The next", "D.C.Get"): a stop between two
// lower-case letters and a capital ends a sentence too.
func sentenceEnd(t string, span Span) int {
	for i := span.Start; i < span.End; {
		if i = NextStop(t, i, span.End); i == span.End {
			break
		}
		c := t[i]
		n, wide := stopAt(t[i:span.End])
		if n == 0 {
			i++
			continue
		}
		first := i
		single := c == '.'
		for i += n; i < span.End; i += n {
			var w bool
			if n, w = stopAt(t[i:span.End]); n == 0 {
				break
			}
			single, wide = false, wide || w
		}
		for i < span.End {
			n := closerAt(t[i:span.End])
			if n == 0 {
				break
			}
			i += n
		}
		if i >= span.End || wide {
			return i
		}
		next := Span{i, span.End}.Trim(t).Start
		if next == i { // nothing between: glued, or the middle of a word
			if glued(t, span.Start, first, i, span.End) {
				return i
			}
			continue
		}
		r, _ := utf8.DecodeRuneInString(t[next:span.End])
		if unicode.IsLower(r) {
			continue
		}
		if single && abbreviation(t, span.Start, first, next, span.End) {
			continue
		}
		return i
	}
	return span.End
}

// NextStop returns the offset from i on of the first byte of t[:end] that a
// sentence stop may begin with, or end. ASCII goes eight bytes at a time.
func NextStop(t string, i, end int) int {
	for i < end {
		if t[i] < utf8.RuneSelf && i+8 <= end {
			x := eightAt(t, i)
			dot, bang, ask := x^'.'*ones, x^'!'*ones, x^'?'*ones
			at := ((dot-ones)&^dot | (bang-ones)&^bang | (ask-ones)&^ask | x) & highBits
			if at == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(at) >> 3
		}
		if stopByte[t[i]] {
			return i
		}
		i++
	}
	return end
}

var stopByte = func() (b [256]bool) {
	for _, c := range []byte{'.', '!', '?', 0xE2, 0xE3, 0xEF, 0xD8, 0xE0} {
		b[c] = true
	}
	return
}()

// stopAt returns the length of the sentence stop that t begins with, or 0, and
// whether it is one that needs no white space after it.
func stopAt(t string) (n int, wide bool) {
	switch t[0] {
	case '.', '!', '?':
		return 1, false
	case 0xE2, 0xE3, 0xEF, 0xD8, 0xE0:
		switch r, n := utf8.DecodeRuneInString(t); r {
		case '…', '‼', '⁇', '⁈', '⁉', '؟', '।':
			return n, false
		case '。', '！', '？', '｡', '．':
			return n, true
		}
	}
	return 0, false
}

// closerAt returns the length of the closing quote or bracket that t begins with, or 0.
func closerAt(t string) int {
	switch t[0] {
	case '"', '\'', ')', ']', '}':
		return 1
	case 0xC2, 0xE2, 0xE3, 0xEF:
		switch r, n := utf8.DecodeRuneInString(t); r {
		case '”', '’', '»', '›', '」', '』', '）', '】', '》':
			return n
		}
	}
	return 0
}

// glued reports whether a stop at [stop, next) of t, with nothing but a
// capital after it, ends a sentence that the next one was glued to.
func glued(t string, start, stop, next, end int) bool {
	r, n := utf8.DecodeRuneInString(t[next:end])
	if !unicode.IsUpper(r) && r != '“' && r != '"' && r != '«' && r != '„' {
		return false
	}
	after, _ := utf8.DecodeRuneInString(t[next+n : end])
	a, m := utf8.DecodeLastRuneInString(t[start:stop])
	b, _ := utf8.DecodeLastRuneInString(t[start : stop-m])
	if unicode.IsLower(a) && unicode.IsLower(b) || a == '”' || a == '"' {
		return unicode.IsLetter(after) || unicode.IsSpace(after) || !unicode.IsUpper(r)
	}
	// "D.C.Get the latest": initials, then a capitalised word.
	return unicode.IsUpper(a) && b == '.' && unicode.IsUpper(r) && unicode.IsLower(after)
}

// abbreviation reports whether the full stop at offset stop belongs to the word
// before it and does not end the sentence; next is where the following word begins.
func abbreviation(t string, start, stop, next, end int) bool {
	i := stop
	for i > start {
		r, n := utf8.DecodeLastRuneInString(t[start:i])
		if !unicode.IsLetter(r) && r != '.' {
			break
		}
		i -= n
	}
	word := t[i:stop]
	if word == "" {
		return false
	}
	if r, n := utf8.DecodeRuneInString(word); n == len(word) || dotted(word) {
		// An initial or initials: they end a sentence only where a word that
		// begins sentences follows. "I." and letters of lists do as well.
		return unicode.IsUpper(r) && !opener[firstWord(t[next:end])] || dotted(word) && unicode.IsLower(r)
	}
	if len(word) > 6 {
		return false
	}
	return abbreviations[word]
}

// dotted reports whether word is letters with full stops between them: "U.S", "z.B".
func dotted(word string) bool {
	for i := 0; i < len(word); i++ {
		if word[i] == '.' {
			return true
		}
	}
	return false
}

func firstWord(t string) string {
	for i, r := range t {
		if !unicode.IsLetter(r) {
			return t[:i]
		}
	}
	return t
}

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// opener holds words that, capitalised after initials, begin a sentence more often than they go on with a name.
var opener = set("The", "This", "That", "These", "Those", "He", "She", "It", "They", "We", "You", "I", "But", "And", "In",
	"On", "At", "As", "For", "If", "When", "While", "After", "Before", "There", "His", "Her", "Its", "Their", "Our", "Sign",
	"Get", "Read", "Click", "Subscribe", "Follow", "Support", "Please", "Der", "Die", "Das", "Le", "La", "El", "Il")

// abbreviations holds words that keep their full stop inside a sentence.
var abbreviations = set("Mr", "Mrs", "Ms", "Mx", "Dr", "Prof", "Rev", "Fr", "Sr", "Jr", "St", "Ste", "Mt", "Ft", "Gen", "Col", "Maj",
	"Capt", "Cmdr", "Lt", "Sgt", "Cpl", "Pvt", "Adm", "Sen", "Rep", "Gov", "Pres", "Hon", "Amb", "Supt", "Det", "Insp",
	"vs", "v", "cf", "ca", "approx", "Inc", "Ltd", "Co", "Corp", "Bros", "No", "Nos", "no", "Vol", "vol", "Fig", "fig", "Figs",
	"Eq", "Sec", "Ch", "Art", "pp", "ed", "eds", "Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov",
	"Dec", "Ave", "Blvd", "Rd", "Dept", "Univ", "Assn", "al",
	"Nr", "Hr", "Fr", "bzw", "usw", "evtl", "ggf", "Abs", "Bd", "Str", "inkl", "zzgl",
	"M", "MM", "Mme", "Mlle", "Sra", "Srta", "Dra", "Dña", "Ud", "Uds", "núm", "pág", "art", "Exmo", "Av", "Sig", "Dott", "Ing",
	"г", "гг", "тыс", "млн", "млрд", "руб", "ул", "им", "др", "стр", "рис")
