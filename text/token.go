package text

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A Token is a word, a run of digits or another thing that takes part in
// fingerprints. White space and punctuation do not, quotation marks excepted:
// what is quoted is not the thing itself.
type Token struct {
	Hash       uint64 // of the folded word, or one of the Slot values
	Start, End int32  // bytes of the text
}

// Span returns where the token stands.
func (t Token) Span() Span { return Span{int(t.Start), int(t.End)} }

// The hashes of slots: things that vary between copies of the same text.
const (
	SlotNumber uint64 = 0xA11CE5 + iota
	SlotDate
	SlotTime
	SlotURL
	SlotEmail
	SlotHandle
	SlotTitle
	MarkQuote // a quotation mark of any form; no slot
)

// IsSlot reports whether h is the hash of a slot.
func IsSlot(h uint64) bool { return SlotNumber <= h && h <= SlotTitle }

// The hash of a word is that of its folded form, as UTF-8 without a zero byte,
// eight bytes at a time: each eight, the last ones filled up with zeros, are
// multiplied into what was there before, as in wyhash by Wang Yi.
const (
	hashSeed = 0xa0761d6478bd642f
	hashMul  = 0xe7037ed1a0b428db
)

func hashMore(h, eight uint64) uint64 {
	hi, lo := bits.Mul64(h^eight, hashMul)
	return hi ^ lo
}

// hashFolded returns the hash of a word in its folded form.
func hashFolded(w []byte) uint64 {
	h := uint64(hashSeed)
	for ; len(w) > 8; w = w[8:] {
		h = hashMore(h, binary.LittleEndian.Uint64(w))
	}
	var last uint64
	for i, c := range w {
		last |= uint64(c) << (8 * i)
	}
	return hashMore(h, last)
}

// eightAt returns the eight bytes of t from i on, the first one lowest, with
// zeros for those after its end.
func eightAt(t string, i int) uint64 {
	if i+8 <= len(t) {
		t = t[i : i+8]
		return uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
	}
	var x uint64
	for j := len(t) - 1; j >= i; j-- {
		x = x<<8 | uint64(t[j])
	}
	return x
}

const ones, highBits = 0x0101010101010101, 0x8080808080808080

// letters returns how many of the eight bytes of x, from the lowest on, are
// ASCII letters up to the first that is none, and those in lower case.
func letters(x uint64) (n int, folded uint64) {
	y := x | 0x20*ones
	seven := y &^ highBits
	// The high bit of each byte: whether it is no letter.
	no := ^(seven + (0x80-'a')*ones) | (seven + (0x80-'z'-1)*ones) | x
	n = bits.TrailingZeros64(no&highBits) >> 3
	return n, y & (1<<(8*n) - 1)
}

// byte classes
const (
	cOther = iota
	cLetter
	cDigit
	cQuote
	cAt
	cHigh
)

var class = func() (c [256]uint8) {
	for b := 'a'; b <= 'z'; b++ {
		c[b], c[b-32] = cLetter, cLetter
	}
	for b := '0'; b <= '9'; b++ {
		c[b] = cDigit
	}
	c['"'], c['@'] = cQuote, cAt
	for b := 0x80; b < 256; b++ {
		c[b] = cHigh
	}
	return
}()

// HashWord returns the hash of the token that word makes, which must be one word.
func HashWord(word string) uint64 {
	toks, _ := tokenize(nil, word, 0, len(word), math.MaxInt)
	if len(toks) != 1 {
		panic("text: HashWord: " + word + " is not one word")
	}
	return toks[0].Hash
}

// Tokenize returns the tokens of t, slots merged.
func Tokenize(t string) []Token {
	toks, numbers := tokenize(nil, t, 0, len(t), math.MaxInt)
	return mergeSlots(toks, 0, numbers, nil)
}

// HashAt returns the hash of the token that t[:end] has at i, if one begins
// there; 0 where none does. What stands around it may make more of it: a date, an address.
func HashAt(t string, i, end int) uint64 {
	var buf [1]Token
	toks, _ := tokenize(buf[:0], t, i, min(end, i+maxHashed), 1)
	if len(toks) == 0 || int(toks[0].Start) != i {
		return 0
	}
	return toks[0].Hash
}

// maxHashed is the length in bytes of the longest word that HashAt tells from its beginning.
const maxHashed = 200

