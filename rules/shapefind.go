package rules

import (
	"slices"
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
		for at := l.Span.Start; at < l.Span.End; {
			slash := strings.IndexByte(t[at:l.Span.End], '/')
			if slash < 0 {
				break
			}
			at += slash + 1
			if first := text.HashAt(t, at, l.Span.End); !s.slots && (first == 0 || !s.begins(first)) {
				continue
			}
			if span := f.credit(s, l, at); !span.Empty() {
				found(span)
				at = span.End
			}
		}
	}
}

// credit returns the run of names and slashes of line l with the phrase that
// begins at offset at, behind a slash; an empty span where there is none.
func (f *finder) credit(s *shape, l *text.Line, at int) (span text.Span) {
	t := f.seg.Text
	toks := f.tokensAround(l, at, s.most+1, s.longest)
	k, ok := slices.BinarySearchFunc(toks, at, func(tok text.Token, at int) int { return int(tok.Start) - at })
	if !ok || k == 0 {
		return span
	}
	n := s.phraseAt(toks, k)
	if n == 0 {
		return span
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
	span = text.Span{Start: int(toks[first].Start), End: int(toks[last].End)}
	for span.Start > l.Span.Start && t[span.Start-1] == '(' {
		span.Start--
	}
	if span.End < l.Span.End && t[span.End] == ')' && span.Start < int(toks[first].Start) {
		span.End++
	}
	next := text.Span{Start: span.End, End: l.Span.End}.Trim(t)
	r, _ := utf8.DecodeRuneInString(next.In(t))
	if words > 0 && between(t, l.Span.Start, span.Start) && (next.Empty() || unicode.IsUpper(r) || strings.ContainsRune("\"'“‘«„[(", r)) {
		return span
	}
	return text.Span{}
}

// tokensAround returns the tokens of the unit of line l that holds offset at, with as
// many more of the line's before it as there are up to least, and after it as
// there are up to more: whole units. They are valid until the next call.
func (f *finder) tokensAround(l *text.Line, at, least, more int) []text.Token {
	u := f.seg.UnitAt(at)
	if u >= l.Units[1] {
		return nil
	}
	lo, hi := u, u+1
	for n := 0; lo > l.Units[0] && n < least; {
		lo--
		n += f.seg.Fill(lo).Tokens.Len()
	}
	for n := 0; hi < l.Units[1] && n < more; hi++ {
		n += f.seg.Fill(hi).Tokens.Len()
	}
	if hi-lo == 1 {
		return f.seg.TokensOf(f.seg.Fill(u).Tokens)
	}
	if at := [2]int{lo, hi}; f.windowed != at {
		f.window, f.windowed = f.window[:0], at
		for n := lo; n < hi; n++ {
			f.window = append(f.window, f.seg.TokensOf(f.seg.Fill(n).Tokens)...)
		}
	}
	return f.window
}

// initial reports whether the token before gap is an initial or short title whose full stop gap is: "J. Doe", "Spc. Doe".
func initial(t string, tok text.Token, gap string) bool {
	return strings.TrimSpace(gap) == "." && tok.End-tok.Start == 1
}

// leads finds phrases with the headlines that they lead to.
func (f *finder) leads(s *shape, found func(text.Span)) {
	if f.plain.low != "" && !s.mayStand(f.plain.low) {
		return
	}
	for i := range f.seg.Lines {
		l := &f.seg.Lines[i]
		for u := l.Units[0]; u < l.Units[1]; u++ {
			if f.mayHold(s, u) && !f.lead(s, i, u, found) {
				break
			}
		}
	}
}

// lead finds the leads that begin in unit u of line i. It returns false where
// one takes the rest of the line.
func (f *finder) lead(s *shape, i, u int, found func(text.Span)) bool {
	t := f.seg.Text
	l := &f.seg.Lines[i]
	own := f.seg.TokensOf(f.seg.Fill(u).Tokens)
	for k := range own {
		if !s.begins(own[k].Hash) {
			continue
		}
		toks := f.tokensAround(l, f.seg.Units[u].Span.Start, 0, s.longest+s.most+2)
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
			if (k > 0 || !f.wordlessUpTo(l, u)) && !between(t, l.Span.Start, start) {
				continue
			}
			found(text.Span{Start: start, End: l.Span.End})
			if next := f.headlineBelow(i+1, s.most); !next.Empty() {
				found(next)
			}
			return false
		}
		if end := s.headline(t, toks[k+n:], rest); end > 0 {
			found(text.Span{Start: start, End: end})
		}
	}
	return true
}

// wordlessUpTo reports whether no unit of l before unit u has tokens.
func (f *finder) wordlessUpTo(l *text.Line, u int) bool {
	for n := l.Units[0]; n < u; n++ {
		if !f.wordless(n) {
			return false
		}
	}
	return true
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
