package sqlstore

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"

	"winnow/audit"
	"winnow/rules"
	"winnow/text"
)

// A batch of decisions stands in a frame of the log, or, in PostgreSQL, in a row
// of the journal: a byte that says its form, then the decisions. Numbers are
// varints, strings have their length before them. Names that come again and
// again, such as those of rules, are written once a batch: 0 and the name, and
// from then on its place among the names, from 1.
//
//	form 1  names are strings wherever they stand; packed with S2
//	form 2  how many decisions there are, and they, one after the other
//	form 3  the same, packed with S2
//	form 4  a byte 1 before each decision; zeros behind the last
//	form 5  the same, packed with S2
//
// The log gets form 4: writing 10 KB more costs less than the 25 microseconds of
// S2. A server at the other end of a connection gets form 5. The others are read
// and no longer written; so is the journal of SQLite.
const (
	formNamesApart = 1
	formCounted    = 2
	formCountedS2  = 3
	formMarked     = 4
	formMarkedS2   = 5
)

// packed packs a batch of form 4 with S2.
func packed(batch []byte) []byte {
	out := make([]byte, 1, 1+s2.MaxEncodedLen(len(batch)-1))
	out[0] = formMarkedS2
	return out[:1+len(s2.Encode(out[1:cap(out)], batch[1:]))]
}

// decode reads a batch. The strings of its decisions are parts of b.
func decode(b string) ([]*audit.Decision, error) {
	if b == "" || b[0] < formNamesApart || b[0] > formMarkedS2 {
		return nil, errors.New("sqlstore: a batch of the journal has a form that this version does not know")
	}
	form, raw := b[0], b[1:]
	if form != formCounted && form != formMarked {
		bare, err := s2.Decode(nil, []byte(raw))
		if err != nil {
			return nil, fmt.Errorf("sqlstore: a batch of the journal is damaged: %w", err)
		}
		raw = string(bare)
	}
	r := reader{b: raw, apart: form == formNamesApart, options: map[string]rules.Options{}}
	var ds []*audit.Decision
	if form >= formMarked {
		for !r.bad && r.b != "" && r.b[0] == 1 {
			r.b = r.b[1:]
			ds = append(ds, r.decision())
		}
		r.b = strings.TrimLeft(r.b, "\x00")
	} else {
		for range r.count() {
			ds = append(ds, r.decision())
		}
	}
	if r.bad || len(r.b) > 0 {
		return nil, errDamaged
	}
	return ds, nil
}

var errDamaged = errors.New("sqlstore: a batch of the journal is damaged")

// A writer appends what it is given to b.
type writer struct {
	b     []byte
	names map[string]int // the names of this batch, by name; nil writes them out each time
	// The phrases of this blob beside those of phrases; nil writes what matches say as
	// it is. See said.go.
	phrases map[string]int
	settings
}

// settings remembers how the last options read as JSON: they are mostly the same.
type settings struct {
	options rules.Options
	json    string
}

// of returns o as JSON.
func (s *settings) of(o rules.Options) (string, error) {
	if s.json != "" && reflect.DeepEqual(s.options, o) {
		return s.json, nil
	}
	b, err := json.Marshal(o)
	if err != nil {
		return "", err
	}
	s.options, s.json = o, string(b)
	return s.json, nil
}

func (w *writer) int(n int)       { w.b = binary.AppendVarint(w.b, int64(n)) }
func (w *writer) float(f float64) { w.b = binary.LittleEndian.AppendUint64(w.b, math.Float64bits(f)) }
func (w *writer) string(s string) {
	w.int(len(s))
	w.b = append(w.b, s...)
}

// name writes a string that becomes text in a database, and comes again.
func (w *writer) name(s string) {
	if w.names == nil {
		w.string(clean(s))
		return
	}
	n, ok := w.names[s]
	if !ok {
		w.names[strings.Clone(s)] = len(w.names) + 1 // s may stand in memory that is used again
	}
	if w.int(n); !ok {
		w.string(clean(s))
	}
}
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

