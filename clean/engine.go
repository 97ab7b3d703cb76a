package clean

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unicode/utf8"
	"unsafe"

	"winnow/extract"
	"winnow/rules"
	"winnow/text"
)

// An Error is the failure of one item; see extract.Error for its reasons. Get at it with errors.As.
type Error = extract.Error

// Failed is the reason of an item that a fault of winnow's own stopped.
const Failed extract.Reason = "INTERNAL"

// DefaultMaxText is the largest text that is cleaned unless Options.Limits
// allow more or less, in bytes.
const DefaultMaxText = 64 << 20

// NotUTF8 is the code of the warning that a text is not valid UTF-8, or looks like
// UTF-16. It is cleaned all the same, byte for byte.
const NotUTF8 = "NOT_UTF8"

// An Engine is the Cleaner that runs in process. It is safe for concurrent
// use, and its rule set can be exchanged while it works.
type Engine struct {
	set atomic.Pointer[rules.Set]
}

// New returns an Engine that cleans by set.
func New(set *rules.Set) *Engine {
	e := &Engine{}
	e.SetRules(set)
	return e
}

// Rules returns the set in force.
func (e *Engine) Rules() *rules.Set { return e.set.Load() }

// SetRules puts set in force, atomically. Items under way finish with the set
// that they began with.
func (e *Engine) SetRules(set *rules.Set) { e.set.Store(set) }

// Clean implements Cleaner. A fault inside is that item's error too (reason
// Failed) and leaves the Engine as it was. A text takes the rules alone; they
// are linear in its length and bounded by the limits, so that the context is
// looked at between stages only.
func (e *Engine) Clean(ctx context.Context, in Input, o Options) (*Result, error) {
	return e.CleanWith(ctx, e.Rules(), in, o)
}

// CleanWith is Clean by another set, for the rules that a caller sends along.
func (e *Engine) CleanWith(ctx context.Context, set *rules.Set, in Input, o Options) (res *Result, err error) {
	defer caught(&err)
	res, ro, err := prepare(ctx, set, in, o)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	res.Outcome = set.Apply(&res.Document, ro)
	res.Timings.Rules = time.Since(begin)
	res.Revision = set.Revision()
	res.Warnings = append(res.Warnings, res.Outcome.Warnings...)
	res.Sums.Extracted = sum(res.Document.Text)
	res.Sums.Clean = res.Sums.Extracted
	if len(res.Outcome.Clean) != len(res.Document.Text) {
		res.Sums.Clean = sum(res.Outcome.Clean)
	}
	if res.Sums.Source = res.Sums.Extracted; in.IsPage || len(in.Source) != len(res.Document.Text) {
		res.Sums.Source = sum(string(in.Source))
	}
	return res, nil
}

// Explain says why the bytes of span, in the extracted text (for a text: the
// input itself), were removed or kept. The Result holds that text and the clean one.
func (e *Engine) Explain(ctx context.Context, in Input, span text.Span, o Options) (x rules.Explanation, res *Result, err error) {
	return e.ExplainAt(ctx, in, func(string) (text.Span, error) { return span, nil }, o)
}

// ExplainAt is Explain for a place that can only be told once the extracted text
// is there. An error of place is returned as it is.
func (e *Engine) ExplainAt(ctx context.Context, in Input, place func(extracted string) (text.Span, error), o Options) (x rules.Explanation, res *Result, err error) {
	defer caught(&err)
	set := e.Rules()
	res, ro, err := prepare(ctx, set, in, o)
	if err != nil {
		return x, nil, err
	}
	span, err := place(res.Document.Text)
	if err != nil {
		return x, nil, err
	}
	if span.Start < 0 || span.End < span.Start || span.Start > len(res.Document.Text) {
		return x, nil, &Error{Reason: extract.InvalidOption, Message: fmt.Sprintf("span %v does not lie in the text of %d bytes", span, len(res.Document.Text))}
	}
	res.Revision = set.Revision()
	x = set.Explain(&res.Document, span, ro)
	res.Outcome.Clean = x.Clean
	return x, res, nil
}

func caught(err *error) {
	if p := recover(); p != nil {
		*err = &Error{Reason: Failed, Message: "a fault inside winnow stopped this item", Err: fmt.Errorf("panic: %v", p)}
	}
}

// prepare does what comes before the rules: options, limits, extraction.
func prepare(ctx context.Context, set *rules.Set, in Input, o Options) (*Result, rules.Options, error) {
	ro, err := o.Rules()
	if err != nil {
		return nil, ro, err
	}
	if err := ctx.Err(); err != nil {
		return nil, ro, deadline(err)
	}
	res := &Result{}
	if in.IsPage {
		err = res.page(ctx, set, in, o)
	} else {
		err = res.text(in, o)
	}
	if err != nil {
		return nil, ro, err
	}
	if err := ctx.Err(); err != nil {
		return nil, ro, deadline(err)
	}
	return res, ro, nil
}

func deadline(err error) error {
	msg := "the time for this item ran out"
	if errors.Is(err, context.Canceled) {
		msg = "the call was cancelled"
	}
	return &Error{Reason: extract.Deadline, Message: msg, Err: err}
}

