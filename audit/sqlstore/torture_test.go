package sqlstore

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"winnow/audit"
)

// TestKill kills a process that records and folds, with SIGKILL, again and
// again on the same file: 4 times, or as often as WINNOW_KILLS says (make
// torture-audit: 100). After each time every decision that was acknowledged must
// be there, every decision that is there must be whole, and at the end the totals
// must agree.
func TestKill(t *testing.T) {
	kills := 4
	if v := os.Getenv("WINNOW_KILLS"); v != "" {
		var err error
		if kills, err = strconv.Atoi(v); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "record.db")
	ctx := context.Background()
	last, acknowledged, more, folded := audit.ID(0), 0, 0, 0
	for round := range kills {
		acks := tortured(t, path, round)
		acknowledged += len(acks)

		s, err := OpenSQLite(ctx, path)
		if err != nil {
			t.Fatal(err)
		}
		st, err := s.Stats(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if st.Pending < st.Decisions {
			folded++
		}
		for id, doc := range acks {
			d, err := s.Get(ctx, id)
			if err != nil || d.Document != doc {
				t.Fatalf("round %d: decision %d on %s was acknowledged and is not there: %v", round, id, doc, err)
			}
		}
		highest := last
		for d, err := range audit.All(ctx, s, audit.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			if d.ID <= last {
				break
			}
			highest = max(highest, d.ID)
			if _, ok := acks[d.ID]; !ok {
				more++ // durable, and killed before it could say so
			}
			want := tortureDecision(d.Document)
			if faults := d.Check(); faults != nil || d.Clean != want.Clean || len(d.Removals) != len(want.Removals) {
				t.Fatalf("round %d: decision %d on %s is torn: %v", round, d.ID, d.Document, faults)
			}
		}
		last = highest
		if round == kills-1 {
			c, err := audit.Verify(ctx, s, audit.Query{}, func(id audit.ID, fault string) { t.Errorf("%d: %s", id, fault) })
			if err != nil || c.Wrong > 0 || c.Decisions < acknowledged {
				t.Errorf("%+v, %v", c, err)
			}
			var ok string
			if err := s.read.QueryRow(`PRAGMA integrity_check`).Scan(&ok); err != nil || ok != "ok" {
				t.Errorf("integrity check: %s, %v", ok, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if acknowledged == 0 {
		t.Fatal("nothing was recorded")
	}
	t.Logf("%d kills: %d decisions acknowledged, none missing; %d more were durable, none torn; %d kills found folded decisions", kills, acknowledged, more, folded)
}

// tortured runs a process that records, kills it, and returns what it
// acknowledged.
func tortured(t *testing.T, path string, round int) map[audit.ID]string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "WINNOW_TORTURE_CHILD="+path, fmt.Sprintf("WINNOW_TORTURE_ROUND=%d", round))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acks := map[audit.ID]string{}
	var kill sync.Once
	in := bufio.NewScanner(out)
	for in.Scan() {
		// From the first word on, it lives between nothing and 150 ms.
		kill.Do(func() {
			time.AfterFunc(time.Duration(rand.IntN(150_000))*time.Microsecond, func() { cmd.Process.Kill() })
		})
		id, doc, ok := strings.Cut(in.Text(), " ")
		n, err := strconv.Atoi(id)
		if !ok || err != nil || !strings.HasSuffix(doc, ".") {
			continue // the line was cut off by the kill
		}
		acks[audit.ID(n)] = strings.TrimSuffix(doc, ".")
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the process ended by itself")
	}
	return acks
}

// tortureDecision makes a decision that its document's name decides.
func tortureDecision(doc string) *audit.Decision {
	r := rand.New(rand.NewPCG(uint64(len(doc)), uint64(crc(doc))))
	var b strings.Builder
	long := 40
	if r.IntN(4) == 0 {
		long = 8000 // enough for a frame past the page cache
	}
	for range 1 + r.IntN(6) {
		b.WriteString(strings.Repeat("kept "+doc+" ", 1+r.IntN(long)))
		fmt.Fprintf(&b, "[-any/rule.%d|gone %s %s-]", r.IntN(9), doc, strings.Repeat("x", r.IntN(300)))
	}
	return decision(doc, "a.com", day0, b.String())
}

func crc(s string) (h uint32) {
	for i := range len(s) {
		h = h*31 + uint32(s[i])
	}
	return h
}

// tortureChild records until it is killed, by three callers who wait for each
// decision, while a fourth one reads.
func tortureChild(path string) {
	ctx := context.Background()
	die := func(err error) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	s, err := OpenSQLite(ctx, path)
	if err != nil {
		die(err)
	}
	rec := audit.NewRecorder(s, audit.RecorderOptions{Required: true, Idle: time.Millisecond})
	for caller := range 3 {
		go func() {
			for n := 0; ; n++ {
				d := tortureDecision(fmt.Sprintf("%s-%d-%d", os.Getenv("WINNOW_TORTURE_ROUND"), caller, n))
				if err := rec.Commit(ctx, d); err != nil {
					die(err)
				}
				fmt.Printf("%d %s.\n", d.ID, d.Document)
			}
		}()
	}
	for {
		if _, err := s.List(ctx, audit.Query{Limit: 1}); err != nil {
			die(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