// tokenize appends the tokens of t[i:end], the first ones up to most, to toks and
// reports whether there are numbers, dates or times among them. One pass; ASCII words take
// the inner loop, other scripts the slower one in foldWord.
func tokenize(toks []Token, t string, i, end, most int) (_ []Token, numbers bool) {
	first := len(toks)
	var buf [64]byte
	var folded []byte
	for i < end && len(toks)-first < most {
		c := t[i]
		switch class[c] {
		case cLetter:
			start := i
			n, w := letters(eightAt(t, i))
			h := uint64(hashSeed)
			for n == 8 && i+8 < end {
				h = hashMore(h, w)
				i += 8
				n, w = letters(eightAt(t, i))
			}
			if i+n > end { // what comes after the unit
				n = end - i
				w &= 1<<(8*n) - 1
			}
			i += n
			if n > 0 {
				h = hashMore(h, w)
			}
			if i < end && t[i] != ' ' {
				switch c := t[i]; {
				case class[c] == cHigh && !wordOver(t[i:end]) || class[c] == cDigit || c == '\'':
					folded, i = foldWord(buf[:0], t, start, end)
					h = hashFolded(folded)
				case c == ':' && i+2 < end && t[i+1] == '/' && t[i+2] == '/', c == '.' && h == hashWWW:
					i = urlEnd(t, i, end)
					h = SlotURL
				}
			}
			toks = append(toks, Token{h, int32(start), int32(i)})
		case cDigit:
			start := i
			var h uint64
			h, i = number(t, i, end)
			numbers = true
			toks = append(toks, Token{h, int32(start), int32(i)})
		case cQuote:
			toks = append(toks, Token{MarkQuote, int32(i), int32(i + 1)})
			i++
		case cAt:
			toks, i = at(toks, first, t, i, end)
		case cHigh:
			if c == 0xE2 && i+2 < end && t[i+1] == 0x80 && t[i+2] < 0xC0 { // general punctuation
				if quoteMark[t[i+2]] {
					toks = append(toks, Token{MarkQuote, int32(i), int32(i + 3)})
				}
				i += 3
				continue
			}
			n := len(toks)
			toks, i = high(toks, t, i, end)
			numbers = numbers || len(toks) > n && toks[n].Hash == SlotNumber
		default:
			i++
		}
	}
	return toks, numbers
}

// quoteMark holds the last bytes, in UTF-8, of the runes from U+2000 to U+203F
// that are quotation marks. None of the others begins a word.
var quoteMark = func() (is [256]bool) {
	for r := rune(0x2000); r < 0x2040; r++ {
		is[string(r)[2]] = fold(r) == quote
	}
	return
}()

var hashWWW = hashFolded([]byte("www"))

// wordOver reports whether t, which begins with a byte from 0x80 up, begins
// with general punctuation that ends a word: a dash, a quotation mark, an
// ellipsis, a space. It may say no of such a text too.
func wordOver(t string) bool {
	return len(t) > 2 && t[0] == 0xE2 && t[1] == 0x80 && !inWord[t[2]]
}

// inWord holds the last bytes, in UTF-8, of the runes from U+2000 to U+203F
// that may stand in a word.
var inWord = func() (in [256]bool) {
	for r := rune(0x2000); r < 0x2040; r++ {
		f := fold(r)
		in[string(r)[2]] = f != 0 && f != quote
	}
	return
}()

// foldWord appends the folded form of the word at i to dst and returns where
// the word ends: ASCII letters, other scripts, digits inside a word,
// apostrophes between letters.
func foldWord(dst []byte, t string, i, end int) ([]byte, int) {
	for from := len(dst); i < end; {
		c := t[i]
		switch class[c] {
		case cLetter:
			if combining(t[i+1 : end]) {
				dst, i, _ = foldComplex(dst, t, i, end)
				continue
			}
			dst = append(dst, c|0x20)
			i++
		case cDigit:
			dst = append(dst, c)
			i++
		case cHigh:
			r, n := decode(t[i:end])
			f := fold(r)
			if f == apostrophe {
				if !letterAt(t, i+n, end) {
					return dst, i
				}
				i += n
				continue
			}
			if f > 0 && ideograph(f) && len(dst) == from {
				return utf8.AppendRune(dst, f), i + n
			}
			if f == 0 || f == quote || ideograph(f) {
				return dst, i
			}
			if f == complexRune || combining(t[i+n:end]) {
				var ok bool
				dst, i, ok = foldComplex(dst, t, i, end)
				if !ok {
					return dst, i
				}
				continue
			}
			if f != ignorable {
				dst = utf8.AppendRune(dst, f)
			}
			i += n
		default:
			if c == '\'' && letterAt(t, i+1, end) {
				i++
				continue
			}
			return dst, i
		}
	}
	return dst, i
}

