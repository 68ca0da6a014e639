package spaces

import (
	"errors"
	"fmt"
	"net"
)

// Code says what kind of failure an [Error] is. HTTP statuses and WebSocket
// close codes are derived from it, each in one place.
type Code string

// The closed set of codes.
const (
	CodeInvalid         Code = "invalid"         // the input breaks a rule; Field names where
	CodeUnauthenticated Code = "unauthenticated" // no credential, or one that proves nothing
	CodeForbidden       Code = "forbidden"       // a proven identity without the right
	CodeNotFound        Code = "not_found"
	CodeConflict        Code = "conflict"     // the thing is already there, or changed meanwhile
	CodeTooLarge        Code = "too_large"    // the input is over a size limit
	CodeRateLimited     Code = "rate_limited" // too often; try again later
	CodeUnavailable     Code = "unavailable"  // a part we depend on does not answer
	CodeInternal        Code = "internal"     // our fault; details are for operators only
)

// Error is a failure that may be shown to the person who caused it. Message
// and Fix are written for that person and never hold secrets, stack traces or
// text from other systems; the wrapped Err is for operators' logs.
type Error struct {
	Code    Code
	Field   string // the input at fault, as the caller spells it; empty when none
	Message string // what is wrong and the rule it breaks
	Fix     string // what to do about it; empty when the message says it
	Err     error  // the cause, never shown to clients
}

// Error joins field, message and cause for logs.
func (e *Error) Error() string {
	text := e.Message
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Invalid returns an error that says which field breaks which rule.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// ErrorCode returns the code of the first [Error] in err's chain, CodeInternal
// for any other error and the empty code for nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// Told is what a client is told of err: the first [Error] in its chain. Of any
// other it learns no more than whether a connection of ours failed, which mends
// itself, or something else did, which does not. Never nil.
func Told(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return &Error{Code: CodeUnavailable, Message: "a part of this server is out of reach for now", Fix: "Try again in a few seconds", Err: err}
	}
	return &Error{
		Code: CodeInternal, Message: "something went wrong on our side",
		Fix: "Try again; if it stays, tell the operator when it happened", Err: err,
	}
}
