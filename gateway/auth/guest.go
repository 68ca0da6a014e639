package auth

import (
	"crypto/rand"
	"strings"
	"time"
)

const (
	// GuestTTL is longer than AccessTTL because a guest's token opens nothing
	// that is not public: all that its loss gives away is a made-up name.
	GuestTTL = 12 * time.Hour
	// guestMemory is how long after its end a guest's token still brings back
	// the same guest: somebody who comes every few weeks keeps their name.
	guestMemory = 30 * 24 * time.Hour

	guestNameLength = 4
)

// Guest makes a token for somebody who proved nothing. previous is the guest
// token the browser had before, or empty: when it is really ours, the visitor
// stays the same pseudonym, unless that was revoked. A previous token that cannot be used is no error,
// because a browser that holds one has no other way to get rid of it.
func (a *Auth) Guest(previous string) (Token, error) {
	subject, known := a.previousGuest(previous)
	if !known {
		subject = guestPrefix + strings.ToLower(rand.Text())
	}
	return a.sign(issue{
		who:      identity{Subject: subject, Name: guestName(subject), Login: subject},
		audience: []string{AudienceAPI, AudienceRealtime}, expires: a.now().Add(GuestTTL),
	})
}

func (a *Auth) previousGuest(token string) (subject string, known bool) {
	c, err := a.checkSignature(token)
	if err != nil || c.Issuer != IssuerOwn || !strings.HasPrefix(c.Subject, guestPrefix) {
		return "", false
	}
	if c.ExpiresAt == nil || a.now().After(c.ExpiresAt.Add(guestMemory)) {
		return "", false
	}
	return c.Subject, !a.revoked.has(c.Subject)
}

// guestName is derived from the subject, so that it is as stable as that and
// nobody can choose it.
func guestName(subject string) string {
	id := strings.TrimPrefix(subject, guestPrefix)
	return "Guest-" + id[:min(guestNameLength, len(id))]
}
