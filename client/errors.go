package client

import (
	"context"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// An Error is a failure that the server told, or that gRPC found on the way
// there. Get at it with errors.As.
type Error struct {
	Code    codes.Code // the gRPC code
	Reason  string     // in upper case, such as "INPUT_TOO_LARGE"; empty where the server named none
	Message string     // in English
	Fields  []Field    // the fields of the request that the server refused

	// RetryAfter is how long the server asks to wait before the same call is
	// made again, or 0 where it does not ask for it to be made again.
	RetryAfter time.Duration

	status *status.Status
}

// A Field is a field of a request that cannot be used.
type Field struct {
	Path string // such as "options.budget"
	Why  string
}

// Error returns the message with its reason, or with its code where there is none.
func (e *Error) Error() string {
	if e.Reason != "" {
		return e.Reason + ": " + e.Message
	}
	return e.Code.String() + ": " + e.Message
}

// GRPCStatus returns the status that came over the wire.
func (e *Error) GRPCStatus() *status.Status { return e.status }

// Is reports whether e is what a context's end turns into, so that
// errors.Is(err, context.DeadlineExceeded) holds for a deadline that the
// server saw first.
func (e *Error) Is(target error) bool {
	switch target {
	case context.DeadlineExceeded:
		return e.Code == codes.DeadlineExceeded
	case context.Canceled:
		return e.Code == codes.Canceled
	}
	return false
}

// Temporary reports whether the same call may go well later: the server could
// not be reached or had too much to do.
func (e *Error) Temporary() bool {
	return e.Code == codes.Unavailable || e.Code == codes.ResourceExhausted && e.RetryAfter > 0
}

// errorOf returns the *Error for a status that is not OK.
func errorOf(st *status.Status) *Error {
	e := &Error{Code: st.Code(), Message: st.Message(), status: st}
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			e.Reason = d.GetReason()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				e.Fields = append(e.Fields, Field{v.GetField(), v.GetDescription()})
			}
		case *errdetails.PreconditionFailure:
			for _, v := range d.GetViolations() {
				e.Fields = append(e.Fields, Field{v.GetSubject(), v.GetDescription()})
			}
		case *errdetails.RetryInfo:
			e.RetryAfter = d.GetRetryDelay().AsDuration()
		}
	}
	return e
}
