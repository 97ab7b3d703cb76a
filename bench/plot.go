package main

import (
	"bytes"
	"fmt"
	"html"
)

// colours of the engines, in their order; winnow's are blue. Neighbours differ
// in shape as well, for who sees no colour.
var colours = []string{"#9ecae1", "#4292c6", "#08519c", "#08519c", "#d95f02", "#e6ab02", "#66a61e", "#1b7837", "#7570b3"}

func colour(name string) string {
	for i, e := range engines() {
		if e.name == name {
			return colours[i]
		}
	}
	return "#000000"
}

// A drawing is an SVG in the making.
type drawing struct {
	bytes.Buffer
	width, height int
}

func newDrawing(width, height int, title string) *drawing {
	d := &drawing{width: width, height: height}
	fmt.Fprintf(d, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="12">
<title>%s</title>
<rect width="%d" height="%d" fill="#ffffff"/>
`, width, height, width, height, html.EscapeString(title), width, height)
	return d
}

func (d *drawing) text(x, y float64, anchor, s string) {
	fmt.Fprintf(d, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"#222222\">%s</text>\n", x, y, anchor, html.EscapeString(s))
}

func (d *drawing) line(x1, y1, x2, y2 float64, stroke string) {
	fmt.Fprintf(d, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x1, y1, x2, y2, stroke)
}

func (d *drawing) mark(i int, x, y float64, fill string) {
	switch i % 4 {
	case 0:
		fmt.Fprintf(d, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>\n", x, y, fill)
	case 1:
		fmt.Fprintf(d, "<rect x=\"%.1f\" y=\"%.1f\" width=\"9\" height=\"9\" fill=\"%s\"/>\n", x-4.5, y-4.5, fill)
	case 2:
		fmt.Fprintf(d, "<path d=\"M%.1f %.1fl5.5 5.5l-5.5 5.5l-5.5 -5.5z\" fill=\"%s\"/>\n", x, y-5.5, fill)
	case 3:
		fmt.Fprintf(d, "<path d=\"M%.1f %.1fl5.5 9.5h-11z\" fill=\"%s\"/>\n", x, y-5.5, fill)
	}
}

func (d *drawing) done() []byte {
	d.WriteString("</svg>\n")
	return d.Bytes()
}

// qualityPlot shows a row for each page type with a mark for each engine.
func qualityPlot(all []*result) []byte {
	rs := judged(all)
	kinds := append(types(all[0]), "")
	const left, top, row, width, right = 120, 24, 34, 560, 250
	low, high := 1.0, 1.0
	for _, r := range rs {
		for _, k := range kinds {
			low = min(low, r.over(k, r.best()).f1)
		}
	}
	low = float64(int(low*10)) / 10
	height := top + row*len(kinds) + 40
	d := newDrawing(left+width+right, height, "Word F1 by page type and engine")
	x := func(f float64) float64 { return left + width*(f-low)/(high-low) }
	for i := int(low*10 + .5); i <= 10; i++ {
		f := float64(i) / 10
		d.line(x(f), top, x(f), float64(height-40), "#dddddd")
		d.text(x(f), float64(height-22), "middle", fmt.Sprintf("%.1f", f))
	}
	d.text(left+width/2, float64(height-5), "middle", "word F1")
	for n, k := range kinds {
		y := float64(top + row*n + row/2)
		name := k
		if k == "" {
			name = "all pages"
		}
		d.line(left, y, left+width, y, "#eeeeee")
		d.text(left-10, y+4, "end", name)
		for i, r := range rs {
			d.mark(i, x(r.over(k, r.best()).f1), y, colour(r.engine.name))
		}
	}
	for i, r := range rs {
		y := float64(top + 12 + 22*i)
		d.mark(i, left+width+28, y, colour(r.engine.name))
		d.text(left+width+42, y+4, "start", r.engine.name)
	}
	return d.done()
}

// speedPlot shows a bar for each engine.
func speedPlot(all []*result) []byte {
	rs := timed(all)
	const left, top, row, width = 210, 14, 28, 520
	high := 1.0
	for _, r := range rs {
		high = max(high, r.ratio())
	}
	height := top + row*(len(rs)+1) + 24
	d := newDrawing(left+width+70, height, "Processor time in times of html.Parse")
	bar := func(n int, name string, ratio float64, fill string) {
		y := float64(top + row*n)
		d.text(left-10, y+15, "end", name)
		fmt.Fprintf(d, "<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"20\" fill=\"%s\"/>\n", left, y, width*ratio/high, fill)
		d.text(left+width*ratio/high+6, y+15, "start", fmt.Sprintf("%.1f", ratio))
	}
	bar(0, "html.Parse alone", 1, "#888888")
	for i, r := range rs {
		bar(i+1, r.engine.name, r.ratio(), colour(r.engine.name))
	}
	d.text(left+width/2, float64(height-6), "middle", "processor time in times of html.Parse; less is better")
	return d.done()
}
