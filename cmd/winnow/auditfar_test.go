package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/client"
)

// TestAuditServer: what winnow audit answers from a file it answers from the server
// that keeps it, byte for byte; and marks, modes and erasures reach it.
func TestAuditServer(t *testing.T) {
	dir, packs := writeQuay(t)
	record, said := filepath.Join(dir, "record.db"), filepath.Join(dir, "said.jsonl")
	tokens := filepath.Join(dir, "tokens")
	if err := os.WriteFile(tokens, []byte("a-token-for-this-test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := served(t, []string{"serving"}, "serve", "--listen", "127.0.0.1:0", "--rules", packs, "--audit", record, "--audit-required",
		"--audit-erase", "--feedback", said, "--token-file", tokens)
	c, err := client.Dial(at["serving"], client.WithToken("a-token-for-this-test"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, d := range []client.Document{
		{ID: "quay", Text: []byte(quayStory), Publisher: "dailyexample.com", Title: "On the quay"},
		{ID: "share", Text: []byte("The ferry to the island will not sail before Monday, its owners said.\nThe crossing takes two hours in good weather.\nShare this article\n"), Publisher: "coastexample.org"},
		{ID: "plain", Text: []byte("Nothing of this is anybody's furniture.\n")},
	} {
		if _, err := c.Clean(context.Background(), d, client.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	winnow := func(args ...string) (string, string, int) {
		var out, errs bytes.Buffer
		code := run(context.Background(), append([]string{"audit"}, args...), nil, &out, &errs)
		return out.String(), errs.String(), code
	}
	near, far := []string{"--audit", record}, []string{"--server", at["serving"], "--token-file", tokens}
	same := func(line string) string {
		t.Helper()
		args := strings.Fields(line)
		a, aErr, aCode := winnow(append(args, near...)...)
		b, bErr, bCode := winnow(append(args, far...)...)
		if a != b || aCode != bCode || aErr != bErr {
			t.Errorf("winnow audit %s: here (%d)\n%s%sfrom the server (%d)\n%s%s", line, aCode, a, aErr, bCode, b, bErr)
		}
		return a
	}
	for line, wants := range map[string]string{
		"list":                           "quay (dailyexample.com)",
		"list --limit 1":                 "... and more",
		"list --publisher nobody.com":    "DECISION",
		"show 1":                         "[-Read more letters",
		"show 9":                         "",
		"removals":                       "share/",
		"removals --text okafor":         "Read more letters",
		"flags":                          "risk",
		"queue":                          "risk",
		"totals":                         "dailyexample.com/read-more",
		"totals --by publisher":          "coastexample.org",
		"series":                         "DOCUMENTS",
		"restore 1":                      quayStory,
		"restore 1 --removal 0":          quayStory,
		"restore 2 --rule share/nothing": "",
		"verify":                         "3 decisions with 2 removals, 0 wrong",
		"export":                         `"publisher":"coastexample.org"`,
		"export --format csv":            "Okafor",
		"export --format sarif":          `"2.1.0"`,
		"drift":                          "nothing drifted",
		"stats":                          "3 decisions, 2 removals",
		"marks":                          "none",
		"changes":                        "none",
	} {
		if got := same(line); !strings.Contains(got, wants) {
			t.Errorf("winnow audit %s: %q is missing in\n%s", line, wants, got)
		}
	}
	on := func(line string, want string) {
		t.Helper()
		out, errs, _ := winnow(append(strings.Fields(line), far...)...)
		if !strings.Contains(out+errs, want) {
			t.Errorf("winnow audit %s: %q is missing in\n%s%s", line, want, out, errs)
		}
	}
	on("replay", "3 documents, 0 of them change")
	on("mark 1 --removal 0 --as wrong --who Ann --why hers", "went to shadow mode")
	on("mark 1 --removal 7 --as wrong --who Ann", "no decision 1 with such a removal")
	same("marks")
	same("changes")
	on("replay --max-loss 0", "come back")
	on("mode share/label shadow --who Ann --why odd", "share/label: now shadow")
	if got := same("changes"); !strings.Contains(got, "share/label, from enforce to shadow (odd)") {
		t.Error(got)
	}
	on("replay --rules "+packs, "with --server the rules are those of the server")
	on("list --audit "+record, "say which")
	on("list --server other", "--server is given once")
	on("erase --document quay", "1 decisions erased")
	if got := same("list"); strings.Contains(got, "quay") {
		t.Error(got)
	}
	if _, errs, code := winnow("list", "--server", at["serving"]); code == exitDone || !strings.Contains(errs, "token") {
		t.Errorf("without a token: %d, %s", code, errs)
	}
}
