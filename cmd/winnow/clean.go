package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"winnow/archive"
	"winnow/client"
	"winnow/text"
)

func cleanCommand(s streams) *cobra.Command {
	j := &cleanJob{streams: s}
	c := &cobra.Command{
		Use:   "clean FILE|FOLDER|-...",
		Short: "Clean texts, pages and archives of them",
		Long: `Clean texts, pages and archives of them.

A text or page gives its clean text; JSON lines and other archives give records
with every removal listed, in the same order. "-" reads JSON lines from standard
input and answers each line with one line. A folder, or several files, give a
folder with -o FOLDER, an archive with -o FILE.jsonl or FILE.parquet, else JSON
lines with the file's name as id.

A run that writes with -o may be stopped in any way. Nothing stands in its place
before it is whole, and the same command with --resume goes on where the last
checkpoint was; what comes out is the same, byte for byte.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return j.run(c, args) },
	}
	j.flags.add(c)
	j.bulk.add(c)
	j.record.add(c)
	fl := c.Flags()
	fl.StringVarP(&j.output, "output", "o", "", "write to `FILE|FOLDER` (a folder ends in / or is there already)")
	fl.StringVar(&j.to, "to", "", "write as `FORMAT`: jsonl, parquet and others, with .gz or .zst behind it; else the file's name decides")
	fl.IntVarP(&j.jobs, "jobs", "j", runtime.GOMAXPROCS(0), "documents to clean at once; with --server 8 a server")
	fl.BoolVar(&j.show, "show", false, "print the texts with what goes marked [-so-], and [?so?] where it is only reported")
	fl.BoolVar(&j.jsonl, "jsonl", false, "write JSON lines for texts and pages too")
	fl.StringVar(&j.as, "as", "", "read every file as `KIND`: text, html, jsonl, warc, wet, parquet or tar")
	fl.StringVar(&j.prefer, "prefer", "", "the `FIELD` to clean where a record has both: html or text")
	fl.StringToStringVar(&j.fields, "field", nil, "read `FIELD=COLUMN` of Parquet files: id, url, html, text and so on, where columns have other names")
	fl.StringVar(&j.publisher, "publisher", "", "the publisher of texts and pages that are files")
	fl.StringVar(&j.url, "url", "", "the address of a text or page that is a file")
	fl.StringVar(&j.charset, "charset", "", "the charset of texts and pages that are files and not UTF-8")
	return c
}

// A cleanJob is one call of winnow clean.
type cleanJob struct {
	streams
	flags          cleanFlags
	bulk           bulkFlags
	record         recordFlags
	output, to     string
	jobs           int
	show, jsonl    bool
	as, prefer     string
	fields         map[string]string
	publisher, url string
	charset        string

	work   client.Bulk
	failed string // the first document whose failure stands in the results alone
}

func (j *cleanJob) run(c *cobra.Command, args []string) (err error) {
	if err := j.check(c); err != nil {
		return err
	}
	var as archive.Kind
	if j.as != "" {
		if as, err = archive.ParseKind(j.as); err != nil {
			return err
		}
	}
	sources, skipped, err := archive.Sources(args, as)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		return fmt.Errorf("%s holds no texts, pages or archives (%d files of other kinds)", strings.Join(args, ", "), skipped)
	}
	b := &j.work
	*b = client.Bulk{Sources: sources, Jobs: j.jobs, JSONL: j.jsonl,
		Read: archive.ReadOptions{Prefer: j.prefer, Fields: j.fields, In: j.in}}
	if j.bulk.errorsTo == "" { // which is given what is too large
		b.Read.MaxPage, b.Read.MaxText = j.flags.largest()
	}
	if n := 8 * len(j.flags.server.addrs); n > 0 && !c.Flags().Changed("jobs") {
		b.Jobs = n
	}
	if err := j.target(args); err != nil {
		return err
	}
	j.flags.server.anyRules = b.To != nil && sources[0].Path == "-" // a filter may run for weeks
	cl, closeCleaner, err := j.flags.cleaner(c)
	if err != nil {
		return err
	}
	defer closeCleaner()
	b.Cleaner = cl
	rec, err := j.record.record(c.Context(), j.streams, cl)
	if err != nil && c.Context().Err() != nil {
		return errors.New("interrupted")
	}
	if err != nil {
		return err
	}
	if rec != nil {
		defer func() { err = errors.Join(err, rec.close()) }()
		b.Sync = rec.sync
	}
	if _, near := cl.(*local); near {
		b.Batch = batchBytes
	}
	if !j.flags.server.anyRules {
		b.Revision = cl.Revision()
	}
	b.Options = j.decides(c)
	b.Prepare = j.prepare
	b.Each = j.tell
	if err := j.bulk.apply(c, b); err != nil {
		return err
	}
	p := newProgress(j.streams, b, j.bulk.progress(c))
	err = b.Run(c.Context())
	p.close()
	if e := j.bulk.report(b, err); e != nil && err == nil {
		err = e
	}
	if skipped > 0 && isTerminal(j.err) {
		fmt.Fprintf(j.err, "winnow: %d files of other kinds were left out\n", skipped)
	}
	return j.outcome(c.Context(), b, err)
}

// batchBytes is how much text a goroutine takes at once: ten texts, or one page.
const batchBytes = 64 << 10

// check looks at the flags alone.
func (j *cleanJob) check(c *cobra.Command) error {
	switch {
	case j.jobs < 1:
		return errors.New("--jobs is less than 1")
	case j.show && j.jsonl:
		return errors.New("--show and --jsonl do not go together")
	case j.show && (j.to != "" || j.bulk.removed != ""):
		return errors.New("--show writes marked text alone: --to and --removed do not go with it")
	case j.prefer != "" && j.prefer != "html" && j.prefer != "text":
		return fmt.Errorf("--prefer %q: html or text", j.prefer)
	}
	return j.bulk.check(j)
}

// target decides where results go and how they are written.
func (j *cleanJob) target(args []string) (err error) {
	b := &j.work
	many := len(args) > 1
	for _, a := range args {
		many = many || isFolder(a)
	}
	first := b.Sources[0]
	single := !many && (first.Kind == archive.Text || first.Kind == archive.Page)
	named := archive.FormatOf(j.output)
	holds := named.Kind != "" && named.Kind != archive.Text && named.Kind != archive.Page // the name is an archive's
	var to archive.Format
	if j.to != "" {
		if to, err = archive.ParseFormat(j.to); err != nil {
			return fmt.Errorf("--to: %w", err)
		}
	}
	switch {
	case j.bulk.dryRun:
	case j.output == "":
		b.To = j.out
	case archive.WrittenThrough(j.output):
		b.Output = j.output
	case isFolder(j.output) || strings.HasSuffix(j.output, "/") || many && !j.show && !j.jsonl && !holds && j.to == "":
		if b.Folder = j.output; archive.Overlaps(j.output, args) {
			return fmt.Errorf("the results would lie in %s, which is read", j.output)
		}
		if j.to != "" {
			return errors.New("--to goes with one file of results; in a folder each has the format of its source")
		}
	default:
		b.Output = j.output
	}
	if err := sparesSources(b); err != nil {
		return err
	}
	switch {
	case j.to != "":
		b.Format = to
	case b.Output != "" && holds:
		b.Format = named
	case single && !j.jsonl:
		b.Format = archive.Format{Kind: archive.Text, Compression: named.Compression}
	case b.Output != "" && !many && !j.jsonl && named.Kind == "":
		b.Format = archive.Format{Kind: archive.OutFormat(first.Format()).Kind, Compression: named.Compression}
	default:
		b.Format = archive.Format{Kind: archive.JSONL, Compression: named.Compression}
	}
	if j.show {
		w := showing(j, many || !single)
		b.Writer = w
	}
	return nil
}

// sparesSources refuses results that would take the place of what they are made
// of: a clean text does not hold what was removed, and no result holds a page.
func sparesSources(b *client.Bulk) error {
	lost := func(path string) error {
		return fmt.Errorf("the results would replace %s, which is read, and it would be lost: write them elsewhere", path)
	}
	if replaces(b.Output, b.Sources) {
		return lost(b.Output)
	}
	if b.Folder == "" {
		return nil
	}
	names, err := archive.OutNames(b.Sources)
	if err != nil {
		return err
	}
	read := map[string]bool{}
	for _, s := range b.Sources {
		read[absolute(s.Path)] = true
	}
	for i, name := range names {
		if path := filepath.Join(b.Folder, name); read[absolute(path)] || replaces(path, b.Sources[i:i+1]) {
			return lost(path)
		}
	}
	return nil
}

func absolute(path string) string {
	if a, err := filepath.Abs(path); err == nil {
		return a
	}
	return filepath.Clean(path)
}

func isFolder(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.IsDir()
}

// prepare gives a document what the flags say of it, and brings texts to what
// JSON holds where they are written so.
func (j *cleanJob) prepare(src archive.Source, rec *archive.Record) {
	if src.Kind == archive.Text || src.Kind == archive.Page {
		rec.URL, rec.Publisher, rec.Charset = j.url, text.ParsePublisher(j.publisher), j.charset
	}
	if !j.show && rec.Charset == "" && (src.Kind != archive.JSONL || rec.Coded) && j.formatOf(src).Unicode() {
		rec.MakeUTF8()
	}
}

// formatOf is how the results of a source are written.
func (j *cleanJob) formatOf(src archive.Source) archive.Format {
	f := j.work.Format
	if j.work.Folder != "" {
		if f = archive.OutFormat(src.Format()); j.jsonl && f.Kind == archive.Text {
			f.Kind = archive.JSONL
		}
	}
	return f
}

// tell writes to standard error what a text on its own has no room for.
func (j *cleanJob) tell(it *client.Item) {
	kind := j.formatOf(j.work.Sources[it.Source]).Kind
	switch {
	case it.Record.Blank:
	case it.Failed != nil && (kind == archive.Text || j.show):
		fmt.Fprintf(j.err, "winnow: %s: %v\n", it.Record.ID, it.Failed)
	case it.Failed != nil && j.failed == "":
		j.failed = strings.TrimPrefix(fmt.Sprintf("%s: %v", it.Record.ID, it.Failed), ": ")
	case it.Result != nil && kind == archive.Text && !j.show:
		for _, w := range it.Result.Warnings {
			fmt.Fprintf(j.err, "winnow: %s: %s: %s\n", it.Record.ID, w.Code, w.Message)
		}
	}
}

// decides are the options that decide what comes out, for checkpoints.
func (j *cleanJob) decides(c *cobra.Command) map[string]string {
	o := map[string]string{"winnow": version()}
	for _, name := range []string{"profile", "keep", "remove", "min-confidence", "budget", "shadow-all", "engine", "blocks", "captions",
		"max-bytes", "as", "publisher", "url", "charset"} {
		if f := c.Flags().Lookup(name); f.Changed {
			o["--"+name] = f.Value.String()
		}
	}
	return o
}

// outcome tells how the run ended.
func (j *cleanJob) outcome(ctx context.Context, b *client.Bulk, err error) error {
	again := ""
	if b.Saved != nil {
		again = fmt.Sprintf("%s documents are done; the same command with --resume goes on from there", grouped(b.Saved.Documents))
	}
	var failed *client.FailedError
	switch {
	case err != nil && ctx.Err() != nil:
		if again != "" {
			again = ": " + again
		}
		return errors.New("interrupted" + again)
	case errors.As(err, &failed):
		fmt.Fprintf(j.err, "winnow: %v\n", failed)
		if again != "" {
			fmt.Fprintln(j.err, "winnow:", again)
		}
		return errFailed
	case errors.Is(err, client.ErrChanged):
		return fmt.Errorf("%w; --restart begins anew, without --resume or with it", err)
	case err != nil && again != "":
		return fmt.Errorf("%w\nwinnow: %s", err, again)
	case err != nil:
		return err
	case b.Report.Failed > 0:
		fmt.Fprintf(j.err, "winnow: %d of %d items failed\n", b.Report.Failed, b.Report.Documents)
		switch {
		case strings.HasSuffix(j.failed, "html and text are both there"):
			j.failed += "; --prefer says which of them is cleaned"
		case b.Sources[0].Path == "-" && j.as == "" && strings.HasPrefix(j.failed, "BAD_JSON: line 1: "):
			j.failed += "; --as text reads standard input as one text, --as html as one page"
		}
		if j.failed != "" {
			fmt.Fprintln(j.err, "winnow: the first:", j.failed)
		}
		return errFailed
	}
	return nil
}

// parseShard reads I/N.
func parseShard(s string) (shard, shards int, err error) {
	i, n, ok := strings.Cut(s, "/")
	if ok {
		if shard, err = strconv.Atoi(i); err == nil {
			shards, err = strconv.Atoi(n)
		}
	}
	if !ok || err != nil || shard < 1 || shard > shards {
		return 0, 0, fmt.Errorf("--shard %q is no shard: I/N, such as 2/8, from 1/N to N/N", s)
	}
	return shard, shards, nil
}
