package client

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"winnow/archive"
)

// output is where a run writes: the results, and where asked for the removed
// spans and the documents that failed.
type output struct {
	run   *run
	files []*target // those that are written all the time: Output, Removed, Errors

	stream archive.Writer // to Bulk.To; its lines are written by lines, where it has some
	plain  bool           // a cut of stream changes no bytes

	names  []string // of the files in Folder, by source
	inside *target  // the one that is being written, or nil
}

// A target is a file that is being written.
type target struct {
	path  string
	draft *archive.Draft
	w     archive.Writer
	lined int  // which of batch.lines are written to it; -1 for none, and it is given records
	empty bool // nothing was written
	text  bool // it holds one text alone
}

// open opens what the run writes to, where a checkpoint says so behind what is
// there.
func (r *run) open() (*output, error) {
	o := &output{run: r}
	if r.DryRun || r.from != nil && r.from.Done {
		return o, nil
	}
	if err := o.open(); err != nil {
		o.abandon(r.from != nil)
		return nil, err
	}
	return o, nil
}

func (o *output) open() (err error) {
	r := o.run
	if r.Folder != "" {
		if o.names, err = archive.OutNames(r.Sources); err != nil {
			return err
		}
		if err := os.MkdirAll(r.Folder, 0o777); err != nil {
			return err
		}
		if r.from != nil && r.from.Source < len(r.Sources) {
			path := o.pathOf(r.from.Source)
			if at := r.sizeOf(path); at >= 0 {
				if o.inside, err = r.target(path, o.formatOf(r.from.Source), r.part()); err != nil {
					return err
				}
			}
		}
	}
	if r.To != nil {
		o.plain = r.Writer == nil && r.Format.Compression == archive.Plain && r.Format.Kind != archive.Parquet
		if o.stream, err = r.writer(r.To, r.Format, r.part()); err != nil {
			return err
		}
	}
	if r.Output != "" {
		if err := o.add(r.Output, func() (*target, error) { return r.target(r.Output, r.Format, r.part()) }); err != nil {
			return err
		}
	}
	if r.Removed != "" {
		f := archive.FormatOf(r.Removed)
		if f.Kind != archive.Parquet {
			f.Kind = archive.JSONL
		}
		if err := o.add(r.Removed, func() (*target, error) { return r.target(r.Removed, f, archive.RemovedOnly) }); err != nil {
			return err
		}
	}
	if r.Errors != "" {
		return o.add(r.Errors, r.errorTarget)
	}
	return nil
}

func (o *output) add(path string, open func() (*target, error)) error {
	for _, t := range o.files {
		if filepath.Clean(t.path) == filepath.Clean(path) {
			return fmt.Errorf("two kinds of results would be written to %s", path)
		}
	}
	t, err := open()
	if err == nil {
		o.files = append(o.files, t)
	}
	return err
}

func (r *run) part() archive.Part {
	if r.Removed != "" {
		return archive.Kept
	}
	return archive.Whole
}

func (r *run) writer(w io.Writer, f archive.Format, p archive.Part) (archive.Writer, error) {
	if r.Writer != nil {
		return r.Writer(w)
	}
	return archive.NewWriter(w, archive.WriteOptions{Format: f, Part: p})
}

// sizeOf is how much of the file counts by the checkpoint; -1 where it says
// nothing of it.
func (r *run) sizeOf(path string) int64 {
	if r.from != nil {
		for _, o := range r.from.Outputs {
			if o.Path == path {
				return o.Size
			}
		}
	}
	return -1
}

// target opens the draft of a file of results.
func (r *run) target(path string, f archive.Format, p archive.Part) (*target, error) {
	t := &target{path: path, lined: -1, empty: true, text: f.Kind == archive.Text}
	if f.Kind == archive.JSONL && r.Writer == nil {
		if t.lined = resultLines; p == archive.RemovedOnly {
			t.lined = removedLines
		}
	}
	at := r.sizeOf(path)
	var err error
	if at < 0 {
		if t.draft, err = r.draft(path); err == nil {
			t.w, err = r.writer(t.draft, f, p)
		}
	} else {
		t.empty = false
		if t.draft, err = archive.OpenDraft(path); err == nil {
			t.w, err = archive.ResumeWriter(t.draft.File, at, archive.WriteOptions{Format: f, Part: p})
		}
	}
	if err != nil {
		if t.draft != nil {
			t.draft.Close()
		}
		return nil, err
	}
	return t, nil
}

