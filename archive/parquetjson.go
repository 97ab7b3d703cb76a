package archive

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// The columns of a row that are not ours as fields of JSON lines. A row is, for
// each leaf of the schema, values with two levels (Dremel's): the definition
// level tells down to which optional or repeated node a value is there, the
// repetition level which of the repeated ones it goes on with.

// appendFields appends the columns of a row that a result has no field for, as
// `,"name":value`; or all.
func (t *table) appendFields(b []byte, row parquet.Row, all bool) []byte {
	d := &rowReader{cols: make([][]parquet.Value, len(t.schema.Columns()))}
	for _, v := range row {
		d.cols[v.Column()] = append(d.cols[v.Column()], v)
	}
	for _, f := range t.schema.Fields() {
		n := leaves(f)
		if !all && t.isResult(f.Name()) {
			d.at += n
			continue
		}
		b = append(appendString(append(b, ','), f.Name()), ':')
		b = d.node(b, f, 0, 0)
	}
	return b
}

// isResult reports whether a column gives way to a field of the result.
func (t *table) isResult(name string) bool {
	for _, field := range []string{"id", "url", "publisher", "title", "html", "text"} {
		if leaf, ok := t.ours[field]; ok && leaf.Path[0] == name {
			return field != t.other || slices.Contains(resultFields, name)
		}
	}
	return slices.Contains(resultFields, name)
}

// leaves counts the leaf columns of a node.
func leaves(n parquet.Node) int {
	if n.Leaf() {
		return 1
	}
	sum := 0
	for _, f := range n.Fields() {
		sum += leaves(f)
	}
	return sum
}

// A rowReader takes the values of a row, column by column.
type rowReader struct {
	cols [][]parquet.Value
	at   int // the leaf that comes next
}

// node appends the value of the node whose first leaf is d.at, and goes behind
// its last. rep and def are the levels of what is around it.
func (d *rowReader) node(b []byte, n parquet.Node, rep, def int) []byte {
	first := d.at
	switch {
	case n.Repeated():
		return d.list(b, n, rep+1, def+1, func(b []byte) []byte { return d.value(b, n, rep+1, def+1) })
	case n.Optional():
		if def++; d.level(first) < def {
			d.take(leaves(n))
			return append(b, "null"...)
		}
	}
	return d.value(b, n, rep, def)
}

// level returns the definition level of the next value of a leaf.
func (d *rowReader) level(leaf int) int {
	if len(d.cols[leaf]) == 0 {
		return -1
	}
	return d.cols[leaf][0].DefinitionLevel()
}

// take passes one value of each of the next n leaves.
func (d *rowReader) take(n int) {
	for range n {
		if len(d.cols[d.at]) > 0 {
			d.cols[d.at] = d.cols[d.at][1:]
		}
		d.at++
	}
}

// list appends the values of a repeated node with those levels.
func (d *rowReader) list(b []byte, n parquet.Node, rep, def int, element func([]byte) []byte) []byte {
	first := d.at
	b = append(b, '[')
	if d.level(first) < def {
		d.take(leaves(n))
		return append(b, ']')
	}
	for i := 0; ; i++ {
		if i > 0 {
			b = append(b, ',')
		}
		d.at = first
		b = element(b)
		if len(d.cols[first]) == 0 || d.cols[first][0].RepetitionLevel() < rep {
			return append(b, ']')
		}
	}
}

// value appends a node that is there.
func (d *rowReader) value(b []byte, n parquet.Node, rep, def int) []byte {
	if n.Leaf() {
		v := parquet.Value{}
		if c := d.cols[d.at]; len(c) > 0 {
			v = c[0]
		}
		d.take(1)
		return appendValue(b, v, n.Type())
	}
	if fs := n.Fields(); len(fs) == 1 && fs[0].Repeated() {
		if lt := n.Type().LogicalType(); lt != nil && lt.Value != nil {
			switch lt.Value.(type) {
			case *format.ListType:
				// A list is a group of a repeated group of the elements.
				of := fs[0]
				return d.list(b, of, rep+1, def+1, func(b []byte) []byte {
					if inner := of.Fields(); !of.Leaf() && len(inner) == 1 {
						return d.node(b, inner[0], rep+1, def+1)
					}
					return d.value(b, of, rep+1, def+1)
				})
			case *format.MapType:
				return d.mapping(b, fs[0], rep+1, def+1)
			}
		}
	}
	b = append(b, '{')
	for i, f := range n.Fields() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, f.Name()), ':')
		b = d.node(b, f, rep, def)
	}
	return append(b, '}')
}

// mapping appends a map as an object; keys that are no strings are written as ones.
func (d *rowReader) mapping(b []byte, kv parquet.Node, rep, def int) []byte {
	start := len(b)
	b = d.list(b, kv, rep, def, func(b []byte) []byte {
		for i, f := range kv.Fields() {
			if i > 0 {
				b = append(b, ':')
			}
			at := len(b)
			if b = d.node(b, f, rep, def); i == 0 && b[at] != '"' {
				b = appendString(b[:at], string(b[at:]))
			}
		}
		return b
	})
	b[start], b[len(b)-1] = '{', '}'
	return b
}

