package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

// AuditRow is one privileged act.
type AuditRow struct {
	ID      int64 // given by the table
	At      time.Time
	Subject string // who did it; "operator" for commands at a terminal
	Action  string // settings, subspace, grant, revoke, kick, ban, unban, delete_message, hide, ...
	Key     spaces.Key
	Target  string            // to whom or to what; may be empty
	Details map[string]string // may be nil
}

// Audit keeps one row.
func (s *Store) Audit(ctx context.Context, a AuditRow) error {
	details, err := json.Marshal(a.Details)
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	if a.Details == nil {
		details = []byte("{}")
	}
	_, err = s.exec(ctx, `INSERT INTO presence_audit_log (subject, user_account, action, space_type, space_id, target, details, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		a.Subject, spaces.Account(spaces.Viewer{Subject: a.Subject}), a.Action, a.Key.Type, a.Key.ID, a.Target, string(details), stamp(a.At))
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

// AuditLog returns the acts of a content, newest first, at most limit of those
// before the given id; 0 begins at the newest.
func (s *Store) AuditLog(ctx context.Context, key spaces.Key, before int64, limit int) ([]AuditRow, error) {
	rows, err := s.db.Query(ctx, `SELECT id, subject, action, target, details, created_at FROM presence_audit_log
		WHERE space_type = $1 AND space_id = $2 AND (id < $3 OR $3 = 0) ORDER BY id DESC LIMIT $4`, key.Type, key.ID, before, limit)
	found, err := dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (a AuditRow, err error) {
		var at stamp
		var details string
		if err := row.Scan(&a.ID, &a.Subject, &a.Action, &a.Target, &details, &at); err != nil {
			return a, err
		}
		a.Key, a.At = key, at.time()
		return a, json.Unmarshal([]byte(details), &a.Details)
	}, err).AsList()
	if err != nil {
		return nil, fmt.Errorf("read the audit log of %s: %w", key, err)
	}
	return found, nil
}
