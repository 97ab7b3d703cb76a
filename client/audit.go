package client

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "winnow/proto/winnow/v1"
	"winnow/text"
)

// A Decision is one document as it was cleaned once, from a server's record.
type Decision struct {
	ID             string // the record's own
	Document       string // the document's id
	URL            string
	Title          string
	Publisher      text.Publisher
	Captured, Time time.Time
	Page           bool
	Revision       string // of the rules
	Profile        string
	Sums           Sums

	Size         int // bytes of the extracted text
	Removed      int // removals in mode Enforced
	RemovedBytes int
	Shadow       int // removals in mode Shadow
	ShadowBytes  int
	Flags        []string // what may be wrong: "name", "number", "quote", "prose", "near-budget", "over-budget", "nothing-left"
	Risk         float64  // 0 to 1
	Warnings     []Warning

	// Filled by Client.Decision.
	Removals     []RecordedRemoval
	Text         string // the kept text
	TextRecorded bool
}

// A RecordedRemoval is a removal from a server's record.
type RecordedRemoval struct {
	Removal
	Index int // its place among the decision's
	Flags []string
	Risk  float64

	// Filled by Client.RecordedRemovals and Client.ReviewQueue.
	Decision      *Decision // without removals
	Before, After string    // up to 200 bytes of the kept text
	Mark          *Mark     // the latest, if any
}

// A DecisionFilter chooses decisions. Fields that are set must all hold.
type DecisionFilter struct {
	Publisher text.Publisher
	Rule      string
	Category  string
	Document  string
	Revision  string
	From, To  time.Time // From is included, To is not
	Flags     []string  // any of these
	Text      string    // words of a removed text; in double quotes: side by side
}

func (f DecisionFilter) proto() (*pb.DecisionFilter, error) {
	m := &pb.DecisionFilter{Publisher: string(f.Publisher), Rule: f.Rule, DocumentId: f.Document, Revision: f.Revision, Flags: f.Flags, Text: f.Text,
		FromTime: protoTime(f.From), ToTime: protoTime(f.To)}
	var err error
	m.Category, err = enum[pb.Category](pb.Category_value, "CATEGORY_", f.Category)
	return m, err
}

func protoTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// Decisions yields the recorded decisions that f chooses, latest first, without
// their removals. It ends after the first error.
func (c *Client) Decisions(ctx context.Context, f DecisionFilter) iter.Seq2[*Decision, error] {
	m, err := f.proto()
	req := &pb.ListDecisionsRequest{PageSize: 500, Publisher: m.GetPublisher(), Rule: m.GetRule(), Category: m.GetCategory(), DocumentId: m.GetDocumentId(),
		Revision: m.GetRevision(), FromTime: m.GetFromTime(), ToTime: m.GetToTime(), Flags: m.GetFlags(), Text: m.GetText()}
	return pages(err, func(token string) (out []*Decision, next string, err error) {
		req.PageToken = token
		resp, err := call(ctx, &c.retry, func() (*pb.ListDecisionsResponse, error) { return c.audit.ListDecisions(ctx, req) })
		for _, d := range resp.GetDecisions() {
			out = append(out, decisionOf(d))
		}
		return out, resp.GetNextPageToken(), err
	})
}

// pages yields what comes page by page.
func pages[T any](err error, page func(token string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		if err != nil {
			yield(zero, err)
			return
		}
		for token := ""; ; {
			list, next, err := page(token)
			for _, v := range list {
				if !yield(v, nil) {
					return
				}
			}
			if err != nil {
				yield(zero, err)
				return
			}
			if token = next; token == "" {
				return
			}
		}
	}
}

// Decision returns one recorded decision with its removals.
func (c *Client) Decision(ctx context.Context, id string) (*Decision, error) {
	resp, err := call(ctx, &c.retry, func() (*pb.GetDecisionResponse, error) {
		return c.audit.GetDecision(ctx, &pb.GetDecisionRequest{Id: id})
	})
	if err != nil {
		return nil, err
	}
	return decisionOf(resp.GetDecision()), nil
}

