package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"presence/spaces"
)

// ChatWrite is one change that somebody asks for. Kind says which fields count.
type ChatWrite struct {
	Kind spaces.ChatKind
	By   string // subject of who does it

	// Line is what ChatNew writes: everything but ID, Key, ParentID's root,
	// counts and times.
	Line spaces.Message

	MessageID int64    // the line that the other kinds change
	Content   string   // ChatEdited
	Mentions  []string // ChatEdited
	Moderator bool     // ChatDeleted: may delete others' lines
	Account   string   // ChatReaction: of who does it
	Reaction  string   // ChatReaction
	On        bool     // ChatReaction
}

// ChatResult is what became of one [ChatWrite].
type ChatResult struct {
	Message spaces.Message
	// Event is nil when there was nothing left to do: the line was there
	// already, the reaction was given, the content was the same.
	Event *spaces.ChatEvent
	Err   error // a [spaces.Error] about this write alone
}

// EditWindow is how long one's own line may be edited. Deleting has no window.
const EditWindow = 24 * time.Hour

// maxReactions bounds the different reactions to one line, and with them the
// size of an event.
const maxReactions = 20

// WriteChat makes the changes in order in one transaction: lines, reactions,
// events and the outbox. Writers of one space take turns. The error is about
// the whole: then nothing is known to be written, and the same writes may be
// tried again.
func (s *Store) WriteChat(ctx context.Context, key spaces.Key, writes []ChatWrite, now time.Time) ([]ChatResult, error) {
	results := make([]ChatResult, len(writes))
	err := s.Tx(ctx, func(ctx context.Context) error {
		t := chatTurn{Store: s, key: key, now: now.UTC().Truncate(time.Microsecond)}
		if err := t.begin(ctx); err != nil {
			return err
		}
		for i, w := range writes {
			message, err := t.write(ctx, w)
			if err != nil && spaces.ErrorCode(err) == spaces.CodeInternal {
				return err
			}
			results[i] = ChatResult{Message: message, Event: t.event, Err: err}
			t.event = nil
		}
		return t.end(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("write the chat of a space: %w", err)
	}
	return results, nil
}

// chatTurn is one transaction of one space. Begin takes the space's row lock.
type chatTurn struct {
	*Store
	key    spaces.Key
	now    time.Time
	seq    int64
	event  *spaces.ChatEvent // of the write under way
	events []spaces.ChatEvent
}

func (t *chatTurn) begin(ctx context.Context) error {
	return t.db.QueryRow(ctx, `
		INSERT INTO chat_spaces (space_type, space_id, subspace, seq) VALUES ($1, $2, $3, 0)
		ON CONFLICT (space_type, space_id, subspace) DO UPDATE SET seq = chat_spaces.seq
		RETURNING seq`, t.key.Type, t.key.ID, t.key.Subspace).Scan(&t.seq)
}

func (t *chatTurn) write(ctx context.Context, w ChatWrite) (spaces.Message, error) {
	switch w.Kind {
	case spaces.ChatNew:
		return t.add(ctx, w)
	case spaces.ChatEdited:
		return t.edit(ctx, w)
	case spaces.ChatDeleted:
		return t.remove(ctx, w)
	case spaces.ChatReaction:
		return t.react(ctx, w)
	}
	return spaces.Message{}, fmt.Errorf("no such write: %q", w.Kind)
}

// add writes a line, unless its writer wrote it before.
func (t *chatTurn) add(ctx context.Context, w ChatWrite) (spaces.Message, error) {
	m := w.Line
	before, err := t.byClientID(ctx, m.Subject, m.ClientID)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return before, err
	}
	if err := t.place(ctx, &m); err != nil {
		return spaces.Message{}, err
	}
	m.Key, m.CreatedAt, m.UpdatedAt = t.key, t.now, t.now
	m.Reactions = []spaces.Reaction{}
	if m.Mentions == nil {
		m.Mentions = []string{}
	}
	if m.ID, err = t.insert(ctx, m); err != nil {
		return spaces.Message{}, err
	}
	if err := t.mention(ctx, m); err != nil {
		return spaces.Message{}, err
	}
	if m.ParentID != 0 {
		if _, err := t.exec(ctx, "UPDATE chat_messages SET thread_count = thread_count + 1 WHERE id = $1", m.ParentID); err != nil {
			return spaces.Message{}, err
		}
	}
	t.tell(w, m)
	return m, nil
}

// place checks the lines that m refers to. A reply to a reply belongs under the
// first line of the thread.
func (t *chatTurn) place(ctx context.Context, m *spaces.Message) error {
	if m.ParentID != 0 {
		parent, err := t.referred(ctx, "parent_message_id", m.ParentID)
		if err != nil {
			return err
		}
		if parent.ParentID != 0 {
			if m.ReplyTo == 0 {
				m.ReplyTo = parent.ID
			}
			m.ParentID = parent.ParentID
		}
	}
	if m.ReplyTo == 0 {
		return nil
	}
	_, err := t.referred(ctx, "reply_to", m.ReplyTo)
	return err
}

func (t *chatTurn) referred(ctx context.Context, field string, id int64) (spaces.Message, error) {
	m, err := t.ChatMessage(ctx, t.key, id)
	if spaces.ErrorCode(err) == spaces.CodeNotFound || err == nil && m.Deleted {
		return m, spaces.Invalid(field, "must be a line of this space that is still there")
	}
	return m, err
}

// edit replaces the content of the writer's own line.
func (t *chatTurn) edit(ctx context.Context, w ChatWrite) (spaces.Message, error) {
	m, err := t.own(ctx, w)
	if err != nil {
		return m, err
	}
	if t.now.Sub(m.CreatedAt) > EditWindow {
		return m, &spaces.Error{Code: spaces.CodeForbidden, Message: "a line can be edited for 24 hours after it was written", Fix: "Delete it, or write a new one"}
	}
	if m.Content == w.Content {
		return m, nil
	}
	m.Content, m.Mentions, m.Edited, m.UpdatedAt = w.Content, w.Mentions, true, t.now
	if m.Mentions == nil {
		m.Mentions = []string{}
	}
	return m, t.rewrite(ctx, w, m)
}

// remove empties a line, which stays as a place for its thread. What a
// moderator did leaves a row in the audit log of the same transaction.
func (t *chatTurn) remove(ctx context.Context, w ChatWrite) (spaces.Message, error) {
	m, err := t.ChatMessage(ctx, t.key, w.MessageID)
	if err != nil || m.Deleted {
		return m, err
	}
	if m.Subject != w.By && !w.Moderator {
		return m, notYours("delete")
	}
	m.Content, m.Metadata, m.Mentions, m.Reactions, m.Deleted, m.UpdatedAt = "", nil, []string{}, []spaces.Reaction{}, true, t.now
	if _, err := t.exec(ctx, "DELETE FROM message_reactions WHERE message_id = $1", m.ID); err != nil {
		return m, err
	}
	if m.Subject != w.By {
		row := AuditRow{At: t.now, Subject: w.By, Action: "delete_message", Key: t.key.Parent(), Target: m.Subject, Details: map[string]string{
			"message": strconv.FormatInt(m.ID, 10), "space": t.key.String(),
		}}
		if err := t.Audit(ctx, row); err != nil {
			return m, err
		}
	}
	if m.ParentID != 0 {
		if _, err := t.exec(ctx, "UPDATE chat_messages SET thread_count = thread_count - 1 WHERE id = $1", m.ParentID); err != nil {
			return m, err
		}
	}
	return m, t.rewrite(ctx, w, m)
}

// own is the line w is about, when its writer may still change it.
func (t *chatTurn) own(ctx context.Context, w ChatWrite) (spaces.Message, error) {
	m, err := t.ChatMessage(ctx, t.key, w.MessageID)
	switch {
	case err != nil:
		return m, err
	case m.Deleted:
		return m, noLine()
	case m.Subject != w.By:
		return m, notYours("edit")
	}
	return m, nil
}

// rewrite stores a changed line and takes its former words out of the log.
func (t *chatTurn) rewrite(ctx context.Context, w ChatWrite, m spaces.Message) error {
	mentions, err := json.Marshal(m.Mentions)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `
		UPDATE chat_messages SET content = $1, metadata = $2, mentions = $3, is_edited = $4, is_deleted = $5, updated_at = $6
		WHERE id = $7`,
		m.Content, nullText(string(m.Metadata)), string(mentions), m.Edited, m.Deleted, stamp(m.UpdatedAt), m.ID); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "DELETE FROM chat_mentions WHERE message_id = $1", m.ID); err != nil {
		return err
	}
	if err := t.mention(ctx, m); err != nil {
		return err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, "UPDATE chat_log SET message = $1 WHERE message_id = $2", string(text), m.ID); err != nil {
		return err
	}
	for i := range t.events { // not in the log yet
		if t.events[i].Message.ID == m.ID {
			t.events[i].Message = m
		}
	}
	t.tell(w, m)
	return nil
}

