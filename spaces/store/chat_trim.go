package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"presence/spaces"
)

// TrimChat removes up to limit lines written before lines, comments on
// documents excepted, and up to limit events older than log that were
// published, and returns how many rows went. Call it until
// that is none. Several processes may do it at once: each batch is one
// transaction under the lock of its space, so that it meets no writer halfway.
func (s *Store) TrimChat(ctx context.Context, lines, log time.Time, limit int) (removed int64, err error) {
	for _, trim := range []func(context.Context) (int64, error){
		func(ctx context.Context) (int64, error) { return s.trimLines(ctx, lines, limit) },
		func(ctx context.Context) (int64, error) { return s.trimLog(ctx, log, limit) },
	} {
		n, err := trim(ctx)
		if err != nil {
			return removed, fmt.Errorf("trim the chat: %w", err)
		}
		removed += n
	}
	return removed, nil
}

func (s *Store) trimLines(ctx context.Context, before time.Time, limit int) (removed int64, err error) {
	var key spaces.Key
	err = s.db.QueryRow(ctx, "SELECT space_type, space_id, subspace FROM chat_messages WHERE created_at < $1 AND subspace <> $2 ORDER BY created_at LIMIT 1", stamp(before), spaces.CommentsSubspace).
		Scan(&key.Type, &key.ID, &key.Subspace)
	if err != nil {
		return 0, notNone(err)
	}
	return removed, s.Tx(ctx, func(ctx context.Context) error {
		t := chatTurn{Store: s, key: key}
		if err := t.begin(ctx); err != nil {
			return err
		}
		removed, err = s.exec(ctx, `
			DELETE FROM chat_messages WHERE id IN (
				SELECT id FROM chat_messages WHERE space_type = $1 AND space_id = $2 AND subspace = $3 AND created_at < $4 ORDER BY id LIMIT $5)`,
			key.Type, key.ID, key.Subspace, stamp(before), limit)
		return err
	})
}

func (s *Store) trimLog(ctx context.Context, before time.Time, limit int) (removed int64, err error) {
	var key spaces.Key
	err = s.db.QueryRow(ctx, "SELECT space_type, space_id, subspace FROM chat_log WHERE at < $1 ORDER BY at LIMIT 1", before.UnixMilli()).
		Scan(&key.Type, &key.ID, &key.Subspace)
	if err != nil {
		return 0, notNone(err)
	}
	return removed, s.Tx(ctx, func(ctx context.Context) error {
		t := chatTurn{Store: s, key: key}
		if err := t.begin(ctx); err != nil {
			return err
		}
		for _, table := range []string{"chat_outbox", "chat_log"} {
			removed, err = s.exec(ctx, "DELETE FROM "+table+` WHERE space_type = $1 AND space_id = $2 AND subspace = $3 AND seq IN (
				SELECT seq FROM chat_log WHERE space_type = $1 AND space_id = $2 AND subspace = $3 AND at < $4 ORDER BY seq LIMIT $5)`,
				key.Type, key.ID, key.Subspace, before.UnixMilli(), limit)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func notNone(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
