package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"time"

	"winnow/archive"
)

// A Bulk cleans archives of any size by a Cleaner, in bounded memory. Results
// come in the order of the documents and do not depend on Jobs, on the Cleaner
// being in process or far away, or on how often the run was stopped and resumed.
//
// A run that writes to Output or Folder saves a checkpoint from time to time. It
// may be stopped in any way: results lie beside their place until they are
// whole, and the same run with Resume goes on where the last checkpoint was.
// See docs/bulk.md.
//
// The zero values of all fields but Cleaner, Sources and one of To, Output and
// Folder are ready for use.
type Bulk struct {
	Cleaner Cleaner
	Sources []archive.Source
	Read    archive.ReadOptions

	// Prepare, where set, is given each document before it is cleaned, by any
	// goroutine.
	Prepare func(src archive.Source, rec *archive.Record)

	To     io.Writer // the results of all sources go here as they are ready
	Output string    // or into this file
	Folder string    // or into a file for each source, below this folder

	Format  archive.Format // of To or Output; of Folder each source has its own
	JSONL   bool           // write JSON lines for texts and pages in Folder too
	Removed string         // a file for the removed spans, which then do not stand in the results
	Errors  string         // a file of JSON lines for the documents that failed, as they came in

	// Writer, where set, makes what writes the results, such as marked text. A
	// run with one cannot be resumed.
	Writer func(io.Writer) (archive.Writer, error)

	Jobs     int // documents cleaned at once; 0 means one a core
	MaxBytes int // bytes of documents held; 0 means archive.DefaultHeld, or 4 MiB a job where that is more
	// Batch is how many bytes of small documents go from goroutine to goroutine at
	// once. It is for a Cleaner in process that takes microseconds. Memory is used
	// again then: neither the Cleaner nor Each may keep a Record. 0 hands each
	// document over by itself, and uses nothing again.
	Batch     int
	Unordered bool // results come as they are ready; such a run cannot be resumed
	FailFast  bool // the first document that fails ends the run
	DryRun    bool // write nothing, only count

	Limit  int64   // clean this many documents and no more; 0 means all
	Sample float64 // clean this share of the documents, chosen by their ids; 0 means all
	// Shard, from 1 to Shards, cleans one part of the input. For Folder these
	// are whole sources, else records: the first one belongs to the first shard,
	// the second one to the second, and so on.
	Shard, Shards int

	// Resume goes on with a run of the same task that was stopped. Where there
	// is none the run begins at the beginning. A run of another task is an
	// ErrChanged.
	Resume bool
	// Restart, with Resume, begins at the beginning where it would be an ErrChanged.
	Restart bool
	// Options and Revision are what else decides the results: how the Cleaner
	// was set up, and the revision of its rules. A resumed run must have the same.
	Options  map[string]string
	Revision string
	// CutDocuments is after how many documents the results are cut and a
	// checkpoint may be saved; 0 means 5,000. After CutBytes of documents they
	// are cut as well; 0 means 16 MiB. Both decide where members of compressed
	// results end.
	CutDocuments, CutBytes int64

	// Each, where set, is told of each document after it was written, in order.
	Each func(*Item)
	// Sync, where set, is called before a checkpoint is saved and before the
	// results are put in their place: what the caller keeps beside them is then
	// on the disk as well. Its error ends the run.
	Sync func() error
	// Resumed, where set, is told the report so far of a run that goes on.
	Resumed func(*Report)
	// Status, where set, is called after each document, and should return soon.
	Status func(*Report)

	// Report is filled by Run, also where it fails. Saved is then the checkpoint
	// that a run with Resume goes on from, or nil.
	Report *Report
	Saved  *archive.Checkpoint
}

// The defaults of Bulk.
const (
	DefaultCutDocuments = 5000
	DefaultCutBytes     = 16 << 20
)

// An Item is a document and what became of it.
type Item struct {
	Source int // its place in Bulk.Sources
	Record *archive.Record
	Result *archive.Result // nil where it failed, and for a blank line
	Failed *archive.Error
	Took   time.Duration // to clean it

	end   bool         // no document: the end of the source
	after archive.Mark // where reading goes on
	place place        // how far reading has come with it
	ends  [parts]int   // where its lines end in batch.lines
	bytes int64        // of all sources, as they lie there, that reading has come past
	// What the source held besides documents, at its end.
	passed map[string]int
	err    error // ends the run
}

// place is how far a run has come.
type place struct{ records, documents int64 }

// ErrChanged is the error of a run that was to be resumed and is not the same
// run any more. Its text says what has changed.
var ErrChanged = errors.New("the run that was stopped cannot be gone on with")

// A FailedError is the error of a run that ended with the first document that
// failed.
type FailedError struct {
	ID  string
	Err *archive.Error
}

