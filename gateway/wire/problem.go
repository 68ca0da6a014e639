package wire

import (
	"encoding/json"
	"net/http"
	"strings"

	"presence/spaces"
)

// ProblemType is the media type of a [Problem] (RFC 9457).
const ProblemType = "application/problem+json"

// RetryAfter is what a refusal with 503 says to programs, in seconds: what is
// away is usually back at once.
const RetryAfter = "1"

// Problem is the one form in which every HTTP path of the gateway refuses:
// RFC 9457 with our machine code, and the text once more as "error" for clients
// of the first API, which read only that.
type Problem struct {
	Title  string          `json:"title" doc:"The HTTP status in words"`
	Status int             `json:"status" doc:"The HTTP status"`
	Detail string          `json:"detail" doc:"What is wrong, the rule it breaks and what to do about it"`
	Code   spaces.Code     `json:"code" enum:"invalid,unauthenticated,forbidden,not_found,conflict,too_large,rate_limited,unavailable,internal" doc:"The kind of failure, for programs"`
	Text   string          `json:"error" doc:"The same as detail, for old clients"`
	Errors []ProblemDetail `json:"errors" nullable:"false" doc:"Each input at fault; may be empty"`
}

// ProblemDetail names one input at fault. The offending value is never
// repeated: it may be a secret.
type ProblemDetail struct {
	Location string `json:"location" doc:"The input at fault, for example query.sort or body.token"`
	Message  string `json:"message" doc:"The rule it breaks"`
}

// Error returns the detail, so that a Problem can travel as an error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status, which is what huma asks an error for.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType turns the negotiated JSON type into the problem type, which is
// what huma asks a body for.
func (p *Problem) ContentType(string) string { return ProblemType }

// HTTPStatus is the only place where a code becomes an HTTP status.
func HTTPStatus(code spaces.Code) int {
	switch code {
	case spaces.CodeInvalid:
		return http.StatusUnprocessableEntity
	case spaces.CodeUnauthenticated:
		return http.StatusUnauthorized
	case spaces.CodeForbidden:
		return http.StatusForbidden
	case spaces.CodeNotFound:
		return http.StatusNotFound
	case spaces.CodeConflict:
		return http.StatusConflict
	case spaces.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case spaces.CodeRateLimited:
		return http.StatusTooManyRequests
	case spaces.CodeUnavailable:
		return http.StatusServiceUnavailable
	case spaces.CodeInternal:
		return http.StatusInternalServerError
	default:
		return http.StatusInternalServerError
	}
}

// NewProblem builds the form for any error. An error that is no [spaces.Error]
// is ours alone: the client learns that it happened and nothing more.
func NewProblem(err error) *Problem {
	e := spaces.Told(err)
	message := e.Message
	if e.Field != "" && (e.Code == spaces.CodeInvalid || e.Code == spaces.CodeTooLarge) {
		message = e.Field + ": " + message // clients of the first API read the text alone
	}
	p := PlainProblem(HTTPStatus(e.Code), e.Code, sentences(message, e.Fix))
	if e.Field != "" {
		p.Errors = append(p.Errors, ProblemDetail{Location: e.Field, Message: e.Message})
	}
	return p
}

// PlainProblem builds the form for a status that no code stands for, such as
// 405 or 415.
func PlainProblem(status int, code spaces.Code, detail string) *Problem {
	return &Problem{
		Title: http.StatusText(status), Status: status, Code: code,
		Detail: detail, Text: detail, Errors: []ProblemDetail{},
	}
}

// Full refuses one more live connection of a kind, such as "sockets", when the
// process holds as many as it may.
func Full(kind string) *spaces.Error {
	return &spaces.Error{
		Code: spaces.CodeUnavailable, Message: "this server holds as many " + kind + " as it can",
		Fix: "Try again in a moment; the operator can add another gateway",
	}
}

// WriteProblem answers a request with the form for err.
func WriteProblem(w http.ResponseWriter, err error) { NewProblem(err).Write(w) }

// Write answers a request with the form. It is never cached: the next request
// may be fine.
func (p *Problem) Write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", ProblemType)
	h.Set("Cache-Control", "no-store")
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer") // RFC 9110 15.5.2 demands a challenge
	}
	if p.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", RetryAfter)
	}
	w.WriteHeader(p.Status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(p) // the client went away; there is nobody left to tell
}

func sentences(parts ...string) string {
	var text []string
	for _, p := range parts {
		if p = strings.TrimRight(p, ". "); p != "" {
			text = append(text, p)
		}
	}
	return strings.Join(text, ". ")
}
