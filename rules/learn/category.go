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
var bylineWords = strings.Split("by|written by|posted by|words by|story by|reported by|von|par|por|escrito por|texto de|di|автор|текст|作者|記者|记者|door|autor|redacción|redação|da redação|redaktion|kommentar von|publicado por|postado por", "|")

// creditPhrases stand in notes on who helped with a report.
var creditPhrases = strings.Split("contributed to this report|contributed to this story|contributed reporting|contributed to this article|reporting by|editing by|additional reporting|compiled by|translated by|"+
	"this story has been updated|this article has been updated|hat zu diesem bericht beigetragen|con información de|com informações de|avec afp|mit material von", "|")

// bioVerbs, with a profession after them, make a note on an author.
var bioVerbs = strings.Split("is a|is an|is the|was a|ist|est|es|é|—", "|")

var professions = strings.Split("reporter|correspondent|editor|writer|journalist|producer|anchor|columnist|contributor|author|professor|fellow|editorial|freelance|freelancer|redakteur|redakteurin|korrespondent|journaliste|periodista|jornalista|redactor|redactora|editora|корреспондент|журналист|редактор", "|")

// authorial returns the category of a text about who wrote or helped to write
// the article, or "" where t is no such text.
func authorial(t string) rules.Category {
	toks := text.Tokenize(t)
	if len(phrasesIn(t, creditPhrases)) > 0 && len(toks) <= 40 {
		return rules.Credit
	}
	if len(toks) <= 14 && !stopped(t) {
		for _, p := range bylineWords {
			want := text.Tokenize(p)
			if len(toks) > len(want) && text.Print(toks[:len(want)]) == text.Print(want) && capitalised(t, toks[len(want)]) {
				return rules.Byline
			}
		}
	}
	if len(toks) >= 4 && len(toks) <= 50 && capitalised(t, toks[0]) && len(phrasesIn(t, bioVerbs)) > 0 && len(phrasesIn(t, professions)) > 0 {
		if _, cue := cueOf(t); cue <= 1 {
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