// Error names the document and says why it failed.
func (e *FailedError) Error() string { return fmt.Sprintf("the document %q failed: %v", e.ID, e.Err) }

// Unwrap returns the document's error.
func (e *FailedError) Unwrap() error { return e.Err }

// Run cleans everything. It returns nil where every document has a result or an
// error of its own, which Report counts.
func (b *Bulk) Run(ctx context.Context) (err error) {
	r := &run{Bulk: b}
	if err := r.check(); err != nil {
		return err
	}
	b.Report = newReport()
	if err := r.begin(); err != nil {
		if r.out != nil {
			r.out.abandon(r.from != nil)
		}
		return err
	}
	r.report.begin()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.saver = newSaver(r.save, cancel)
	r.spare = make(chan *batch, 2*archive.Ahead*r.jobs())
	err = archive.Ordered[*batch]{Jobs: r.jobs(), MaxBytes: r.held(), AnyOrder: b.Unordered,
		Next: r.nextBatch, Work: r.workBatch, Emit: r.emitBatch, Idle: r.out.idle}.Run(ctx)
	if e := r.saver.wait(); err == nil {
		err = e
	}
	r.report.end()
	if err == nil {
		err = r.finish()
	}
	if err != nil {
		if b.Saved = r.saver.saved; b.Saved == nil {
			b.Saved = r.from
		}
		r.out.idle() // a stream keeps what it was given
		r.out.abandon(b.Saved != nil)
	}
	return err
}

// A run is one call of Bulk.Run.
type run struct {
	*Bulk
	report *Report
	out    *output
	saver  *saver
	path   string              // of the checkpoint; empty where none is saved
	task   archive.Task        // what a checkpoint is bound to
	from   *archive.Checkpoint // where the run goes on, or that it is done; nil where it begins
	begun  bool                // what earlier runs left is gone, or gone on with

	// The reader's own.
	source  int
	mark    archive.Mark
	reader  archive.Reader
	read    place
	done    int64 // bytes of the sources that are done
	stopped bool
	batches int   // that were read
	readErr error // what ends reading, after the batch before it

	spare chan *batch // those that can be used again

	// The emitter's own.
	cutDocuments, cutBytes int64 // since the last cut
}

func (r *run) jobs() int {
	if r.Jobs > 0 {
		return r.Jobs
	}
	return runtime.GOMAXPROCS(0)
}

// held is how many bytes of documents are held.
func (r *run) held() int {
	if r.MaxBytes > 0 {
		return r.MaxBytes
	}
	return max(archive.DefaultHeld, r.jobs()*4<<20)
}

// check looks at what Bulk's fields say together.
func (r *run) check() error {
	targets := 0
	for _, set := range []bool{r.To != nil, r.Output != "", r.Folder != ""} {
		if set {
			targets++
		}
	}
	switch {
	case r.Cleaner == nil || targets != 1 && !r.DryRun:
		return errors.New("client: a Bulk needs a Cleaner and one of To, Output and Folder")
	case r.Sample < 0 || r.Sample > 1 || r.Limit < 0:
		return errors.New("client: a sample is a share from 0 to 1, and a limit is not negative")
	case r.Shards < 0 || r.Shards > 0 && (r.Shard < 1 || r.Shard > r.Shards):
		return fmt.Errorf("client: there is no shard %d of %d", r.Shard, r.Shards)
	case r.Resume && (r.To != nil || r.DryRun || r.Unordered || r.Writer != nil):
		return errors.New("client: only a run that writes its results in order to a file or a folder can be resumed")
	}
	return nil
}

// resumable reports whether checkpoints make sense.
func (r *run) resumable() bool {
	return r.To == nil && !r.DryRun && !r.Unordered && r.Writer == nil
}

