package spaces

import (
	"encoding/json"
	"time"
)

// MessageType is what a chat line is.
type MessageType string

// The closed set of message types. In a chat people write text and emoji, on a
// document comments; the others come from the program.
const (
	MessageText   MessageType = "text"
	MessageEmoji  MessageType = "emoji"
	MessageSystem MessageType = "system"
	MessageVoice  MessageType = "voice_transcription"

	MessageComment MessageType = "comment"
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

// Draft is a line that somebody wants to write. The author is the proven viewer
// and never part of it.
type Draft struct {
	// ClientID is the writer's own name for the line, 1 to 64 visible ASCII
	// characters: sending it again returns the line that is there. Empty: the
	// line gets a name of its own, and sending it again writes a second one.
	ClientID string
	Type     MessageType // empty: text
	Content  string
	ParentID int64 // the line this one belongs under; 0: none
	ReplyTo  int64 // the line this one answers; 0: none
}

// HistoryQuery chooses lines of a space. At most one of Before, After and Around
// is set; with none of them the newest lines are meant.
type HistoryQuery struct {
	Before   int64     // lines older than this one
	After    int64     // lines newer than this one
	Around   int64     // this line, half of the limit before and half after it
	ParentID int64     // only replies under this line
	Since    time.Time // only lines written since; zero: all
	Limit    int       // 1 to MaxHistory; DefaultHistory when 0
	Offset   int       // leave out so many of the newest, for clients of the first API; at most MaxHistoryOffset
}

// Bounds of one answer.
const (
	DefaultHistory   = 50
	MaxHistory       = 200
	MaxHistoryOffset = 10_000
)

// History is one page of lines.
type History struct {
	Messages []Message // oldest first; never nil
	More     bool      // there are more in the direction that was asked for
}

// ChatSince is what happened in a space's chat after a seq.
type ChatSince struct {
	Events []ChatEvent // in order, without gaps; never nil
	Next   int64       // the seq to ask with next time
	More   bool        // ask again at once
	// Reset says that what happened since is no longer known: read the history
	// anew and go on from Next.
	Reset bool
}

// Notify is what a subscriber of a space wants to be told about.
type Notify struct {
	Mentions    bool `json:"mentions"`
	AllMessages bool `json:"all_messages"`
}

// DefaultNotify is that of a subscriber who chose nothing.
func DefaultNotify() Notify { return Notify{Mentions: true} }

// Subscription is one person's interest in the chat of a space, and how far
// they have read it.
type Subscription struct {
	Key        Key
	Notify     Notify
	LastRead   int64     // id of a line; 0: none
	LastReadAt time.Time // zero: never
	CreatedAt  time.Time
}

// Unread is what waits for a subscriber in one space. Both counts stop at
// [MaxUnread].
type Unread struct {
	Subscription
	Messages int // others' lines since the last one read
	Mentions int // of those that name the subscriber
}

// MaxUnread is where counting ends: nobody reads "1,372" otherwise than "many".
const MaxUnread = 1000
