package server

import (
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"winnow/clean"
	"winnow/rules"
)

// metrics are the server's own figures, in a registry of their own.
type metrics struct {
	registry *prometheus.Registry

	calls       *prometheus.CounterVec   // method, code
	callSeconds *prometheus.HistogramVec // method
	panics      prometheus.Counter
	refused     prometheus.Counter

	documents    *prometheus.CounterVec   // source, outcome
	sourceBytes  *prometheus.CounterVec   // source
	cleanBytes   prometheus.Counter       //
	removedBytes *prometheus.CounterVec   // category, mode
	removals     *prometheus.CounterVec   // rule, category, mode
	stageSeconds *prometheus.HistogramVec // stage
	reloads      *prometheus.CounterVec   // result

	mu    sync.Mutex
	known map[rules.ID]bool // rules that have a series of their own
}

// maxRuleSeries bounds the rules that get a series of their own: a set may hold
// a million. The removals of all later ones are counted as rule "other".
const maxRuleSeries = 10_000

func newMetrics(s *Server) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), known: map[rules.ID]bool{}}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "winnow", Name: name, Help: help}, labels)
		m.registry.MustRegister(v)
		return v
	}
	seconds := func(name, help, label string) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "winnow", Name: name, Help: help,
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9)}, []string{label}) // 0.1 ms to 6.6 s
		m.registry.MustRegister(v)
		return v
	}
	gauge := func(name, help string, f func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "winnow", Name: name, Help: help}, f))
	}
	m.calls = counter("calls_total", "Calls that ended, by method and gRPC code.", "method", "code")
	m.callSeconds = seconds("call_seconds", "Time from the arrival of a call to its end.", "method")
	m.panics = counter("panics_total", "Panics that were turned into an error.").WithLabelValues()
	m.refused = counter("refused_total", "Calls that were refused before they were read, because too many were under way.").WithLabelValues()
	m.documents = counter("documents_total", "Documents, by source (html, text) and outcome (ok, or the reason of the error).", "source", "outcome")
	m.sourceBytes = counter("source_bytes_total", "Bytes of the sources that were cleaned, after unpacking.", "source")
	m.cleanBytes = counter("clean_bytes_total", "Bytes of clean text.").WithLabelValues()
	m.removedBytes = counter("removed_bytes_total", "Bytes of removals.", "category", "mode")
	m.removals = counter("removals_total", "Removals that a rule had a part in.", "rule", "category", "mode")
	m.stageSeconds = seconds("stage_seconds", "Time that a document took: queued, extraction, rules.", "stage")
	m.reloads = counter("reloads_total", "Reloads of the rules, by result (ok, broken).", "result")
	gauge("queue", "Single calls that wait for a worker.", func() float64 { return float64(s.gate.waiting.Load()) })
	gauge("working", "Documents that are worked on.", func() float64 { return float64(len(s.gate.slots)) })
	gauge("rules", "Rules in force.", func() float64 { return float64(len(s.rules.current().set.Rules())) })
	m.registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

func source(isPage bool) string {
	if isPage {
		return "html"
	}
	return "text"
}

// failed counts a document that came to nothing.
func (m *metrics) failed(isPage bool, err error) {
	m.documents.WithLabelValues(source(isPage), reasonOf(err)).Inc()
}

// cleaned counts a document that went well.
func (m *metrics) cleaned(in clean.Input, res *clean.Result, queued time.Duration) {
	m.documents.WithLabelValues(source(in.IsPage), "ok").Inc()
	m.sourceBytes.WithLabelValues(source(in.IsPage)).Add(float64(len(in.Source)))
	m.cleanBytes.Add(float64(len(res.Outcome.Clean)))
	m.stageSeconds.WithLabelValues("queued").Observe(queued.Seconds())
	m.stageSeconds.WithLabelValues("rules").Observe(res.Timings.Rules.Seconds())
	if in.IsPage {
		m.stageSeconds.WithLabelValues("extraction").Observe(res.Timings.Extract.Seconds())
	}
	for _, r := range res.Outcome.Removals {
		category, mode := string(r.Category), modeName(r.Mode)
		m.removedBytes.WithLabelValues(category, mode).Add(float64(r.Span.Len()))
		for _, id := range r.IDs() {
			m.removals.WithLabelValues(m.series(id), category, mode).Inc()
		}
	}
}

func (m *metrics) series(id rules.ID) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.known[id] {
		if len(m.known) >= maxRuleSeries {
			return "other"
		}
		m.known[id] = true
	}
	return string(id)
}

func modeName(m rules.Mode) string {
	if m == rules.Enforce {
		return "enforced"
	}
	return string(m)
}
