package clean

import (
	"winnow/extract"
	"winnow/rules"
	"winnow/text"
)

// A LedgerEntry says what became of a text of a page, after extraction and
// rules. Of a text node of which rules removed a part, each part has an entry;
// its Text is then that of the part in the extracted text, and its Source that
// of the whole node.
type LedgerEntry struct {
	extract.LedgerEntry
	Removed bool       // by rules
	Rules   []rules.ID // which rules, sorted
}

// Ledger returns what became of every text that a reader of the page can see,
// in the order of the page; nil for texts, and where Options.Ledger did not ask
// for it. The sizes of what is kept and what is removed add up to what can be
// seen of the extracted text, those of all entries to what can be seen of the page.
func (r *Result) Ledger() []LedgerEntry {
	if r.Page == nil {
		return nil
	}
	var out []LedgerEntry
	next := 0 // the first removal that ends after the entry's start
	cuts := r.Outcome.Removals
	for _, e := range r.Page.Ledger {
		if e.Fate != extract.Kept {
			out = append(out, LedgerEntry{LedgerEntry: e})
			continue
		}
		for next < len(cuts) && (cuts[next].Mode != rules.Enforce || cuts[next].Span.End <= e.Extracted.Start) {
			next++
		}
		at := e.Extracted.Start
		part := func(end int, by *rules.Removal) {
			span := text.Span{Start: at, End: end}
			at = end
			p := LedgerEntry{LedgerEntry: e}
			if span != e.Extracted {
				span = span.Trim(r.Document.Text)
				p.Text = span.In(r.Document.Text)
				p.Size = extract.Visible(p.Text)
				p.Extracted = span
			}
			if by != nil {
				p.Removed, p.Rules = true, by.IDs()
			}
			if p.Size > 0 {
				out = append(out, p)
			}
		}
		for k := next; k < len(cuts) && cuts[k].Span.Start < e.Extracted.End; k++ {
			c := &cuts[k]
			if c.Mode != rules.Enforce {
				continue
			}
			if start := max(c.Span.Start, at); start > at {
				part(start, nil)
			}
			part(min(c.Span.End, e.Extracted.End), c)
		}
		if at < e.Extracted.End {
			part(e.Extracted.End, nil)
		}
	}
	return out
}
