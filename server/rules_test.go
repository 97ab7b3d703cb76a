package server

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	pb "winnow/proto/winnow/v1"
	"winnow/rules"
)

const ferry = "The talks on the ferry line ended on Friday without a decision, the harbour board said.\nThe ships will go on as before until the owners have met once more, it said."

const ferryPack = `any: ferry
rules:
  - id: timetable
    category: nav
    why: The link to the timetable under every story.
    where: anywhere
    regexp: 'See the timetable of the ferry'
    remove:
      - |
        The ferry goes twice a day in the winter, and four times in the summer months, the board said.
        [-See the timetable of the ferry-]
    keep:
      - See the timetable of the ferry line before you go, the board said.
`

// folder is a server with the rules of a folder.
func folder(t testing.TB, change func(*Config)) (f *fixture, dir string) {
	dir = t.TempDir()
	write(t, dir, "ferry.yaml", ferryPack)
	return serve(t, func(c *Config) {
		c.LoadRules = func() ([]*rules.Pack, error) { return rules.LoadDir(dir) }
		if change != nil {
			change(c)
		}
	}), dir
}

// write puts a file in place at once, so that no reload sees half of it.
func write(t testing.TB, dir, name, content string) {
	t.Helper()
	tmp := filepath.Join(dir, name+".new")
	if err := os.WriteFile(tmp, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func TestReload(t *testing.T) {
	f, dir := folder(t, nil)
	first := f.engine.Rules().Revision()
	doc := textDoc("", ferry+"\nSee the timetable of the boat\n")
	removed := func() int {
		resp, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: doc})
		if err != nil {
			t.Fatal(err)
		}
		return len(resp.GetResult().GetRemoved())
	}
	if removed() != 0 {
		t.Fatal("removed by the first rules")
	}

	write(t, dir, "ferry.yaml", strings.Replace(ferryPack, "timetable of the ferry'", "timetable of the (?:ferry|boat)'", 1))
	resp, err := f.rules.ReloadRules(t.Context(), &pb.ReloadRulesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	second := resp.GetRevision()
	if resp.GetPreviousRevision() != first || second == first || resp.GetRules() != 1 || removed() != 1 {
		t.Errorf("%v, %d removed", resp, removed())
	}

	// Broken packs of several sorts leave the second rules in force.
	for name, broken := range map[string]string{
		"an unknown field":  strings.Replace(ferryPack, "where:", "were:", 1),
		"a wrong example":   strings.Replace(ferryPack, "[-See", "See", 1),
		"a bad expression":  strings.Replace(ferryPack, "of the ferry'", "of the (ferry'", 1),
		"no YAML":           "\t:\n-",
		"half of the marks": strings.Replace(ferryPack, "ferry-]", "ferry", 1),
	} {
		write(t, dir, "ferry.yaml", broken)
		_, err = f.rules.ReloadRules(t.Context(), &pb.ReloadRulesRequest{})
		if got := describe(err); !strings.HasPrefix(got, "FailedPrecondition RULES_BROKEN ferry.yaml") {
			t.Errorf("%s: %s: %v", name, got, err)
		}
		if strings.Contains(fmt.Sprint(err), " 1 mistakes") {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(fmt.Sprint(err), dir) {
			t.Errorf("%s: a path on the wire: %v", name, err)
		}
		if f.engine.Rules().Revision() != second || removed() != 1 {
			t.Errorf("%s: other rules are in force", name)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	_, err = f.rules.ReloadRules(t.Context(), &pb.ReloadRulesRequest{})
	if got := describe(err); !strings.HasPrefix(got, "FailedPrecondition RULES_BROKEN") || strings.Contains(err.Error(), dir) ||
		!strings.HasSuffix(err.Error(), "the old rules stay in force: the packs could not be read; the log of the server says why") {
		t.Errorf("no folder: %s: %v", got, err)
	}
}

// TestReloadUnderLoad: while rules change all the time, every result belongs
// wholly to one set: what was removed fits the revision that it names.
func TestReloadUnderLoad(t *testing.T) {
	f, dir := folder(t, nil)
	words := []string{"ferry", "boat", "ship"}
	pack := func(i int) string {
		w := words[i%len(words)]
		return strings.ReplaceAll(ferryPack, "timetable of the ferry", "timetable of the "+w)
	}
	line := func(w string) string { return "See the timetable of the " + w }
	doc := textDoc("", ferry+"\n"+line("ferry")+"\n"+ferry+"\n"+line("boat")+"\n"+ferry+"\n"+line("ship")+"\n")

	var mu sync.Mutex
	byRevision := map[string]string{} // revision -> what it removes
	var stop atomic.Bool
	var cleaned atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				resp, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: doc})
				if err != nil {
					t.Error(err)
					return
				}
				r := resp.GetResult()
				if len(r.GetRemoved()) != 1 {
					t.Errorf("%d removed", len(r.GetRemoved()))
					return
				}
				got := string(r.GetRemoved()[0].GetText())
				mu.Lock()
				if was, ok := byRevision[r.GetRevision()]; ok && strings.TrimSpace(was) != strings.TrimSpace(got) {
					t.Errorf("revision %s removes %q and %q", r.GetRevision(), was, got)
				}
				byRevision[r.GetRevision()] = got
				mu.Unlock()
				cleaned.Add(1)
			}
		})
	}
	until := time.Now().Add(time.Second)
	reloads := 0
	for i := 1; time.Now().Before(until) || reloads < 30; i++ {
		content := pack(i)
		if i%4 == 0 {
			content = "broken"
		}
		write(t, dir, "ferry.yaml", content)
		if _, err := f.rules.ReloadRules(t.Context(), &pb.ReloadRulesRequest{}); (err != nil) != (i%4 == 0) {
			t.Fatal(i, err)
		}
		reloads++
	}
	stop.Store(true)
	wg.Wait()
	if len(byRevision) != len(words) {
		t.Errorf("%d revisions seen in %d documents, want %d", len(byRevision), cleaned.Load(), len(words))
	}
}

