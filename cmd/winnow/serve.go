package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"winnow/server"
)

// serveFlags are how a server serves.
type serveFlags struct {
	rules         ruleFlags
	cfg           server.Config
	listen        string
	cert, key, ca string
	tokenFile     string
	metrics       string
	traces        string
	logFormat     string
	drain         time.Duration
	record        recordFlags
	erase         bool
	http          string
	page          pageFlags
}

func serveCommand(s streams) *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve winnow.v1 over gRPC",
		Long: `Serve winnow.v1 over gRPC until it is interrupted. Calls under way are then
finished. SIGHUP reads the rule folders again; where one is broken the old rules
stay in force.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := noNegatives(c); err != nil {
				return err
			}
			return f.run(c.Context(), s)
		},
	}
	f.rules.add(c)
	fl := c.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:7464", "the `ADDRESS` to listen on; port 0 takes a free one and logs it")
	fl.StringVar(&f.cert, "tls-cert", "", "serve TLS with the certificate in this PEM `FILE`")
	fl.StringVar(&f.key, "tls-key", "", "the key of --tls-cert, a PEM `FILE`")
	fl.StringVar(&f.ca, "client-ca", "", "ask clients for a certificate that one in this PEM `FILE` signed")
	fl.StringVar(&f.tokenFile, "token-file", "", "take only calls with a bearer token that stands in `FILE`, one a line")
	fl.BoolVar(&f.cfg.AllowPlaintext, "allow-plaintext", false, "listen beyond loopback without TLS")
	fl.BoolVar(&f.cfg.AllowRequestRules, "allow-request-rules", false, "take rules that come with requests")
	fl.IntVar(&f.cfg.Workers, "workers", 0, "documents worked on at once; 0 is one a core")
	fl.IntVar(&f.cfg.Queue, "queue", 0, "single calls that may wait; 0 is 64 a worker")
	fl.IntVar(&f.cfg.MaxStreams, "max-streams", 0, "streams at once; 0 is 256")
	fl.IntVar(&f.cfg.Window, "window", 0, "items of one stream under way at once; 0 is twice the workers")
	fl.IntVar(&f.cfg.MaxDocument, "max-document", server.DefaultMaxDocument, "the largest document in bytes, after unpacking")
	fl.IntVar(&f.cfg.MaxNodes, "max-nodes", 0, "the most nodes of a page; 0 is the extractor's own limit")
	fl.DurationVar(&f.cfg.Timeout, "timeout", server.DefaultTimeout, "the longest time for one document")
	fl.IntVar(&f.cfg.LearnCalls, "learn-calls", 0, "callers that rules are learned for at once; 0 is 1")
	fl.IntVar(&f.cfg.LearnDocuments, "learn-documents", server.DefaultLearnDocuments, "the most documents that one caller may have rules learned from")
	fl.IntVar(&f.cfg.LearnBytes, "learn-bytes", server.DefaultLearnBytes, "the most bytes of their texts")
	fl.DurationVar(&f.drain, "drain", 30*time.Second, "how long calls under way may take at the end")
	fl.StringVar(&f.metrics, "metrics", "", "serve Prometheus metrics over HTTP at `ADDRESS`/metrics")
	fl.StringVar(&f.traces, "traces", "", "send a span for each call to the OpenTelemetry collector at `URL`, by OTLP over gRPC (http://127.0.0.1:4317); OTEL_EXPORTER_OTLP_ENDPOINT does so too")
	f.record.add(c)
	fl.BoolVar(&f.erase, "audit-erase", false, "let callers erase decisions from the record")
	fl.StringVar(&f.http, "http", "", "serve the record as pages for a browser at `ADDRESS`, as winnow audit serve does; goes with --audit")
	f.page.add(c)
	fl.StringVar(&f.logFormat, "log", "text", "the form of the log on standard error: text or json")
	return c
}

// noNegatives refuses flags that are less than nothing, by name.
func noNegatives(c *cobra.Command) error {
	for _, name := range []string{"workers", "queue", "max-streams", "window", "max-document", "max-nodes", "timeout",
		"learn-calls", "learn-documents", "learn-bytes", "drain"} {
		if v := c.Flags().Lookup(name).Value.String(); strings.HasPrefix(v, "-") {
			return fmt.Errorf("--%s %s is negative", name, v)
		}
	}
	return nil
}

func (f *serveFlags) run(ctx context.Context, s streams) (err error) {
	cfg := f.cfg
	cfg.LoadRules = f.rules.packs
	switch f.logFormat {
	case "text":
		cfg.Logger = slog.New(slog.NewTextHandler(s.err, nil))
	case "json":
		cfg.Logger = slog.New(slog.NewJSONHandler(s.err, nil))
	default:
		return fmt.Errorf("--log %q: text or json", f.logFormat)
	}
	if f.cert != "" || f.key != "" {
		t, err := server.LoadTLS(f.cert, f.key, f.ca)
		if err != nil {
			return err
		}
		cfg.TLS = t
	} else if f.ca != "" {
		return errors.New("--client-ca needs --tls-cert and --tls-key")
	}
	if f.tokenFile != "" {
		if cfg.Tokens, err = readTokens(f.tokenFile); err != nil {
			return err
		}
	}
	if f.http != "" && f.record.where == "" {
		return errors.New("--http shows the record that --audit keeps: say where it is")
	}
	store, err := f.record.open(ctx)
	if err != nil {
		return err
	}
	if store != nil {
		defer func() { err = errors.Join(err, store.Close()) }()
		cfg.Record = &server.Record{Store: store, Options: f.record.options(nil), Feedback: f.rules.feedback, AllowErase: f.erase, Dropped: f.record.dropped}
	}
	tracer, sendTraces, err := tracing(ctx, f.traces, cfg.Logger)
	if err != nil {
		return err
	}
	defer sendTraces()
	cfg.Tracer = tracer
	srv, err := server.New(cfg)
	if err != nil {
		return err
	}
	lis, err := net.Listen("tcp", f.listen)
	if err != nil {
		return err
	}
	failed := make(chan error, 3)
	if f.metrics != "" {
		m, err := f.serveMetrics(srv, failed)
		if err != nil {
			lis.Close()
			return err
		}
		defer m.Close()
		cfg.Logger.Info("metrics", "address", m.Addr)
	}
	if f.http != "" {
		p, err := f.page.page(srv.Desk(), cfg.Tokens, cfg.TLS != nil, cfg.Logger)
		if err != nil {
			lis.Close()
			return err
		}
		h, err := listenPage(p, f.http, cfg.TLS, cfg.AllowPlaintext, len(cfg.Tokens) > 0, cfg.Logger, failed)
		if err != nil {
			lis.Close()
			return err
		}
		defer h.Close()
	}
	go func() { failed <- srv.Serve(lis) }()

	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-hup:
			srv.Reload() // tells of its own failure
		case err := <-failed:
			return err
		case <-ctx.Done():
			cfg.Logger.Info("draining", "for", f.drain)
			end, cancel := context.WithTimeout(context.Background(), f.drain)
			defer cancel()
			return srv.Shutdown(end)
		}
	}
}

// serveMetrics serves the metrics of srv beside it.
func (f *serveFlags) serveMetrics(srv *server.Server, failed chan<- error) (*http.Server, error) {
	lis, err := net.Listen("tcp", f.metrics)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", srv.Metrics())
	m := &http.Server{Addr: lis.Addr().String(), Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := m.Serve(lis); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	return m, nil
}
