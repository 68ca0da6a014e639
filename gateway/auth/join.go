package auth

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"presence/spaces"
)

// Join makes a token that is good for one space, one audience and these actions
// only, on the same login as v's credential, which ends at until. Actions that
// v's own credential was not made for are CodeForbidden.
func (a *Auth) Join(v spaces.Viewer, until time.Time, audience string, k spaces.Key, actions ...spaces.Action) (Token, error) {
	scopes := make([]string, 0, len(actions))
	for _, action := range actions {
		if !v.Allows(action, k) {
			return Token{}, &spaces.Error{Code: spaces.CodeForbidden, Message: "this token is good for another space or another purpose"}
		}
		scopes = append(scopes, spaces.Scope(action, k))
	}
	if v.Subject == "" || len(scopes) == 0 {
		return Token{}, noCredential()
	}
	expires := earlier(a.now().Add(AccessTTL), until)
	if v.Guest {
		expires = until // an old client keeps it as long as it runs
	}
	return a.sign(issue{
		who:      identity{Subject: v.Subject, Name: v.Name, Roles: v.Roles, Login: v.Login, Scopes: scopes},
		audience: []string{audience}, expires: expires, end: until,
	})
}

// FromJoin finds the credential of a request to enter the space k. Beside what
// [Auth.FromRequest] takes, it takes the first server's form of a signature,
// whose challenge stands in the body; what that proves is good for k alone. A
// request without any credential is a new guest.
func (a *Auth) FromJoin(r *http.Request, challenge string, k spaces.Key) (v spaces.Viewer, expires time.Time, err error) {
	_, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	p, signed := signatureBearer(strings.TrimSpace(bearer), challenge)
	switch {
	case signed && p.signature == "" && k.Type == spaces.TypeGlobal:
		return a.newGuest(r) // what the first server's page says where it proves nothing
	case signed && challenge != "":
		p.at = func(part string) string {
			if part == "challenge" {
				return "body.challenge"
			}
			return fieldHeader
		}
		v, expires, err = a.fromSignature(r.Context(), p)
		v.Scopes = scopesFor(k)
	default:
		v, expires, err = a.fromRequest(r, AudienceAPI)
	}
	if errors.Is(err, ErrNoCredential) {
		return a.newGuest(r)
	}
	if err != nil {
		return spaces.Viewer{}, time.Time{}, err
	}
	v.Network = a.network(r.Context())
	return v, expires, nil
}

func (a *Auth) newGuest(r *http.Request) (spaces.Viewer, time.Time, error) {
	guest, err := a.Guest("")
	guest.Viewer.Network = a.network(r.Context())
	return guest.Viewer, guest.Expires, err
}

// scopesFor is everything that can be done in one space.
func scopesFor(k spaces.Key) []string {
	var scopes []string
	for _, action := range []spaces.Action{spaces.ActEnter, spaces.ActWrite, spaces.ActModerate, spaces.ActSettings, spaces.ActGrant} {
		scopes = append(scopes, spaces.Scope(action, k))
	}
	return scopes
}
