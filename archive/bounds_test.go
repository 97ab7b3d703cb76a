package archive

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// TestBounds: pages and texts over their limit are refused before they are
// unpacked, wherever they lie, and those at the limit are read.
func TestBounds(t *testing.T) {
	const limit = 1 << 20
	page := func(n int) []byte { return append([]byte("<html>"), bytes.Repeat([]byte("a "), n/2-3)...) }
	packed := func(b []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		z.Write(b)
		z.Close()
		return out.Bytes()
	}
	inTar := func(name string, b []byte) []byte {
		var out bytes.Buffer
		w := tar.NewWriter(&out)
		w.WriteHeader(&tar.Header{Name: name, Size: int64(len(b)), Mode: 0o644})
		w.Write(b)
		w.Close()
		return out.Bytes()
	}
	inWARC := func(media string, b []byte) []byte {
		block := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Encoding: gzip\r\n\r\n%s", media, b)
		return fmt.Appendf(nil, "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:x>\r\nWARC-Target-URI: http://daily.example/\r\n"+
			"WARC-Date: 2020-01-01T00:00:00Z\r\nContent-Type: application/http\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n", len(block), block)
	}
	large, fits := page(64<<20), page(limit)
	for _, c := range []struct {
		name           string
		large, allowed []byte
		o              ReadOptions
	}{
		{"p.html.gz", packed(large), packed(fits), ReadOptions{MaxPage: limit}},
		{"p.html", large, fits, ReadOptions{MaxPage: limit}},
		{"p.txt.gz", packed(large[6:]), packed(fits[6:]), ReadOptions{MaxText: limit - 6, MaxPage: 1}},
		{"p.tar", inTar("p.html.gz", packed(large)), inTar("p.html.gz", packed(fits)), ReadOptions{MaxPage: limit, MaxText: 1}},
		{"t.tar", inTar("p.txt.gz", packed(large[6:])), inTar("p.txt.gz", packed(fits[6:])), ReadOptions{MaxText: limit, MaxPage: 1}},
		{"p.warc", inWARC("text/html", packed(large)), inWARC("text/html", packed(fits)), ReadOptions{MaxPage: limit, MaxText: 1}},
		{"t.warc", inWARC("text/plain", packed(large[6:])), inWARC("text/plain", packed(fits[6:])), ReadOptions{MaxText: limit, MaxPage: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), c.name)
			read := func(data []byte) (*Record, uint64) {
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				list, _, err := Sources([]string{path}, "")
				if err != nil {
					t.Fatal(err)
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				r, err := Open(list[0], c.o)
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				rec, err := r.Next()
				if err != nil {
					t.Fatal(err)
				}
				runtime.ReadMemStats(&after)
				return rec, after.TotalAlloc - before.TotalAlloc
			}
			rec, held := read(c.large)
			if rec.Err == nil || rec.Err.Reason != "INPUT_TOO_LARGE" || rec.Err.Code != "RESOURCE_EXHAUSTED" || rec.Source != nil {
				t.Errorf("%d bytes, error %v", len(rec.Source), rec.Err)
			}
			if held > 16*limit {
				t.Errorf("%d bytes were held to refuse it", held)
			}
			if rec, _ = read(c.allowed); rec.Err != nil || len(rec.Source) > limit || !strings.HasSuffix(string(rec.Source), "a a ") {
				t.Errorf("at the limit: %d bytes, error %v", len(rec.Source), rec.Err)
			}
		})
	}
}
