package learn

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/rules"
	"winnow/text"
)

// Furniture that never repeats word by word repeats in form: a publisher sets
// the headlines of other stories in capitals between paragraphs, or after
// "Related article", and the credit of a picture in brackets after its
// caption. A form is accepted where many groups hold it and where enough of
// its places are known to be furniture by other evidence: they are titles of
// other documents, they hold cues or units that were accepted, they name an agency.

// agencies are what picture credits name.
var agencies = []string{"Getty Images", "Getty", "AP Photo", "AP", "Associated Press", "AFP", "Reuters", "EPA", "EFE", "dpa", "Xinhua", "TASS",
	"Sputnik", "Anadolu", "Bloomberg", "Shutterstock", "Alamy", "iStock",
	"NurPhoto", "Sipa", "Zuma", "Imago", "picture alliance", "PA", "PA Wire", "PA Images", "Rex", "Corbis", "Magnum", "ANSA", "LaPresse", "Kyodo", "Yonhap",
	"Jiji", "PTI", "ANI", "RIA Novosti", "Ukrinform", "Keystone", "APA", "Belga", "ANP", "TT", "NTB", "Ritzau", "Lehtikuva"}

// creditWords stand in picture credits, but in words that an author adds too.
var creditWords = []string{"Unsplash", "Pexels", "Pixabay", "Flickr", "Wikimedia", "Wikimedia Commons", "Photo by", "Photo", "Photograph",
	"Photographer", "Picture", "Image", "Image credit", "Photo credit", "Courtesy", "Courtesy of", "Handout", "Pool", "File", "File photo", "Foto", "Fotos", "Fotografie",
	"Bild", "Crédit", "Crédits", "Crédito", "Imagen", "Imagem", "Divulgação", "Reprodução", "Фото", "Изображение", "图片", "图", "图源", "写真", "Screenshot", "Screengrab", "YouTube", "Satellite image"}

// A formStat is what is known of the places of a form.
type formStat struct {
	shape   rules.Shape
	groups  int
	places  int
	proven  int     // places that other evidence shows to be furniture
	words   float64 // mean number of words
	samples []sampleSpan
}

type sampleSpan struct {
	doc  int
	span text.Span
}

// staticForms are the shapes that are looked for in every document while it is cut.
var staticForms = [...]rules.Shape{
	capitalsForm: {Form: rules.FormCapitals, Least: 4, Most: 40},
	bracketForm:  {Form: rules.FormBracket},
	leadForm:     {Form: rules.FormLead, Of: leadTexts},
}

const (
	capitalsForm = iota
	bracketForm
	leadForm
)

