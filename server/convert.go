package server

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"winnow/clean"
	"winnow/extract"
	pb "winnow/proto/winnow/v1"
	"winnow/rules"
	"winnow/text"
)

// The limits on the fields of a request besides its document, in bytes or, for
// packs, in their number.
const (
	maxID        = 1024
	maxURL       = 8192
	maxPublisher = 255
	maxLabel     = 255
	maxTitle     = 4096
	maxPacks     = 100
)

var categories = map[rules.Category]pb.Category{
	rules.Appeal:         pb.Category_CATEGORY_APPEAL,
	rules.Subscribe:      pb.Category_CATEGORY_SUBSCRIBE,
	rules.Prompt:         pb.Category_CATEGORY_PROMPT,
	rules.Share:          pb.Category_CATEGORY_SHARE,
	rules.Comments:       pb.Category_CATEGORY_COMMENTS,
	rules.Related:        pb.Category_CATEGORY_RELATED,
	rules.Media:          pb.Category_CATEGORY_MEDIA,
	rules.Ad:             pb.Category_CATEGORY_AD,
	rules.Legal:          pb.Category_CATEGORY_LEGAL,
	rules.Nav:            pb.Category_CATEGORY_NAV,
	rules.Archive:        pb.Category_CATEGORY_ARCHIVE,
	rules.Tech:           pb.Category_CATEGORY_TECH,
	rules.Duplicate:      pb.Category_CATEGORY_DUPLICATE,
	rules.Bio:            pb.Category_CATEGORY_BIO,
	rules.Credit:         pb.Category_CATEGORY_CREDIT,
	rules.Byline:         pb.Category_CATEGORY_BYLINE,
	rules.Dateline:       pb.Category_CATEGORY_DATELINE,
	rules.TitleLine:      pb.Category_CATEGORY_TITLE,
	rules.Series:         pb.Category_CATEGORY_SERIES,
	rules.ReaderComments: pb.Category_CATEGORY_READER_COMMENTS,
	rules.CaptionLine:    pb.Category_CATEGORY_CAPTION,
}

var stages = map[rules.Stage]pb.Stage{
	rules.StageExtraction: pb.Stage_STAGE_EXTRACTION,
	rules.StageRepair:     pb.Stage_STAGE_REPAIR,
	rules.StageRule:       pb.Stage_STAGE_RULE,
	rules.StageModel:      pb.Stage_STAGE_MODEL,
}

var modes = map[rules.Mode]pb.Mode{
	rules.Enforce: pb.Mode_MODE_ENFORCED,
	rules.Shadow:  pb.Mode_MODE_SHADOW,
	rules.Off:     pb.Mode_MODE_OFF,
}

var verdicts = map[rules.Verdict]pb.Verdict{
	rules.Cut:              pb.Verdict_VERDICT_CUT,
	rules.KeptByException:  pb.Verdict_VERDICT_EXCEPTION,
	rules.KeptByPlace:      pb.Verdict_VERDICT_PLACE,
	rules.KeptByCategory:   pb.Verdict_VERDICT_CATEGORY,
	rules.KeptByConfidence: pb.Verdict_VERDICT_CONFIDENCE,
	rules.KeptByBudget:     pb.Verdict_VERDICT_BUDGET,
	rules.KeptByProfile:    pb.Verdict_VERDICT_PROFILE,
	rules.OnlyShadow:       pb.Verdict_VERDICT_SHADOW,
}

var profiles = map[pb.Profile]clean.Profile{
	pb.Profile_PROFILE_UNSPECIFIED: clean.Standard,
	pb.Profile_PROFILE_LIGHT:       clean.Light,
	pb.Profile_PROFILE_STANDARD:    clean.Standard,
	pb.Profile_PROFILE_STRICT:      clean.Strict,
}

