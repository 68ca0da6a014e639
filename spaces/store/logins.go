package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

// Login is one time that somebody proved who they are, and what it led to.
type Login struct {
	ID      string // the sid of tokens; spaces.Viewer.Login
	Subject string
	Method  string // "hive", "hive-signature" or "matrix"
	Proof   string // the public key of a Hive login; otherwise empty

	Created time.Time
	Expires time.Time // no refresh goes beyond it

	Generation int64     // of the refresh token that is good now
	Rotated    time.Time // when that one was made
	Revoked    time.Time // zero: it holds
	Reason     string    // of the revocation
}

// loginRest is how long an expired login stays for `presence login list`.
const loginRest = 7 * 24 * time.Hour

const loginColumns = "id, subject, method, proof, created_at, expires_at, generation, rotated_at, revoked_at, reason"

// AddLogin keeps a new login, with a row in the audit log, and forgets those
// that ended long ago. One that exists already stays as it is.
func (s *Store) AddLogin(ctx context.Context, l Login) error {
	err := s.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.exec(ctx, "DELETE FROM logins WHERE expires_at < $1", l.Created.Add(-loginRest).UnixMilli()); err != nil {
			return err
		}
		added, err := s.exec(ctx, "INSERT INTO logins ("+loginColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
			l.ID, l.Subject, l.Method, l.Proof, l.Created.UnixMilli(), l.Expires.UnixMilli(),
			l.Generation, l.Rotated.UnixMilli(), milli(l.Revoked), l.Reason)
		if err != nil || added == 0 {
			return err
		}
		return s.Audit(ctx, AuditRow{At: l.Created, Subject: l.Subject, Action: "login", Target: l.ID, Details: map[string]string{"method": l.Method}})
	})
	if err != nil {
		return fmt.Errorf("add a login: %w", err)
	}
	return nil
}

// Login returns one login, also one that expired or was revoked; CodeNotFound
// when there is none.
func (s *Store) Login(ctx context.Context, id string) (Login, error) {
	l, err := scanLogin(s.db.QueryRow(ctx, "SELECT "+loginColumns+" FROM logins WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) {
		return Login{}, &spaces.Error{Code: spaces.CodeNotFound, Field: "login", Message: "is not known"}
	}
	if err != nil {
		return Login{}, fmt.Errorf("read a login: %w", err)
	}
	return l, nil
}

// Logins returns the logins of a subject, or of everybody when it is empty,
// that hold at now, newest first and at most limit.
func (s *Store) Logins(ctx context.Context, subject string, now time.Time, limit int) ([]Login, error) {
	rows, err := s.db.Query(ctx, "SELECT "+loginColumns+` FROM logins
		WHERE (subject = $1 OR $1 = '') AND revoked_at = 0 AND expires_at > $2
		ORDER BY created_at DESC, id LIMIT $3`, subject, now.UnixMilli(), limit)
	found, err := dbutil.NewRowIterWithError(rows, scanLogin, err).AsList()
	if err != nil {
		return nil, fmt.Errorf("read the logins: %w", err)
	}
	return found, nil
}

// RotateLogin makes the refresh token of the next generation the good one, if
// that of generation still is, and reports whether it did: of several who try,
// one succeeds. Revoked logins do not rotate.
func (s *Store) RotateLogin(ctx context.Context, id string, generation int64, now time.Time) (bool, error) {
	changed, err := s.exec(ctx, `UPDATE logins SET generation = generation + 1, rotated_at = $3
		WHERE id = $1 AND generation = $2 AND revoked_at = 0 AND expires_at > $3`, id, generation, now.UnixMilli())
	if err != nil {
		return false, fmt.Errorf("rotate a login: %w", err)
	}
	return changed == 1, nil
}

func scanLogin(row dbutil.Scannable) (l Login, err error) {
	var created, expires, rotated, revoked int64
	err = row.Scan(&l.ID, &l.Subject, &l.Method, &l.Proof, &created, &expires, &l.Generation, &rotated, &revoked, &l.Reason)
	l.Created, l.Expires, l.Rotated = time.UnixMilli(created), time.UnixMilli(expires), time.UnixMilli(rotated)
	if revoked != 0 {
		l.Revoked = time.UnixMilli(revoked)
	}
	return l, err
}

// milli is a time as the tables keep it; zero is 0.
func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
