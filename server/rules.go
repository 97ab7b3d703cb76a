package server

import (
	"context"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"winnow/extract"
	pb "winnow/proto/winnow/v1"
	"winnow/rules"
	"winnow/text"
)

// ruleService serves winnow.v1.RuleService.
type ruleService struct {
	pb.UnimplementedRuleServiceServer
	*cleanService
	learning chan struct{} // a place for every LearnRules call
}

// The sizes of a page of a list.
const (
	defaultPage = 100
	maxPage     = 1000
)

// ListRules implements winnow.v1.RuleService.
func (s *ruleService) ListRules(_ context.Context, req *pb.ListRulesRequest) (*pb.ListRulesResponse, error) {
	size, after, err := pageOf(req)
	if err != nil {
		return nil, err
	}
	set := s.rules.current().set
	resp := &pb.ListRulesResponse{Revision: set.Revision()}
	for _, r := range set.Rules() {
		if !listed(req, r) {
			continue
		}
		resp.TotalSize++
		switch {
		case string(r.ID) <= after:
		case len(resp.Rules) < size:
			resp.Rules = append(resp.Rules, ruleOf(r, false))
		case resp.NextPageToken == "":
			resp.NextPageToken = tokenFor(req, resp.Rules[size-1].GetId())
		}
	}
	return resp, nil
}

// pageOf returns the size of the page that req asks for and the id that it
// comes after.
func pageOf(req *pb.ListRulesRequest) (size int, after string, err error) {
	size = int(req.GetPageSize())
	if size < 0 {
		return 0, "", invalid(extract.InvalidOption, violation{"page_size", "is negative"})
	}
	if size == 0 {
		size = defaultPage
	}
	if req.GetPageToken() != "" {
		b, err := base64.RawURLEncoding.DecodeString(req.GetPageToken())
		tag := filterTag(req)
		if err != nil || !strings.HasPrefix(string(b), tag) {
			return 0, "", invalid(pageToken, violation{"page_token", "does not come from a list with this filter"})
		}
		after = string(b[len(tag):])
	}
	return min(size, maxPage), after, nil
}

// tokenFor returns the token of the page that comes after an id.
func tokenFor(req *pb.ListRulesRequest, after string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(filterTag(req) + after))
}

// filterTag ties a token to the filter of its list. It is no secret.
func filterTag(req *pb.ListRulesRequest) string {
	h := fnv.New32a()
	fmt.Fprintf(h, "%q %d %d %d", req.GetPublisher(), req.GetCategory(), req.GetMode(), req.GetOrigin())
	return string(h.Sum(nil))
}

// listed reports whether the filter of req lets r through.
func listed(req *pb.ListRulesRequest, r *rules.Rule) bool {
	if p := req.GetPublisher(); p != "" && !holdsFor(r, text.ParsePublisher(p)) {
		return false
	}
	return (req.GetCategory() == 0 || categories[r.Category] == req.GetCategory()) &&
		(req.GetMode() == 0 || modes[r.Mode] == req.GetMode()) &&
		(req.GetOrigin() == 0 || originOf(r) == req.GetOrigin())
}

func holdsFor(r *rules.Rule, p text.Publisher) bool {
	return r.Scope.Publisher == p || slices.Contains(r.Scope.Members, p)
}

// GetRule implements winnow.v1.RuleService.
func (s *ruleService) GetRule(_ context.Context, req *pb.GetRuleRequest) (*pb.GetRuleResponse, error) {
	set := s.rules.current().set
	r := set.Rule(rules.ID(req.GetId()))
	if r == nil {
		return nil, fail(codes.NotFound, ruleUnknown, fmt.Sprintf("no rule %q is in force", req.GetId()))
	}
	return &pb.GetRuleResponse{Rule: ruleOf(r, true), Revision: set.Revision()}, nil
}

// TestRules implements winnow.v1.RuleService.
func (s *ruleService) TestRules(ctx context.Context, req *pb.TestRulesRequest) (*pb.TestRulesResponse, error) {
	if !s.cfg.AllowRequestRules {
		return nil, notAllowed()
	}
	var bad []violation
	if n := len(req.GetPacks()); n == 0 || n > maxPacks {
		bad = append(bad, violation{"packs", fmt.Sprintf("are not 1 to %d", maxPacks)})
	}
	if len(req.GetDocuments()) > maxPacks {
		bad = append(bad, violation{"documents", fmt.Sprintf("are more than %d", maxPacks)})
	}
	if len(req.GetOptions().GetPacks()) != 0 {
		bad = append(bad, violation{"options.packs", "must be empty here"})
	}
	if bad != nil {
		return nil, invalid(extract.InvalidOption, bad...)
	}
	p, err := s.plan(req.GetOptions())
	if err != nil {
		return nil, err
	}
	resp := &pb.TestRulesResponse{}
	engine, err := inSlot(ctx, s.cleanService, true, func(context.Context, time.Duration) (Engine, error) {
		packs, mistakes := parsePacks(req.GetPacks())
		for _, p := range packs {
			resp.Rules += int32(len(p.Rules))
		}
		if mistakes != nil {
			resp.Mistakes = mistakesOf(mistakes)
			return nil, nil
		}
		compile := s.rules.with
		if req.GetAlone() {
			compile = func(packs []*rules.Pack) (*rules.Set, error) { return rules.NewSet(packs...) }
		}
		set, err := compile(packs)
		if err != nil {
			resp.Mistakes = mistakesOf(err)
			return nil, nil
		}
		return s.cfg.NewEngine(set), nil
	})
	if err != nil {
		return nil, err
	}
	if engine == nil {
		return resp, nil
	}
	p.engine = func() (Engine, error) { return engine, nil }
	for _, doc := range req.GetDocuments() {
		tested := &pb.TestedDocument{}
		res, err := s.clean(ctx, doc, p, true)
		switch {
		case ctx.Err() != nil:
			return nil, ended(ctx)
		case err != nil:
			tested.Error = status.Convert(err).Message()
		default:
			tested.Result = res
		}
		resp.Documents = append(resp.Documents, tested)
	}
	return resp, nil
}

// ReloadRules implements winnow.v1.RuleService.
func (s *ruleService) ReloadRules(context.Context, *pb.ReloadRulesRequest) (*pb.ReloadRulesResponse, error) {
	before, after, err := s.reload()
	if err != nil {
		return nil, brokenFolders(err)
	}
	return &pb.ReloadRulesResponse{
		Revision:         after.set.Revision(),
		PreviousRevision: before.set.Revision(),
		Rules:            int32(len(after.set.Rules())),
		LoadedAt:         timestamppb.New(after.at),
	}, nil
}