// page extracts a page into r. Rules of set that tell what is content have a say.
func (r *Result) page(ctx context.Context, set *rules.Set, in Input, o Options) error {
	begin := time.Now()
	p, err := extract.Extract(ctx, extract.Page{HTML: in.Source, URL: in.URL, ContentType: in.ContentType, Charset: in.Charset},
		extract.Options{Engine: o.Engine, Limits: o.Limits, Captions: o.Captions, Markdown: o.Markdown, HTML: o.HTML,
			Blocks: o.Blocks, Ledger: o.Ledger, Rescue: set.Rescue(in.publisher(), in.URL)})
	if err != nil {
		return err
	}
	r.Timings.Extract = time.Since(begin)
	r.Page, r.Document, r.Metadata = p, p.Document, p.Metadata
	r.warn(p.Warnings)
	d := &r.Document
	d.ID, d.Captured = in.ID, in.Captured
	d.Publisher = in.publisher()
	if in.Language != "" {
		d.Language = in.Language
	}
	if in.Title != "" {
		d.Title = in.Title
	}
	return nil
}

// publisher returns who published the item.
func (in *Input) publisher() text.Publisher {
	if in.Publisher != "" {
		return in.Publisher
	}
	return text.PublisherOf(in.URL)
}

// text makes a document of a text.
func (r *Result) text(in Input, o Options) error {
	limit := o.Limits.MaxBytes
	if limit == 0 {
		limit = DefaultMaxText
	}
	if len(in.Source) > min(limit, text.MaxText) {
		return &Error{Reason: extract.InputTooLarge, Message: fmt.Sprintf("the text has %d bytes, more than the %d allowed", len(in.Source), limit)}
	}
	var t string
	if in.Charset != "" {
		decoded, warnings, err := extract.Decode(in.Source, in.Charset)
		if err != nil {
			return err
		}
		t = decoded
		r.warn(warnings)
	} else {
		t = string(in.Source)
		if why := notUTF8(t, in.Source); why != "" {
			r.Warnings = append(r.Warnings, rules.Warning{Code: NotUTF8, Message: why})
		}
	}
	r.Document = text.Document{ID: in.ID, URL: in.URL, Publisher: in.publisher(), Language: in.Language, Title: in.Title, Captured: in.Captured, Text: t}
	r.Metadata = extract.Metadata{Title: in.Title, Language: in.Language}
	return nil
}

// notUTF8 says what is to be known of a text that is taken byte for byte and is
// not UTF-8, or does not look it; else "".
func notUTF8(t string, b []byte) string {
	wide := extract.WideCharset(b)
	switch {
	case wide == "utf-32":
		return "the text begins with the mark of UTF-32 and is taken byte for byte: bring it to UTF-8 first"
	case wide != "":
		return fmt.Sprintf("the text looks like UTF-16 and is taken byte for byte: name the charset %s to have it decoded (on the command line --charset %[1]s)", wide)
	case !utf8.ValidString(t):
		return "the text is not valid UTF-8 and no charset was named: it is taken byte for byte"
	}
	return ""
}

// warn takes over the warnings of extraction.
func (r *Result) warn(ws []extract.Warning) {
	for _, w := range ws {
		r.Warnings = append(r.Warnings, rules.Warning{Code: string(w.Code), Message: w.Message})
	}
}

// light holds the categories of the light profile.
var light = []rules.Category{rules.Archive, rules.Duplicate, rules.Tech, rules.Prompt, rules.Comments, rules.Share, rules.Ad}

// lightConfidence is the confidence that the light profile asks for.
const lightConfidence = 0.97

// Rules checks o and returns what of it concerns the rules.
func (o Options) Rules() (rules.Options, error) {
	ro := rules.Options{Keep: o.Keep, Remove: o.Remove, MinConfidence: o.MinConfidence, Budget: o.Budget, ShadowAll: o.ShadowAll}
	switch o.Profile {
	case "", Standard:
	case Light:
		ro.Only = light
		ro.MinConfidence = max(ro.MinConfidence, lightConfidence)
	case Strict:
		ro.ShadowCuts = true
	default:
		return ro, invalid("unknown profile %q: light, standard or strict", o.Profile)
	}
	if !(o.MinConfidence >= 0 && o.MinConfidence <= 1) {
		return ro, invalid("minimum confidence %v does not lie between 0 and 1", o.MinConfidence)
	}
	if !(o.Budget >= 0 && o.Budget <= 1) {
		return ro, invalid("budget %v does not lie between 0 and 1", o.Budget)
	}
	for _, c := range append(append([]rules.Category{}, o.Keep...), o.Remove...) {
		if _, err := rules.ParseCategory(string(c)); err != nil {
			return ro, invalid("%v", err)
		}
	}
	return ro, nil
}

func invalid(format string, args ...any) error {
	return &Error{Reason: extract.InvalidOption, Message: fmt.Sprintf(format, args...)}
}

func sum(t string) string {
	h := sha256.Sum256(unsafe.Slice(unsafe.StringData(t), len(t))) // which only reads
	return hex.EncodeToString(h[:])
}
