package learn

import (
	"slices"
	"strings"
	"unicode/utf8"

	"winnow/rules"
	"winnow/text"
)

// Each rule carries examples from the archive: texts that it must take, and
// texts beside its places that it must leave. A rule that fails an example of
// its own is not written.

const (
	maxRemoveExamples = 3
	maxKeepExamples   = 2
	maxExample        = 600 // bytes of an example
)

// exemplify fills in r's examples from places in the archive and reports
// whether r passes them.
func (w *writer) exemplify(r *rules.Rule, places []sampleSpan) bool {
	r.Remove, r.KeepText = nil, nil
	alone := *r
	alone.Mode = rules.Enforce
	set, err := rules.NewSet(&rules.Pack{Rules: []*rules.Rule{&alone}})
	if err != nil {
		return false
	}
	cuts := func(t, title string) []rules.Removal {
		return set.Apply(&text.Document{Text: t, Title: title, Publisher: w.a.publisher},
			rules.Options{Budget: 1, Only: []rules.Category{r.Category}, Remove: []rules.Category{r.Category}}).Removals
	}
	seen := map[string]bool{}
	for _, p := range places {
		if len(r.Remove) == maxRemoveExamples {
			break
		}
		d := &w.a.docs[p.doc]
		title := ""
		if r.Kind == rules.KindTemplate {
			title = d.Title
		}
		for _, t := range w.contexts(d, p.span) {
			if seen[t] || !plain(t) {
				continue
			}
			rs := cuts(t, title)
			if !slices.ContainsFunc(rs, func(c rules.Removal) bool { return strings.Contains(c.Span.In(t), firstLine(p.span.In(d.Text))) }) {
				continue
			}
			e, err := rules.ParseMarked(rules.Marked(t, rs))
			if err != nil || e.Text != t {
				continue
			}
			e.Title = title
			seen[t] = true
			r.Remove = append(r.Remove, e)
			break
		}
	}
	for _, p := range places {
		if len(r.KeepText) == maxKeepExamples {
			break
		}
		if t := w.neighbour(p); t != "" && !seen[t] && plain(t) && len(cuts(t, "")) == 0 {
			seen[t] = true
			r.KeepText = append(r.KeepText, rules.Example{Text: t})
		}
	}
	if len(r.KeepText) == 0 && len(cuts(plainSentence, "")) == 0 { // an archive of which every sentence repeats
		r.KeepText = []rules.Example{{Text: plainSentence}}
	}
	return len(r.Remove) > 0 && len(r.KeepText) > 0 && len(r.Test("")) == 0
}

// plainSentence is what a rule must leave where its archive has nothing to show.
const plainSentence = "The council met on Monday and spoke of the old bridge for a long time."

func firstLine(t string) string {
	t, _, _ = strings.Cut(strings.TrimSpace(t), "\n")
	return strings.TrimSpace(t)
}

// plain reports whether t can stand in an example as it is.
func plain(t string) bool {
	return t != "" && len(t) <= maxExample && utf8.ValidString(t) && !strings.Contains(t, "[-") && !strings.Contains(t, "-]") &&
		!strings.ContainsFunc(t, func(r rune) bool {
			return r < ' ' && r != '\n' && r != '\t' || r == 0xFEFF || r == 0x85 || r == 0x2028 || r == 0x2029
		})
}

// contexts returns the texts that may show span: by itself, with the units
// around it, its line.
func (w *writer) contexts(d *doc, span text.Span) []string {
	out := []string{strings.TrimSpace(span.In(d.Text))}
	lo, _ := slices.BinarySearchFunc(d.units, span.Start, func(u unit, at int) int { return int(u.end) - at - 1 })
	hi := lo
	for hi+1 < len(d.units) && int(d.units[hi+1].start) < span.End {
		hi++
	}
	if lo >= len(d.units) {
		return out
	}
	for _, n := range []int{0, 1} {
		from, to := max(0, lo-n), min(len(d.units)-1, hi+n)
		for from < lo && d.units[from].line != d.units[lo].line {
			from++
		}
		for to > hi && d.units[to].line != d.units[hi].line {
			to--
		}
		out = append(out, d.Text[d.units[from].start:d.units[to].end])
	}
	if span.Len() < maxExample/2 && out[0] != out[1] { // a form shows best where it stands
		out = append(out[1:], out[0])
	}
	return out
}

// neighbour returns the kept sentence nearest to a place, a short and clean one where there is one.
func (w *writer) neighbour(p sampleSpan) string {
	d := &w.a.docs[p.doc]
	at, _ := slices.BinarySearchFunc(d.units, p.span.Start, func(u unit, at int) int { return int(u.end) - at - 1 })
	best := ""
	for k := 1; k < len(d.units); k++ {
		for _, i := range [2]int{at - k, at + k} {
			if i < 0 || i >= len(d.units) {
				continue
			}
			u := d.units[i]
			if u.words < 8 || u.flags&isStopped == 0 || w.a.stat(u) != nil {
				continue
			}
			t := d.text(u)
			if best == "" {
				best = t
			}
			if u.words <= 30 && !strings.ContainsAny(t, "()/|\n") && u.end-u.start < 200 {
				return t
			}
		}
	}
	return best
}
