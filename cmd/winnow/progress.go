package main

import (
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"winnow/archive"
)

// progress counts what is done, and shows it where standard error is a
// terminal that the results are not printed on as well.
type progress struct {
	items int
	bars  *mpb.Progress
	bar   *mpb.Bar
}

func newProgress(s streams, sources []archive.Source, toFile bool) *progress {
	p := &progress{}
	if !isTerminal(s.err) || !toFile && isTerminal(s.out) {
		return p
	}
	var total int64
	for _, src := range sources {
		if src.Path == "-" {
			return p // no end is known
		}
		total += src.Size
	}
	p.bars = mpb.New(mpb.WithOutput(s.err), mpb.WithWidth(60))
	p.bar = p.bars.AddBar(total,
		mpb.PrependDecorators(decor.CountersKibiByte("% .1f / % .1f")),
		mpb.AppendDecorators(decor.Percentage(), decor.Name(" "), decor.AverageETA(decor.ET_STYLE_GO)))
	return p
}

// add counts a record that is done.
func (p *progress) add(rec *archive.Record) {
	if !rec.Blank {
		p.items++
	}
	if p.bar != nil {
		p.bar.IncrBy(rec.Size)
	}
}

// close ends the display. It may be called twice.
func (p *progress) close() {
	if p.bar == nil {
		return
	}
	p.bar.Abort(false)
	p.bars.Wait()
	p.bar = nil
}