// RecordedRemovals yields recorded removals in their context, latest first.
func (c *Client) RecordedRemovals(ctx context.Context, f DecisionFilter) iter.Seq2[*RecordedRemoval, error] {
	filter, err := f.proto()
	return pages(err, func(token string) ([]*RecordedRemoval, string, error) {
		resp, err := call(ctx, &c.retry, func() (*pb.ListRemovalsResponse, error) {
			return c.audit.ListRemovals(ctx, &pb.ListRemovalsRequest{PageSize: 200, PageToken: token, Filter: filter})
		})
		return recordedOf(resp.GetRemovals()), resp.GetNextPageToken(), err
	})
}

// ReviewQueue yields flagged removals that nobody marked yet, the riskiest first.
func (c *Client) ReviewQueue(ctx context.Context, f DecisionFilter) iter.Seq2[*RecordedRemoval, error] {
	filter, err := f.proto()
	return pages(err, func(token string) ([]*RecordedRemoval, string, error) {
		resp, err := call(ctx, &c.retry, func() (*pb.ListReviewQueueResponse, error) {
			return c.audit.ListReviewQueue(ctx, &pb.ListReviewQueueRequest{PageSize: 200, PageToken: token, Filter: filter})
		})
		return recordedOf(resp.GetRemovals()), resp.GetNextPageToken(), err
	})
}

// A Total counts a group of removals, or of decisions.
type Total struct {
	Key                                string // the rule's id, the publisher, the category, or the day as YYYY-MM-DD
	Documents                          int
	Removals, Bytes                    int // in mode Enforced
	Shadow, ShadowBytes, Size, Flagged int
}

// Totals counts what was removed, by "rule", "publisher", "category" or "day".
// Of f it takes Publisher, Rule, Category, From and To, as days.
func (c *Client) Totals(ctx context.Context, by string, f DecisionFilter) ([]Total, error) {
	m, err := f.proto()
	if err != nil {
		return nil, err
	}
	req := &pb.GetTotalsRequest{Publisher: m.Publisher, Rule: m.Rule, Category: m.Category, FromTime: m.FromTime, ToTime: m.ToTime}
	if req.By, err = enum[pb.TotalsBy](pb.TotalsBy_value, "TOTALS_BY_", by); err != nil {
		return nil, err
	}
	resp, err := call(ctx, &c.retry, func() (*pb.GetTotalsResponse, error) { return c.audit.GetTotals(ctx, req) })
	if err != nil {
		return nil, err
	}
	var out []Total
	for _, t := range resp.GetTotals() {
		out = append(out, Total{Key: t.GetKey(), Documents: int(t.GetDocuments()), Removals: int(t.GetRemovals()), Bytes: int(t.GetBytes()),
			Shadow: int(t.GetShadowRemovals()), ShadowBytes: int(t.GetShadowBytes()), Size: int(t.GetExtractedBytes()), Flagged: int(t.GetFlagged())})
	}
	return out, nil
}

// Restore returns the extracted text of a recorded decision, from the record
// alone. Its bytes are those of the document.
func (c *Client) Restore(ctx context.Context, decision string) (string, error) {
	return c.restore(ctx, &pb.RestoreRequest{DecisionId: decision})
}

// RestoreRule returns the clean text with what one rule removed put back.
func (c *Client) RestoreRule(ctx context.Context, decision, rule string) (string, error) {
	return c.restore(ctx, &pb.RestoreRequest{DecisionId: decision, Which: &pb.RestoreRequest_Rule{Rule: rule}})
}

// RestoreRemoval returns the clean text with one removal put back.
func (c *Client) RestoreRemoval(ctx context.Context, decision string, index int) (string, error) {
	return c.restore(ctx, &pb.RestoreRequest{DecisionId: decision, Which: &pb.RestoreRequest_Index{Index: int32(index)}})
}

func (c *Client) restore(ctx context.Context, req *pb.RestoreRequest) (string, error) {
	resp, err := call(ctx, &c.retry, func() (*pb.RestoreResponse, error) { return c.audit.Restore(ctx, req) })
	return string(resp.GetText()), err
}

// ReplayReport is what other rules would have made of recorded documents.
type ReplayReport struct {
	Revision                    string
	Documents, Skipped, Changed int
	Size, Before, After         int // bytes: of the texts, removed then, removed now
	Back, Gone                  int // bytes that would stay, and that would go
	Loss                        float64
	Rules                       []RuleDifference
	Differences                 []DocumentDifference
}

