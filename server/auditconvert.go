package server

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"winnow/audit"
	"winnow/clean"
	"winnow/extract"
	pb "winnow/proto/winnow/v1"
	"winnow/rules"
	"winnow/text"
)

var (
	formats = map[pb.ExportFormat]audit.Format{
		pb.ExportFormat_EXPORT_FORMAT_UNSPECIFIED: audit.JSONL,
		pb.ExportFormat_EXPORT_FORMAT_JSONL:       audit.JSONL,
		pb.ExportFormat_EXPORT_FORMAT_CSV:         audit.CSV,
		pb.ExportFormat_EXPORT_FORMAT_SARIF:       audit.SARIF,
	}
	groupings = map[pb.TotalsBy]audit.By{
		pb.TotalsBy_TOTALS_BY_UNSPECIFIED: audit.ByRule,
		pb.TotalsBy_TOTALS_BY_RULE:        audit.ByRule,
		pb.TotalsBy_TOTALS_BY_PUBLISHER:   audit.ByPublisher,
		pb.TotalsBy_TOTALS_BY_CATEGORY:    audit.ByCategory,
		pb.TotalsBy_TOTALS_BY_DAY:         audit.ByDay,
	}
	markVerdicts = map[pb.MarkVerdict]audit.Verdict{
		pb.MarkVerdict_MARK_VERDICT_WRONG:       audit.Wrong,
		pb.MarkVerdict_MARK_VERDICT_RIGHT:       audit.Right,
		pb.MarkVerdict_MARK_VERDICT_BOILERPLATE: audit.Boilerplate,
	}
	ruleModes = map[pb.Mode]rules.Mode{
		pb.Mode_MODE_ENFORCED: rules.Enforce,
		pb.Mode_MODE_SHADOW:   rules.Shadow,
		pb.Mode_MODE_OFF:      rules.Off,
	}
)

func publisherOf(name string) text.Publisher { return text.ParsePublisher(name) }

// A recordID travels as its decimal digits.
func recordID(id audit.ID) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(int64(id), 10)
}

func recordIDOf(field, s string) (audit.ID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, invalid(extract.InvalidOption, violation{field, "is not the id of a decision"})
	}
	return audit.ID(n), nil
}

// A paged request asks for a page of a list.
type paged interface {
	GetPageSize() int32
	GetPageToken() string
}

// noPage asks for all.
type noPage struct{}

func (noPage) GetPageSize() int32   { return 0 }
func (noPage) GetPageToken() string { return "" }

// queryOf checks a filter; fields are named in errors with prefix before them.
func queryOf(prefix string, f *pb.DecisionFilter, p paged) (audit.Query, error) {
	q := audit.Query{Publisher: publisherOf(f.GetPublisher()), Rule: rules.ID(f.GetRule()), Document: f.GetDocumentId(), Revision: f.GetRevision(),
		Text: f.GetText(), Limit: int(p.GetPageSize()), Token: p.GetPageToken()}
	var bad []violation
	if c := f.GetCategory(); c != pb.Category_CATEGORY_UNSPECIFIED {
		var ok bool
		if q.Category, ok = key(categories, c); !ok {
			bad = append(bad, violation{prefix + "category", "is not known"})
		}
	}
	for i, name := range f.GetFlags() {
		flag, ok := audit.ParseFlag(name)
		if !ok {
			bad = append(bad, violation{fmt.Sprintf("%sflags[%d]", prefix, i), "is not known"})
		}
		q.Flags |= flag
	}
	for _, t := range []struct {
		name string
		from *timestamppb.Timestamp
		to   *time.Time
	}{{"from_time", f.GetFromTime(), &q.From}, {"to_time", f.GetToTime(), &q.To}} {
		if t.from == nil {
			continue
		}
		if t.from.CheckValid() != nil {
			bad = append(bad, violation{prefix + t.name, "is not a time"})
			continue
		}
		*t.to = t.from.AsTime()
	}
	if n := p.GetPageSize(); n < 0 {
		bad = append(bad, violation{"page_size", "is negative"})
	}
	if bad != nil {
		return q, invalid(extract.InvalidOption, bad...)
	}
	return q, nil
}