// draft begins a draft. What an earlier run left in it goes when its checkpoint is
// gone, and not before.
func (r *run) draft(path string) (*archive.Draft, error) {
	if r.begun {
		return archive.CreateDraft(path)
	}
	return archive.LockDraft(path)
}

// errorTarget opens the draft of the file of documents that failed.
func (r *run) errorTarget() (*target, error) {
	t := &target{path: r.Errors, lined: -1}
	at := r.sizeOf(r.Errors)
	var err error
	if at < 0 {
		at = 0
		t.draft, err = r.draft(r.Errors)
	} else if t.draft, err = archive.OpenDraft(r.Errors); err == nil {
		if err = t.draft.Truncate(at); err == nil {
			_, err = t.draft.Seek(at, io.SeekStart)
		}
	}
	if err != nil {
		if t.draft != nil {
			t.draft.Close()
		}
		return nil, err
	}
	t.w = &errorWriter{b: bufio.NewWriter(t.draft), n: at}
	return t, nil
}

// An errorWriter writes the records that failed, as archive.Record.AppendFailed
// does. It is an archive.Writer but for where they come from.
type errorWriter struct {
	b    *bufio.Writer
	n    int64
	line []byte
	file string
}

func (w *errorWriter) Write(rec *archive.Record, _ *archive.Result, failed *archive.Error) error {
	if failed == nil {
		return nil
	}
	w.line = rec.AppendFailed(w.line[:0], archive.Failure{Error: *failed, File: w.file, Line: rec.Line, Offset: rec.Offset})
	n, err := w.b.Write(w.line)
	w.n += int64(n)
	return err
}

func (w *errorWriter) Cut() (int64, error) { return w.n, w.b.Flush() }
func (w *errorWriter) Close() error        { return w.b.Flush() }

// pathOf is the file in Folder for the results of a source.
func (o *output) pathOf(source int) string {
	return filepath.Join(o.run.Folder, o.names[source])
}

// formatOf is its format.
func (o *output) formatOf(source int) archive.Format {
	f := archive.OutFormat(o.run.Sources[source].Format())
	if o.run.JSONL && f.Kind == archive.Text {
		f.Kind = archive.JSONL
	}
	return f
}

// write writes what became of a document, but for its lines.
func (o *output) write(it *Item) error {
	if o.run.DryRun {
		return nil
	}
	for _, t := range o.files {
		if e, ok := t.w.(*errorWriter); ok {
			e.file = o.run.Sources[it.Source].Path
		}
		if err := t.write(it); err != nil {
			return err
		}
	}
	if o.stream != nil && !o.run.lined(it.Source) {
		return o.stream.Write(it.Record, it.Result, it.Failed)
	}
	if o.run.Folder == "" {
		return nil
	}
	if it.Failed != nil && o.formatOf(it.Source).Kind == archive.Text {
		return nil // it leaves no file
	}
	if err := o.enter(it.Source); err != nil {
		return err
	}
	return o.inside.write(it)
}

// lines writes the lines of b up to those of it.
func (o *output) lines(b *batch, it *Item) error {
	for k := range b.lines {
		if it.ends[k] <= b.from[k] {
			continue // they are written
		}
		p := b.lines[k][b.from[k]:it.ends[k]]
		b.from[k] = it.ends[k]
		if o.stream != nil && k == resultLines {
			if err := o.stream.(archive.LineWriter).WriteLines(p); err != nil {
				return err
			}
			continue
		}
		for _, t := range o.opened() {
			if t.lined != k {
				continue
			}
			if err := t.w.(archive.LineWriter).WriteLines(p); err != nil {
				return fmt.Errorf("%s: %w", t.path, err)
			}
		}
	}
	return nil
}

