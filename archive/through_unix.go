//go:build unix

package archive

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// descriptorOf returns which of the process's own open files path names, as
// /dev/stdout, /dev/fd/3 and links to them do, or -1.
func descriptorOf(path string) int {
	for range 8 { // links
		switch path = filepath.Clean(path); path {
		case "/dev/stdout":
			return 1
		case "/dev/stderr":
			return 2
		}
		for _, folder := range []string{"/dev/fd/", "/proc/self/fd/"} {
			if n, err := strconv.Atoi(strings.TrimPrefix(path, folder)); err == nil && strings.HasPrefix(path, folder) && n >= 0 {
				return n
			}
		}
		to, err := os.Readlink(path)
		if err != nil {
			return -1
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return -1
}

// openThrough opens what is no plain file to write to it as it is. A file that
// the process was given, such as that of "> FILE", is written on from where it is.
func openThrough(path string) (*os.File, error) {
	n := descriptorOf(path)
	if n < 0 {
		return os.OpenFile(path, os.O_WRONLY, 0)
	}
	fd, err := syscall.Dup(n)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), path), nil
}
