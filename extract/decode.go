package extract

// Decode brings a text to UTF-8 as Extract does a page: a byte-order mark goes
// first, valid UTF-8 is taken as it is, else the charset that the caller names
// (CHARSET_UNKNOWN where nothing has that name). What cannot be decoded stands
// as U+FFFD.
func Decode(b []byte, charset string) (string, error) {
	s, err := decode(Page{HTML: b, Charset: charset})
	return string(s.text), err
}
