package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"presence/gateway/auth"
)

// maxProof bounds the body of a login: a challenge and a signature, or an
// OpenID token.
const maxProof = 8 << 10

type challengeInput struct {
	Body struct {
		Account string `json:"account" minLength:"3" maxLength:"16" doc:"Hive account name"`
		Purpose string `json:"purpose,omitempty" enum:"login" default:"login" doc:"What the signature is for; the text names it"`
	}
}

type challengeOutput struct {
	Cache string `header:"Cache-Control"`
	Body  challengeBody
}

type challengeBody struct {
	Challenge string    `json:"challenge" doc:"The text to sign with the posting key, byte for byte (Keychain: requestSignBuffer)"`
	ExpiresAt time.Time `json:"expires_at"`
	ExpiresIn int       `json:"expires_in" doc:"Seconds"`
}

type hiveInput struct {
	Body struct {
		Account   string `json:"account" minLength:"3" maxLength:"16" doc:"Hive account name"`
		Challenge string `json:"challenge" minLength:"1" maxLength:"1024" doc:"The text that was signed, unchanged"`
		Signature string `json:"signature" minLength:"1" maxLength:"256" doc:"130 hex digits, as Hive wallets return them"`
	}
}

type matrixInput struct {
	Body struct {
		AccessToken string `json:"access_token" minLength:"1" maxLength:"1024"`
		TokenType   string `json:"token_type" enum:"Bearer"`
		Server      string `json:"matrix_server_name" minLength:"1" maxLength:"255"`
		ExpiresIn   int    `json:"expires_in,omitempty" doc:"Ignored; the server decides"`
	}
}

func (a *API) registerProofs(h huma.API) {
	register(a, h, huma.Operation{
		OperationID: "createHiveChallenge", Method: http.MethodPost, Path: "/api/auth/hive/challenge", Tags: []string{"identity"},
		Summary: "A text for the holder of a Hive account to sign", Description: "Good once, for five minutes.",
		Security: openToAll, MaxBodyBytes: maxProof,
	}, a.createHiveChallenge)
	register(a, h, huma.Operation{
		OperationID: "logInWithHive", Method: http.MethodPost, Path: "/api/auth/hive", Tags: []string{"identity"},
		Summary:     "Log in with a signed challenge",
		Description: "The signature must be of a key that alone reaches the threshold of the account's posting authority.",
		Security:    openToAll, MaxBodyBytes: maxProof,
	}, a.logInWithHive)
	register(a, h, huma.Operation{
		OperationID: "logInWithMatrix", Method: http.MethodPost, Path: "/api/auth/matrix", Tags: []string{"identity"},
		Summary:     "Log in with an OpenID token of a Matrix server",
		Description: "The body is what a client gives to a widget (get_openid), unchanged. Each token is good once.",
		Security:    openToAll, MaxBodyBytes: maxProof,
	}, a.logInWithMatrix)
}

func (a *API) createHiveChallenge(ctx context.Context, in *challengeInput) (*challengeOutput, error) {
	text, expires, err := a.identity.Challenge(ctx, in.Body.Account, in.Body.Purpose)
	if err != nil {
		return nil, err
	}
	return &challengeOutput{Cache: "no-store", Body: challengeBody{Challenge: text, ExpiresAt: jsonTime(expires), ExpiresIn: secondsLeft(expires)}}, nil
}

func (a *API) logInWithHive(ctx context.Context, in *hiveInput) (*tokenOutput, error) {
	return loginAnswer(a.identity.HiveLogin(ctx, in.Body.Account, in.Body.Challenge, in.Body.Signature))
}

func (a *API) logInWithMatrix(ctx context.Context, in *matrixInput) (*tokenOutput, error) {
	return loginAnswer(a.identity.MatrixLogin(ctx, auth.OpenIDToken{
		AccessToken: in.Body.AccessToken, TokenType: in.Body.TokenType, Server: in.Body.Server,
	}))
}

// loginAnswer is a new or refreshed login as clients get it.
func loginAnswer(l auth.Login, err error) (*tokenOutput, error) {
	if err != nil {
		return nil, err
	}
	out := tokenAnswer(l.Token)
	until := jsonTime(l.RefreshExpires)
	out.Body.RefreshToken, out.Body.RefreshExpiresAt = l.Refresh, &until
	return out, nil
}
