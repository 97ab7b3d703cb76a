package archive

import (
	"archive/tar"
	"io"
	"net/url"
	"strings"
	"time"
)

// A tarWriter writes the clean texts as a tar file.
type tarWriter struct {
	*frames
	tw *tar.Writer
}

// Write is Writer.Write. What failed leaves nothing, as it does in a folder.
func (w *tarWriter) Write(rec *Record, res *Result, failed *Error) error {
	if rec.Blank || failed != nil {
		return nil
	}
	h := &tar.Header{Name: rec.fileName(), Mode: 0o644, Size: int64(len(res.Text)), ModTime: time.Unix(0, 0)}
	if o := rec.tar; o != nil {
		h.Mode, h.ModTime, h.Uid, h.Gid, h.Uname, h.Gname = o.Mode, o.ModTime, o.Uid, o.Gid, o.Uname, o.Gname
	}
	if err := w.tw.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.WriteString(w.tw, res.Text)
	return err
}

// Cut is Writer.Cut: it ends between two members.
func (w *tarWriter) Cut() (int64, error) {
	if err := w.tw.Flush(); err != nil {
		return 0, err
	}
	return w.frames.Cut()
}

// Close is Writer.Close: it writes the two blocks of zeros.
func (w *tarWriter) Close() error {
	if err := w.tw.Close(); err != nil {
		return err
	}
	return w.frames.Close()
}

// fileName is the path of the record's text: its own where it has one, with .txt
// behind that of a page; else made from its ID or address. It leads into no
// folder above.
func (r *Record) fileName() string {
	name := r.Name
	if name == "" {
		if name = r.ID; name == "" {
			name = r.URL
		}
		name = strings.ReplaceAll(url.PathEscape(name), "%2F", "_")
		if name == "" {
			name = "text"
		}
		name = name[:min(len(name), 200)] + ".txt"
		if name[0] == '.' {
			name = "_" + name[1:] // else it is hidden
		}
	} else if rest, c := compressionOf(name); c != Plain {
		name = rest
	}
	if r.IsPage && !strings.HasSuffix(name, ".txt") {
		name += ".txt"
	}
	parts := strings.Split(name, "/")
	for i, p := range parts {
		if p == "" || p == "." || p == ".." {
			parts[i] = "_"
		}
	}
	return strings.TrimPrefix(strings.Join(parts, "/"), "_/")
}
