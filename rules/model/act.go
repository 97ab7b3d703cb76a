package model

import (
	"crypto/sha256"
	_ "embed" // the weights
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"winnow/rules"
	"winnow/text"
)

//go:embed weights.bin.gz
var weights []byte

// builtin returns the embedded model.
var builtin = sync.OnceValues(func() (*Model, error) { return Read(weights) })

// ID is the ID of the rule that the model stands behind.
const ID rules.ID = "model/universal"

// Confidence is the lower bound of the model's precision, from the judgement
// on publishers that were left out; see the README.
const Confidence = 0.95

// Pack returns the embedded model as a pack of one rule, for the sets of those
// who want it.
func Pack(mode rules.Mode) (*rules.Pack, error) {
	m, err := builtin()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(weights)
	return &rules.Pack{Name: "model", Rules: []*rules.Rule{{
		ID: ID, Kind: rules.KindModel, Category: rules.Nav, Mode: mode, Where: rules.Anywhere,
		Why:        "Lines that look like the furniture of a page, by their words, shape, place and neighbours.",
		Text:       []string{"weights " + hex.EncodeToString(sum[:6])},
		Confidence: Confidence,
		Origin:     "model",
		Scorer:     m,
	}}}, nil
}

// A state is the memory that one text needs.
type state struct {
	in      Input
	view    View
	scores  []int32
	asked   []int32
	cut     []bool
	reasons []byte
	ends    []int
}

var states = sync.Pool{New: func() any { return &state{} }}

// Score implements rules.Scorer. It passes over texts that are no article (see
// Input.Article), in which rules took nothing or hardly a line speaks as menus
// do, what rules took already, the document's title, and dates.
func (m *Model) Score(seg *text.Segments, taken []bool) []rules.Scored {
	if len(seg.Units) < fewest || !slices.Contains(taken, true) {
		return nil // see unruled
	}
	s := states.Get().(*state)
	s.in.Reset(seg, taken)
	var out []rules.Scored
	if s.in.Article() && s.in.Speaks() {
		s.in.Prepare()
		s.scores = m.Scores(&s.in, &s.view, s.scores[:0])
		s.asked = Asked(&s.in, s.scores, s.asked[:0])
		s.cut = m.Cuts(&s.in, s.scores, s.asked, s.cut)
		out = m.act(s, seg)
	}
	s.in.seg, s.in.taken = nil, nil
	states.Put(s)
	return out
}

func (m *Model) act(s *state, seg *text.Segments) []rules.Scored {
	n := 0
	for _, cut := range s.cut {
		if cut {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	out := make([]rules.Scored, 0, n)
	s.reasons, s.ends = s.reasons[:0], s.ends[:0]
	for u, cut := range s.cut {
		if cut {
			out = append(out, rules.Scored{Unit: u, Category: category(seg, u)})
			s.reasons = m.reason(s.reasons, &s.in, u, s.scores[u])
			s.ends = append(s.ends, len(s.reasons))
		}
	}
	reasons, at := string(s.reasons), 0 // one string for all
	for i, end := range s.ends {
		out[i].Reason = reasons[at:end]
		at = end
	}
	return out
}

// Asked appends to out how much more than elsewhere is asked of the score of each unit:
//   - of all, the less of the text is prose;
//   - of headings, which stand above prose, as the title does above the first of
//     it; of lines among the prose that stand there twice, as a table of contents
//     and its headings do; of numbered lines; of code among the prose;
//   - much more where most lines around hold numbers, as the rows of a table do;
//   - of what is written without spaces between words: there was too little to learn from;
//   - more than there is of dates, the title, and headings with the mark of a link to themselves.
func Asked(in *Input, scores, out []int32) []int32 {
	prose := int32(max(0, manyShare-in.share()))
	for u, score := range scores {
		if score < 0 {
			out = append(out, 0) // it stays, whatever is asked
			continue
		}
		unit, asked := &in.seg.Units[u], prose
		t := unit.Span.In(in.seg.Text)
		switch {
		case dated(in.seg, u) || strings.HasSuffix(t, " #") || strings.HasSuffix(t, "¶"):
			asked = never
		case in.numbers(u):
			asked += surest
		case unit.Tokens.Len() >= 4 && above(scores, u), in.zone[u] == 1 && in.twin[u] == 2,
			numbered(t), in.shapes[u].marks&markCode != 0 && beside(u, in.lo, in.hi) == 0, strings.ContainsFunc(t, asian):
			asked += surer
		}
		out = append(out, asked)
	}
	return out
}

// numbered reports whether t begins like an entry of a numbered list: "1. ", "2) ", "3.1 ".
func numbered(t string) bool {
	i, dots := 0, 0
	for i < len(t) && ('0' <= t[i] && t[i] <= '9' || i > 0 && (t[i] == '.' || t[i] == ')')) {
		if t[i] == '.' || t[i] == ')' {
			dots++
		}
		i++
	}
	return i > 0 && i < 8 && dots > 0 && i < len(t) && t[i] == ' '
}

// asian reports whether r is a character of a script that is written without spaces between words.
func asian(r rune) bool { return r >= 0x2E80 && r <= 0x9FFF || r >= 0xAC00 && r <= 0xD7AF }

// surer is how much more than elsewhere is asked for where a title or heading
// may stand, surest where data may.
const (
	surer  = 2 * Unit
	surest = 4 * Unit
)

// above reports whether one of the few units below u is plainly content.
func above(scores []int32, u int) bool {
	for v := u + 1; v < len(scores) && v <= u+4; v++ {
		if scores[v] <= -2*Unit {
			return true
		}
	}
	return false
}

// dated reports whether unit u holds the document's title, a date or no word at all.
func dated(seg *text.Segments, u int) bool {
	words := false
	for _, t := range seg.TokensOf(seg.Units[u].Tokens) {
		if t.Hash == text.SlotTitle || t.Hash == text.SlotDate {
			return true
		}
		words = words || !text.IsSlot(t.Hash) && t.Hash != text.MarkQuote
	}
	return !words
}
