package audit

import (
	"hash/maphash"
	"strings"
)

// A seen answers whether words stand in a text. It scans the text, until that
// has cost scanLimit bytes; from then on it asks an index of all runs of up to
// seenWords words, so that a document with 100,000 removals is assessed in
// seconds and a common one needs no index. Longer runs then count as seen where
// all runs of seenWords words in them are.
type seen struct {
	of    string
	text  string // as words gives it; empty until it is needed
	spent int
	runs  map[uint64]int32 // how often each run of words stands there; nil until it is needed
	seed  maphash.Seed
}

const (
	scanLimit = 32 << 20
	seenWords = 4
)

// holds reports whether the words of q, as words gives it, stand in s more
// often than in own, a part of s that does not count. Own may be nil.
func (s *seen) holds(q string, own *seen) bool {
	s.read()
	if own != nil {
		own.read()
	}
	if s.runs == nil {
		if s.spent += len(s.text); s.spent <= scanLimit {
			if own == nil {
				return strings.Contains(s.text, q)
			}
			return strings.Contains(strings.Replace(s.text, own.text, " ", 1), q)
		}
		s.index()
	}
	if own != nil && own.runs == nil {
		own.index()
	}
	fields := strings.Fields(q)
	n := min(len(fields), seenWords)
	for i := 0; i+n <= len(fields); i++ {
		run := " " + strings.Join(fields[i:i+n], " ") + " "
		left := s.runs[maphash.String(s.seed, run)]
		if own != nil {
			left -= own.runs[maphash.String(own.seed, run)]
		}
		if left <= 0 {
			return false
		}
	}
	return true
}

func (s *seen) read() {
	if s.text == "" {
		s.text = words(s.of)
	}
}

// index counts the runs of one to seenWords words of s.
func (s *seen) index() {
	s.runs, s.seed = map[uint64]int32{}, maphash.MakeSeed()
	var starts [seenWords]int // where the last words begin, with the space before them; the latest last
	n := 0
	for at := 0; ; {
		end := strings.IndexByte(s.text[at+1:], ' ')
		if end < 0 {
			return
		}
		end += at + 1
		copy(starts[:], starts[1:])
		starts[seenWords-1] = at
		n = min(n+1, seenWords)
		for _, start := range starts[seenWords-n:] {
			s.runs[maphash.String(s.seed, s.text[start:end+1])]++
		}
		at = end
	}
}
