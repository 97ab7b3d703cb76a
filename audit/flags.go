package audit

import (
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"winnow/rules"
)

// Assess counts what d removed and says what may be wrong with it: it sets
// Size, Removed, RemovedBytes, Shadow, ShadowBytes, Flags and Risk of d, and
// Flags and Risk of its removals. It looks at d.Clean and its removals alone, so
// the same decision is always assessed alike. It takes time linear in the texts,
// see seen.
func Assess(d *Decision) {
	d.Size, d.Removed, d.RemovedBytes, d.Shadow, d.ShadowBytes, d.Flags, d.Risk = len(d.Clean), 0, 0, 0, 0, 0, 0
	for i := range d.Removals {
		r := &d.Removals[i]
		r.N, r.Flags, r.Risk = i, 0, 0
		if r.Mode == rules.Enforce {
			d.Removed++
			d.RemovedBytes += r.Span.Len()
			d.Size += r.Span.Len()
		} else {
			d.Shadow++
			d.ShadowBytes += r.Span.Len()
		}
	}
	kept := &seen{of: d.Clean}
	share := d.Share()
	for i := range d.Removals {
		r := &d.Removals[i]
		if r.Stage == rules.StageRepair {
			continue // a second copy of what stands there
		}
		var own *seen
		if r.Mode != rules.Enforce { // its text is still there
			own = &seen{of: r.Text}
		}
		r.Flags = flagsOf(r.Text, kept, own)
		r.Risk = risk(r, share)
		d.Flags |= r.Flags
		d.Risk = math.Max(d.Risk, r.Risk)
	}
	budget := d.Options.Budget
	if budget == 0 {
		budget = rules.DefaultBudget
	}
	if share > nearBudget*budget && d.RemovedBytes > 0 {
		d.Flags |= FlagNear
	}
	for _, w := range d.Warnings {
		switch w.Code {
		case rules.OverBudget:
			d.Flags |= FlagOver
		case rules.NothingLeft:
			d.Flags |= FlagNothing
		}
	}
}

// nearBudget is the part of the budget from which a decision counts as near it.
const nearBudget = 0.8

// Prose is a removal of two sentences or more that are as long as a story's.
const (
	proseSentence = 12 // words
	proseBytes    = 160
)

// risk weighs what is flagged, from 0 to 1: names, numbers and quotations by
// what they would cost if they were content, prose most, and all the more the
// less sure the rule is and the more of the document goes. The weights only
// order the queue; they were set by hand.
func risk(r *Removal, share float64) float64 {
	if r.Flags == 0 {
		return 0
	}
	safe := 1.0
	for _, w := range []struct {
		flag   Flags
		weight float64
	}{{FlagName, 0.15}, {FlagNumber, 0.1}, {FlagQuote, 0.35}, {FlagProse, 0.4}} {
		if r.Flags&w.flag != 0 {
			safe *= 1 - w.weight
		}
	}
	unsure := math.Min(1, (1-r.Confidence)*4)
	safe *= 1 - 0.3*unsure
	safe *= 1 - 0.3*share
	if r.Mode != rules.Enforce {
		return (1 - safe) / 2 // nothing is lost yet
	}
	return 1 - safe
}

// flagsOf looks for what a removed text says that the kept text does not. Own,
// where it is not nil, is a part of the kept text that does not count.
func flagsOf(removed string, kept, own *seen) Flags {
	var f Flags
	for _, s := range names(removed) {
		if !kept.holds(words(s), own) {
			f |= FlagName
			break
		}
	}
	for _, s := range numbers(removed) {
		if !kept.holds(" "+s+" ", own) {
			f |= FlagNumber
			break
		}
	}
	for _, s := range quotations(removed) {
		if !kept.holds(words(s), own) {
			f |= FlagQuote
			break
		}
	}
	if prose(removed) {
		f |= FlagProse
	}
	return f
}

// words returns the letters and digits of t in lower case, each run of others
// as one space, with a space at both ends: what two texts have in common
// whatever their punctuation.
func words(t string) string {
	b := make([]byte, 1, len(t)+2)
	b[0] = ' '
	for i := 0; i < len(t); {
		if t[i] < utf8.RuneSelf {
			n := len(b)
			b = slices.Grow(b, len(t)-i)
			b = b[:cap(b)]
			for ; i < len(t) && t[i] < utf8.RuneSelf; i++ {
				c := foldedASCII[t[i]]
				b[n] = c
				if c|b[n-1] != ' ' { // else both are spaces
					n++
				}
			}
			b = b[:n]
			continue
		}
		r, size := utf8.DecodeRuneInString(t[i:])
		i += size
		if table := foldedRunes(); r < rune(len(table)) {
			r = rune(table[r])
		} else {
			r = foldRune(r)
		}
		if r == 0 {
			r = ' '
		}
		if r != ' ' || b[len(b)-1] != ' ' {
			b = utf8.AppendRune(b, r)
		}
	}
	if len(b) == 1 || b[len(b)-1] != ' ' {
		b = append(b, ' ')
	}
	return string(b)
}

