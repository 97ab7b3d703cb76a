package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A Parquet file that can be gone on with. The footer, which says where the row
// groups lie, stands at the end, so that a file cut short has none. Here each
// frame is a Parquet file by itself, with one row group and a footer, and Close
// writes one more footer for all of them, with the offsets moved. Readers look
// at the last footer only and pass over the others, some kilobytes each. A
// writer that is resumed finds the earlier row groups by their footers: each
// says where its frame begins, which is where the one before ends.

// frameStart is the key of the footer's metadata that holds where its frame begins.
const frameStart = "winnow.frame"

// groupBytes is the size of records at which a row group is ended without a Cut.
const groupBytes = 16 << 20

// A tableWriter writes results as rows.
type tableWriter struct {
	out    *tally
	part   Part
	before io.ReaderAt // what was written earlier, or nil

	plan   *plan
	w      *parquet.GenericWriter[any] // of the frame, or nil
	start  int64                       // where the frame begins
	size   int                         // bytes of records in it
	footer format.FileMetaData
	groups []format.RowGroup
	row    parquet.Row
}

func newTableWriter(out *tally, before io.ReaderAt, o WriteOptions) (*tableWriter, error) {
	if o.Format.Compression != Plain {
		return nil, errors.New("a Parquet file compresses its columns itself and is not compressed once more")
	}
	w := &tableWriter{out: out, part: o.Part, before: before}
	if before != nil && out.n > 0 {
		if err := w.readFrames(out.n); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// readFrames reads the footers of the frames that end at a byte, from the last
// to the first.
func (w *tableWriter) readFrames(end int64) error {
	for at := end; at > 0; {
		var tail [8]byte
		if _, err := w.before.ReadAt(tail[:], at-8); err != nil {
			return err
		}
		n := int64(binary.LittleEndian.Uint32(tail[:]))
		if string(tail[4:]) != "PAR1" || n > at-12 {
			return fmt.Errorf("no frame of a Parquet file ends at byte %d", at)
		}
		data := make([]byte, n)
		if _, err := w.before.ReadAt(data, at-8-n); err != nil {
			return err
		}
		var m format.FileMetaData
		if err := thrift.Unmarshal(new(thrift.CompactProtocol), data, &m); err != nil {
			return fmt.Errorf("the footer at byte %d: %w", at-8-n, err)
		}
		start := int64(-1)
		for _, kv := range m.KeyValueMetadata {
			if kv.Key == frameStart {
				start, _ = strconv.ParseInt(kv.Value, 10, 64)
			}
		}
		if start < 0 || start >= at {
			return fmt.Errorf("the footer at byte %d is not that of a frame", at-8-n)
		}
		w.add(&m, start)
		at = start
	}
	slices.Reverse(w.groups)
	return nil
}

// add takes over the row groups of a frame.
func (w *tableWriter) add(m *format.FileMetaData, start int64) {
	for _, g := range slices.Backward(m.RowGroups) { // Cut adds one, and readFrames turns all around
		for i := range g.Columns {
			c := &g.Columns[i]
			for _, at := range []*int64{&c.FileOffset, &c.MetaData.DataPageOffset, &c.MetaData.DictionaryPageOffset,
				&c.MetaData.IndexPageOffset} {
				if *at > 0 {
					*at += start
				}
			}
			// Some readers want the indexes of all row groups in one piece.
			c.OffsetIndexOffset, c.OffsetIndexLength, c.ColumnIndexOffset, c.ColumnIndexLength = 0, 0, 0, 0
		}
		g.FileOffset += start
		w.groups = append(w.groups, g)
	}
	w.footer = *m
}

// Write is Writer.Write. A damaged place of a Parquet file has no row, and none
// is written for it.
func (w *tableWriter) Write(rec *Record, res *Result, failed *Error) error {
	if rec.Blank || rec.table != nil && rec.row == nil {
		return nil
	}
	if w.plan == nil {
		w.plan = newPlan(rec.table, w.part)
	}
	if !w.plan.takes(rec.table) {
		return errors.New("inputs with other columns cannot be written to one Parquet file: write each to a file of its own")
	}
	if w.w == nil {
		w.begin()
	}
	w.row = w.plan.appendRow(w.row[:0], rec, res, failed)
	if err := guard(func() error { _, err := w.w.WriteRows([]parquet.Row{w.row}); return err }); err != nil {
		return err
	}
	for _, v := range w.row {
		w.size += len(bytesOf(v)) + 8
	}
	clear(w.row)
	if w.size < groupBytes {
		return nil
	}
	_, err := w.Cut()
	return err
}

// begin begins a frame.
func (w *tableWriter) begin() {
	w.start, w.size = w.out.n, 0
	// Plain is what every reader reads. A writer that is used again would write
	// over the metadata of the frame before.
	options := []parquet.WriterOption{w.plan.schema, parquet.Compression(&parquet.Zstd), parquet.CreatedBy("winnow", "1", "parquet-go"),
		parquet.DefaultEncodingFor(parquet.ByteArray, &parquet.Plain), parquet.KeyValueMetadata(frameStart, strconv.FormatInt(w.start, 10))}
	for _, path := range w.plan.schema.Columns() {
		if leaf, _ := w.plan.schema.Lookup(path...); leaf.Node.Type().Kind() == parquet.ByteArray {
			options = append(options, parquet.SkipPageBounds(path...)) // else the first and last text stand in the footer
		}
	}
	w.w = parquet.NewGenericWriter[any](w.out, options...)
}

// Cut is Writer.Cut.
func (w *tableWriter) Cut() (int64, error) {
	if w.w == nil {
		return w.out.n, nil
	}
	if err := guard(w.w.Close); err != nil {
		return 0, err
	}
	m := w.w.File().Metadata()
	w.w = nil
	if len(w.groups) > 0 && !reflect.DeepEqual(m.Schema, w.footer.Schema) {
		return 0, errors.New("the Parquet file that is gone on with has other columns")
	}
	w.add(m, w.start)
	return w.out.n, nil
}

// Close is Writer.Close: it writes the footer of the whole file.
func (w *tableWriter) Close() error {
	if w.plan == nil && len(w.groups) == 0 {
		w.plan = newPlan(nil, w.part)
	}
	if w.w == nil && len(w.groups) == 0 {
		w.begin()
	}
	if _, err := w.Cut(); err != nil {
		return err
	}
	m := w.footer
	m.RowGroups, m.NumRows, m.KeyValueMetadata = w.groups, 0, nil
	for i := range m.RowGroups {
		m.RowGroups[i].Ordinal = int16(i)
		m.NumRows += m.RowGroups[i].NumRows
	}
	data, err := thrift.Marshal(new(thrift.CompactProtocol), &m)
	if err != nil {
		return err
	}
	data = binary.LittleEndian.AppendUint32(data, uint32(len(data)))
	_, err = w.out.Write(append(data, "PAR1"...))
	return err
}

// A plan says what the columns of the output are, and where they come from.
type plan struct {
	table   *table // of the input, or nil where it is no Parquet file
	part    Part
	schema  *parquet.Schema
	columns []planned
}

// A planned column of the output is one of ours, or one of the input with all
// its leaves.
type planned struct {
	ours  string // name, or "" for one of the input
	first int    // its first leaf in the input
	n     int    // how many leaves it has
}

func newPlan(t *table, part Part) *plan {
	p := &plan{table: t, part: part}
	root := &group{}
	add := func(name string) {
		p.columns = append(p.columns, planned{ours: name, n: leaves(ourNodes[name])})
		root.add(name, ourNodes[name])
	}
	wanted := []string{"id", "url", "publisher", "title", "text", "removed", "warnings", "revision", "sha256", "error"}
	switch part {
	case Kept:
		wanted = slices.DeleteFunc(wanted, func(s string) bool { return s == "removed" })
	case RemovedOnly:
		wanted = []string{"id", "removed", "revision", "sha256"}
		t = nil
	}
	done := map[string]bool{}
	once := func(name string) {
		if !done[name] && slices.Contains(wanted, name) {
			done[name] = true
			add(name)
		}
	}
	if t != nil {
		first := 0
		for _, f := range t.schema.Fields() {
			n := leaves(f)
			switch leaf, ok := t.ours["id"]; {
			case ok && leaf.Path[0] == f.Name() && f.Name() == "id":
				done["id"] = true // as it is: it may be a number
				fallthrough
			case !t.isResult(f.Name()) || ok && leaf.Path[0] == f.Name():
				p.columns = append(p.columns, planned{first: first, n: n})
				root.add(f.Name(), copyNode(f))
			case t.isSource(f.Name()):
				once("text")
			default:
				once(f.Name())
			}
			first += n
		}
	}
	for _, name := range wanted {
		once(name)
	}
	if t == nil && part != RemovedOnly {
		add("fields")
	}
	p.schema = parquet.NewSchema("winnow", root)
	return p
}

// isSource reports whether a column holds what is cleaned.
func (t *table) isSource(name string) bool {
	for _, field := range []string{"html", "text"} {
		if leaf, ok := t.ours[field]; ok && leaf.Path[0] == name {
			return field != t.other
		}
	}
	return false
}

// takes reports whether rows of t fit the plan.
func (p *plan) takes(t *table) bool {
	switch {
	case p.table == t || p.part == RemovedOnly:
		return true
	case p.table == nil || t == nil:
		return false
	}
	return p.table.schema.String() == t.schema.String() && p.table.source == t.source
}

// appendRow appends the row of what became of rec.
func (p *plan) appendRow(row parquet.Row, rec *Record, res *Result, failed *Error) parquet.Row {
	col := 0
	for _, c := range p.columns {
		if c.ours != "" {
			row = appendOurs(row, c.ours, col, rec, res, failed)
		} else {
			for _, v := range rec.row {
				if i := v.Column() - c.first; i >= 0 && i < c.n {
					row = append(row, v.Level(v.RepetitionLevel(), v.DefinitionLevel(), col+i))
				}
			}
		}
		col += c.n
	}
	return row
}

// ourNodes are the columns of a result. What a failed record has none of is null.
var ourNodes = func() map[string]parquet.Node {
	str := parquet.Optional(parquet.String())
	text := parquet.Required(parquet.String())
	return map[string]parquet.Node{
		"id": str, "url": str, "publisher": str, "title": str, "text": str, "revision": str,
		"fields": parquet.Optional(parquet.JSON()),
		"removed": parquet.Optional(parquet.List(new(group).add("start", parquet.Int(64)).add("end", parquet.Int(64)).add("text", text).
			add("rules", parquet.List(text)).add("category", text).add("stage", text).add("mode", text).
			add("confidence", parquet.Leaf(parquet.DoubleType)))),
		"warnings": parquet.Optional(parquet.List(new(group).add("code", text).add("message", text))),
		"sha256":   parquet.Optional(new(group).add("source", text).add("extracted", text).add("clean", text)),
		"error":    parquet.Optional(new(group).add("code", text).add("reason", text).add("message", text)),
	}
}()

// appendOurs appends the values of one of our columns, from the leaf col on.
func appendOurs(row parquet.Row, name string, col int, rec *Record, res *Result, failed *Error) parquet.Row {
	str := func(s string, there bool) parquet.Row {
		if !there {
			return append(row, parquet.NullValue().Level(0, 0, col))
		}
		return append(row, stringValue(s).Level(0, 1, col))
	}
	group := func(there bool, values ...string) parquet.Row {
		for i, s := range values {
			v := parquet.NullValue().Level(0, 0, col+i)
			if there {
				v = stringValue(s).Level(0, 1, col+i)
			}
			row = append(row, v)
		}
		return row
	}
	if failed != nil {
		res = nil
	}
	switch name {
	case "id":
		return str(rec.ID, true)
	case "url":
		return str(rec.URL, true)
	case "fields":
		if len(rec.extra) == 0 {
			return str("", false)
		}
		b := appendExtra(nil, rec.extra)
		b[0] = '{'
		return str(string(append(b, '}')), true)
	case "error":
		if failed == nil {
			return group(false, "", "", "")
		}
		return group(true, failed.Code, failed.Reason, failed.Message)
	case "publisher":
		if res == nil {
			return str(string(rec.Publisher), rec.Publisher != "")
		}
		return str(string(res.Publisher), true)
	}
	if res == nil {
		for i := range leaves(ourNodes[name]) {
			row = append(row, parquet.NullValue().Level(0, 0, col+i))
		}
		return row
	}
	switch name {
	case "title":
		return str(res.Title, true)
	case "text":
		return str(res.Text, true)
	case "revision":
		return str(res.Revision, true)
	case "sha256":
		return group(true, res.Sums.Source, res.Sums.Extracted, res.Sums.Clean)
	case "warnings":
		ws := slices.Concat(rec.Warnings, res.Warnings)
		return appendList(row, col, len(ws), []func(int) parquet.Value{
			func(i int) parquet.Value { return stringValue(ws[i].Code) },
			func(i int) parquet.Value { return stringValue(ws[i].Message) },
		})
	}
	return appendRemovedValues(row, col, res.Removed)
}

// stringValue returns s as a column of strings holds it: bytes that are not UTF-8
// become U+FFFD, as they do in JSON.
func stringValue(s string) parquet.Value {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	return parquet.ByteArrayValue([]byte(s))
}

// appendList appends the columns of an optional list of groups.
func appendList(row parquet.Row, col, n int, fields []func(int) parquet.Value) parquet.Row {
	for k, f := range fields {
		if n == 0 {
			row = append(row, parquet.NullValue().Level(0, 1, col+k))
		}
		for i := range n {
			row = append(row, f(i).Level(min(i, 1), 2, col+k))
		}
	}
	return row
}

func appendRemovedValues(row parquet.Row, col int, spans []Removed) parquet.Row {
	str := func(f func(*Removed) string) func(int) parquet.Value {
		return func(i int) parquet.Value { return stringValue(f(&spans[i])) }
	}
	row = appendList(row, col, len(spans), []func(int) parquet.Value{
		func(i int) parquet.Value { return parquet.Int64Value(int64(spans[i].Start)) },
		func(i int) parquet.Value { return parquet.Int64Value(int64(spans[i].End)) },
		str(func(r *Removed) string { return r.Text }),
	})
	// The rules are a list in the list.
	if len(spans) == 0 {
		row = append(row, parquet.NullValue().Level(0, 1, col+3))
	}
	for i, s := range spans {
		if len(s.Rules) == 0 {
			row = append(row, parquet.NullValue().Level(min(i, 1), 2, col+3))
		}
		for k, id := range s.Rules {
			rep := min(i, 1)
			if k > 0 {
				rep = 2
			}
			row = append(row, stringValue(id).Level(rep, 3, col+3))
		}
	}
	return appendList(row, col+4, len(spans), []func(int) parquet.Value{
		str(func(r *Removed) string { return r.Category }),
		str(func(r *Removed) string { return r.Stage }),
		str(func(r *Removed) string { return r.Mode }),
		func(i int) parquet.Value { return parquet.DoubleValue(spans[i].Confidence) },
	})
}

// A group is a parquet.Group that keeps the order of its fields and the type,
// such as that of a list, of the one that it was copied from.
type group struct {
	parquet.Group
	typ    parquet.Type
	fields []parquet.Field
}

func (g *group) add(name string, n parquet.Node) *group {
	if g.Group == nil {
		g.Group = parquet.Group{}
	}
	g.Group[name] = n
	g.fields = append(g.fields, groupField{n, name})
	return g
}

func (g *group) Fields() []parquet.Field { return g.fields }

func (g *group) Type() parquet.Type {
	if g.typ != nil {
		return g.typ
	}
	return g.Group.Type()
}

type groupField struct {
	parquet.Node
	name string
}

func (f groupField) Name() string { return f.name }

// Value is of use only to those who write Go values.
func (f groupField) Value(base reflect.Value) reflect.Value { return base.FieldByName(f.name) }

// copyNode returns n without the encodings and compressions of its file.
func copyNode(n parquet.Node) parquet.Node {
	var c parquet.Node
	if n.Leaf() {
		c = parquet.Leaf(n.Type())
	} else {
		g := &group{typ: n.Type()}
		for _, f := range n.Fields() {
			g.add(f.Name(), copyNode(f))
		}
		c = g
	}
	switch {
	case n.Optional():
		c = parquet.Optional(c)
	case n.Repeated():
		c = parquet.Repeated(c)
	default:
		c = parquet.Required(c)
	}
	if n.ID() != 0 {
		c = parquet.FieldID(c, n.ID())
	}
	return c
}
