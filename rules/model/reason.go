package model

import (
	"slices"
	"strconv"

	"winnow/text"
)

// says names the features in reasons; those that hold words say the words.
var says = [kinds]string{kShape: "its length, case and ending", kLength: "its length", kEnd: "its ending", kCase: "its case", kMarks: "signs and numbers in it",
	kChars: "the length of its words", kHead: "its distance from the head", kTail: "its distance from the tail", kPlace: "its place in the text",
	kSpot: "its place and length", kPrev: "the line before", kNext: "the line after", kPrev2: "the line before the last", kNext2: "the line after the next",
	kAround: "the lines around", kRun: "a run of short lines", kTwin: "stands here more than once", kRules: "what rules took beside it",
	kGlued: "the sentences on its line", kZone: "its place before or behind the prose", kZoneLen: "its form and place beside the prose",
	kTopic: "how much of it the story speaks of", kBlock: "its place beside the story", kCue: "what it speaks of", kNear: "what the lines beside it speak of", kVouch: "how much around it speaks as menus do"}

// reason appends what spoke most for furniture in unit u, and how much: each
// feature with its weight in log odds.
func (m *Model) reason(b []byte, in *Input, u int, score int32) []byte {
	type part struct {
		kind   kind
		span   text.Span
		weight int32
	}
	// The strongest few, by insertion; of equal ones the earlier first.
	var top [5]part
	at, words := in.Features(u)
	toks := in.seg.TokensOf(in.seg.Units[u].Tokens)
	for n, h := range at {
		w, k := int32(m.First[h]), in.list.kinds[n]
		if w <= top[len(top)-1].weight || k == kBias {
			continue
		}
		p := part{kind: k, weight: w}
		if n < words && k != kEdges {
			i := in.list.tokens[n]
			if p.span = toks[i].Span(); k == kPair {
				p.span.End = int(toks[i+1].End)
			}
		}
		i := len(top) - 1
		for ; i > 0 && top[i-1].weight < w; i-- {
			top[i] = top[i-1]
		}
		top[i] = p
	}
	b = append(b, "score "...)
	b = odds(b, score)
	b = append(b, " with what stands around it"...)
	for i, p := range top {
		switch {
		case p.weight == 0:
			continue
		case i == 0:
			b = append(b, "; "...)
		default:
			b = append(b, ", "...)
		}
		switch {
		case p.kind == kEdges:
			b = append(b, "its first and last word together"...)
		case !p.span.Empty():
			b = quote(b, p.span.In(in.seg.Text))
		default:
			b = append(b, says[p.kind]...)
		}
		switch p.kind {
		case kFirst:
			b = append(b, " first"...)
		case kLast:
			b = append(b, " last"...)
		}
		b = append(b, " +"...)
		b = odds(b, p.weight)
	}
	return b
}

// quote appends t in quotation marks, most often as it is.
func quote(b []byte, t string) []byte {
	for i := range len(t) {
		if c := t[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return strconv.AppendQuote(b, t)
		}
	}
	return append(append(append(b, '"'), t...), '"')
}

// Doubt implements rules.Doubter.
func (m *Model) Doubt(seg *text.Segments, taken []bool, u int) string {
	if len(seg.Units) < fewest {
		return "it passes over texts as short as this one"
	}
	s := states.Get().(*state)
	defer states.Put(s)
	s.in.Reset(seg, taken)
	defer func() { s.in.seg, s.in.taken = nil, nil }()
	switch {
	case !s.in.Article():
		return "it passes over texts that are no article"
	case !slices.Contains(taken, true) || !s.in.Speaks():
		return "it passes over texts in which no rule took anything, or hardly a line speaks as menus do"
	}
	s.in.Prepare()
	s.scores = m.Scores(&s.in, &s.view, s.scores[:0])
	asked := Asked(&s.in, s.scores, nil)[u]
	if asked >= never {
		return "it passes over titles, dates and lines without words"
	}
	b := append([]byte(nil), "score "...)
	b = odds(b, s.scores[u])
	b = append(b, ", and "...)
	b = odds(b, m.Least+asked)
	b = append(b, " is asked for, more of a line that stands alone among the story"...)
	return string(b)
}

// odds appends a score as log odds with one digit after the point.
func odds(b []byte, score int32) []byte {
	if score < 0 {
		b, score = append(b, '-'), -score
	}
	tenths := (score*10 + Unit/2) / Unit
	return append(strconv.AppendInt(b, int64(tenths/10), 10), '.', byte('0'+tenths%10))
}
