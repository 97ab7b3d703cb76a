package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "winnow/proto/winnow/v1"
	"winnow/rules"
)

// authority signs certificates for a test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.cert = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign}
	a.write("ca.pem", "CERTIFICATE", a.sign(a.cert, &a.key.PublicKey))
	return a
}

func (a *authority) sign(c *x509.Certificate, pub *ecdsa.PublicKey) []byte {
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, pub, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return der
}

func (a *authority) write(name, kind string, der []byte) string {
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

func (a *authority) ca() string { return filepath.Join(a.dir, "ca.pem") }

// issue writes a certificate for loopback and its key.
func (a *authority) issue(name string) (certFile, keyFile string) {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	c := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write(name+".pem", "CERTIFICATE", a.sign(c, &key.PublicKey)), a.write(name+".key", "EC PRIVATE KEY", der)
}

// trust returns credentials that trust a and show the named certificate of by.
func (a *authority) trust(by *authority, name string) grpc.DialOption {
	cfg := &tls.Config{RootCAs: x509.NewCertPool()}
	cfg.RootCAs.AddCert(must(x509.ParseCertificate(a.sign(a.cert, &a.key.PublicKey))))
	if by != nil {
		certFile, keyFile := by.issue(name)
		cert, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			a.t.Fatal(err)
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	return grpc.WithTransportCredentials(credentials.NewTLS(cfg))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestTLS(t *testing.T) {
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	certFile, keyFile := ours.issue("server")
	for _, c := range []struct {
		name     string
		clientCA string
		dial     []grpc.DialOption
		want     codes.Code
	}{
		{"TLS", "", []grpc.DialOption{ours.trust(nil, "")}, codes.OK},
		{"plain text to TLS", "", nil, codes.Unavailable},
		{"another authority", "", []grpc.DialOption{theirs.trust(nil, "")}, codes.Unavailable},
		{"mTLS", ours.ca(), []grpc.DialOption{ours.trust(ours, "client")}, codes.OK},
		{"no client certificate", ours.ca(), []grpc.DialOption{ours.trust(nil, "")}, codes.Unavailable},
		{"a client certificate of others", ours.ca(), []grpc.DialOption{ours.trust(theirs, "client")}, codes.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := LoadTLS(certFile, keyFile, c.clientCA)
			if err != nil {
				t.Fatal(err)
			}
			f := serve(t, func(s *Config) { s.TLS = cfg })
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err = pb.NewCleanServiceClient(dial(t, f.addr, c.dial...)).Clean(ctx, &pb.CleanRequest{Document: textDoc("", "text")})
			if code(err) != c.want {
				t.Error(err)
			}
		})
	}
	for name, files := range map[string][3]string{
		"no certificate": {"none.pem", keyFile, ""}, "no key": {certFile, "none.key", ""},
		"no authority": {certFile, keyFile, "none.pem"}, "no PEM": {certFile, keyFile, keyFile},
	} {
		if _, err := LoadTLS(files[0], files[1], files[2]); err == nil {
			t.Error(name, "is taken")
		}
	}
}

// TestPlaintextStaysHome: without TLS only loopback is served, unless allowed.
func TestPlaintextStaysHome(t *testing.T) {
	for _, c := range []struct {
		addr  string
		allow bool
		want  bool
	}{{"127.0.0.1:0", false, true}, {"0.0.0.0:0", false, false}, {"0.0.0.0:0", true, true}, {":0", false, false}} {
		s, err := New(Config{LoadRules: stub, AllowPlaintext: c.allow, Logger: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		lis, err := net.Listen("tcp", c.addr)
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- s.Serve(lis) }()
		if c.want {
			conn := dial(t, lis.Addr().String())
			if _, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
				t.Error(c, err)
			}
			conn.Close()
			if err := s.Shutdown(t.Context()); err != nil {
				t.Error(c, err)
			}
		}
		if err := <-served; (err == nil) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
	sock, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer sock.Close()
	if !local(sock.Addr()) {
		t.Error("a Unix socket counts as reachable from other machines")
	}
}

func TestTokens(t *testing.T) {
	f := serve(t, func(c *Config) { c.Tokens = []string{"first-token-0123456789", "second-token-0123456789"} })
	ctx := t.Context()
	for _, c := range []struct {
		header []string
		want   codes.Code
	}{
		{nil, codes.Unauthenticated},
		{[]string{"Bearer first-token-0123456789"}, codes.OK},
		{[]string{"bearer second-token-0123456789"}, codes.OK},
		{[]string{"Bearer first-token-012345678"}, codes.Unauthenticated},
		{[]string{"Bearer first-token-01234567890"}, codes.Unauthenticated},
		{[]string{"Bearer "}, codes.Unauthenticated},
		{[]string{"Basic first-token-0123456789"}, codes.Unauthenticated},
		{[]string{"first-token-0123456789"}, codes.Unauthenticated},
		{[]string{"Bearer first-token-0123456789", "Bearer x"}, codes.Unauthenticated},
	} {
		ctx := ctx
		for _, h := range c.header {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", h)
		}
		if _, err := f.clean.Clean(ctx, &pb.CleanRequest{Document: textDoc("", "text")}); code(err) != c.want {
			t.Errorf("%q: %v", c.header, err)
		}
		st, err := f.clean.CleanStream(ctx)
		if err != nil {
			t.Fatal(err)
		}
		st.Send(&pb.CleanStreamRequest{Document: textDoc("", "text")})
		if _, err := st.Recv(); code(err) != c.want {
			t.Errorf("%q on a stream: %v", c.header, err)
		}
		st.CloseSend()
		st.Recv()
	}
	if _, err := f.rules.ReloadRules(ctx, &pb.ReloadRulesRequest{}); describe(err) != "Unauthenticated UNAUTHENTICATED" {
		t.Error(err)
	}
	if _, err := healthpb.NewHealthClient(f.conn).Check(ctx, &healthpb.HealthCheckRequest{}); err != nil {
		t.Error("health asks for a token:", err)
	}
	if _, err := New(Config{LoadRules: stub, Tokens: []string{"short"}}); err == nil {
		t.Error("a short token is taken")
	}
}

func TestConfig(t *testing.T) {
	for name, c := range map[string]Config{
		"no rules":    {},
		"negative":    {LoadRules: stub, Workers: -1},
		"too large":   {LoadRules: stub, MaxDocument: 1 << 30},
		"broken pack": {LoadRules: func() ([]*rules.Pack, error) { _, err := rules.ParsePack("x", []byte("x")); return nil, err }},
	} {
		if _, err := New(c); err == nil {
			t.Error(name, "is taken")
		}
	}
}

func TestHealth(t *testing.T) {
	f := serve(t, nil)
	h := healthpb.NewHealthClient(f.conn)
	for service, want := range map[string]healthpb.HealthCheckResponse_ServingStatus{
		"": healthpb.HealthCheckResponse_SERVING, "winnow.v1.CleanService": healthpb.HealthCheckResponse_SERVING,
		"winnow.v1.RuleService": healthpb.HealthCheckResponse_SERVING, "winnow.v1.AuditService": healthpb.HealthCheckResponse_NOT_SERVING,
	} {
		got, err := h.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
		if err != nil || got.GetStatus() != want {
			t.Errorf("%q: %v %v", service, got, err)
		}
	}
	w, err := h.Watch(t.Context(), &healthpb.HealthCheckRequest{Service: "winnow.v1.CleanService"})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := w.Recv(); err != nil || m.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Error(m, err)
	}
	down := make(chan error, 1)
	go func() { down <- f.Shutdown(t.Context()) }()
	if m, err := w.Recv(); err != nil || m.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
		t.Error(m, err)
	}
	// A watch hears that the server is going, and does not keep it from that.
	if err := <-down; err != nil {
		t.Error(err)
	}
}

func TestAuditKeepsItsPlace(t *testing.T) {
	f := serve(t, nil)
	a := pb.NewAuditServiceClient(f.conn)
	if _, err := a.ListDecisions(t.Context(), &pb.ListDecisionsRequest{}); describe(err) != "Unimplemented NO_RECORD" {
		t.Error(describe(err))
	}
	if _, err := a.GetDecision(t.Context(), &pb.GetDecisionRequest{}); describe(err) != "Unimplemented NO_RECORD" {
		t.Error(describe(err))
	}
}

func TestReflection(t *testing.T) {
	f := serve(t, nil)
	st, err := reflectionpb.NewServerReflectionClient(f.conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer st.CloseSend()
	if err := st.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	m, err := st.Recv()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, s := range m.GetListServicesResponse().GetService() {
		names[s.GetName()] = true
	}
	for _, want := range []string{"winnow.v1.CleanService", "winnow.v1.RuleService", "winnow.v1.AuditService", "grpc.health.v1.Health"} {
		if !names[want] {
			t.Error(want, "is missing from", names)
		}
	}
}

// TestStatusProto: the definition in the tree is that of the generated code.
func TestStatusProto(t *testing.T) {
	src, err := os.ReadFile("../proto/google/rpc/status.proto")
	if err != nil {
		t.Fatal(err)
	}
	d := (&statuspb.Status{}).ProtoReflect().Descriptor()
	if d.FullName() != "google.rpc.Status" || d.Fields().Len() != 3 {
		t.Error(d)
	}
	for i, want := range []string{"int32 code = 1;", "string message = 2;", "repeated google.protobuf.Any details = 3;"} {
		f := d.Fields().ByNumber(protoreflect.FieldNumber(i + 1))
		if f == nil || !strings.Contains(want, " "+string(f.Name())+" = ") || !strings.Contains(string(src), "  "+want+"\n") {
			t.Errorf("field %d: %v in the code, want %q in both", i+1, f, want)
		}
	}
}

func TestMetrics(t *testing.T) {
	f := serve(t, nil)
	in := ferry + "\nPost a Comment\n"
	f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("", in)})
	f.clean.Clean(t.Context(), &pb.CleanRequest{Document: htmlDoc("", article(5))})
	f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("panic", in)})
	f.clean.Clean(t.Context(), &pb.CleanRequest{})
	f.rules.ReloadRules(t.Context(), &pb.ReloadRulesRequest{})
	w := httptest.NewRecorder()
	f.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	got := w.Body.String()
	for _, want := range []string{
		`winnow_documents_total{outcome="ok",source="text"} 1`,
		`winnow_documents_total{outcome="ok",source="html"} 1`,
		`winnow_documents_total{outcome="INTERNAL",source="text"} 1`,
		`winnow_calls_total{code="OK",method="/winnow.v1.CleanService/Clean"} 2`,
		`winnow_calls_total{code="InvalidArgument",method="/winnow.v1.CleanService/Clean"} 1`,
		`winnow_panics_total 1`,
		`winnow_reloads_total{result="ok"} 1`,
		`category="comments",mode="enforced"`,
		`winnow_stage_seconds_count{stage="extraction"} 1`,
		`winnow_stage_seconds_count{stage="rules"} 2`,
		`winnow_working 0`,
		`winnow_call_seconds_bucket`,
		`go_goroutines`,
	} {
		if !strings.Contains(got, want) {
			t.Error("no", want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

// TestRuleSeriesAreBounded: a set of a million rules makes no million series.
func TestRuleSeriesAreBounded(t *testing.T) {
	m := &metrics{known: map[rules.ID]bool{}}
	for i := range maxRuleSeries + 10 {
		m.series(rules.ID(string(rune('a'+i%26)) + "/" + strings.Repeat("x", i/26)))
	}
	if m.series("a/new") != "other" || m.series("a/") != "a/" || len(m.known) != maxRuleSeries {
		t.Error(len(m.known))
	}
}

// recorder is a provider of tracers that remembers the names of spans.
type recorder struct {
	embedded.TracerProvider
	mu    sync.Mutex
	names []string
}

func (r *recorder) Tracer(string, ...trace.TracerOption) trace.Tracer { return recording{r: r} }

type recording struct {
	noop.Tracer
	r *recorder
}

func (t recording) Start(ctx context.Context, name string, o ...trace.SpanStartOption) (context.Context, trace.Span) {
	t.r.mu.Lock()
	t.r.names = append(t.r.names, name)
	t.r.mu.Unlock()
	return t.Tracer.Start(ctx, name, o...)
}

func TestTraces(t *testing.T) {
	p := &recorder{}
	f := serve(t, func(c *Config) { c.Tracer = p })
	if _, err := f.clean.Clean(t.Context(), &pb.CleanRequest{Document: textDoc("", "text")}); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.names) == 0 || p.names[0] != "winnow.v1.CleanService/Clean" {
		t.Error(p.names)
	}
}

// TestLogs: a fault is logged with its cause and the call's id; what went well
// is not logged above debug level.
func TestLogs(t *testing.T) {
	var mu sync.Mutex
	var b strings.Builder
	f := serve(t, func(c *Config) {
		c.Logger = slog.New(slog.NewJSONHandler(lockedWriter{&mu, &b}, nil))
	})
	ctx := metadata.AppendToOutgoingContext(t.Context(), requestIDKey, "call-1")
	f.clean.Clean(ctx, &pb.CleanRequest{Document: textDoc("fault", "text")})
	f.clean.Clean(metadata.AppendToOutgoingContext(t.Context(), requestIDKey, "call-2"), &pb.CleanRequest{Document: textDoc("", "text")})
	f.clean.Clean(metadata.AppendToOutgoingContext(t.Context(), requestIDKey, "call-3"), &pb.CleanRequest{Document: textDoc("panic", "text")})
	mu.Lock()
	defer mu.Unlock()
	got := b.String()
	for _, want := range []string{`"error":"secret detail"`, `"request":"call-1"`, `"panic":"secret detail"`, `"request":"call-3"`, `server_test.go`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "call-2") {
		t.Error("a call that went well is logged:", got)
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
