package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"winnow/archive"
	"winnow/client"
)

// writeReport writes what a run has done, for people.
func writeReport(w io.Writer, r *client.Report) {
	took := time.Duration(r.Seconds * float64(time.Second))
	rate := func(n int64) int64 {
		if r.Seconds == 0 {
			return 0
		}
		return int64(float64(n) / r.Seconds)
	}
	fmt.Fprintf(w, "%s documents in %s: %s/s, %s/s\n", grouped(r.Documents), took.Round(time.Millisecond*10), grouped(rate(r.Documents)), size(rate(r.Source)))
	fmt.Fprintf(w, "%s of text kept, %s (%s) removed from %s documents", size(r.Kept), size(r.Removed), share(r.Removed, r.Kept+r.Removed), grouped(r.Changed))
	if r.Shadow > 0 {
		fmt.Fprintf(w, ", %s only reported", size(r.Shadow))
	}
	fmt.Fprintln(w)
	for _, name := range slices.Sorted(maps.Keys(r.Passed)) {
		fmt.Fprintf(w, "passed by: %s %s\n", grouped(int64(r.Passed[name])), name)
	}
	table := func(heading string, t *client.Tally, whole int64) {
		top := t.Top(5)
		for i, c := range top {
			if i == 0 {
				fmt.Fprintf(w, "%s:\n", heading)
			}
			fmt.Fprintf(w, "  %-40s %8s %6s of it, in %s documents\n", c.Name, size(c.Bytes), share(c.Bytes, whole), grouped(c.Documents))
		}
	}
	table("removed by category", &r.Categories, r.Removed)
	table("removed by rule", &r.Rules, r.Removed)
	table("removed by publisher", &r.Publishers, r.Removed)
	if r.Failed > 0 {
		fmt.Fprintf(w, "%s failed:\n", grouped(r.Failed))
		for _, c := range r.Errors.Top(10) {
			fmt.Fprintf(w, "  %-40s %s documents\n", c.Name, grouped(c.Documents))
		}
	}
	for i, s := range r.Slowest[:min(3, len(r.Slowest))] {
		if i == 0 {
			fmt.Fprintln(w, "slowest:")
		}
		fmt.Fprintf(w, "  %8s  %8s  %s\n", time.Duration(s.Seconds*float64(time.Second)).Round(100*time.Microsecond), size(int64(s.Bytes)), s.ID)
	}
}

// jsonReport is what --report writes.
type jsonReport struct {
	Winnow   string `json:"winnow"` // the version
	Revision string `json:"revision,omitempty"`
	Outcome  string `json:"outcome"` // "done", or why the run ended before
	*client.Report
}

// report writes the file of --report. It is written however the run ended.
func (f *bulkFlags) report(b *client.Bulk, failed error) error {
	if f.reportTo == "" || b.Report == nil {
		return nil
	}
	j := jsonReport{version(), b.Revision, "done", b.Report}
	if failed != nil {
		j.Outcome = failed.Error()
	}
	out, err := archive.Create(f.reportTo)
	if err != nil {
		return err
	}
	defer out.Abandon()
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return errors.Join(e.Encode(j), out.Commit())
}
