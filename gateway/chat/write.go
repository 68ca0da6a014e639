package chat

import (
	"cmp"
	"context"
	"crypto/rand"
	"strings"
	"time"
	"unicode"

	"presence/spaces"
	"presence/spaces/store"
)

// Send writes a line. It is committed when Send returns nil; the same draft (by
// its ClientID) sent again returns the line that is there.
func (s *Service) Send(ctx context.Context, v spaces.Viewer, key spaces.Key, d spaces.Draft) (spaces.Message, error) {
	line, err := written(v, d)
	if err != nil {
		return spaces.Message{}, err
	}
	return s.write(ctx, v, key, spaces.ActWrite, store.ChatWrite{Kind: spaces.ChatNew, Line: line})
}

// Edit replaces the content of one's own line, for a day after it was written.
func (s *Service) Edit(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64, content string) (spaces.Message, error) {
	content, err := spaces.Content(spaces.MessageText, content)
	if err != nil {
		return spaces.Message{}, err
	}
	return s.write(ctx, v, key, spaces.ActWrite, store.ChatWrite{
		Kind: spaces.ChatEdited, MessageID: id, Content: content, Mentions: spaces.Mentions(content),
	})
}

// Delete empties one's own line, or as a moderator anybody's; the latter leaves
// a row in the audit log.
func (s *Service) Delete(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64) (spaces.Message, error) {
	w := store.ChatWrite{Kind: spaces.ChatDeleted, MessageID: id, Moderator: true}
	if _, err := s.may(ctx, v, key, spaces.ActModerate); err == nil {
		return s.write(ctx, v, key, spaces.ActModerate, w)
	}
	w.Moderator = false
	return s.write(ctx, v, key, spaces.ActWrite, w)
}

// React adds or takes back a reaction. Doing it twice is harmless.
func (s *Service) React(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64, reaction string, on bool) (spaces.Message, error) {
	if err := spaces.Reacted(reaction); err != nil {
		return spaces.Message{}, err
	}
	return s.write(ctx, v, key, spaces.ActWrite, store.ChatWrite{
		Kind: spaces.ChatReaction, MessageID: id, Reaction: reaction, On: on, Account: spaces.Account(v),
	})
}

// systemSubject writes what the program says.
const systemSubject = "system"

// System writes a line of the program's own. The clientID makes a repeat
// harmless.
func (s *Service) System(ctx context.Context, key spaces.Key, clientID, content string) (spaces.Message, error) {
	content, err := spaces.Content(spaces.MessageText, content)
	if err != nil {
		return spaces.Message{}, err
	}
	return s.committers.do(ctx, key, store.ChatWrite{Kind: spaces.ChatNew, By: systemSubject, Line: spaces.Message{
		ClientID: clientID, Subject: systemSubject, Name: "System", Type: spaces.MessageSystem, Content: content, Mentions: spaces.Mentions(content),
	}})
}

// write is the one way in for people.
func (s *Service) write(ctx context.Context, v spaces.Viewer, key spaces.Key, a spaces.Action, w store.ChatWrite) (spaces.Message, error) {
	if v.Subject == "" {
		return spaces.Message{}, nobody()
	}
	key, err := s.may(ctx, v, key, a)
	if err != nil {
		return spaces.Message{}, err
	}
	return s.put(ctx, v, key, w)
}

// put writes where the viewer may.
func (s *Service) put(ctx context.Context, v spaces.Viewer, key spaces.Key, w store.ChatWrite) (spaces.Message, error) {
	if err := s.pace(v); err != nil {
		return spaces.Message{}, err
	}
	w.By = v.Subject
	return s.committers.do(ctx, key, w)
}

func (s *Service) pace(v spaces.Viewer) error {
	err := s.limits.take(v, time.Now())
	if err != nil {
		s.metrics.limited.Inc()
	}
	return err
}

func nobody() error {
	return &spaces.Error{Code: spaces.CodeUnauthenticated, Message: "somebody must have written it", Fix: "Get a guest's token from POST /api/auth/guest, or sign in"}
}

// written is a draft as the viewer's line.
func written(v spaces.Viewer, d spaces.Draft) (spaces.Message, error) {
	kind := cmp.Or(d.Type, spaces.MessageText)
	content, err := spaces.Content(kind, d.Content)
	if err != nil {
		return spaces.Message{}, err
	}
	id := d.ClientID
	if id == "" {
		id = "server-" + rand.Text()
	}
	if !spaces.ValidClientID(id) {
		return spaces.Message{}, spaces.Invalid("client_id", "must be 1 to 64 visible ASCII characters")
	}
	if d.ParentID < 0 {
		return spaces.Message{}, spaces.Invalid("parent_message_id", "must be the id of a line")
	}
	if d.ReplyTo < 0 {
		return spaces.Message{}, spaces.Invalid("reply_to", "must be the id of a line")
	}
	return spaces.Message{
		ClientID: id, Subject: v.Subject, Account: spaces.Account(v), Name: displayName(v), Guest: v.Guest,
		Type: kind, Content: content, Mentions: spaces.Mentions(content), ParentID: d.ParentID, ReplyTo: d.ReplyTo,
	}, nil
}

const maxName = 80

// displayName is how a line shows its writer: one line of text that PostgreSQL
// can keep.
func displayName(v spaces.Viewer) string {
	name := strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(v.Name, "")))
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName])
	}
	if name == "" && v.Guest {
		return "Guest-" + strings.TrimPrefix(v.Subject, "guest:")
	}
	return cmp.Or(name, spaces.Account(v))
}
