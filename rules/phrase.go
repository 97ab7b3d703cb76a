package rules

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/text"
)

// A phrase is a run of words. "..." stands for up to three words, a word that
// ends with "*" for all that begin like it, <money> for a sum with the sign of a
// currency, <number> for any number.
type phrase struct {
	list  int // cueCall to cueGroups, or a group
	words []phraseWord
}

type phraseWord struct {
	hash  uint64
	stem  string // folded; the word begins with it
	money bool
	apos  bool // it holds an apostrophe, which hashes do not tell: "we're" is not "were"
	gap   bool // up to maxGap words before it
}

const maxGap = 3

// phrases are found by their first words.
type phrases struct {
	byFirst map[uint64][]phrase
	byStem  map[uint32][]phrase // those that begin with a stem, by its first two bytes
	// Bits for the first words, and for the second bytes of stems in ASCII by
	// their first: most words of a text begin no phrase.
	first [1 << 10]uint64
	stem  [utf8.RuneSelf]uint64
	other []phrase // those that begin with a stem of one letter, or with one of whose first two bytes not both are ASCII
	short bool     // whether there are stems of one letter
}

func (ps *phrases) add(p phrase) {
	if ps.byFirst == nil {
		ps.byFirst, ps.byStem = map[uint64][]phrase{}, map[uint32][]phrase{}
	}
	w := p.words[0]
	if w.stem == "" {
		ps.byFirst[w.hash] = append(ps.byFirst[w.hash], p)
		ps.first[w.hash>>6&(1<<10-1)] |= 1 << (w.hash & 63)
		return
	}
	if len(w.stem) < 2 || w.stem[0] >= utf8.RuneSelf || w.stem[1] >= utf8.RuneSelf {
		ps.other, ps.short = append(ps.other, p), ps.short || len(w.stem) < 2
		return
	}
	two := uint32(w.stem[0])<<8 | uint32(w.stem[1])
	ps.byStem[two] = append(ps.byStem[two], p)
	ps.stem[w.stem[0]] |= 1 << (w.stem[1] & 63)
}

// begin calls with with each phrase that may begin at a token.
func (ps *phrases) begin(t string, tok text.Token, with func(p *phrase)) {
	if ps.first[tok.Hash>>6&(1<<10-1)]&(1<<(tok.Hash&63)) != 0 {
		of := ps.byFirst[tok.Hash]
		for i := range of {
			with(&of[i])
		}
	}
	c, d := lower[t[tok.Start]], byte(' ')
	if tok.End-tok.Start > 1 {
		d = lower[t[tok.Start+1]]
	}
	var of []phrase
	switch {
	case c|d >= utf8.RuneSelf || ps.short:
		of = ps.other
	case ps.stem[c]&(1<<(d&63)) == 0:
		return
	}
	for i := range of {
		with(&of[i])
	}
	of = ps.byStem[uint32(c)<<8|uint32(d)]
	for i := range of {
		with(&of[i])
	}
}

// match returns how many of toks p takes from the first one on, 0 for none.
func (p *phrase) match(t string, toks []text.Token) int {
	i := 0
	for k := range p.words {
		w := &p.words[k]
		skip := 0
		if w.gap {
			skip = maxGap
		}
		for ; ; skip-- {
			if i >= len(toks) || skip < 0 {
				return 0
			}
			if w.is(t, toks[i]) {
				i++
				break
			}
			i++
		}
	}
	return i
}

