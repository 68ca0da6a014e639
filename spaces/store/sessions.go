package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

const (
	// sessionLife is how long a session counts without being touched. Gateways
	// touch theirs every 15 to 20 s, so two touches may be lost.
	sessionLife = time.Minute
	// sessionYouth spares a row that a gateway wrote before the bus has told
	// the others that this gateway is alive.
	sessionYouth = 10 * time.Second
)

// Seen is a session that its gateway vouches for.
type Seen struct {
	ID       string
	Position *spaces.Vec // nil: not known, or it never moved
}

// Touch keeps sessions alive and notes where they are. lost are those without a
// row: somebody took their gateway for dead; [Store.Reseat] brings them back.
func (s *Store) Touch(ctx context.Context, seen []Seen, now time.Time) (lost []string, err error) {
	there := make(map[string]bool, len(seen))
	for rest := seen; len(rest) > 0; {
		part := rest[:min(len(rest), rowsPerStatement)]
		rest = rest[len(part):]
		ids, err := s.touch(ctx, part, now)
		if err != nil {
			return nil, fmt.Errorf("touch sessions: %w", err)
		}
		for _, id := range ids {
			there[id] = true
		}
	}
	for _, one := range seen {
		if !there[one.ID] {
			lost = append(lost, one.ID)
		}
	}
	return lost, nil
}

func (s *Store) touch(ctx context.Context, seen []Seen, now time.Time) (ids []string, err error) {
	type row [2]*string
	list := make([]row, len(seen))
	for i := range seen {
		list[i] = row{&seen[i].ID, nil}
		if seen[i].Position != nil {
			place, err := json.Marshal(seen[i].Position)
			if err != nil {
				return nil, fmt.Errorf("position: %w", err)
			}
			text := string(place)
			list[i][1] = &text
		}
	}
	arg, err := encodeRows(list)
	if err != nil {
		return nil, err
	}
	return s.ids(ctx, `
		UPDATE presence_sessions SET last_activity = $2, position = COALESCE(r.position, presence_sessions.position)
		FROM `+s.jsonRows(1, "socket_id TEXT", "position "+s.jsonKind())+`
		WHERE presence_sessions.socket_id = r.socket_id RETURNING presence_sessions.socket_id`, arg, stamp(now))
}

// jsonKind is the type of the columns that hold JSON of other people.
func (s *Store) jsonKind() string {
	if s.db.Dialect == dbutil.Postgres {
		return "JSON"
	}
	return "TEXT"
}

// Reseat puts back a session that is inside although its row is gone, whatever
// the seats say.
func (s *Store) Reseat(ctx context.Context, session spaces.Session, now time.Time) error {
	if err := checkSession(session); err != nil {
		return err
	}
	return s.seat(ctx, session, now)
}

// SessionsIn returns who is inside a space and its subspaces, in the order of
// arrival.
func (s *Store) SessionsIn(ctx context.Context, parent spaces.Key) ([]spaces.Session, error) {
	rows, err := s.db.Query(ctx, "SELECT "+sessionColumns+` FROM presence_sessions
		WHERE space_type = $1 AND space_id = $2 ORDER BY id`, string(parent.Type), parent.ID)
	sessions, err := dbutil.NewRowIterWithError(rows, scanSession, err).AsList()
	if err != nil {
		return nil, fmt.Errorf("sessions in %s: %w", parent, err)
	}
	return sessions, nil
}

// DropGateway forgets who was inside on a gateway that is dead. Those of its
// clients that waited keep their places for a while, to come back elsewhere.
func (s *Store) DropGateway(ctx context.Context, gateway string, now time.Time) error {
	err := s.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.exec(ctx, "DELETE FROM presence_sessions WHERE gateway = $1", gateway); err != nil {
			return err
		}
		_, err := s.exec(ctx, "UPDATE presence_line SET gone_at = $2 WHERE gateway = $1 AND gone_at = 0", gateway, now.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("drop gateway %s: %w", gateway, err)
	}
	return nil
}

