// Package client talks to a winnow server.
//
//	c, err := client.Dial("localhost:7464")
//	if err != nil { ... }
//	defer c.Close()
//	res, err := c.Clean(ctx, client.Document{Text: []byte("...")}, client.Options{})
//
// Calls that failed for reasons of the network or of load are made again, within
// a budget, as long as their context allows: cleaning changes nothing, so it may
// be done twice. Many documents go through one stream; see Client.Stream.
package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	pb "winnow/proto/winnow/v1"
	"winnow/text"
)

// A Client is a connection to a server. It is safe for concurrent use.
type Client struct {
	conn   *grpc.ClientConn
	clean  pb.CleanServiceClient
	rules  pb.RuleServiceClient
	audit  pb.AuditServiceClient
	retry  retrier
	window int

	maxItem int // bytes of one document on a stream, with its fields
}

// An Option changes how Dial connects.
type Option func(*config) error

type config struct {
	tls        *tls.Config
	token      string
	attempts   int
	window     int
	maxMessage int
	grpc       []grpc.DialOption
}

// The defaults of the options.
const (
	DefaultAttempts   = 5        // WithAttempts
	DefaultWindow     = 32       // WithWindow
	DefaultMaxMessage = 25 << 20 // WithMaxMessage, in bytes
)

// WithTLS connects with TLS by cfg. Nil stands for the system's certificate
// authorities.
func WithTLS(cfg *tls.Config) Option {
	return func(c *config) error {
		if cfg == nil {
			cfg = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		c.tls = cfg
		return nil
	}
}

// WithTLSFiles connects with TLS. caFile holds the certificates, in PEM, of the
// authorities to trust; empty means the system's. certFile and keyFile are the
// client's own, for servers that ask for one; both may be empty.
func WithTLSFiles(caFile, certFile, keyFile string) Option {
	return func(c *config) error {
		cfg := &tls.Config{MinVersion: tls.VersionTLS12}
		if caFile != "" {
			pem, err := os.ReadFile(caFile)
			if err != nil {
				return fmt.Errorf("client: certificate authorities: %w", err)
			}
			cfg.RootCAs = x509.NewCertPool()
			if !cfg.RootCAs.AppendCertsFromPEM(pem) {
				return fmt.Errorf("client: no PEM certificate in %s", caFile)
			}
		}
		if (certFile == "") != (keyFile == "") {
			return errors.New("client: a certificate and its key go together, and one is not given")
		}
		if certFile != "" {
			cert, err := tls.LoadX509KeyPair(certFile, keyFile)
			if err != nil {
				return fmt.Errorf("client: certificate: %w", err)
			}
			cfg.Certificates = []tls.Certificate{cert}
		}
		c.tls = cfg
		return nil
	}
}

// WithToken sends a bearer token with every call. Without TLS Dial refuses to
// send it to another machine.
func WithToken(token string) Option {
	return func(c *config) error { c.token = token; return nil }
}

// WithAttempts bounds how often one call is made, the first time included.
// 1 never retries.
func WithAttempts(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return errors.New("client: fewer than 1 attempt")
		}
		c.attempts = n
		return nil
	}
}

// WithWindow bounds how many documents of one stream are on the way at once.
func WithWindow(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return errors.New("client: a window smaller than 1")
		}
		c.window = n
		return nil
	}
}

// WithMaxMessage bounds the messages that are sent, in bytes; those received may
// be twice as large. The default fits a server with its default limit on
// documents: a server's is four times that limit, and 1 MiB.
func WithMaxMessage(n int) Option {
	return func(c *config) error {
		if n < 1 {
			return errors.New("client: a message limit smaller than 1")
		}
		c.maxMessage = n
		return nil
	}
}

// WithGRPC passes options on to gRPC, such as interceptors and stats handlers.
func WithGRPC(opts ...grpc.DialOption) Option {
	return func(c *config) error { c.grpc = append(c.grpc, opts...); return nil }
}

// Dial returns a Client for the server at addr, which is a host and a port or
// any target that gRPC knows. It does not wait for the connection: a server that
// cannot be reached shows in the first call.
func Dial(addr string, opts ...Option) (*Client, error) {
	cfg := config{attempts: DefaultAttempts, window: DefaultWindow, maxMessage: DefaultMaxMessage}
	for _, o := range opts {
		if err := o(&cfg); err != nil {
			return nil, err
		}
	}
	if cfg.token != "" && cfg.tls == nil && !loopback(addr) {
		return nil, errors.New("client: a token must not travel to another machine without TLS")
	}
	creds := insecure.NewCredentials()
	if cfg.tls != nil {
		creds = credentials.NewTLS(cfg.tls)
	}
	dial := []grpc.DialOption{
		grpc.WithTransportCredentials(creds),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(2*cfg.maxMessage), grpc.MaxCallSendMsgSize(cfg.maxMessage)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 20 * time.Second}),
		grpc.WithUserAgent("winnow"),
	}
	if cfg.token != "" {
		dial = append(dial, grpc.WithPerRPCCredentials(bearer{cfg.token, cfg.tls != nil}))
	}
	conn, err := grpc.NewClient(addr, append(dial, cfg.grpc...)...)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return &Client{
		conn:   conn,
		clean:  pb.NewCleanServiceClient(conn),
		rules:  pb.NewRuleServiceClient(conn),
		audit:  pb.NewAuditServiceClient(conn),
		retry:  retrier{attempts: cfg.attempts, tokens: retryBurst},
		window: cfg.window,
		// Room for the options, and for the frame of the message.
		maxItem: cfg.maxMessage - min(1<<20, cfg.maxMessage/8),
	}, nil
}

// Close ends all calls and the connection.
func (c *Client) Close() error { return c.conn.Close() }

// loopback reports whether a target names this machine.
func loopback(addr string) bool {
	addr = addr[strings.LastIndex(addr, "/")+1:]
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// bearer sends a token.
type bearer struct {
	token  string
	secure bool
}

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + b.token}, nil
}

func (b bearer) RequireTransportSecurity() bool { return b.secure }

// Clean makes one document clean. Errors of the server are of type *Error.
func (c *Client) Clean(ctx context.Context, doc Document, o Options) (*Result, error) {
	m, options, err := request(doc, o)
	if err != nil {
		return nil, err
	}
	req := &pb.CleanRequest{Document: m, Options: options}
	resp, err := call(ctx, &c.retry, func() (*pb.CleanResponse, error) { return c.clean.Clean(ctx, req) })
	if err != nil {
		return nil, err
	}
	return resultOf(resp.GetResult(), doc, o), nil
}

// Explain says why the bytes of span in the document's extracted text (the text
// itself for text) were removed or kept. Where o.Unit is set, span counts in it.
func (c *Client) Explain(ctx context.Context, doc Document, span text.Span, o Options) (*Explanation, error) {
	m, options, err := request(doc, o)
	if err != nil {
		return nil, err
	}
	req := &pb.ExplainRequest{Document: m, Options: options,
		Place: &pb.ExplainRequest_Range{Range: &pb.Range{Start: int32(span.Start), End: int32(span.End)}}}
	resp, err := call(ctx, &c.retry, func() (*pb.ExplainResponse, error) { return c.clean.Explain(ctx, req) })
	if err != nil {
		return nil, err
	}
	return explanationOf(resp), nil
}

func request(doc Document, o Options) (*pb.Document, *pb.CleanOptions, error) {
	m, err := doc.proto()
	if err != nil {
		return nil, nil, err
	}
	options, err := o.proto()
	return m, options, err
}
