package aggregator

import (
	"context"

	"presence/aggregator/matrix"
	"presence/spaces/store"
)

// sessions keeps the daemon's session in the store, under the configured user
// id, since that is all that is known before a login.
type sessions struct {
	store   Store
	account string
}

func (s *sessions) LoadSession(ctx context.Context) (matrix.Session, bool, error) {
	saved, found, err := s.store.Session(ctx, s.account)
	return matrix.Session(saved), found, err
}

func (s *sessions) SaveSession(ctx context.Context, session matrix.Session) error {
	return s.store.SaveSession(ctx, s.account, store.Session(session))
}
