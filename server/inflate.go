package server

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/codes"

	pb "winnow/proto/winnow/v1"
)

// An inflater unpacks sources and never holds more than limit bytes of one.
// It is safe for concurrent use.
type inflater struct {
	limit int
	gzip  sync.Pool // of *gzip.Reader
	zstd  sync.Pool // of *zstd.Decoder
}

// unpack returns the bytes that packed stands for. What is not packed comes
// back as it is.
func (f *inflater) unpack(enc pb.ContentEncoding, packed []byte) ([]byte, error) {
	switch enc {
	case pb.ContentEncoding_CONTENT_ENCODING_GZIP:
		r, _ := f.gzip.Get().(*gzip.Reader)
		if r == nil {
			r = new(gzip.Reader)
		}
		defer f.gzip.Put(r)
		if err := r.Reset(bytes.NewReader(packed)); err != nil {
			return nil, broken("gzip", err)
		}
		return f.read("gzip", r, len(packed))
	case pb.ContentEncoding_CONTENT_ENCODING_ZSTD:
		r, _ := f.zstd.Get().(*zstd.Decoder)
		if r == nil {
			var err error
			// One goroutine, so that a decoder in the pool leaves nothing running.
			r, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxMemory(uint64(f.limit)+1), zstd.WithDecoderMaxWindow(uint64(f.maxWindow())))
			if err != nil {
				return nil, err
			}
		}
		defer func() {
			r.Reset(nil) // lets go of the source
			f.zstd.Put(r)
		}()
		if err := r.Reset(bytes.NewReader(packed)); err != nil {
			return nil, broken("zstd", err)
		}
		return f.read("zstd", r, len(packed))
	}
	if len(packed) > f.limit {
		return nil, tooLarge("the document", f.limit)
	}
	return packed, nil
}

// maxWindow is the largest window that a zstd frame may ask for, in bytes. RFC
// 8878 recommends that decoders support 8 MiB; a frame of one segment asks for
// as much as its content has.
func (f *inflater) maxWindow() int { return max(8<<20, f.limit) }

func (f *inflater) read(name string, r io.Reader, packed int) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(min(4*packed, f.limit) + bytes.MinRead)
	n, err := out.ReadFrom(io.LimitReader(r, int64(f.limit)+1))
	switch {
	case n > int64(f.limit), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return nil, tooLarge("the document, once unpacked,", f.limit)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, tooLarge("the window of the zstd frame", f.maxWindow())
	case err != nil:
		return nil, broken(name, err)
	}
	return out.Bytes(), nil
}

func broken(name string, err error) error {
	why := "not " + name
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		why = name + " that ends too early"
	}
	return fail(codes.InvalidArgument, encodingBroken, "the source is "+why)
}
