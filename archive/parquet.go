package archive

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/parquet-go/parquet-go"

	"winnow/text"
)

// A Parquet file is a table in row groups, each with a chunk of every column,
// and a footer that says where they lie: without the footer nothing can be read.
// A row group that is damaged is lost from the row on where it shows, and the
// next is read. Rows are read a few at a time; the columns that are not ours
// stay with the record in Parquet's own form.

// batchRows is how many rows are read at a time.
const batchRows = 16

// A table is the columns of a Parquet file, as its records share them.
type table struct {
	schema *parquet.Schema
	ours   map[string]parquet.LeafColumn // by the names of Record's fields
	source string                        // "html" or "text", as told by the names alone; empty where both are there
	other  string                        // of two sources, the one that is not cleaned
}

// A tableReader reads the rows of a Parquet file.
type tableReader struct {
	source Source
	o      ReadOptions
	file   *os.File
	*table
	pf     *parquet.File
	broken error // why there is no pf

	groups   []parquet.RowGroup
	group    int   // index of the one that is read
	first    int64 // the row of the file that it begins with
	row      int64 // the next row of the file
	rows     parquet.Rows
	buf      []parquet.Row
	have     []parquet.Row // rows of buf that were not returned
	position atomic.Int64
}

// newTableReader returns a reader of records, or of results, which need not have
// a column to clean.
func newTableReader(s Source, st *stream, o ReadOptions, results bool) (*tableReader, error) {
	if st.at == nil || s.Compression != Plain {
		return nil, errors.New("a Parquet file is read where it lies, neither compressed nor from a pipe")
	}
	t := &tableReader{source: s, o: o, file: st.file, buf: make([]parquet.Row, batchRows), row: o.At.Skip}
	info, err := st.file.Stat()
	if err != nil {
		return nil, err
	}
	err = guard(func() error {
		t.pf, err = parquet.OpenFile(st.file, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		return err
	})
	if err != nil {
		t.pf, t.broken = nil, err
		return t, nil
	}
	if t.table, err = newTable(t.pf.Schema(), o); err != nil {
		return nil, err
	}
	if !t.hasSource() && !results {
		return nil, fmt.Errorf("no column is named html or text; there are %v", names(t.schema))
	}
	t.groups = t.pf.RowGroups()
	for t.group < len(t.groups) && t.first+t.groups[t.group].NumRows() <= t.row {
		t.first += t.groups[t.group].NumRows()
		t.group++
	}
	return t, nil
}

// guard calls f, whose panics become errors: a damaged file must not end the program.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged: %v", p)
		}
	}()
	return f()
}

// tableFields are the fields of a Record that a column can hold.
var tableFields = []string{"id", "url", "publisher", "title", "language", "charset", "captured", "html", "text"}

func newTable(schema *parquet.Schema, o ReadOptions) (*table, error) {
	t := &table{schema: schema, ours: map[string]parquet.LeafColumn{}}
	for _, name := range tableFields {
		column := name
		if c := o.Fields[name]; c != "" {
			column = c
		}
		leaf, ok := schema.Lookup(column)
		if !ok || leaf.MaxRepetitionLevel > 0 || !fits(name, leaf.Node.Type()) {
			if o.Fields[name] != "" {
				return nil, fmt.Errorf("no column %q can be read as %s", column, name)
			}
			continue
		}
		t.ours[name] = leaf
	}
	_, html := t.ours["html"]
	_, plain := t.ours["text"]
	switch {
	case html && plain && o.Prefer != "":
		t.source, t.other = o.Prefer, map[string]string{"html": "text", "text": "html"}[o.Prefer]
	case html && !plain:
		t.source = "html"
	case plain && !html:
		t.source = "text"
	}
	return t, nil
}

// hasSource reports whether there is a column to clean.
func (t *table) hasSource() bool {
	_, html := t.ours["html"]
	_, plain := t.ours["text"]
	return html || plain
}

// fits reports whether a column of type t can be read as the field name.
func fits(name string, t parquet.Type) bool {
	switch t.Kind() {
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return true
	case parquet.Int32, parquet.Int64, parquet.Int96:
		return name == "id" || name == "captured"
	}
	return false
}

func names(n parquet.Node) (list []string) {
	for _, f := range n.Fields() {
		list = append(list, f.Name())
	}
	return list
}

// Position is Reader.Position. Row groups lie in the file one after the other.
func (t *tableReader) Position() int64 { return t.position.Load() }

// Format is Reader.Format.
func (t *tableReader) Format() Format { return Format{Kind: Parquet} }

// Passed is Reader.Passed.
func (t *tableReader) Passed() map[string]int { return nil }

// Close closes the file.
func (t *tableReader) Close() error {
	if t.rows != nil {
		t.rows.Close()
	}
	return t.file.Close()
}

// offset returns where the row group that is read begins in the file.
func (t *tableReader) offset() int64 {
	if t.group >= len(t.groups) {
		return t.source.Size
	}
	min := int64(1) << 62
	for _, c := range t.pf.Metadata().RowGroups[t.group].Columns {
		for _, at := range []int64{c.MetaData.DataPageOffset, c.MetaData.DictionaryPageOffset} {
			if at > 0 && at < min {
				min = at
			}
		}
	}
	return min
}

