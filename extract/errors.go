package extract

import (
	"context"
	"fmt"
)

// A Reason says in one word why a page could not be extracted. The words are
// stable: they travel on the wire and into output files.
type Reason string

// The reasons for which Extract fails.
const (
	HTMLTooDeep    Reason = "HTML_TOO_DEEP"   // elements nested more than 512 deep
	InputTooLarge  Reason = "INPUT_TOO_LARGE" // more bytes or nodes than Limits allow
	CharsetUnknown Reason = "CHARSET_UNKNOWN" // Page.Charset names no known charset and the page is not UTF-8
	Deadline       Reason = "DEADLINE"        // the context ended
	InvalidOption  Reason = "INVALID_OPTION"  // an Options field or Page.URL that cannot be used
	EngineFailed   Reason = "ENGINE_FAILED"   // the readability engine or a converter gave up on this page
)

// An Error is the failure of one page. Get at it with errors.As.
type Error struct {
	Reason  Reason
	Message string // one plain sentence, fit for the page's sender
	Err     error  // the cause, or nil; for logs, not for the wire
}

// Error returns the reason and the message.
func (e *Error) Error() string { return "extract: " + string(e.Reason) + ": " + e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func fail(r Reason, cause error, format string, args ...any) *Error {
	return &Error{Reason: r, Message: fmt.Sprintf(format, args...), Err: cause}
}

// alive returns the error for a context that has ended, else nil.
func alive(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return fail(Deadline, err, "the time for this page ran out")
	}
	return nil
}

// A WarningCode names something that a reader of the result should know.
type WarningCode string

// The warnings. None of them stops an extraction.
const (
	NoArticle      WarningCode = "NO_ARTICLE"      // the engine found no article; the text is empty
	NotHTML        WarningCode = "NOT_HTML"        // the source is plainly something else, such as gzip
	CharsetGuessed WarningCode = "CHARSET_GUESSED" // nothing usable named the charset
	CharsetLabel   WarningCode = "CHARSET_LABEL"   // a label was unknown or did not fit the bytes, and was passed over
	CharsetDamaged WarningCode = "CHARSET_DAMAGED" // some bytes could not be decoded and stand as U+FFFD
)

// A Warning is a code and a sentence about this page.
type Warning struct {
	Code    WarningCode
	Message string
}

func warn(c WarningCode, format string, args ...any) Warning {
	return Warning{Code: c, Message: fmt.Sprintf(format, args...)}
}
