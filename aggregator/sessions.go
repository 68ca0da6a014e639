package aggregator

import (
	"cmp"
	"context"
	"fmt"

	"presence/aggregator/matrix"
	"presence/spaces/store"
)

// account names what the store keeps for a user of a homeserver, so that
// nothing of one city is taken for another's. Before a login the user may be
// unknown.
func account(userID, homeserver string) string {
	return cmp.Or(userID, "daemon") + " on " + homeserver
}

// SessionStore is the part of [Store] that keeps the daemon's session.
type SessionStore interface {
	SaveSession(ctx context.Context, account string, s store.Session) error
	Session(ctx context.Context, account string) (store.Session, bool, error)
}

// NewClient builds the daemon's client, with its session kept in the store
// where every daemon of this account finds it. It asks nobody.
func NewClient(cfg matrix.Config, s SessionStore) (*matrix.Client, error) {
	return matrix.New(cfg, &sessions{store: s, account: account(cfg.UserID, cfg.Homeserver)})
}

// sessions keeps the daemon's session in the store.
type sessions struct {
	store   SessionStore
	account string
}

func (s *sessions) LoadSession(ctx context.Context) (matrix.Session, bool, error) {
	saved, found, err := s.store.Session(ctx, s.account)
	if err != nil {
		err = fmt.Errorf("%w: %w", errDatabase, err)
	}
	return matrix.Session(saved), found, err
}

func (s *sessions) SaveSession(ctx context.Context, session matrix.Session) error {
	if err := s.store.SaveSession(ctx, s.account, store.Session(session)); err != nil {
		return fmt.Errorf("%w: %w", errDatabase, err)
	}
	return nil
}
