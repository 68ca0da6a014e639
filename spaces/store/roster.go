package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

// maxRoster bounds what the detail of a space shows of who is inside.
const maxRoster = 500

// Occupant is who is inside, as the first API shows it.
type Occupant struct {
	SocketID    string
	Subspace    string
	Account     string // empty for guests
	Name        string
	ConnectedAt time.Time
	Position    json.RawMessage // last noted; nil when unknown
	Voice       bool
}

// Occupants returns who is inside a content and its subspaces in the order of
// arrival, at most 500, and how many there are in all.
func (s *Store) Occupants(ctx context.Context, parent spaces.Key, now time.Time) (shown []Occupant, all int, err error) {
	rows, err := s.db.Query(ctx, `
		SELECT socket_id, subspace, COALESCE(user_account, ''), name, connected_at, COALESCE(CAST(position AS TEXT), ''), voice_enabled, COUNT(*) OVER ()
		FROM presence_sessions WHERE space_type = $1 AND space_id = $2 AND last_activity > $3 ORDER BY id LIMIT $4`,
		string(parent.Type), parent.ID, stamp(now.Add(-liveFor)), maxRoster)
	shown, err = dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (o Occupant, err error) {
		var connected stamp
		var position string
		err = row.Scan(&o.SocketID, &o.Subspace, &o.Account, &o.Name, &connected, &position, &o.Voice, &all)
		o.ConnectedAt = connected.time()
		if position != "" {
			o.Position = json.RawMessage(position)
		}
		return o, err
	}, err).AsList()
	if err != nil {
		return nil, 0, fmt.Errorf("read who is inside %s: %w", parent, err)
	}
	return shown, all, nil
}

// Crowd is how many are inside one subspace, and in line for it.
type Crowd struct {
	People, Guests                      int // inside
	Waiting, WaitingHive, WaitingGuests int
}

// Crowd counts the people of one key; subspaces are not part of it.
func (s *Store) Crowd(ctx context.Context, key spaces.Key, now time.Time) (c Crowd, err error) {
	err = s.db.QueryRow(ctx, `
		SELECT (SELECT COUNT(DISTINCT subject) FROM presence_sessions WHERE space_type = $1 AND space_id = $2 AND subspace = $3 AND last_activity > $4),
			(SELECT COUNT(DISTINCT subject) FROM presence_sessions WHERE space_type = $1 AND space_id = $2 AND subspace = $3 AND last_activity > $4 AND guest),
			(SELECT COUNT(*) FROM presence_line WHERE space = $5 AND reserved_until = 0),
			(SELECT COUNT(*) FROM presence_line WHERE space = $5 AND reserved_until = 0 AND subject LIKE 'hive:%'),
			(SELECT COUNT(*) FROM presence_line WHERE space = $5 AND reserved_until = 0 AND subject LIKE 'guest:%')`,
		string(key.Type), key.ID, key.Subspace, stamp(now.Add(-liveFor)), key.String(),
	).Scan(&c.People, &c.Guests, &c.Waiting, &c.WaitingHive, &c.WaitingGuests)
	if err != nil {
		return Crowd{}, fmt.Errorf("count who is in %s: %w", key, err)
	}
	return c, nil
}

// Whereabouts is where a session is.
type Whereabouts struct {
	Session spaces.Session
	Inside  bool // false: in line
}

// Whereabouts finds a session by its id, and false when it is nowhere.
func (s *Store) Whereabouts(ctx context.Context, session string) (Whereabouts, bool, error) {
	found, err := scanSession(s.db.QueryRow(ctx, "SELECT "+sessionColumns+" FROM presence_sessions WHERE socket_id = $1", session))
	if err == nil {
		return Whereabouts{found, true}, true, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return Whereabouts{}, false, fmt.Errorf("find a session: %w", err)
	}
	var body string
	err = s.db.QueryRow(ctx, "SELECT body FROM presence_line WHERE socket_id = $1", session).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return Whereabouts{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(body), &found)
	}
	if err != nil {
		return Whereabouts{}, false, fmt.Errorf("find a session in line: %w", err)
	}
	return Whereabouts{Session: found}, true, nil
}
