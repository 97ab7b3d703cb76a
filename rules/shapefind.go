package rules

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/text"
)

// brackets finds texts in round brackets that stand between sentences.
func (f *finder) brackets(s *shape, found func(text.Span)) {
	t := f.seg.Text
	for _, l := range f.seg.Lines {
		for i := l.Span.Start; i < l.Span.End; i++ {
			ahead := strings.IndexByte(t[i:l.Span.End], '(')
			if ahead < 0 {
				break
			}
			if i += ahead; !between(t, l.Span.Start, i) {
				continue
			}
			end := i
			for { // several side by side are one
				e := s.bracket(t, end, l.Span.End)
				if e == 0 {
					break
				}
				end = e
				for e < l.Span.End && t[e] == ' ' {
					e++
				}
				if e == l.Span.End || t[e] != '(' {
					break
				}
				end = e
			}
			for end > i && t[end-1] != ')' {
				end--
			}
			if end == i {
				continue
			}
			next := text.Span{Start: end, End: l.Span.End}.Trim(t)
			r, _ := utf8.DecodeRuneInString(next.In(t))
			if next.Empty() || unicode.IsUpper(r) || unicode.IsDigit(r) || strings.ContainsRune("\"'“‘«„[", r) {
				found(text.Span{Start: i, End: end})
			}
			i = end - 1
		}
	}
}

// bracket returns the end of the bracket that opens at i, or 0 where it is not of the shape.
func (s *shape) bracket(t string, i, end int) int {
	depth := 0
	for j := i; j < end && j-i < 240; j++ {
		switch t[j] {
		case '(':
			depth++
		case ')':
			if depth--; depth > 0 {
				continue
			}
			inner := text.Span{Start: i + 1, End: j}.Trim(t)
			toks := text.Tokenize(inner.In(t))
			if inner.Empty() || len(toks) < s.least || len(toks) > s.most || endsWithStop(inner.In(t)) {
				return 0
			}
			if len(s.of) == 0 {
				r, _ := utf8.DecodeRuneInString(inner.In(t))
				if unicode.IsLower(r) || unicode.IsDigit(r) {
					return 0
				}
				return j + 1
			}
			for k := range toks {
				if s.phraseAt(toks, k) > 0 {
					return j + 1
				}
			}
			return 0
		}
	}
	return 0
}

// endsWithStop reports whether t, which is not empty, ends like a sentence.
func endsWithStop(t string) bool {
	r, _ := utf8.DecodeLastRuneInString(t)
	return strings.ContainsRune(".!?…。！？", r)
}

// credits finds runs of names and slashes that end with a phrase of the shape.
func (f *finder) credits(s *shape, found func(text.Span)) {
	t := f.seg.Text
	for i := range f.seg.Lines {
		l := &f.seg.Lines[i]
		if !s.slashed(t, l.Span) {
			continue
		}
		f.seg.FillLine(i)
		toks := f.seg.TokensOf(l.Tokens)
		for k := 1; k < len(toks); k++ {
			if t[toks[k].Start-1] != '/' {
				continue
			}
			n := s.phraseAt(toks, k)
			if n == 0 {
				continue
			}
			last := k + n - 1
			// Further names and slashes: "AFP/Getty Images", "Reuters/File".
			for last+1 < len(toks) && t[toks[last].End:toks[last+1].Start] == "/" {
				if m := s.phraseAt(toks, last+1); m > 0 {
					last += m
				} else {
					last++
				}
			}
			first, words := k, 0
			for first > 0 && words < s.most {
				gap := t[toks[first-1].End:toks[first].Start]
				if words > 0 && strings.ContainsAny(gap, ".!?…,;:)\"”’—–") && !initial(t, toks[first-1], gap) {
					break
				}
				if r, _ := utf8.DecodeRuneInString(t[toks[first-1].Start:]); !unicode.IsUpper(r) && !particles[toks[first-1].Hash] {
					break
				}
				first--
				words++
			}
			span := text.Span{Start: int(toks[first].Start), End: int(toks[last].End)}
			for span.Start > l.Span.Start && t[span.Start-1] == '(' {
				span.Start--
			}
			if span.End < l.Span.End && t[span.End] == ')' && span.Start < int(toks[first].Start) {
				span.End++
			}
			next := text.Span{Start: span.End, End: l.Span.End}.Trim(t)
			r, _ := utf8.DecodeRuneInString(next.In(t))
			if words > 0 && between(t, l.Span.Start, span.Start) && (next.Empty() || unicode.IsUpper(r) || strings.ContainsRune("\"'“‘«„[(", r)) {
				found(span)
				k = last
			}
		}
	}
}

