package text

import (
	"math"
	"strings"
	"unicode/utf8"
)

// Most units of a text are known by nobody: their first two words already tell
// that no text equals theirs. Cut leaves out what such units do not need, their
// tokens and fingerprints, which are a third of what Segment does.

// Cut is Segment without tokens and fingerprints. Those of a unit or line are
// there once Fill or FillLine was called for it; before that its Tokens begin
// before 0. Begin and Last say what a unit begins and ends with, without that.
func (s *Segments) Cut(t, title string, skip []Span) { s.segment(t, title, skip, true) }

// Fill returns unit u with its tokens and fingerprint.
func (s *Segments) Fill(u int) *Unit {
	unit := &s.Units[u]
	if unit.Tokens.Start >= 0 {
		return unit
	}
	if l := &s.Lines[unit.Line]; l.Units[1]-l.Units[0] == 1 {
		s.FillLine(unit.Line)
		return unit
	}
	s.tokens(unit)
	return unit
}

// FillLine returns line i, it and its units with their tokens and fingerprints.
func (s *Segments) FillLine(i int) *Line {
	l := &s.Lines[i]
	if l.Tokens.Start >= 0 {
		return l
	}
	from := int32(len(s.Tokens))
	for u := l.Units[0]; u < l.Units[1]; u++ {
		s.tokens(&s.Units[u])
	}
	l.Tokens = TokenRange{from, int32(len(s.Tokens))}
	if l.Units[1]-l.Units[0] == 1 {
		l.Print = s.Units[l.Units[0]].Print
	} else {
		l.Print = Print(s.TokensOf(l.Tokens))
	}
	return l
}

// FillAll fills all lines.
func (s *Segments) FillAll() {
	for i := range s.Lines {
		s.FillLine(i)
	}
}

// tokens appends the tokens of unit to s.Tokens.
func (s *Segments) tokens(unit *Unit) {
	from := len(s.Tokens)
	toks, numbers := tokenize(s.Tokens, s.Text, unit.Span.Start, unit.Span.End-int(unit.stray), math.MaxInt)
	s.Tokens = mergeSlots(toks, from, numbers, s.title)
	unit.Tokens = TokenRange{int32(from), int32(len(s.Tokens))}
	unit.Print = Print(s.TokensOf(unit.Tokens))
}

// An edge is what a unit begins with.
type edge struct {
	first, second uint64
	sure          bool
}

// Unknown stands for the hash of a token that hangs on what comes after it. No
// token has this hash but by chance.
const Unknown uint64 = 1

// Begin returns the hashes of the first two tokens of unit u of a text that was
// Cut, 0 where it has none. What hangs on what comes after it (a part of a date,
// of the title, of an address) is not known before the unit is filled: the
// second one is Unknown then, and where it is the first, sure is false.
func (s *Segments) Begin(u int) (first, second uint64, sure bool) {
	e := &s.Units[u].edge
	return e.first, e.second, e.sure
}

func (s *Segments) begin(unit Span) (e edge) {
	toks, _ := tokenize(s.scratch[:0], s.Text, unit.Start, unit.End, 2)
	s.scratch = toks
	if len(toks) > 0 {
		if !s.begins(&toks[0], unit.End) {
			return e
		}
		e.first = toks[0].Hash
	}
	if e.sure = true; len(toks) > 1 {
		if e.second = toks[1].Hash; !s.begins(&toks[1], unit.End) {
			e.second = Unknown
		}
	}
	return e
}

// begins reports whether tok, one of the first of a unit that ends at end, is
// known whatever comes after it. Further on an @ may make it a part of an
// address, with what touches it.
func (s *Segments) begins(tok *Token, end int) bool {
	if !s.stays(tok) {
		return false
	}
	at := int(tok.End)
	if at == end {
		return true
	}
	c := s.Text[at]
	return !(joins[c] && at+1 < end && s.Text[at+1] != ' ') && (class[c] == cOther || strings.IndexByte(s.Text[at:end], '@') < 0)
}

// joins holds the bytes that may stand between the words of an address.
var joins = [256]bool{'@': true, '.': true, '_': true, '-': true, '+': true}

// stays reports whether mergeSlots, whatever else there is, leaves tok as it is.
func (s *Segments) stays(tok *Token) bool {
	if IsSlot(tok.Hash) || len(s.title) > 0 && (tok.Hash == s.title[0].Hash || tok.Hash == s.title[len(s.title)-1].Hash) {
		return false
	}
	kind := dateWord(tok.Hash)
	return kind == 0 || kind == linkWord
}

// longWord is the length in bytes of the longest word that Last looks at.
const longWord = 40

// Last returns the hash of the last token of unit u; that of any slot says that
// it is a slot. Where sure is false, the unit must be filled to know it.
func (s *Segments) Last(u int) (last uint64, sure bool) {
	unit := &s.Units[u]
	t := s.Text[unit.Span.Start : unit.Span.End-int(unit.stray)]
	end := len(t)
	for end > 0 && class[t[end-1]] == cOther {
		end--
	}
	if end < len(t) && t[end] == ':' { // it may be a URL's
		return 0, false
	}
	for end > 0 && class[t[end-1]] == cHigh {
		r, n := utf8.DecodeLastRuneInString(t[:end])
		switch f := fold(r); {
		case f == quote:
			return MarkQuote, !mojibakeEnds(t[:end-n])
		case ideograph(r):
			toks, _ := tokenize(s.scratch[:0], t, end-n, end, 1)
			if s.scratch = toks; len(toks) == 1 && s.stays(&toks[0]) && dateWord(toks[0].Hash) == 0 {
				return toks[0].Hash, true
			}
			return 0, false
		case f == 0 && r >= 0x3000 && r != utf8.RuneError: // East Asian punctuation
			end -= n
			continue
		}
		break
	}
	if end == 0 {
		return 0, true
	}
	switch class[t[end-1]] {
	case cQuote:
		return MarkQuote, true
	case cAt, cOther:
		return 0, false
	}
	start := end
	for start > 0 && end-start < longWord && t[start-1] != ' ' {
		start--
	}
	if start > 0 && t[start-1] != ' ' {
		return 0, false
	}
	toks, _ := tokenize(s.scratch[:0], t, start, end, math.MaxInt)
	if s.scratch = toks; len(toks) == 0 {
		return 0, false
	}
	tok := &toks[len(toks)-1]
	if IsSlot(tok.Hash) {
		return tok.Hash, true
	}
	if !s.stays(tok) || dateWord(tok.Hash) != 0 || tok.Hash == hashWWW {
		return 0, false
	}
	return tok.Hash, true
}

// mojibakeEnds reports whether the rune after t may be the last of one that was
// encoded twice; see mojibake.
func mojibakeEnds(t string) bool {
	for range 2 {
		r, n := utf8.DecodeLastRuneInString(t)
		if seqLen(byte(r)) > 0 && r < 0x100 {
			return true
		}
		t = t[:len(t)-n]
	}
	return false
}
