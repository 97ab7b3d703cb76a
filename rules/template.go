package rules

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/text"
)

// A template is a unit written with slots. The slots that fingerprints know
// (<date>, <time>, <number>, <url>, <email>, <handle>, <title>) are tokens like
// any other; <name> stands for a run of one to six capitalised words and <any>
// for one token or more, up to maxAny.
type template []slot

// A slot is a token that must stand there, or one of the open slots.
type slot struct {
	hash uint64
	open uint8 // 0 for a token, else slotName or slotAny
}

const (
	slotName = 1 + iota
	slotAny
)

const (
	maxName = 6
	maxAny  = 60
)

var fixedSlots = map[string]uint64{
	"date": text.SlotDate, "time": text.SlotTime, "number": text.SlotNumber, "url": text.SlotURL,
	"email": text.SlotEmail, "handle": text.SlotHandle, "title": text.SlotTitle,
}

// parseTemplate reads the form of the rule language.
func parseTemplate(s string) (template, error) {
	var t template
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			i = len(s)
		}
		for _, tok := range text.Tokenize(s[:i]) {
			t = append(t, slot{hash: tok.Hash})
		}
		if s = s[i:]; s == "" {
			break
		}
		end := strings.IndexByte(s, '>')
		if end < 0 {
			return nil, fmt.Errorf("template: %q opens a slot that nothing closes", s)
		}
		switch name := s[1:end]; name {
		case "name":
			t = append(t, slot{open: slotName})
		case "any":
			t = append(t, slot{open: slotAny})
		default:
			h, ok := fixedSlots[name]
			if !ok {
				return nil, fmt.Errorf("template: unknown slot <%s>", name)
			}
			t = append(t, slot{hash: h})
		}
		s = s[end+1:]
	}
	for i := 1; i < len(t); i++ {
		if t[i].open != 0 && t[i-1].open != 0 {
			return nil, fmt.Errorf("template: two open slots side by side")
		}
	}
	return t, nil
}

// closed reports whether t has no open slot, so that it is a fingerprint.
func (t template) closed() bool {
	for _, s := range t {
		if s.open != 0 {
			return false
		}
	}
	return true
}

// words returns the number of tokens of t that are words, not slots.
func (t template) words() int {
	n := 0
	for _, s := range t {
		if s.open == 0 && !text.IsSlot(s.hash) {
			n++
		}
	}
	return n
}

func (t template) print() text.Fingerprint {
	var f text.Fold
	for _, s := range t {
		f = f.Add(s.hash)
	}
	return f.Print()
}

// edge returns the tokens before the first open slot, or after the last one.
func (t template) edge(suffix bool) []uint64 {
	var hs []uint64
	for i := range t {
		s := t[i]
		if suffix {
			s = t[len(t)-1-i]
		}
		if s.open != 0 {
			break
		}
		hs = append(hs, s.hash)
	}
	return hs // of a suffix: last token first
}

// match reports whether all of toks, tokens of source, fit t.
func (t template) match(source string, toks []text.Token) bool {
	for len(t) > 0 {
		s := t[0]
		if s.open != 0 {
			break
		}
		if len(toks) == 0 || toks[0].Hash != s.hash {
			return false
		}
		t, toks = t[1:], toks[1:]
	}
	if len(t) == 0 {
		return len(toks) == 0
	}
	most := maxAny
	if t[0].open == slotName {
		most = maxName
	}
	// The token after the slot is known, so few tries go deeper than one token.
	for n := 1; n <= most && n <= len(toks); n++ {
		if t[0].open == slotName && !nameWord(source, toks[n-1], n == 1) {
			return false
		}
		if t[0].open == slotName && !capital(source, toks[n-1]) {
			continue // a name does not end with "de"
		}
		if t[1:].match(source, toks[n:]) {
			return true
		}
	}
	return false
}

func capital(source string, t text.Token) bool {
	r, _ := utf8.DecodeRuneInString(t.Span().In(source))
	return unicode.IsUpper(r) || unicode.IsTitle(r) || unicode.IsLetter(r) && !unicode.IsLower(r)
}

// particles are the lower-case words inside names.
var particles = map[uint64]bool{}

func init() {
	for _, w := range strings.Fields("de da do dos das del la le les di du van von der den ten ter bin ibn al el and of the y e und et i и") {
		particles[text.HashWord(w)] = true
	}
}

func nameWord(source string, t text.Token, first bool) bool {
	if text.IsSlot(t.Hash) || t.Hash == text.MarkQuote {
		return false
	}
	return capital(source, t) || !first && particles[t.Hash]
}