// DropOtherGateways does the same for every gateway but the living: call it
// with those the bus knows, at start and after an outage.
func (s *Store) DropOtherGateways(ctx context.Context, alive []string, now time.Time) error {
	list := make([][1]string, len(alive))
	for i, id := range alive {
		list[i] = [1]string{id}
	}
	arg, err := encodeRows(list)
	if err != nil {
		return err
	}
	living := "(SELECT gateway FROM " + s.jsonRows(1, "gateway TEXT") + ")"
	young := now.Add(-sessionYouth)
	err = s.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.exec(ctx, "DELETE FROM presence_sessions WHERE gateway NOT IN "+living+" AND last_activity < $2", arg, stamp(young)); err != nil {
			return err
		}
		_, err := s.exec(ctx, "UPDATE presence_line SET gone_at = $3 WHERE gateway NOT IN "+living+" AND gone_at = 0 AND seen_at < $2",
			arg, young.UnixMilli(), now.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("drop dead gateways: %w", err)
	}
	return nil
}

// SweepSessions removes sessions that nobody has vouched for lately, and
// returns how many.
func (s *Store) SweepSessions(ctx context.Context, now time.Time) (int64, error) {
	swept, err := s.exec(ctx, "DELETE FROM presence_sessions WHERE last_activity < $1", stamp(now.Add(-sessionLife)))
	if err != nil {
		return 0, fmt.Errorf("sweep sessions: %w", err)
	}
	_, err = s.exec(ctx, "DELETE FROM presence_line WHERE seen_at < $1 AND reserved_until < $2",
		now.Add(-sessionLife).UnixMilli(), now.UnixMilli())
	if err != nil {
		return swept, fmt.Errorf("sweep the lines: %w", err)
	}
	return swept, nil
}

// seat writes the row of a session that is inside.
func (s *Store) seat(ctx context.Context, n spaces.Session, now time.Time) error {
	avatar := sql.NullString{String: string(n.Avatar), Valid: len(n.Avatar) > 0}
	account := sql.NullString{String: n.Account, Valid: n.Account != ""}
	if n.ConnectedAt.IsZero() {
		n.ConnectedAt = now
	}
	_, err := s.exec(ctx, `
		INSERT INTO presence_sessions (socket_id, user_account, space_type, space_id, subspace, avatar_data, voice_enabled,
			connected_at, last_activity, subject, name, guest, network, door, gateway)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (socket_id) DO UPDATE SET user_account = excluded.user_account, space_type = excluded.space_type,
			space_id = excluded.space_id, subspace = excluded.subspace, avatar_data = excluded.avatar_data,
			voice_enabled = excluded.voice_enabled, last_activity = excluded.last_activity, subject = excluded.subject,
			name = excluded.name, guest = excluded.guest, network = excluded.network, door = excluded.door, gateway = excluded.gateway`,
		n.ID, account, string(n.Key.Type), n.Key.ID, n.Key.Subspace, avatar, n.Voice,
		stamp(n.ConnectedAt), stamp(now), n.Subject, n.Name, n.Guest, n.Network, string(n.Door), n.Gateway)
	if err != nil {
		return fmt.Errorf("seat a session: %w", err)
	}
	return nil
}

const sessionColumns = `socket_id, user_account, space_type, space_id, subspace, CAST(avatar_data AS TEXT), voice_enabled,
	connected_at, subject, name, guest, network, door, gateway`

func scanSession(row dbutil.Scannable) (n spaces.Session, err error) {
	var account, avatar sql.NullString
	var connected stamp
	err = row.Scan(&n.ID, &account, &n.Key.Type, &n.Key.ID, &n.Key.Subspace, &avatar, &n.Voice,
		&connected, &n.Subject, &n.Name, &n.Guest, &n.Network, &n.Door, &n.Gateway)
	n.Account, n.ConnectedAt = account.String, time.Time(connected)
	if avatar.Valid {
		n.Avatar = json.RawMessage(avatar.String)
	}
	return n, err
}

// ids runs a query whose rows are one text each.
func (s *Store) ids(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := s.db.Query(ctx, query, args...)
	return dbutil.NewRowIterWithError(rows, dbutil.ScanSingleColumn[string], err).AsList()
}

// checkSession refuses what neither engine should hold.
func checkSession(n spaces.Session) error {
	if n.ID == "" || n.Gateway == "" || n.Subject == "" {
		return spaces.Invalid("session", "needs an id, a subject and a gateway")
	}
	if len(n.Avatar) > 0 && !json.Valid(n.Avatar) {
		return spaces.Invalid("avatar", "must be JSON")
	}
	for _, t := range []struct{ field, text string }{
		{"session", n.ID}, {"gateway", n.Gateway}, {"subject", n.Subject}, {"account", n.Account}, {"name", n.Name}, {"network", n.Network}, {"door", string(n.Door)},
	} {
		if err := checkText(t.field, t.text); err != nil {
			return err
		}
	}
	return nil
}
