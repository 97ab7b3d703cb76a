package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The collector works whenever the heap is some multiple of what lives on it. At
// first little lives, some 50 MB of rules, and working seldom is cheap: at five
// times as much. All that the program takes shall still stay below softLimit,
// where a page of tens of megabytes may live on more than half of that: near the
// limit the collector works more often. Where more than two thirds of it live, the
// limit makes way, for else a document of 300 MB, which lives on 3 GB, would
// have the collector work without end.
const (
	growth    = 400       // per cent of what lives
	softLimit = 384 << 20 // bytes
)

// tuneMemory sets the collector up, for as long as the process runs. Whoever has
// set GOGC or GOMEMLIMIT knows better.
func tuneMemory() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(growth)
	debug.SetMemoryLimit(softLimit)
	t := &tuner{limit: softLimit}
	t.after()
}

// A tuner moves the limit after each collection.
type tuner struct{ limit int64 }

// collected is held by nobody, so that it goes with the next collection.
type collected struct{ _ *tuner }

// after has t move after the next collection.
func (t *tuner) after() { runtime.AddCleanup(new(collected), (*tuner).move, t) }

func (t *tuner) move() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if limit := max(softLimit, int64(live[0].Value.Uint64())*3/2); limit != t.limit {
		t.limit = limit
		debug.SetMemoryLimit(limit)
	}
	t.after()
}
