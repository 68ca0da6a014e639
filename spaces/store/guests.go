package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"presence/spaces"
)

const (
	// guestMemory is how long after they were last here a moderator can ban a
	// guest together with those who come after them.
	guestMemory = 24 * time.Hour
	// NetworkBan is how long a guest's ban holds for new guests of the same
	// network at the most: long enough to take the fun out of coming back, and
	// over by tomorrow for whoever else is behind the same router.
	NetworkBan = 12 * time.Hour
)

// NoteGuest remembers for a day that a guest of a network was here.
func (s *Store) NoteGuest(ctx context.Context, subject, network string, now time.Time) error {
	err := s.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.exec(ctx, "DELETE FROM presence_guests WHERE last_seen < $1", now.Add(-guestMemory).UnixMilli()); err != nil {
			return err
		}
		_, err := s.exec(ctx, `INSERT INTO presence_guests (subject, network, first_seen, last_seen) VALUES ($1, $2, $3, $3)
			ON CONFLICT (subject) DO UPDATE SET network = excluded.network, last_seen = excluded.last_seen`,
			subject, network, now.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("note a guest: %w", err)
	}
	return nil
}

// BanNetwork makes the ban of a guest hold for guests of the same network who
// come after it, and returns until when: [NetworkBan], or less if the ban ends
// sooner; zero when it is not a guest's, or nobody knows where the guest came
// from.
func (s *Store) BanNetwork(ctx context.Context, b Ban) (until time.Time, err error) {
	if !strings.HasPrefix(b.Subject, "guest:") {
		return time.Time{}, nil
	}
	until = b.CreatedAt.Add(NetworkBan)
	if !b.ExpiresAt.IsZero() && b.ExpiresAt.Before(until) {
		until = b.ExpiresAt
	}
	err = s.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.exec(ctx, "DELETE FROM presence_network_bans WHERE expires_at < $1", b.CreatedAt.UnixMilli()); err != nil {
			return err
		}
		put, err := s.exec(ctx, `INSERT INTO presence_network_bans (space_type, space_id, subject, network, created_at, expires_at)
			SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), subject, network, CAST($4 AS BIGINT), CAST($5 AS BIGINT) FROM presence_guests WHERE subject = $3
			ON CONFLICT (space_type, space_id, subject) DO UPDATE SET network = excluded.network,
				created_at = excluded.created_at, expires_at = excluded.expires_at`,
			b.Key.Type, b.Key.ID, b.Subject, b.CreatedAt.UnixMilli(), until.UnixMilli())
		if put == 0 {
			until = time.Time{}
		}
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("ban new guests of a network: %w", err)
	}
	return until, nil
}

// NewcomersBanned returns until when a guest is kept out of a content because
// another one of the same network was banned there before this one ever came;
// zero: it is not.
func (s *Store) NewcomersBanned(ctx context.Context, key spaces.Key, subject, network string, now time.Time) (until time.Time, err error) {
	var ms sql.NullInt64
	err = s.db.QueryRow(ctx, `SELECT max(b.expires_at) FROM presence_network_bans b
		WHERE b.space_type = $1 AND b.space_id = $2 AND b.network = $4 AND b.expires_at > $5
			AND NOT EXISTS (SELECT 1 FROM presence_guests g WHERE g.subject = $3 AND g.first_seen <= b.created_at)`,
		key.Type, key.ID, subject, network, now.UnixMilli()).Scan(&ms)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, fmt.Errorf("read the bans of a network in %s: %w", key, err)
	}
	if !ms.Valid {
		return time.Time{}, nil
	}
	return time.UnixMilli(ms.Int64).UTC(), nil
}