func TestListAndGet(t *testing.T) {
	f := serve(t, func(c *Config) { c.LoadRules = builtin })
	ctx := t.Context()
	var all []*pb.Rule
	token, pages := "", 0
	for {
		resp, err := f.rules.ListRules(ctx, &pb.ListRulesRequest{PageSize: 7, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, resp.GetRules()...)
		pages++
		if int(resp.GetTotalSize()) != len(f.engine.Rules().Rules()) {
			t.Error("total", resp.GetTotalSize())
		}
		if token = resp.GetNextPageToken(); token == "" {
			break
		}
	}
	want := f.engine.Rules().Rules()
	if len(all) != len(want) || pages != (len(want)+6)/7 {
		t.Fatalf("%d rules on %d pages, want %d", len(all), pages, len(want))
	}
	for i, r := range all {
		if r.GetId() != string(want[i].ID) || len(r.GetRemoveExamples()) > 0 {
			t.Errorf("rule %d: %s with %d examples, want %s", i, r.GetId(), len(r.GetRemoveExamples()), want[i].ID)
		}
		if r.GetCategory() == 0 && !r.GetException() || r.GetMode() == 0 || r.GetOrigin() == 0 || r.GetKind() == "" {
			t.Error("not filled:", r)
		}
	}
	got, err := f.rules.GetRule(ctx, &pb.GetRuleRequest{Id: all[0].GetId()})
	if err != nil || len(got.GetRule().GetRemoveExamples()) == 0 || len(got.GetRule().GetKeepExamples()) == 0 {
		t.Error(got, err)
	}
	for _, e := range got.GetRule().GetRemoveExamples() {
		if !strings.Contains(e.GetMarked(), "[-") && !got.GetRule().GetException() {
			t.Errorf("no marks in %q", e.GetMarked())
		}
	}
	only, err := f.rules.ListRules(ctx, &pb.ListRulesRequest{Category: pb.Category_CATEGORY_COMMENTS, PageSize: 1000})
	if err != nil || len(only.GetRules()) == 0 || len(only.GetRules()) == len(want) {
		t.Error(len(only.GetRules()), err)
	}
	for _, r := range only.GetRules() {
		if r.GetCategory() != pb.Category_CATEGORY_COMMENTS {
			t.Error(r.GetId(), r.GetCategory())
		}
	}
	for want, req := range map[string]*pb.ListRulesRequest{
		"InvalidArgument INVALID_OPTION page_size": {PageSize: -1},
		"InvalidArgument PAGE_TOKEN page_token":    {PageToken: "!"},
	} {
		if _, err := f.rules.ListRules(ctx, req); describe(err) != want {
			t.Errorf("got %s, want %s", describe(err), want)
		}
	}
	first, err := f.rules.ListRules(ctx, &pb.ListRulesRequest{PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.rules.ListRules(ctx, &pb.ListRulesRequest{PageToken: first.GetNextPageToken(), Publisher: "bbc.co.uk"}); describe(err) != "InvalidArgument PAGE_TOKEN page_token" {
		t.Error("a token of another filter:", describe(err))
	}
	if _, err := f.rules.GetRule(ctx, &pb.GetRuleRequest{Id: "no/such\xc3\xa9"}); describe(err) != "NotFound RULE_UNKNOWN" {
		t.Error(describe(err))
	}
}

// TestGetRuleWhole reads, over the wire, all that restricts rules.
func TestGetRuleWhole(t *testing.T) {
	f, dir := folder(t, nil)
	write(t, dir, "harbour.yaml", `publisher: dailyexample.com
rules:
  - id: stands
    category: nav
    why: A line under the story.
    where: tail
    after: prose
    unit: line
    given: The ferry timetable
    unless: [The harbour blog, '/harbour log \d+/']
    text: Back to the harbour
    remove:
      - |
        The ferry timetable
        The ferry goes twice a day in the winter, and four times in the summer months, the harbour board said on Monday.
        [-Back to the harbour-]
    keep: [Back to the harbour]
  - id: ends
    category: nav
    why: Glued to the end of a line.
    where: anywhere
    unit: line-end
    regexp: 'Tap for the tides\.?'
    remove: ['The tide is high and the boats lie in the harbour. [-Tap for the tides.-]']
    keep: [We say tap for the tides here.]
  - id: credit
    category: media
    why: Credits of pictures.
    where: anywhere
    shape: {form: credit, of: [Harbour Pictures], words: 1-9}
    remove:
      - The boats came in at noon. [-JANE DOE/HARBOUR PICTURES-] The catch was small.
    keep: [Jane Doe took the pictures.]
  - id: depth-table
    category: nav
    why: Extraction drops the table of depths.
    where: anywhere
    action: rescue
    hosts: [harbour.dailyexample.com]
    selector: [main > .depths]
    remove: [footer > p | Depth 7 m]
    keep:
      - url: https://harbour.dailyexample.com/depths
        text: main > div.depths > p | Depth 7 m
`)
	write(t, dir, "overrides.yaml", "- {id: dailyexample.com/ends, mode: shadow, who: jane, when: 2026-11-22, why: takes too much}\n")
	if _, err := f.rules.ReloadRules(t.Context(), &pb.ReloadRulesRequest{}); err != nil {
		t.Fatal(err)
	}
	get := func(id string) *pb.Rule {
		t.Helper()
		got, err := f.rules.GetRule(t.Context(), &pb.GetRuleRequest{Id: "dailyexample.com/" + id})
		if err != nil {
			t.Fatal(err)
		}
		return got.GetRule()
	}
	if r := get("stands"); !r.GetBesideProse() || !r.GetWholeLine() || r.GetLineEnd() || !slices.Equal(r.GetGiven(), []string{"The ferry timetable"}) ||
		!slices.Equal(r.GetUnless(), []string{"The harbour blog", `/harbour log \d+/`}) || r.GetShape() != nil || r.GetSelector() != nil || r.GetOverride() != nil {
		t.Error(r)
	}
	want := &pb.Override{Who: "jane", When: "2026-11-22", Why: "takes too much", PackMode: pb.Mode_MODE_ENFORCED}
	if r := get("ends"); !r.GetLineEnd() || r.GetWholeLine() || r.GetMode() != pb.Mode_MODE_SHADOW || !proto.Equal(r.GetOverride(), want) {
		t.Error(r)
	}
	if r := get("credit"); !proto.Equal(r.GetShape(), &pb.ShapePattern{Form: "credit", Of: []string{"Harbour Pictures"}, Least: 1, Most: 9}) {
		t.Error(r)
	}
	r := get("depth-table")
	if !proto.Equal(r.GetSelector(), &pb.SelectorOptions{Rescue: true, Hosts: []string{"harbour.dailyexample.com"}}) {
		t.Error(r)
	}
	if e := r.GetKeepExamples(); len(e) != 1 || e[0].GetUrl() != "https://harbour.dailyexample.com/depths" || e[0].GetMarked() != "main > div.depths > p | Depth 7 m" {
		t.Error(e)
	}
}

func TestTestRules(t *testing.T) {
	f := serve(t, func(c *Config) { c.AllowRequestRules = true })
	ctx := t.Context()
	doc := textDoc("a", ferry+"\nSee the timetable of the ferry\n\nPost a Comment\n")
	for _, alone := range []bool{true, false} {
		resp, err := f.rules.TestRules(ctx, &pb.TestRulesRequest{Packs: []*pb.RulePack{{Name: "ferry.yaml", Yaml: ferryPack}},
			Documents: []*pb.Document{doc, {Id: "b"}}, Alone: alone})
		if err != nil {
			t.Fatal(err)
		}
		if len(resp.GetMistakes()) != 0 || resp.GetRules() != 1 || len(resp.GetDocuments()) != 2 || resp.GetDocuments()[1].GetError() == "" {
			t.Fatal(resp)
		}
		kept := strings.Contains(string(resp.GetDocuments()[0].GetResult().GetCleanText()), "Post a Comment")
		if kept != alone || strings.Contains(string(resp.GetDocuments()[0].GetResult().GetCleanText()), "timetable") {
			t.Errorf("alone %v: %q", alone, resp.GetDocuments()[0].GetResult().GetCleanText())
		}
	}
	resp, err := f.rules.TestRules(ctx, &pb.TestRulesRequest{Documents: []*pb.Document{doc}, Packs: []*pb.RulePack{
		{Name: "one.yaml", Yaml: strings.Replace(ferryPack, "where:", "were:", 1)},
		{Name: "two.yaml", Yaml: strings.Replace(ferryPack, "[-See", "See", 1)}}})
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]bool{}
	for _, m := range resp.GetMistakes() {
		in[m.GetPack()] = true
		if m.GetMessage() == "" || m.GetLine() == 0 {
			t.Error(m)
		}
	}
	if !in["one.yaml"] || !in["two.yaml"] || len(resp.GetDocuments()) != 0 {
		t.Error(resp)
	}
	if _, err := f.rules.TestRules(ctx, &pb.TestRulesRequest{}); describe(err) != "InvalidArgument INVALID_OPTION packs" {
		t.Error(describe(err))
	}
	closed := serve(t, nil)
	if _, err := closed.rules.TestRules(ctx, &pb.TestRulesRequest{}); describe(err) != "PermissionDenied RULES_NOT_ALLOWED" {
		t.Error(describe(err))
	}
}
