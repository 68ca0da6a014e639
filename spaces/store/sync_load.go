package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.mau.fi/util/dbutil"
)

// LoadSync returns everything SaveSync has kept for an account, as of one
// moment, and false when nothing was ever saved.
func (s *Store) LoadSync(ctx context.Context, account string) (SyncRows, bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var rows SyncRows
	err := s.db.DoTxn(ctx, s.snapshot(), func(ctx context.Context) (err error) {
		if rows.Cursor, err = s.loadCursor(ctx, account); err != nil {
			return err
		}
		if rows.Members, err = s.loadMembers(ctx, account); err != nil {
			return err
		}
		if rows.People, err = s.loadBodies(ctx, "SELECT user_id, body FROM sync_people WHERE account = $1", account); err != nil {
			return err
		}
		rows.Rooms, err = s.loadBodies(ctx, "SELECT room_id, body FROM sync_rooms WHERE account = $1", account)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return SyncRows{}, false, nil
	}
	if err != nil {
		return SyncRows{}, false, fmt.Errorf("load the sync position: %w", err)
	}
	return rows, true, nil
}

// snapshot makes several reads see one moment. A transaction on SQLite does so
// at any level.
func (s *Store) snapshot() *dbutil.TxnOptions {
	options := &dbutil.TxnOptions{ReadOnly: true}
	if s.db.Dialect == dbutil.Postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	return options
}

func (s *Store) loadCursor(ctx context.Context, account string) (c Cursor, err error) {
	var saved int64
	err = s.db.QueryRow(ctx, "SELECT next_batch, filter_id, saved_at FROM sync_cursors WHERE account = $1", account).
		Scan(&c.NextBatch, &c.FilterID, &saved)
	c.SavedAt = time.UnixMilli(saved)
	return c, err
}

func (s *Store) loadMembers(ctx context.Context, account string) ([]SyncMember, error) {
	rows, err := s.db.Query(ctx, "SELECT room_id, user_id FROM sync_members WHERE account = $1", account)
	return dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (m SyncMember, err error) {
		err = row.Scan(&m.RoomID, &m.UserID)
		return m, err
	}, err).AsList()
}

func (s *Store) loadBodies(ctx context.Context, query, account string) (map[string]json.RawMessage, error) {
	type entry struct{ id, body string }
	rows, err := s.db.Query(ctx, query, account)
	entries := dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (e entry, err error) {
		err = row.Scan(&e.id, &e.body)
		return e, err
	}, err)
	return dbutil.RowIterAsMap(entries, func(e entry) (string, json.RawMessage) { return e.id, json.RawMessage(e.body) })
}
