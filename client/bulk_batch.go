package client

import (
	"context"

	"winnow/archive"
)

// A batch is some documents that go from goroutine to goroutine together: the
// reader fills it, one worker cleans its documents and makes the lines of what
// became of them, and the emitter writes these. To hand documents over one by
// one, and to make lines while others wait to write theirs, took a tenth of the
// time of texts.
type batch struct {
	items []Item
	mem   []byte        // the lines that were read
	lines [parts][]byte // what is written of all items
	from  [parts]int    // how much of lines is written
}

// The parts of results that are made of lines, if they are.
const (
	resultLines = iota
	removedLines
	parts
)

const (
	batchItems = 64 // in a batch, at most
	// The first batches hold one document, so that few documents go to as many
	// jobs as many do.
	firstBatches = 4 // for each job
)

// nextBatch reads a batch, no longer than there is something to read without waiting.
func (r *run) nextBatch() (*batch, int, error) {
	if r.readErr != nil {
		return nil, 0, r.readErr
	}
	var b *batch
	select {
	case b = <-r.spare:
	default:
		b = &batch{}
		if r.reuses() {
			b.mem = make([]byte, 0, r.Batch)
		}
	}
	r.batches++
	size := 0
	for {
		it, n, err := r.next(b)
		if err != nil {
			if r.readErr = err; len(b.items) == 0 {
				return nil, 0, err
			}
			return b, size, nil
		}
		b.items = append(b.items, it)
		size += n
		if size >= r.Batch || len(b.items) == batchItems || r.batches <= firstBatches*r.jobs() || !r.ready() {
			return b, size, nil
		}
	}
}

// ready reports whether more can be read without waiting for whoever writes it.
func (r *run) ready() bool {
	if l, ok := r.reader.(*archive.Lines); ok {
		return l.Ready()
	}
	return r.source >= len(r.Sources) || r.Sources[r.source].Path != "-"
}

// reuses reports whether the memory of batches is used again. Who writes Parquet
// holds records until a row group is full.
func (r *run) reuses() bool {
	return r.Batch > 0 && r.Writer == nil && r.Format.Kind != archive.Parquet && r.Folder == "" &&
		(r.Removed == "" || archive.FormatOf(r.Removed).Kind != archive.Parquet)
}

// read reads a record, where it can into the memory of b.
func (b *batch) read(from archive.Reader) (*archive.Record, error) {
	l, ok := from.(*archive.Lines)
	if !ok || b.mem == nil {
		return from.Next()
	}
	l.Room(b.mem)
	rec, err := l.Next()
	b.mem = l.Room(nil)
	return rec, err
}

// workBatch cleans the documents of b and makes their lines.
func (r *run) workBatch(ctx context.Context, p **batch) {
	b := *p
	for i := range b.items {
		it := &b.items[i]
		if r.work(ctx, it); !it.end && it.err == nil && !r.DryRun {
			if r.lined(it.Source) {
				b.lines[resultLines] = it.Record.AppendLine(b.lines[resultLines], it.Result, it.Failed, r.part())
			}
			if r.Removed != "" && archive.FormatOf(r.Removed).Kind != archive.Parquet {
				b.lines[removedLines] = it.Record.AppendLine(b.lines[removedLines], it.Result, it.Failed, archive.RemovedOnly)
			}
		}
		for k := range b.lines {
			it.ends[k] = len(b.lines[k])
		}
	}
}

// lined reports whether the results of a source are written as JSON lines.
func (r *run) lined(source int) bool {
	f := r.Format
	if r.Folder != "" {
		f = r.out.formatOf(source)
	}
	return r.Writer == nil && f.Kind == archive.JSONL
}

// emitBatch writes what became of the documents of b.
func (r *run) emitBatch(p **batch) error {
	b := *p
	for i := range b.items {
		if err := r.emit(b, &b.items[i]); err != nil {
			if i > 0 { // what was told of is written
				r.out.lines(b, &b.items[i-1])
			}
			return err
		}
	}
	if err := r.out.lines(b, &b.items[len(b.items)-1]); err != nil {
		return err
	}
	if r.reuses() {
		b.again(r.Batch)
		select {
		case r.spare <- b:
		default:
		}
	}
	return nil
}

// again empties b, to be filled anew.
func (b *batch) again(size int) {
	clear(b.items)
	b.items, b.mem, b.from = b.items[:0], b.mem[:0], [parts]int{}
	for k, l := range b.lines {
		if b.lines[k] = l[:0]; cap(l) > 4*size {
			b.lines[k] = nil // one long document does not stay
		}
	}
}
