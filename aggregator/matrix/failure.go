package matrix

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.mau.fi/util/retryafter"
	"maunium.net/go/mautrix"

	"presence/spaces"
)

// Kind says what to do about a failed request.
type Kind uint8

// The closed set of kinds.
const (
	Retry       Kind = iota // network, 5xx, an answer that makes no sense: again, ever more slowly
	RateLimited             // 429: again after Failure.RetryAfter
	SoftLogout              // the access token ended, the session did not: renew it
	LoggedOut               // the session is gone
	Locked                  // the account is locked or deactivated: only an operator helps
	Forbidden               // no right to this one thing; not a fault of the session
	NotFound                // no such room, alias or filter
	Rejected                // the server does not accept the request: a stale cursor, a filter it forgot
)

// maxRetryAfter bounds how long a server may make us wait.
const maxRetryAfter = 10 * time.Minute

// Failure is a failed request, sorted.
type Failure struct {
	Kind       Kind
	RetryAfter time.Duration // RateLimited only; zero when the server did not say
	Status     int           // HTTP status; 0 when there was no answer
	Code       string        // Matrix errcode; empty when the answer had none
}

// Classify sorts err by errcode and status, never by text. A nil error has no
// meaning here.
func Classify(err error) Failure {
	var own *spaces.Error
	if errors.As(err, &own) && own.Code == spaces.CodeUnauthenticated {
		return Failure{Kind: LoggedOut}
	}
	if errors.Is(err, errNotJSON) || errors.Is(err, errNoToken) {
		return Failure{Kind: Retry, Status: http.StatusOK}
	}
	var e mautrix.HTTPError
	if !errors.As(err, &e) || e.Response == nil {
		return Failure{Kind: Retry}
	}
	f := Failure{Status: e.Response.StatusCode}
	if e.RespError != nil {
		f.Code = e.RespError.ErrCode
	}
	f.Kind = kindOf(f, e.RespError)
	if f.Kind == RateLimited {
		f.RetryAfter = retryAfter(e)
	}
	return f
}

func kindOf(f Failure, answer *mautrix.RespError) Kind {
	switch f.Code {
	case "M_USER_LOCKED", "M_USER_DEACTIVATED", "M_USER_SUSPENDED":
		return Locked
	case "M_UNKNOWN_TOKEN", "M_MISSING_TOKEN":
		if soft, _ := answer.ExtraData["soft_logout"].(bool); soft {
			return SoftLogout
		}
		return LoggedOut
	case "M_LIMIT_EXCEEDED":
		return RateLimited
	}
	switch {
	case f.Status == http.StatusTooManyRequests:
		return RateLimited
	case f.Code == "" || f.Status >= 500:
		// Without an errcode it is a proxy that speaks, not the homeserver: its
		// 401 or 404 says nothing about our session or our rooms.
		return Retry
	case f.Status == http.StatusForbidden:
		return Forbidden
	case f.Status == http.StatusNotFound:
		return NotFound
	}
	return Rejected
}

// retryAfter reads the Retry-After header (specification 1.10 and later), else
// the deprecated retry_after_ms, which is all that older servers send.
func retryAfter(e mautrix.HTTPError) time.Duration {
	wait := time.Duration(0)
	if e.RespError != nil {
		if ms, ok := e.RespError.ExtraData["retry_after_ms"].(float64); ok && ms > 0 && ms < float64(maxRetryAfter/time.Millisecond) {
			wait = time.Duration(ms) * time.Millisecond
		}
	}
	if header := e.Response.Header.Get("Retry-After"); header != "" {
		wait = retryafter.Parse(header, wait)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// failed names the operation in an error from mautrix, whose own text for a
// proxy's answer would be a bare status.
func failed(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", operation, err)
}
