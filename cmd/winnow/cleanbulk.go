package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"winnow/archive"
	"winnow/client"
)

// bulkFlags are for runs over many documents.
type bulkFlags struct {
	resume, restart     bool
	every               int64
	limit               int64
	sample              float64
	shard               string
	removed, errorsTo   string
	failFast, unordered bool
	dryRun              bool
	showProgress        bool
	reportTo            string

	shardI, shardN int
}

func (f *bulkFlags) add(c *cobra.Command) {
	fl := c.Flags()
	fl.BoolVar(&f.resume, "resume", false, "go on with the same command where it was stopped; begin where there is nothing to go on with")
	fl.BoolVar(&f.restart, "restart", false, "with --resume, begin anew where the input, the options or the rules have changed")
	fl.Int64Var(&f.every, "checkpoint-every", client.DefaultCutDocuments, "end a frame of the results, and save a checkpoint, after `N` documents or 16 MiB of them")
	fl.Int64Var(&f.limit, "limit", 0, "clean `N` documents and no more")
	fl.Float64Var(&f.sample, "sample", 0, "clean this `SHARE` of the documents, over 0 up to 1, chosen by their ids")
	fl.StringVar(&f.shard, "shard", "", "clean part `I/N` of the input, such as 2/8: every Nth record, or with -o FOLDER every Nth file")
	fl.StringVar(&f.removed, "removed", "", "write the removed spans to `FILE` and not into the results: JSON lines, or Parquet by its name")
	fl.StringVar(&f.errorsTo, "errors", "", "write the documents that failed to `FILE`, as JSON lines that can be cleaned again")
	fl.BoolVar(&f.failFast, "fail-fast", false, "stop at the first document that fails")
	fl.BoolVar(&f.unordered, "unordered", false, "write results as they are ready")
	fl.BoolVar(&f.dryRun, "dry-run", false, "write nothing, only report")
	fl.BoolVar(&f.showProgress, "progress", false, "tell how far the run is; on a terminal it does so anyway (--progress=false does not)")
	fl.StringVar(&f.reportTo, "report", "", "write what was counted to `FILE`, as JSON")
}

// check looks at the flags alone.
func (f *bulkFlags) check(j *cleanJob) (err error) {
	toFile := j.output != ""
	switch {
	case f.resume && (!toFile || f.dryRun || f.unordered || j.show):
		return errors.New("--resume goes with -o, and not with --dry-run, --unordered or --show")
	case f.restart && !f.resume:
		return errors.New("--restart goes with --resume; without both a run begins anew")
	case f.dryRun && (toFile || f.removed != "" || f.errorsTo != ""):
		return errors.New("--dry-run writes nothing: -o, --removed and --errors do not go with it")
	case f.every < 1:
		return errors.New("--checkpoint-every is less than 1")
	case f.limit < 0:
		return errors.New("--limit is negative")
	}
	for _, name := range []string{j.output, f.removed, f.errorsTo} {
		switch filepath.Ext(name) {
		case ".br", ".xz", ".lzma", ".lz4", ".zip", ".7z":
			if name != j.output || j.to == "" && !isFolder(name) {
				return fmt.Errorf("%s would not be what its name says: results are packed by gzip (.gz) or zstd (.zst)", name)
			}
		}
	}
	if f.shard != "" {
		f.shardI, f.shardN, err = parseShard(f.shard)
	}
	return err
}

// apply sets what the flags say.
func (f *bulkFlags) apply(c *cobra.Command, b *client.Bulk) error {
	if c.Flags().Changed("sample") && !(0 < f.sample && f.sample <= 1) {
		return fmt.Errorf("--sample %v does not lie over 0 and up to 1", f.sample)
	}
	for _, side := range []struct{ flag, path string }{{"removed", f.removed}, {"errors", f.errorsTo}, {"report", f.reportTo}} {
		if replaces(side.path, b.Sources) {
			return fmt.Errorf("--%s %s would replace what is read", side.flag, side.path)
		}
		if side.flag == "report" && side.path != "" && slices.ContainsFunc([]string{b.Output, f.removed, f.errorsTo}, func(p string) bool {
			return p != "" && filepath.Clean(p) == filepath.Clean(side.path)
		}) {
			return fmt.Errorf("--report %s would replace other results", side.path)
		}
	}
	b.Resume, b.Restart = f.resume, f.restart
	b.CutDocuments = f.every
	b.Limit, b.Sample, b.Shard, b.Shards = f.limit, f.sample, f.shardI, f.shardN
	b.Removed, b.Errors = f.removed, f.errorsTo
	b.FailFast, b.Unordered, b.DryRun = f.failFast, f.unordered, f.dryRun
	return nil
}

// replaces reports whether path is one of the files that are read. A terminal or
// another device may be both.
func replaces(path string, sources []archive.Source) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() &&
		slices.ContainsFunc(sources, func(s archive.Source) bool { return archive.SameFile(path, s.Path) })
}

// progress says whether to tell how far the run is: yes, no, or where it can be
// seen.
func (f *bulkFlags) progress(c *cobra.Command) telling {
	switch {
	case !c.Flags().Changed("progress"):
		return tellOnTerminal
	case f.showProgress:
		return tellAlways
	}
	return tellNever
}
