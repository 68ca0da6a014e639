package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"presence/spaces"
)

type refreshInput struct {
	Body struct {
		RefreshToken string `json:"refresh_token" minLength:"1" maxLength:"128"`
	}
}

type noBody struct {
	Cache string `header:"Cache-Control"`
}

type meOutput struct {
	Body meBody
}

type meBody struct {
	viewerBody

	Account   string    `json:"account" doc:"The name that clients of the first server know; empty for guests"`
	Admin     bool      `json:"admin"`
	MicroDAOs []string  `json:"microdaos" nullable:"false"`
	Scopes    []string  `json:"scopes" nullable:"false" doc:"What the credential was narrowed to; empty: not narrowed"`
	ExpiresAt time.Time `json:"expires_at" doc:"When a socket opened with this credential has to end"`
}

func (a *API) registerLogins(h huma.API) {
	register(a, h, huma.Operation{
		OperationID: "refreshLogin", Method: http.MethodPost, Path: "/api/auth/refresh", Tags: []string{"identity"},
		Summary: "New tokens for a refresh token",
		Description: "Each refresh token is good once; the answer holds the next one. Whoever lost the answer asks again within ten seconds. " +
			"One that comes back later ends the login.",
		Security: openToAll, MaxBodyBytes: maxProof,
	}, a.refreshLogin)
	register(a, h, huma.Operation{
		OperationID: "logOut", Method: http.MethodPost, Path: "/api/auth/logout", Tags: []string{"identity"}, DefaultStatus: http.StatusNoContent,
		Summary:     "End this login",
		Description: "Its tokens are refused from now on and its sockets close, at every gateway within seconds.",
		Security:    tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.logOut)
	get(a, h, huma.Operation{
		OperationID: "getMe", Path: "/api/auth/me", Tags: []string{"identity"},
		Summary: "Whose credential this is", Security: tokenNeeded, Middlewares: huma.Middlewares{a.somebody},
	}, a.getMe)
}

func (a *API) refreshLogin(ctx context.Context, in *refreshInput) (*tokenOutput, error) {
	return loginAnswer(a.identity.Refresh(ctx, in.Body.RefreshToken))
}

func (a *API) logOut(ctx context.Context, _ *struct{}) (*noBody, error) {
	if err := a.identity.Logout(ctx, askerOf(ctx).viewer); err != nil {
		return nil, err
	}
	return &noBody{Cache: "no-store"}, nil
}

func (a *API) getMe(ctx context.Context, _ *struct{}) (*meOutput, error) {
	who := askerOf(ctx)
	v := who.viewer
	return &meOutput{Body: meBody{
		viewerBody: viewerBody{Subject: v.Subject, Name: v.Name, Guest: v.Guest},
		Account:    spaces.Account(v),
		Admin:      slices.Contains(v.Roles, spaces.RoleAdmin),
		MicroDAOs:  append([]string{}, v.MicroDAOs...),
		Scopes:     append([]string{}, v.Scopes...),
		ExpiresAt:  jsonTime(who.expires),
	}}, nil
}