func newPatterns(shapes ...rules.Shape) ([]*rules.Pattern, error) {
	var ps []*rules.Pattern
	for _, sh := range shapes {
		p, err := rules.NewPattern(sh)
		if err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
	return ps, nil
}

// found returns the places of one of the static forms, group by group.
func (a *archive) found(form int) []sampleSpan {
	var out []sampleSpan
	for _, i := range a.byGroup() {
		for _, s := range a.docs[i].forms[form] {
			out = append(out, sampleSpan{i, s})
		}
	}
	return out
}

// places finds the places of a shape in the documents that may hold it, group by group.
func (a *archive) places(shape rules.Shape, may func(doc int) bool) ([]sampleSpan, error) {
	ps, err := newPatterns(shape)
	if err != nil {
		return nil, err
	}
	var out []sampleSpan
	var seg text.Segments
	for _, i := range a.byGroup() {
		if may(i) {
			d := &a.docs[i]
			seg.Segment(d.Text, d.Title, nil)
			for _, s := range rules.Forms(&seg, ps)[0] {
				out = append(out, sampleSpan{i, s})
			}
		}
	}
	return out, nil
}

// weigh sums up the places of a shape. proof reports whether a place is
// furniture by other evidence.
func (a *archive) weigh(sh rules.Shape, places []sampleSpan, proof func(d *doc, span text.Span) bool) formStat {
	st := formStat{shape: sh, places: len(places), samples: places}
	last := int32(-1)
	words := 0
	for _, p := range places {
		d := &a.docs[p.doc]
		if d.group != last {
			st.groups++
			last = d.group
		}
		words += len(text.Tokenize(p.span.In(d.Text)))
		if proof(d, p.span) {
			st.proven++
		}
	}
	if st.places > 0 {
		st.words = float64(words) / float64(st.places)
	}
	return st
}

// isTitle reports whether t is, or begins with, the title of a document other than d.
func (a *archive) isTitle(d *doc, t string) bool {
	toks := text.Tokenize(t)
	if len(toks) < 4 {
		return false
	}
	for _, n := range []int{len(toks), len(toks) - 1} {
		p := text.Print(toks[:n])
		if _, ok := a.titles[p]; ok && p != d.title {
			return true
		}
	}
	return false
}

// acceptedText reports whether t is a unit that was accepted.
func (a *archive) acceptedText(t string) bool {
	id, ok := a.numbers[text.PrintOf(t)]
	return ok && a.accepted[id]
}

// forms looks for forms and makes rules of those that it accepts.
func (w *writer) forms() error {
	slashes := w.credits()
	slashed := func(i int) bool { return afterSlash(w.a.docs[i].Text, slashes) }
	w.capitals(staticForms[capitalsForm], w.a.found(capitalsForm))
	w.brackets(staticForms[bracketForm], w.a.found(bracketForm))
	for _, k := range []struct {
		shape     rules.Shape
		least     int // groups
		may       func(doc int) bool
		category  rules.Category
		name, why string
	}{
		{rules.Shape{Form: rules.FormLead, Of: w.leads(w.a.found(leadForm))}, 1, func(i int) bool { return len(w.a.docs[i].forms[leadForm]) > 0 },
			rules.Related, "lead", "A link to another story: what announces it, and its headline."},
		{rules.Shape{Form: rules.FormCredit, Of: slashes}, 3, slashed,
			rules.Media, "credit.slash", "The credit of a picture, names and agencies with slashes between them."},
	} {
		if len(k.shape.Of) == 0 {
			continue
		}
		places, err := w.a.places(k.shape, k.may)
		if err != nil {
			return err
		}
		if st := w.a.weigh(k.shape, places, func(*doc, text.Span) bool { return true }); st.groups >= k.least {
			w.form(st, k.category, k.name, k.why)
		}
	}
	return nil
}

// enough returns the fewest groups that a form must stand in.
func (a *archive) enough() int { return max(4, a.groups/50) }

// capitals accepts runs of capitals: headlines of other stories, and buttons.
func (w *writer) capitals(sh rules.Shape, places []sampleSpan) {
	a := w.a
	glued := a.glued(places)
	st := a.weigh(sh, places, func(d *doc, s text.Span) bool {
		t := s.In(d.Text)
		if glued[text.PrintOf(t)] >= max(4, a.groups/20) {
			return true
		}
		_, cue := cueOf(t)
		return cue > 1 && 3*cue >= len(text.Tokenize(t)) || a.isTitle(d, t) || a.acceptedText(t)
	})
	// Headings in capitals are short and tell no story; what shouts in prose stands in few documents.
	if st.groups < max(a.enough(), a.groups/10) || st.words < 6 || st.proven < 2 || 50*st.proven < st.places {
		return
	}
	w.form(st, rules.Related, "capitals", "Headlines of other stories and buttons, set in capitals between sentences.")
}

// glued returns in how many groups the texts of places stand that are glued to
// the sentence before them, as no author writes.
func (a *archive) glued(places []sampleSpan) map[text.Fingerprint]int {
	groups, last := map[text.Fingerprint]int{}, map[text.Fingerprint]int32{}
	for _, p := range places {
		d := &a.docs[p.doc]
		if r, _ := utf8.DecodeLastRuneInString(d.Text[:p.span.Start]); p.span.Start == 0 || text.IsSpace(r) {
			continue
		}
		k := text.PrintOf(p.span.In(d.Text))
		if g, ok := last[k]; !ok || g != d.group {
			groups[k]++
			last[k] = d.group
		}
	}
	return groups
}

// brackets accepts picture credits in round brackets: all that stand between
// sentences where most of them are known to be credits, else those that hold
// what the known ones hold.
func (w *writer) brackets(sh rules.Shape, places []sampleSpan) {
	a := w.a
	groups := map[string]map[int32]bool{}
	strong := 0 // places that name an agency
	var credits []sampleSpan
	for _, p := range places {
		d := &a.docs[p.doc]
		found := phrasesIn(p.span.In(d.Text), creditNames)
		if len(found) > 0 {
			credits = append(credits, p)
		}
		if slices.ContainsFunc(found, func(f string) bool { return slices.Contains(agencies, f) }) {
			strong++
		}
		for _, f := range found {
			if groups[f] == nil {
				groups[f] = map[int32]bool{}
			}
			groups[f][d.group] = true
		}
	}
	// What agencies are named in is the page's; what authors credit themselves is kept by default.
	c := rules.Media
	if 2*strong < len(credits) {
		c = rules.Credit
	}
	const why = "The credit of a picture, in brackets of its own after the caption."
	yes := func(*doc, text.Span) bool { return true }
	if all := a.weigh(sh, places, yes); all.groups >= 2*a.enough() && 10*len(credits) >= 6*len(places) && len(credits) >= 8 {
		w.form(all, c, "credit.bracket", why)
		return
	}
	var of []phrase
	for _, f := range creditNames {
		if len(groups[f.text]) >= 2 {
			of, sh.Of = append(of, f), append(sh.Of, f.text)
		}
	}
	credits = slices.DeleteFunc(credits, func(p sampleSpan) bool { return !holdsPhrase(text.Tokenize(p.span.In(a.docs[p.doc].Text)), of) })
	if st := a.weigh(sh, credits, yes); st.groups >= 3 {
		w.form(st, c, "credit.bracket", why)
	}
}

// creditNames are what brackets that are picture credits hold.
var creditNames = func() []phrase {
	var out []phrase
	for _, p := range slices.Concat(agencies, creditWords) {
		out = append(out, newPhrase(p))
	}
	return out
}()

// phrasesIn returns the phrases that stand in t, word by word.
func phrasesIn(t string, phrases []phrase) []string {
	toks := text.Tokenize(t)
	var out []string
	for i := range phrases {
		if phrases[i].in(toks) {
			out = append(out, phrases[i].text)
		}
	}
	return out
}

// credits accepts picture credits written with slashes: "Jane Doe/AFP/Getty
// Images". What may stand after the last slash are agencies, and what this
// archive puts there often; credits returns them.
func (w *writer) credits() []string {
	a := w.a
	type ending struct {
		groups map[int32]bool
		n      int
	}
	ends := map[string]*ending{}
	for i := range a.docs {
		d := &a.docs[i]
		for at := 0; at < len(d.Text); at++ {
			k := strings.IndexByte(d.Text[at:], '/')
			if k < 0 {
				break
			}
			at += k
			if r, _ := utf8.DecodeLastRuneInString(d.Text[:at]); !unicode.IsLetter(r) && r != ')' {
				continue
			}
			for _, p := range capitalsAfter(d.Text, at+1, 3) {
				e := ends[p]
				if e == nil {
					e = &ending{groups: map[int32]bool{}}
					ends[p] = e
				}
				e.groups[d.group] = true
				e.n++
			}
		}
	}
	known := map[string]bool{}
	for _, p := range agencies {
		known[p] = true
	}
	var of []string
	for p, e := range ends {
		switch {
		case known[p] && len(e.groups) >= 2, len(e.groups) >= max(5, a.groups/100):
			of = append(of, p)
		}
	}
	// A first name that several photographers share is no agency.
	of = slices.DeleteFunc(of, func(p string) bool {
		if known[p] {
			return false
		}
		longer := 0
		for q, e := range ends {
			if strings.HasPrefix(q, p+" ") && !strings.Contains(q[len(p)+1:], " ") {
				longer += e.n
			}
		}
		return 5*longer > 2*ends[p].n
	})
	// "Getty" goes where it is always "Getty Images"; "AP But" goes where "AP" stands by itself as well.
	of = slices.DeleteFunc(of, func(p string) bool {
		for q, e := range ends {
			if strings.HasPrefix(q, p+" ") && 10*e.n >= 7*ends[p].n && slices.Contains(of, q) {
				return true
			}
		}
		if i := strings.LastIndexByte(p, ' '); i > 0 && !known[p] {
			if shorter := ends[p[:i]]; shorter != nil && 10*ends[p].n < 7*shorter.n {
				return true
			}
		}
		return false
	})
	slices.Sort(of)
	if !slices.ContainsFunc(of, func(p string) bool { return known[p] }) {
		return nil
	}
	return of
}

// afterSlash reports whether one of phrases stands after a slash in t, case aside.
func afterSlash(t string, phrases []string) bool {
	for {
		i := strings.IndexByte(t, '/')
		if i < 0 {
			return false
		}
		t = t[i+1:]
		for _, p := range phrases {
			if len(t) >= len(p) && strings.EqualFold(t[:len(p)], p) {
				return true
			}
		}
	}
}

// capitalsAfter returns the first one, two ... of the capitalised words that stand at i, at most most.
func capitalsAfter(t string, i, most int) []string {
	var out []string
	start := i
	for len(out) < most && i < len(t) {
		r, _ := utf8.DecodeRuneInString(t[i:])
		if !unicode.IsUpper(r) && !(unicode.IsLetter(r) && !unicode.IsLower(r)) && !(i == start && unicode.IsLower(r)) {
			break
		}
		j := i
		for j < len(t) {
			r, n := utf8.DecodeRuneInString(t[j:])
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				break
			}
			j += n
		}
		if j == i {
			break
		}
		out = append(out, t[start:j])
		if j >= len(t) || t[j] != ' ' {
			break
		}
		i = j + 1
	}
	return out
}

