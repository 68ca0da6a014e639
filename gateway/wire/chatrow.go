package wire

import (
	"encoding/json"
	"strings"

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
	UserAccount     *string            `json:"user_account" doc:"Hive name, Matrix id or city user; null for guests and for the program"`
	GuestID         *string            `json:"guest_id" doc:"null for everybody else"`
	MessageType     spaces.MessageType `json:"message_type" enum:"text,emoji,system,voice_transcription"`
	Content         string             `json:"content" doc:"Empty once deleted"`
	Metadata        json.RawMessage    `json:"metadata" doc:"An object or null"`
	ParentMessageID *int64             `json:"parent_message_id" doc:"The first line of the thread; null outside of threads"`
	ThreadCount     int                `json:"thread_count"`
	IsEdited        bool               `json:"is_edited"`
	IsDeleted       bool               `json:"is_deleted"`
	CreatedAt       string             `json:"created_at" format:"date-time"`
	UpdatedAt       string             `json:"updated_at" format:"date-time"`
	DisplayName     string             `json:"display_name"`

	Subject   string            `json:"subject" doc:"The writer's name for programs"`
	ReplyTo   *int64            `json:"reply_to" doc:"The line this one answers"`
	Mentions  []string          `json:"mentions" nullable:"false" doc:"Accounts named by @"`
	Reactions []spaces.Reaction `json:"reactions" nullable:"false"`
	ClientID  string            `json:"client_id" doc:"The writer's own name for the line"`
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
		Subject: m.Subject, ReplyTo: nullableID(m.ReplyTo), Mentions: m.Mentions, Reactions: m.Reactions, ClientID: m.ClientID,
	}
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
