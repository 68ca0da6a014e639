package aggregator

import (
	"cmp"
	"context"

	"presence/aggregator/matrix"
	"presence/spaces/store"
)

// account names what the store keeps for a user of a homeserver, so that
// nothing of one city is taken for another's. Before a login the user may be
// unknown.
func account(userID, homeserver string) string {
	return cmp.Or(userID, "daemon") + " on " + homeserver
}

// sessions keeps the daemon's session in the store.
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
