package client

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "winnow/proto/winnow/v1"
	"winnow/text"
)

// invalid is the error for a value that has no wire form.
func invalid(format string, args ...any) *Error {
	e := errorOf(status.New(codes.InvalidArgument, fmt.Sprintf(format, args...)))
	e.Reason = "INVALID_OPTION"
	return e
}

// enum returns the value that goes by a name in lower case, such as "nav" for
// CATEGORY_NAV. The empty name is the value 0.
func enum[E ~int32](values map[string]int32, prefix, name string) (E, error) {
	if name == "" {
		return 0, nil
	}
	v, ok := values[prefix+strings.ToUpper(name)]
	if !ok || v == 0 || name != strings.ToLower(name) {
		return 0, invalid("unknown %s %q", strings.ToLower(strings.TrimSuffix(prefix, "_")), name)
	}
	return E(v), nil
}

// name is the inverse of enum.
func name(v fmt.Stringer, prefix string) string {
	n := strings.TrimPrefix(v.String(), prefix)
	if n == "UNSPECIFIED" {
		return ""
	}
	return strings.ToLower(n)
}

func (d Document) proto() (*pb.Document, error) {
	m := &pb.Document{
		Id:          d.ID,
		Url:         d.URL,
		Publisher:   string(d.Publisher),
		Charset:     d.Charset,
		ContentType: d.ContentType,
		Language:    d.Language,
		Title:       d.Title,
		Source:      &pb.Document_Text{Text: d.Text},
	}
	if d.HTML != nil {
		m.Source = &pb.Document_Html{Html: d.HTML}
	}
	if !d.Captured.IsZero() {
		m.CapturedAt = timestamppb.New(d.Captured)
	}
	var err error
	m.ContentEncoding, err = enum[pb.ContentEncoding](pb.ContentEncoding_value, "CONTENT_ENCODING_", d.Encoding)
	return m, err
}

func (o Options) proto() (*pb.CleanOptions, error) {
	m := &pb.CleanOptions{MinConfidence: o.MinConfidence, Budget: o.Budget, Engine: o.Engine, ShadowAll: o.ShadowAll, Captions: o.Captions,
		Blocks: o.Blocks, Ledger: o.Ledger}
	var err error
	if m.Profile, err = enum[pb.Profile](pb.Profile_value, "PROFILE_", o.Profile); err != nil {
		return nil, err
	}
	if m.Remove, err = categoriesOf(o.Remove); err != nil {
		return nil, err
	}
	if m.Keep, err = categoriesOf(o.Keep); err != nil {
		return nil, err
	}
	if o.Markdown {
		m.Forms = append(m.Forms, pb.OutputForm_OUTPUT_FORM_MARKDOWN)
	}
	if o.HTML {
		m.Forms = append(m.Forms, pb.OutputForm_OUTPUT_FORM_HTML)
	}
	if o.Basic {
		m.View = pb.View_VIEW_BASIC
	}
	switch o.Unit {
	case text.UTF16:
		m.OffsetUnit = pb.OffsetUnit_OFFSET_UNIT_UTF16
	case text.CodePoints:
		m.OffsetUnit = pb.OffsetUnit_OFFSET_UNIT_CODE_POINT
	}
	m.Packs = packsOf(o.Packs)
	return m, nil
}

