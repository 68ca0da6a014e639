package main

import (
	"context"

	"presence/aggregator/matrix"
	"presence/spaces/store"
)

// daemonSessions keeps the daemon's Matrix session in the store, under the
// name of its account.
type daemonSessions struct {
	store   *store.Store
	account string
}

// LoadSession returns the session saved last.
func (d daemonSessions) LoadSession(ctx context.Context) (matrix.Session, bool, error) {
	s, found, err := d.store.Session(ctx, d.account)
	return matrix.Session(s), found, err
}

// SaveSession replaces it.
func (d daemonSessions) SaveSession(ctx context.Context, s matrix.Session) error {
	return d.store.SaveSession(ctx, d.account, store.Session(s))
}

// account names what the store keeps for the daemon. Another homeserver or
// another user is another account, so that nothing of one city is taken for
// the other's.
func (s *settings) account() string {
	user := s.MatrixUser
	if user == "" {
		user = "daemon"
	}
	return user + " on " + s.Homeserver
}
