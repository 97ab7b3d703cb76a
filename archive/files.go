package archive

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A Kind is what a file holds.
type Kind string

// The kinds.
const (
	Text  Kind = "text"  // one text, as it is
	Page  Kind = "html"  // one page, as it was fetched
	JSONL Kind = "jsonl" // records, one a line

	WARC    Kind = "warc"    // what a crawler fetched: WARC 1.0 and 1.1
	WET     Kind = "wet"     // WARC whose records are texts
	Parquet Kind = "parquet" // a table
	Tar     Kind = "tar"     // texts and pages
)

// ParseKind returns the kind of that name.
func ParseKind(name string) (Kind, error) {
	for _, k := range []Kind{Text, Page, JSONL, WARC, WET, Parquet, Tar} {
		if string(k) == name {
			return k, nil
		}
	}
	return "", fmt.Errorf("unknown kind %q: text, html, jsonl, warc, wet, parquet or tar", name)
}

// KindOf tells the kind of a file by the end of its name: .html, .htm and
// .xhtml are pages, .jsonl and .ndjson records, .txt, .text, .md and names
// without a full stop texts. Other files have none.
func KindOf(name string) (Kind, bool) {
	switch strings.ToLower(path.Ext(filepath.ToSlash(name))) {
	case ".html", ".htm", ".xhtml":
		return Page, true
	case ".jsonl", ".ndjson":
		return JSONL, true
	case ".warc":
		return WARC, true
	case ".wet":
		return WET, true
	case ".parquet":
		return Parquet, true
	case ".tar":
		return Tar, true
	case ".txt", ".text", ".md", "":
		return Text, true
	}
	return "", false
}

// A Source is a file to read.
type Source struct {
	Path string // where it is; "-" is standard input
	Name string // its path in the folder that was named, with slashes; else the file's name
	Kind Kind
	Size int64 // bytes as it lies there, 0 where not known

	Compression Compression

	// Found says that it was found in a folder: where it cannot be opened it is
	// one record that failed, and the others go on.
	Found bool
}

// Format returns the kind and the compression.
func (s Source) Format() Format { return Format{s.Kind, s.Compression} }

// Sources lists the files that args name, each a file, a folder or "-", with
// what Detect tells of them. A folder gives its files that are read, by name,
// and those below it, with what of it cannot be read; skipped counts the others.
// Where as is not empty all files
// are of that kind. A file that is named itself is a text where nothing tells
// what it is, and an error where it is something that is not read. "-" is JSON
// lines, unless as or Open says otherwise.
func Sources(args []string, as Kind) (list []Source, skipped int, err error) {
	for _, arg := range args {
		if arg == "-" {
			kind := as
			if kind == "" {
				kind = JSONL
			}
			list = append(list, Source{Path: "-", Name: "-", Kind: kind})
			continue
		}
		info, err := os.Stat(arg)
		if err != nil {
			return nil, 0, err
		}
		if !info.IsDir() {
			f, err := detectFile(arg, info, as)
			if errors.Is(err, errUnknown) {
				f.Kind, err = Text, nil
			}
			if err != nil {
				return nil, 0, fmt.Errorf("%s: %w", arg, err)
			}
			list = append(list, Source{Path: arg, Name: filepath.Base(arg), Kind: f.Kind, Compression: f.Compression, Size: info.Size()})
			continue
		}
		err = filepath.WalkDir(arg, func(p string, d fs.DirEntry, err error) error {
			name, outside := filepath.Rel(arg, p)
			if outside != nil {
				return outside
			}
			found := Source{Path: p, Name: filepath.ToSlash(name), Kind: cmp.Or(as, Text), Found: true}
			if err != nil && p != arg { // a folder that cannot be listed
				list = append(list, found)
				return nil
			}
			if err != nil || d.IsDir() {
				return err
			}
			info, err := os.Stat(p) // through links
			if err != nil {
				list = append(list, found)
				return nil
			}
			if !info.Mode().IsRegular() || strings.HasPrefix(d.Name(), ".") {
				skipped++
				return nil
			}
			f, err := detectFile(p, info, as)
			if errors.As(err, new(*fs.PathError)) {
				f, err = FormatOf(p), nil
				f.Kind = cmp.Or(as, f.Kind, Text)
			}
			if err != nil {
				skipped++
				return nil
			}
			found.Kind, found.Compression, found.Size = f.Kind, f.Compression, info.Size()
			list = append(list, found)
			return nil
		})
		if err != nil {
			return nil, 0, err
		}
	}
	return list, skipped, nil
}

