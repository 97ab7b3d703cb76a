package extract

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// TestNotHTML: what is plainly no page says so; what may be one does not.
func TestNotHTML(t *testing.T) {
	for source, want := range map[string]string{
		"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xb3\x29": "application/x-gzip",
		"\x28\xb5\x2f\xfd\x04\x00\x69\x00":                 "application/zstd",
		"%PDF-1.7\n%\xe2\xe3\xcf\xd3":                      "application/pdf",
		"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR":      "image/png",
		"PK\x03\x04\x14\x00":                               "application/zip",
		"":                                                 "",
		"<!doctype html><p>The ferry sails at noon.":       "",
		"The ferry sails at noon.":                         "",
		"<?xml version=\"1.0\"?><html><p>text</p></html>":  "",
		"\xff\xfe<\x00p\x00>\x00":                          "",
		"\xef\xbb\xbf<p>a":                                 "",
		"<p>a\x00b\xff":                                    "",
		"\x1b$B$3$s":                                       "",
	} {
		res, err := Extract(context.Background(), Page{HTML: []byte(source)}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(res.Warnings, func(w Warning) bool { return w.Code == NotHTML })
		if (i >= 0) != (want != "") || i >= 0 && !strings.Contains(res.Warnings[i].Message, "the source is "+want+" and no page") {
			t.Errorf("%q: warnings %v, want %q", source, res.Warnings, want)
		}
	}
}
