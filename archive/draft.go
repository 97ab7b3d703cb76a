package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A Draft is a file on its way to its place. It lies beside it under another
// name that the place alone decides, so that a later run finds it, and only one
// process can have it open. A Draft of a pipe, a device or an open file, such as
// /dev/stdout, is the thing itself.
type Draft struct {
	*os.File
	place string // where it goes; empty for what is written through
}

// ErrInUse is returned for a draft that another process writes.
var ErrInUse = errors.New("another run is writing it")

// CreateDraft begins an empty draft of the file path, and makes the folders
// above it. One that a run left behind goes.
func CreateDraft(path string) (*Draft, error) {
	d, err := LockDraft(path)
	if err != nil {
		return nil, err
	}
	if err := d.Empty(); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// LockDraft is CreateDraft for who has something to do before the draft that a
// run left behind goes; see Empty.
func LockDraft(path string) (*Draft, error) {
	path, plain, err := placeOf(path)
	if err != nil {
		return nil, err
	}
	if !plain {
		f, err := openThrough(path)
		return &Draft{File: f}, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	return openDraft(path, os.O_CREATE)
}

// Empty takes away what d holds. A pipe holds nothing.
func (d *Draft) Empty() error {
	if !d.IsFile() {
		return nil
	}
	return d.Truncate(0)
}

// OpenDraft opens the draft of path that a run left behind. Where the run has put
// it in its place already it is taken back from there.
func OpenDraft(path string) (*Draft, error) {
	path, plain, err := placeOf(path)
	if err != nil {
		return nil, err
	}
	if !plain {
		return nil, fmt.Errorf("%s is no file that could be gone on with", path)
	}
	d, err := openDraft(path, 0)
	if !errors.Is(err, fs.ErrNotExist) {
		return d, err
	}
	if err := os.Rename(path, draftName(path)); err != nil {
		return nil, fmt.Errorf("what was written of %s is gone", path)
	}
	return openDraft(path, 0)
}

func openDraft(place string, flag int) (*Draft, error) {
	f, err := os.OpenFile(draftName(place), os.O_RDWR|flag, 0o666)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	return &Draft{File: f, place: place}, nil
}

// IsFile reports whether d becomes a file, and is no pipe or device.
func (d *Draft) IsFile() bool { return d.place != "" }

// Sync waits until what was written lies on the disk. A pipe has none.
func (d *Draft) Sync() error {
	if !d.IsFile() {
		return nil
	}
	return d.File.Sync()
}

// Commit puts d in its place and closes it. It does not wait for the disk; see
// Sync and SyncFolder.
func (d *Draft) Commit() error {
	if !d.IsFile() {
		return d.Close()
	}
	err := d.Chmod(mode(d.place))
	if err == nil {
		err = os.Rename(d.Name(), d.place)
	}
	if e := d.Close(); err == nil {
		err = e
	}
	return err
}

// Remove closes d and takes it away.
func (d *Draft) Remove() error {
	if !d.IsFile() {
		return d.Close()
	}
	err := os.Remove(d.Name())
	if e := d.Close(); err == nil {
		err = e
	}
	return err
}

// FinishDraft puts the draft of path in its place, where a run was stopped
// before it could. It is no error that it is there already.
func FinishDraft(path string) error {
	place, _, err := placeOf(path)
	if err != nil {
		return err
	}
	d, err := openDraft(place, 0)
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(path)
		return err
	}
	if err != nil {
		return err
	}
	return d.Commit()
}

// draftName is where the draft of a file lies.
func draftName(place string) string {
	return filepath.Join(filepath.Dir(place), "."+filepath.Base(place)+".part")
}

// placeOf follows links, and reports whether path is or will be a plain file.
// What the process has open already is none, whatever stands behind it.
func placeOf(path string) (place string, plain bool, err error) {
	if descriptorOf(path) >= 0 {
		return path, false, nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, true, nil
	}
	if err != nil {
		return "", false, err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if info.IsDir() {
		return "", false, fmt.Errorf("%s is a folder", path)
	}
	return path, info.Mode().IsRegular(), nil
}

// WrittenThrough reports whether what is written to path goes to a pipe, a device
// or a file that the process has open, and replaces nothing.
func WrittenThrough(path string) bool {
	_, plain, err := placeOf(path)
	return err == nil && !plain
}

// SameFile reports whether two paths name one file, which is there.
func SameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// SyncFolder waits until the names in the folder of path lie on the disk.
func SyncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	err = d.Sync()
	if e := d.Close(); err == nil {
		err = e
	}
	return err
}
