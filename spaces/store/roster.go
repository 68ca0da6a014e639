package store

import (
	"context"
	"encoding/json"
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