// leadTexts are cues that lead to a headline.
var leadTexts = []string{"Related article", "Related articles", "Related video", "Related card", "Related story", "Related stories", "Related", "Related content", "Read more", "Read also", "Also read",
	"See also", "More on this", "More on this story", "Read next", "Up next", "Don't miss", "Recommended", "Watch", "Watch more", "Watch also", "Listen", "Opinion", "Explainer",
	"Mehr zum Thema", "Lesen Sie auch", "Lesen Sie mehr", "Auch interessant", "Lire aussi", "À lire aussi", "A lire aussi", "Voir aussi", "Lea también", "Leer también", "Lee también", "Te puede interesar", "Lea más",
	"Vea también", "Ver también", "Leia também", "Leia mais", "Veja também", "Saiba mais", "Leggi anche", "Vedi anche", "Читайте также", "Смотрите также", "Материалы по теме", "По теме",
	"相关阅读", "相关新闻", "延伸阅读", "推荐阅读", "関連記事", "あわせて読みたい", "Lees ook", "Zobacz także", "Czytaj także", "Czytaj też"}

var leadPhrases = func() []phrase {
	var out []phrase
	for _, t := range leadTexts {
		out = append(out, newPhrase(t))
	}
	return out
}()

// leads accepts phrases that lead to headlines: cues that stand in enough
// groups with ever other words after them. It returns those phrases.
func (w *writer) leads(places []sampleSpan) []string {
	a := w.a
	type lead struct {
		groups map[int32]bool
		heads  map[text.Fingerprint]bool // what it led to
		linked int                       // titles of other documents among it
		bare   int                       // lines that hold the phrase alone
	}
	leads := map[string]*lead{}
	var now *lead // of the phrase found last: a headline may stand on the next line
	for _, s := range places {
		d := &a.docs[s.doc]
		t := s.span.In(d.Text)
		toks := text.Tokenize(t)
		if p, n := longestPhrase(toks); n > 0 {
			if now = leads[p]; now == nil {
				now = &lead{groups: map[int32]bool{}, heads: map[text.Fingerprint]bool{}}
				leads[p] = now
			}
			now.groups[d.group] = true
			if len(toks) == n {
				now.bare++
				continue
			}
			t, toks = t[toks[n-1].End:], toks[n:]
		}
		now.heads[text.Print(toks)] = true
		if a.isTitle(d, t) {
			now.linked++
		}
	}
	var of []string
	for _, p := range leadPhrases {
		l := leads[p.text]
		// A single word must lead to titles of other documents to count.
		if l == nil || len(l.groups) < max(3, a.groups/200) || len(p.words) == 1 && l.linked < 2 || len(l.heads) < 3 && l.bare < 3 {
			continue
		}
		of = append(of, p.text)
	}
	return of
}

