package extract

import (
	"bytes"
	"net/http"
	"strings"
)

// kindOf returns the media type that b plainly has where that is no text: what a
// crawler stored without unpacking it, a picture, a document of another kind. It
// is "" for all that may be a page.
func kindOf(b []byte) string {
	if bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd")) {
		return "application/zstd"
	}
	kind := http.DetectContentType(b)
	if strings.HasPrefix(kind, "text/") || kind == "application/octet-stream" {
		return ""
	}
	return kind
}
