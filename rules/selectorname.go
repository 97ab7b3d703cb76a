package rules

import "strings"

// nameWords tell of the names of elements what they hold. The first that holds decides.
var nameWords = []struct {
	category Category
	words    string
}{
	{Ad, " ad ads advert adverts advertisement advertising anzeige sponsor sponsored werbung publicidad pub "},
	{Share, " share sharing social follow facebook twitter whatsapp addthis sharedaddy "},
	{Comments, " comment comments disqus kommentare commentaires respond reply "},
	{Subscribe, " newsletter subscribe subscription signup paywall abo optin mailchimp "},
	{Appeal, " donate donation donations support appeal fundraising "},
	{Prompt, " cookie cookies consent login modal popup overlay notification "},
	{Related, " related recommended recommendation recommendations reco more readmore recirc teaser teasers popular trending seealso next previous outbrain taboola "},
	{Legal, " copyright disclaimer legal terms "},
	{CaptionLine, " caption captions figcaption legende "},
	{Credit, " credit credits "},
	{Bio, " bio biography aboutauthor "},
	{Byline, " byline author authors autor auteur "},
	{Dateline, " date dateline published timestamp pubdate time updated "},
	{TitleLine, " h1 headline title titel titre kicker subtitle "},
	{Media, " video videos gallery player slideshow image images media figure photo photos audio podcast "},
}

// CategoryOfNames guesses from tags, classes and ids what an element holds, ""
// where they tell nothing.
func CategoryOfNames(names ...string) Category {
	var all []string
	for _, n := range names {
		all = append(all, splitName(n)...)
	}
	for _, c := range nameWords {
		for _, n := range all {
			if strings.Contains(c.words, " "+strings.ToLower(n)+" ") {
				return c.category
			}
		}
	}
	return ""
}

// splitName cuts a name such as article-shareBar_2 into its words.
func splitName(name string) []string {
	var out []string
	start := 0
	cut := func(i int) {
		if i > start {
			out = append(out, name[start:i])
		}
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z' && i > 0 && name[i-1] >= 'a' && name[i-1] <= 'z':
			cut(i)
			start = i
		case !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80):
			cut(i)
			start = i + 1
		}
	}
	cut(len(name))
	return out
}