// longestPhrase returns the longest of leadPhrases that toks begin with, and its length.
func longestPhrase(toks []text.Token) (phrase string, n int) {
	for i := range leadPhrases {
		if p := &leadPhrases[i]; len(p.words) > n && p.at(toks, 0) {
			phrase, n = p.text, len(p.words)
		}
	}
	return phrase, n
}

// form makes a rule of a form that was accepted.
func (w *writer) form(st formStat, c rules.Category, name, why string) {
	ev := &rules.Evidence{Documents: w.a.seen, Groups: st.groups, Occurrences: st.places, Lift: 1, Variants: st.places, Corpus: w.a.corpus, Learner: Version,
		Precision: min(0.98, wilson(st.groups, st.groups))}
	r := &rules.Rule{
		ID: "x/x", Scope: rules.Scope{Publisher: w.a.publisher}, Category: c, Kind: rules.KindShape, Mode: rules.Enforce,
		Where: rules.Anywhere, Why: fmt.Sprintf("%s Seen %d times in %d of %d documents looked at.", why, st.places, st.groups, w.a.groups),
		Shape: &st.shape, Exempt: true, Confidence: ev.Precision, Evidence: ev,
	}
	places := st.samples
	if len(places) > 24 {
		places = nil
		for i := range 24 {
			places = append(places, st.samples[i*len(st.samples)/24])
		}
	}
	w.sample(ev, places)
	if w.exemplify(r, places) {
		r.ID = w.idOf("form." + name)
		w.rules = append(w.rules, r)
	}
}

// wilson returns the lower end of the 95 % confidence interval of k of n.
// After Wilson, Journal of the American Statistical Association 22 (1927).
func wilson(k, n int) float64 {
	if n == 0 {
		return 0
	}
	const z = 1.96
	p, m := float64(k)/float64(n), float64(n)
	return max(0, (p+z*z/(2*m)-z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m)))/(1+z*z/m))
}
