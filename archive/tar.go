package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A tar file is a row of blocks of 512 bytes: for each member a header, or
// several, then what it holds, filled up with zeros; two blocks of zeros end it.
// Members are read one by one by a reader of their own, so that the place of each
// is known and reading can begin at any of them; blocks of zeros are passed
// wherever they stand, so that files joined by cat are read to their end.

const tarBlock = 512

// A tarReader reads the texts and pages of a tar file.
type tarReader struct {
	*cursor
	o      ReadOptions
	passed map[string]int
	lost   bool // behind damage: the next header may begin at any byte
}

func newTarReader(s *stream, o ReadOptions) *tarReader {
	return &tarReader{cursor: newCursor(s), o: o, passed: map[string]int{}, lost: o.At.Lost}
}

// Passed is Reader.Passed.
func (t *tarReader) Passed() map[string]int { return t.passed }

// Next is Reader.Next.
func (t *tarReader) Next() (*Record, error) {
	for {
		rec, err := t.next()
		if rec != nil || err != nil {
			if rec != nil {
				rec.After = t.here()
				rec.After.Lost = t.lost
			}
			return rec, err
		}
	}
}

// next returns the next member, or nil for one that is passed by.
func (t *tarReader) next() (*Record, error) {
	for {
		b := t.peek(tarBlock)
		switch {
		case len(b) < tarBlock && len(bytes.Trim(b, "\x00")) == 0:
			// The end, or a gap: reading on tells.
			if err := t.skip(int64(len(b)) + 1); err != io.ErrUnexpectedEOF {
				return t.broken(t.here(), nil, err)
			}
			return nil, io.EOF
		case len(b) < tarBlock:
			at := t.here()
			return t.broken(at, nil, t.skip(int64(len(b))+1))
		case len(bytes.Trim(b, "\x00")) == 0:
		case !t.lost:
			return t.member()
		case isTar(b):
			t.lost = false
			return t.member()
		}
		step := int64(tarBlock)
		if t.lost {
			step = 1
			if i := bytes.Index(t.peek(1<<15), []byte("ustar")); i > 257 {
				step = int64(i - 257)
			} else if i < 0 {
				step = tarBlock / 2
			}
		}
		if err := t.skip(step); err != nil {
			return t.broken(t.here(), nil, err)
		}
	}
}

// member reads the member whose header begins here.
func (t *tarReader) member() (*Record, error) {
	at, from := t.here(), t.at
	r := tar.NewReader(t.cursor)
	h, err := r.Next()
	if err != nil {
		if errors.Is(err, tar.ErrHeader) {
			err = errors.New("no header of a tar file stands there")
		}
		return t.broken(at, nil, unexpected(err))
	}
	rec := &Record{ID: clean(h.Name), Name: clean(h.Name), Offset: at.Raw, tar: h}
	switch {
	case isSparse(h):
		// Its size is not that of what is stored; the next header is looked for.
		t.lost = true
		rec.Err = bad(BadRecord, "the file %s at byte %d is stored with holes (sparse), which is not read", h.Name, at.Raw)
		return rec, nil
	case h.Typeflag == tar.TypeXGlobalHeader:
		return t.pass("global headers", 0)
	case h.Typeflag == tar.TypeDir:
		return t.pass("folders", 0)
	case h.Typeflag == tar.TypeLink || h.Typeflag == tar.TypeSymlink:
		return t.pass("links", 0)
	case h.Typeflag == tar.TypeChar || h.Typeflag == tar.TypeBlock || h.Typeflag == tar.TypeFifo:
		return t.pass("devices", 0)
	case h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeCont:
		return t.pass("members of other types", h.Size)
	}
	f, err := Detect(t.peek(int(min(h.Size, HeadSize))), h.Name)
	max := t.o.maxOf(f.Kind == Page)
	switch {
	case err != nil || strings.HasPrefix(base(h.Name), "."):
		return t.pass("files of other kinds", h.Size)
	case f.Kind != Text && f.Kind != Page:
		return t.pass("files of kind "+string(f.Kind), h.Size)
	case h.Size > int64(max):
		rec.Err = tooLarge(at, max)
		if err := t.skip(h.Size); err != nil {
			return t.broken(at, rec, err)
		}
		if err := t.fillUp(h.Size); err != nil {
			return t.broken(at, rec, err)
		}
		return rec, nil
	}
	data, err := t.take(h.Size)
	if err == nil {
		err = t.fillUp(h.Size)
	}
	if err != nil {
		return t.broken(at, rec, err)
	}
	rec.IsPage, rec.Size = f.Kind == Page, int(t.at-from)
	if rec.Source = data; f.Compression != Plain {
		z, err := decompressor(bytes.NewReader(data), f.Compression)
		if err == nil {
			rec.Source, err = io.ReadAll(io.LimitReader(z, int64(max)+1))
			z.Close()
		}
		if err != nil {
			rec.Source, rec.Err = nil, &Error{"DATA_LOSS", Damaged, fmt.Sprintf("the file %s at byte %d: %v", h.Name, at.Raw, err)}
		} else if len(rec.Source) > max {
			rec.Source, rec.Err = nil, tooLarge(at, max)
		}
	}
	return rec, nil
}

// pass counts a member of n bytes and passes it.
func (t *tarReader) pass(what string, n int64) (*Record, error) {
	t.passed[what]++
	at := t.here()
	err := t.skip(n)
	if err == nil {
		err = t.fillUp(n)
	}
	if err != nil {
		return t.broken(at, nil, err)
	}
	return nil, nil
}

// fillUp passes what fills up the last block of a member of n bytes. The file
// may end without it.
func (t *tarReader) fillUp(n int64) error {
	if err := t.skip(-n & (tarBlock - 1)); err != io.ErrUnexpectedEOF {
		return err
	}
	return nil
}

// broken returns the record that stands for a place that cannot be read, and
// for the member rec, where it is not nil.
func (t *tarReader) broken(at Mark, rec *Record, err error) (*Record, error) {
	var g *gap
	if err == io.EOF || t.ioErr != nil {
		return nil, err
	}
	d := damaged(at, "the member at byte %d: %v", at.Raw, err)
	switch {
	case errors.As(err, &g):
		d.Err.Message = g.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		d.Err.Message = fmt.Sprintf("the file ends inside the member that begins at byte %d", at.Raw)
	}
	t.lost = true
	if rec != nil {
		d.ID, d.Name = rec.ID, rec.Name
	}
	return d, nil
}

// isSparse reports whether only the parts of a file that are not zeros are stored.
func isSparse(h *tar.Header) bool {
	for k := range h.PAXRecords {
		if strings.HasPrefix(k, "GNU.sparse.") {
			return true
		}
	}
	return h.Typeflag == tar.TypeGNUSparse
}

// clean is a member's name as other formats write it.
func clean(name string) string { return strings.TrimPrefix(name, "./") }

func base(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }
