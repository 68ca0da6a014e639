package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
)

// Session is the daemon's login at a homeserver. It prints and logs without
// its tokens.
type Session struct {
	Homeserver   string // base URL
	UserID       string
	DeviceID     string
	AccessToken  string
	RefreshToken string // empty when the homeserver gave none
}

// String names the session without its tokens.
func (s Session) String() string {
	return fmt.Sprintf("%s device %s at %s", s.UserID, s.DeviceID, s.Homeserver)
}

// GoString keeps the tokens out of %#v too.
func (s Session) GoString() string { return "store.Session{" + s.String() + "}" }

// LogValue keeps the tokens out of structured logs.
func (s Session) LogValue() slog.Value {
	return slog.GroupValue(slog.String("homeserver", s.Homeserver), slog.String("user", s.UserID), slog.String("device", s.DeviceID))
}

// SaveSession keeps the session of an account, in place of an earlier one. It
// is called before a new token is first used: a refreshed token that is lost
// takes the device with it.
func (s *Store) SaveSession(ctx context.Context, account string, session Session) error {
	_, err := s.exec(ctx, `
		INSERT INTO matrix_sessions (account, homeserver, user_id, device_id, access_token, refresh_token)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (account) DO UPDATE SET homeserver = excluded.homeserver, user_id = excluded.user_id,
			device_id = excluded.device_id, access_token = excluded.access_token, refresh_token = excluded.refresh_token`,
		account, session.Homeserver, session.UserID, session.DeviceID, session.AccessToken, session.RefreshToken)
	if err != nil {
		return fmt.Errorf("save the Matrix session: %w", err)
	}
	return nil
}

// Session returns the saved session of an account, and false when there is
// none.
func (s *Store) Session(ctx context.Context, account string) (Session, bool, error) {
	var found Session
	err := s.db.QueryRow(ctx, `
		SELECT homeserver, user_id, device_id, access_token, refresh_token
		FROM matrix_sessions WHERE account = $1`, account,
	).Scan(&found.Homeserver, &found.UserID, &found.DeviceID, &found.AccessToken, &found.RefreshToken)
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, false, nil
	}
	if err != nil {
		return Session{}, false, fmt.Errorf("load the Matrix session: %w", err)
	}
	return found, true, nil
}
