package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"presence/gateway/auth"
)

type guestInput struct {
	// A header and no body, so that the token is never part of a value that
	// validation could repeat.
	Previous string `header:"Authorization" doc:"Bearer and the guest token this browser had before: its holder stays the same guest. One that is of no use is ignored"`
}

type tokenOutput struct {
	Cache string `header:"Cache-Control"`
	Body  tokenBody
}

type tokenBody struct {
	Token     string     `json:"token"`
	TokenType string     `json:"token_type" enum:"Bearer"`
	ExpiresAt time.Time  `json:"expires_at"`
	ExpiresIn int        `json:"expires_in" doc:"Seconds"`
	Viewer    viewerBody `json:"viewer"`

	RefreshToken     string     `json:"refresh_token,omitempty" doc:"For POST /api/auth/refresh, once. Guests have none: their token brings back the same guest"`
	RefreshExpiresAt *time.Time `json:"refresh_expires_at,omitempty" doc:"When the login ends, however often it is refreshed"`
}

type viewerBody struct {
	Subject string `json:"subject" doc:"Stable name for programs, guest:<id> for guests"`
	Name    string `json:"name" doc:"Name to show"`
	Guest   bool   `json:"guest"`
}

type ticketOutput struct {
	Body ticketBody
}

type ticketBody struct {
	Ticket    string    `json:"ticket" doc:"Good once, as ?ticket= of a socket or an event stream"`
	ExpiresAt time.Time `json:"expires_at"`
	ExpiresIn int       `json:"expires_in" doc:"Seconds"`
}

type jwksOutput struct {
	Cache string `header:"Cache-Control"`
	Body  auth.JWKS
}

func (a *API) registerIdentity(h huma.API) {
	register(a, h, huma.Operation{
		OperationID: "createGuest", Method: http.MethodPost, Path: "/api/auth/guest", Tags: []string{"identity"},
		Summary:     "A token for a visitor",
		Description: "Good for everything public. Limited per address.",
		Security:    openToAll,
	}, a.createGuest)
	register(a, h, huma.Operation{
		OperationID: "createTicket", Method: http.MethodPost, Path: "/api/auth/ticket", Tags: []string{"identity"},
		Summary:     "A one-time ticket in place of a token",
		Description: "For event streams and sockets of clients that cannot send headers. The socket still ends with the token.",
		Security:    tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.createTicket)
	get(a, h, huma.Operation{
		OperationID: "getKeys", Path: "/.well-known/jwks.json", Tags: []string{"identity"},
		Summary: "The public keys of our own tokens",
	}, a.getKeys)
}

func (a *API) createGuest(_ context.Context, in *guestInput) (*tokenOutput, error) {
	_, previous, _ := strings.Cut(in.Previous, " ")
	token, err := a.identity.Guest(strings.TrimSpace(previous))
	if err != nil {
		return nil, err
	}
	return tokenAnswer(token), nil
}

func tokenAnswer(token auth.Token) *tokenOutput {
	return &tokenOutput{Cache: "no-store", Body: tokenBody{
		Token: token.Token, TokenType: "Bearer", ExpiresAt: jsonTime(token.Expires), ExpiresIn: secondsLeft(token.Expires),
		Viewer: viewerBody{Subject: token.Viewer.Subject, Name: token.Viewer.Name, Guest: token.Viewer.Guest},
	}}
}

func (a *API) createTicket(ctx context.Context, _ *struct{}) (*ticketOutput, error) {
	who := askerOf(ctx)
	ticket, expires, err := a.identity.Ticket(ctx, who.viewer, who.expires)
	if err != nil {
		return nil, err
	}
	return &ticketOutput{Body: ticketBody{Ticket: ticket, ExpiresAt: jsonTime(expires), ExpiresIn: secondsLeft(expires)}}, nil
}

func (a *API) getKeys(context.Context, *struct{}) (*jwksOutput, error) {
	return &jwksOutput{Cache: "public, max-age=300", Body: a.identity.JWKS()}, nil
}

// secondsLeft is for clients whose clock is wrong; it is a hint, the token's
// own exp decides.
func secondsLeft(until time.Time) int {
	return max(0, int(time.Until(until).Round(time.Second)/time.Second))
}

// jsonTime is a time as answers show it: UTC, to the millisecond.
func jsonTime(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
