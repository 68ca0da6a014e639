package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"presence/gateway/wire"
	"presence/spaces"
)

// huma has one place for the form of errors, and it is global.
//
//nolint:gochecknoinits // see above
func init() { huma.NewError = newProblem }

// newProblem puts huma's own refusals (validation, unreadable bodies) into the
// one form. The offending values huma offers are left out: one of them might be
// a secret.
func newProblem(status int, message string, causes ...error) huma.StatusError {
	p := wire.PlainProblem(status, codeOf(status), message)
	for _, cause := range causes {
		var detailer huma.ErrorDetailer
		if errors.As(cause, &detailer) {
			d := detailer.ErrorDetail()
			p.Errors = append(p.Errors, wire.ProblemDetail{Location: d.Location, Message: d.Message})
		}
	}
	if len(p.Errors) > 0 {
		p.Detail += ": " + p.Errors[0].Location + ": " + p.Errors[0].Message
		p.Text = p.Detail
	}
	return p
}

// codeOf is the code of a status that huma chose. Statuses of our own errors
// come from their code, in package wire.
func codeOf(status int) spaces.Code {
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return spaces.CodeTooLarge
	case status >= http.StatusInternalServerError:
		return spaces.CodeInternal
	default:
		return spaces.CodeInvalid
	}
}

// refuse turns the error of a handler into the one form and logs what an
// operator should look at.
func (a *API) refuse(ctx context.Context, op huma.Operation, err error) error {
	switch spaces.Told(err).Code {
	case spaces.CodeInternal:
		a.log.ErrorContext(ctx, "request failed", "operation", op.Path, "error", err)
	case spaces.CodeUnavailable:
		a.log.WarnContext(ctx, "request refused for now", "operation", op.Path, "error", err)
		return huma.ErrorWithHeaders(wire.NewProblem(err), http.Header{"Retry-After": {wire.RetryAfter}})
	case spaces.CodeInvalid, spaces.CodeUnauthenticated, spaces.CodeForbidden, spaces.CodeNotFound,
		spaces.CodeConflict, spaces.CodeTooLarge, spaces.CodeRateLimited:
		// the caller's to mend
	}
	return wire.NewProblem(err)
}