// decision appends d, or nothing where it fails.
func (w *writer) decision(d *audit.Decision) error {
	options, err := w.of(d.Options)
	if err != nil {
		return err
	}
	var sums [96]byte
	for i, s := range [...]string{d.Sums.Source, d.Sums.Extracted, d.Sums.Clean} {
		if len(s) != 64 {
			return fmt.Errorf("sqlstore: %q is no SHA-256 hash", s)
		}
		if _, err := hex.Decode(sums[32*i:], []byte(s)); err != nil {
			return fmt.Errorf("sqlstore: %q is no SHA-256 hash", s)
		}
	}
	w.string(clean(d.Document))
	w.string(clean(d.URL))
	w.name(string(d.Publisher))
	w.name(d.Language)
	w.string(clean(d.Title))
	w.name(d.Revision)
	w.name(d.Profile)
	w.time(d.Captured)
	w.time(d.Time)
	w.bool(d.Page)
	w.name(options)
	w.b = append(w.b, sums[:]...)
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
	w.room(len(d.Clean) + 1024)
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
		w.said(x.Reason)
	}
}

// A reader reads what a writer wrote. Once bad it reads zeros.
type reader struct {
	b       string
	bad     bool
	apart   bool     // names are strings wherever they stand
	names   []string // those of this batch
	phrases []string // those that were written in this blob; nil where there are none
	options map[string]rules.Options
}

func (r *reader) int() int {
	var u uint64
	for i := 0; i < len(r.b) && i < binary.MaxVarintLen64; i++ {
		c := r.b[i]
		u |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.b = r.b[i+1:]
			return int(u>>1) ^ -int(u&1)
		}
	}
	r.bad, r.b = true, ""
	return 0
}

func (r *reader) bytes(n int) string {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, ""
		return ""
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) string() string { return r.bytes(r.int()) }

func (r *reader) name() string {
	if r.apart {
		return r.string()
	}
	n := r.int()
	switch {
	case n == 0:
		s := r.string()
		r.names = append(r.names, s)
		return s
	case n < 0 || n > len(r.names):
		r.bad, r.b = true, ""
		return ""
	}
	return r.names[n-1]
}
func (r *reader) bool() bool { return r.int() != 0 }
func (r *reader) time() time.Time {
	return fromMillis(int64(r.int()))
}
func (r *reader) float() float64 {
	b := r.bytes(8)
	if r.bad {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64([]byte(b)))
}
func (r *reader) span() text.Span {
	start := r.int()
	return text.Span{Start: start, End: r.int()}
}

// count reads the length of a list, each element of which takes a byte or more.
func (r *reader) count() int {
	n := r.int()
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, ""
		return 0
	}
	return n
}

func (r *reader) decision() *audit.Decision {
	d := &audit.Decision{}
	d.Document, d.URL, d.Publisher = r.string(), r.string(), text.Publisher(r.name())
	d.Language, d.Title, d.Revision, d.Profile = r.name(), r.string(), r.name(), r.name()
	d.Captured, d.Time, d.Page = r.time(), r.time(), r.bool()
	options := r.name()
	o, known := r.options[options]
	if !known {
		if err := json.Unmarshal([]byte(options), &o); err != nil {
			r.bad = true
		}
		r.options[options] = o
	}
	d.Options = o
	for _, s := range []*string{&d.Sums.Source, &d.Sums.Extracted, &d.Sums.Clean} {
		*s = hex.EncodeToString([]byte(r.bytes(32)))
	}
	for range r.count() {
		d.Warnings = append(d.Warnings, rules.Warning{Code: r.string(), Message: r.string()})
	}
	if n := r.count(); n > 0 {
		d.Removals = make([]audit.Removal, 0, min(n, 1024))
		for i := range n {
			m := audit.Removal{N: i, Span: r.span(), CleanOffset: r.int(), Text: r.string(), Mode: rules.Mode(r.name()),
				Stage: rules.Stage(r.name()), Category: rules.Category(r.name()), Confidence: r.float()}
			m.Matches = r.matches()
			d.Removals = append(d.Removals, m)
			if r.bad {
				break
			}
		}
	}
	d.Bare, d.Clean = r.bool(), r.string()
	for range r.count() {
		d.Dropped = append(d.Dropped, audit.Dropped{Start: r.int(), End: r.int(), Reason: r.string(), Text: r.string()})
	}
	return d
}

func (r *reader) matches() []audit.Match {
	n := r.count()
	if n == 0 {
		return nil
	}
	out := make([]audit.Match, 0, min(n, 64))
	for range n {
		out = append(out, audit.Match{Rule: rules.ID(r.name()), Span: r.span(), Reason: r.said()})
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