func (t *target) write(it *Item) error {
	if t.lined >= 0 {
		return nil
	}
	if it.Failed == nil || !t.text {
		t.empty = false
	}
	if err := t.w.Write(it.Record, it.Result, it.Failed); err != nil {
		return fmt.Errorf("%s: %w", t.path, err)
	}
	return nil
}

// enter begins the file of a source.
func (o *output) enter(source int) (err error) {
	if o.inside == nil {
		o.inside, err = o.run.target(o.pathOf(source), o.formatOf(source), o.run.part())
	}
	return err
}

// end is called after the last document of a source.
func (o *output) end(source int) error {
	if o.run.Folder == "" || o.run.DryRun {
		return nil
	}
	if o.inside == nil && o.formatOf(source).Kind == archive.Text {
		return nil
	}
	if err := o.enter(source); err != nil { // a source without documents has results without any
		return err
	}
	t := o.inside
	o.inside = nil
	if err := t.w.Close(); err != nil {
		t.draft.Remove()
		return fmt.Errorf("%s: %w", t.path, err)
	}
	if err := t.draft.Commit(); err != nil {
		return fmt.Errorf("%s: %w", t.path, err)
	}
	return nil
}

// cut cuts all that is open and says how much there is of each.
func (o *output) cut() ([]archive.Output, error) {
	var list []archive.Output
	for _, t := range o.opened() {
		n, err := t.w.Cut()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.path, err)
		}
		list = append(list, archive.Output{Path: t.path, Size: n})
	}
	if o.stream != nil {
		if _, err := o.stream.Cut(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// idle hands on what a filter has answered, before the run waits.
func (o *output) idle() error {
	if o.stream == nil || !o.plain {
		return nil
	}
	_, err := o.stream.Cut()
	return err
}

// sync waits until all that was cut lies on the disk. It is called by the saver.
func (o *output) sync() error {
	for _, t := range o.files {
		if err := t.draft.Sync(); err != nil {
			return err
		}
	}
	if o.run.Folder != "" {
		return archive.SyncTree(o.run.Folder)
	}
	return nil
}

// close ends all files and says how large they are.
func (o *output) close() ([]archive.Output, error) {
	if o.stream != nil {
		if err := o.stream.Close(); err != nil {
			return nil, err
		}
	}
	var list []archive.Output
	for _, t := range o.files {
		if err := t.w.Close(); err != nil {
			return nil, fmt.Errorf("%s: %w", t.path, err)
		}
		n, err := t.draft.Seek(0, io.SeekCurrent)
		if err != nil && t.draft.IsFile() {
			return nil, err
		}
		list = append(list, archive.Output{Path: t.path, Size: n})
	}
	return list, nil
}

// commit puts all files in their place. With wait they lie there on the disk
// when it returns.
func (o *output) commit(wait bool) error {
	if from := o.run.from; from != nil && from.Done && o.files == nil {
		for _, f := range from.Outputs { // a run was stopped while it did this
			if err := archive.FinishDraft(f.Path); err != nil {
				return err
			}
		}
	}
	for _, t := range o.files {
		var err error
		if t.text && t.empty {
			err = t.draft.Remove() // the one document has no result
		} else {
			err = t.draft.Commit()
		}
		if err != nil {
			return err
		}
		if wait && t.draft.IsFile() {
			if err := archive.SyncFolder(t.path); err != nil {
				return err
			}
		}
	}
	return nil
}

// abandon closes all files, and takes them away unless they are kept for a run
// that goes on with them.
func (o *output) abandon(keep bool) {
	for _, t := range o.opened() {
		if keep {
			t.draft.Close()
		} else {
			t.draft.Remove()
		}
	}
}

// opened are the files that are open.
func (o *output) opened() []*target {
	if o.inside == nil {
		return o.files
	}
	return append(o.files[:len(o.files):len(o.files)], o.inside)
}
