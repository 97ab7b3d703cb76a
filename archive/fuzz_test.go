package archive

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// streamOf is openStream for a file that lies in memory.
func streamOf(b []byte, f Format, at Mark) (*stream, error) {
	st := &stream{kind: f.Kind, c: f.Compression, at: bytes.NewReader(b), size: int64(len(b))}
	st.reset(at.Raw)
	_, err := io.CopyN(io.Discard, st, at.Skip)
	return st, err
}

// fuzzed reads b as f from a mark on, to the end.
func fuzzed(t *testing.T, b []byte, f Format, at Mark) []*Record {
	t.Helper()
	st, err := streamOf(b, f, at)
	if err != nil {
		t.Fatalf("%+v: %v", at, err)
	}
	defer st.Close()
	r, err := newReader(Source{Path: "x", Name: "x", Kind: f.Kind, Compression: f.Compression}, st, ReadOptions{MaxRecord: 1 << 20, At: at})
	if err != nil {
		t.Fatal(err)
	}
	var list []*Record
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if list = append(list, rec); len(list) > len(b)+2 {
			t.Fatalf("%s: more records than bytes", f)
		}
		if rec.Err == nil && (rec.Offset < 0 || rec.Offset > int64(len(b))) {
			t.Fatalf("%s: a record at byte %d of %d", f, rec.Offset, len(b))
		}
	}
}

func addArchives(f *testing.F) {
	files, err := os.ReadDir(archives)
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if !file.IsDir() {
			b, err := os.ReadFile(filepath.Join(archives, file.Name()))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b[:min(len(b), 1<<14)], file.Name())
		}
	}
}

// FuzzDetect: any bytes have a format or a reason why not, the same whatever the
// name says where the bytes tell it, and what is read of them is the same from
// every mark.
func FuzzDetect(f *testing.F) {
	addArchives(f)
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		format, err := Detect(b[:min(len(b), HeadSize)], name)
		if (err == nil) != (format.Kind != "") {
			t.Fatalf("%s and %v", format, err)
		}
		if m, ok := detectMagic(b); ok && m.Kind != "" && m.Kind != format.Kind {
			t.Fatalf("%q: %s, by its first bytes %s", name, format, m)
		}
		if err != nil || format.Kind == Parquet || len(b) > 1<<16 {
			return
		}
		list := fuzzed(t, b, format, Mark{})
		for _, i := range []int{0, len(list) / 2, len(list) - 1} {
			if i < 0 || i >= len(list) {
				continue
			}
			rest := fuzzed(t, b, format, list[i].After)
			if len(rest) != len(list)-i-1 {
				t.Fatalf("%s: %d records, and behind record %d at %+v %d", format, len(list), i+1, list[i].After, len(rest))
			}
			for k, rec := range rest {
				if line(rec) != line(list[i+1+k]) {
					t.Fatalf("%s: behind record %d:\n%s\nwant\n%s", format, i+1, line(rec), line(list[i+1+k]))
				}
			}
		}
	})
}

// FuzzWARC: any bytes can be read as WARC, and the texts in them, written as WET,
// are read back as they were.
func FuzzWARC(f *testing.F) {
	for _, name := range []string{"wget.warc", "warcio.warc", "revisit.warc"} {
		b, err := os.ReadFile(filepath.Join(archives, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("WARC/1.0\nWARC-Type: conversion\nContent-Type: text/plain\nContent-Length: 3\n\nabc\n\nWARC/1.0\r\nContent-Length: 1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		w, err := NewWriter(&out, WriteOptions{Format: Format{Kind: WET, Compression: Gzip}})
		if err != nil {
			t.Fatal(err)
		}
		var want []*Record
		for _, rec := range fuzzed(t, b, Format{Kind: WARC}, Mark{}) {
			if rec.Err != nil {
				continue
			}
			want = append(want, rec)
			if err := w.Write(rec, &Result{Text: string(rec.Source)}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got := fuzzed(t, out.Bytes(), Format{Kind: WET, Compression: Gzip}, Mark{})
		if len(got) != len(want) {
			t.Fatalf("%d records were written, %d read: %s", len(want), len(got), errorsOf(got))
		}
		for i, rec := range got {
			if rec.Err != nil || !bytes.Equal(rec.Source, want[i].Source) {
				t.Fatalf("record %d: %s, want %s", i+1, line(rec), line(want[i]))
			}
		}
	})
}

// FuzzZstd: what the decoder reads as a whole the stream reads frame by frame.
func FuzzZstd(f *testing.F) {
	b, err := os.ReadFile(filepath.Join(archives, "lines.jsonl.zst"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(append([]byte{0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'x', 'y'}, b...)) // behind a frame without data
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(1<<22))
		if err != nil {
			return
		}
		defer d.Close()
		want, err := io.ReadAll(d)
		if err != nil || len(b) > 0 && b[0] == 0 {
			return
		}
		st, err := streamOf(b, Format{Compression: Zstd}, Mark{})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		got, err := io.ReadAll(io.LimitReader(st, 1<<23))
		var g *gap
		if errors.As(err, &g) || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes and %v, the decoder reads %d", len(got), err, len(want))
		}
	})
}