// Next is Reader.Next.
func (t *tableReader) Next() (*Record, error) {
	if t.pf == nil {
		if t.broken == nil || t.o.At != (Mark{}) {
			return nil, io.EOF
		}
		rec := &Record{Offset: t.source.Size, After: Mark{Raw: t.source.Size, Skip: 1},
			Err: &Error{"DATA_LOSS", Damaged, fmt.Sprintf("the footer at the end of the file, at byte %d, cannot be read, and without it nothing else: %v", t.source.Size, t.broken)}}
		t.broken = nil
		return rec, nil
	}
	for {
		if len(t.have) > 0 {
			row := t.have[0]
			t.have = t.have[1:]
			t.row++
			return t.record(row), nil
		}
		if t.group == len(t.groups) {
			t.position.Store(t.source.Size)
			return nil, io.EOF
		}
		left := t.first + t.groups[t.group].NumRows() - t.row
		if left == 0 {
			t.next()
			continue
		}
		n, err := t.read()
		if n > 0 {
			t.have = t.buf[:n]
			continue // an error comes again
		}
		if err == nil || err == io.EOF {
			err = errors.New("it holds fewer rows than the footer says")
		}
		at := t.offset()
		rec := &Record{Line: int(t.row) + 1, Offset: at, table: t.table, Err: &Error{"DATA_LOSS", Damaged,
			fmt.Sprintf("row group %d, at byte %d: rows %d to %d cannot be read: %v", t.group+1, at, t.row+1, t.row+left, err)}}
		t.row += left
		rec.After = Mark{Raw: at, Skip: t.row}
		return rec, nil
	}
}

// read reads the next rows of the row group into t.buf.
func (t *tableReader) read() (n int, err error) {
	err = guard(func() error {
		if t.rows == nil {
			t.position.Store(t.offset())
			t.rows = t.groups[t.group].Rows()
			if t.row > t.first {
				if err := t.rows.SeekToRow(t.row - t.first); err != nil {
					return err
				}
			}
		}
		n, err = t.rows.ReadRows(t.buf)
		return err
	})
	return n, err
}

// next goes to the next row group.
func (t *tableReader) next() {
	t.first += t.groups[t.group].NumRows()
	if t.rows != nil {
		guard(t.rows.Close)
		t.rows = nil
	}
	t.group++
}

// record returns the record of a row.
func (t *tableReader) record(row parquet.Row) *Record {
	row = row.Clone()
	rec := &Record{Line: int(t.row), Offset: t.offset(), After: Mark{Raw: t.offset(), Skip: t.row}, table: t.table, row: row}
	for _, v := range row {
		rec.Size += len(bytesOf(v)) + 8
	}
	if rec.Size > t.o.MaxRecord {
		rec.Err = tooLarge(Mark{Raw: rec.Offset}, t.o.MaxRecord)
		return rec
	}
	get := func(name string) (parquet.Value, bool) {
		leaf, ok := t.ours[name]
		if !ok {
			return parquet.Value{}, false
		}
		v := valueOf(row, leaf.ColumnIndex)
		return v, !v.IsNull()
	}
	str := func(name string) string {
		v, _ := get(name)
		return string(bytesOf(v))
	}
	if v, ok := get("id"); ok {
		if rec.ID = v.String(); v.Kind() != parquet.ByteArray && v.Kind() != parquet.FixedLenByteArray {
			rec.rawID = []byte(rec.ID)
		}
	}
	rec.URL, rec.Title, rec.Language, rec.Charset = str("url"), str("title"), str("language"), str("charset")
	rec.Publisher = text.ParsePublisher(str("publisher"))
	if v, ok := get("captured"); ok {
		rec.Captured = timeOf(v, t.ours["captured"].Node.Type())
	}
	source, v, ok := t.table.source, parquet.Value{}, false
	if source == "" {
		_, html := get("html")
		if _, plain := get("text"); html && plain {
			rec.Err = bad(BadRecord, "row %d: html and text are both there", rec.Line)
			return rec
		}
		source = "text"
		if html {
			source = "html"
		}
	} else if _, ok := get(source); !ok && t.other != "" {
		source = t.other
	}
	if v, ok = get(source); !ok {
		rec.Err = bad(BadRecord, "row %d: neither html nor text is there", rec.Line)
		return rec
	}
	rec.Source, rec.IsPage = bytesOf(v), source == "html"
	return rec
}

// bytesOf returns what a value of a byte array holds, else nil.
func bytesOf(v parquet.Value) []byte {
	if k := v.Kind(); !v.IsNull() && (k == parquet.ByteArray || k == parquet.FixedLenByteArray) {
		return v.ByteArray()
	}
	return nil
}

// valueOf returns the value of a column that has one a row.
func valueOf(row parquet.Row, column int) parquet.Value {
	for _, v := range row {
		if v.Column() == column {
			return v
		}
	}
	return parquet.Value{}
}

// line returns the next row as a line of JSON with all its columns.
func (t *tableReader) line() ([]byte, error) {
	rec, err := t.Next()
	switch {
	case err != nil:
		return nil, err
	case rec.row == nil:
		return nil, rec.Err
	}
	b := t.appendFields(nil, rec.row, true)
	b[0] = '{' // instead of a comma
	return append(b, '}'), nil
}
