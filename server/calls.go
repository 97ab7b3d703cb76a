package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// calls surrounds every call: it gives it an id, lets it in or not, turns a
// panic into an error, counts and logs it.
type calls struct {
	log     *slog.Logger
	metrics *metrics
	tokens  [][sha256.Size]byte
	refuse  func(method string) error // for methods that nothing can answer
}

// requestIDKey is the header that carries the id of a call, both ways.
const requestIDKey = "x-request-id"

// minToken is the shortest bearer token, in bytes. A shorter one can be guessed.
const minToken = 16

func (c *calls) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
	ctx, end := c.begin(ctx, info.FullMethod)
	defer func() { err = end(recover(), err) }()
	if err := cmp.Or(c.allow(ctx, info.FullMethod), c.refuse(info.FullMethod), decoded(req)); err != nil {
		return nil, err
	}
	return next(ctx, req)
}

func (c *calls) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	ctx, end := c.begin(ss.Context(), info.FullMethod)
	defer func() { err = end(recover(), err) }()
	if err := cmp.Or(c.allow(ctx, info.FullMethod), c.refuse(info.FullMethod)); err != nil {
		return err
	}
	return next(srv, streamWith{ss, ctx})
}

// streamWith is a stream with another context. Its RecvMsg returns an error for a
// message that cannot be decoded, and the next one can be received after it.
type streamWith struct {
	grpc.ServerStream
	ctx context.Context
}

func (s streamWith) Context() context.Context { return s.ctx }

func (s streamWith) RecvMsg(m any) error { return cmp.Or(s.ServerStream.RecvMsg(m), decoded(m)) }

// begin gives the call its id. The function it returns takes what was recovered
// and the handler's error, and returns the error that travels.
func (c *calls) begin(ctx context.Context, method string) (context.Context, func(panicked any, err error) error) {
	began := time.Now()
	id := requestID(ctx)
	ctx = context.WithValue(ctx, idKey{}, id)
	grpc.SetHeader(ctx, metadata.Pairs(requestIDKey, id)) // fails only after headers went out; they have not
	return ctx, func(panicked any, err error) error {
		if panicked != nil {
			err = c.panicked(ctx, panicked)
		}
		if _, ok := status.FromError(err); !ok {
			c.log.ErrorContext(ctx, "internal error", "request", id, "method", method, "error", err)
			err, _ = wire(ctx, err)
		}
		c.ended(ctx, method, id, began, err)
		return err
	}
}

func (c *calls) panicked(ctx context.Context, what any) error {
	c.metrics.panics.Inc()
	c.log.ErrorContext(ctx, "panic", "request", idOf(ctx), "panic", what, "stack", string(debug.Stack()))
	return fail(codes.Internal, internal, "an internal error")
}

// ended counts a call and logs it: what went well at debug level, what the
// caller did wrong at info, what is the server's own fault at error.
func (c *calls) ended(ctx context.Context, method, id string, began time.Time, err error) {
	code, took := status.Code(err), time.Since(began)
	c.metrics.calls.WithLabelValues(method, code.String()).Inc()
	c.metrics.callSeconds.WithLabelValues(method).Observe(took.Seconds())
	level := slog.LevelInfo
	switch code {
	case codes.OK:
		level = slog.LevelDebug
	case codes.Internal, codes.Unknown, codes.DataLoss:
		level = slog.LevelError
	}
	if !c.log.Enabled(ctx, level) {
		return
	}
	attrs := []any{"request", id, "method", method, "code", code.String(), "seconds", took.Seconds()}
	if p, ok := peer.FromContext(ctx); ok {
		attrs = append(attrs, "peer", p.Addr.String())
	}
	if err != nil {
		attrs = append(attrs, "reason", reasonOf(err), "message", status.Convert(err).Message())
	}
	c.log.Log(ctx, level, "call", attrs...)
}

type idKey struct{}

// idOf returns the id of the call that ctx belongs to.
func idOf(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}

// requestID returns the id that the caller gave, where it is printable ASCII of
// at most 128 bytes, else a new one.
func requestID(ctx context.Context) string {
	if vs := metadata.ValueFromIncomingContext(ctx, requestIDKey); len(vs) == 1 && 0 < len(vs[0]) && len(vs[0]) <= 128 {
		if !strings.ContainsFunc(vs[0], func(r rune) bool { return r <= ' ' || r > '~' }) {
			return vs[0]
		}
	}
	return rand.Text()
}

// free reports whether a method needs no token and no place: orchestrators ask
// for health without either.
func free(method string) bool {
	return strings.HasPrefix(method, "/"+healthpb.Health_ServiceDesc.ServiceName+"/")
}

func hashTokens(tokens []string) [][sha256.Size]byte {
	var hs [][sha256.Size]byte
	for _, t := range tokens {
		hs = append(hs, sha256.Sum256([]byte(t)))
	}
	return hs
}

// allow lets a call in that carries one of the tokens. It compares hashes, all
// of them, so that the time it takes tells nothing of a token.
func (c *calls) allow(ctx context.Context, method string) error {
	if len(c.tokens) == 0 || free(method) {
		return nil
	}
	given, ok := "", false
	if vs := metadata.ValueFromIncomingContext(ctx, "authorization"); len(vs) == 1 {
		scheme, token, found := strings.Cut(vs[0], " ")
		given, ok = token, found && strings.EqualFold(scheme, "bearer")
	}
	h, match := sha256.Sum256([]byte(given)), 0
	for _, t := range c.tokens {
		match |= subtle.ConstantTimeCompare(h[:], t[:])
	}
	if !ok || match == 0 {
		return fail(codes.Unauthenticated, unauthenticated, "the call carries no bearer token that the server knows")
	}
	return nil
}
