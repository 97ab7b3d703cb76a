package model

import (
	"strconv"
	"strings"

	"winnow/rules"
	"winnow/text"
)

// says names the features in reasons; those that hold words say the words.
var says = [kinds]string{kShape: "its length, case and ending", kLength: "its length", kEnd: "its ending", kCase: "its case", kMarks: "signs and numbers in it",
	kChars: "the length of its words", kHead: "its distance from the head", kTail: "its distance from the tail", kPlace: "its place in the text",
	kSpot: "its place and length", kPrev: "the line before", kNext: "the line after", kPrev2: "the line before the last", kNext2: "the line after the next",
	kAround: "the lines around", kRun: "a run of short lines", kTwin: "stands here more than once", kRules: "what rules took beside it",
	kGlued: "the sentences on its line", kZone: "its place before or behind the prose", kZoneLen: "its form and place beside the prose"}

// reason says what spoke most for furniture in unit u, and how much: each
// feature with its weight in log odds.
func (m *Model) reason(in *Input, u int, score int32) string {
	type part struct {
		kind   kind
		span   text.Span
		weight int32
	}
	// The strongest few, by insertion; of equal ones the earlier first.
	var top [5]part
	in.saw = func(k kind, h uint32, s text.Span) {
		w := int32(m.First[h])
		if w <= top[len(top)-1].weight || k == kBias {
			return
		}
		i := len(top) - 1
		for ; i > 0 && top[i-1].weight < w; i-- {
			top[i] = top[i-1]
		}
		top[i] = part{k, s, w}
	}
	in.Features(u)
	in.saw = nil
	b := make([]byte, 0, 160)
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
			b = strconv.AppendQuote(b, p.span.In(in.seg.Text))
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
	return string(b)
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
	if !s.in.Article() {
		return "it passes over texts that are no article"
	}
	s.scores = m.Scores(&s.in, &s.view, s.scores[:0])
	asked := Asked(&s.in, s.scores)[u]
	if asked >= 1<<20 {
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

// cues are words that tell a category, in the languages of the packs; a unit
// without one is taken for navigation.
var cues = []struct {
	category rules.Category
	words    string
}{
	{rules.Legal, "© copyright rights reserved impressum datenschutz privacy terms cookies cookie disclaimer derechos direitos droits 版权 版权所有 права"},
	{rules.Subscribe, "subscribe newsletter newsletters subscription abonnieren abonnez suscríbete suscribirse inscreva assine подписаться подписка 订阅"},
	{rules.Comments, "comment comments reply kommentar kommentare commentaires comentarios comentários комментарии 评论"},
	{rules.Share, "share tweet facebook twitter linkedin whatsapp pinterest instagram telegram reddit teilen partager compartir compartilhar поделиться 分享"},
	{rules.Related, "related recommended similar popular trending recent relacionados relacionadas ähnliche verwandte похожие 相关"},
	{rules.Ad, "advertisement advertisements sponsored anzeige werbung publicidad publicidade publicité реклама 广告"},
	{rules.Appeal, "donate donation donations spenden donar doar пожертвовать"},
}

var cueOf = func() map[uint64]int {
	m := map[uint64]int{}
	for i, c := range cues {
		for _, w := range strings.Fields(c.words) {
			for _, t := range text.Tokenize(w) {
				if _, ok := m[t.Hash]; !ok && len(text.Tokenize(w)) == 1 {
					m[t.Hash] = i
				}
			}
		}
	}
	return m
}()

// category returns the category of unit u: that of its first cue in the order
// of cues, else nav.
func category(seg *text.Segments, u int) rules.Category {
	best := len(cues)
	for _, t := range seg.TokensOf(seg.Units[u].Tokens) {
		if c, ok := cueOf[t.Hash]; ok {
			best = min(best, c)
		}
	}
	if unit := seg.Units[u].Span.In(seg.Text); strings.Contains(unit, "©") {
		best = 0
	}
	if best == len(cues) {
		return rules.Nav
	}
	return cues[best].category
}
