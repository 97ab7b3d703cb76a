package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"winnow/audit"
	"winnow/clean"
	"winnow/extract"
	pb "winnow/proto/winnow/v1"
	"winnow/rules"
)

// A Record says where decisions are kept, and what people may do with them.
type Record struct {
	Store audit.Store
	// Options say what happens when the store fails. With Options.Required a
	// document is answered once its decision is durable, and with UNAVAILABLE and
	// the reason RECORD_FAILED where it cannot be; without, documents go on, and
	// what was lost is logged and counted.
	Options audit.RecorderOptions
	// Feedback is the feedback file (see rules.Feedback). LoadRules of the Config
	// must apply it. Empty: marks are kept and change no rule.
	Feedback string
	// AllowErase lets callers erase decisions. Whoever has a token can call.
	AllowErase bool
	// Dropped also keeps what extraction left out of pages, which costs a second
	// parse of each.
	Dropped bool
}

// The reasons of errors of the record.
const (
	recordFailed    reason = "RECORD_FAILED"
	notInRecord     reason = "NOT_IN_RECORD"
	textNotRecorded reason = "TEXT_NOT_RECORDED"
	eraseNotAllowed reason = "ERASE_NOT_ALLOWED"
	ruleFails       reason = "RULE_FAILS"
)

// foldAfter is how many decisions a server that is never idle lets stand before they
// are put in order; some seconds' work.
const foldAfter = 20_000

// startRecord makes what a server that keeps a record needs.
func (s *Server) startRecord() {
	r := s.cfg.Record
	if r == nil {
		return
	}
	o := r.Options
	if o.FoldAfter == 0 {
		o.FoldAfter = foldAfter
	}
	lost := o.Lost
	o.Lost = func(n int, err error) {
		s.log.Error("decisions were not recorded", "lost", n, "error", err)
		if lost != nil {
			lost(n, err)
		}
	}
	s.recorder = audit.NewRecorder(r.Store, o)
	s.desk = &audit.Desk{Store: r.Store, Rules: s.Rules, File: r.Feedback, Now: time.Now,
		Reload: func() error { _, _, err := s.Reload(); return err }}
}

// Desk returns what takes marks and changes of rules; nil without a record.
func (s *Server) Desk() *audit.Desk { return s.desk }

// Rules returns the rules in force.
func (s *Server) Rules() *rules.Set { return s.rules.current().set }

// record keeps the decision on a document.
func (s *Server) record(ctx context.Context, in clean.Input, res *clean.Result, o clean.Options) error {
	if s.recorder == nil || in.ID == "" && in.URL == "" && res.Document.Text == "" {
		return nil // an empty text of nobody is a question, such as whether options are right
	}
	d, err := decisionOf(in, res, o, time.Now())
	if err != nil {
		return err
	}
	if s.cfg.Record.Options.Required {
		err = s.recorder.Commit(ctx, d)
	} else {
		err = s.recorder.Record(ctx, d)
	}
	if err != nil {
		s.log.ErrorContext(ctx, "a document was refused because its decision could not be recorded", "error", err)
		return fail(codes.Unavailable, recordFailed, "the decision could not be recorded, and this server gives no result without a record")
	}
	return nil
}

// decisionOf returns the decision that a result is.
func decisionOf(in clean.Input, res *clean.Result, o clean.Options, at time.Time) (*audit.Decision, error) {
	ro, err := o.Rules()
	if err != nil {
		return nil, err
	}
	d := audit.NewDecision(&res.Document, res.Outcome, ro, res.Revision, at)
	d.Page, d.Sums, d.Warnings = in.IsPage, audit.Sums(res.Sums), res.Warnings
	if d.Profile = string(o.Profile); d.Profile == "" {
		d.Profile = string(clean.Standard)
	}
	d.Dropped = Dropped(res)
	return d, nil
}

// Dropped returns what extraction left out of a page, for its decision; nil
// where Options.Ledger did not ask for a ledger.
func Dropped(res *clean.Result) []audit.Dropped {
	var out []audit.Dropped
	for _, e := range res.Ledger() {
		if e.Fate == extract.Dropped {
			out = append(out, audit.Dropped{Start: e.Source.Start, End: e.Source.End, Reason: string(e.Reason), Text: e.Text})
		}
	}
	return out
}

// auditService serves winnow.v1.AuditService for a server that keeps a record.
type auditService struct {
	pb.UnimplementedAuditServiceServer
	*Server
	store audit.Store
}

