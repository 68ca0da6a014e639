package spaces

import (
	"encoding/json"
	"time"
)

// MessageType is what a chat line is.
type MessageType string

// The closed set of message types. People write text and emoji; the others come
// from the program.
const (
	MessageText   MessageType = "text"
	MessageEmoji  MessageType = "emoji"
	MessageSystem MessageType = "system"
	MessageVoice  MessageType = "voice_transcription"
)

// Message is one chat line as it is now.
type Message struct {
	ID          int64           `json:"id"`
	Key         Key             `json:"key"`
	ClientID    string          `json:"client_id"` // the writer's own id, which makes a resend harmless
	Subject     string          `json:"subject"`   // of the writer
	Account     string          `json:"account"`   // [Account] of the writer; empty for guests
	Name        string          `json:"name"`      // display name when it was written
	Guest       bool            `json:"guest"`
	Type        MessageType     `json:"type"`
	Content     string          `json:"content"` // empty once deleted
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	Mentions    []string        `json:"mentions"`  // accounts named by @; never null
	ParentID    int64           `json:"parent_id"` // the thread's first line; 0 for a line of its own
	ReplyTo     int64           `json:"reply_to"`  // the line answered to; 0 for none
	ThreadCount int             `json:"thread_count"`
	Reactions   []Reaction      `json:"reactions"` // sorted by reaction; never null
	Edited      bool            `json:"edited"`
	Deleted     bool            `json:"deleted"`
	CreatedAt   time.Time       `json:"created_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
}

// Reaction is who reacted to a line in one way.
type Reaction struct {
	Reaction string   `json:"reaction"`
	Count    int      `json:"count"`
	Subjects []string `json:"subjects"` // at most 50
}

// ChatEvent is one change of a space's chat. Seq grows by one with every change
// of the same space, without gaps, so that a client knows what it missed.
type ChatEvent struct {
	Seq     int64     `json:"seq"`
	Kind    ChatKind  `json:"kind"`
	Message Message   `json:"message"` // as it is after the change
	By      string    `json:"by"`      // subject of who did it
	At      time.Time `json:"at"`
}

// ChatKind is what changed.
type ChatKind string

// The closed set of chat events. A reply in a thread is a ChatNew of its own
// and raises its parent's ThreadCount without another event.
const (
	ChatNew      ChatKind = "new"
	ChatEdited   ChatKind = "edited"
	ChatDeleted  ChatKind = "deleted"
	ChatReaction ChatKind = "reaction"
)
