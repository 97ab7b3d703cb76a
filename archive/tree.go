package archive

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// A Tree writes results as a folder of files. It is a Writer whose Cut returns
// no offset: a run that is begun again writes the files behind its checkpoint
// once more, with the same bytes.
type Tree struct {
	// Name returns the path of a record's result below the folder, with slashes.
	// Where it is nil, a record's own name decides, as in a tar file.
	Name func(*Record) string

	// Sync has Cut wait until the disk holds the files.
	Sync bool

	dir     string
	written []string // since the last cut, where Sync is set
}

// NewTree returns a Tree that writes below dir.
func NewTree(dir string) *Tree { return &Tree{dir: dir} }

// Write writes the clean text as a file of its own, whole or not at all. What
// failed leaves nothing.
func (t *Tree) Write(rec *Record, res *Result, failed *Error) error {
	if rec.Blank || failed != nil {
		return nil
	}
	name := rec.fileName()
	if t.Name != nil {
		name = t.Name(rec)
	}
	path := filepath.Join(t.dir, filepath.FromSlash(name))
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Abandon()
	out := &tally{w: f}
	fr, err := newFrames(out, FormatOf(name).Compression)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(fr, res.Text); err != nil {
		return err
	}
	if err := fr.Close(); err != nil {
		return err
	}
	if t.Sync {
		if err := f.Sync(); err != nil {
			return err
		}
		t.written = append(t.written, filepath.Dir(path))
	}
	return f.Commit()
}

// Cut is Writer.Cut; the offset is always 0.
func (t *Tree) Cut() (int64, error) {
	var errs []error
	done := map[string]bool{}
	for _, dir := range t.written {
		if done[dir] {
			continue
		}
		done[dir] = true
		d, err := os.Open(dir)
		if err == nil {
			err = errors.Join(d.Sync(), d.Close())
		}
		errs = append(errs, err)
	}
	t.written = nil
	return 0, errors.Join(errs...)
}

// Close is Writer.Close.
func (t *Tree) Close() error {
	_, err := t.Cut()
	return err
}
