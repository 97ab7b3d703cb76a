package learn

import (
	"strings"

	"winnow/rules"
	"winnow/text"
)

// A call is a text in which the publisher speaks to its reader: "Sign up for
// our newsletter", "We need your help. Support us", "ADVERTISEMENT". It holds
// a cue, and either begins with one or addresses someone; what is said *about*
// newsletters and donations does neither. A call is furniture wherever on the
// page it stands, if enough documents that have nothing in common hold it.

// addresses are words of the first person plural and of the second person,
// and of requests, in the languages of the cues.
var addresses = func() map[uint64]bool {
	m := map[uint64]bool{}
	for _, w := range strings.Fields(`we our us you your please wir uns unser unsere unseren unserem ihr ihre ihren ihnen bitte nous notre nos vous votre vos
		nosotros nuestro nuestra nuestros nuestras tu tus tú usted ustedes te nosso nossa nossos nossas você vocês seu sua noi nostro nostra voi vostro vostra tuo tua
		мы наш наша наше наши нас вы ваш ваша ваше ваши вас 我们 您 你 请 ください 私たち wij onze ons jij jouw uw nasz nasza nasze`) {
		for _, t := range text.Tokenize(w)[:1] {
			m[t.Hash] = true
		}
	}
	return m
}()

// authorWords say I, and mean nothing else in another of the languages. A
// publisher speaks as we or in the third person; who says I is an author.
var authorWords = func() *wordSet {
	var hs []uint64
	for _, w := range strings.Fields("ich je yo io я ik") {
		hs = append(hs, text.HashWord(w))
	}
	return newWordSet(hs...)
}()

var wordI = text.HashWord("i")

// authorVoice reports whether t, whose tokens are toks, speaks in the first person singular.
func authorVoice(t string, toks []text.Token) bool {
	for i, k := range toks {
		// "I agree", but not "Part I" nor the "i" that means and.
		if authorWords.holds(k.Hash) || k.Hash == wordI && t[k.Start] == 'I' && i+1 < len(toks) && t[k.End:toks[i+1].Start] == " " && 'a' <= t[toks[i+1].Start] && t[toks[i+1].Start] <= 'z' {
			return true
		}
	}
	return false
}

// isCallText reports whether t is a call.
func isCallText(t string) bool { return callOf(t, text.Tokenize(t)) }

// callOf is isCallText for a text whose tokens are at hand.
func callOf(t string, toks []text.Token) bool {
	if len(toks) == 0 || len(toks) > 60 {
		return false
	}
	c, words := cueIn(t, toks)
	switch c {
	case rules.Appeal, rules.Subscribe, rules.Share, rules.Comments, rules.Prompt, rules.Ad:
	default:
		return false
	}
	if words == 0 {
		return false
	}
	address := false
	for _, k := range toks {
		if k.Hash == text.MarkQuote {
			return false // what is quoted is not the publisher's
		}
		address = address || addresses[k.Hash]
	}
	if 2*words >= len(toks) || address {
		return true
	}
	// An imperative: the cue comes first.
	first, n := cueIn("", toks[:min(len(toks), 3)])
	return n > 0 && first == c && len(cues[toks[0].Hash]) > 0
}
