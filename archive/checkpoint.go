package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Checkpoint is how far a run has come, and what it is a run of. It is a small
// JSON file beside the results: some hundred bytes, and what the report has
// counted. It is replaced as a whole and lies on the disk before anything
// depends on it, and what it speaks of lay there before.
type Checkpoint struct {
	Version int  `json:"version"` // checkpointVersion
	Task    Task `json:"task"`

	// Source is the number of the source, from 0, that is read next; all before
	// it are done. Mark is where in it to go on.
	Source int  `json:"source"`
	Mark   Mark `json:"mark"`
	// Records counts those that were read, of any kind and from all sources, and
	// Documents those of them that were chosen.
	Records   int64 `json:"records"`
	Documents int64 `json:"documents"`

	// Outputs are the files that are being written, and how much of each counts.
	Outputs []Output `json:"outputs"`
	// Done means that all drafts are whole and only have to be put in their place.
	Done bool `json:"done,omitempty"`

	Report json.RawMessage `json:"report,omitempty"` // what was counted so far
}

const checkpointVersion = 1

// An Output is a file of results and the number of its bytes that count.
type Output struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
}

// A Task is what decides the bytes of the results of a run. Two runs of equal
// tasks write the same.
type Task struct {
	// Inputs is a hash over the sources: their paths, sizes, formats and when
	// they were changed last. Not over what they hold: reading an archive of
	// terabytes twice is what a checkpoint is there to spare.
	Inputs string `json:"inputs"`
	// Sources are the sources themselves, where they are few, so that a change
	// can be named.
	Sources  []Input           `json:"sources,omitempty"`
	Options  map[string]string `json:"options"`  // by the name of the flag
	Revision string            `json:"revision"` // of the rules
}

// An Input is a source as it was when a run began.
type Input struct {
	Path     string    `json:"path"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	Format   string    `json:"format"`
}

// fewInputs is how many sources a checkpoint names one by one.
const fewInputs = 50

// NewTask looks at the sources.
func NewTask(sources []Source, options map[string]string, revision string) (Task, error) {
	t := Task{Options: options, Revision: revision}
	sum := sha256.New()
	for _, s := range sources {
		in, err := inputOf(s)
		if err != nil {
			return t, err
		}
		in.addTo(sum)
		if len(sources) <= fewInputs {
			t.Sources = append(t.Sources, in)
		}
	}
	t.Inputs = hex.EncodeToString(sum.Sum(nil))
	return t, nil
}

func inputOf(s Source) (Input, error) {
	if s.Path == "-" {
		return Input{}, errors.New("standard input cannot be read again: a run of it cannot be resumed")
	}
	info, err := os.Stat(s.Path)
	if err != nil {
		return Input{}, err
	}
	if !info.Mode().IsRegular() {
		return Input{}, fmt.Errorf("%s is no file: a run of it cannot be resumed", s.Path)
	}
	return Input{Path: s.Path, Size: info.Size(), Modified: info.ModTime().UTC(), Format: s.Format().String()}, nil
}

func (in Input) addTo(h hash.Hash) {
	fmt.Fprintf(h, "%q %d %d %s\n", in.Path, in.Size, in.Modified.UnixNano(), in.Format)
}

// Differs says in words what differs in t from was, the task of a run that was
// stopped, or "" where nothing does.
func (t Task) Differs(was Task) string {
	var why []string
	if t.Revision != was.Revision {
		why = append(why, fmt.Sprintf("the rules have changed (revision %s then, %s now)", was.Revision, t.Revision))
	}
	names := slices.Sorted(maps.Keys(t.Options))
	for name := range was.Options {
		if _, ok := t.Options[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if now, then := t.Options[name], was.Options[name]; now != then {
			why = append(why, fmt.Sprintf("the option %s has changed (%q then, %q now)", name, then, now))
		}
	}
	if t.Inputs != was.Inputs {
		why = append(why, inputsDiffer(t.Sources, was.Sources))
	}
	return strings.Join(why, "; ")
}

// inputsDiffer names the first source that is not as it was.
func inputsDiffer(now, then []Input) string {
	if len(now) == 0 || len(then) == 0 {
		return "the input has changed: its files, their sizes, or when they were changed last"
	}
	for i, a := range then {
		if i >= len(now) || now[i].Path != a.Path {
			return fmt.Sprintf("the input has changed: %s is no longer at its place in it", a.Path)
		}
		switch b := now[i]; {
		case a.Size != b.Size:
			return fmt.Sprintf("the input has changed: %s had %d bytes and now has %d", a.Path, a.Size, b.Size)
		case !a.Modified.Equal(b.Modified):
			return fmt.Sprintf("the input has changed: %s was written at %s and then again at %s", a.Path,
				a.Modified.Format(time.RFC3339Nano), b.Modified.Format(time.RFC3339Nano))
		case a.Format != b.Format:
			return fmt.Sprintf("the input has changed: %s is read as %s and was read as %s", a.Path, b.Format, a.Format)
		}
	}
	return fmt.Sprintf("the input has changed: %s is new in it", now[len(then)].Path)
}

// SaveCheckpoint puts c in the place path, on the disk.
func SaveCheckpoint(path string, c *Checkpoint) error {
	c.Version = checkpointVersion
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	temp := path + ".new" // the drafts are locked, so that nobody else writes it
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		os.Remove(temp)
		return err
	}
	return SyncFolder(path)
}

// LoadCheckpoint reads the checkpoint at path. Where there is none the error is
// fs.ErrNotExist.
func LoadCheckpoint(path string) (*Checkpoint, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &Checkpoint{}
	if err := json.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if c.Version != checkpointVersion {
		return nil, fmt.Errorf("%s is of version %d, and this winnow goes on with version %d", path, c.Version, checkpointVersion)
	}
	return c, nil
}

// RemoveCheckpoint takes the checkpoint at path away, and what a run that was
// stopped while it saved one may have left.
func RemoveCheckpoint(path string) error {
	for _, p := range []string{path + ".new", path} {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// CheckpointPath is where the checkpoint of results at output lies: beside a
// file, in a folder. Runs of several shards of one input may write into one
// folder; each has a shard's name, such as "2-of-8", or "".
func CheckpointPath(output string, folder bool, shard string) string {
	if !folder {
		return filepath.Join(filepath.Dir(output), "."+filepath.Base(output)+".checkpoint")
	}
	if shard != "" {
		shard = "-" + shard
	}
	return filepath.Join(output, ".winnow"+shard+".checkpoint")
}