var units = map[pb.OffsetUnit]text.OffsetUnit{
	pb.OffsetUnit_OFFSET_UNIT_UNSPECIFIED: text.Bytes,
	pb.OffsetUnit_OFFSET_UNIT_BYTE:        text.Bytes,
	pb.OffsetUnit_OFFSET_UNIT_UTF16:       text.UTF16,
	pb.OffsetUnit_OFFSET_UNIT_CODE_POINT:  text.CodePoints,
}

// key returns the key of a value in a table that has every value once.
func key[K, V comparable](table map[K]V, v V) (K, bool) {
	for k, w := range table {
		if w == v {
			return k, true
		}
	}
	var zero K
	return zero, false
}

// messageOf returns the sentence of an extract.Error alone.
func messageOf(err error) string {
	var e *extract.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

// inputOf checks a document and turns it into what the cleaner takes. The
// source is still packed.
func inputOf(d *pb.Document) (clean.Input, error) {
	in := clean.Input{
		ID:          d.GetId(),
		URL:         d.GetUrl(),
		Publisher:   text.ParsePublisher(d.GetPublisher()),
		Language:    d.GetLanguage(),
		Title:       d.GetTitle(),
		ContentType: d.GetContentType(),
		Charset:     d.GetCharset(),
	}
	var bad []violation
	switch src := d.GetSource().(type) {
	case *pb.Document_Html:
		in.IsPage, in.Source = true, src.Html
	case *pb.Document_Text:
		in.Source = src.Text
	default:
		bad = append(bad, violation{"document", "neither html nor text is set"})
	}
	for _, f := range []struct {
		name, value string
		max         int
	}{
		{"id", d.GetId(), maxID}, {"url", d.GetUrl(), maxURL}, {"publisher", d.GetPublisher(), maxPublisher},
		{"title", d.GetTitle(), maxTitle}, {"charset", d.GetCharset(), maxLabel},
		{"content_type", d.GetContentType(), maxLabel}, {"language", d.GetLanguage(), maxLabel},
	} {
		if len(f.value) > f.max {
			bad = append(bad, violation{"document." + f.name, fmt.Sprintf("is longer than %d bytes", f.max)})
		}
	}
	if t := d.GetCapturedAt(); t != nil {
		if t.CheckValid() != nil {
			bad = append(bad, violation{"document.captured_at", "is not a time"})
		}
		in.Captured = t.AsTime()
	}
	if _, ok := pb.ContentEncoding_name[int32(d.GetContentEncoding())]; !ok {
		bad = append(bad, violation{"document.content_encoding", "is not known"})
	}
	if bad != nil {
		return in, invalid(extract.InvalidOption, bad...)
	}
	return in, nil
}

// planOf checks options and makes a plan of them, without engine and limits.
func planOf(o *pb.CleanOptions) (*plan, error) {
	var bad []violation
	no := func(field, format string, args ...any) {
		bad = append(bad, violation{"options." + field, fmt.Sprintf(format, args...)})
	}
	p := &plan{full: o.GetView() != pb.View_VIEW_BASIC}
	p.options.MinConfidence = o.GetMinConfidence()
	p.options.Budget = o.GetBudget()
	p.options.ShadowAll = o.GetShadowAll()
	p.options.Captions = o.GetCaptions()

	var ok bool
	if p.options.Profile, ok = profiles[o.GetProfile()]; !ok {
		no("profile", "is not known")
	}
	if p.unit, ok = units[o.GetOffsetUnit()]; !ok {
		no("offset_unit", "is not known")
	}
	if _, ok := pb.View_name[int32(o.GetView())]; !ok {
		no("view", "is not known")
	}
	list := func(field string, in []pb.Category) (out []rules.Category) {
		for i, c := range in {
			if r, ok := key(categories, c); ok {
				out = append(out, r)
			} else {
				no(fmt.Sprintf("%s[%d]", field, i), "is not known")
			}
		}
		return out
	}
	p.options.Remove, p.options.Keep = list("remove", o.GetRemove()), list("keep", o.GetKeep())
	for _, c := range p.options.Keep {
		if slices.Contains(p.options.Remove, c) {
			no("keep", "%q stands in remove as well", c)
		}
	}
	if c := o.GetMinConfidence(); !(0 <= c && c <= 1) { // no number fails as well
		no("min_confidence", "is not from 0 to 1")
	}
	if b := o.GetBudget(); !(0 <= b && b <= 1) {
		no("budget", "is not from 0 to 1")
	}
	engine, err := extract.ParseEngine(o.GetEngine())
	if err != nil {
		no("engine", "%s", messageOf(err))
	}
	p.options.Engine = engine
	if p.options.Blocks, err = extract.ParseBlocking(o.GetBlocks()); err != nil {
		no("blocks", "%s", messageOf(err))
	}
	if p.options.Ledger = o.GetLedger(); p.options.Ledger && !p.full {
		no("ledger", "is for the full view")
	}
	for i, f := range o.GetForms() {
		switch f {
		case pb.OutputForm_OUTPUT_FORM_MARKDOWN:
			p.options.Markdown = true
		case pb.OutputForm_OUTPUT_FORM_HTML:
			p.options.HTML = true
		default:
			no(fmt.Sprintf("forms[%d]", i), "is not known")
		}
	}
	if len(o.GetPacks()) > maxPacks {
		no("packs", "are more than %d", maxPacks)
	}
	if bad != nil {
		return nil, invalid(extract.InvalidOption, bad...)
	}
	return p, nil
}

// isSource reports whether the source of an input is its extracted text: it is
// text, and was not decoded from another charset.
func isSource(in clean.Input, res *clean.Result) bool {
	return !in.IsPage && res.Sums.Source == res.Sums.Extracted
}

// resultOf encodes a result.
func resultOf(in clean.Input, res *clean.Result, p *plan, waited time.Duration) *pb.CleanResult {
	out := res.Outcome
	extracted := res.Document.Text
	isSource := isSource(in, res)
	pos := newPositions(p.unit, extracted, out.Clean)
	for _, r := range out.Removals {
		pos.add(r.Span, r.CleanOffset)
	}
	for _, k := range out.Kept {
		pos.add(k.Match.Span, 0)
	}
	pos.count()

	m := &pb.CleanResult{
		Id:              in.ID,
		CleanText:       []byte(out.Clean),
		Metadata:        metadataOf(res),
		Revision:        res.Revision,
		SourceSha256:    res.Sums.Source,
		ExtractedSha256: res.Sums.Extracted,
		CleanSha256:     res.Sums.Clean,
		Timings: &pb.Timings{
			Queued:     durationpb.New(waited),
			Extraction: durationpb.New(res.Timings.Extract),
			Rules:      durationpb.New(res.Timings.Rules),
			Total:      durationpb.New(res.Timings.Extract + res.Timings.Rules),
		},
	}
	if p.full && !isSource {
		m.ExtractedText = []byte(extracted)
	}
	for _, r := range out.Removals {
		m.Removed = append(m.Removed, removalOf(r, extracted, isSource, p.full, pos))
	}
	for _, k := range out.Kept {
		span := &pb.KeptSpan{
			Rule:               string(k.Match.Rule.ID),
			ExtractedRange:     rangeOf(k.Match.Span),
			Verdict:            verdicts[k.By],
			Category:           categories[k.Match.Rule.Category],
			UnitExtractedRange: pos.span(k.Match.Span),
		}
		if k.Rule != nil {
			span.Exception = string(k.Rule.ID)
		}
		m.Kept = append(m.Kept, span)
	}
	for _, w := range res.Warnings {
		m.Warnings = append(m.Warnings, &pb.Warning{Code: w.Code, Message: validUTF8(w.Message)})
	}
	if res.Page != nil {
		m.Markdown, m.Html = []byte(res.Page.Markdown), []byte(res.Page.HTML)
	}
	if p.options.Ledger { // the record may have asked for one that the caller did not
		for _, e := range res.Ledger() {
			m.Ledger = append(m.Ledger, ledgerEntryOf(e))
		}
	}
	return m
}

func ledgerEntryOf(e clean.LedgerEntry) *pb.LedgerEntry {
	m := &pb.LedgerEntry{Path: validUTF8(e.Path), Text: []byte(e.Text), Size: int32(e.Size), Fate: pb.Fate_FATE_DROPPED,
		Reason: string(e.Reason), Rescued: e.Rescued, Chance: e.Chance, Why: e.Why}
	if e.HasSource {
		m.SourceRange = rangeOf(e.Source)
	}
	if e.Fate == extract.Kept {
		m.Fate, m.ExtractedRange = pb.Fate_FATE_KEPT, rangeOf(e.Extracted)
	}
	if e.Removed {
		m.Fate = pb.Fate_FATE_REMOVED
	}
	for _, id := range e.Rules {
		m.Rules = append(m.Rules, string(id))
	}
	return m
}

func removalOf(r rules.Removal, extracted string, isSource, full bool, pos *positions) *pb.RemovedSpan {
	span := &pb.RemovedSpan{
		Category:           categories[r.Category],
		Stage:              stages[r.Stage],
		Mode:               modes[r.Mode],
		Confidence:         r.Confidence,
		ExtractedRange:     rangeOf(r.Span),
		CleanOffset:        int32(r.CleanOffset),
		UnitExtractedRange: pos.span(r.Span),
		UnitCleanOffset:    pos.clean(r.CleanOffset),
	}
	for _, id := range r.IDs() {
		span.Rules = append(span.Rules, string(id))
	}
	if full {
		span.Text = []byte(r.Span.In(extracted))
	}
	if isSource {
		span.SourceRange, span.UnitSourceRange = rangeOf(r.Span), pos.span(r.Span)
	}
	for _, m := range r.Matches {
		span.Matches = append(span.Matches, &pb.RuleMatch{
			Rule:       string(m.Rule.ID),
			Range:      rangeOf(m.Span),
			Mode:       modes[m.Rule.Mode],
			Confidence: m.Rule.Confidence,
			Category:   categories[m.Rule.Category],
			Reason:     validUTF8(m.Reason),
		})
	}
	return span
}

func metadataOf(res *clean.Result) *pb.Metadata {
	d := res.Metadata
	m := &pb.Metadata{
		Title:       validUTF8(d.Title),
		Byline:      validUTF8(d.Byline),
		SiteName:    validUTF8(d.SiteName),
		Language:    validUTF8(d.Language),
		PublishedAt: timeOf(d.Published),
		ModifiedAt:  timeOf(d.Modified),
		Excerpt:     validUTF8(d.Excerpt),
		Image:       validUTF8(d.Image),

		NextPage:     validUTF8(d.Next),
		PreviousPage: validUTF8(d.Previous),
		Publisher:    validUTF8(string(res.Document.Publisher)),
	}
	if res.Page != nil {
		m.Charset = res.Page.Charset
	}
	return m
}

// timeOf returns nil for the zero time and for years that a Timestamp cannot hold.
func timeOf(t time.Time) *timestamppb.Timestamp {
	ts := timestamppb.New(t)
	if t.IsZero() || ts.CheckValid() != nil {
		return nil
	}
	return ts
}

// rangeOf encodes a span. Documents are under 2 GiB; see LargestDocument.
func rangeOf(s text.Span) *pb.Range { return &pb.Range{Start: int32(s.Start), End: int32(s.End)} }

// placeOf returns the place that is to be explained, in the unit of the options.
func placeOf(req *pb.ExplainRequest) (text.Span, error) {
	switch at := req.GetPlace().(type) {
	case *pb.ExplainRequest_Offset:
		if at.Offset >= 0 {
			return text.Span{Start: int(at.Offset), End: int(at.Offset) + 1}, nil
		}
		return text.Span{}, invalid(extract.InvalidOption, violation{"offset", "is negative"})
	case *pb.ExplainRequest_Range:
		s := text.Span{Start: int(at.Range.GetStart()), End: int(at.Range.GetEnd())}
		if 0 <= s.Start && s.Start < s.End {
			return s, nil
		}
		return text.Span{}, invalid(extract.InvalidOption, violation{"range", "is empty or negative"})
	}
	return text.Span{}, invalid(extract.InvalidOption, violation{"place", "neither offset nor range is set"})
}

// explanationOf encodes an explanation of a document whose result is res.
func explanationOf(e rules.Explanation, res *clean.Result, p *plan, isSource bool) *pb.ExplainResponse {
	extracted := res.Document.Text
	pos := newPositions(p.unit, extracted, res.Outcome.Clean)
	pos.add(e.Span, 0)
	if e.Removed != nil {
		pos.add(e.Removed.Span, e.Removed.CleanOffset)
	}
	pos.count()
	m := &pb.ExplainResponse{
		ExtractedRange:     rangeOf(e.Span),
		UnitExtractedRange: pos.span(e.Span),
		Text:               []byte(e.Span.In(extracted)),
		Revision:           res.Revision,
	}
	if e.Removed != nil {
		m.Removed = removalOf(*e.Removed, extracted, isSource, p.full, pos)
	}
	for _, f := range e.Findings {
		m.Findings = append(m.Findings, &pb.Finding{
			Rule:      string(f.Rule.ID),
			Range:     rangeOf(f.Span),
			Verdict:   verdicts[f.Verdict],
			Condition: validUTF8(f.Condition),
		})
	}
	return m
}

// ruleOf encodes a rule, with its examples where they are asked for.
func ruleOf(r *rules.Rule, examples bool) *pb.Rule {
	m := &pb.Rule{
		Id:           string(r.ID),
		Scope:        r.Scope.String(),
		Category:     categories[r.Category],
		Mode:         modes[r.Mode],
		Exception:    r.Keep,
		Kind:         string(r.Kind),
		Where:        string(r.Where),
		Why:          validUTF8(r.Why),
		Origin:       originOf(r),
		Confidence:   r.Confidence,
		Language:     validUTF8(r.Language),
		BudgetExempt: r.Exempt,
		Place:        validUTF8(filepath.Base(r.Origin)),
		Patterns:     validAll(r.Text),
		Given:        validAll(r.Given),
		Unless:       validAll(r.Unless),
		BesideProse:  r.Prose,
		WholeLine:    r.Line,
		LineEnd:      r.LineEnd,
	}
	for _, p := range r.Scope.Members {
		m.Members = append(m.Members, validUTF8(string(p)))
	}
	slices.Sort(m.Members)
	if b := r.Block; b != nil {
		m.Block = &pb.BlockPattern{From: validAll(b.From), To: validAll(b.To), Edge: b.Edge, Of: validAll(b.Of),
			Gap: int32(b.Gap), Least: int32(b.Least), Within: int32(b.Within)}
		for _, w := range b.With {
			m.Block.With = append(m.Block.With, &pb.Alternatives{Expressions: validAll(w)})
		}
	}
	if r.Cues != nil {
		m.Patterns = validAll(r.Cues.Lists())
	}
	if s := r.Shape; s != nil {
		m.Shape = &pb.ShapePattern{Form: string(s.Form), Of: validAll(s.Of), Least: int32(s.Least), Most: int32(s.Most)}
	}
	if r.Kind == rules.KindSelector {
		m.Selector = &pb.SelectorOptions{Outside: r.Outside, Rescue: r.Rescue, Hosts: validAll(r.Hosts)}
	}
	if o := r.Override; o != nil {
		m.Override = &pb.Override{Who: validUTF8(o.Who), When: validUTF8(o.When), Why: validUTF8(o.Why), PackMode: modes[o.Pack]}
	}
	if examples {
		m.RemoveExamples, m.KeepExamples = examplesOf(r.Remove), examplesOf(r.KeepText)
	}
	if e := r.Evidence; e != nil {
		m.Evidence = &pb.Evidence{Documents: int64(e.Documents), Groups: int64(e.Groups), Occurrences: int64(e.Occurrences),
			Elsewhere: int64(e.Elsewhere), Edge: e.Edge, Lift: e.Lift, Variants: int64(e.Variants), Precision: e.Precision,
			First: validUTF8(e.First), Last: validUTF8(e.Last), Corpus: validUTF8(e.Corpus), Learner: validUTF8(e.Learner),
			Guards: validAll(e.Guards)}
		for _, s := range e.Samples {
			m.Evidence.Samples = append(m.Evidence.Samples,
				&pb.Sample{Document: validUTF8(s.Doc), Range: rangeOf(text.Span{Start: s.Start, End: s.End})})
		}
	}
	return m
}

func originOf(r *rules.Rule) pb.Origin {
	switch {
	case r.Kind == rules.KindModel:
		return pb.Origin_ORIGIN_MODEL
	case r.Evidence != nil:
		return pb.Origin_ORIGIN_LEARNED
	}
	return pb.Origin_ORIGIN_WRITTEN
}

func examplesOf(es []rules.Example) (out []*pb.Example) {
	for _, e := range es {
		out = append(out, &pb.Example{Marked: validUTF8(e.Marked()), Title: validUTF8(e.Title), Url: validUTF8(e.Page)})
	}
	return out
}

func validAll(in []string) (out []string) {
	for _, s := range in {
		out = append(out, validUTF8(s))
	}
	return out
}

// mistakesOf returns what is wrong with packs, at least one thing. Files go by
// their names alone, and an error that is no mistake in a pack keeps its text to
// itself: it may tell of the server's disk.
func mistakesOf(err error) []*pb.Mistake {
	var all rules.Errors
	var one *rules.Error
	if !errors.As(err, &all) && errors.As(err, &one) {
		all = rules.Errors{one}
	}
	if len(all) == 0 {
		return []*pb.Mistake{{Message: "the packs could not be read"}}
	}
	var out []*pb.Mistake
	for _, e := range all {
		out = append(out, &pb.Mistake{Pack: validUTF8(filepath.Base(e.File)), Line: int32(e.Line), Column: int32(e.Col),
			Rule: validUTF8(string(e.Rule)), Message: validUTF8(e.Msg)})
	}
	return out
}

// positions counts offsets in a second unit. Offsets are collected first and
// then counted in rising order, which takes one pass over each text.
type positions struct {
	unit                text.OffsetUnit
	extracted, cleaned  string
	inText, inClean     []int
	textUnit, cleanUnit map[int]int32
}

func newPositions(unit text.OffsetUnit, extracted, cleaned string) *positions {
	return &positions{unit: unit, extracted: extracted, cleaned: cleaned}
}

// add says that a span of the extracted text and an offset of the clean one
// will be asked for.
func (p *positions) add(s text.Span, cleanOffset int) {
	if p.unit != text.Bytes {
		p.inText = append(p.inText, s.Start, s.End)
		p.inClean = append(p.inClean, cleanOffset)
	}
}

func (p *positions) count() {
	if p.unit != text.Bytes {
		p.textUnit = countAll(p.extracted, p.unit, p.inText)
		p.cleanUnit = countAll(p.cleaned, p.unit, p.inClean)
	}
}

func countAll(t string, unit text.OffsetUnit, offsets []int) map[int]int32 {
	slices.Sort(offsets)
	c, m := text.NewCounter(t, unit), make(map[int]int32, len(offsets))
	for _, o := range offsets {
		m[o] = int32(c.Offset(o))
	}
	return m
}

// span returns s in the second unit, or nil where there is none.
func (p *positions) span(s text.Span) *pb.Range {
	if p.unit == text.Bytes {
		return nil
	}
	return &pb.Range{Start: p.textUnit[s.Start], End: p.textUnit[s.End]}
}

// clean returns an offset of the clean text in the second unit, or 0.
func (p *positions) clean(offset int) int32 { return p.cleanUnit[offset] }
