package auth

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/golang-jwt/jwt/v5"

	"presence/gateway/wire"
	"presence/spaces"
)

const (
	// maxToken bounds the work an unproven caller can cause. The city's tokens
	// are under 1 KiB.
	maxToken = 4096
	// leeway forgives the clocks of two machines for nbf and iat. There is none
	// for exp: a socket is closed at exp, and a token accepted after it would
	// make its holder connect and be closed over and over.
	leeway = 30 * time.Second

	fixLogin = "Log in again and send the access token as Authorization: Bearer <token>, or get a visitor's token by POST /api/auth/guest"
	// fixSocket is fixLogin for sockets, which browsers give no headers.
	fixSocket = "Log in again, or get a visitor's token by POST /api/auth/guest, and send the token in one of three ways: " +
		"the header Authorization: Bearer <token>, the subprotocols \"" + wire.SubprotocolV1 + ", " + wire.BearerPrefix + "<token>\", " +
		"or exchanged for a one-time ticket by POST /api/auth/ticket as ?ticket="
)

// verify checks everything about a token that does not depend on who asks.
// The issuer is read before it is proven, but only to choose between two fixed
// pairs of algorithm and key; the signature then proves the issuer as well.
func (a *Auth) verify(token string, audiences []string) (*claims, error) {
	c, err := a.checkSignature(token)
	if err != nil {
		return nil, err
	}
	if err := a.checkTimes(c); err != nil {
		return nil, err
	}
	if c.Subject == "" || len(c.Subject) > maxSubject || strings.ContainsFunc(c.Subject, unicode.IsControl) {
		return nil, refuse("the token names nobody: sub is missing or over %d bytes", maxSubject)
	}
	if c.Issuer == IssuerCity {
		err = checkCity(c)
	} else {
		err = checkOwn(c, audiences)
	}
	if err != nil {
		return nil, err
	}
	c.Name = cleanName(c.Name)
	return c, nil
}

// checkSignature proves that one of the two issuers wrote the token.
func (a *Auth) checkSignature(token string) (*claims, error) {
	if len(token) > maxToken {
		return nil, refuse("the token is over %d bytes", maxToken)
	}
	var unproven claims
	parsed, _, err := jwt.NewParser(jwt.WithStrictDecoding()).ParseUnverified(token, &unproven)
	if err != nil {
		return nil, unreadable(err)
	}
	method, key, err := a.keyFor(unproven.Issuer, parsed)
	if err != nil {
		return nil, err
	}
	var c claims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{method}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())
	if _, err := parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return key, nil }); err != nil {
		return nil, refuseErr(err, "the token's signature does not fit: it was changed, or made with another secret")
	}
	return &c, nil
}

// keyFor returns the one algorithm and key of an issuer and refuses a token
// whose header asks for anything else: "none", RS256, or HS256 with our public
// key as the secret.
func (a *Auth) keyFor(issuer string, t *jwt.Token) (method string, key any, err error) {
	if _, critical := t.Header["crit"]; critical {
		return "", nil, refuse("the token demands an extension (crit) that is not supported")
	}
	switch issuer {
	case IssuerCity:
		method, key = jwt.SigningMethodHS256.Alg(), a.secret
	case IssuerOwn:
		method, key = jwt.SigningMethodEdDSA.Alg(), a.key.Public().(ed25519.PublicKey)
	default:
		return "", nil, refuse("the token's issuer (iss) is not known here: %s and %s are", IssuerCity, IssuerOwn)
	}
	if t.Method.Alg() != method {
		return "", nil, refuse("the token's algorithm (alg) is not accepted: tokens of %s are signed with %s", issuer, method)
	}
	if kid, given := t.Header["kid"]; issuer == IssuerOwn && given && kid != a.keyID {
		return "", nil, refuse("the token was signed with a key (kid) that is no longer in use")
	}
	return method, key, nil
}

func (a *Auth) checkTimes(c *claims) error {
	now := a.now()
	switch {
	case c.ExpiresAt == nil:
		return refuse("the token never expires: exp is required")
	case !now.Before(c.ExpiresAt.Time):
		return refuse("the token has expired")
	case c.NotBefore != nil && now.Add(leeway).Before(c.NotBefore.Time):
		return refuse("the token is not valid yet (nbf)")
	case c.IssuedAt != nil && now.Add(leeway).Before(c.IssuedAt.Time):
		return refuse("the token was issued in the future (iat): check the clocks")
	}
	return nil
}

// proofPrefixes begin the subjects that only our own proofs give.
var proofPrefixes = []string{guestPrefix, hivePrefix, matrixPrefix}

func checkCity(c *claims) error {
	if slices.ContainsFunc(proofPrefixes, func(prefix string) bool { return strings.HasPrefix(c.Subject, prefix) }) {
		return refuse("the token's subject (sub) belongs to logins here: tokens of %s name users of the city", IssuerCity)
	}
	switch c.Type {
	case "access":
		c.Roles = withoutMemberRoles(c.Roles)
		c.Scope, c.Session, c.SessionEnd = "", "", nil // words of ours, which the city's service may use otherwise
		return nil
	case "refresh":
		return refuse("this is a refresh token, which is only good for the login service: send the access token")
	default:
		return refuse("the token's type must be access")
	}
}

func checkOwn(c *claims, audiences []string) error {
	for _, audience := range audiences {
		if slices.Contains(c.Audience, audience) {
			return nil
		}
	}
	return refuse("the token is not meant for this (aud): it must be for %s", audiences[0])
}

// refuse returns the error of a credential that proves nothing.
func refuse(format string, args ...any) *spaces.Error {
	return refuseErr(nil, format, args...)
}

func refuseErr(cause error, format string, args ...any) *spaces.Error {
	return &spaces.Error{
		Code:    spaces.CodeUnauthenticated,
		Message: fmt.Sprintf(format, args...),
		Fix:     fixLogin,
		Err:     cause,
	}
}

// unreadable tells an algorithm the library does not know from bytes that are
// no token at all. The library's own text may quote the token, so it is not
// kept.
func unreadable(err error) *spaces.Error {
	if errors.Is(err, jwt.ErrTokenUnverifiable) {
		return refuse("the token's algorithm (alg) is not accepted: use %s of %s or EdDSA of %s", jwt.SigningMethodHS256.Alg(), IssuerCity, IssuerOwn)
	}
	return refuse("the token is not a readable JWT")
}
