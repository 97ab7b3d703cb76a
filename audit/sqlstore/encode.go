package sqlstore

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/klauspost/compress/s2"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// A batch of decisions is one row of the journal: a version byte, then an S2
// block that holds the decisions one after the other. Numbers are varints,
// strings have their length before them. S2 because it packs text to 60 % at
// some 500 MB a second; the tables, which are written later, use zstd.
const encodingVersion = 1

// encode packs a batch.
func encode(ds []*audit.Decision) ([]byte, error) {
	size := 64
	for _, d := range ds {
		size += len(d.Clean) + 512
		for i := range d.Removals {
			size += len(d.Removals[i].Text) + 128
		}
	}
	w := writer{make([]byte, 0, size)}
	w.int(len(ds))
	for _, d := range ds {
		if err := w.decision(d); err != nil {
			return nil, err
		}
	}
	out := make([]byte, 1, 1+s2.MaxEncodedLen(len(w.b)))
	out[0] = encodingVersion
	return append(out, s2.Encode(out[1:cap(out)], w.b)...), nil
}

// decode reads a batch.
func decode(b []byte) ([]*audit.Decision, error) {
	if len(b) == 0 || b[0] != encodingVersion {
		return nil, errors.New("sqlstore: a batch of the journal has a form that this version does not know")
	}
	raw, err := s2.Decode(nil, b[1:])
	if err != nil {
		return nil, fmt.Errorf("sqlstore: a batch of the journal is damaged: %w", err)
	}
	r := reader{b: raw}
	n := r.int()
	if n > len(raw) {
		return nil, errDamaged
	}
	ds := make([]*audit.Decision, n)
	for i := range ds {
		ds[i] = r.decision()
	}
	if r.bad || len(r.b) > 0 {
		return nil, errDamaged
	}
	return ds, nil
}

var errDamaged = errors.New("sqlstore: a batch of the journal is damaged")

type writer struct{ b []byte }

func (w *writer) int(n int)       { w.b = binary.AppendVarint(w.b, int64(n)) }
func (w *writer) float(f float64) { w.b = binary.LittleEndian.AppendUint64(w.b, math.Float64bits(f)) }
func (w *writer) string(s string) {
	w.int(len(s))
	w.b = append(w.b, s...)
}

// name writes a string that becomes text in a database.
func (w *writer) name(s string) { w.string(clean(s)) }
func (w *writer) bool(v bool) {
	n := 0
	if v {
		n = 1
	}
	w.int(n)
}
func (w *writer) time(t time.Time) { w.int(int(millis(t))) }
func (w *writer) span(s text.Span) {
	w.int(s.Start)
	w.int(s.End)
}

func (w *writer) decision(d *audit.Decision) error {
	for _, s := range []string{d.Document, d.URL, string(d.Publisher), d.Language, d.Title, d.Revision, d.Profile} {
		w.name(s)
	}
	w.time(d.Captured)
	w.time(d.Time)
	w.bool(d.Page)
	options, err := json.Marshal(d.Options)
	if err != nil {
		return err
	}
	w.string(string(options))
	for _, s := range []string{d.Sums.Source, d.Sums.Extracted, d.Sums.Clean} {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != 32 {
			return fmt.Errorf("sqlstore: %q is no SHA-256 hash", s)
		}
		w.b = append(w.b, b...)
	}
	w.int(len(d.Warnings))
	for _, x := range d.Warnings {
		w.string(x.Code)
		w.string(x.Message)
	}
	w.int(len(d.Removals))
	for i := range d.Removals {
		w.removal(&d.Removals[i])
	}
	w.bool(d.Bare)
	w.string(d.Clean)
	w.int(len(d.Dropped))
	for _, x := range d.Dropped {
		w.int(x.Start)
		w.int(x.End)
		w.string(x.Reason)
		w.string(x.Text)
	}
	return nil
}

func (w *writer) removal(m *audit.Removal) {
	w.span(m.Span)
	w.int(m.CleanOffset)
	w.string(m.Text)
	w.name(string(m.Mode))
	w.name(string(m.Stage))
	w.name(string(m.Category))
	w.float(m.Confidence)
	w.matches(m.Matches)
}

func (w *writer) matches(ms []audit.Match) {
	w.int(len(ms))
	for _, x := range ms {
		w.name(string(x.Rule))
		w.span(x.Span)
		w.string(x.Reason)
	}
}

// A reader reads what a writer wrote. Once bad it reads zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) int() int {
	n, k := binary.Varint(r.b)
	if k <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[k:]
	return int(n)
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) string() string { return string(r.bytes(r.int())) }
func (r *reader) bool() bool     { return r.int() != 0 }
func (r *reader) time() time.Time {
	return fromMillis(int64(r.int()))
}
func (r *reader) float() float64 {
	b := r.bytes(8)
	if b == nil {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}
func (r *reader) span() text.Span {
	start := r.int()
	return text.Span{Start: start, End: r.int()}
}

// count reads the length of a list, each element of which takes a byte or more.
func (r *reader) count() int {
	n := r.int()
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return 0
	}
	return n
}

func (r *reader) decision() *audit.Decision {
	d := &audit.Decision{}
	d.Document, d.URL, d.Publisher = r.string(), r.string(), text.Publisher(r.string())
	d.Language, d.Title, d.Revision, d.Profile = r.string(), r.string(), r.string(), r.string()
	d.Captured, d.Time, d.Page = r.time(), r.time(), r.bool()
	if err := json.Unmarshal([]byte(r.string()), &d.Options); err != nil {
		r.bad = true
	}
	for _, s := range []*string{&d.Sums.Source, &d.Sums.Extracted, &d.Sums.Clean} {
		*s = hex.EncodeToString(r.bytes(32))
	}
	for range r.count() {
		d.Warnings = append(d.Warnings, rules.Warning{Code: r.string(), Message: r.string()})
	}
	for n := range r.count() {
		m := audit.Removal{N: n, Span: r.span(), CleanOffset: r.int(), Text: r.string(), Mode: rules.Mode(r.string()),
			Stage: rules.Stage(r.string()), Category: rules.Category(r.string()), Confidence: r.float()}
		m.Matches = r.matches()
		d.Removals = append(d.Removals, m)
	}
	d.Bare, d.Clean = r.bool(), r.string()
	for range r.count() {
		d.Dropped = append(d.Dropped, audit.Dropped{Start: r.int(), End: r.int(), Reason: r.string(), Text: r.string()})
	}
	return d
}

func (r *reader) matches() []audit.Match {
	var out []audit.Match
	for range r.count() {
		out = append(out, audit.Match{Rule: rules.ID(r.string()), Span: r.span(), Reason: r.string()})
	}
	return out
}

// millis returns t as milliseconds since 1970, or the smallest number for the
// zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return math.MinInt64
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == math.MinInt64 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
