package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

// loadLine reads who waits for a space, without those whose time is over.
func (s *Store) loadLine(ctx context.Context, key spaces.Key, seats int, now time.Time) (*line, error) {
	l := &line{space: key.String(), now: now.UnixMilli(), seats: seats}
	// Seats of clients whose gateway vouches for them no more.
	if _, err := s.exec(ctx, "DELETE FROM presence_sessions WHERE space_type = $1 AND space_id = $2 AND subspace = $3 AND last_activity < $4",
		string(key.Type), key.ID, key.Subspace, stamp(now.Add(-sessionLife))); err != nil {
		return nil, err
	}
	err := s.db.QueryRow(ctx, "SELECT count(DISTINCT subject) FROM presence_sessions WHERE "+inSpace,
		string(key.Type), key.ID, key.Subspace).Scan(&l.inside)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT socket_id, subject, network, gateway, place, seen_at, gone_at, reserved_until
		FROM presence_line WHERE space = $1 ORDER BY place`, l.space)
	l.waiters, err = dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (*waiter, error) {
		var w waiter
		return &w, row.Scan(&w.id, &w.subject, &w.network, &w.gateway, &w.place, &w.seen, &w.gone, &w.reserved)
	}, err).AsList()
	if err != nil {
		return nil, err
	}
	l.tidy()
	return l, s.loadSeated(ctx, key, l)
}

// inSpace says of rows of presence_sessions that they are in the space $1, $2, $3.
const inSpace = "space_type = $1 AND space_id = $2 AND subspace = $3"

// loadSeated finds out who of those in line is inside already with another
// session.
func (s *Store) loadSeated(ctx context.Context, key spaces.Key, l *line) error {
	l.seated = map[string]bool{}
	if len(l.waiters) == 0 {
		return nil
	}
	seated, err := s.ids(ctx, "SELECT DISTINCT subject FROM presence_sessions WHERE "+inSpace+
		" AND subject IN (SELECT subject FROM presence_line WHERE space = $4)", string(key.Type), key.ID, key.Subspace, l.space)
	for _, subject := range seated {
		l.seated[subject] = true
	}
	return err
}

// saveLine writes what has changed. What is removed goes first: somebody who
// came back takes the place of who they were.
func (s *Store) saveLine(ctx context.Context, l *line) error {
	if len(l.removed) > 0 {
		list := make([][1]string, len(l.removed))
		for i, id := range l.removed {
			list[i] = [1]string{id}
		}
		arg, err := encodeRows(list)
		if err != nil {
			return err
		}
		if _, err := s.exec(ctx, "DELETE FROM presence_line WHERE socket_id IN (SELECT socket_id FROM "+s.jsonRows(1, "socket_id TEXT")+")", arg); err != nil {
			return err
		}
	}
	for _, w := range l.waiters {
		if !w.dirty {
			continue
		}
		if err := s.saveWaiter(ctx, l.space, w); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) saveWaiter(ctx context.Context, space string, w *waiter) error {
	if w.session == nil {
		_, err := s.exec(ctx, "UPDATE presence_line SET place = $2, seen_at = $3, gone_at = $4, reserved_until = $5 WHERE socket_id = $1",
			w.id, w.place, w.seen, w.gone, w.reserved)
		return err
	}
	body, err := json.Marshal(w.session)
	if err != nil {
		return fmt.Errorf("encode the session: %w", err)
	}
	_, err = s.exec(ctx, `
		INSERT INTO presence_line (socket_id, space, place, subject, gateway, body, seen_at, gone_at, reserved_until, network)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (socket_id) DO UPDATE SET space = excluded.space, place = excluded.place, subject = excluded.subject,
			gateway = excluded.gateway, body = excluded.body, seen_at = excluded.seen_at, gone_at = excluded.gone_at,
			reserved_until = excluded.reserved_until, network = excluded.network`,
		w.id, space, w.place, w.subject, w.gateway, string(body), w.seen, w.gone, w.reserved, w.network)
	return err
}

func (s *Store) waitingSession(ctx context.Context, id string) (*spaces.Session, error) {
	var body string
	if err := s.db.QueryRow(ctx, "SELECT body FROM presence_line WHERE socket_id = $1", id).Scan(&body); err != nil {
		return nil, err
	}
	var n spaces.Session
	if err := json.Unmarshal([]byte(body), &n); err != nil {
		return nil, fmt.Errorf("decode the session: %w", err)
	}
	return &n, nil
}

func (s *Store) isInside(ctx context.Context, n spaces.Session) (bool, error) {
	var rows int
	err := s.db.QueryRow(ctx, "SELECT count(*) FROM presence_sessions WHERE "+inSpace+" AND socket_id = $4",
		string(n.Key.Type), n.Key.ID, n.Key.Subspace, n.ID).Scan(&rows)
	return rows > 0, err
}

func (s *Store) insideOf(ctx context.Context, ids []string) ([]string, error) {
	list := make([][1]string, len(ids))
	for i, id := range ids {
		list[i] = [1]string{id}
	}
	arg, err := encodeRows(list)
	if err != nil {
		return nil, err
	}
	return s.ids(ctx, "SELECT socket_id FROM presence_sessions WHERE socket_id IN (SELECT socket_id FROM "+s.jsonRows(1, "socket_id TEXT")+")", arg)
}
