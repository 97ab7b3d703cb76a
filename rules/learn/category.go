package learn

import (
	"strings"
	"unicode"

	"winnow/rules"
	"winnow/text"
)

// category says what kind of furniture t is: by its form where it is about who
// wrote what (which is kept by default), else by its cues, else navigation.
func category(t string) rules.Category {
	if c := authorial(t); c != "" {
		return c
	}
	if c, _ := cueOf(t); c != "" {
		return c
	}
	return rules.Nav
}

// bylineWords begin a line that names an author, in the languages of the cues.
var bylineWords = phrasesOf("by|written by|posted by|words by|story by|reported by|von|par|por|escrito por|texto de|di|автор|текст|作者|記者|记者|door|autor|redacción|redação|da redação|redaktion|kommentar von|publicado por|postado por")

// creditPhrases stand in notes on who helped with a report.
var creditPhrases = phrasesOf("contributed to this report|contributed to this story|contributed reporting|contributed to this article|reporting by|editing by|additional reporting|compiled by|translated by|" +
	"this story has been updated|this article has been updated|hat zu diesem bericht beigetragen|con información de|com informações de|avec afp|mit material von")

// bioVerbs, with a profession after them, make a note on an author.
var bioVerbs = phrasesOf("is a|is an|is the|was a|ist|est|es|é|—")

var professions = phrasesOf("reporter|correspondent|editor|writer|journalist|producer|anchor|columnist|contributor|author|professor|fellow|editorial|freelance|freelancer|redakteur|redakteurin|korrespondent|journaliste|periodista|jornalista|redactor|redactora|editora|корреспондент|журналист|редактор")

// authorial returns the category of a text about who wrote or helped to write
// the article, or "" where t is no such text.
func authorial(t string) rules.Category {
	toks := text.Tokenize(t)
	if len(toks) <= 40 && holdsPhrase(toks, creditPhrases) {
		return rules.Credit
	}
	if len(toks) <= 14 && !stopped(t) {
		for _, p := range bylineWords {
			if n := len(p.words); len(toks) > n && p.at(toks, 0) && capitalised(t, toks[n]) {
				return rules.Byline
			}
		}
	}
	if len(toks) >= 4 && len(toks) <= 50 && capitalised(t, toks[0]) && holdsPhrase(toks, bioVerbs) && holdsPhrase(toks, professions) {
		if _, cue := cueIn(t, toks); cue <= 1 {
			return rules.Bio
		}
	}
	return ""
}

func capitalised(t string, k text.Token) bool {
	for _, r := range k.Span().In(t) {
		return unicode.IsUpper(r) || unicode.IsLetter(r) && !unicode.IsLower(r)
	}
	return false
}

// A phrase is a text of some words, made ready to be looked for.
type phrase struct {
	text  string
	words []uint64
}

func newPhrase(t string) phrase {
	p := phrase{text: t}
	for _, k := range text.Tokenize(t) {
		p.words = append(p.words, k.Hash)
	}
	return p
}

// phrasesOf returns the phrases of a list, which | separates.
func phrasesOf(list string) []phrase {
	var out []phrase
	for t := range strings.SplitSeq(list, "|") {
		out = append(out, newPhrase(t))
	}
	return out
}

// at reports whether p stands in toks at index i.
func (p *phrase) at(toks []text.Token, i int) bool {
	if len(toks)-i < len(p.words) {
		return false
	}
	for k, h := range p.words {
		if toks[i+k].Hash != h {
			return false
		}
	}
	return true
}

// in reports whether p stands in toks.
func (p *phrase) in(toks []text.Token) bool {
	for i := range toks {
		if p.at(toks, i) {
			return true
		}
	}
	return false
}

func holdsPhrase(toks []text.Token, ps []phrase) bool {
	for i := range ps {
		if ps[i].in(toks) {
			return true
		}
	}
	return false
}