// appendValue appends one value: numbers and truth values as such, decimals as
// numbers, dates and times as ISO 8601, text as strings, other bytes in base64.
func appendValue(b []byte, v parquet.Value, t parquet.Type) []byte {
	if v.IsNull() {
		return append(b, "null"...)
	}
	var lt any
	if l := t.LogicalType(); l != nil {
		lt = l.Value
	}
	switch l := lt.(type) {
	case *format.TimestampType:
		return appendString(b, isoTime(timeOf(v, t), l.IsAdjustedToUTC))
	case *format.DateType:
		return appendString(b, time.Unix(int64(v.Int32())*86400, 0).UTC().Format(time.DateOnly))
	case *format.TimeType:
		n := v.Int64()
		if v.Kind() == parquet.Int32 {
			n = int64(v.Int32())
		}
		return appendString(b, time.Unix(0, n*int64(unit(l.Unit))).UTC().Format("15:04:05.999999999"))
	case *format.DecimalType:
		return appendDecimal(b, v, int(l.Scale))
	case *format.IntType:
		if !l.IsSigned {
			if v.Kind() == parquet.Int32 {
				return strconv.AppendUint(b, uint64(v.Uint32()), 10)
			}
			return strconv.AppendUint(b, v.Uint64(), 10)
		}
	case *format.UUIDType:
		if u := v.ByteArray(); len(u) == 16 {
			return appendString(b, fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]))
		}
	case *format.JsonType:
		if json.Valid(v.ByteArray()) && !strings.ContainsAny(string(v.ByteArray()), "\r\n") {
			return append(b, v.ByteArray()...)
		}
	}
	switch v.Kind() {
	case parquet.Boolean:
		return strconv.AppendBool(b, v.Boolean())
	case parquet.Int32:
		return strconv.AppendInt(b, int64(v.Int32()), 10)
	case parquet.Int64:
		return strconv.AppendInt(b, v.Int64(), 10)
	case parquet.Int96:
		return appendString(b, isoTime(timeOf(v, t), true))
	case parquet.Float:
		return appendFloat(b, float64(v.Float()), 32)
	case parquet.Double:
		return appendFloat(b, v.Double(), 64)
	}
	if _, text := lt.(*format.StringType); text || utf8.Valid(v.ByteArray()) {
		return appendString(b, string(v.ByteArray()))
	}
	return appendString(b, base64.StdEncoding.EncodeToString(v.ByteArray()))
}

func appendFloat(b []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendString(b, strconv.FormatFloat(f, 'g', -1, bits)) // JSON has no number for it
	}
	return strconv.AppendFloat(b, f, 'g', -1, bits)
}

func appendDecimal(b []byte, v parquet.Value, scale int) []byte {
	var n big.Int
	switch v.Kind() {
	case parquet.Int32:
		n.SetInt64(int64(v.Int32()))
	case parquet.Int64:
		n.SetInt64(v.Int64())
	default:
		raw := v.ByteArray()
		if n.SetBytes(raw); len(raw) > 0 && raw[0] >= 0x80 { // two's complement
			n.Sub(&n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
		}
	}
	if n.Sign() < 0 {
		b = append(b, '-')
		n.Abs(&n)
	}
	s := n.String()
	if scale <= 0 {
		return append(append(b, s...), strings.Repeat("0", -scale)...)
	}
	if len(s) <= scale {
		s = strings.Repeat("0", scale-len(s)+1) + s
	}
	return append(b, s[:len(s)-scale]+"."+s[len(s)-scale:]...)
}

func isoTime(t time.Time, utc bool) string {
	if utc {
		return formatTime(t)
	}
	return t.UTC().Format(localTime)
}

func unit(u format.TimeUnit) time.Duration {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return time.Millisecond
	case *format.NanoSeconds:
		return time.Nanosecond
	}
	return time.Microsecond
}

// timeOf reads a value as a time, whatever form it has; the zero time where it is none.
func timeOf(v parquet.Value, t parquet.Type) time.Time {
	switch v.Kind() {
	case parquet.Int96: // nanoseconds of a Julian day, as old writers have it
		i := v.Int96()
		return time.Unix((int64(i[2])-2440588)*86400, int64(uint64(i[1])<<32|uint64(i[0]))).UTC()
	case parquet.Int32, parquet.Int64:
		l := t.LogicalType()
		if l == nil {
			return time.Time{}
		}
		switch l := l.Value.(type) {
		case *format.DateType:
			return time.Unix(int64(v.Int32())*86400, 0).UTC()
		case *format.TimestampType:
			u := int64(unit(l.Unit))
			per := int64(time.Second) / u
			s := v.Int64() / per
			return time.Unix(s, (v.Int64()-s*per)*u).UTC()
		}
		return time.Time{}
	}
	return parseTime(string(bytesOf(v)))
}
