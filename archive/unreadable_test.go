package archive

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestUnreadable checks that a file of a folder that cannot be opened is one
// record that failed, and that one which is named itself is an error.
func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	dead := filepath.Join(dir, "b.txt")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), dead); err != nil {
		t.Skip("no links here:", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("Ferries sail."), 0o666); err != nil {
		t.Fatal(err)
	}
	list, skipped, err := Sources([]string{dir}, "")
	if err != nil || len(list) != 2 || skipped != 0 {
		t.Fatalf("%d files, %d skipped: %v", len(list), skipped, err)
	}
	for i, want := range []string{"", "NOT_FOUND"} {
		r, err := Open(list[i], ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		rec, err := r.Next()
		if err != nil || rec.ID != list[i].Name || (rec.Err == nil) != (want == "") || rec.Err != nil && (rec.Err.Code != want || rec.Err.Reason != Unreadable) {
			t.Errorf("%s: %+v, %v", list[i].Name, rec, err)
		}
		if _, err := r.Next(); err != io.EOF {
			t.Errorf("%s: a second record, or %v", list[i].Name, err)
		}
		r.Close()
		if r, err = Open(list[i], ReadOptions{At: rec.After}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); err != io.EOF {
			t.Errorf("%s, gone on with: %v", list[i].Name, err)
		}
		r.Close()
	}
	if _, _, err := Sources([]string{dead}, ""); err == nil {
		t.Error("a file that is named and is not there is no error")
	}
}
