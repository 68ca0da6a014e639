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

// maxSubscriptions bounds the spaces of one person, and with them the cost of
// one question for what is unread.
const maxSubscriptions = 200

const subscriptionColumns = "space_type, space_id, subspace, notification_settings, last_read_message_id, last_read_at, created_at"

// ChatSubscription returns the subject's subscription of a space; CodeNotFound
// when there is none.
func (s *Store) ChatSubscription(ctx context.Context, subject string, key spaces.Key) (spaces.Subscription, error) {
	sub, err := scanSubscription(s.db.QueryRow(ctx, "SELECT "+subscriptionColumns+` FROM chat_subscriptions
		WHERE subject = $1 AND space_type = $2 AND space_id = $3 AND subspace = $4`, subject, key.Type, key.ID, key.Subspace))
	if errors.Is(err, sql.ErrNoRows) {
		return sub, &spaces.Error{Code: spaces.CodeNotFound, Message: "you are not subscribed to this space"}
	}
	if err != nil {
		return sub, fmt.Errorf("read a chat subscription: %w", err)
	}
	return sub, nil
}

// PutChatSubscription subscribes, or changes what the subscriber wants to be
// told about. A new subscriber has read everything there is.
func (s *Store) PutChatSubscription(ctx context.Context, v spaces.Viewer, key spaces.Key, n spaces.Notify, now time.Time) (spaces.Subscription, error) {
	return s.subscribe(ctx, v, key, n, 0, now, func(ctx context.Context, settings string) error {
		_, err := s.exec(ctx, `
			UPDATE chat_subscriptions SET notification_settings = $5 WHERE subject = $1 AND space_type = $2 AND space_id = $3 AND subspace = $4`,
			v.Subject, key.Type, key.ID, key.Subspace, settings)
		return err
	})
}

// MarkChatRead notes that the subject has read up to a line of the space, and
// subscribes who is not. A marker never goes back.
func (s *Store) MarkChatRead(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64, now time.Time) (spaces.Subscription, error) {
	if _, err := s.ChatMessage(ctx, key, id); err != nil {
		return spaces.Subscription{}, err
	}
	return s.subscribe(ctx, v, key, spaces.DefaultNotify(), id, now, func(ctx context.Context, _ string) error {
		_, err := s.exec(ctx, `
			UPDATE chat_subscriptions SET last_read_message_id = $5, last_read_at = $6
			WHERE subject = $1 AND space_type = $2 AND space_id = $3 AND subspace = $4 AND last_read_message_id < $5`,
			v.Subject, key.Type, key.ID, key.Subspace, id, stamp(now))
		return err
	})
}

// subscribe makes the row when it is missing, read up to a line or, if that is
// 0, up to the newest, and lets change work on it.
func (s *Store) subscribe(ctx context.Context, v spaces.Viewer, key spaces.Key, n spaces.Notify, read int64, now time.Time, change func(context.Context, string) error) (sub spaces.Subscription, err error) {
	settings, err := json.Marshal(n)
	if err != nil {
		return sub, err
	}
	err = s.Tx(ctx, func(ctx context.Context) error {
		added, err := s.exec(ctx, `
			INSERT INTO chat_subscriptions (user_account, space_type, space_id, subspace, notification_settings, last_read_message_id, created_at, subject)
			VALUES ($1, $2, $3, $4, $5,
				COALESCE(NULLIF(CAST($8 AS BIGINT), 0), (SELECT MAX(id) FROM chat_messages WHERE space_type = $2 AND space_id = $3 AND subspace = $4), 0), $6, $7)
			ON CONFLICT (subject, space_type, space_id, subspace) DO NOTHING`,
			spaces.Account(v), key.Type, key.ID, key.Subspace, string(settings), stamp(now), v.Subject, read)
		if err != nil {
			return err
		}
		if added > 0 {
			if err := s.countSubscriptions(ctx, v.Subject); err != nil {
				return err
			}
		}
		if err := change(ctx, string(settings)); err != nil {
			return err
		}
		sub, err = s.ChatSubscription(ctx, v.Subject, key)
		return err
	})
	if err != nil {
		return sub, fmt.Errorf("subscribe to a chat: %w", err)
	}
	return sub, nil
}

func (s *Store) countSubscriptions(ctx context.Context, subject string) error {
	var count int
	if err := s.db.QueryRow(ctx, "SELECT COUNT(*) FROM chat_subscriptions WHERE subject = $1", subject).Scan(&count); err != nil {
		return err
	}
	if count > maxSubscriptions {
		return &spaces.Error{Code: spaces.CodeConflict, Message: fmt.Sprintf("you are subscribed to %d spaces already", maxSubscriptions), Fix: "End a subscription first"}
	}
	return nil
}

// DropChatSubscription ends a subscription, if there is one.
func (s *Store) DropChatSubscription(ctx context.Context, subject string, key spaces.Key) error {
	_, err := s.exec(ctx, "DELETE FROM chat_subscriptions WHERE subject = $1 AND space_type = $2 AND space_id = $3 AND subspace = $4",
		subject, key.Type, key.ID, key.Subspace)
	if err != nil {
		return fmt.Errorf("end a chat subscription: %w", err)
	}
	return nil
}

// ChatUnread counts what waits for the subject in each subscribed space. The
// account is what lines mention them by.
func (s *Store) ChatUnread(ctx context.Context, subject, account string) ([]spaces.Unread, error) {
	const waiting = "m.space_type = s.space_type AND m.space_id = s.space_id AND m.subspace = s.subspace AND m.id > s.last_read_message_id AND m.subject <> s.subject AND NOT m.is_deleted"
	rows, err := s.db.Query(ctx, "SELECT "+subscriptionColumns+`,
			(SELECT COUNT(*) FROM (SELECT 1 FROM chat_messages m WHERE `+waiting+` LIMIT $3) AS x),
			(SELECT COUNT(*) FROM (SELECT 1 FROM chat_mentions n JOIN chat_messages m ON m.id = n.message_id WHERE n.account = $2 AND `+waiting+` LIMIT $3) AS y)
		FROM chat_subscriptions s WHERE s.subject = $1 ORDER BY s.space_type, s.space_id, s.subspace`, subject, account, spaces.MaxUnread)
	unread, err := dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (u spaces.Unread, err error) {
		u.Subscription, err = scanSubscription(suffixed{row, []any{&u.Messages, &u.Mentions}})
		return u, err
	}, err).AsList()
	if err != nil {
		return nil, fmt.Errorf("count what is unread: %w", err)
	}
	return unread, nil
}

// suffixed scans some columns after those that it is asked for.
type suffixed struct {
	dbutil.Scannable
	last []any
}

func (p suffixed) Scan(first ...any) error { return p.Scannable.Scan(append(first, p.last...)...) }

func scanSubscription(row dbutil.Scannable) (sub spaces.Subscription, err error) {
	var settings string
	var readAt, created stamp
	err = row.Scan(&sub.Key.Type, &sub.Key.ID, &sub.Key.Subspace, &settings, &sub.LastRead, &readAt, &created)
	if err != nil {
		return sub, err
	}
	sub.LastReadAt, sub.CreatedAt = time.Time(readAt), time.Time(created)
	return sub, json.Unmarshal([]byte(settings), &sub.Notify)
}
