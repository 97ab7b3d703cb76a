package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// count writes n with thin spaces between its thousands.
func count(n int) string {
	s := strconv.Itoa(n)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	var b strings.Builder
	if neg {
		b.WriteString("−")
	}
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteString("\u202f")
		}
		b.WriteRune(c)
	}
	return b.String()
}

// bytesOf writes a number of bytes in the unit that suits it.
func bytesOf(n int) string {
	f, unit := float64(n), "B"
	for _, u := range []string{"kB", "MB", "GB", "TB"} {
		if math.Abs(f) < 999.5 {
			break
		}
		f, unit = f/1000, u
	}
	if unit == "B" {
		return strconv.Itoa(n) + "\u202fB"
	}
	return figure(f) + "\u202f" + unit
}

// percent writes a share of 0 to 1.
func percent(f float64) string {
	switch {
	case f == 0:
		return "0\u202f%"
	case f < .0001:
		return "<\u202f0.01\u202f%"
	}
	return figure(f*100) + "\u202f%"
}

// figure writes f with three digits or so.
func figure(f float64) string {
	switch a := math.Abs(f); {
	case a >= 99.95:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case a >= 9.995:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}

// axis writes a round figure as short as it goes.
func axis(f float64) string {
	unit := ""
	switch {
	case f >= 1e6:
		f, unit = f/1e6, "M"
	case f >= 1e4:
		f, unit = f/1e3, "k"
	}
	return strconv.FormatFloat(math.Round(f*1000)/1000, 'f', -1, 64) + unit
}

func axisPercent(f float64) string {
	return strconv.FormatFloat(math.Round(f*1e6)/1e4, 'f', -1, 64) + "\u202f%"
}

// plural writes n of a thing.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04") + " UTC"
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func confidence(f float64) string { return fmt.Sprintf("%.3f", f) }
