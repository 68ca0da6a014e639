package auth

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"presence/spaces"
)

const (
	// AccessTTL is how long a token lives when nobody says otherwise: short,
	// because one that was copied is good until its login is ended.
	AccessTTL = 15 * time.Minute
	maxTTL    = 366 * 24 * time.Hour
	maxRoles  = 50

	// MintedPrefix begins the login id of tokens without a login, so that an
	// operator can revoke one that leaked.
	MintedPrefix = "op-"
)

// Token is a credential we made.
type Token struct {
	Token   string
	Viewer  spaces.Viewer // who its holder is
	Expires time.Time
}

// Grant says what a token made by [Auth.Mint] is for.
type Grant struct {
	Subject   string        // "matrix:@user:server", a DAARION user's UUID, or any name of an operator's choice
	Name      string        // display name; may be empty
	Roles     []string      // city-wide roles, [spaces.RoleAdmin] among them
	MicroDAOs []string      // groups whose private rooms this token opens, whatever the table of members says
	Audience  []string      // empty: both
	TTL       time.Duration // zero: [AccessTTL]
}

// Mint makes a token for an operator or a test. Whoever can call it holds the
// secret, so it asks for no further right.
func (a *Auth) Mint(g Grant) (Token, error) {
	if err := g.check(); err != nil {
		return Token{}, err
	}
	roles := append(words(nil), g.Roles...)
	for _, microDAO := range g.MicroDAOs {
		roles = append(roles, memberRole+microDAO)
	}
	if g.TTL == 0 {
		g.TTL = AccessTTL
	}
	if len(g.Audience) == 0 {
		g.Audience = []string{AudienceAPI, AudienceRealtime}
	}
	return a.sign(issue{
		who:      identity{Subject: g.Subject, Name: g.Name, Roles: roles, Login: MintedPrefix + randomHex()},
		audience: g.Audience, expires: a.now().Add(g.TTL),
	})
}

func (g Grant) check() error {
	if g.Subject == "" || len(g.Subject) > maxSubject || !utf8.ValidString(g.Subject) || strings.ContainsAny(g.Subject, "\r\n\x00") {
		return spaces.Invalid("subject", "must be 1 to %d bytes of text on one line", maxSubject)
	}
	if strings.HasPrefix(g.Subject, guestPrefix) && len(g.Roles)+len(g.MicroDAOs) > 0 {
		return spaces.Invalid("subject", "a guest has no roles and belongs to no microDAO")
	}
	if len([]rune(g.Name)) > maxName {
		return spaces.Invalid("name", "must be at most %d characters", maxName)
	}
	if g.TTL < 0 || g.TTL > maxTTL {
		return spaces.Invalid("ttl", "must be between 0 and %s", maxTTL)
	}
	return g.checkLists()
}

func (g Grant) checkLists() error {
	for field, list := range map[string][]string{"roles": g.Roles, "microdaos": g.MicroDAOs} {
		if len(list) > maxRoles {
			return spaces.Invalid(field, "at most %d", maxRoles)
		}
		for _, word := range list {
			if word == "" || len(word) > maxName || strings.ContainsAny(word, " \t\r\n\x00") {
				return spaces.Invalid(field, "each must be one word of at most %d bytes", maxName)
			}
		}
	}
	for _, audience := range g.Audience {
		if audience != AudienceAPI && audience != AudienceRealtime {
			return spaces.Invalid("audience", "must be %s or %s", AudienceAPI, AudienceRealtime)
		}
	}
	return nil
}

// issue is what a token of our own says.
type issue struct {
	who      identity
	audience []string
	expires  time.Time
	end      time.Time // of a socket opened with it; zero: the same
}

// sign makes one of our own tokens.
func (a *Auth) sign(i issue) (Token, error) {
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: IssuerOwn, Subject: i.who.Subject, Audience: i.audience, ID: randomHex(),
			IssuedAt: jwt.NewNumericDate(a.now()), ExpiresAt: jwt.NewNumericDate(i.expires.Truncate(time.Second)),
		},
		Name: i.who.Name, Roles: i.who.Roles, Session: i.who.Login,
		Scope: strings.Join(append([]string{scopeRead}, i.who.Scopes...), " "),
	}
	if !i.end.IsZero() {
		c.SessionEnd = jwt.NewNumericDate(i.end.Truncate(time.Second))
	}
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, c)
	t.Header["kid"] = a.keyID
	signed, err := t.SignedString(a.key)
	if err != nil {
		return Token{}, fmt.Errorf("sign a token: %w", err)
	}
	return Token{Token: signed, Viewer: a.identify(i.who), Expires: c.ExpiresAt.Time}, nil
}

// randomHex returns 128 random bits, which nobody can guess or meet by chance.
func randomHex() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