// A RuleDifference is a rule's part in a ReplayReport, in bytes.
type RuleDifference struct {
	Rule       string
	Back, Gone int
}

// A DocumentDifference is a document that changes.
type DocumentDifference struct {
	Decision, Document string
	Publisher          text.Publisher
	Back, Gone         int // bytes
	BackText, GoneText string
}

// ReplayOptions say what Client.Replay replays.
type ReplayOptions struct {
	Filter      DecisionFilter
	Packs       map[string]string // by name, besides the rules in force, where the server allows that
	Differences int               // how many of the documents that change most to list, up to 1,000; 0 is 20
	Latest      bool              // count each text once, however often it was cleaned
	Progress    func(int)         // is told how many decisions were looked at; may be nil
}

// Replay applies the server's rules to recorded documents. It is not tried again
// when it fails.
func (c *Client) Replay(ctx context.Context, o ReplayOptions) (*ReplayReport, error) {
	filter, err := o.Filter.proto()
	if err != nil {
		return nil, err
	}
	var report *pb.ReplayReport
	err = each(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[pb.ReplayResponse], error) {
		return c.audit.Replay(ctx, &pb.ReplayRequest{Filter: filter, Packs: packsOf(o.Packs), Differences: int32(o.Differences), Latest: o.Latest})
	}, func(m *pb.ReplayResponse) error {
		switch step := m.GetStep().(type) {
		case *pb.ReplayResponse_Progress:
			if o.Progress != nil {
				o.Progress(int(step.Progress))
			}
		case *pb.ReplayResponse_Report:
			report = step.Report
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &ReplayReport{Revision: report.GetRevision(), Documents: int(report.GetDocuments()), Skipped: int(report.GetSkipped()),
		Changed: int(report.GetChanged()), Size: int(report.GetExtractedBytes()), Before: int(report.GetBeforeBytes()), After: int(report.GetAfterBytes()),
		Back: int(report.GetBackBytes()), Gone: int(report.GetGoneBytes()), Loss: report.GetLoss()}
	for _, r := range report.GetRules() {
		out.Rules = append(out.Rules, RuleDifference{r.GetRule(), int(r.GetBackBytes()), int(r.GetGoneBytes())})
	}
	for _, d := range report.GetDifferences() {
		out.Differences = append(out.Differences, DocumentDifference{d.GetDecisionId(), d.GetDocumentId(), text.Publisher(d.GetPublisher()),
			int(d.GetBackBytes()), int(d.GetGoneBytes()), string(d.GetBackText()), string(d.GetGoneText())})
	}
	return out, nil
}

// each calls f with every message of a stream.
func each[T any](ctx context.Context, open func(context.Context) (grpc.ServerStreamingClient[T], error), f func(*T) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := open(ctx)
	if err != nil {
		return errorOf(status.Convert(err))
	}
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errorOf(status.Convert(err))
		}
		if err := f(m); err != nil {
			return err
		}
	}
}

// A RecordFault is something wrong in the record; Decision is empty for the
// record as a whole.
type RecordFault struct{ Decision, Message string }

// VerifyRecord has the server recompute places and hashes of the decisions that
// f chooses, with the zero filter the totals too. It returns how many there were.
func (c *Client) VerifyRecord(ctx context.Context, f DecisionFilter) (decisions int, faults []RecordFault, err error) {
	filter, err := f.proto()
	if err != nil {
		return 0, nil, err
	}
	err = each(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[pb.VerifyResponse], error) {
		return c.audit.Verify(ctx, &pb.VerifyRequest{Filter: filter})
	}, func(m *pb.VerifyResponse) error {
		if x := m.GetFault(); x != nil {
			faults = append(faults, RecordFault{x.GetDecisionId(), x.GetMessage()})
		}
		if x := m.GetSummary(); x != nil {
			decisions = int(x.GetDecisions())
		}
		return nil
	})
	return decisions, faults, err
}

