package text

import "math/bits"

// A Fingerprint is a 64-bit hash of a sequence of tokens. Two texts that differ
// only in case, white space, punctuation (quotation marks excepted), Unicode
// compatibility forms, mojibake, or in the dates, times, numbers, URLs, e-mail
// addresses, handles and own titles that they hold have the same Fingerprint.
// Zero is the fingerprint of no token at all.
type Fingerprint uint64

// Print returns the fingerprint of toks.
func Print(toks []Token) Fingerprint {
	var f Fold
	for i := range toks {
		f = f.Add(toks[i].Hash)
	}
	return f.Print()
}

// PrintOf returns the fingerprint of t as one unit.
func PrintOf(t string) Fingerprint { return Print(Tokenize(t)) }

// A Fold is a fingerprint in the making. The zero Fold has no token yet.
type Fold uint64

// Add returns f with one more token.
func (f Fold) Add(h uint64) Fold {
	return Fold((bits.RotateLeft64(uint64(f), 23) ^ h) * 0x9E3779B97F4A7C15)
}

// Print returns the fingerprint of the tokens added. The finisher is
// MurmurHash3's, by Austin Appleby.
func (f Fold) Print() Fingerprint {
	h := uint64(f)
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	h ^= h >> 33
	return Fingerprint(h)
}

// mergeSlots brings the tokens from index from on to their final form: month
// names with the numbers around them become one date, "10:42 AM" one time,
// and title, where it is not empty, one slot wherever it stands. numbers says
// whether there are numbers, dates or times among them.
func mergeSlots(toks []Token, from int, numbers bool, title []Token) []Token {
	u := toks[from:]
	if numbers {
		u = mergeDates(u)
	}
	if len(title) > 0 {
		u = mergeTitle(u, title)
	}
	return toks[:from+len(u)]
}

func mergeTitle(u, title []Token) []Token {
	i, first := 0, title[0].Hash
	for i+len(title) <= len(u) && (u[i].Hash != first || !sameTokens(u[i:], title)) {
		i++
	}
	if i+len(title) > len(u) {
		return u
	}
	w := i
	for i < len(u) {
		if len(u)-i >= len(title) && sameTokens(u[i:], title) {
			u[w] = Token{SlotTitle, u[i].Start, u[i+len(title)-1].End}
			i += len(title)
		} else {
			u[w] = u[i]
			i++
		}
		w++
	}
	return u[:w]
}

// sameTokens reports whether a begins with the tokens of b.
func sameTokens(a, b []Token) bool {
	for i := range b {
		if a[i].Hash != b[i].Hash {
			return false
		}
	}
	return true
}

// mergeDates rewrites u in place. A date is a run of date words (month and
// weekday names, "de", the year, month and day signs of East Asia) and
// numbers that holds a month and a number and begins and ends with a weekday,
// a month or a number; a time of day that follows a date stays a token of its own.
func mergeDates(u []Token) []Token {
	w := 0
	for i := 0; i < len(u); {
		k := u[i].Hash
		word := dateWord(k)
		if word == 0 && k != SlotNumber && k != SlotTime {
			u[w] = u[i]
			w, i = w+1, i+1
			continue
		}
		if k == SlotTime {
			u[w] = u[i]
			i++
			for i < len(u) && dateWord(u[i].Hash) == timeWord {
				u[w].End = u[i].End
				i++
			}
			w++
			continue
		}
		j, last, month, number := i, -1, false, false
		for ; j < len(u) && j-i < 8; j++ {
			h := u[j].Hash
			switch kind := dateWord(h); {
			case h == SlotNumber:
				number, last = true, j
			case kind == monthWord:
				if month && !eastAsian[h] {
					goto end
				}
				month, last = true, j
			case kind == weekdayWord && !month && !number:
			case kind == signWord:
				last = j
			case kind == linkWord && j > i:
			default:
				goto end
			}
		}
	end:
		if month && number && last > i && word != linkWord && word != signWord && word != timeWord {
			u[w] = Token{SlotDate, u[i].Start, u[last].End}
			i = last + 1
		} else {
			u[w] = u[i]
			i++
		}
		w++
	}
	return u[:w]
}

// dateWord returns the kind of date word that h is the hash of, or 0.
func dateWord(h uint64) uint8 {
	if dateFilter[h>>6&63]&(1<<(h&63)) == 0 { // most words are none, and a map takes ten times as long to say so
		return 0
	}
	return dateWords[h]
}

// dateFilter has a bit for the hash of each of dateWords.
var dateFilter = func() (f [64]uint64) {
	for k := range dateWords {
		f[k>>6&63] |= 1 << (k & 63)
	}
	return
}()

const (
	monthWord = iota + 1
	weekdayWord
	linkWord
	signWord
	timeWord
)

var eastAsian = map[uint64]bool{}

var dateWords = func() map[uint64]uint8 {
	m := map[uint64]uint8{}
	add := func(kind uint8, words ...string) {
		for _, w := range words {
			m[HashWord(w)] = kind
		}
	}
	add(linkWord, "de", "of", "del", "den", "the")
	add(signWord, "年", "日", "г", "года")
	add(timeWord, "am", "pm", "utc", "gmt", "est", "edt", "et", "pst", "pdt", "pt", "bst", "cet", "cest", "ist", "uhr", "мск")
	add(weekdayWord, "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "tues", "wed", "thu",
		"thur", "thurs", "fri", "sat", "sun", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag", "lundi",
		"mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado",
		"domingo", "segunda", "terça", "quarta", "quinta", "sexta", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato",
		"domenica", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")
	add(monthWord, "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
		"december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
		"januar", "jänner", "februar", "märz", "mai", "juni", "juli", "oktober", "dezember", "mär", "okt", "dez",
		"janvier", "février", "mars", "avril", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
		"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "setiembre", "octubre", "noviembre", "diciembre",
		"janeiro", "fevereiro", "março", "maio", "junho", "julho", "setembro", "outubro", "novembro", "dezembro",
		"gennaio", "febbraio", "aprile", "maggio", "giugno", "luglio", "settembre", "ottobre", "dicembre",
		"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря", "月")
	eastAsian[HashWord("月")] = true
	return m
}()
