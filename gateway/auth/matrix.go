package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"presence/spaces"
)

const (
	maxOpenIDToken = 1024
	// openIDMemory is how long a used OpenID token is remembered. Servers make
	// them good for an hour or so.
	openIDMemory = 7 * 24 * time.Hour
)

// OpenIDToken is what a Matrix client gives to a widget (get_openid).
type OpenIDToken struct {
	AccessToken string
	TokenType   string // "Bearer"
	Server      string // matrix_server_name
}

// MatrixLogin logs the holder of a Matrix account in. The token proves who they
// are but not that they meant us, so each is good once and the login is short.
func (a *Auth) MatrixLogin(ctx context.Context, token OpenIDToken) (Login, error) {
	if err := a.checkOpenID(token); err != nil {
		return Login{}, err
	}
	user, err := a.matrix.holder(ctx, token.Server, token.AccessToken)
	if errors.Is(err, errTokenRefused) {
		return Login{}, refuseOpenID("body.access_token", "the token is not known to its server, or has expired")
	}
	if err != nil {
		return Login{}, &spaces.Error{
			Code: spaces.CodeUnavailable, Message: "the Matrix server does not answer whose token this is", Fix: "Try again in a few seconds", Err: err,
		}
	}
	// A server answers for its own people only; the library takes any sub.
	if !spaces.ValidUserID(string(user)) || strings.ContainsFunc(string(user), notInIDs) || user.Homeserver() != token.Server {
		return Login{}, refuseOpenID("body.matrix_server_name", "the Matrix server answered for somebody who is not of this server")
	}
	subject := matrixPrefix + string(user)
	if len(subject) > maxSubject {
		return Login{}, refuseOpenID("", "the Matrix id is over %d bytes", maxSubject-len(matrixPrefix))
	}
	now := a.now()
	err = a.store.UseOnce(ctx, hashText("openid", token.Server, token.AccessToken), now, now.Add(openIDMemory))
	switch {
	case spaces.ErrorCode(err) == spaces.CodeUnauthenticated:
		return Login{}, refuseOpenID("body.access_token", "the token was used already: it is good once")
	case err != nil:
		return Login{}, loginsAway(err)
	}
	return a.begin(ctx, subject, methodMatrix, "", openIDLife)
}

// notInIDs is what no Matrix id holds, old ones included.
func notInIDs(r rune) bool { return r == ' ' || unprintable(r) }

func (a *Auth) checkOpenID(token OpenIDToken) error {
	switch {
	case token.AccessToken == "" || len(token.AccessToken) > maxOpenIDToken:
		return spaces.Invalid("body.access_token", "must be 1 to %d bytes", maxOpenIDToken)
	case token.TokenType != "Bearer":
		return spaces.Invalid("body.token_type", "must be Bearer")
	case !a.matrix.allows(token.Server):
		return &spaces.Error{
			Code: spaces.CodeForbidden, Field: "body.matrix_server_name", Message: "people of this Matrix server cannot log in here",
			Fix: "The operator allows servers with MATRIX_OPENID_SERVERS",
		}
	}
	return nil
}

func refuseOpenID(field, format string, args ...any) *spaces.Error {
	err := refuse(format, args...)
	err.Field, err.Fix = field, "Ask your Matrix client for a new OpenID token"
	return err
}
