package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

// ChatMessage reads one line of a space; CodeNotFound when it has none of that
// id.
func (s *Store) ChatMessage(ctx context.Context, key spaces.Key, id int64) (spaces.Message, error) {
	m, err := scanMessage(s.db.QueryRow(ctx, "SELECT "+chatColumns+` FROM chat_messages
		WHERE id = $1 AND space_type = $2 AND space_id = $3 AND subspace = $4`, id, key.Type, key.ID, key.Subspace))
	if errors.Is(err, sql.ErrNoRows) {
		return m, noLine()
	}
	if err != nil {
		return m, fmt.Errorf("read a chat line: %w", err)
	}
	list := []spaces.Message{m}
	if err := s.fillReactions(ctx, list); err != nil {
		return m, fmt.Errorf("read the reactions of a chat line: %w", err)
	}
	return list[0], nil
}

// ChatHistory reads lines of a space, oldest first. Deleted ones are left out
// unless they hold a thread. The query's limit must be set.
func (s *Store) ChatHistory(ctx context.Context, key spaces.Key, q spaces.HistoryQuery) (spaces.History, error) {
	if q.Around != 0 {
		return s.chatAround(ctx, key, q)
	}
	query, args := historySQL(key, q)
	rows, err := s.db.Query(ctx, query, args...)
	list, err := dbutil.NewRowIterWithError(rows, scanMessage, err).AsList()
	if err != nil {
		return spaces.History{}, fmt.Errorf("read the chat history: %w", err)
	}
	h := spaces.History{Messages: list[:min(len(list), q.Limit)], More: len(list) > q.Limit}
	if q.After == 0 {
		slices.Reverse(h.Messages)
	}
	if h.Messages == nil {
		h.Messages = []spaces.Message{}
	}
	if err := s.fillReactions(ctx, h.Messages); err != nil {
		return spaces.History{}, fmt.Errorf("read the reactions of the chat history: %w", err)
	}
	return h, nil
}

// historySQL selects one line more than was asked for, newest first unless the
// query goes forward.
func historySQL(key spaces.Key, q spaces.HistoryQuery) (query string, args []any) {
	args = []any{key.Type, key.ID, key.Subspace}
	where := ""
	and := func(condition string, value any) {
		args = append(args, value)
		where += fmt.Sprintf(" AND "+condition+" $%d", len(args))
	}
	order := "DESC"
	if q.After != 0 {
		order = "ASC"
		and("id >", q.After)
	} else if q.Before != 0 {
		and("id <", q.Before)
	}
	if q.ParentID != 0 {
		and("parent_message_id =", q.ParentID)
	}
	if !q.Since.IsZero() {
		and("created_at >=", stamp(q.Since))
	}
	args = append(args, q.Limit+1, q.Offset)
	return "SELECT " + chatColumns + " FROM chat_messages WHERE space_type = $1 AND space_id = $2 AND subspace = $3" + where +
		fmt.Sprintf(" AND (thread_count > 0 OR NOT is_deleted) ORDER BY id %s LIMIT $%d OFFSET $%d", order, len(args)-1, len(args)), args
}

// chatAround puts two pages together: up to the line itself, and after it.
func (s *Store) chatAround(ctx context.Context, key spaces.Key, q spaces.HistoryQuery) (spaces.History, error) {
	before, after := q, q
	before.Around, before.Before, before.Limit = 0, q.Around+1, q.Limit-q.Limit/2
	after.Around, after.After, after.Limit = 0, q.Around, max(1, q.Limit/2)
	older, err := s.ChatHistory(ctx, key, before)
	if err != nil {
		return older, err
	}
	newer, err := s.ChatHistory(ctx, key, after)
	older.Messages = append(older.Messages, newer.Messages...)
	return older, err
}

// ChatSeq is the seq of the newest event of a space; 0 when it has none.
func (s *Store) ChatSeq(ctx context.Context, key spaces.Key) (seq int64, err error) {
	err = s.db.QueryRow(ctx, "SELECT seq FROM chat_spaces WHERE space_type = $1 AND space_id = $2 AND subspace = $3",
		key.Type, key.ID, key.Subspace).Scan(&seq)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read the chat's seq: %w", err)
	}
	return seq, nil
}

