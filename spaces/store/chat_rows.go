package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"go.mau.fi/util/dbutil"

	"presence/spaces"
)

const chatColumns = `id, space_type, space_id, subspace, user_account, guest_id, message_type, content, metadata, parent_message_id,
	thread_count, is_edited, is_deleted, created_at, updated_at, subject, display_name, client_id, reply_to, mentions`

// insert writes a line and returns its id. Under the space's lock ids of one
// space grow in the order of commits.
func (t *chatTurn) insert(ctx context.Context, m spaces.Message) (id int64, err error) {
	mentions, err := json.Marshal(m.Mentions)
	if err != nil {
		return 0, err
	}
	var guest string
	if m.Guest {
		guest = strings.TrimPrefix(m.Subject, "guest:")
	}
	err = t.db.QueryRow(ctx, `
		INSERT INTO chat_messages (space_type, space_id, subspace, user_account, guest_id, message_type, content, metadata, parent_message_id,
			thread_count, is_edited, is_deleted, created_at, updated_at, subject, display_name, client_id, reply_to, mentions)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $10, $11, $11, $12, $13, $14, $15, $16) RETURNING id`,
		m.Key.Type, m.Key.ID, m.Key.Subspace, nullText(m.Account), nullText(guest), m.Type, m.Content, nullText(string(m.Metadata)), nullID(m.ParentID),
		false, stamp(t.now), m.Subject, m.Name, m.ClientID, nullID(m.ReplyTo), string(mentions)).Scan(&id)
	return id, err
}

func (t *chatTurn) mention(ctx context.Context, m spaces.Message) error {
	if len(m.Mentions) == 0 {
		return nil
	}
	rows := make([][1]string, len(m.Mentions))
	for i, account := range m.Mentions {
		rows[i] = [1]string{account}
	}
	text, err := encodeRows(rows)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, "INSERT INTO chat_mentions (message_id, account) SELECT $1, account FROM "+t.jsonRows(2, "account TEXT")+" WHERE true ON CONFLICT DO NOTHING", m.ID, text)
	return err
}

// byClientID is sql.ErrNoRows when the writer has not sent the line before.
func (t *chatTurn) byClientID(ctx context.Context, subject, clientID string) (spaces.Message, error) {
	m, err := scanMessage(t.db.QueryRow(ctx, "SELECT "+chatColumns+` FROM chat_messages
		WHERE space_type = $1 AND space_id = $2 AND subspace = $3 AND subject = $4 AND client_id = $5`,
		t.key.Type, t.key.ID, t.key.Subspace, subject, clientID))
	if err != nil {
		return m, err
	}
	list := []spaces.Message{m}
	err = t.fillReactions(ctx, list)
	return list[0], err
}

// end writes the events of the turn into the log and the outbox.
func (t *chatTurn) end(ctx context.Context) error {
	if len(t.events) == 0 {
		return nil
	}
	type logRow [6]any // seq, kind, message id, message, subject, ms
	rows := make([]logRow, len(t.events))
	for i, e := range t.events {
		message, err := json.Marshal(e.Message)
		if err != nil {
			return err
		}
		rows[i] = logRow{e.Seq, e.Kind, e.Message.ID, string(message), e.By, e.At.UnixMilli()}
	}
	text, err := encodeRows(rows)
	if err != nil {
		return err
	}
	table := t.jsonRows(4, "seq BIGINT", "kind TEXT", "message_id BIGINT", "message TEXT", "subject TEXT", "at BIGINT")
	for _, insert := range []string{
		"INSERT INTO chat_log (space_type, space_id, subspace, seq, kind, message_id, message, subject, at) SELECT $1, $2, $3, seq, kind, message_id, message, subject, at FROM " + table,
		"INSERT INTO chat_outbox (space_type, space_id, subspace, seq, at) SELECT $1, $2, $3, seq, at FROM " + table,
	} {
		if _, err := t.exec(ctx, insert, t.key.Type, t.key.ID, t.key.Subspace, text); err != nil {
			return err
		}
	}
	_, err = t.exec(ctx, "UPDATE chat_spaces SET seq = $4 WHERE space_type = $1 AND space_id = $2 AND subspace = $3", t.key.Type, t.key.ID, t.key.Subspace, t.seq)
	return err
}

// scanMessage reads chatColumns; reactions are left to fillReactions.
func scanMessage(row dbutil.Scannable) (m spaces.Message, err error) {
	var account, guest, metadata sql.NullString
	var parent, reply sql.NullInt64
	var created, updated stamp
	var mentions string
	err = row.Scan(&m.ID, &m.Key.Type, &m.Key.ID, &m.Key.Subspace, &account, &guest, &m.Type, &m.Content, &metadata, &parent,
		&m.ThreadCount, &m.Edited, &m.Deleted, &created, &updated, &m.Subject, &m.Name, &m.ClientID, &reply, &mentions)
	if err != nil {
		return m, err
	}
	m.Account, m.Guest, m.ParentID, m.ReplyTo = account.String, guest.Valid, parent.Int64, reply.Int64
	if metadata.Valid {
		m.Metadata = json.RawMessage(metadata.String)
	}
	m.CreatedAt, m.UpdatedAt = time.Time(created), time.Time(updated)
	m.Reactions = []spaces.Reaction{}
	return m, json.Unmarshal([]byte(mentions), &m.Mentions)
}

// fillReactions adds the reactions to messages in one query.
func (s *Store) fillReactions(ctx context.Context, messages []spaces.Message) error {
	ids := make([]int64, len(messages))
	for i, m := range messages {
		ids[i] = m.ID
	}
	reactions, err := s.reactions(ctx, ids)
	if err != nil {
		return err
	}
	for i := range messages {
		if found := reactions[messages[i].ID]; found != nil {
			messages[i].Reactions = found
		}
	}
	return nil
}

// mostSubjects bounds the names that come with a reaction; the count is exact.
const mostSubjects = 50

func (s *Store) reactions(ctx context.Context, ids []int64) (map[int64][]spaces.Reaction, error) {
	rows := make([][1]int64, len(ids))
	for i, id := range ids {
		rows[i] = [1]int64{id}
	}
	text, err := encodeRows(rows)
	if err != nil {
		return nil, err
	}
	found, err := s.db.Query(ctx, "SELECT message_id, reaction, subject FROM message_reactions WHERE message_id IN (SELECT id FROM "+
		s.jsonRows(1, "id BIGINT")+") ORDER BY message_id, reaction, id", text)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	by := map[int64][]spaces.Reaction{}
	for found.Next() {
		var id int64
		var reaction, subject string
		if err := found.Scan(&id, &reaction, &subject); err != nil {
			return nil, err
		}
		by[id] = addReaction(by[id], reaction, subject)
	}
	return by, found.Err()
}

// addReaction counts one more; equal reactions come one after another.
func addReaction(list []spaces.Reaction, reaction, subject string) []spaces.Reaction {
	if last := len(list) - 1; last < 0 || list[last].Reaction != reaction {
		list = append(list, spaces.Reaction{Reaction: reaction})
	}
	r := &list[len(list)-1]
	r.Count++
	if len(r.Subjects) < mostSubjects {
		r.Subjects = append(r.Subjects, subject)
	}
	return list
}

func nullText(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

func nullID(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: id != 0} }
