package eval

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"winnow/internal/quality"
	"winnow/rules/learn"
)

func TestDbg(t *testing.T) {
	dir, _ := quality.Shared(2, "news-dev")
	_, rest, _ := NewsData(dir)
	l := learn.New(learn.Options{})
	for _, d := range rest {
		l.Add(d.Document)
	}
	for _, e := range l.Examples() {
		if strings.Contains(e.Text, os.Getenv("Q")) && e.Groups >= 3 {
			z := 0.0
			fmt.Printf("%s g=%d refused=%q %.80q ", e.Publisher, e.Groups, e.Refused, e.Text)
			for i, n := range learn.MeasureNames() {
				fmt.Printf(" %s=%.2f", n, e.Measures[i])
			}
			fmt.Println(z)
		}
	}
}
