package client

import (
	"context"
	"iter"
	"time"

	pb "winnow/proto/winnow/v1"
	"winnow/text"
)

// A Rule is a rule that is in force at the server.
type Rule struct {
	ID           string           // full id, "scope/name"
	Scope        string           // a publisher, a group's name, or "any"
	Members      []text.Publisher // of a group
	Category     string
	Mode         string // "enforced", "shadow" or "off"
	Exception    bool   // it keeps what it matches
	Kind         string // "text", "template", "regexp", "prefix", "suffix", "block", "doubled" or "model"
	Where        string // "head", "tail" or "anywhere"
	Why          string
	Origin       string  // "written", "learned" or "model"
	Confidence   float64 // 0 to 1
	Language     string
	BudgetExempt bool
	Place        string // "file:line"
	Patterns     []string

	RemoveExamples []Example // filled by Client.Rule
	KeepExamples   []Example // filled by Client.Rule
}

// An Example is a text that a rule is tested with, with [- and -] around what it
// must remove.
type Example struct{ Marked, Title string }

// A RuleFilter says which rules to list. The zero value lists all.
type RuleFilter struct {
	Publisher text.Publisher // rules that hold for it by name
	Category  string
	Mode      string
	Origin    string
}

// Rules yields the rules in force, by id. It ends after the first error.
func (c *Client) Rules(ctx context.Context, f RuleFilter) iter.Seq2[*Rule, error] {
	return func(yield func(*Rule, error) bool) {
		req := &pb.ListRulesRequest{Publisher: string(f.Publisher), PageSize: 1000}
		var err error
		if req.Category, err = enum[pb.Category](pb.Category_value, "CATEGORY_", f.Category); err == nil {
			if req.Mode, err = enum[pb.Mode](pb.Mode_value, "MODE_", f.Mode); err == nil {
				req.Origin, err = enum[pb.Origin](pb.Origin_value, "ORIGIN_", f.Origin)
			}
		}
		for err == nil {
			var page *pb.ListRulesResponse
			page, err = call(ctx, &c.retry, func() (*pb.ListRulesResponse, error) { return c.rules.ListRules(ctx, req) })
			for _, r := range page.GetRules() {
				if !yield(ruleOf(r), nil) {
					return
				}
			}
			if req.PageToken = page.GetNextPageToken(); err == nil && req.PageToken == "" {
				return
			}
		}
		yield(nil, err)
	}
}

// Rule returns one rule with its examples.
func (c *Client) Rule(ctx context.Context, id string) (*Rule, error) {
	resp, err := call(ctx, &c.retry, func() (*pb.GetRuleResponse, error) {
		return c.rules.GetRule(ctx, &pb.GetRuleRequest{Id: id})
	})
	if err != nil {
		return nil, err
	}
	return ruleOf(resp.GetRule()), nil
}

// A Tested is what trying packs gave.
type Tested struct {
	Rules    int       // in the packs
	Mistakes []Mistake // by pack and place; where there are some no document was cleaned
	Results  []Reply   // one a document
}

// A Mistake is one thing that is wrong in a pack.
type Mistake struct {
	Pack         string
	Line, Column int // from 1; 0 where it has no place
	Rule         string
	Message      string
}

// TestRules tries packs, YAML by file name, without putting them in force, and
// cleans docs by them: besides the rules in force, or alone.
func (c *Client) TestRules(ctx context.Context, packs map[string]string, docs []Document, o Options, alone bool) (*Tested, error) {
	options, err := o.proto()
	if err != nil {
		return nil, err
	}
	req := &pb.TestRulesRequest{Packs: packsOf(packs), Options: options, Alone: alone}
	for _, d := range docs {
		m, err := d.proto()
		if err != nil {
			return nil, err
		}
		req.Documents = append(req.Documents, m)
	}
	resp, err := call(ctx, &c.retry, func() (*pb.TestRulesResponse, error) { return c.rules.TestRules(ctx, req) })
	if err != nil {
		return nil, err
	}
	t := &Tested{Rules: int(resp.GetRules())}
	for _, m := range resp.GetMistakes() {
		t.Mistakes = append(t.Mistakes, Mistake{m.GetPack(), int(m.GetLine()), int(m.GetColumn()), m.GetRule(), m.GetMessage()})
	}
	for i, d := range resp.GetDocuments() {
		reply := Reply{Index: i, ID: docs[i].ID}
		if d.GetResult() != nil {
			reply.Result = resultOf(d.GetResult(), docs[i], o)
		} else {
			reply.Err = &Error{Message: d.GetError()}
		}
		t.Results = append(t.Results, reply)
	}
	return t, nil
}

// Reloaded says which rules are in force after a reload.
type Reloaded struct {
	Revision, Previous string
	Rules              int
	At                 time.Time
}

// ReloadRules makes the server read its rule folders again. On an error the old
// rules stay in force, and the Fields of the *Error name the mistakes.
func (c *Client) ReloadRules(ctx context.Context) (Reloaded, error) {
	resp, err := call(ctx, &c.retry, func() (*pb.ReloadRulesResponse, error) {
		return c.rules.ReloadRules(ctx, &pb.ReloadRulesRequest{})
	})
	if err != nil {
		return Reloaded{}, err
	}
	return Reloaded{resp.GetRevision(), resp.GetPreviousRevision(), int(resp.GetRules()), timeOf(resp.GetLoadedAt())}, nil
}
