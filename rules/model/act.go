package model

import (
	"crypto/sha256"
	_ "embed" // the weights
	"encoding/hex"
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
	in     Input
	view   View
	scores []int32
}

var states = sync.Pool{New: func() any { return &state{} }}

// Score implements rules.Scorer. It passes over texts that are no article (see
// Input.Article), what rules took already, the document's title, and dates.
func (m *Model) Score(seg *text.Segments, taken []bool) []rules.Scored {
	if len(seg.Units) < fewest {
		return nil
	}
	s := states.Get().(*state)
	s.in.Reset(seg, taken)
	var out []rules.Scored
	if s.in.Article() {
		s.scores = m.Scores(&s.in, &s.view, s.scores[:0])
		out = m.act(s, seg, taken)
	}
	s.in.seg, s.in.taken = nil, nil
	states.Put(s)
	return out
}

func (m *Model) act(s *state, seg *text.Segments, taken []bool) []rules.Scored {
	var out []rules.Scored
	for u, cut := range m.Cuts(s.scores, taken, Asked(&s.in, s.scores)) {
		if cut {
			out = append(out, rules.Scored{Unit: u, Category: category(seg, u), Reason: m.reason(&s.in, u, s.scores[u])})
		}
	}
	return out
}

// Cuts reports of each unit whether its score is high enough for its place.
// asked is what Asked returned.
func (m *Model) Cuts(scores []int32, taken []bool, asked []int32) []bool {
	cut := make([]bool, len(scores))
	for u, sc := range scores {
		cut[u] = !taken[u] && sc-asked[u] >= m.Least
	}
	// Furniture comes in company; one short line alone may be a heading or a name.
	for lo := 0; lo < len(cut); {
		hi := lo
		for hi < len(cut) && (cut[hi] || taken[hi]) {
			hi++
		}
		if hi-lo < company {
			for u := lo; u < hi; u++ {
				cut[u] = cut[u] && scores[u]-asked[u] >= m.Least+surer
			}
		}
		lo = max(hi, lo+1)
	}
	return cut
}

// company is the number of units in a row, found by the model or taken by
// rules, from which each needs no more than its own score.
const company = 3

// Asked returns how much more than elsewhere is asked of the score of each
// unit: of headings, which stand above prose, as the title does above the
// first of it; of lines among the prose that stand there twice, as a table of
// contents and its headings do; and more than there is of dates and the title.
func Asked(in *Input, scores []int32) []int32 {
	out := make([]int32, len(scores))
	for u := range out {
		unit := &in.seg.Units[u]
		switch {
		case dated(in.seg, u):
			out[u] = 1 << 20
		case unit.Tokens.Len() >= 4 && above(scores, u), in.zone[u] == 1 && in.twins[unit.Print] == 2:
			out[u] = surer
		}
	}
	return out
}

// surer is how much more than elsewhere is asked for where a title or heading may stand.
const surer = 2 * Unit

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
