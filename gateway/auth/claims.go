package auth

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
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

// cleanName makes a display name safe to show: one line of valid UTF-8, of
// bounded length, without what is not seen and makes one name look like another
// or turns the text around it.
func cleanName(name string) string {
	runes := []rune(strings.Join(strings.Fields(strings.Map(shown, name)), " "))
	runes = slices.DeleteFunc(withoutJoiners(runes), func(r rune) bool { return r == utf8.RuneError })
	return strings.TrimSpace(string(runes[:min(len(runes), maxName)]))
}

// shown drops what draws nothing: controls, marks and overrides of direction,
// zero-width characters. Space of any kind is a space.
func shown(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case r == joiner || r == nonJoiner:
		return r // of emoji, and of scripts that need them
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp):
		return -1
	case strings.ContainsRune("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", r): // letters and marks without ink
		return -1
	}
	return r
}

const nonJoiner, joiner = '\u200c', '\u200d'

// withoutJoiners drops joiners that have nothing to join: in front, at the end,
// in a row, and beside Latin letters, where they cannot be seen.
func withoutJoiners(runes []rune) []rune {
	var kept []rune
	for i, r := range runes {
		if r == joiner || r == nonJoiner {
			if i == 0 || i == len(runes)-1 || !joins(runes[i-1]) || !joins(runes[i+1]) {
				continue
			}
		}
		kept = append(kept, r)
	}
	return kept
}

func joins(r rune) bool { return r > 0x2ff && r != joiner && r != nonJoiner }

// withoutMemberRoles drops memberships from roles that somebody else issued:
// only our own tokens speak for the table of members.
func withoutMemberRoles(roles words) words {
	return slices.DeleteFunc(slices.Clone(roles), func(role string) bool {
		return strings.HasPrefix(role, memberRole)
	})
}
