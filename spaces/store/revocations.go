package store

import (
	"context"
	"fmt"
	"time"

	"go.mau.fi/util/dbutil"
)

// Revocation says which login ends and why.
type Revocation struct {
	Login  string
	By     string // whose doing, as in [AuditRow]
	Reason string
	Now    time.Time
	Forget time.Time // when the last token of the login has expired by itself
}

// Revoke ends a login, with a row in the audit log: its tokens are refused by
// every gateway within seconds and it is refreshed no more. It reports whether it held until now; a login
// without a row, as a guest's, counts as one that did.
func (s *Store) Revoke(ctx context.Context, r Revocation) (ended bool, err error) {
	err = s.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.exec(ctx, "DELETE FROM login_revocations WHERE forget_at < $1", r.Now.UnixMilli()); err != nil {
			return err
		}
		if _, err := s.exec(ctx, "UPDATE logins SET revoked_at = $2, reason = $3 WHERE id = $1 AND revoked_at = 0",
			r.Login, r.Now.UnixMilli(), r.Reason); err != nil {
			return err
		}
		added, err := s.exec(ctx, "INSERT INTO login_revocations (login, forget_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
			r.Login, r.Forget.UnixMilli())
		if ended = added == 1; err != nil || !ended {
			return err
		}
		return s.Audit(ctx, AuditRow{At: r.Now, Subject: r.By, Action: "end_login", Target: r.Login, Details: map[string]string{"reason": r.Reason}})
	})
	if err != nil {
		return false, fmt.Errorf("revoke a login: %w", err)
	}
	return ended, nil
}

// Revoked returns the logins that were revoked and whose tokens may still be
// under way at now.
func (s *Store) Revoked(ctx context.Context, now time.Time) ([]string, error) {
	rows, err := s.db.Query(ctx, "SELECT login FROM login_revocations WHERE forget_at > $1", now.UnixMilli())
	logins, err := dbutil.NewRowIterWithError(rows, dbutil.ScanSingleColumn[string], err).AsList()
	if err != nil {
		return nil, fmt.Errorf("read the revoked logins: %w", err)
	}
	return logins, nil
}