func (t *chatTurn) react(ctx context.Context, w ChatWrite) (spaces.Message, error) {
	m, err := t.ChatMessage(ctx, t.key, w.MessageID)
	if err != nil {
		return m, err
	}
	if m.Deleted {
		return m, noLine()
	}
	known := slices.ContainsFunc(m.Reactions, func(r spaces.Reaction) bool { return r.Reaction == w.Reaction })
	if w.On && !known && len(m.Reactions) >= maxReactions {
		return m, &spaces.Error{Code: spaces.CodeConflict, Field: "reaction", Message: fmt.Sprintf("a line takes at most %d different reactions", maxReactions)}
	}
	changed, err := t.setReaction(ctx, w)
	if err != nil || changed == 0 {
		return m, err
	}
	reactions, err := t.reactions(ctx, []int64{m.ID})
	if err != nil {
		return m, err
	}
	if m.Reactions = reactions[m.ID]; m.Reactions == nil {
		m.Reactions = []spaces.Reaction{}
	}
	t.tell(w, m)
	return m, nil
}

func (t *chatTurn) setReaction(ctx context.Context, w ChatWrite) (changed int64, err error) {
	if !w.On {
		return t.exec(ctx, "DELETE FROM message_reactions WHERE message_id = $1 AND subject = $2 AND reaction = $3", w.MessageID, w.By, w.Reaction)
	}
	return t.exec(ctx, `
		INSERT INTO message_reactions (message_id, user_account, reaction, created_at, subject) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (message_id, subject, reaction) DO NOTHING`,
		w.MessageID, w.Account, w.Reaction, stamp(t.now), w.By)
}

// tell gives the write the next seq.
func (t *chatTurn) tell(w ChatWrite, m spaces.Message) {
	t.seq++
	t.event = &spaces.ChatEvent{Seq: t.seq, Kind: w.Kind, Message: m, By: w.By, At: t.now.Truncate(time.Millisecond)}
	t.events = append(t.events, *t.event)
}

func noLine() error {
	return &spaces.Error{Code: spaces.CodeNotFound, Field: "message_id", Message: "there is no such line in this space"}
}

func notYours(what string) error {
	return &spaces.Error{Code: spaces.CodeForbidden, Field: "message_id", Message: "you can " + what + " only what you wrote yourself"}
}