// foldComplex folds one grapheme-like run (a rune that NFKC may change and the marks on it).
func foldComplex(dst []byte, t string, i, end int) ([]byte, int, bool) {
	_, n := utf8.DecodeRuneInString(t[i:end])
	j := i + n
	for j < end && combining(t[j:end]) {
		_, m := utf8.DecodeRuneInString(t[j:end])
		j += m
	}
	folded := false
	for _, r := range norm.NFKC.String(t[i:j]) {
		r = unicode.ToLower(r)
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
			dst = utf8.AppendRune(dst, r)
			folded = true
		}
	}
	return dst, j, folded
}

func letterAt(t string, i, end int) bool {
	if i >= end {
		return false
	}
	if class[t[i]] != cHigh {
		return class[t[i]] == cLetter
	}
	r, _ := utf8.DecodeRuneInString(t[i:end])
	return unicode.IsLetter(r)
}

func combining(t string) bool {
	if len(t) == 0 || t[0] < 0xCC {
		return false
	}
	r, _ := utf8.DecodeRuneInString(t)
	return unicode.Is(unicode.Mn, r)
}

const (
	complexRune = -1 // needs NFKC
	ignorable   = -2 // part of a word that leaves no trace: soft hyphen, joiners
	apostrophe  = -3
	quote       = -4
)

// low folds the runes below 0x590 (Latin, Greek, Cyrillic, Armenian).
var low = func() (f [0x590]rune) {
	for r := rune(0x80); r < 0x590; r++ {
		switch {
		case r == 0xAD:
			f[r] = ignorable
		case r == '«' || r == '»':
			f[r] = quote
		case unicode.IsLetter(r):
			if norm.NFKC.IsNormalString(string(r)) && !unicode.Is(unicode.Lm, r) {
				f[r] = unicode.ToLower(r)
			} else {
				f[r] = complexRune
			}
		case unicode.Is(unicode.Mn, r):
			f[r] = complexRune
		}
	}
	return
}()

// fold returns the rune that r counts as in a word, one of the constants
// above, or 0 where r is no part of a word.
func fold(r rune) rune {
	if r < 0x80 {
		if class[r] == cLetter {
			return r | 0x20
		}
		if class[r] == cDigit {
			return r
		}
		return 0
	}
	if r < 0x590 {
		return low[r]
	}
	switch {
	case r == '’' || r == '‘' || r == 'ʼ' || r == '＇':
		return apostrophe
	case r == '“' || r == '”' || r == '„' || r == '‟' || r == '「' || r == '」' || r == '『' || r == '』' || r == '＂' || r == '〝' || r == '〞':
		return quote
	case 0x200B <= r && r <= 0x200D || r == 0x2060 || r == 0xFEFF:
		return ignorable
	case 0x2000 <= r && r <= 0x206F:
		return 0
	case 0x4E00 <= r && r <= 0x9FFF, 0x3041 <= r && r <= 0x3096, 0x30A1 <= r && r <= 0x30FA, r == 0x30FC, 0x3400 <= r && r <= 0x4DBF:
		return r
	case 0xAC00 <= r && r <= 0xD7A3:
		return r
	case r == utf8.RuneError:
		return 0
	}
	if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) {
		return complexRune
	}
	return 0
}

// ideograph reports whether r is a token by itself, since its script sets no spaces.
func ideograph(r rune) bool {
	return 0x3041 <= r && r <= 0x30FF || 0x3400 <= r && r <= 0x9FFF
}

// decode returns the rune that t begins with and its length in bytes.
// Full-width ASCII is read as ASCII, and the commonest mojibake (UTF-8 read as
// Windows-1252 and encoded again) as what it was.
func decode(t string) (rune, int) {
	r, n := utf8.DecodeRuneInString(t)
	switch {
	case 0xFF01 <= r && r <= 0xFF5E:
		return r - 0xFEE0, n
	case r == 0xC2 || r == 0xC3 || r == 0xE2:
		if m, k := mojibake(t); k > 0 {
			return m, k
		}
	}
	return r, n
}

// mojibake returns the rune that t begins with when its first two or three
// runes are read as the Windows-1252 bytes of a UTF-8 sequence, and how many
// bytes of t that takes; 0 where it is none.
func mojibake(t string) (rune, int) {
	var raw [4]byte
	k := 0
	for i, r := range t {
		b, ok := windows1252(r)
		if !ok || k == len(raw) {
			break
		}
		raw[k] = b
		k++
		if want := seqLen(raw[0]); want == 0 {
			return 0, 0
		} else if k == want {
			m, n := utf8.DecodeRune(raw[:k])
			if m == utf8.RuneError || n != k {
				return 0, 0
			}
			return m, i + utf8.RuneLen(r)
		}
	}
	return 0, 0
}

