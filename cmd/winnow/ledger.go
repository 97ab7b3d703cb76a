package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"winnow/archive"
	"winnow/clean"
	"winnow/extract"
)

// ledgerLine is an entry of a ledger as a JSON line.
type ledgerLine struct {
	Fate      string   `json:"fate"` // kept, dropped or removed
	Reason    string   `json:"reason,omitempty"`
	Rules     []string `json:"rules,omitempty"`
	Rescued   bool     `json:"rescued,omitempty"`
	Size      int      `json:"size"`
	Path      string   `json:"path"`
	Source    []int    `json:"source,omitempty"`
	Extracted []int    `json:"extracted,omitempty"`
	Chance    *float64 `json:"chance,omitempty"`
	Why       []string `json:"why,omitempty"`
	Text      string   `json:"text"`
}

// ledgerSums are the last line of a ledger: bytes that can be seen, by fate.
type ledgerSums struct {
	Seen    int `json:"seen"`
	Kept    int `json:"kept"`
	Removed int `json:"removed"`
	Dropped int `json:"dropped"`
	Rescued int `json:"rescued"`
	Residue int `json:"residue"` // dropped, although the engine kept it
}

func (t *ledgerSums) add(e *clean.LedgerEntry) {
	t.Seen += e.Size
	switch {
	case e.Removed:
		t.Removed += e.Size
	case e.Fate == extract.Kept:
		t.Kept += e.Size
	default:
		t.Dropped += e.Size
	}
	if e.Rescued {
		t.Rescued += e.Size
	}
	if e.Reason == extract.ByModel {
		t.Residue += e.Size
	}
}

// printLedger prints what became of the texts of a page.
func printLedger(ctx context.Context, s streams, name string, rec *archive.Record, contentType string, rules ruleFlags, o clean.Options, format string) error {
	if format != "text" && format != "json" {
		return fmt.Errorf("--format %q: a ledger is text or json", format)
	}
	set, err := rules.set()
	if err != nil {
		return err
	}
	in := clean.Input{ID: rec.ID, URL: rec.URL, IsPage: true, Source: rec.Source, Charset: rec.Charset, ContentType: contentType, Publisher: rec.Publisher}
	res, err := clean.New(set).Clean(ctx, in, o)
	if err != nil {
		fmt.Fprintf(s.err, "winnow: %s: %v\n", name, localError(ctx, err))
		return errFailed
	}
	return buffered(s.out, func(b *bufio.Writer) error {
		var sums ledgerSums
		enc := json.NewEncoder(b)
		enc.SetEscapeHTML(false)
		for _, e := range res.Ledger() {
			sums.add(&e)
			if format == "json" {
				if err := enc.Encode(lineOf(e)); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintf(b, "%-8s %-9s %6d  %s%s\n    %s\n", fateOf(e), why(e), e.Size, e.Path, placeIn(e), clipped(e.Text))
		}
		if format == "json" {
			return enc.Encode(map[string]ledgerSums{"sums": sums})
		}
		percent := func(n int) float64 { return 100 * float64(n) / float64(max(sums.Seen, 1)) }
		_, err := fmt.Fprintf(b, "%d bytes can be seen: %d kept (%.1f %%), %d removed by rules (%.1f %%), %d dropped by extraction (%.1f %%).\n"+
			"The block model brought back %d bytes that the engine had dropped and dropped %d that it had kept.\n",
			sums.Seen, sums.Kept, percent(sums.Kept), sums.Removed, percent(sums.Removed), sums.Dropped, percent(sums.Dropped), sums.Rescued, sums.Residue)
		return err
	})
}

func fateOf(e clean.LedgerEntry) string {
	if e.Removed {
		return "removed"
	}
	return string(e.Fate)
}

// why returns a word on what decided.
func why(e clean.LedgerEntry) string {
	switch {
	case e.Removed || e.Fate == extract.Kept && !e.Rescued:
		return ""
	case e.Rescued:
		return "RESCUED"
	}
	return string(e.Reason)
}

// placeIn returns where an entry stands, and which rules removed it.
func placeIn(e clean.LedgerEntry) string {
	var b strings.Builder
	if e.HasSource {
		fmt.Fprintf(&b, "  page %d-%d", e.Source.Start, e.Source.End)
	}
	if e.Fate == extract.Kept {
		fmt.Fprintf(&b, "  text %d-%d", e.Extracted.Start, e.Extracted.End)
	}
	for _, r := range e.Rules {
		fmt.Fprintf(&b, "  %s", r)
	}
	if len(e.Why) > 0 && (e.Rescued || e.Reason == extract.ByModel) {
		fmt.Fprintf(&b, "  chance %.2f: %s", e.Chance, strings.Join(e.Why, ", "))
	}
	return b.String()
}

// clipped returns a text on one line, of at most 100 bytes or so.
func clipped(t string) string {
	t = strings.Join(strings.Fields(t), " ")
	const most = 100
	if len(t) <= most {
		return t
	}
	end := most
	for !utf8.RuneStart(t[end]) {
		end--
	}
	return t[:end] + " …"
}

func lineOf(e clean.LedgerEntry) ledgerLine {
	l := ledgerLine{Fate: fateOf(e), Reason: string(e.Reason), Rescued: e.Rescued, Size: e.Size, Path: e.Path, Why: e.Why, Text: e.Text}
	for _, r := range e.Rules {
		l.Rules = append(l.Rules, string(r))
	}
	if e.HasSource {
		l.Source = []int{e.Source.Start, e.Source.End}
	}
	if e.Fate == extract.Kept {
		l.Extracted = []int{e.Extracted.Start, e.Extracted.End}
	}
	if e.Why != nil {
		l.Chance = &e.Chance
	}
	return l
}
