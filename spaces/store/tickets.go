package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"presence/spaces"
)

// ticketRest is how long a ticket nobody took stays behind. Tickets live for a
// minute or so; one that ended this long before a new one ends is surely over,
// so that no clock and no sweeper is needed.
const ticketRest = time.Hour

// PutTicket keeps body, a JSON value, under the hash of a one-time ticket until
// expires. A hash that exists already is CodeConflict.
func (s *Store) PutTicket(ctx context.Context, hash string, body json.RawMessage, expires time.Time) error {
	if !json.Valid(body) {
		return spaces.Invalid("body", "must be JSON")
	}
	err := s.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.exec(ctx, "DELETE FROM tickets WHERE expires_at < $1", expires.Add(-ticketRest).UnixMilli()); err != nil {
			return err
		}
		_, err := s.exec(ctx, "INSERT INTO tickets (hash, body, expires_at) VALUES ($1, $2, $3)", hash, string(body), expires.UnixMilli())
		return err
	})
	if isDuplicate(err) {
		return &spaces.Error{Code: spaces.CodeConflict, Field: "ticket", Message: "is in use already", Err: err}
	}
	if err != nil {
		return fmt.Errorf("put ticket: %w", err)
	}
	return nil
}

// TakeTicket returns what PutTicket kept, and removes it: of several takers,
// in any number of processes, one gets it. A ticket that is unknown, taken or
// over at now is CodeUnauthenticated.
func (s *Store) TakeTicket(ctx context.Context, hash string, now time.Time) (json.RawMessage, error) {
	var body string
	var expires int64
	err := s.db.QueryRow(ctx, "DELETE FROM tickets WHERE hash = $1 RETURNING body, expires_at", hash).Scan(&body, &expires)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("take ticket: %w", err)
	}
	if err != nil || expires <= now.UnixMilli() {
		return nil, &spaces.Error{
			Code: spaces.CodeUnauthenticated, Field: "ticket",
			Message: "is unknown, used or expired", Fix: "ask for a new ticket",
		}
	}
	return json.RawMessage(body), nil
}
