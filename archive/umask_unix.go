//go:build unix

package archive

import (
	"io/fs"
	"syscall"
)

// umask is read once at the start, before other goroutines create files: it
// can only be read by setting it.
var umask = func() (m fs.FileMode) {
	old := syscall.Umask(0o022)
	syscall.Umask(old)
	return fs.FileMode(old)
}()
