package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8/cwriter"

	"winnow/client"
)

// telling says when progress is shown.
type telling int

const (
	tellOnTerminal telling = iota
	tellAlways
	tellNever
)

const (
	onTerminal = 250 * time.Millisecond // between two states of the line
	inPipe     = 10 * time.Second       // between two lines
)

// progress tells on standard error how far a run is: a line that changes on a
// terminal, else a line from time to time.
type progress struct {
	w        io.Writer
	bulk     *client.Bulk
	total    int64 // bytes of the sources; 0 where not known
	terminal bool
	on       bool
	width    int

	last, began   time.Time
	docs, source  int64 // when it began
	read          int64
	counted, open bool // the beginning was counted; the line on the terminal is not empty
}

// newProgress has b tell how far it is.
func newProgress(s streams, b *client.Bulk, when telling) *progress {
	p := &progress{w: s.err, bulk: b, terminal: isTerminal(s.err)}
	switch when {
	case tellAlways:
		p.on = true
	case tellOnTerminal: // and not among results on the same terminal
		p.on = p.terminal && (b.To == nil || !isTerminal(s.out))
	}
	if !p.on {
		return p
	}
	for _, src := range b.Sources {
		if src.Path == "-" || src.Size == 0 {
			p.total = 0
			break
		}
		p.total += src.Size
	}
	if p.terminal {
		if width, _, err := cwriter.GetSize(int(s.err.(*os.File).Fd())); err == nil {
			p.width = width
		}
	}
	p.began, p.last = time.Now(), time.Now()
	b.Resumed = func(r *client.Report) {
		fmt.Fprintf(p.w, "winnow: going on after %s documents\n", grouped(r.Documents))
	}
	b.Status = p.status
	return p
}

// status is called after each document.
func (p *progress) status(r *client.Report) {
	if !p.counted {
		p.counted, p.docs, p.source, p.read = true, r.Documents, r.Source, r.Read
	}
	now := time.Now()
	wait := inPipe
	if p.terminal {
		wait = onTerminal
	}
	if now.Sub(p.last) < wait {
		return
	}
	p.last = now
	line := p.line(r, now.Sub(p.began))
	if !p.terminal {
		fmt.Fprintln(p.w, line)
		return
	}
	if runes := []rune(line); p.width > 0 && len(runes) >= p.width {
		line = string(runes[:p.width-1])
	}
	p.open = true
	fmt.Fprintf(p.w, "\r%s\x1b[K", line)
}

// line says how far the run is.
func (p *progress) line(r *client.Report, ran time.Duration) string {
	var b strings.Builder
	sec := ran.Seconds()
	rate := float64(r.Read-p.read) / sec
	if p.total > 0 {
		fmt.Fprintf(&b, "%5.1f%%  ", 100*float64(r.Read)/float64(p.total))
	}
	fmt.Fprintf(&b, "%s documents, %s/s, %s/s", grouped(r.Documents), grouped(int64(float64(r.Documents-p.docs)/sec)), size(int64(float64(r.Source-p.source)/sec)))
	if p.total > 0 && rate > 0 {
		left := time.Duration(float64(p.total-r.Read) / rate * float64(time.Second))
		fmt.Fprintf(&b, ", %s left", left.Round(time.Second))
	}
	fmt.Fprintf(&b, ", %s removed", share(r.Removed, r.Kept+r.Removed))
	if r.Failed > 0 {
		fmt.Fprintf(&b, ", %s failed", grouped(r.Failed))
	}
	for i, c := range r.Rules.Top(3) {
		sep := ", "
		if i == 0 {
			sep = "; most by "
		}
		fmt.Fprintf(&b, "%s%s %s", sep, c.Name, share(c.Bytes, r.Removed))
	}
	return b.String()
}

// close ends the line, and tells what was done where progress was shown.
func (p *progress) close() {
	if p.open {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	r := p.bulk.Report
	if r != nil && (p.bulk.DryRun || p.on && (!p.terminal || r.Documents > 1)) {
		writeReport(p.w, r)
	}
}

// grouped writes a number with commas.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// size writes bytes in a fitting unit.
func size(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 10_000_000:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	case n < 10_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// share writes what part of a whole is.
func share(part, whole int64) string {
	if whole == 0 {
		return "0%"
	}
	p := 100 * float64(part) / float64(whole)
	if p > 0 && p < 0.1 {
		return fmt.Sprintf("%.3f%%", p)
	}
	return fmt.Sprintf("%.1f%%", p)
}