// detectFile is Detect for a file. What is no regular file, such as a pipe, is
// known by its name alone: what is read from it is gone.
func detectFile(path string, info fs.FileInfo, as Kind) (Format, error) {
	if !info.Mode().IsRegular() {
		f := FormatOf(path)
		if as != "" {
			f.Kind = as
		}
		if f.Kind == "" {
			return f, errUnknown
		}
		return f, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return Format{}, err
	}
	defer file.Close()
	head := make([]byte, min(HeadSize, info.Size()))
	n, err := io.ReadFull(file, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return Format{}, err
	}
	if as != "" {
		f, _ := detectMagic(head[:n])
		return Format{as, f.Compression}, nil
	}
	return Detect(head[:n], path)
}

// OutFormat is the format of the results of a file of format f, where no other
// is asked for: the same, but for pages, which become texts, and what crawlers
// fetched, which becomes WET. What bzip2 compressed is written by gzip.
func OutFormat(f Format) Format {
	switch f.Kind {
	case Page:
		f.Kind = Text
	case WARC:
		f.Kind = WET
	}
	if f.Compression == Bzip2 {
		f.Compression = Gzip
	}
	return f
}

// outName is the name of the results of s: with .txt for pages.
func outName(s Source, whole bool) string {
	name, c := compressionOf(s.Name)
	if c == Plain || c != s.Compression {
		name, c = s.Name, Plain
	}
	switch {
	case s.Kind == Page && whole:
		name += ".txt"
	case s.Kind == Page:
		name = stem(name) + ".txt"
	case s.Kind == WARC:
		name += ".wet"
	}
	if c != Plain {
		name += OutFormat(s.Format()).Compression.ext()
	}
	return name
}

// OutNames returns for each source the path, below a folder of results, that
// its result has: its own name, with .txt for pages and .wet for WARC. Where two would have the
// same, the page keeps its whole name before .txt. It returns an error where
// that does not help.
func OutNames(list []Source) ([]string, error) {
	taken := map[string]int{}
	for _, s := range list {
		taken[outName(s, false)]++
	}
	names := make([]string, len(list))
	seen := map[string]bool{}
	for i, s := range list {
		name := outName(s, false)
		if taken[name] > 1 {
			name = outName(s, true)
		}
		if seen[name] {
			return nil, fmt.Errorf("two results would have the name %s", name)
		}
		seen[name] = true
		names[i] = filepath.FromSlash(name)
	}
	return names, nil
}

func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// A File is written beside its place and put there whole, or not at all.
type File struct {
	*os.File
	path string
	done bool
}

// Create begins the file path and makes the folders above it.
func Create(path string) (*File, error) {
	path, plain, err := placeOf(path)
	if err != nil {
		return nil, err
	}
	if !plain { // a pipe or a device is written to as it is
		f, err := openThrough(path)
		return &File{File: f}, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, err
	}
	return &File{File: f, path: path}, nil
}

// Commit closes f and puts it in its place. It does not wait for the disk: a
// folder of results is many small files.
func (f *File) Commit() error {
	f.done = true
	if f.path == "" {
		return f.Close()
	}
	err := f.Chmod(mode(f.path))
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// Abandon takes f away unless it was committed.
func (f *File) Abandon() {
	if !f.done && f.File != nil {
		f.Close()
		if f.path != "" {
			os.Remove(f.Name())
		}
	}
}

// mode is what a new file at path is allowed: what the one there is, else what
// the process gives.
func mode(path string) fs.FileMode {
	if info, err := os.Stat(path); err == nil {
		return info.Mode().Perm()
	}
	return 0o666 &^ umask
}

// Overlaps reports whether the folder out is, or lies in, one of the folders
// among args, or holds one: then results would be read as documents.
func Overlaps(out string, args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		info, err := os.Stat(arg)
		if err != nil || !info.IsDir() {
			return false
		}
		rel, err := filepath.Rel(absolute(arg), absolute(out))
		return err == nil && (rel == "." || rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)))
	})
}

func absolute(p string) string {
	if a, err := filepath.Abs(p); err == nil {
		p = a
	}
	if r, err := filepath.EvalSymlinks(p); err == nil {
		p = r
	}
	return p
}
