package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"presence/spaces"
)

// maxCustom bounds the settings object of a space, which every visitor gets.
const maxCustom = 16 << 10

// Settings returns what the admins of a content chose, or the defaults.
func (s *Store) Settings(ctx context.Context, key spaces.Key) (spaces.Settings, error) {
	var set settingsRow
	err := s.db.QueryRow(ctx, "SELECT "+settingsColumns+" FROM presence_space_settings s WHERE s.space_type = $1 AND s.space_id = $2",
		key.Type, key.ID).Scan(set.targets()...)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return spaces.Settings{}, fmt.Errorf("read the settings of %s: %w", key, err)
	}
	return set.settings(key.Type), nil
}

// PutSettings keeps the settings of a content in place of earlier ones.
func (s *Store) PutSettings(ctx context.Context, key spaces.Key, set spaces.Settings, by string, now time.Time) error {
	if set.MaxUsers < 1 || set.MaxUsers > spaces.MaxSeats {
		return spaces.Invalid("max_users", "must be between 1 and %d", spaces.MaxSeats)
	}
	custom, err := cleanObject("settings", set.Custom)
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, `
		INSERT INTO presence_space_settings (space_type, space_id, settings, chat_enabled, voice_enabled, guests_enter, guests_chat, max_users, created_by, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
		ON CONFLICT (space_type, space_id) DO UPDATE SET settings = excluded.settings, chat_enabled = excluded.chat_enabled,
			voice_enabled = excluded.voice_enabled, guests_enter = excluded.guests_enter, guests_chat = excluded.guests_chat,
			max_users = excluded.max_users, updated_at = excluded.updated_at`,
		key.Type, key.ID, custom, set.ChatEnabled, set.VoiceEnabled, set.GuestsEnter, set.GuestsChat, set.MaxUsers, by, stamp(now))
	if err != nil {
		return fmt.Errorf("put the settings of %s: %w", key, err)
	}
	return nil
}

// cleanObject checks a JSON object of somebody else's. Its text is one that
// jsonb takes as well: without the NUL escape.
func cleanObject(field string, text []byte) (string, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return "{}", nil
	}
	var object map[string]json.RawMessage
	if len(text) > maxCustom || json.Unmarshal(text, &object) != nil || object == nil {
		return "", spaces.Invalid(field, "must be a JSON object of at most %d bytes", maxCustom)
	}
	if bytes.Contains(text, []byte(`\u0000`)) {
		return "", spaces.Invalid(field, "must not contain the NUL character")
	}
	return string(text), nil
}