func (w *phraseWord) is(t string, tok text.Token) bool {
	switch {
	case w.stem != "":
		return hasStem(t[tok.Start:tok.End], w.stem)
	case w.money:
		if tok.Hash != text.SlotNumber {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(strings.TrimSuffix(t[:tok.Start], " "))
		after, _ := utf8.DecodeRuneInString(strings.TrimLeft(t[tok.End:], " \u00A0\u202F"))
		return unicode.Is(unicode.Sc, before) || unicode.Is(unicode.Sc, after)
	}
	if tok.Hash != w.hash {
		return false
	}
	word := t[tok.Start:tok.End]
	if len(word) == 2 && lower[word[0]] != word[0] && lower[word[1]] != word[1] { // the US is not us
		return false
	}
	return w.apos == (strings.IndexByte(word, '\'') >= 0 || strings.Contains(word, "’"))
}

// hasStem reports whether word begins with stem, which is in lower case.
func hasStem(word, stem string) bool {
	for i := range len(stem) {
		switch {
		case i == len(word):
			return false
		case word[i] >= utf8.RuneSelf: // a letter in lower case may be longer
			return strings.HasPrefix(strings.ToLower(word), stem)
		case lower[word[i]] != stem[i]:
			return false
		}
	}
	return true
}

// minimalWords returns set without the strings that hold another one: every text
// that holds them is found by that.
func minimalWords(set []string) []string {
	needs := make([]need, len(set))
	texts := make([]string, len(set))
	for i, s := range set {
		whole, start, end := cutEdges(s)
		needs[i] = need{text: whole, start: start, end: end}
		if texts[i] = whole; !end {
			texts[i] += "x" // whatever the word goes on with
		}
	}
	var out []string
next:
	for i, s := range set {
		for j := range needs {
			if len(set[j]) < len(s) && needs[j].in(texts[i]) {
				continue next
			}
		}
		out = append(out, s)
	}
	return out
}

// parsePhrase reads a phrase. open is the part of it that is rarest in running
// text, with the edges of its words.
func parsePhrase(t string) (p phrase, open string, err error) {
	gap, best := false, 0.0
	run := "" // words that stand side by side
	flush := func(stem bool) {
		if run == "" {
			return
		}
		if by := rate(run); open == "" || by < best {
			open, best = edged(run, stem), by
		}
		run = ""
	}
	for _, w := range strings.Fields(t) {
		switch {
		case w == "...":
			flush(false)
			gap = true
			continue
		case w == "<money>":
			flush(false)
			p.words = append(p.words, phraseWord{hash: text.SlotNumber, money: true, gap: gap})
		case w == "<number>":
			flush(false)
			p.words = append(p.words, phraseWord{hash: text.SlotNumber, gap: gap})
		case strings.HasSuffix(w, "*"):
			stem := strings.ToLower(strings.TrimSuffix(w, "*"))
			p.words = append(p.words, phraseWord{stem: stem, gap: gap})
			run = strings.TrimSpace(run + " " + stem)
			flush(true)
		default:
			for i, tok := range text.Tokenize(w) {
				p.words = append(p.words, phraseWord{hash: tok.Hash, apos: strings.ContainsAny(w[tok.Start:tok.End], "'’"), gap: gap && i == 0})
			}
			run = strings.TrimSpace(run + " " + strings.ToLower(w))
		}
		gap = false
	}
	flush(false)
	if len(p.words) == 0 || p.words[0].gap || gap {
		return p, "", fmt.Errorf("cues %q: a phrase begins and ends with a word", t)
	}
	return p, open, nil
}

// edged returns words with the edges that they have in the plain form of every
// text, but where an invisible mark or a sign that the plain form spells in
// letters (™) parts them from others. Words that begin or end with another letter
// than ASCII's may stand side by side with others.
func edged(words string, stem bool) string {
	if asciiLetter(words[len(words)-1]) && !stem {
		words += wordEdge
	}
	if asciiLetter(words[0]) {
		words = wordEdge + words
	}
	return words
}

func asciiLetter(c byte) bool { return 'a' <= lower[c] && lower[c] <= 'z' }

// cased returns the forms in which s, in lower case, may stand in a text whose
// ASCII letters alone are lower: as it is, with a capital, in capitals, and with
// a hyphen between its first two words.
func cased(s string) []string {
	out := []string{s}
	low := func(s string) string { return string(appendLower(nil, []byte(s))) }
	r, n := utf8.DecodeRuneInString(s)
	for _, v := range [...]string{low(string(unicode.ToUpper(r)) + s[n:]), low(strings.ToUpper(s)), strings.Replace(s, " ", "-", 1)} {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
