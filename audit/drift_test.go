package audit_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"winnow/audit"
	"winnow/clean"
	"winnow/rules"
	"winnow/text"
)

const driftPack = `publisher: dailyexample.com
rules:
  - id: alerts
    category: subscribe
    why: An invitation to text alerts.
    where: anywhere
    regexp: 'Get ferry alerts.*'
    remove: ['[-Get ferry alerts by text.-]']
    keep: ['Alerts were sent.']
  - id: steady
    category: subscribe
    why: A line that stays.
    where: anywhere
    regexp: 'Read the evening edition.*'
    remove: ['[-Read the evening edition.-]']
    keep: ['The evening edition was read.']
`

// TestDrift: a publisher words its invitation anew; the rule falls silent and
// the new words repeat.
func TestDrift(t *testing.T) {
	ctx := context.Background()
	engine := clean.New(newSet(t, pack(t, driftPack)))
	store := open(t)
	end := time.Date(2026, 5, 31, 10, 0, 0, 0, time.UTC)
	var ds []*audit.Decision
	for age := 69; age >= 0; age-- {
		for n := range 3 {
			for _, p := range []text.Publisher{"dailyexample.com", "still.org"} {
				line := "Get ferry alerts by text."
				if age < 14 && p == "dailyexample.com" {
					line = "Never miss a sailing: our alerts come by text now."
				}
				id := fmt.Sprintf("%s-%d-%d", p, age, n)
				body := ""
				for i := range 6 {
					body += fmt.Sprintf("Sentence %s of %s tells what nobody else tells about item %s.\n", spelled(i), id, spelled(100*age+10*n+i))
				}
				d := decide(t, engine, clean.Input{ID: id, Publisher: p, Source: []byte(body + line + "\nRead the evening edition.\n")}, clean.Options{})
				d.Time = end.AddDate(0, 0, -age)
				ds = append(ds, d)
			}
		}
	}
	if err := store.Record(ctx, ds); err != nil {
		t.Fatal(err)
	}
	got, err := audit.FindDrift(ctx, store, audit.DriftOptions{Now: end})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rules) != 1 || got.Rules[0].Rule != "dailyexample.com/alerts" || got.Rules[0].Hits != [2]int{168, 0} || got.Rules[0].Documents != [2]int{168, 42} {
		t.Errorf("rules %+v", got.Rules)
	}
	if len(got.Publishers) != 1 || got.Publishers[0].Publisher != "dailyexample.com" || got.Publishers[0].Examples[0] != "Never miss a sailing: our alerts come by text now." {
		t.Errorf("publishers %+v", got.Publishers)
	}
	if got, err := audit.FindDrift(ctx, store, audit.DriftOptions{Now: end.AddDate(0, 0, -20), Sample: -1}); err != nil || len(got.Rules)+len(got.Publishers) != 0 {
		t.Errorf("before the change: %+v, %v", got, err)
	}
}

// spelled writes a number in letters, which fingerprints do not forget.
func spelled(n int) string {
	out := ""
	for _, c := range fmt.Sprint(n) {
		out += string('a'+c-'0') + "x"
	}
	return out
}

// TestExport: what is exported can be read back, and holds what was removed.
func TestExport(t *testing.T) {
	ctx := context.Background()
	store := open(t)
	engine := clean.New(newSet(t, pack(t, driftPack)))
	hostile := "Get ferry alerts, \"=1+1\",\n"
	in := clean.Input{ID: "a/ b?<", Publisher: "dailyexample.com", Source: []byte(filler + filler + hostile + "Now \xff end.\nRead the evening edition \x01.\n")}
	d := decide(t, engine, in, clean.Options{})
	if err := store.Record(ctx, []*audit.Decision{d}); err != nil {
		t.Fatal(err)
	}
	export := func(q audit.Query, f audit.Format) []byte {
		var b bytes.Buffer
		if err := audit.Export(ctx, store, q, f, &b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}

	var line struct {
		ID      string
		Text    struct{ Base64 []byte }
		Removed []struct {
			Start, End int
			Text       string
			Rules      []string
		}
	}
	if err := json.Unmarshal(export(audit.Query{}, audit.JSONL), &line); err != nil {
		t.Fatal(err)
	}
	var ps []rules.Piece
	for _, r := range line.Removed {
		ps = append(ps, rules.Piece{Start: r.Start, Text: r.Text})
	}
	if got, err := rules.Restore(string(line.Text.Base64), ps); err != nil || got != string(in.Source) {
		t.Errorf("%q, %v", got, err)
	}

	rows, err := csv.NewReader(bytes.NewReader(export(audit.Query{Rule: "dailyexample.com/alerts"}, audit.CSV))).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][17] != d.Removals[0].Text || rows[1][2] != "a/ b?<" {
		t.Errorf("%q, %v", rows, err)
	}

	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct{ ID string }
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct {
							ByteOffset, ByteLength int
							Snippet                struct{ Text string }
						}
					}
				}
			}
		}
	}
	if err := json.Unmarshal(export(audit.Query{}, audit.SARIF), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if log.Version != "2.1.0" || run.Tool.Driver.Name != "winnow" || len(run.Results) != 2 || len(run.Tool.Driver.Rules) != 2 {
		t.Fatalf("%+v", log)
	}
	for i, r := range run.Results {
		at := r.Locations[0].PhysicalLocation
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || at.Region.ByteOffset != d.Removals[i].Span.Start ||
			at.Region.Snippet.Text != d.Removals[i].Text || strings.ContainsAny(at.ArtifactLocation.URI, " <?") || r.Message.Text == "" {
			t.Errorf("%+v", r)
		}
	}
	if err := json.Unmarshal(export(audit.Query{Publisher: "nobody.org"}, audit.SARIF), &log); err != nil {
		t.Error(err)
	}
	if err := audit.Export(ctx, store, audit.Query{}, "xml", &bytes.Buffer{}); err == nil {
		t.Error("an unknown format was written")
	}
}