func noRecordKept() error {
	return fail(codes.Unimplemented, noRecord, "this server keeps no record of decisions")
}

// registerAudit registers AuditService.
func (s *Server) registerAudit() {
	if s.cfg.Record == nil {
		pb.RegisterAuditServiceServer(s.grpc, pb.UnimplementedAuditServiceServer{})
		return
	}
	pb.RegisterAuditServiceServer(s.grpc, &auditService{Server: s, store: s.cfg.Record.Store})
}

// refuseAudit answers calls of AuditService that nothing can answer.
func (s *Server) refuseAudit(method string) error {
	if s.cfg.Record == nil && strings.HasPrefix(method, "/"+pb.AuditService_ServiceDesc.ServiceName+"/") {
		return noRecordKept()
	}
	return nil
}

// recordError turns an error of the record into one that travels.
func (s *auditService) recordError(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, audit.ErrNotFound):
		return notHeld("nothing of that name")
	case errors.Is(err, audit.ErrNoText):
		return fail(codes.FailedPrecondition, textNotRecorded, "the text was not recorded, so nothing can be restored")
	case errors.Is(err, audit.ErrPageToken):
		return fail(codes.InvalidArgument, pageToken, "the page token does not belong to this request")
	case ctx.Err() != nil:
		return ended(ctx)
	}
	s.log.ErrorContext(ctx, "the record failed", "request", idOf(ctx), "error", err)
	return fail(codes.Internal, recordFailed, "the record could not be read or written")
}

// notHeld returns the error for a thing that is not in the record.
func notHeld(what string, args ...any) error {
	return fail(codes.NotFound, notInRecord, "the record holds "+fmt.Sprintf(what, args...))
}

// impossible returns the sentence of an audit.ErrMark.
func impossible(err error) string { return strings.TrimPrefix(err.Error(), audit.ErrMark.Error()+": ") }

// ListDecisions implements winnow.v1.AuditService.
func (s *auditService) ListDecisions(ctx context.Context, req *pb.ListDecisionsRequest) (*pb.ListDecisionsResponse, error) {
	q, err := queryOf("", &pb.DecisionFilter{Publisher: req.GetPublisher(), Rule: req.GetRule(), Category: req.GetCategory(),
		DocumentId: req.GetDocumentId(), Revision: req.GetRevision(), FromTime: req.GetFromTime(), ToTime: req.GetToTime(),
		Flags: req.GetFlags(), Text: req.GetText()}, req)
	if err != nil {
		return nil, err
	}
	page, err := s.store.List(ctx, q)
	if err != nil {
		return nil, s.recordError(ctx, err)
	}
	resp := &pb.ListDecisionsResponse{NextPageToken: page.Next}
	for i := range page.Decisions {
		resp.Decisions = append(resp.Decisions, recordedOf(&page.Decisions[i]))
	}
	return resp, nil
}

// GetDecision implements winnow.v1.AuditService.
func (s *auditService) GetDecision(ctx context.Context, req *pb.GetDecisionRequest) (*pb.GetDecisionResponse, error) {
	d, err := s.get(ctx, "id", req.GetId())
	if err != nil {
		return nil, err
	}
	return &pb.GetDecisionResponse{Decision: recordedOf(d)}, nil
}

func (s *auditService) get(ctx context.Context, field, id string) (*audit.Decision, error) {
	n, err := recordIDOf(field, id)
	if err != nil {
		return nil, err
	}
	d, err := s.store.Get(ctx, n)
	if errors.Is(err, audit.ErrNotFound) {
		return nil, notHeld("no decision %d", n)
	}
	return d, s.recordError(ctx, err)
}

// ListRemovals implements winnow.v1.AuditService.
func (s *auditService) ListRemovals(ctx context.Context, req *pb.ListRemovalsRequest) (*pb.ListRemovalsResponse, error) {
	q, err := queryOf("filter.", req.GetFilter(), req)
	if err != nil {
		return nil, err
	}
	page, err := s.store.Removals(ctx, q)
	if err != nil {
		return nil, s.recordError(ctx, err)
	}
	return &pb.ListRemovalsResponse{Removals: samplesOf(page.Samples), NextPageToken: page.Next}, nil
}