// totalsOf checks what is to be counted.
func totalsOf(req *pb.GetTotalsRequest) (audit.By, audit.Filter, error) {
	q, err := queryOf("", &pb.DecisionFilter{Publisher: req.GetPublisher(), Rule: req.GetRule(), Category: req.GetCategory(),
		FromTime: req.GetFromTime(), ToTime: req.GetToTime()}, noPage{})
	if err != nil {
		return "", audit.Filter{}, err
	}
	by, ok := groupings[req.GetBy()]
	switch one := q.Rule != "" || q.Category != ""; {
	case !ok:
		return "", audit.Filter{}, invalid(extract.InvalidOption, violation{"by", "is not known"})
	case q.Rule != "" && q.Category != "":
		return "", audit.Filter{}, invalid(extract.InvalidOption, violation{"category", "stands beside a rule"})
	case one && (by == audit.ByRule || by == audit.ByCategory):
		return "", audit.Filter{}, invalid(extract.InvalidOption, violation{"by", "is by rule or category, and one of these is chosen"})
	}
	return by, audit.Filter{Publisher: q.Publisher, Rule: q.Rule, Category: q.Category, From: q.From, To: q.To}, nil
}

// recordedOf encodes a decision.
func recordedOf(d *audit.Decision) *pb.Decision {
	profile, ok := key(profiles, clean.Profile(d.Profile))
	if !ok || profile == pb.Profile_PROFILE_UNSPECIFIED {
		profile = pb.Profile_PROFILE_STANDARD
	}
	m := &pb.Decision{
		Id: recordID(d.ID), DocumentId: validUTF8(d.Document), Url: validUTF8(d.URL), Publisher: validUTF8(string(d.Publisher)),
		DecidedAt: timeOf(d.Time), Revision: validUTF8(d.Revision), SourceSha256: d.Sums.Source, ExtractedSha256: d.Sums.Extracted, CleanSha256: d.Sums.Clean,
		RemovedBytes: int64(d.RemovedBytes), Profile: profile, Removals: int32(d.Removed), ShadowRemovals: int32(d.Shadow),
		ShadowBytes: int64(d.ShadowBytes), ExtractedBytes: int64(d.Size), Flags: d.Flags.Names(), Risk: d.Risk, Title: validUTF8(d.Title),
		CapturedAt: timeOf(d.Captured), Page: d.Page, CleanText: []byte(d.Clean), TextRecorded: !d.Bare,
	}
	for _, w := range d.Warnings {
		m.Warnings = append(m.Warnings, &pb.Warning{Code: validUTF8(w.Code), Message: validUTF8(w.Message)})
	}
	for i := range d.Removals {
		r := &d.Removals[i]
		m.Removed = append(m.Removed, recordedRemoval(r, d.Sums.Source == d.Sums.Extracted && !d.Page))
		m.RemovalRisks = append(m.RemovalRisks, riskOf(r))
	}
	return m
}

func riskOf(r *audit.Removal) *pb.RemovalRisk {
	return &pb.RemovalRisk{Flags: r.Flags.Names(), Risk: r.Risk}
}

// recordedRemoval encodes a removal as CleanResult has it.
func recordedRemoval(r *audit.Removal, isSource bool) *pb.RemovedSpan {
	span := &pb.RemovedSpan{Category: categories[r.Category], Stage: stages[r.Stage], Mode: modes[r.Mode], Confidence: r.Confidence,
		Text: []byte(r.Text), ExtractedRange: rangeOf(r.Span), CleanOffset: int32(r.CleanOffset)}
	if isSource {
		span.SourceRange = rangeOf(r.Span)
	}
	for _, id := range r.Rules() {
		span.Rules = append(span.Rules, validUTF8(string(id)))
	}
	for _, m := range r.Matches {
		span.Matches = append(span.Matches, &pb.RuleMatch{Rule: validUTF8(string(m.Rule)), Range: rangeOf(m.Span), Reason: validUTF8(m.Reason)})
	}
	return span
}