// ExportRecord writes the decisions that f chooses to w, as "jsonl", "csv" or
// "sarif".
func (c *Client) ExportRecord(ctx context.Context, f DecisionFilter, format string, w io.Writer) error {
	filter, err := f.proto()
	if err != nil {
		return err
	}
	req := &pb.ExportRequest{Filter: filter}
	if req.Format, err = enum[pb.ExportFormat](pb.ExportFormat_value, "EXPORT_FORMAT_", format); err != nil {
		return err
	}
	return each(ctx, func(ctx context.Context) (grpc.ServerStreamingClient[pb.ExportResponse], error) {
		return c.audit.Export(ctx, req)
	}, func(m *pb.ExportResponse) error {
		_, err := w.Write(m.GetData())
		return err
	})
}

// A Mark is what a person says of a place in a recorded document.
type Mark struct {
	ID       int64
	Decision string
	Index    int       // the removal; -1 for kept text
	Span     text.Span // of kept text, in the extracted text
	Verdict  string    // "wrong", "right" or "boilerplate"
	Rule     string    // empty: every rule of the removal; for kept text a new rule
	Category string    // of a new rule; empty is "nav"
	Who, Why string
	Time     time.Time // set by the server
	Outcome  string    // set by the server: what came of it
}

// Mark keeps m in the record and returns it with what came of it. It is not
// tried again when it fails.
func (c *Client) Mark(ctx context.Context, m Mark) (*Mark, error) {
	p := &pb.Mark{DecisionId: m.Decision, Rule: m.Rule, Who: m.Who, Why: m.Why,
		ExtractedRange: &pb.Range{Start: int32(m.Span.Start), End: int32(m.Span.End)}}
	if m.Index >= 0 {
		p.Which = &pb.Mark_Index{Index: int32(m.Index)}
	}
	var err error
	if p.Verdict, err = enum[pb.MarkVerdict](pb.MarkVerdict_value, "MARK_VERDICT_", m.Verdict); err != nil {
		return nil, err
	}
	if p.Category, err = enum[pb.Category](pb.Category_value, "CATEGORY_", m.Category); err != nil {
		return nil, err
	}
	resp, err := c.audit.CreateMark(ctx, &pb.CreateMarkRequest{Mark: p})
	if err != nil {
		return nil, errorOf(status.Convert(err))
	}
	return recordedMark(resp.GetMark()), nil
}

// Marks returns the marks on a decision and on a rule, latest first; empty names
// stand for all.
func (c *Client) Marks(ctx context.Context, decision, rule string) ([]Mark, error) {
	resp, err := call(ctx, &c.retry, func() (*pb.ListMarksResponse, error) {
		return c.audit.ListMarks(ctx, &pb.ListMarksRequest{DecisionId: decision, Rule: rule})
	})
	var out []Mark
	for _, m := range resp.GetMarks() {
		out = append(out, *recordedMark(m))
	}
	return out, err
}

// SetRuleMode puts a rule in force ("enforced"), in shadow mode ("shadow") or
// "off". It is not tried again when it fails.
func (c *Client) SetRuleMode(ctx context.Context, rule, mode, who, why string) error {
	m, err := enum[pb.Mode](pb.Mode_value, "MODE_", mode)
	if err != nil {
		return err
	}
	if _, err := c.audit.SetRuleMode(ctx, &pb.SetRuleModeRequest{Rule: rule, Mode: m, Who: who, Why: why}); err != nil {
		return errorOf(status.Convert(err))
	}
	return nil
}

// A RuleChange is a change of a rule's mode.
type RuleChange struct {
	Rule, Before, After, Who, Why string
	Time                          time.Time
	Mark                          int64 // the mark that led to it, or 0
}

// RuleChanges returns the changes of a rule's mode, or of all, latest first.
func (c *Client) RuleChanges(ctx context.Context, rule string) ([]RuleChange, error) {
	resp, err := call(ctx, &c.retry, func() (*pb.ListRuleChangesResponse, error) {
		return c.audit.ListRuleChanges(ctx, &pb.ListRuleChangesRequest{Rule: rule})
	})
	var out []RuleChange
	for _, x := range resp.GetChanges() {
		out = append(out, RuleChange{x.GetRule(), name(x.GetBefore(), "MODE_"), name(x.GetAfter(), "MODE_"), x.GetWho(), x.GetWhy(),
			timeOf(x.GetChangedAt()), x.GetMarkId()})
	}
	return out, err
}

