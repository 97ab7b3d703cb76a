// Package siteconfig carries the site configs of FiveFilters over into packs of
// winnow: files of one host each that say where its articles stand in the page
// and what in them is none of the article. The form was Instapaper's first;
// Full-Text RSS, wallabag and others read it.
//
// What is carried over becomes rules of the kind selector. What cannot be, such
// as what concerns fetching, is listed with its reason and lost to nobody.
package siteconfig

import (
	"fmt"
	"strings"

	"winnow/text"
)

// A Config is a site config as it was written.
type Config struct {
	File  string // its name, which tells the host: example.com.txt, .example.com.txt
	Host  string // as in rules.Rule.Hosts
	Lines []Directive
}

// A Directive is one line of a site config, "name: value" or "name(of): value".
type Directive struct {
	Line      int
	Name, Of  string
	Value     string
	malformed bool
}

// String returns the directive as it stands in the file.
func (d Directive) String() string {
	switch {
	case d.malformed:
		return d.Value
	case d.Of != "":
		return fmt.Sprintf("%s(%s): %s", d.Name, d.Of, d.Value)
	}
	return d.Name + ": " + d.Value
}

// A Test is what a site config says that the text of a page must hold.
type Test struct {
	URL         string   `json:"url"`
	Contains    []string `json:"contains,omitempty"`
	NotContains []string `json:"not_contains,omitempty"`
}

// HostOf returns the host that a file of that name is for; "" where it is no
// site config's name, such as LICENSE.txt.
func HostOf(file string) string {
	host, ok := strings.CutSuffix(strings.ToLower(file), ".txt")
	if !ok || text.PublisherOf(strings.TrimPrefix(host, ".")) == "" {
		return ""
	}
	return strings.TrimPrefix(host, "www.")
}

// Parse reads a site config; file is its name without folders. A line that has
// no form is a directive that nothing can be made of, never an error.
func Parse(file string, data []byte) (*Config, error) {
	c := &Config{File: file, Host: HostOf(file)}
	if c.Host == "" {
		return nil, fmt.Errorf("%s: the name of a site config is its host with .txt behind it", file)
	}
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		c.Lines = append(c.Lines, directive(n, line))
	}
	return c, nil
}

func directive(n int, line string) Directive {
	d := Directive{Line: n}
	i := strings.IndexAny(line, ":(")
	if i <= 0 {
		return Directive{Line: n, Value: line, malformed: true}
	}
	d.Name = strings.ToLower(strings.TrimSpace(line[:i]))
	rest := line[i:]
	if rest[0] == '(' { // up to "):", for the text in between may hold both
		of, value, ok := strings.Cut(rest[1:], "):")
		if !ok {
			return Directive{Line: n, Value: line, malformed: true}
		}
		d.Of, rest = of, ":"+value
	}
	if d.Value = strings.TrimSpace(rest[1:]); strings.ContainsAny(d.Name, " /\"'") {
		return Directive{Line: n, Value: line, malformed: true}
	}
	return d
}

// Tests returns what the config says of the texts of pages.
func (c *Config) Tests() []Test {
	var out []Test
	for _, d := range c.Lines {
		switch {
		case d.Name == "test_url" && d.Value != "":
			out = append(out, Test{URL: d.Value})
		case len(out) == 0 || d.Value == "":
		case d.Name == "test_contains":
			out[len(out)-1].Contains = append(out[len(out)-1].Contains, d.Value)
		case d.Name == "test_not_contains":
			out[len(out)-1].NotContains = append(out[len(out)-1].NotContains, d.Value)
		}
	}
	return out
}
