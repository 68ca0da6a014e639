package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"presence/spaces"
)

// TicketTTL is long enough to open a socket and too short to find in a log.
const TicketTTL = 30 * time.Second

// ticketLength is what [rand.Text] returns: 26 characters with at least 128
// random bits.
const ticketLength = 26

// ticketBody is what the store keeps: who gave up their token for the ticket,
// and when that token ends. What they may see is looked up again when the
// ticket is used.
type ticketBody struct {
	identity
	Expires time.Time `json:"exp"`
}

// Ticket makes a ticket that stands for v once, within [TicketTTL]. until is
// the end of the credential it was made from: a ticket never outlives it, and
// neither does the socket it opens.
func (a *Auth) Ticket(ctx context.Context, v spaces.Viewer, until time.Time) (ticket string, expires time.Time, err error) {
	if v.Subject == "" {
		return "", time.Time{}, noCredential()
	}
	who := identity{Subject: v.Subject, Name: v.Name, Roles: v.Roles, Login: v.Login, Scopes: v.Scopes}
	body, err := json.Marshal(ticketBody{identity: who, Expires: until})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("encode a ticket: %w", err)
	}
	ticket = rand.Text()
	expires = a.now().Add(TicketTTL)
	if until.Before(expires) {
		expires = until
	}
	if err := a.store.PutTicket(ctx, hashTicket(ticket), body, expires); err != nil {
		return "", time.Time{}, storeAway(err)
	}
	return ticket, expires, nil
}

// redeem takes a ticket out of the store and says whom it stands for.
func (a *Auth) redeem(ctx context.Context, ticket string) (spaces.Viewer, time.Time, error) {
	if len(ticket) != ticketLength {
		return spaces.Viewer{}, time.Time{}, badTicket(nil)
	}
	now := a.now()
	raw, err := a.store.TakeTicket(ctx, hashTicket(ticket), now)
	switch {
	case spaces.ErrorCode(err) == spaces.CodeUnauthenticated:
		return spaces.Viewer{}, time.Time{}, badTicket(err)
	case err != nil:
		return spaces.Viewer{}, time.Time{}, storeAway(err)
	}
	var body ticketBody
	if err := json.Unmarshal(raw, &body); err != nil {
		return spaces.Viewer{}, time.Time{}, fmt.Errorf("read a stored ticket: %w", err)
	}
	if !now.Before(body.Expires) {
		return spaces.Viewer{}, time.Time{}, badTicket(nil)
	}
	v := a.identify(body.identity)
	if a.revoked.has(v.Login) {
		return spaces.Viewer{}, time.Time{}, loginEnded()
	}
	return v, body.Expires, nil
}

// hashTicket is the form in which a ticket is stored: somebody who reads the
// table cannot use what they see.
func hashTicket(ticket string) string {
	sum := sha256.Sum256([]byte(ticket))
	return hex.EncodeToString(sum[:])
}

func badTicket(cause error) *spaces.Error {
	return &spaces.Error{
		Code:    spaces.CodeUnauthenticated,
		Field:   "query.ticket",
		Message: fmt.Sprintf("the ticket is unknown, already used or older than %s", TicketTTL),
		Fix:     "Get a new one by POST /api/auth/ticket and use it once, at once",
		Err:     cause,
	}
}

func storeAway(cause error) *spaces.Error {
	return &spaces.Error{
		Code:    spaces.CodeUnavailable,
		Message: "tickets cannot be kept at the moment",
		Fix:     "Try again in a few seconds, or send the token itself as Authorization: Bearer <token>",
		Err:     cause,
	}
}
