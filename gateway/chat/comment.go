package chat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"presence/spaces"
	"presence/spaces/store"
)

// Comment writes a comment on a document: committed when it returns nil, and
// told to everybody in the document's space. Whoever may write there may
// comment, except guests: CodeUnauthenticated.
func (s *Service) Comment(ctx context.Context, v spaces.Viewer, document spaces.Key, d spaces.CommentDraft) (spaces.Message, error) {
	note, err := d.Check()
	if err != nil {
		return spaces.Message{}, err
	}
	line, err := written(v, spaces.Draft{ClientID: d.ClientID, Content: d.Content, ParentID: d.ParentID})
	if err != nil {
		return spaces.Message{}, err
	}
	line.Type = spaces.MessageComment
	if line.Metadata, err = json.Marshal(note); err != nil {
		return spaces.Message{}, spaces.Invalid("position_data", "must be an object")
	}
	return s.comment(ctx, v, document, spaces.ActWrite, store.ChatWrite{Kind: spaces.ChatNew, Line: line})
}

// EditComment replaces the text of one's own comment, for a day after it was
// written.
func (s *Service) EditComment(ctx context.Context, v spaces.Viewer, document spaces.Key, id int64, content string) (spaces.Message, error) {
	content, err := spaces.Content(spaces.MessageText, content)
	if err != nil {
		return spaces.Message{}, err
	}
	return s.comment(ctx, v, document, spaces.ActWrite, store.ChatWrite{
		Kind: spaces.ChatEdited, MessageID: id, Content: content, Mentions: spaces.Mentions(content),
	})
}

// DeleteComment empties one's own comment, or as a moderator anybody's; the
// latter leaves a row in the audit log.
func (s *Service) DeleteComment(ctx context.Context, v spaces.Viewer, document spaces.Key, id int64) (spaces.Message, error) {
	w := store.ChatWrite{Kind: spaces.ChatDeleted, MessageID: id, Moderator: true}
	if _, err := s.may(ctx, v, document.Parent(), spaces.ActModerate); err == nil {
		return s.comment(ctx, v, document, spaces.ActModerate, w)
	}
	w.Moderator = false
	return s.comment(ctx, v, document, spaces.ActWrite, w)
}

// comment is the one way in for comments. The document's own space says who may.
func (s *Service) comment(ctx context.Context, v spaces.Viewer, document spaces.Key, a spaces.Action, w store.ChatWrite) (spaces.Message, error) {
	if v.Guest || v.Subject == "" {
		return spaces.Message{}, &spaces.Error{
			Code: spaces.CodeUnauthenticated, Message: "Authentication required for comments", // the first API's words
			Fix: "Sign in with a Hive or Matrix account",
		}
	}
	document, err := s.may(ctx, v, document.Parent(), a)
	if err != nil {
		return spaces.Message{}, err
	}
	m, err := s.put(ctx, v, document.Comments(), w)
	return m, ofComment(err)
}

// ofComment names the fields of a refusal as comments have them.
func ofComment(err error) error {
	var e *spaces.Error
	if !errors.As(err, &e) || e.Field != "parent_message_id" && e.Field != "message_id" {
		return err
	}
	named := *e
	named.Field = strings.ReplaceAll(e.Field, "message", "comment")
	return &named
}

// Comments reads the comments on a document for whoever may read its chat: from
// the oldest on, unless the query has Before, then the newest of the older ones.
func (s *Service) Comments(ctx context.Context, v spaces.Viewer, document spaces.Key, q spaces.HistoryQuery) (spaces.History, error) {
	q.Limit = cmp.Or(q.Limit, spaces.DefaultHistory)
	if err := checkHistory(q); err != nil {
		return spaces.History{}, err
	}
	document, err := s.may(ctx, v, document.Parent(), spaces.ActRead)
	if err != nil {
		return spaces.History{}, err
	}
	if q.Before == 0 && q.After == 0 {
		q.After = -1 // ids begin with 1
	}
	h, err := s.store.ChatHistory(ctx, document.Comments(), q)
	return h, unavailable(err)
}
