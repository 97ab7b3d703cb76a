package blocks

import (
	"unicode"
	"unicode/utf8"
)

// What a block's text looks like, in numbers.
type shape struct {
	chars, words, letters, upper, digits int
	commas, stops, ends                  int // commas; function words; ends of sentences
	marks                                int // bars, bullets, arrows, slashes
	symbols                              int
	titled                               int // words that begin with a capital
	endsWell                             bool
	startsUpper                          bool
	price, year, clock, mail, address    bool
	copyright, question, exclaim         bool
	colonEnd, ellipsis                   bool
	cjk                                  int
	cues                                 [nCues]uint8
	cueFirst                             int      // the cue of the first word or two, 0 for none
	hashes                               []uint64 // of the words, the first mostHashes
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211

	// mostHashes bounds the words of a block that are compared with others.
	mostHashes = 4096
)

// read fills in the shape of t.
func (s *shape) read(t string) {
	var word [24]byte
	n, long := 0, false
	h := uint64(fnvOffset)
	first := true
	digits := 0
	wordUpper := false
	flush := func() {
		if n == 0 && !long {
			return
		}
		s.words++
		if wordUpper {
			s.titled++
		}
		if len(s.hashes) < mostHashes {
			s.hashes = append(s.hashes, h)
		}
		if !long {
			w := word[:n]
			if c := cues[string(w)]; c != 0 {
				if c == cueStop {
					s.stops++
				} else {
					if s.cues[c] < 255 {
						s.cues[c]++
					}
					if s.words <= 2 && s.cueFirst == 0 {
						s.cueFirst = int(c)
					}
				}
			}
			if digits == n {
				switch {
				case n == 4 && (w[0] == '1' && w[1] == '9' || w[0] == '2' && w[1] == '0'):
					s.year = true
				}
			}
		}
		n, long, h, digits, wordUpper = 0, false, fnvOffset, 0, false
	}
	var last rune
	for i := 0; i < len(t); {
		r, size := rune(t[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(t[i:])
		}
		i += size
		if r == ' ' || r == '\n' || r == '\t' {
			flush()
			if r == ' ' && (last == '.' || last == '!' || last == '?') {
				s.ends++
			}
			last = r
			continue
		}
		s.chars++
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r >= 0xC0 && unicode.IsLetter(r):
			s.letters++
			l := r
			if r < utf8.RuneSelf {
				if r < 'a' {
					l = r + 32
				}
			} else {
				l = unicode.ToLower(r)
			}
			if l != r {
				s.upper++
				if n == 0 && !long {
					wordUpper = true
				}
			}
			if first {
				s.startsUpper = l != r
				first = false
			}
			if r >= 0x2E80 && (unicode.Is(unicode.Han, r) || unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Hangul)) {
				s.cjk++
				flush()
				h = (h ^ uint64(l)) * fnvPrime
				long = true
				flush()
				last = r
				continue
			}
			h = (h ^ uint64(l)) * fnvPrime
			if n < len(word) && l < utf8.RuneSelf {
				word[n] = byte(l)
				n++
			} else {
				long = true
			}
		case '0' <= r && r <= '9':
			if first {
				first = false
			}
			s.digits++
			digits++
			if last == '$' || last == '£' || last == '€' || last == '¥' {
				s.price = true
			}
			h = (h ^ uint64(r)) * fnvPrime
			if n < len(word) {
				word[n] = byte(r)
				n++
			} else {
				long = true
			}
		default:
			switch r {
			case '\'', '’', '_', 0xAD:
				last = r
				continue
			case ',', '，', '、', '،':
				s.commas++
			case ';', '“', '”', '"', '(', ')', '-', '–', '—':
			case '.', '。':
			case '!', '！':
				s.exclaim = true
			case '?', '？':
				s.question = true
			case '@':
				s.mail = true
			case '©':
				s.copyright = true
			case '|', '•', '·', '»', '«', '›', '‹', '→', '←', '/', '▼', '▲', '★', '✓', '✔', '×', '+', '>', '<', '\\':
				s.marks++
			case '$', '£', '€', '¥':
				if digits > 0 || last >= '0' && last <= '9' {
					s.price = true
				}
				s.symbols++
			case ':':
				if digits > 0 && i < len(t) && t[i] >= '0' && t[i] <= '9' {
					s.clock = true
				}
				if i+2 < len(t) && t[i] == '/' && t[i+1] == '/' {
					s.address = true
				}
			case '…':
			default:
				s.symbols++
			}
			flush()
		}
		last = r
	}
	flush()
	switch last {
	case '.', '!', '?', '。', '！', '？', '”', '"', '’', ')', '»', '؟', '।':
		s.endsWell = true
		if last != ')' {
			s.ends++
		}
	case ':', '：':
		s.colonEnd = true
	case '…':
		s.ellipsis = true
	}
	if len(t) > 3 && t[len(t)-3:] == "..." {
		s.ellipsis, s.endsWell = true, false
	}
}