// foldedASCII is foldRune for ASCII, with spaces for what is no letter or digit.
var foldedASCII = func() (t [utf8.RuneSelf]byte) {
	for c := range t {
		if t[c] = byte(foldRune(rune(c))); t[c] == 0 {
			t[c] = ' '
		}
	}
	return t
}()

// foldRune returns a letter or digit in lower case, and 0 for anything else.
func foldRune(r rune) rune {
	if r = unicode.ToLower(r); unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) {
		return r
	}
	return 0
}

// foldedRunes is foldRune for the first plane, which takes 2 ms to ask once.
var foldedRunes = sync.OnceValue(func() []uint16 {
	t := make([]uint16, 1<<16)
	for r := range t {
		if x := foldRune(rune(r)); x < 1<<16 {
			t[r] = uint16(x)
		}
	}
	return t
})

// names returns the runs of two to four capitalised words in t that stand in a
// line of running text: a line in which a quarter of the words begin in lower
// case. Menus and headlines all in capitals name nobody. The first word of a sentence does not
// begin a name.
func names(t string) []string {
	var out []string
	for _, line := range strings.Split(t, "\n") {
		fields := strings.Fields(line)
		lower := 0
		for _, w := range fields {
			if r, _ := utf8.DecodeRuneInString(w); unicode.IsLower(r) {
				lower++
			}
		}
		if 4*lower < len(fields) {
			continue
		}
		var run []string
		begins := true // a sentence
		for _, w := range fields {
			bare := strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) })
			first, n := utf8.DecodeRuneInString(bare)
			second, _ := utf8.DecodeRuneInString(bare[n:])
			capital := unicode.IsUpper(first) && unicode.IsLower(second)
			if capital && (!begins || len(run) > 0) && len(run) < 4 {
				run = append(run, bare)
			} else {
				if len(run) >= 2 {
					out = append(out, strings.Join(run, " "))
				}
				run = nil
			}
			if last, _ := utf8.DecodeLastRuneInString(w); unicode.IsPunct(last) && len(run) > 0 {
				if len(run) >= 2 {
					out = append(out, strings.Join(run, " "))
				}
				run = nil
			}
			begins = strings.ContainsAny(w[len(w)-1:], ".!?:")
		}
		if len(run) >= 2 {
			out = append(out, strings.Join(run, " "))
		}
	}
	return out
}

// numbers returns the runs of two digits or more in t, years of a notice of
// copyright aside.
func numbers(t string) []string {
	var out []string
	start := -1
	for i := 0; i <= len(t); i++ {
		digit := i < len(t) && '0' <= t[i] && t[i] <= '9'
		switch {
		case digit && start < 0:
			start = i
		case !digit && start >= 0:
			if i-start >= 2 && !afterCopyright(t[:start]) {
				out = append(out, t[start:i])
			}
			start = -1
		}
	}
	return out
}

func afterCopyright(before string) bool {
	before = strings.ToLower(before[max(0, len(before)-20):])
	return strings.Contains(before, "©") || strings.Contains(before, "copyright") || strings.Contains(before, "(c)")
}

// quotations returns what stands in t between quotation marks and has three
// words or more.
func quotations(t string) []string {
	var out []string
	for _, pair := range [][2]string{{"“", "”"}, {"„", "“"}, {"«", "»"}, {`"`, `"`}} {
		rest := t
		for {
			_, after, found := strings.Cut(rest, pair[0])
			if !found {
				break
			}
			inside, next, closed := strings.Cut(after, pair[1])
			if !closed {
				break
			}
			if !strings.Contains(inside, "\n") && len(strings.Fields(inside)) >= 3 {
				out = append(out, inside)
			}
			rest = next
		}
	}
	return out
}

// prose reports whether t holds two sentences or more that are as long as a
// story's.
func prose(t string) bool {
	if len(t) < proseBytes {
		return false
	}
	long, n := 0, 0
	for _, w := range strings.Fields(t) {
		n++
		if last, _ := utf8.DecodeLastRuneInString(w); strings.ContainsRune(".!?”\"", last) {
			if n >= proseSentence {
				long++
			}
			n = 0
		}
	}
	return long >= 2
}
