package archive

import "bytes"

// detectMagic tells a format by bytes that only it begins with.
func detectMagic(head []byte) (Format, bool) {
	for c, m := range magics {
		if bytes.HasPrefix(head, m) {
			return Format{"", c}, true
		}
	}
	return Format{}, false
}