func categoriesOf(names []string) (out []pb.Category, err error) {
	for _, n := range names {
		c, err := enum[pb.Category](pb.Category_value, "CATEGORY_", n)
		if err == nil && c == 0 {
			err = invalid("an empty category")
		}
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func packsOf(packs map[string]string) (out []*pb.RulePack) {
	for _, n := range slices.Sorted(maps.Keys(packs)) {
		out = append(out, &pb.RulePack{Name: n, Yaml: packs[n]})
	}
	return out
}

// maybeSpan returns nil for a range that is not there.
func maybeSpan(r *pb.Range) *text.Span {
	if r == nil {
		return nil
	}
	s := spanOf(r)
	return &s
}

func spanOf(r *pb.Range) text.Span { return text.Span{Start: int(r.GetStart()), End: int(r.GetEnd())} }

func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

// resultOf decodes the result for doc.
func resultOf(m *pb.CleanResult, doc Document, o Options) *Result {
	r := &Result{
		ID:       m.GetId(),
		Clean:    string(m.GetCleanText()),
		Revision: m.GetRevision(),
		Sums:     Sums{m.GetSourceSha256(), m.GetExtractedSha256(), m.GetCleanSha256()},
		Markdown: string(m.GetMarkdown()),
		HTML:     string(m.GetHtml()),
		basic:    o.Basic,
	}
	if !o.Basic && (doc.HTML != nil || len(m.GetExtractedText()) > 0) {
		r.extracted, r.sent = string(m.GetExtractedText()), true
	}
	for _, s := range m.GetRemoved() {
		r.Removed = append(r.Removed, removalOf(s))
	}
	for _, k := range m.GetKept() {
		r.Kept = append(r.Kept, Kept{
			Rule:      k.GetRule(),
			Span:      spanOf(k.GetExtractedRange()),
			Verdict:   name(k.GetVerdict(), "VERDICT_"),
			Exception: k.GetException(),
			Category:  name(k.GetCategory(), "CATEGORY_"),
			UnitSpan:  spanOf(k.GetUnitExtractedRange()),
		})
	}
	for _, e := range m.GetLedger() {
		r.Ledger = append(r.Ledger, LedgerEntry{Path: e.GetPath(), Text: string(e.GetText()), Size: int(e.GetSize()),
			Source: maybeSpan(e.GetSourceRange()), Extracted: maybeSpan(e.GetExtractedRange()), Fate: name(e.GetFate(), "FATE_"),
			Reason: e.GetReason(), Rescued: e.GetRescued(), Chance: e.GetChance(), Why: e.GetWhy(), Rules: e.GetRules()})
	}
	for _, w := range m.GetWarnings() {
		r.Warnings = append(r.Warnings, Warning{w.GetCode(), w.GetMessage()})
	}
	d := m.GetMetadata()
	r.Metadata = Metadata{
		Title: d.GetTitle(), Byline: d.GetByline(), SiteName: d.GetSiteName(), Language: d.GetLanguage(),
		Excerpt: d.GetExcerpt(), Image: d.GetImage(), Next: d.GetNextPage(), Previous: d.GetPreviousPage(), Publisher: text.Publisher(d.GetPublisher()), Charset: d.GetCharset(),
		Published: timeOf(d.GetPublishedAt()), Modified: timeOf(d.GetModifiedAt()),
	}
	t := m.GetTimings()
	r.Timings = Timings{t.GetQueued().AsDuration(), t.GetExtraction().AsDuration(), t.GetRules().AsDuration(), t.GetTotal().AsDuration()}
	return r
}

func removalOf(s *pb.RemovedSpan) Removal {
	r := Removal{
		Rules:       s.GetRules(),
		Category:    name(s.GetCategory(), "CATEGORY_"),
		Stage:       name(s.GetStage(), "STAGE_"),
		Mode:        name(s.GetMode(), "MODE_"),
		Confidence:  s.GetConfidence(),
		Text:        string(s.GetText()),
		Span:        spanOf(s.GetExtractedRange()),
		CleanOffset: int(s.GetCleanOffset()),
		UnitSpan:    spanOf(s.GetUnitExtractedRange()),
		UnitOffset:  int(s.GetUnitCleanOffset()),
	}
	for _, m := range s.GetMatches() {
		r.Matches = append(r.Matches, Match{
			Rule:       m.GetRule(),
			Span:       spanOf(m.GetRange()),
			Mode:       name(m.GetMode(), "MODE_"),
			Confidence: m.GetConfidence(),
			Category:   name(m.GetCategory(), "CATEGORY_"),
			Reason:     m.GetReason(),
		})
	}
	return r
}

func explanationOf(m *pb.ExplainResponse) *Explanation {
	e := &Explanation{
		Span:     spanOf(m.GetExtractedRange()),
		Text:     string(m.GetText()),
		UnitSpan: spanOf(m.GetUnitExtractedRange()),
		Revision: m.GetRevision(),
	}
	if m.GetRemoved() != nil {
		r := removalOf(m.GetRemoved())
		e.Removed = &r
	}
	for _, f := range m.GetFindings() {
		e.Findings = append(e.Findings, Finding{f.GetRule(), spanOf(f.GetRange()), name(f.GetVerdict(), "VERDICT_"), f.GetCondition()})
	}
	return e
}

func ruleOf(m *pb.Rule) *Rule {
	r := &Rule{
		ID:           m.GetId(),
		Scope:        m.GetScope(),
		Category:     name(m.GetCategory(), "CATEGORY_"),
		Mode:         name(m.GetMode(), "MODE_"),
		Exception:    m.GetException(),
		Kind:         m.GetKind(),
		Where:        m.GetWhere(),
		Why:          m.GetWhy(),
		Origin:       name(m.GetOrigin(), "ORIGIN_"),
		Confidence:   m.GetConfidence(),
		Language:     m.GetLanguage(),
		BudgetExempt: m.GetBudgetExempt(),
		Place:        m.GetPlace(),
		Patterns:     m.GetPatterns(),
	}
	for _, p := range m.GetMembers() {
		r.Members = append(r.Members, text.Publisher(p))
	}
	for _, e := range m.GetRemoveExamples() {
		r.RemoveExamples = append(r.RemoveExamples, Example{e.GetMarked(), e.GetTitle()})
	}
	for _, e := range m.GetKeepExamples() {
		r.KeepExamples = append(r.KeepExamples, Example{e.GetMarked(), e.GetTitle()})
	}
	return r
}
