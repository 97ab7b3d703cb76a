package learn

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"winnow/rules"
)

// YAML returns the proposal as a pack file. The same proposal gives the same
// bytes. It is written by hand so that it reads as a person would write it.
func (p *Proposal) YAML() []byte {
	var b bytes.Buffer
	name := rules.PackName(p.Publisher)
	of := "documents of " + name
	if p.Publisher == "" {
		of = "documents without a publisher"
	}
	fmt.Fprintf(&b, `# Learned from %d %s.
# Written by winnow learn, which will write it again. To overrule a rule, use
# winnow rules promote, shadow or off, or write one of the same id into a pack
# of your own.
# In an example [-...-] marks what is removed.
`, p.Documents, of)
	if p.Publisher == "" {
		fmt.Fprintf(&b, "any: %s\n", name)
	} else {
		fmt.Fprintf(&b, "publisher: %s\n", quote(string(p.Publisher)))
	}
	b.WriteString("rules:")
	if len(p.Rules) == 0 {
		b.WriteString(" []\n")
	}
	for i, r := range p.Rules {
		if i > 0 {
			b.WriteByte('\n')
		} else {
			b.WriteString("\n")
		}
		writeRule(&b, r)
	}
	return b.Bytes()
}

func writeRule(b *bytes.Buffer, r *rules.Rule) {
	_, name, _ := strings.Cut(string(r.ID), "/")
	line := func(format string, args ...any) { fmt.Fprintf(b, "    "+format+"\n", args...) }
	fmt.Fprintf(b, "  - id: %s\n", name)
	line("category: %s", r.Category)
	line("mode: %s", r.Mode)
	line("why: %s", quote(r.Why))
	line("where: %s", r.Where)
	if r.Exempt {
		line("budget: exempt")
	}
	switch r.Kind {
	case rules.KindBlock:
		writeBlock(b, r.Block)
	case rules.KindShape:
		writeShape(b, r.Shape)
	default:
		writeList(b, string(r.Kind), r.Text)
	}
	for _, list := range []struct {
		name string
		es   []rules.Example
	}{{"remove", r.Remove}, {"keep", r.KeepText}} {
		line("%s:", list.name)
		for _, e := range list.es {
			t := e.Marked()
			if e.Title != "" {
				line("  - title: %s", quote(e.Title))
				line("    text: %s", quote(t))
				continue
			}
			line("  - %s", quote(t))
		}
	}
	if e := r.Evidence; e != nil {
		line("evidence:")
		fmt.Fprintf(b, "      documents: %d\n      groups: %d\n      occurrences: %d\n      elsewhere: %d\n", e.Documents, e.Groups, e.Occurrences, e.Elsewhere)
		fmt.Fprintf(b, "      edge: %s\n      lift: %s\n      variants: %d\n      precision: %s\n", num(e.Edge), num(e.Lift), e.Variants, num(e.Precision))
		if e.First != "" {
			fmt.Fprintf(b, "      first: %s\n      last: %s\n", quote(e.First), quote(e.Last))
		}
		fmt.Fprintf(b, "      corpus: %s\n      learner: %s\n", quote(e.Corpus), quote(e.Learner))
		if len(e.Samples) > 0 {
			b.WriteString("      samples:\n")
			for _, s := range e.Samples {
				fmt.Fprintf(b, "        - {doc: %s, start: %d, end: %d}\n", quote(s.Doc), s.Start, s.End)
			}
		}
	}
}

func num(x float64) string { return strconv.FormatFloat(x, 'f', 3, 64) }

func writeList(b *bytes.Buffer, name string, list []string) {
	if len(list) == 1 {
		fmt.Fprintf(b, "    %s: %s\n", name, quote(list[0]))
		return
	}
	fmt.Fprintf(b, "    %s:\n", name)
	for _, t := range list {
		fmt.Fprintf(b, "      - %s\n", quote(t))
	}
}

func writeBlock(b *bytes.Buffer, x *rules.Block) {
	b.WriteString("    block:\n")
	for _, l := range []struct {
		name string
		list []string
	}{{"from", x.From}, {"to", x.To}, {"of", x.Of}} {
		if len(l.list) > 0 {
			b.WriteString("  ")
			writeList(b, l.name, l.list)
		}
	}
	if x.Edge {
		b.WriteString("      edge: true\n")
	}
	if x.Within > 0 {
		fmt.Fprintf(b, "      within: %d units\n", x.Within)
	}
}

func writeShape(b *bytes.Buffer, s *rules.Shape) {
	fmt.Fprintf(b, "    shape:\n      form: %s\n", s.Form)
	if s.Least > 0 || s.Most > 0 {
		words := strconv.Itoa(max(1, s.Least))
		if s.Most > 0 {
			words += "-" + strconv.Itoa(s.Most)
		}
		fmt.Fprintf(b, "      words: %s\n", words)
	}
	if len(s.Of) > 0 {
		b.WriteString("  ")
		writeList(b, "of", s.Of)
	}
}

// quote returns t as a YAML scalar: in single quotation marks, or in double
// ones where it holds what those cannot show.
func quote(t string) string {
	escape := false
	for _, r := range t {
		if r < ' ' || r == 0x7F || 0x80 <= r && r < 0xA0 || r == 0x2028 || r == 0x2029 || r == 0xFEFF || r == 0xA0 || 0x200B <= r && r <= 0x200F || r == 0xFFFD {
			escape = true
		}
	}
	if !escape {
		return "'" + strings.ReplaceAll(t, "'", "''") + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range t {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7F || 0x80 <= r && r <= 0xA0 || 0x200B <= r && r <= 0x200F || r == 0x2028 || r == 0x2029 || r == 0xFEFF:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