// ListReviewQueue implements winnow.v1.AuditService.
func (s *auditService) ListReviewQueue(ctx context.Context, req *pb.ListReviewQueueRequest) (*pb.ListReviewQueueResponse, error) {
	q, err := queryOf("filter.", req.GetFilter(), req)
	if err != nil {
		return nil, err
	}
	if q.Text != "" {
		return nil, invalid(extract.InvalidOption, violation{"filter.text", "must be empty: the queue is not searched"})
	}
	page, err := s.store.Queue(ctx, q)
	if err != nil {
		return nil, s.recordError(ctx, err)
	}
	return &pb.ListReviewQueueResponse{Removals: samplesOf(page.Samples), NextPageToken: page.Next}, nil
}

// GetTotals implements winnow.v1.AuditService.
func (s *auditService) GetTotals(ctx context.Context, req *pb.GetTotalsRequest) (*pb.GetTotalsResponse, error) {
	by, f, err := totalsOf(req)
	if err != nil {
		return nil, err
	}
	totals, err := s.store.Totals(ctx, by, f)
	if err != nil {
		return nil, s.recordError(ctx, err)
	}
	resp := &pb.GetTotalsResponse{}
	for _, t := range totals {
		resp.Totals = append(resp.Totals, &pb.Total{Key: t.Key, Documents: int64(t.Documents), Removals: int64(t.Removals), Bytes: int64(t.Bytes),
			ShadowRemovals: int64(t.Shadow), ShadowBytes: int64(t.ShadowBytes), ExtractedBytes: int64(t.Size), Flagged: int64(t.Flagged)})
	}
	return resp, nil
}

// GetRecordStats implements winnow.v1.AuditService.
func (s *auditService) GetRecordStats(ctx context.Context, _ *pb.GetRecordStatsRequest) (*pb.GetRecordStatsResponse, error) {
	st, err := s.store.Stats(ctx)
	if err != nil {
		return nil, s.recordError(ctx, err)
	}
	return &pb.GetRecordStatsResponse{Decisions: int64(st.Decisions), Removals: int64(st.Removals), Texts: int64(st.Texts), Bytes: st.Bytes,
		Pending: int64(st.Pending), Lost: int64(s.recorder.Stats().Lost)}, nil
}

// Restore implements winnow.v1.AuditService.
func (s *auditService) Restore(ctx context.Context, req *pb.RestoreRequest) (*pb.RestoreResponse, error) {
	d, err := s.get(ctx, "decision_id", req.GetDecisionId())
	if err != nil {
		return nil, err
	}
	var t string
	switch which := req.GetWhich().(type) {
	case nil:
		t, err = d.Extracted()
	case *pb.RestoreRequest_Rule:
		if !slices.ContainsFunc(d.Removals, func(r audit.Removal) bool { return slices.Contains(r.Rules(), rules.ID(which.Rule)) }) {
			return nil, notHeld("no removal by the rule %q of decision %d", which.Rule, d.ID)
		}
		t, err = d.Without(audit.WithRule(rules.ID(which.Rule)))
	case *pb.RestoreRequest_Index:
		if which.Index < 0 || int(which.Index) >= len(d.Removals) {
			return nil, notHeld("no removal %d of decision %d", which.Index, d.ID)
		}
		t, err = d.Without(func(r *audit.Removal) bool { return r.N == int(which.Index) })
	}
	if err != nil {
		return nil, s.recordError(ctx, err)
	}
	return &pb.RestoreResponse{Text: []byte(t)}, nil
}

