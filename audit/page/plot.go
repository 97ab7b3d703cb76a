package page

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"winnow/audit"
)

// A plot is columns over time. Its shapes are drawn into a box of plotWidth by
// plotHeight that stretches with the page; the words on its axes are text
// beside it, so that they keep their size on a phone.
type plot struct {
	ID, Title string
	Says      string // the plot in one sentence, for those who do not see it
	Unit      string // of the y axis, in words
	Y         []string
	X         []string
	Lines     []string // y of the grid's lines
	Columns   []column
}

type column struct {
	X, Y, W, H string
	Label      string // the figures under the pointer
	When       string
	Value      string
}

const (
	plotWidth  = 600.0
	plotHeight = 100.0
)

// A bucket is a stretch of days that one column stands for.
type bucket struct {
	from, to time.Time // days, both included
	total    audit.Total
	all      int // documents of all kinds on those days, for rates
}

func (b bucket) name() string {
	if b.from.Equal(b.to) {
		return b.from.Format(time.DateOnly)
	}
	return b.from.Format(time.DateOnly) + " to " + b.to.Format(time.DateOnly)
}

const (
	fewestColumns = 14
	mostColumns   = 90
)

// buckets puts days into columns of equal length: days, weeks, or as many
// weeks as it takes. What has no figures has a column too. all may be nil.
func buckets(days, all []audit.Total) []bucket {
	first, last, ok := ends(days, all)
	if !ok {
		return nil
	}
	n := max(fewestColumns, int(last.Sub(first).Hours()/24)+1)
	length := 1
	if n > mostColumns {
		length = 7 * int(math.Ceil(float64(n)/7/mostColumns))
	}
	count := (n + length - 1) / length
	first = last.AddDate(0, 0, 1-count*length) // the last column is whole
	out := make([]bucket, count)
	for i := range out {
		out[i].from = first.AddDate(0, 0, i*length)
		out[i].to = out[i].from.AddDate(0, 0, length-1)
	}
	add := func(ts []audit.Total, f func(*bucket, audit.Total)) {
		for _, t := range ts {
			if d, err := time.Parse(time.DateOnly, t.Key); err == nil {
				f(&out[int(d.Sub(first).Hours()/24)/length], t)
			}
		}
	}
	add(days, func(b *bucket, t audit.Total) {
		b.total.Documents += t.Documents
		b.total.Removals += t.Removals
		b.total.Bytes += t.Bytes
		b.total.Shadow += t.Shadow
		b.total.ShadowBytes += t.ShadowBytes
		b.total.Size += t.Size
	})
	add(all, func(b *bucket, t audit.Total) { b.all += t.Documents })
	return out
}

// ends returns the first and the last day of the totals.
func ends(lists ...[]audit.Total) (first, last time.Time, ok bool) {
	for _, ts := range lists {
		for _, t := range ts {
			d, err := time.Parse(time.DateOnly, t.Key)
			if err != nil {
				continue
			}
			if !ok || d.Before(first) {
				first = d
			}
			if !ok || d.After(last) {
				last = d
			}
			ok = true
		}
	}
	return first, last, ok
}

// A value is one column's height.
type value struct {
	high  float64
	label string
	none  bool // nothing to show, not even a zero
}

// newPlot draws values over bs. show renders a figure of the y axis.
func newPlot(id, title, unit string, bs []bucket, show func(float64) string, f func(bucket) value) *plot {
	if len(bs) == 0 {
		return nil
	}
	p := &plot{ID: id, Title: title, Unit: unit}
	values := make([]value, len(bs))
	top, peak, shown := 0.0, 0, 0
	for i, b := range bs {
		values[i] = f(b)
		if values[i].none {
			continue
		}
		shown++
		if values[i].high > top || shown == 1 {
			top, peak = values[i].high, i
		}
	}
	step, steps := niceStep(top)
	max := step * float64(steps)
	for i := steps; i >= 0; i-- {
		p.Y = append(p.Y, show(step*float64(i)))
		p.Lines = append(p.Lines, coord(plotHeight*float64(steps-i)/float64(steps)))
	}
	pitch := plotWidth / float64(len(bs))
	for i, v := range values {
		if v.none {
			continue
		}
		h := plotHeight * v.high / max
		if h > 0 && h < .8 {
			h = .8 // a little is not nothing
		}
		p.Columns = append(p.Columns, column{X: coord(pitch*float64(i) + pitch*.1), W: coord(pitch * .8), Y: coord(plotHeight - h), H: coord(h),
			When: bs[i].name(), Value: v.label, Label: bs[i].name() + ": " + v.label})
	}
	p.X = []string{bs[0].from.Format(time.DateOnly), bs[len(bs)/2].from.Format(time.DateOnly), bs[len(bs)-1].to.Format(time.DateOnly)}
	if shown == 0 {
		p.Says = fmt.Sprintf("%s, %s: no figures.", title, unit)
	} else {
		p.Says = fmt.Sprintf("%s, %s, in %d columns from %s to %s. Highest %s: %s. Last %s: %s.", title, unit, len(bs),
			p.X[0], p.X[2], bs[peak].name(), values[peak].label, bs[len(bs)-1].name(), lastLabel(values))
	}
	return p
}

func lastLabel(vs []value) string {
	if v := vs[len(vs)-1]; !v.none {
		return v.label
	}
	return "nothing"
}

// Rows are the figures of p for its table, latest first.
func (p *plot) Rows() []column {
	out := slices.Clone(p.Columns)
	slices.Reverse(out)
	return out
}

// niceStep returns a round step and how many of them, from two to five, reach top.
func niceStep(top float64) (step float64, steps int) {
	if top <= 0 {
		return 1, 2
	}
	scale := math.Pow(10, math.Floor(math.Log10(top/5)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if step = m * scale; step*5 >= top*(1-1e-9) {
			break
		}
	}
	return step, max(2, int(math.Ceil(top/step-1e-9)))
}

func coord(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

// share is the width of a bar of 100 that shows n of most.
func share(n, most int) string {
	if n <= 0 || most <= 0 {
		return "0"
	}
	return coord(math.Max(1, 100*float64(n)/float64(most)))
}