func seqLen(b byte) int {
	switch {
	case b == 0xC2 || b == 0xC3:
		return 2
	case b == 0xE2:
		return 3
	}
	return 0
}

// windows1252 returns the byte of r in Windows-1252, for the bytes from 0x80 up.
func windows1252(r rune) (byte, bool) {
	if 0xA0 <= r && r <= 0xFF || 0x80 <= r && r < 0xA0 {
		return byte(r), true
	}
	for i, x := range [...]rune{'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
		0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ'} {
		if x == r && x != 0 {
			return byte(0x80 + i), true
		}
	}
	return 0, false
}

// high handles a token that begins with a byte from 0x80 up.
func high(toks []Token, t string, i, end int) ([]Token, int) {
	r, n := decode(t[i:end])
	switch f := fold(r); {
	case f == quote:
		return append(toks, Token{MarkQuote, int32(i), int32(i + n)}), i + n
	case f == 0 || f == ignorable || f == apostrophe:
		return toks, i + n
	case f > 0 && ideograph(f):
		var buf [4]byte
		return append(toks, Token{hashFolded(utf8.AppendRune(buf[:0], f)), int32(i), int32(i + n)}), i + n
	case '0' <= f && f <= '9': // full-width digits
		j := i
		for j < end {
			r, n := decode(t[j:end])
			if r < '0' || r > '9' {
				break
			}
			j += n
		}
		return append(toks, Token{SlotNumber, int32(i), int32(j)}), j
	default:
		var buf [64]byte
		folded, j := foldWord(buf[:0], t, i, end)
		if j == i { // a mark or letter that folds to nothing
			return toks, i + n
		}
		if len(folded) == 0 {
			return toks, j
		}
		return append(toks, Token{hashFolded(folded), int32(i), int32(j)}), j
	}
}

// number reads a number, a date in digits or a time of day that begins at i.
func number(t string, i, end int) (uint64, int) {
	var colons, dashes, dots, slashes int
	start := i
	for i < end {
		c := t[i]
		if class[c] == cDigit {
			i++
			continue
		}
		if i+1 < end && class[t[i+1]] == cDigit {
			switch c {
			case ':':
				colons++
			case '-':
				dashes++
			case '.':
				dots++
			case '/':
				slashes++
			case ',', '\'':
			case 'T': // 2015-09-19T10:00:00
				if dashes != 2 {
					return SlotNumber, i
				}
			default:
				goto done
			}
			i++
			continue
		}
		break
	}
done:
	h := SlotNumber
	switch {
	case (dashes == 2 || slashes == 2 || dots == 2) && i-start >= 6:
		h = SlotDate
		if i < end && t[i] == 'Z' {
			i++
		}
	case colons > 0 && colons <= 2 && dashes+slashes == 0:
		h = SlotTime
	}
	// ordinals, and the halves of the day
	if i+1 < end && (i+2 == end || class[t[i+2]] == cOther) {
		switch string([]byte{t[i] | 0x20, t[i+1] | 0x20}) {
		case "st", "nd", "rd", "th":
			i += 2
		case "am", "pm":
			return SlotTime, i + 2
		}
	}
	return h, i
}

// urlEnd returns where a URL that has begun before i ends.
func urlEnd(t string, i, end int) int {
	for i < end && t[i] > ' ' && t[i] != '<' && t[i] != '>' && t[i] != '"' && t[i] < 0x80 {
		i++
	}
	for i > 0 && (t[i-1] == '.' || t[i-1] == ',' || t[i-1] == ')' || t[i-1] == ';') {
		i--
	}
	return i
}

// at handles an @: the middle of an e-mail address, the beginning of a handle, or nothing.
// The tokens before first belong to another unit.
func at(toks []Token, first int, t string, i, end int) ([]Token, int) {
	j := i + 1
	for j < end && (class[t[j]] == cLetter || class[t[j]] == cDigit || t[j] == '_' || (t[j] == '.' || t[j] == '-') && j+1 < end && class[t[j+1]] == cLetter) {
		j++
	}
	if j == i+1 {
		return toks, j
	}
	start := i
	for len(toks) > first && int(toks[len(toks)-1].End) == start {
		start = int(toks[len(toks)-1].Start)
		toks = toks[:len(toks)-1]
		if start > 0 && (t[start-1] == '.' || t[start-1] == '_' || t[start-1] == '-' || t[start-1] == '+') &&
			len(toks) > first && int(toks[len(toks)-1].End) == start-1 {
			start--
		}
	}
	h := SlotHandle
	if start < i {
		h = SlotEmail
	}
	return append(toks, Token{h, int32(start), int32(j)}), j
}