// ChatSince reads the events of a space after seq, at most limit. A seq that
// the log does not reach back to, or that was never given, is answered with
// Reset and the newest seq.
func (s *Store) ChatSince(ctx context.Context, key spaces.Key, seq int64, limit int) (spaces.ChatSince, error) {
	newest, err := s.ChatSeq(ctx, key)
	if err != nil {
		return spaces.ChatSince{}, err
	}
	since := spaces.ChatSince{Events: []spaces.ChatEvent{}, Next: seq}
	if seq == newest {
		return since, nil
	}
	rows, err := s.db.Query(ctx, `
		SELECT seq, kind, message, subject, at FROM chat_log
		WHERE space_type = $1 AND space_id = $2 AND subspace = $3 AND seq > $4 ORDER BY seq LIMIT $5`,
		key.Type, key.ID, key.Subspace, seq, limit)
	events, err := dbutil.NewRowIterWithError(rows, scanEvent, err).AsList()
	if err != nil {
		return since, fmt.Errorf("read the chat's log: %w", err)
	}
	if len(events) == 0 || events[0].Seq != seq+1 {
		since.Next, since.Reset = newest, true
		return since, nil
	}
	since.Events, since.Next = events, events[len(events)-1].Seq
	since.More = since.Next < newest
	return since, nil
}

func scanEvent(row dbutil.Scannable) (e spaces.ChatEvent, err error) {
	var message string
	var at int64
	if err := row.Scan(&e.Seq, &e.Kind, &message, &e.By, &at); err != nil {
		return e, err
	}
	e.At = time.UnixMilli(at).UTC()
	return e, json.Unmarshal([]byte(message), &e.Message)
}

// ChatAt is a seq of a space.
type ChatAt struct {
	Key spaces.Key
	Seq int64
}

// ChatAhead returns, of the given spaces, those whose newest event is beyond
// the given seq, with its seq.
func (s *Store) ChatAhead(ctx context.Context, known []ChatAt) ([]ChatAt, error) {
	rows, err := encodeRows(atRows(known))
	if err != nil {
		return nil, err
	}
	found, err := s.db.Query(ctx, `
		SELECT c.space_type, c.space_id, c.subspace, c.seq FROM `+s.jsonRows(1, "space_type TEXT", "space_id TEXT", "subspace TEXT", "seq BIGINT")+`
		JOIN chat_spaces c ON c.space_type = r.space_type AND c.space_id = r.space_id AND c.subspace = r.subspace
		WHERE c.seq > r.seq`, rows)
	ahead, err := dbutil.NewRowIterWithError(found, scanChatAt, err).AsList()
	if err != nil {
		return nil, fmt.Errorf("ask which chats went on: %w", err)
	}
	return ahead, nil
}

func atRows(list []ChatAt) [][4]any {
	rows := make([][4]any, len(list))
	for i, at := range list {
		rows[i] = [4]any{at.Key.Type, at.Key.ID, at.Key.Subspace, at.Seq}
	}
	return rows
}

func scanChatAt(row dbutil.Scannable) (at ChatAt, err error) {
	err = row.Scan(&at.Key.Type, &at.Key.ID, &at.Key.Subspace, &at.Seq)
	return at, err
}

// OutboxEvent is an event that waits to be published.
type OutboxEvent struct {
	Key   spaces.Key
	Event spaces.ChatEvent
}

// ChatOutbox returns events written before a time that were not published,
// oldest first.
func (s *Store) ChatOutbox(ctx context.Context, before time.Time, limit int) ([]OutboxEvent, error) {
	rows, err := s.db.Query(ctx, `
		SELECT l.space_type, l.space_id, l.subspace, l.seq, l.kind, l.message, l.subject, l.at FROM chat_outbox o
		JOIN chat_log l ON l.space_type = o.space_type AND l.space_id = o.space_id AND l.subspace = o.subspace AND l.seq = o.seq
		WHERE o.at < $1 ORDER BY o.at, o.space_type, o.space_id, o.subspace, o.seq LIMIT $2`, before.UnixMilli(), limit)
	waiting, err := dbutil.NewRowIterWithError(rows, func(row dbutil.Scannable) (o OutboxEvent, err error) {
		o.Event, err = scanEvent(prefixed{row, []any{&o.Key.Type, &o.Key.ID, &o.Key.Subspace}})
		return o, err
	}, err).AsList()
	if err != nil {
		return nil, fmt.Errorf("read the chat's outbox: %w", err)
	}
	return waiting, nil
}

// prefixed scans some columns before those that it is asked for.
type prefixed struct {
	dbutil.Scannable
	first []any
}

func (p prefixed) Scan(rest ...any) error { return p.Scannable.Scan(append(p.first, rest...)...) }

// ChatPublished takes events out of the outbox.
func (s *Store) ChatPublished(ctx context.Context, published []ChatAt) error {
	rows, err := encodeRows(atRows(published))
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, `
		DELETE FROM chat_outbox WHERE (space_type, space_id, subspace, seq) IN (SELECT space_type, space_id, subspace, seq FROM `+
		s.jsonRows(1, "space_type TEXT", "space_id TEXT", "subspace TEXT", "seq BIGINT")+")", rows)
	if err != nil {
		return fmt.Errorf("empty the chat's outbox: %w", err)
	}
	return nil
}
