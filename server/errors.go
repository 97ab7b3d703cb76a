package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"winnow/extract"
	pb "winnow/proto/winnow/v1"
)

// ErrorDomain is the domain of every ErrorInfo that a Server sends.
const ErrorDomain = "winnow"

// A reason is the machine-readable cause of a failure, as ErrorInfo carries it.
type reason = extract.Reason

// The reasons besides those of extract.
const (
	encodingBroken  reason = "ENCODING_BROKEN"
	messageBroken   reason = "MESSAGE_BROKEN"
	overloaded      reason = "OVERLOADED"
	cancelled       reason = "CANCELLED"
	rulesNotAllowed reason = "RULES_NOT_ALLOWED"
	rulesBroken     reason = "RULES_BROKEN"
	ruleUnknown     reason = "RULE_UNKNOWN"
	pageToken       reason = "PAGE_TOKEN"
	shuttingDown    reason = "SHUTTING_DOWN"
	unauthenticated reason = "UNAUTHENTICATED"
	noRecord        reason = "NO_RECORD"
	internal        reason = "INTERNAL"
)

// retryAfter is what RetryInfo asks a client to wait. Clients add their own
// jitter and back off further.
const retryAfter = 200 * time.Millisecond

// The limits on what an error says. Errors travel in HTTP/2 trailers, and
// clients refuse trailers of more than some 16 KiB.
const (
	maxDetails = 20  // violations in one error
	maxMessage = 600 // bytes of a message or a description
)

// short returns s in a form that fits into an error.
func short(s string) string {
	if len(s) > maxMessage {
		s = s[:maxMessage] + " ..."
	}
	return validUTF8(s)
}

// fail returns an error that travels as it is.
func fail(code codes.Code, r reason, msg string, details ...protoadapt.MessageV1) error {
	st := status.New(code, short(msg))
	all := append([]protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: string(r), Domain: ErrorDomain}}, details...)
	if with, err := st.WithDetails(all...); err == nil {
		st = with
	}
	return st.Err()
}

// A violation names a request field that cannot be used, by its path in the
// message, and says why.
type violation struct{ field, why string }

// invalid returns an INVALID_ARGUMENT for fields that cannot be used.
func invalid(r reason, vs ...violation) error {
	bad := &errdetails.BadRequest{}
	var msg []string
	for _, v := range vs[:min(len(vs), maxDetails)] {
		bad.FieldViolations = append(bad.FieldViolations,
			&errdetails.BadRequest_FieldViolation{Field: v.field, Description: short(v.why)})
		msg = append(msg, v.field+": "+v.why)
	}
	return fail(codes.InvalidArgument, r, strings.Join(msg, "; "), bad)
}

// brokenRules returns the error for packs with mistakes that came in a request.
func brokenRules(field string, err error) error {
	var vs []violation
	for _, m := range mistakesOf(err) {
		vs = append(vs, violation{field, placeIn(m) + ": " + m.GetMessage()})
	}
	return invalid(rulesBroken, vs...)
}

// brokenFolders returns the error for a reload that failed.
func brokenFolders(err error) error {
	why := &errdetails.PreconditionFailure{}
	all := mistakesOf(err)
	msg := fmt.Sprintf("the old rules stay in force: %s, the first at %s: %s", fmt.Sprint(len(all), " mistakes"), placeIn(all[0]), all[0].GetMessage())
	if len(all) == 1 {
		msg = fmt.Sprintf("the old rules stay in force: %s: %s", placeIn(all[0]), all[0].GetMessage())
	}
	if all[0].GetPack() == "" {
		msg = "the old rules stay in force: " + all[0].GetMessage() + "; the log of the server says why"
	}
	for _, m := range all[:min(len(all), maxDetails)] {
		why.Violations = append(why.Violations, &errdetails.PreconditionFailure_Violation{
			Type: string(rulesBroken), Subject: placeIn(m), Description: short(m.GetMessage())})
	}
	return fail(codes.FailedPrecondition, rulesBroken, msg, why)
}

// placeIn returns where a mistake is, as "pack:line:column".
func placeIn(m *pb.Mistake) string {
	if m.GetLine() == 0 {
		return m.GetPack()
	}
	return fmt.Sprintf("%s:%d:%d", m.GetPack(), m.GetLine(), m.GetColumn())
}

func retryInfo() protoadapt.MessageV1 {
	return &errdetails.RetryInfo{RetryDelay: durationpb.New(retryAfter)}
}

func tooMuch(what string) error {
	return fail(codes.ResourceExhausted, overloaded, what, retryInfo())
}

func tooLarge(what string, limit int) error {
	return fail(codes.ResourceExhausted, extract.InputTooLarge, fmt.Sprintf("%s is over the limit of %d bytes", what, limit))
}

func stopping() error {
	return fail(codes.Unavailable, shuttingDown, "the server is shutting down", retryInfo())
}

// ended returns the error for a context that has ended.
func ended(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fail(codes.Canceled, cancelled, "the caller gave up")
	}
	return fail(codes.DeadlineExceeded, extract.Deadline, "the time for this document ran out")
}

// wire turns an error of the domain into one that may travel. What it does not
// know becomes INTERNAL and keeps its text to itself; known says whether it did.
func wire(ctx context.Context, err error) (out error, known bool) {
	if _, ok := status.FromError(err); ok {
		return err, true
	}
	var e *extract.Error
	switch {
	case errors.As(err, &e):
		switch e.Reason {
		case extract.Deadline:
			return ended(ctx), true
		case extract.InputTooLarge:
			return fail(codes.ResourceExhausted, e.Reason, e.Message), true
		case extract.CharsetUnknown:
			return invalid(e.Reason, violation{"document.charset", e.Message}), true
		case extract.InvalidOption, extract.HTMLTooDeep:
			return fail(codes.InvalidArgument, e.Reason, e.Message), true
		case extract.EngineFailed:
			return fail(codes.Internal, e.Reason, e.Message), false
		}
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		return ended(ctx), true
	}
	return fail(codes.Internal, internal, "an internal error"), false
}

// reasonOf returns the reason that err carries, for logs and metrics.
func reasonOf(err error) string {
	st, _ := status.FromError(err)
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return strings.ToUpper(st.Code().String())
}

// validUTF8 returns s in a form that a proto string may hold.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
