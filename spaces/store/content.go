package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"presence/spaces"
)

// HiveSubject is the subject of a Hive account; empty for no account.
func HiveSubject(account string) string {
	if account == "" {
		return ""
	}
	return hivePrefix + account
}

const hivePrefix = "hive:"

// Content returns the post or document of a key with its settings, in one
// query, and false when there is none or it is hidden or flagged. The key of
// the answer is the canonical one, a document's number; its subspace is that of
// the question.
func (s *Store) Content(ctx context.Context, key spaces.Key) (spaces.Space, bool, error) {
	var found spaces.Space
	var err error
	switch key.Type {
	case spaces.TypePost:
		found, err = s.post(ctx, key)
	case spaces.TypeDocument:
		found, err = s.document(ctx, key)
	case spaces.TypeGlobal, spaces.TypeCity:
		return spaces.Space{}, false, nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return spaces.Space{}, false, nil
	}
	if err != nil {
		return spaces.Space{}, false, fmt.Errorf("read the content of %s: %w", key, err)
	}
	return found, found.Key != spaces.Key{}, nil
}

// settingsColumns are read by settingsRow from a left join named s.
const (
	settingsColumns = `COALESCE(s.chat_enabled, TRUE), COALESCE(s.voice_enabled, TRUE), COALESCE(s.guests_enter, TRUE),
		COALESCE(s.guests_chat, TRUE), COALESCE(s.max_users, 0), COALESCE(CAST(s.settings AS TEXT), '')`
	settingsJoin = "LEFT JOIN presence_space_settings s ON s.space_type = $2 AND s.space_id = "
)

// settingsRow scans settingsColumns; a row that is not there has no seats.
type settingsRow struct {
	spaces.Settings
	custom string
}

func (r *settingsRow) targets() []any {
	return []any{&r.ChatEnabled, &r.VoiceEnabled, &r.GuestsEnter, &r.GuestsChat, &r.MaxUsers, &r.custom}
}

func (r *settingsRow) settings(t spaces.Type) spaces.Settings {
	if r.MaxUsers == 0 {
		return spaces.DefaultSettings(t)
	}
	r.Custom = []byte(r.custom)
	return r.Settings
}

func (s *Store) post(ctx context.Context, key spaces.Key) (spaces.Space, error) {
	found := spaces.Space{Key: key, Public: true}
	var author string
	var created, updated stamp
	var set settingsRow
	err := s.db.QueryRow(ctx, `
		SELECT p.author, p.type, p.title, p.content, p.metadata, p.block, p.votes, p.rating, p.nsfw, p.created_at, p.updated_at, `+settingsColumns+`
		FROM posts p `+settingsJoin+`p.space_id
		WHERE p.space_id = $1 AND NOT p.hidden AND NOT p.flagged`, key.ID, spaces.TypePost,
	).Scan(append([]any{
		&author, &found.Kind, &found.Title, &found.Content, &found.Metadata, &found.Block, &found.Votes, &found.Rating, &found.NSFW, &created, &updated,
	}, set.targets()...)...)
	found.Owner = HiveSubject(author)
	found.Description = cutText(found.Content, MaxDescription)
	found.CreatedAt, found.UpdatedAt = created.time(), updated.time()
	found.Settings = set.settings(spaces.TypePost)
	return found, err
}

func (s *Store) document(ctx context.Context, key spaces.Key) (spaces.Space, error) {
	found := spaces.Space{Kind: spaces.KindDocument}
	where, id := "d.space_id = $1", key.ID
	args := []any{id, spaces.TypeDocument}
	if owner, permlink := key.Owner(); owner != "" {
		where, args = "d.owner = $1 AND d.permlink = $3", []any{owner, spaces.TypeDocument, permlink}
	}
	var creator string
	var created, updated stamp
	var set settingsRow
	err := s.db.QueryRow(ctx, `
		SELECT d.space_id, d.creator, COALESCE(d.owner || '/' || d.permlink, ''), d.title, d.content, d.is_public, d.created_at, d.updated_at, `+settingsColumns+`
		FROM collaboration_documents d `+settingsJoin+`d.space_id
		WHERE `+where, args...,
	).Scan(append([]any{&id, &creator, &found.Name, &found.Title, &found.Content, &found.Public, &created, &updated}, set.targets()...)...)
	found.Key = spaces.Key{Type: spaces.TypeDocument, ID: id, Subspace: key.Subspace}
	found.Owner = HiveSubject(creator)
	found.Description = cutText(found.Content, MaxDescription)
	found.CreatedAt, found.UpdatedAt = created.time(), updated.time()
	found.Settings = set.settings(spaces.TypeDocument)
	return found, err
}

// MaxDescription is how many bytes of a text stand for it in lists.
const MaxDescription = 300
