package sqlstore

import (
	"strconv"
	"strings"
)

// What matches say (audit.Match.Reason) is a third of a decision of the model's:
// a sentence for each line, made of few phrases, words of the text, and numbers.
// In tables it is written as such, so that it takes less than zstd makes of it at
// a fifth of the work. A sentence of any other kind is written just as exactly.
//
// A sentence is a list of varints with a 0 behind:
//
//	1         a phrase that was not there before: its length and bytes
//	2 and up  a phrase: its place among phrases, and then those of this blob
//	below 0   a number; see figure

// phrases come often. The list is part of the form of a blob: it may only ever
// become longer at its end, by phrases that no blob has been written without.
var phrases = []string{"score", " with what stands around it;",
	" its length, case and ending", " its length", " its ending", " its case", " signs and numbers in it", " the length of its words",
	" its distance from the head", " its distance from the tail", " its place in the text", " its place and length", " the line before",
	" the line after", " the line before the last", " the line after the next", " the lines around", " a run of short lines",
	" stands here more than once", " what rules took beside it", " the sentences on its line", " its place before or behind the prose",
	" its form and place beside the prose", " how much of it the story speaks of", " its place beside the story",
	" its first and last word together"}

var phraseNumbers = func() map[string]int {
	m := map[string]int{}
	for i, p := range phrases {
		m[p] = i + 2
	}
	return m
}()

// said writes a sentence.
func (w *writer) said(s string) {
	if w.phrases == nil {
		w.string(s)
		return
	}
	from := 0
	for at := 0; ; at++ {
		next := strings.IndexByte(s[at:], ' ')
		if next < 0 {
			break
		}
		at += next
		if n, size := figure(s[at:]); size > 0 {
			w.phrase(s[from:at])
			w.int(n)
			from = at + size
			at = from - 1
		} else if at > 0 && s[at-1] == ';' {
			w.phrase(s[from:at])
			from = at
		}
	}
	w.phrase(s[from:])
	w.int(0)
}

func (w *writer) phrase(s string) {
	if s == "" {
		return
	}
	n := phraseNumbers[s]
	if n == 0 {
		n = w.phrases[s]
	}
	if n > 0 {
		w.int(n)
		return
	}
	w.phrases[s] = len(phrases) + len(w.phrases) + 2
	w.int(1)
	w.string(s)
}

// said reads a sentence.
func (r *reader) said() string {
	if r.phrases == nil {
		return r.string()
	}
	var b []byte
	for {
		switch n := r.int(); {
		case n == 0:
			return string(b)
		case n < 0:
			b = appendFigure(b, n)
		case n == 1:
			s := r.string()
			r.phrases = append(r.phrases, s)
			b = append(b, s...)
		case n-2 < len(r.phrases):
			b = append(b, r.phrases[n-2]...)
		default:
			r.bad, r.b = true, ""
			return ""
		}
	}
}

var signs = [...]string{"", "+", "-"}

// figure reads a number at the beginning of s: a space, "+", "-" or neither,
// digits, a point, one digit, and a comma or none. It returns a number below 0 from
// which appendFigure makes the same, and how long it is; 0, 0 where there is none.
func figure(s string) (n, size int) {
	at, sign := 1, 0
	if at < len(s) && s[at] == '+' {
		at, sign = 2, 1
	} else if at < len(s) && s[at] == '-' {
		at, sign = 2, 2
	}
	whole, from := 0, at
	for ; at < len(s) && at < from+6 && '0' <= s[at] && s[at] <= '9'; at++ {
		whole = 10*whole + int(s[at]-'0')
	}
	if at == from || s[from] == '0' && at > from+1 || at+1 >= len(s) || s[at] != '.' || s[at+1] < '0' || s[at+1] > '9' {
		return 0, 0
	}
	n = 2 * (len(signs)*(10*whole+int(s[at+1]-'0')) + sign)
	if at += 2; at < len(s) && s[at] == ',' {
		at, n = at+1, n+1
	}
	return -n - 1, at
}

func appendFigure(b []byte, n int) []byte {
	n = -n - 1
	comma := n%2 == 1
	n /= 2
	b = append(append(b, ' '), signs[n%len(signs)]...)
	n /= len(signs)
	b = append(strconv.AppendInt(b, int64(n/10), 10), '.', byte('0'+n%10))
	if comma {
		b = append(b, ',')
	}
	return b
}