// EraseRecord erases decisions for good: of a document, of a publisher, from
// before a time. What is given must all hold. It returns how many decisions and how
// many texts that nothing else refers to. It is not tried again when it fails.
func (c *Client) EraseRecord(ctx context.Context, document string, publisher text.Publisher, before time.Time) (decisions, texts int, err error) {
	resp, err := c.audit.Erase(ctx, &pb.EraseRequest{DocumentId: document, Publisher: string(publisher), BeforeTime: protoTime(before)})
	if err != nil {
		return 0, 0, errorOf(status.Convert(err))
	}
	return int(resp.GetDecisions()), int(resp.GetTexts()), nil
}

// RecordStats are how large a server's record is.
type RecordStats struct {
	Decisions, Removals, Texts int
	Bytes                      int64
	Pending                    int // decisions that are recorded and not in order yet
	Lost                       int // decisions that this server could not record since it started
}

// RecordStats returns how large the record is.
func (c *Client) RecordStats(ctx context.Context) (RecordStats, error) {
	m, err := call(ctx, &c.retry, func() (*pb.GetRecordStatsResponse, error) {
		return c.audit.GetRecordStats(ctx, &pb.GetRecordStatsRequest{})
	})
	return RecordStats{Decisions: int(m.GetDecisions()), Removals: int(m.GetRemovals()), Texts: int(m.GetTexts()), Bytes: m.GetBytes(),
		Pending: int(m.GetPending()), Lost: int(m.GetLost())}, err
}

func decisionOf(m *pb.Decision) *Decision {
	d := &Decision{ID: m.GetId(), Document: m.GetDocumentId(), URL: m.GetUrl(), Title: m.GetTitle(), Publisher: text.Publisher(m.GetPublisher()),
		Captured: timeOf(m.GetCapturedAt()), Time: timeOf(m.GetDecidedAt()), Page: m.GetPage(), Revision: m.GetRevision(),
		Profile: name(m.GetProfile(), "PROFILE_"), Sums: Sums{m.GetSourceSha256(), m.GetExtractedSha256(), m.GetCleanSha256()},
		Size: int(m.GetExtractedBytes()), Removed: int(m.GetRemovals()), RemovedBytes: int(m.GetRemovedBytes()), Shadow: int(m.GetShadowRemovals()),
		ShadowBytes: int(m.GetShadowBytes()), Flags: m.GetFlags(), Risk: m.GetRisk(), Text: string(m.GetCleanText()), TextRecorded: m.GetTextRecorded()}
	for _, w := range m.GetWarnings() {
		d.Warnings = append(d.Warnings, Warning{w.GetCode(), w.GetMessage()})
	}
	for i, r := range m.GetRemoved() {
		x := RecordedRemoval{Removal: removalOf(r), Index: i}
		if i < len(m.GetRemovalRisks()) {
			x.Flags, x.Risk = m.GetRemovalRisks()[i].GetFlags(), m.GetRemovalRisks()[i].GetRisk()
		}
		d.Removals = append(d.Removals, x)
	}
	return d
}

func recordedOf(in []*pb.RecordedRemoval) (out []*RecordedRemoval) {
	for _, m := range in {
		r := &RecordedRemoval{Removal: removalOf(m.GetRemoved()), Index: int(m.GetIndex()), Flags: m.GetRisk().GetFlags(), Risk: m.GetRisk().GetRisk(),
			Decision: decisionOf(m.GetDecision()), Before: string(m.GetBefore()), After: string(m.GetAfter())}
		if m.GetMark() != nil {
			r.Mark = recordedMark(m.GetMark())
		}
		out = append(out, r)
	}
	return out
}

func recordedMark(m *pb.Mark) *Mark {
	out := &Mark{ID: m.GetId(), Decision: m.GetDecisionId(), Index: -1, Span: spanOf(m.GetExtractedRange()), Verdict: name(m.GetVerdict(), "MARK_VERDICT_"),
		Rule: m.GetRule(), Category: name(m.GetCategory(), "CATEGORY_"), Who: m.GetWho(), Why: m.GetWhy(), Time: timeOf(m.GetMarkedAt()), Outcome: m.GetOutcome()}
	if m.GetWhich() != nil {
		out.Index = int(m.GetIndex())
	}
	return out
}
