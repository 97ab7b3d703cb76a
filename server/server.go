// Package server is the gRPC face of winnow: it decodes requests, calls the
// cleaner and encodes what comes back.
//
// One Server serves CleanService, RuleService and AuditService of winnow.v1,
// health and reflection. What surrounds a call stands in a file of its own:
//
//	work.go       one document, from the request to the reply
//	gate.go       how many documents are worked on at once, and who waits
//	inflate.go    gzip and zstd sources, bounded
//	convert.go    wire messages to domain values and back
//	errors.go     failures to google.rpc.Status
//	messages.go   requests that cannot be decoded
//	calls.go      request ids, logs, panics, tokens
//	metrics.go    Prometheus
//	reload.go     rule folders, read again without a restart
//	audit.go      the record of decisions: writing it, reading it, marks
//	learn.go      rules from the documents of a stream
//	tls.go        certificates
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // lets clients compress whole messages
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"winnow/audit"
	"winnow/clean"
	pb "winnow/proto/winnow/v1"
	"winnow/rules"
	"winnow/text"
)

// An Engine cleans and explains by a set of rules that can be exchanged while it
// works. A *clean.Engine is one.
type Engine interface {
	clean.Cleaner
	ExplainAt(ctx context.Context, in clean.Input, place func(extracted string) (text.Span, error), o clean.Options) (rules.Explanation, *clean.Result, error)
	Rules() *rules.Set
	SetRules(*rules.Set)
}

// Config says how a Server serves. Only LoadRules must be set; the zero value
// of every other field works.
type Config struct {
	// LoadRules reads the packs that are in force: at the start, and again at
	// each reload. It returns every mistake at once. Calls never overlap.
	LoadRules func() ([]*rules.Pack, error)

	// NewEngine makes an engine for a set. Nil means clean.New.
	NewEngine func(*rules.Set) Engine

	TLS            *tls.Config // nil serves without TLS; see LoadTLS
	AllowPlaintext bool        // serve without TLS beyond loopback
	Tokens         []string    // bearer tokens, one of which a call must carry; empty lets everyone in

	Workers    int           // documents worked on at once; default GOMAXPROCS
	Queue      int           // single calls that may wait for a worker; default 64 a worker
	MaxStreams int           // CleanStream calls at once; default 256
	Window     int           // items of one stream under way at once, all of them in memory; default twice Workers
	Timeout    time.Duration // longest time for one document, its wait included; default 30 s

	// MaxDocument bounds the source of a document after unpacking, in bytes.
	// The default, 6 MiB, lets 999 of 1,000 pages of the web pass. Messages may
	// be four times as large, so that a document over the limit gets an error of
	// its own and its stream goes on.
	MaxDocument int
	// MaxNodes bounds the nodes of a page; the default is that of extract.
	MaxNodes int

	// What LearnRules takes on. The documents of a call are in memory until it
	// ends: learning from 10 MB of news takes some 90 MB in all.
	LearnCalls     int // calls at once; default 1
	LearnDocuments int // documents of one call; default 20,000
	LearnBytes     int // bytes of their texts and fields, after extraction; default 128 MiB

	// Record keeps what is decided and serves AuditService. Nil keeps nothing.
	Record *Record

	AllowRequestRules bool // let requests bring packs of their own, and let TestRules run

	Logger *slog.Logger         // default slog.Default()
	Tracer trace.TracerProvider // default the global one, which traces nothing until it is set
}

// The defaults of Config.
const (
	DefaultMaxDocument    = 6 << 20
	DefaultTimeout        = 30 * time.Second
	DefaultLearnDocuments = 20_000
	DefaultLearnBytes     = 128 << 20
)

