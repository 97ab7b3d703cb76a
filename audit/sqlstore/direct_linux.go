package sqlstore

import (
	"os"
	"syscall"
	"unsafe"
)

// openDirect opens a file to write past the page cache; nil where its file system
// has no such thing.
func openDirect(path string) *os.File {
	f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_DIRECT, 0)
	if err != nil {
		return nil
	}
	return f
}

// aligned reports whether b begins at a multiple of block in memory, as large
// slices do.
func aligned(b []byte) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(b)))%block == 0
}