// Replay implements winnow.v1.AuditService.
func (s *auditService) Replay(req *pb.ReplayRequest, stream grpc.ServerStreamingServer[pb.ReplayResponse]) error {
	ctx := stream.Context()
	q, err := queryOf("filter.", req.GetFilter(), noPage{})
	if err != nil {
		return err
	}
	set := s.Rules()
	if len(req.GetPacks()) > 0 {
		if !s.cfg.AllowRequestRules {
			return notAllowed()
		}
		packs, mistakes := parsePacks(req.GetPacks())
		if mistakes != nil {
			return brokenRules("packs", mistakes)
		}
		if set, err = s.rules.with(packs); err != nil {
			return brokenRules("packs", err)
		}
	}
	if n := req.GetDifferences(); n < 0 || n > maxPage {
		return invalid(extract.InvalidOption, violation{"differences", "is not from 0 to 1,000"})
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var sent error
	r, err := audit.Replay(ctx, s.store, set, audit.ReplayOptions{Query: q, Differences: int(req.GetDifferences()), Latest: req.GetLatest(),
		Progress: func(n int) {
			if n%100 == 0 && sent == nil {
				if sent = stream.Send(&pb.ReplayResponse{Step: &pb.ReplayResponse_Progress{Progress: int64(n)}}); sent != nil {
					cancel()
				}
			}
		}})
	if sent != nil {
		return sent
	}
	if err != nil {
		return s.recordError(ctx, err)
	}
	return stream.Send(&pb.ReplayResponse{Step: &pb.ReplayResponse_Report{Report: replayedOf(r)}})
}

// GetDrift implements winnow.v1.AuditService.
func (s *auditService) GetDrift(ctx context.Context, req *pb.GetDriftRequest) (*pb.GetDriftResponse, error) {
	const most = 3650 // days
	if n := req.GetRecentDays(); n < 0 || n > most {
		return nil, invalid(extract.InvalidOption, violation{"recent_days", "is not from 0 to 3,650"})
	}
	if n := req.GetBeforeDays(); n < 0 || n > most {
		return nil, invalid(extract.InvalidOption, violation{"before_days", "is not from 0 to 3,650"})
	}
	if req.GetSample() > maxPage {
		return nil, invalid(extract.InvalidOption, violation{"sample", "is over 1,000"})
	}
	drift, err := audit.FindDrift(ctx, s.store, audit.DriftOptions{Now: time.Now(), Recent: int(req.GetRecentDays()), Before: int(req.GetBeforeDays()),
		Sample: int(req.GetSample()), Publisher: publisherOf(req.GetPublisher())})
	if err != nil {
		return nil, s.recordError(ctx, err)
	}
	return driftOf(drift), nil
}

// Verify implements winnow.v1.AuditService.
func (s *auditService) Verify(req *pb.VerifyRequest, stream grpc.ServerStreamingServer[pb.VerifyResponse]) error {
	q, err := queryOf("filter.", req.GetFilter(), noPage{})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	var sent error
	c, err := audit.Verify(ctx, s.store, q, func(id audit.ID, what string) {
		if sent != nil {
			return
		}
		if sent = stream.Send(&pb.VerifyResponse{Step: &pb.VerifyResponse_Fault{Fault: &pb.RecordFault{DecisionId: recordID(id), Message: validUTF8(what)}}}); sent != nil {
			cancel()
		}
	})
	if sent != nil {
		return sent
	}
	if err != nil {
		return s.recordError(ctx, err)
	}
	return stream.Send(&pb.VerifyResponse{Step: &pb.VerifyResponse_Summary{Summary: &pb.VerifySummary{Decisions: int64(c.Decisions),
		WithoutText: int64(c.Bare), Removals: int64(c.Removals), Wrong: int64(c.Wrong)}}})
}

// Export implements winnow.v1.AuditService.
func (s *auditService) Export(req *pb.ExportRequest, stream grpc.ServerStreamingServer[pb.ExportResponse]) error {
	q, err := queryOf("filter.", req.GetFilter(), noPage{})
	if err != nil {
		return err
	}
	f, ok := formats[req.GetFormat()]
	if !ok {
		return invalid(extract.InvalidOption, violation{"format", "is not known"})
	}
	w := &exportWriter{stream: stream}
	if err := audit.Export(stream.Context(), s.store, q, f, w); err != nil {
		if w.err != nil {
			return w.err
		}
		return s.recordError(stream.Context(), err)
	}
	return nil
}

// exportPart is the most bytes of one message of an export.
const exportPart = 256 << 10

// An exportWriter sends what is written in parts.
type exportWriter struct {
	stream grpc.ServerStreamingServer[pb.ExportResponse]
	err    error
}

func (w *exportWriter) Write(b []byte) (int, error) {
	for part := range slices.Chunk(b, exportPart) {
		if w.err = w.stream.Send(&pb.ExportResponse{Data: bytes.Clone(part)}); w.err != nil {
			return 0, w.err
		}
	}
	return len(b), nil
}

// CreateMark implements winnow.v1.AuditService.
func (s *auditService) CreateMark(ctx context.Context, req *pb.CreateMarkRequest) (*pb.CreateMarkResponse, error) {
	m, err := markOf(req.GetMark())
	if err != nil {
		return nil, err
	}
	m.Time = time.Now().UTC().Truncate(time.Millisecond)
	if err := s.desk.Mark(ctx, m); err != nil {
		switch {
		case errors.Is(err, audit.ErrMark):
			return nil, invalid(extract.InvalidOption, violation{"mark", impossible(err)})
		case errors.Is(err, audit.ErrNotFound) && m.N >= 0:
			return nil, notHeld("no decision %d with a removal %d", m.Decision, m.N)
		case errors.Is(err, audit.ErrNotFound):
			return nil, notHeld("no decision %d", m.Decision)
		}
		return nil, s.recordError(ctx, err)
	}
	return &pb.CreateMarkResponse{Mark: wireMark(m)}, nil
}

// ListMarks implements winnow.v1.AuditService.
func (s *auditService) ListMarks(ctx context.Context, req *pb.ListMarksRequest) (*pb.ListMarksResponse, error) {
	var id audit.ID
	if req.GetDecisionId() != "" {
		var err error
		if id, err = recordIDOf("decision_id", req.GetDecisionId()); err != nil {
			return nil, err
		}
	}
	ms, err := s.store.Marks(ctx, id, rules.ID(req.GetRule()))
	if err != nil {
		return nil, s.recordError(ctx, err)
	}
	resp := &pb.ListMarksResponse{}
	for i := range ms {
		resp.Marks = append(resp.Marks, wireMark(&ms[i]))
	}
	return resp, nil
}

// SetRuleMode implements winnow.v1.AuditService.
func (s *auditService) SetRuleMode(ctx context.Context, req *pb.SetRuleModeRequest) (*pb.SetRuleModeResponse, error) {
	mode, ok := ruleModes[req.GetMode()]
	var bad []violation
	if !ok {
		bad = append(bad, violation{"mode", "is not known"})
	}
	if strings.TrimSpace(req.GetWho()) == "" {
		bad = append(bad, violation{"who", "is not set"})
	}
	if strings.TrimSpace(req.GetWhy()) == "" {
		bad = append(bad, violation{"why", "is not set"})
	}
	if bad != nil {
		return nil, invalid(extract.InvalidOption, bad...)
	}
	err := s.desk.SetMode(ctx, audit.Change{Rule: rules.ID(req.GetRule()), To: mode, Who: req.GetWho(), Why: req.GetWhy(),
		Time: time.Now().UTC().Truncate(time.Millisecond)})
	var failing rules.Errors
	switch {
	case errors.As(err, &failing):
		return nil, fail(codes.FailedPrecondition, ruleFails, "the rule fails an example that a mark made: "+failing[0].Msg)
	case errors.Is(err, audit.ErrMark):
		return nil, fail(codes.FailedPrecondition, rulesNotAllowed, impossible(err))
	case errors.Is(err, audit.ErrNotFound):
		return nil, fail(codes.NotFound, notInRecord, fmt.Sprintf("no rule %q is in force", req.GetRule()))
	case err != nil:
		return nil, s.recordError(ctx, err)
	}
	return &pb.SetRuleModeResponse{}, nil
}

// ListRuleChanges implements winnow.v1.AuditService.
func (s *auditService) ListRuleChanges(ctx context.Context, req *pb.ListRuleChangesRequest) (*pb.ListRuleChangesResponse, error) {
	cs, err := s.store.Changes(ctx, rules.ID(req.GetRule()))
	if err != nil {
		return nil, s.recordError(ctx, err)
	}
	resp := &pb.ListRuleChangesResponse{}
	for _, c := range cs {
		resp.Changes = append(resp.Changes, &pb.RuleChange{Rule: string(c.Rule), Before: modes[c.From], After: modes[c.To], Who: validUTF8(c.Who),
			Why: validUTF8(c.Why), ChangedAt: timeOf(c.Time), MarkId: c.Mark})
	}
	return resp, nil
}

// Erase implements winnow.v1.AuditService.
func (s *auditService) Erase(ctx context.Context, req *pb.EraseRequest) (*pb.EraseResponse, error) {
	if !s.cfg.Record.AllowErase {
		return nil, fail(codes.PermissionDenied, eraseNotAllowed, "this server erases nothing for callers")
	}
	e := audit.Erasure{Document: req.GetDocumentId(), Publisher: publisherOf(req.GetPublisher())}
	if t := req.GetBeforeTime(); t != nil {
		if t.CheckValid() != nil {
			return nil, invalid(extract.InvalidOption, violation{"before_time", "is not a time"})
		}
		e.Before = t.AsTime()
	}
	if e == (audit.Erasure{}) {
		return nil, invalid(extract.InvalidOption, violation{"document_id", "nothing is set, and an erasure says what it erases"})
	}
	done, err := s.store.Erase(ctx, e)
	if err != nil {
		return nil, s.recordError(ctx, err)
	}
	return &pb.EraseResponse{Decisions: int64(done.Decisions), Texts: int64(done.Texts)}, nil
}
