//go:build !unix

package archive

import "io/fs"

const umask fs.FileMode = 0
