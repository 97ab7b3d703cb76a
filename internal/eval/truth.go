package eval

import (
	"regexp"
	"strings"

	"winnow/internal/quality"
	"winnow/text"
)

// Truth labels of a corpus are made by aligning the lines of a document with
// the truth, the main text as its author wrote it:
//
//   - A line of twelve tokens or more, four fifths of whose 3-grams stand in the
//     truth, is an anchor, unless the document holds it twice: a heading that a
//     table of contents holds again. The main text reaches from the first anchor to the last.
//   - Inside it a line is content where half of its 3-grams stand in the truth, or
//     (short lines) all of it does. Other lines inside are furniture where one
//     document of twenty, and three at least, have them outside of their truth,
//     else neutral: the truth does not hold what programs printed into the page.
//   - Outside, every line is furniture, fixed or varying by the same count.
//   - The title, and lines that are date and byline for the most part, are neutral.

// Align returns docs with labels by their truths. The texts are those of
// documents, one for each of docs.
func Align(documents []text.Document, truths []string, meta quality.CorpusMeta) []*Doc {
	keep, ambiguous := patterns(meta.Labels["must_keep"]), patterns(meta.Labels["ambiguous"])
	out := make([]*Doc, len(documents))
	fixed := map[text.Fingerprint]int{}
	for i := range documents {
		out[i] = &Doc{Document: documents[i]}
		labelLines(out[i], truths[i], keep, ambiguous)
		seen := map[text.Fingerprint]bool{}
		for _, l := range out[i].Labels {
			if p := text.PrintOf(l.Span.In(out[i].Text)); l.Class != Neutral || l.Category == inside {
				if !seen[p] {
					seen[p] = true
					fixed[p]++
				}
			}
		}
	}
	for _, d := range out {
		for i := range d.Labels {
			l := &d.Labels[i]
			n := fixed[text.PrintOf(l.Span.In(d.Text))]
			switch {
			case l.Category == inside && n >= max(3, len(out)/20):
				l.Class = Furniture
			case l.Class == Varying && n >= 3:
				l.Class = Furniture
			}
			l.Category = ""
		}
	}
	return out
}

// byline matches lines that name an author.
var byline = regexp.MustCompile(`^(?:(?i:written by|posted by|by|escrito por|por|von|par|автор:?)) \p{Lu}[^.]{0,60}$`)

// inside marks, while labels are made, lines inside the main text that are not of the truth.
const inside = "inside"

func patterns(list []string) []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, p := range list {
		out = append(out, regexp.MustCompile(p))
	}
	return out
}

func matchAny(ps []*regexp.Regexp, line string) bool {
	for _, p := range ps {
		if p.MatchString(line) {
			return true
		}
	}
	return false
}

const (
	maxGram = 7
	anchor  = 12
)

func labelLines(d *Doc, truth string, keep, ambiguous []*regexp.Regexp) {
	grams := map[text.Fingerprint]bool{}
	toks := text.Tokenize(truth)
	for i := range toks {
		for n := 1; n <= maxGram && i+n <= len(toks); n++ {
			grams[text.Print(toks[i:i+n])] = true
		}
	}
	share := func(line []text.Token) float64 {
		if len(line) <= maxGram {
			if grams[text.Print(line)] {
				return 1
			}
			return 0
		}
		hit := 0
		for i := 0; i+3 <= len(line); i++ {
			if grams[text.Print(line[i:i+3])] {
				hit++
			}
		}
		return float64(hit) / float64(len(line)-2)
	}
	var seg text.Segments
	seg.Segment(d.Text, "", nil)
	shares := make([]float64, len(seg.Lines))
	times := map[text.Fingerprint]int{}
	for _, l := range seg.Lines {
		times[l.Print]++
	}
	first, last := len(seg.Lines), -1
	for i, l := range seg.Lines {
		if l.Blank() {
			continue
		}
		shares[i] = share(text.Tokenize(l.Span.In(d.Text)))
		if l.Tokens.Len() >= anchor && shares[i] >= 0.8 && times[l.Print] == 1 {
			first, last = min(first, i), i
		}
	}
	title := text.Tokenize(d.Title)
	// A heading and short lines of the truth may stand before the first anchor and after the last.
	for first > 0 && first < len(seg.Lines) && (seg.Lines[first-1].Blank() || shares[first-1] >= 0.5 && !contains(seg.TokensOf(seg.Lines[first-1].Tokens), title)) {
		first--
	}
	for last >= 0 && last+1 < len(seg.Lines) && (seg.Lines[last+1].Blank() || shares[last+1] >= 0.5) {
		last++
	}
	for i, l := range seg.Lines {
		if l.Blank() {
			continue
		}
		line := l.Span.In(d.Text)
		label := Label{Span: l.Span, Class: Varying}
		switch {
		case matchAny(keep, line):
			continue
		case wordless(seg.TokensOf(l.Tokens)) || matchAny(ambiguous, line) || last < 0:
			label.Class = Neutral
		case d.Title != "" && l.Tokens.Len() <= len(title)+4 && contains(seg.TokensOf(l.Tokens), title):
			label.Class = Neutral
		case first <= i && i <= last:
			if shares[i] >= 0.5 {
				continue
			}
			label.Class, label.Category = Neutral, inside
		case byline.MatchString(line):
			label.Class = Neutral
		case dated(seg.TokensOf(l.Tokens)):
			label.Class = Neutral
		case shares[i] >= 0.8 && l.Tokens.Len() >= 4:
			label.Class = Neutral // words of the truth outside of it: a teaser, a table of contents
		}
		d.Labels = append(d.Labels, label)
	}
}

// contains reports whether part, which may not be empty, stands in line.
func contains(line, part []text.Token) bool {
	if len(part) == 0 {
		return false
	}
	for i := 0; i+len(part) <= len(line); i++ {
		if text.Print(line[i:i+len(part)]) == text.Print(part) {
			return true
		}
	}
	return false
}

// wordless reports whether a line holds no word: rulers, braces, numbers.
func wordless(toks []text.Token) bool {
	for _, t := range toks {
		if !text.IsSlot(t.Hash) && t.Hash != text.MarkQuote {
			return false
		}
	}
	return true
}

// dated reports whether a line is a date for the most part.
func dated(toks []text.Token) bool {
	for _, t := range toks {
		if t.Hash == text.SlotDate {
			return len(toks) <= 12
		}
	}
	return false
}

// News returns a labelled article of the news data: what no span covers is content.
func News(n quality.NewsDoc, l quality.NewsLabel) *Doc {
	d := &Doc{Document: NewsDocument(n)}
	for _, s := range l.Spans {
		c := Furniture
		if s.Ambiguous {
			c = Neutral
		}
		d.Labels = append(d.Labels, Label{Span: s.Span(), Class: c, Category: s.Label})
	}
	return d
}

// NewsDocument returns an article of the news data as a document.
func NewsDocument(n quality.NewsDoc) text.Document {
	return text.Document{ID: n.ID, URL: n.URL, Publisher: text.ParsePublisher(n.Publisher), Title: strings.TrimSpace(n.Title), Text: n.Text}
}
