package auth

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

// The issuers we believe.
const (
	IssuerCity = "daarion-auth" // the city's login service
	IssuerOwn  = "presence"     // ourselves
)

// The audiences of our own tokens: what a token may be used for.
const (
	AudienceAPI      = "city-api" // REST
	AudienceRealtime = "city-rt"  // sockets and event streams
	AudienceVoice    = "city-voice"
)

const (
	guestPrefix  = "guest:"
	hivePrefix   = "hive:"
	matrixPrefix = "matrix:"
	// memberRole in front of a microDAO's name is the role by which an
	// operator's token carries a membership of its own, without a row in the
	// table of members.
	memberRole = "member:"
	scopeRead  = "presence:read"

	maxSubject = 255 // a Matrix user id with its prefix cut still fits
	maxName    = 120
)

// claims is the body of both kinds of token. The city's tokens have Type,
// Email and Roles (its security.py); ours have Scope, Session and SessionEnd.
type claims struct {
	jwt.RegisteredClaims
	Type    string `json:"type,omitempty"`
	Name    string `json:"name,omitempty"`
	Roles   words  `json:"roles,omitempty"`
	Scope   string `json:"scope,omitempty"`
	Session string `json:"sid,omitempty"`
	// SessionEnd is when a socket that the token opened has to end. It is later
	// than exp: a login that is revoked ends its sockets at once, so they need
	// not end with every token, and nobody leaves a space every 15 minutes.
	SessionEnd *jwt.NumericDate `json:"sid_exp,omitempty"`
}

// end is when the right that the token gives ends, once it was accepted.
func (c *claims) end() time.Time {
	if c.SessionEnd != nil && c.SessionEnd.After(c.ExpiresAt.Time) {
		return c.SessionEnd.Time
	}
	return c.ExpiresAt.Time
}

// scopes is what the token was narrowed to; nil when it was not.
func (c *claims) scopes() []string {
	return slices.DeleteFunc(strings.Fields(c.Scope), func(scope string) bool { return scope == scopeRead })
}

// words is a list of strings that may also be written as a single string.
type words []string

// UnmarshalJSON accepts "admin", ["admin"] and null.
func (w *words) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*w = nil
		if one != "" {
			*w = words{one}
		}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(w))
}

// cleanName makes a display name safe to show: valid UTF-8 without control
// characters, of bounded length.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > maxName {
		return string(runes[:maxName])
	}
	return name
}

// withoutMemberRoles drops memberships from roles that somebody else issued:
// only our own tokens speak for the table of members.
func withoutMemberRoles(roles words) words {
	return slices.DeleteFunc(slices.Clone(roles), func(role string) bool {
		return strings.HasPrefix(role, memberRole)
	})
}
