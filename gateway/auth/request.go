package auth

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

// ErrNoCredential is in the chain of the error for a request that carries no
// credential at all, as opposed to a bad one.
var ErrNoCredential = errors.New("no credential")

// FromRequest finds the credential of a request and checks it. Places are
// tried in this order and the first that holds one decides: Authorization (a
// token, or <signature>:<account> with X-Challenge), the x-account,
// x-challenge, x-pubkey and x-signature headers of old clients,
// Sec-WebSocket-Protocol (bearer.<jwt>), ?ticket=, ?token= when that is on.
// Expires is when the right ends; the zero Viewer is never returned without an
// error. The error is a [spaces.Error]; its field says where the credential
// was.
func (a *Auth) FromRequest(r *http.Request) (spaces.Viewer, time.Time, error) {
	return a.fromRequest(r, audienceOf(r))
}

func (a *Auth) fromRequest(r *http.Request, audience string) (spaces.Viewer, time.Time, error) {
	v, expires, err := a.checkRequest(r, audience)
	if refusal, ok := errors.AsType[*spaces.Error](err); ok && refusal.Fix == fixLogin && forSocket(r) {
		refusal.Fix = fixSocket
	}
	if err == nil {
		v.Network = a.network(r.Context())
	}
	return v, expires, err
}

func (a *Auth) checkRequest(r *http.Request, audience string) (spaces.Viewer, time.Time, error) {
	if p, found := signatureIn(r.Header); found {
		return a.fromSignature(r.Context(), p)
	}
	token, field, err := a.findToken(r)
	if err != nil {
		return spaces.Viewer{}, time.Time{}, err
	}
	if field == fieldTicket {
		return a.redeem(r.Context(), token)
	}
	return a.fromToken(token, field, audience)
}

// fromToken checks a token that was found at field.
func (a *Auth) fromToken(token, field, audience string) (spaces.Viewer, time.Time, error) {
	v, expires, err := a.viewer(token, audience)
	if refusal, ok := errors.AsType[*spaces.Error](err); ok {
		refusal.Field = field
	}
	return v, expires, err
}

// Anyone is FromRequest for places that are open to everybody: a request
// without a credential is the zero Viewer, who sees public rooms, and never
// expires (zero time). A bad credential is still an error, because its holder
// believes to be somebody and would not understand what is missing. A mere name
// is none: the shipped wallet says it wherever it signs nothing.
func (a *Auth) Anyone(r *http.Request) (spaces.Viewer, time.Time, error) {
	if named(r.Header) {
		return spaces.Viewer{}, time.Time{}, nil
	}
	v, expires, err := a.FromRequest(r)
	if errors.Is(err, ErrNoCredential) {
		return spaces.Viewer{}, time.Time{}, nil
	}
	return v, expires, err
}

const (
	fieldHeader      = "header.Authorization"
	fieldSubprotocol = "header.Sec-WebSocket-Protocol"
	fieldTicket      = "query.ticket"
	fieldQuery       = "query.token"
)

func (a *Auth) findToken(r *http.Request) (token, field string, err error) {
	if token, err := bearer(r.Header.Get("Authorization")); token != "" || err != nil {
		return token, fieldHeader, err
	}
	if token := subprotocolToken(r.Header.Values("Sec-WebSocket-Protocol")); token != "" {
		return token, fieldSubprotocol, nil
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", "", spaces.Invalid("query", "is not a readable query string")
	}
	if ticket := query.Get("ticket"); ticket != "" {
		return ticket, fieldTicket, nil
	}
	token = query.Get("token")
	switch {
	case token == "":
		return "", "", noCredential()
	case !a.queryToken:
		return "", "", &spaces.Error{
			Code: spaces.CodeUnauthenticated, Field: fieldQuery,
			Message: "tokens in the URL are switched off, because URLs end up in logs",
			Fix:     "Get a one-time ticket by POST /api/auth/ticket and use ?ticket=, or send the header Authorization: Bearer <token>",
		}
	}
	return token, fieldQuery, nil
}

// bearer reads an Authorization header. Basic belongs to a proxy in front of
// us, which browsers then send with every request; anything else is a mistake
// worth a sentence.
func bearer(header string) (string, error) {
	scheme, rest, _ := strings.Cut(header, " ")
	switch {
	case header == "" || strings.EqualFold(scheme, "Basic"):
		return "", nil
	case strings.EqualFold(scheme, "Bearer") && strings.TrimSpace(rest) != "":
		return strings.TrimSpace(rest), nil
	}
	err := refuse("the Authorization header must be: Bearer <token>")
	err.Field = fieldHeader
	return "", err
}

// subprotocolToken returns the token among the offered subprotocols, which may
// come in one header or several.
func subprotocolToken(headers []string) string {
	for _, header := range headers {
		for offer := range strings.SplitSeq(header, ",") {
			if token, ok := strings.CutPrefix(strings.TrimSpace(offer), wire.BearerPrefix); ok {
				return token
			}
		}
	}
	return ""
}

// audienceOf says what a request wants to use its token for. Sockets and event
// streams are opened by GET alone: whatever else a request says of itself, a
// token for them writes nothing.
func audienceOf(r *http.Request) string {
	if r.Method == http.MethodGet && (forSocket(r) || strings.Contains(r.Header.Get("Accept"), "text/event-stream")) {
		return AudienceRealtime
	}
	return AudienceAPI
}

func forSocket(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

func noCredential() *spaces.Error {
	return &spaces.Error{
		Code:    spaces.CodeUnauthenticated,
		Message: "this needs a token and the request has none",
		Fix:     fixLogin,
		Err:     ErrNoCredential,
	}
}
