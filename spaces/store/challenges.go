package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"presence/spaces"
)

// Challenge is a text that we asked the holder of an account to sign.
type Challenge struct {
	Hash    string // of the whole text
	Account string
	Purpose string
	Expires time.Time
}

// PutChallenge keeps a challenge until it is taken or an hour over.
func (s *Store) PutChallenge(ctx context.Context, c Challenge) error {
	err := s.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.exec(ctx, "DELETE FROM login_challenges WHERE expires_at < $1", c.Expires.Add(-ticketRest).UnixMilli()); err != nil {
			return err
		}
		_, err := s.exec(ctx, "INSERT INTO login_challenges (hash, account, purpose, expires_at) VALUES ($1, $2, $3, $4)",
			c.Hash, c.Account, c.Purpose, c.Expires.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("put a challenge: %w", err)
	}
	return nil
}

// Challenge returns a challenge without using it up. One that is unknown, taken
// or over at now is CodeUnauthenticated.
func (s *Store) Challenge(ctx context.Context, hash string, now time.Time) (Challenge, error) {
	return s.challenge(ctx, "SELECT account, purpose, expires_at FROM login_challenges WHERE hash = $1", hash, now)
}

// TakeChallenge is Challenge and removes it: of several takers, in any number
// of processes, one gets it.
func (s *Store) TakeChallenge(ctx context.Context, hash string, now time.Time) (Challenge, error) {
	return s.challenge(ctx, "DELETE FROM login_challenges WHERE hash = $1 RETURNING account, purpose, expires_at", hash, now)
}

func (s *Store) challenge(ctx context.Context, query, hash string, now time.Time) (Challenge, error) {
	c := Challenge{Hash: hash}
	var expires int64
	err := s.db.QueryRow(ctx, query, hash).Scan(&c.Account, &c.Purpose, &expires)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Challenge{}, fmt.Errorf("read a challenge: %w", err)
	}
	c.Expires = time.UnixMilli(expires)
	if err != nil || !now.Before(c.Expires) {
		return Challenge{}, &spaces.Error{
			Code: spaces.CodeUnauthenticated, Field: "challenge",
			Message: "is not one of ours, was used already or is over", Fix: "ask for a new challenge",
		}
	}
	return c, nil
}

// UseOnce marks a credential as used, by its hash, until forget, from when on
// it must be refused for another reason. A second use, in whatever process, is
// CodeUnauthenticated.
func (s *Store) UseOnce(ctx context.Context, hash string, now, forget time.Time) error {
	err := s.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.exec(ctx, "DELETE FROM used_credentials WHERE forget_at < $1", now.UnixMilli()); err != nil {
			return err
		}
		_, err := s.exec(ctx, "INSERT INTO used_credentials (hash, forget_at) VALUES ($1, $2)", hash, forget.UnixMilli())
		return err
	})
	if isDuplicate(err) {
		return &spaces.Error{Code: spaces.CodeUnauthenticated, Message: "was used already: it is good once", Err: err}
	}
	if err != nil {
		return fmt.Errorf("mark a credential as used: %w", err)
	}
	return nil
}
