package page

import (
	"strings"
	"testing"
	"time"

	"winnow/audit"
)

func TestBuckets(t *testing.T) {
	total := func(day string, n int) audit.Total { return audit.Total{Key: day, Documents: n} }
	for _, c := range []struct {
		name    string
		days    []audit.Total
		columns int
		first   string
		sum     int
	}{
		{"none", nil, 0, "", 0},
		{"one day has a fortnight to stand in", []audit.Total{total("2026-03-20", 3)}, 14, "2026-03-07", 3},
		{"days", []audit.Total{total("2026-03-01", 1), total("2026-04-30", 2)}, 61, "2026-03-01", 3},
		{"weeks", []audit.Total{total("2026-01-01", 1), total("2026-12-31", 2)}, 53, "2025-12-26", 3},
		{"years", []audit.Total{total("2000-01-01", 1), total("2026-12-31", 2)}, 89, "", 3},
		{"a key that is no day", []audit.Total{total("yesterday", 1), total("2026-03-20", 2)}, 14, "2026-03-07", 2},
	} {
		bs := buckets(c.days, nil)
		sum := 0
		for i, b := range bs {
			sum += b.total.Documents
			if i > 0 && !b.from.Equal(bs[i-1].to.AddDate(0, 0, 1)) {
				t.Errorf("%s: a gap before %s", c.name, b.name())
			}
		}
		if len(bs) != c.columns || sum != c.sum || c.first != "" && bs[0].from.Format(time.DateOnly) != c.first {
			t.Errorf("%s: %d columns with %d documents, want %d with %d", c.name, len(bs), sum, c.columns, c.sum)
		}
	}
}

func TestNiceStep(t *testing.T) {
	for _, c := range []struct {
		top   float64
		step  float64
		steps int
	}{{0, 1, 2}, {1, .2, 5}, {7, 2, 4}, {100, 20, 5}, {101, 25, 5}, {183, 50, 4}, {.0107, .0025, 5}, {2, .5, 4}, {1e-9, 2e-10, 5}} {
		step, steps := niceStep(c.top)
		if d := step/c.step - 1; d > 1e-9 || d < -1e-9 || steps != c.steps {
			t.Errorf("niceStep(%v) = %v, %d; want %v, %d", c.top, step, steps, c.step, c.steps)
		}
		if step*float64(steps) < c.top*(1-1e-9) {
			t.Errorf("niceStep(%v) does not reach it", c.top)
		}
	}
}

func TestPlot(t *testing.T) {
	bs := buckets([]audit.Total{{Key: "2026-03-10", Documents: 4, Bytes: 50, Size: 1000}, {Key: "2026-03-20", Documents: 1, Bytes: 0, Size: 500}}, nil)
	p := sharePlot("x", bs)
	if len(p.Columns) != 2 || p.Columns[1].H != "0.00" {
		t.Errorf("want two columns, one of them of no height: %+v", p.Columns)
	}
	for _, want := range []string{"Removed share", "14 columns from 2026-03-07 to 2026-03-20", "Highest 2026-03-10: 5.00\u202f%", "Last 2026-03-20: 0\u202f%"} {
		if !strings.Contains(p.Says, want) {
			t.Errorf("%q does not say %q", p.Says, want)
		}
	}
	if len(p.Y) != len(p.Lines) || p.Y[len(p.Y)-1] != "0\u202f%" {
		t.Errorf("the axis: %v at %v", p.Y, p.Lines)
	}
	if newPlot("x", "t", "u", nil, axis, nil) != nil {
		t.Error("a plot of nothing")
	}
}

func TestFormat(t *testing.T) {
	for _, c := range [][2]string{
		{count(0), "0"}, {count(999), "999"}, {count(1253), "1\u202f253"}, {count(-1234567), "−1\u202f234\u202f567"},
		{bytesOf(0), "0\u202fB"}, {bytesOf(999), "999\u202fB"}, {bytesOf(1000), "1.00\u202fkB"}, {bytesOf(5_000_000), "5.00\u202fMB"}, {bytesOf(123_456_789), "123\u202fMB"},
		{percent(0), "0\u202f%"}, {percent(.00001), "<\u202f0.01\u202f%"}, {percent(.0107), "1.07\u202f%"}, {percent(.5), "50.0\u202f%"}, {percent(1), "100\u202f%"},
		{axis(2500), "2500"}, {axis(25000), "25k"}, {axisPercent(.0025), "0.25\u202f%"},
		{cleanName("  Jane \n Doe\x00 ", "x"), "Jane Doe"}, {cleanName("\xff", "x"), "x"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}