func samplesOf(in []audit.Sample) (out []*pb.RecordedRemoval) {
	for i := range in {
		x := &in[i]
		m := &pb.RecordedRemoval{Decision: recordedOf(&x.Decision), Index: int32(x.Removal.N), Removed: recordedRemoval(&x.Removal, false),
			Risk: riskOf(&x.Removal), Before: []byte(x.Before), After: []byte(x.After)}
		if x.Mark != nil {
			m.Mark = wireMark(x.Mark)
		}
		out = append(out, m)
	}
	return out
}

func replayedOf(r *audit.Replayed) *pb.ReplayReport {
	m := &pb.ReplayReport{Revision: r.Revision, Documents: int64(r.Documents), Skipped: int64(r.Skipped), Changed: int64(r.Changed),
		ExtractedBytes: int64(r.Size), BeforeBytes: int64(r.Before), AfterBytes: int64(r.After), BackBytes: int64(r.Back), GoneBytes: int64(r.Gone), Loss: r.Loss()}
	for _, x := range r.Rules {
		m.Rules = append(m.Rules, &pb.RuleDifference{Rule: validUTF8(string(x.Rule)), BackBytes: int64(x.Back), GoneBytes: int64(x.Gone)})
	}
	for _, x := range r.Differences {
		m.Differences = append(m.Differences, &pb.DocumentDifference{DecisionId: recordID(x.Decision), DocumentId: validUTF8(x.Document),
			Publisher: validUTF8(string(x.Publisher)), BackBytes: int64(x.Back), GoneBytes: int64(x.Gone), BackText: []byte(x.BackText), GoneText: []byte(x.GoneText)})
	}
	return m
}

func driftOf(d *audit.Drift) *pb.GetDriftResponse {
	m := &pb.GetDriftResponse{}
	for _, r := range d.Rules {
		m.Rules = append(m.Rules, &pb.RuleDrift{Rule: validUTF8(string(r.Rule)), Before: r.Before, After: r.After, Z: r.Z,
			BeforeDocuments: int64(r.Documents[0]), AfterDocuments: int64(r.Documents[1])})
	}
	for _, p := range d.Publishers {
		m.Publishers = append(m.Publishers, &pb.PublisherDrift{Publisher: validUTF8(string(p.Publisher)), Before: p.Before, After: p.After, Examples: validAll(p.Examples)})
	}
	return m
}

// markOf checks a mark. What it says of the record the desk checks.
func markOf(m *pb.Mark) (*audit.Mark, error) {
	id, err := recordIDOf("mark.decision_id", m.GetDecisionId())
	if err != nil {
		return nil, err
	}
	out := &audit.Mark{Decision: id, N: -1, Rule: rules.ID(m.GetRule()), Who: m.GetWho(), Why: m.GetWhy(),
		Span: text.Span{Start: int(m.GetExtractedRange().GetStart()), End: int(m.GetExtractedRange().GetEnd())}}
	var ok bool
	if out.Verdict, ok = markVerdicts[m.GetVerdict()]; !ok {
		return nil, invalid(extract.InvalidOption, violation{"mark.verdict", "is not known"})
	}
	if strings.TrimSpace(m.GetWho()) == "" {
		return nil, invalid(extract.InvalidOption, violation{"mark.who", "is not set"})
	}
	if c := m.GetCategory(); c != pb.Category_CATEGORY_UNSPECIFIED {
		if out.Category, ok = key(categories, c); !ok {
			return nil, invalid(extract.InvalidOption, violation{"mark.category", "is not known"})
		}
	}
	if m.GetWhich() != nil {
		out.N = int(m.GetIndex())
	}
	return out, nil
}

func wireMark(m *audit.Mark) *pb.Mark {
	verdict, _ := key(markVerdicts, m.Verdict)
	out := &pb.Mark{Id: m.ID, DecisionId: recordID(m.Decision), ExtractedRange: rangeOf(m.Span), Verdict: verdict, Rule: validUTF8(string(m.Rule)),
		Category: categories[m.Category], Who: validUTF8(m.Who), Why: validUTF8(m.Why), MarkedAt: timeOf(m.Time), Outcome: validUTF8(m.Outcome)}
	if m.N >= 0 {
		out.Which = &pb.Mark_Index{Index: int32(m.N)}
	}
	return out
}
