//go:build !linux

package sqlstore

import "os"

func openDirect(string) *os.File { return nil }

func aligned([]byte) bool { return false }