// begin opens the outputs, where a checkpoint says so behind what they hold.
func (r *run) begin() error {
	r.report = r.Report
	if r.resumable() {
		r.path = archive.CheckpointPath(r.Output+r.Folder, r.Folder != "", r.shardName())
		var err error
		if r.task, err = archive.NewTask(r.Sources, r.taskOptions(), r.Revision); err != nil {
			if r.Resume {
				return err
			}
			r.path = "" // a pipe, say
		}
	}
	if r.Resume {
		if err := r.load(); err != nil {
			return err
		}
	}
	var err error
	if r.out, err = r.open(); err != nil {
		return err
	}
	r.begun = true
	if r.from != nil {
		return nil
	}
	if r.Output != "" && !r.DryRun && !r.out.files[0].draft.IsFile() {
		r.path = "" // what went through a pipe cannot be gone on with
	}
	// The drafts are locked: nobody else is at work here. A checkpoint must be
	// gone before what it speaks of.
	if r.path != "" {
		if err := archive.RemoveCheckpoint(r.path); err != nil {
			return err
		}
	}
	for _, t := range r.out.files {
		if err := t.draft.Empty(); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) shardName() string {
	if r.Shards < 2 {
		return ""
	}
	return fmt.Sprintf("%d-of-%d", r.Shard, r.Shards)
}

// taskOptions are the options that decide the bytes of the results.
func (r *run) taskOptions() map[string]string {
	o := map[string]string{}
	for k, v := range r.Options {
		o[k] = v
	}
	set := func(name string, v any) {
		if s := fmt.Sprint(v); s != "" && s != "0" && s != "false" {
			o[name] = s
		}
	}
	if r.Folder == "" {
		set("format", r.Format)
	}
	set("jsonl", r.JSONL)
	set("removed", r.Removed)
	set("errors", r.Errors)
	set("limit", r.Limit)
	set("sample", r.Sample)
	set("shard", r.shardName())
	set("prefer", r.Read.Prefer)
	if len(r.Read.Fields) > 0 {
		set("fields", r.Read.Fields)
	}
	set("checkpoint-every", r.CutDocuments)
	set("cut-bytes", r.CutBytes)
	return o
}

// load reads the checkpoint, where there is one.
func (r *run) load() error {
	c, err := archive.LoadCheckpoint(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	why := r.task.Differs(c.Task)
	if why != "" && !(c.Done && r.inPlace()) { // a finished run has replaced its own input
		if r.Restart {
			return nil
		}
		return fmt.Errorf("%w: %s", ErrChanged, why)
	}
	if err := json.Unmarshal(c.Report, r.report); err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	r.from, r.source, r.mark = c, c.Source, c.Mark
	r.read = place{c.Records, c.Documents}
	for _, s := range r.Sources[:min(r.source, len(r.Sources))] {
		r.done += s.Size
	}
	if r.Resumed != nil {
		r.Resumed(r.report)
	}
	return nil
}

// inPlace reports whether the results replace a source.
func (r *run) inPlace() bool {
	for _, s := range r.Sources {
		if archive.SameFile(s.Path, r.Output) {
			return true
		}
	}
	return false
}

// next reads the next document of the shard and the sample, into b where there
// is room.
func (r *run) next(b *batch) (Item, int, error) {
	if r.from != nil && r.from.Done {
		return Item{}, 0, io.EOF
	}
	for {
		if r.stopped || r.source >= len(r.Sources) {
			return Item{}, 0, io.EOF
		}
		src := r.Sources[r.source]
		if r.Folder != "" && r.Shards > 1 && r.source%r.Shards != r.Shard-1 {
			r.done += src.Size
			r.source++
			continue
		}
		if r.Limit > 0 && r.read.documents >= r.Limit {
			if r.stopped = true; r.reader == nil && r.mark == (archive.Mark{}) {
				return Item{}, 0, io.EOF
			}
			return r.endOfSource(), 0, nil
		}
		if r.reader == nil {
			o := r.Read
			o.At, o.Lazy = r.mark, r.Sample == 0 || r.Sample == 1
			var err error
			if r.reader, err = archive.Open(src, o); err != nil {
				return Item{}, 0, err
			}
		}
		filled := len(b.mem)
		rec, err := b.read(r.reader)
		if errors.Is(err, io.EOF) {
			return r.endOfSource(), 0, nil
		}
		if err != nil {
			return Item{}, 0, fmt.Errorf("%s: %w", src.Path, err)
		}
		r.read.records++
		if !r.chosen(rec) {
			b.mem = b.mem[:filled]
			continue
		}
		if !rec.Blank {
			r.read.documents++
		}
		return Item{Source: r.source, Record: rec, after: rec.After, place: r.read, bytes: r.done + r.reader.Position()}, rec.Size, nil
	}
}

// endOfSource closes the reader and returns the item that says so.
func (r *run) endOfSource() Item {
	it := Item{Source: r.source, end: true, place: r.read}
	if r.reader != nil {
		it.passed = r.reader.Passed()
		r.reader.Close()
	}
	r.done += r.Sources[r.source].Size
	it.bytes = r.done
	r.reader, r.mark = nil, archive.Mark{}
	r.source++
	return it
}

// chosen reports whether rec belongs to the shard and to the sample.
func (r *run) chosen(rec *archive.Record) bool {
	if r.Shards > 1 && r.Folder == "" && (r.read.records-1)%int64(r.Shards) != int64(r.Shard-1) {
		return false
	}
	if r.Sample == 0 || r.Sample == 1 {
		return true
	}
	return !rec.Blank && sampled(rec, r.Sample)
}

// work cleans a document.
func (r *run) work(ctx context.Context, it *Item) {
	if it.end || it.Record.Blank {
		return
	}
	it.Record.Load()
	if it.Failed = it.Record.Err; it.Failed != nil {
		return
	}
	if r.Prepare != nil {
		r.Prepare(r.Sources[it.Source], it.Record)
	}
	begin := time.Now()
	it.Result, it.err = r.clean(ctx, it.Record)
	it.Took = time.Since(begin)
	if errors.As(it.err, &it.Failed) {
		it.Result, it.err = nil, nil
	}
	if it.Result != nil && r.Revision != "" && it.Result.Revision != r.Revision {
		it.err = fmt.Errorf("the document %q was cleaned by rules of revision %s, and the run began with %s", it.Record.ID, it.Result.Revision, r.Revision)
	}
}

// clean makes a call again that says of itself that it may go well later.
func (r *run) clean(ctx context.Context, rec *archive.Record) (*archive.Result, error) {
	for n := 1; ; n++ {
		res, err := r.Cleaner.Clean(ctx, rec)
		again, ok := err.(interface{ Temporary() bool }) // itself: who wraps one has tried
		if !ok || !again.Temporary() || n == DefaultAttempts || !sleep(ctx, backoff(n)) {
			return res, err
		}
	}
}

// emit writes what became of a document of b, and cuts where it is time.
func (r *run) emit(b *batch, it *Item) error {
	if it.err != nil {
		return it.err
	}
	r.report.Read = it.bytes
	if it.end {
		r.report.pass(it.passed)
		if err := r.out.lines(b, it); err != nil {
			return err
		}
		if err := r.out.end(it.Source); err != nil {
			return err
		}
		return r.cut(b, it, archive.Mark{}, it.Source+1, 0)
	}
	if err := r.out.write(it); err != nil {
		return err
	}
	r.report.add(it)
	if r.Each != nil {
		r.Each(it)
	}
	if r.Status != nil {
		r.Status(r.report)
	}
	if it.Failed != nil && r.FailFast {
		return errors.Join(r.out.lines(b, it), &FailedError{it.Record.ID, it.Failed})
	}
	return r.cut(b, it, it.after, it.Source, int64(it.Record.Size))
}

// cut cuts the outputs where enough was written since the last cut. What counts
// is documents and their bytes alone, so that every run cuts at the same places.
func (r *run) cut(b *batch, it *Item, mark archive.Mark, source int, size int64) error {
	r.cutBytes += size
	if !it.end {
		r.cutDocuments++
	}
	if r.cutDocuments < or(r.CutDocuments, DefaultCutDocuments) && r.cutBytes < or(r.CutBytes, DefaultCutBytes) {
		return nil
	}
	r.cutDocuments, r.cutBytes = 0, 0
	if err := r.out.lines(b, it); err != nil {
		return err
	}
	outputs, err := r.out.cut()
	if err != nil || r.path == "" {
		return err
	}
	c, err := r.checkpoint(outputs)
	if err != nil {
		return err
	}
	c.Source, c.Mark, c.Records, c.Documents = source, mark, it.place.records, it.place.documents
	r.saver.begin(c)
	return nil
}

func (r *run) checkpoint(outputs []archive.Output) (*archive.Checkpoint, error) {
	r.report.end()
	b, err := json.Marshal(r.report)
	return &archive.Checkpoint{Task: r.task, Outputs: outputs, Report: b}, err
}

// save puts a checkpoint on the disk, and before it what it speaks of.
func (r *run) save(c *archive.Checkpoint) error {
	if err := r.out.sync(); err != nil {
		return err
	}
	if r.Sync != nil {
		if err := r.Sync(); err != nil {
			return err
		}
	}
	return archive.SaveCheckpoint(r.path, c)
}

// finish puts the results in their place.
func (r *run) finish() error {
	if r.from == nil || !r.from.Done {
		outputs, err := r.out.close()
		if err != nil {
			return err
		}
		if r.saver.saved != nil || r.from != nil {
			// A run worth a checkpoint is worth waiting for the disk.
			c, err := r.checkpoint(outputs)
			if err != nil {
				return err
			}
			c.Source, c.Records, c.Documents, c.Done = len(r.Sources), r.read.records, r.read.documents, true
			if err := r.save(c); err != nil {
				return err
			}
			r.from = c
		}
	}
	if r.Sync != nil {
		if err := r.Sync(); err != nil {
			return err
		}
	}
	if err := r.out.commit(r.from != nil); err != nil {
		return err
	}
	if r.path == "" {
		return nil
	}
	return archive.RemoveCheckpoint(r.path)
}

func or(v, otherwise int64) int64 {
	if v == 0 {
		return otherwise
	}
	return v
}