func (c Config) withDefaults() (Config, error) {
	if c.LoadRules == nil {
		return c, errors.New("server: Config.LoadRules is not set")
	}
	for _, n := range []int{c.Workers, c.Queue, c.MaxStreams, c.Window, c.MaxDocument, c.MaxNodes, int(c.Timeout), c.LearnCalls, c.LearnDocuments, c.LearnBytes} {
		if n < 0 {
			return c, errors.New("server: a limit is negative")
		}
	}
	if c.MaxDocument > LargestDocument {
		return c, fmt.Errorf("server: the limit on documents is over %d bytes", LargestDocument)
	}
	def(&c.Workers, runtime.GOMAXPROCS(0))
	def(&c.Queue, 64*c.Workers)
	def(&c.MaxStreams, 256)
	def(&c.Window, 2*c.Workers)
	def(&c.Timeout, DefaultTimeout)
	def(&c.MaxDocument, DefaultMaxDocument)
	def(&c.LearnCalls, 1)
	def(&c.LearnDocuments, DefaultLearnDocuments)
	def(&c.LearnBytes, DefaultLearnBytes)
	if c.NewEngine == nil {
		c.NewEngine = func(s *rules.Set) Engine { return clean.New(s) }
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	for _, t := range c.Tokens {
		if len(t) < minToken {
			return c, fmt.Errorf("server: a token is shorter than %d bytes", minToken)
		}
	}
	return c, nil
}

// LargestDocument is the most that Config.MaxDocument can be. It keeps every
// message under the 2 GiB that a message can have.
const LargestDocument = 200 << 20

func def[T int | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// maxMessage is the largest message that is received.
func (c Config) maxMessage() int { return 4*c.MaxDocument + 1<<20 }

// maxReply is the largest message that is sent: the clean text, the extracted
// text, the removals, Markdown and HTML may each be as large as the document.
func (c Config) maxReply() int { return 8*c.MaxDocument + 1<<20 }

// A Server serves winnow.v1. Make one with New. All methods are safe for
// concurrent use.
type Server struct {
	cfg      Config
	log      *slog.Logger
	rules    *ruleStore
	gate     *gate
	calls    *admission
	metrics  *metrics
	grpc     *grpc.Server
	health   *health.Server
	recorder *audit.Recorder // nil without a record
	desk     *audit.Desk
	drain    chan struct{} // closed when the server stops taking work
	drainOne sync.Once
}

// New reads the rules and returns a Server that is ready to serve. It returns
// an error for a configuration that cannot be served and for broken rules.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, log: cfg.Logger, drain: make(chan struct{})}
	if s.rules, err = newRuleStore(cfg.LoadRules, cfg.NewEngine); err != nil {
		return nil, err
	}
	s.gate = newGate(cfg.Workers, cfg.Queue)
	s.metrics = newMetrics(s)

	// A caller that traces has its calls go on here.
	tracing := []otelgrpc.Option{otelgrpc.WithPropagators(propagation.TraceContext{})}
	if cfg.Tracer != nil {
		tracing = append(tracing, otelgrpc.WithTracerProvider(cfg.Tracer))
	}
	s.startRecord()
	around := &calls{log: s.log, metrics: s.metrics, tokens: hashTokens(cfg.Tokens), refuse: s.refuseAudit}
	s.calls = &admission{max: int64(cfg.Workers + cfg.Queue + cfg.MaxStreams + spareCalls), refused: s.metrics.refused.Inc}
	opts := []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(cfg.maxMessage()),
		grpc.MaxSendMsgSize(cfg.maxReply()),
		grpc.ConnectionTimeout(10 * time.Second),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.StatsHandler(otelgrpc.NewServerHandler(tracing...)),
		grpc.InTapHandle(s.calls.tap),
		grpc.UnaryInterceptor(around.unary),
		grpc.StreamInterceptor(around.stream),
		grpc.WaitForHandlers(true),
	}
	if cfg.TLS != nil {
		opts = append(opts, grpc.Creds(credentials.NewTLS(cfg.TLS)))
	}
	s.grpc = grpc.NewServer(opts...)
	cleaning := &cleanService{Server: s, around: around,
		unpack: inflater{limit: cfg.MaxDocument}, streams: make(chan struct{}, cfg.MaxStreams)}
	pb.RegisterCleanServiceServer(s.grpc, cleaning)
	pb.RegisterRuleServiceServer(s.grpc, &ruleService{cleanService: cleaning, learning: make(chan struct{}, cfg.LearnCalls)})
	s.registerAudit()
	s.health = health.NewServer()
	for name := range s.grpc.GetServiceInfo() {
		if cfg.Record == nil && name == pb.AuditService_ServiceDesc.ServiceName {
			s.health.SetServingStatus(name, healthpb.HealthCheckResponse_NOT_SERVING)
			continue
		}
		s.health.SetServingStatus(name, healthpb.HealthCheckResponse_SERVING)
	}
	healthpb.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	return s, nil
}

// Serve accepts connections on lis until Shutdown is called, and closes lis. It
// refuses a listener that other machines can reach unless the server has TLS or
// AllowPlaintext is set. After Shutdown it returns nil.
func (s *Server) Serve(lis net.Listener) error {
	if s.cfg.TLS == nil && !s.cfg.AllowPlaintext && !local(lis.Addr()) {
		lis.Close()
		return fmt.Errorf("server: %s can be reached from other machines: serve with TLS, or allow plain text on purpose", lis.Addr())
	}
	s.log.Info("serving", "address", lis.Addr().String(), "tls", s.cfg.TLS != nil, "tokens", len(s.cfg.Tokens),
		"rules", len(s.rules.current().set.Rules()), "revision", s.rules.current().set.Revision())
	if err := s.grpc.Serve(lis); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil // Shutdown came before Serve
}

// local reports whether only this machine reaches the address.
func local(a net.Addr) bool {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return a.Network() == "bufconn"
}

// Shutdown stops taking work, lets the calls under way finish and returns nil.
// Streams finish the items that they have read and then end with UNAVAILABLE.
// When ctx ends first the calls that are left are cut off and its error is
// returned; pages that are just being parsed still keep a core until they end.
func (s *Server) Shutdown(ctx context.Context) error {
	if s.recorder != nil {
		defer s.recorder.Close() // tells of losses itself
	}
	s.health.Shutdown()
	s.drainOne.Do(func() { close(s.drain) })
	done := make(chan struct{})
	go func() {
		s.grpc.GracefulStop()
		s.gate.idle()
		close(done)
	}()
	look := time.NewTicker(lastWord)
	defer look.Stop()
	for idle := false; ; {
		select {
		case <-done:
			return nil
		case <-look.C:
			// Watches of health and reflection last as long as their clients like.
			// They get time to hear that the server is going, and no more.
			if s.calls.work.Load() > 0 {
				idle = false
			} else if idle {
				s.grpc.Stop()
			} else {
				idle = true
			}
		case <-ctx.Done():
			// Stop waits for handlers, which end at once: their contexts have.
			s.grpc.Stop()
			return fmt.Errorf("server: not every call ended in time: %w", context.Cause(ctx))
		}
	}
}

// lastWord is how long a server without work goes on at the end, so that its
// last messages reach their clients.
const lastWord = 100 * time.Millisecond

// Metrics returns a handler that serves the server's metrics in Prometheus'
// exposition formats.
func (s *Server) Metrics() http.Handler { return s.metrics.handler() }