// slashed reports whether a token that a phrase of s begins with may stand
// behind a slash in line.
func (s *shape) slashed(t string, line text.Span) bool {
	for i := line.Start; i < line.End; {
		k := strings.IndexByte(t[i:line.End], '/')
		if k < 0 {
			return false
		}
		i += k + 1
		first := text.HashAt(t, i, line.End)
		if s.slots || first != 0 && s.firsts[first>>6&63]>>(first&63)&1 != 0 {
			return true
		}
	}
	return false
}

// initial reports whether the token before gap is an initial or short title whose full stop gap is: "J. Doe", "Spc. Doe".
func initial(t string, tok text.Token, gap string) bool {
	return strings.TrimSpace(gap) == "." && tok.End-tok.Start == 1
}

// leads finds phrases with the headlines that they lead to.
func (f *finder) leads(s *shape, found func(text.Span)) {
	t := f.seg.Text
	for i := range f.seg.Lines {
		if !f.mayHold(s, i) {
			continue
		}
		l := f.seg.FillLine(i)
		toks := f.seg.TokensOf(l.Tokens)
		for k := range toks {
			n := s.phraseAt(toks, k)
			if n == 0 {
				continue
			}
			start := int(toks[k].Start)
			if r, _ := utf8.DecodeRuneInString(t[start:]); unicode.IsLower(r) || n == 1 && !between(t, l.Span.Start, start) {
				continue
			}
			rest := text.Span{Start: int(toks[k+n-1].End), End: l.Span.End}.Trim(t)
			if rest.Empty() || rest.Len() == 1 {
				if k > 0 && !between(t, l.Span.Start, start) {
					continue
				}
				found(text.Span{Start: start, End: l.Span.End})
				if next := f.headlineBelow(i+1, s.most); !next.Empty() {
					found(next)
				}
				break
			}
			if end := s.headline(t, toks[k+n:], rest); end > 0 {
				found(text.Span{Start: start, End: end})
			}
		}
	}
}

// headlineBelow returns the headline that the first line from line i on is, if it is one.
func (f *finder) headlineBelow(i, most int) text.Span {
	for blank := 0; i < len(f.seg.Lines) && blank <= 2; i++ {
		l := &f.seg.Lines[i]
		if l.Blank() {
			blank++
			continue
		}
		t := l.Span.In(f.seg.Text)
		if f.seg.FillLine(i).Tokens.Len() > most || endsSentence(t) && !strings.HasSuffix(t, "?") && !strings.HasSuffix(t, "!") {
			break
		}
		return l.Span
	}
	return text.Span{}
}

// headline returns the end of the headline that rest begins with, 0 where
// there is none to be told from the text after it. toks are its tokens.
func (s *shape) headline(t string, toks []text.Token, rest text.Span) int {
	end := rest.End
	if i := strings.Index(rest.In(t), "   "); i > 0 {
		end = rest.Start + i
	}
	n := 0
	for n < len(toks) && int(toks[n].Start) < end {
		n++
	}
	if whole := strings.TrimSpace(t[rest.Start:end]); n <= s.most && n >= s.least && !strings.HasSuffix(whole, ".") {
		return end
	}
	// The headline runs on into a sentence: it ends before the first capitalised
	// word that begins sentences, or before a quotation, unless a stop comes first.
	for k := 1; k < n && k <= s.most+1; k++ {
		gap := t[toks[k-1].End:toks[k].Start]
		if strings.Contains(gap, ". ") || strings.Contains(gap, ".\u00a0") {
			return 0
		}
		if k < max(s.least, 4) {
			continue
		}
		at := int(toks[k].Start)
		if toks[k].Hash == text.MarkQuote {
			if !strings.HasPrefix(t[at:], "“") && !(strings.HasPrefix(t[at:], `"`) && gap == " ") {
				continue
			}
			if quoters[toks[k-1].Hash] {
				return 0 // the quotation belongs to a sentence that began before it
			}
			return at
		}
		if r, _ := utf8.DecodeRuneInString(t[at:]); unicode.IsUpper(r) && openers[toks[k].Hash] && !strings.ContainsAny(gap, ":-–—‘“\"'") {
			return at
		}
	}
	return 0
}

// quoters are words that a quotation inside a sentence follows.
var quoters = func() map[uint64]bool {
	m := map[uint64]bool{}
	for _, w := range strings.Fields(`that said says saying called calling of the a an as is was were are be to by with for and or but its his her
		their told added claims claimed asked warns warned about into from in on`) {
		m[text.HashWord(w)] = true
	}
	return m
}()

// openers are words that, capitalised inside a headline in sentence case, begin the next sentence.
var openers = func() map[uint64]bool {
	m := map[uint64]bool{}
	for _, w := range strings.Fields(`the a an this that these those he she it they we you i but and in on at as for if when while after before
		there here his her its their our my according since although though however meanwhile earlier last some many most several
		one two three both each what why how who where with without by from to under over during among despite so yet then now
		also still just even only not no nor`) {
		m[text.HashWord(w)] = true
	}
	return m
}()
