package wire

import (
	"encoding/json"
	"strings"
	"time"

	"presence/spaces"
)

// ChatRow is one chat line as the first API spells it, over REST and on
// sockets: its row of chat_messages and the name to show, with added fields at
// the end.
type ChatRow struct {
	ID              int64              `json:"id"`
	SpaceType       spaces.Type        `json:"space_type"`
	SpaceID         string             `json:"space_id"`
	Subspace        string             `json:"subspace"`
	UserAccount     *string            `json:"user_account"` // null for guests
	GuestID         *string            `json:"guest_id"`     // null for everybody else
	MessageType     spaces.MessageType `json:"message_type"`
	Content         string             `json:"content"`
	Metadata        json.RawMessage    `json:"metadata"`
	ParentMessageID *int64             `json:"parent_message_id"`
	ThreadCount     int                `json:"thread_count"`
	IsEdited        bool               `json:"is_edited"`
	IsDeleted       bool               `json:"is_deleted"`
	CreatedAt       string             `json:"created_at"`
	UpdatedAt       string             `json:"updated_at"`
	DisplayName     string             `json:"display_name"`

	ReplyTo   *int64            `json:"reply_to"`
	Mentions  []string          `json:"mentions"`
	Reactions []spaces.Reaction `json:"reactions"`
	ClientID  string            `json:"client_id"`
}

// NewChatRow spells a line as the first API does.
func NewChatRow(m spaces.Message) ChatRow {
	return ChatRow{
		ID: m.ID, SpaceType: m.Key.Type, SpaceID: m.Key.ID, Subspace: m.Key.Subspace,
		UserAccount: nullable(m.Account), GuestID: nullable(guestID(m)),
		MessageType: m.Type, Content: m.Content, Metadata: m.Metadata,
		ParentMessageID: nullableID(m.ParentID), ThreadCount: m.ThreadCount,
		IsEdited: m.Edited, IsDeleted: m.Deleted,
		CreatedAt: jsTime(m.CreatedAt), UpdatedAt: jsTime(m.UpdatedAt), DisplayName: displayName(m),
		ReplyTo: nullableID(m.ReplyTo), Mentions: m.Mentions, Reactions: m.Reactions, ClientID: m.ClientID,
	}
}

// jsTime is a time as JavaScript prints a Date in JSON.
func jsTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func nullableID(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

func guestID(m spaces.Message) string {
	if !m.Guest {
		return ""
	}
	return strings.TrimPrefix(m.Subject, "guest:")
}

// displayName is never a name that a guest chose: guests' names come from the
// program, and look like guests.
func displayName(m spaces.Message) string {
	switch {
	case m.Name != "":
		return m.Name
	case m.Guest:
		return "Guest-" + guestID(m)
	default:
		return m.Account
	}
}
