package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"presence/spaces"
)

// SyncRows is what the sync loop remembers: a position in the homeserver's
// stream and the tables that it belongs to. A position without its tables is
// worth nothing, so they are saved in one transaction.
type SyncRows struct {
	Cursor Cursor
	Reset  bool // forget everything of the account first; always false when loaded

	Members []SyncMember // joined since the last save; all of them when loaded
	Gone    []SyncMember // left since the last save; a pair is never in both

	// Opaque JSON of the state engine, by user id and by room id. A nil or
	// null value deletes the row.
	People, Rooms map[string]json.RawMessage
}

// SyncMember is a user joined to a Matrix room.
type SyncMember struct{ RoomID, UserID string }

// Cursor is a position in the homeserver's stream.
type Cursor struct {
	NextBatch string
	FilterID  string
	SavedAt   time.Time // to the millisecond
	// Since is the NextBatch of the save these rows build upon. When it is
	// given, SaveSync refuses rows whose predecessor is not the saved one: a
	// publisher that lost its lease without noticing cannot mix its rows into
	// its successor's. Empty when loaded.
	Since string
}

// SaveSync applies rows in one transaction. Saving the same rows again changes
// nothing. CodeConflict means that somebody else saved meanwhile (see
// [Cursor]): load again.
//
// Ids must be valid for Matrix (spaces.ValidUserID); one with a NUL character
// is CodeInvalid, because PostgreSQL could not hold it.
func (s *Store) SaveSync(ctx context.Context, account string, rows SyncRows) error {
	if err := checkSync(rows); err != nil {
		return err
	}
	err := s.Tx(ctx, func(ctx context.Context) error {
		if err := s.saveCursor(ctx, account, rows.Cursor, rows.Reset); err != nil {
			return err
		}
		if rows.Reset {
			if err := s.forgetSync(ctx, account); err != nil {
				return err
			}
		}
		if err := s.saveMembers(ctx, account, rows.Members, rows.Gone); err != nil {
			return err
		}
		if err := s.saveBodies(ctx, account, "sync_people", "user_id", rows.People); err != nil {
			return err
		}
		return s.saveBodies(ctx, account, "sync_rooms", "room_id", rows.Rooms)
	})
	if err != nil {
		return fmt.Errorf("save the sync position: %w", err)
	}
	return nil
}

// saveCursor comes first: its row lock puts two savers in a queue.
func (s *Store) saveCursor(ctx context.Context, account string, c Cursor, reset bool) error {
	changed, err := s.exec(ctx, `
		INSERT INTO sync_cursors (account, next_batch, filter_id, saved_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account) DO UPDATE
		SET next_batch = excluded.next_batch, filter_id = excluded.filter_id, saved_at = excluded.saved_at
		WHERE $5 OR $6 = '' OR sync_cursors.next_batch IN ($6, excluded.next_batch)`,
		account, c.NextBatch, c.FilterID, c.SavedAt.UnixMilli(), reset, c.Since)
	if err == nil && changed == 0 {
		return &spaces.Error{Code: spaces.CodeConflict, Field: "since", Message: "another aggregator has moved the sync position", Fix: "load the sync position again"}
	}
	return err
}

func (s *Store) forgetSync(ctx context.Context, account string) error {
	for _, table := range []string{"sync_members", "sync_people", "sync_rooms"} {
		if _, err := s.exec(ctx, "DELETE FROM "+table+" WHERE account = $1", account); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) saveMembers(ctx context.Context, account string, joined, gone []SyncMember) error {
	pairs := s.jsonRows(2, "room_id TEXT", "user_id TEXT")
	remove := "DELETE FROM sync_members WHERE account = $1 AND (room_id, user_id) IN (SELECT room_id, user_id FROM " + pairs + ")"
	if err := eachChunk(memberRows(gone), func(chunk string) error {
		_, err := s.exec(ctx, remove, account, chunk)
		return err
	}); err != nil {
		return err
	}
	add := "INSERT INTO sync_members (account, room_id, user_id) SELECT $1, room_id, user_id FROM " + pairs + " WHERE true ON CONFLICT DO NOTHING"
	return eachChunk(memberRows(joined), func(chunk string) error {
		_, err := s.exec(ctx, add, account, chunk)
		return err
	})
}

// saveBodies writes one of the two key-to-JSON tables; their names are ours.
func (s *Store) saveBodies(ctx context.Context, account, table, key string, bodies map[string]json.RawMessage) error {
	kept, gone := bodyRows(bodies)
	remove := "DELETE FROM " + table + " WHERE account = $1 AND " + key + " IN (SELECT id FROM " + s.jsonRows(2, "id TEXT") + ")"
	if err := eachChunk(gone, func(chunk string) error {
		_, err := s.exec(ctx, remove, account, chunk)
		return err
	}); err != nil {
		return err
	}
	put := "INSERT INTO " + table + " (account, " + key + ", body) SELECT $1, id, body FROM " + s.jsonRows(2, "id TEXT", "body TEXT") +
		" WHERE true ON CONFLICT (account, " + key + ") DO UPDATE SET body = excluded.body"
	return eachChunk(kept, func(chunk string) error {
		_, err := s.exec(ctx, put, account, chunk)
		return err
	})
}

func memberRows(members []SyncMember) [][2]string {
	rows := make([][2]string, len(members))
	for i, m := range members {
		rows[i] = [2]string{m.RoomID, m.UserID}
	}
	return rows
}

// bodyRows are sorted by id, so that two savers on PostgreSQL lock rows in the
// same order and pages are filled in theirs.
func bodyRows(bodies map[string]json.RawMessage) (kept [][2]string, gone [][1]string) {
	for _, id := range slices.Sorted(maps.Keys(bodies)) {
		if body := bodies[id]; isNull(body) {
			gone = append(gone, [1]string{id})
		} else {
			kept = append(kept, [2]string{id, string(body)})
		}
	}
	return kept, gone
}

func isNull(body json.RawMessage) bool { return len(body) == 0 || string(body) == "null" }

func eachChunk[R any](rows []R, do func(chunk string) error) error {
	for chunk := range slices.Chunk(rows, rowsPerStatement) {
		text, err := encodeRows(chunk)
		if err != nil {
			return err
		}
		if err := do(text); err != nil {
			return err
		}
	}
	return nil
}

func checkSync(rows SyncRows) error {
	for _, list := range [][]SyncMember{rows.Members, rows.Gone} {
		for _, m := range list {
			if err := cmp.Or(checkText("room_id", m.RoomID), checkText("user_id", m.UserID)); err != nil {
				return err
			}
		}
	}
	return cmp.Or(checkBodies("user_id", rows.People), checkBodies("room_id", rows.Rooms))
}

func checkBodies(key string, bodies map[string]json.RawMessage) error {
	for id, body := range bodies {
		if err := checkText(key, id); err != nil {
			return err
		}
		if len(body) > 0 && !json.Valid(body) {
			return spaces.Invalid("body", "of %s is not JSON", id)
		}
	}
	return nil
}
