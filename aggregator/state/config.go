package state

import (
	"regexp"
	"time"
)

// Config is what the operator decided. It is read once, by [New].
type Config struct {
	Self    string           // the daemon's own user id, never counted
	Agents  []Agent          // software participants, counted apart from people
	Exclude []*regexp.Regexp // user ids never counted at all, such as the ghosts of a bridge

	// Grace delays a downward change (online to idle or offline) so that
	// clients that flicker between devices do not (matrix-org/synapse#15879).
	// Upward changes take effect at once. Zero means no delay.
	Grace time.Duration
	// TypingCap ends typing that the server's list has shown unchanged for so
	// long: lists stick after a homeserver restart (element-hq/synapse#1422)
	// and Dendrite never announces an expiry. Zero means [DefaultTypingCap].
	TypingCap time.Duration
	// OnlineLimit turns an "online" nobody has confirmed for so long into
	// unknown (matrix-org/synapse#1514: online for hours). Zero means no limit.
	OnlineLimit time.Duration
	// Infer lets signs of life stand in for presence, where the homeserver has
	// presence switched off or says nothing about a user.
	Infer bool
	// CountIdle makes idle people part of OnlineCount, as DAARION defines it.
	CountIdle bool
}

// Agent is a software participant as an operator lists it.
type Agent struct {
	UserID string
	Name   string // display name; empty means the one Matrix gives, or the user id
}

// Lives of the signs of life and of typing. Sources: matrix-presence
// specification 3.3 and 3.4; Synapse counts the same acts as activity
// (handlers/presence.py).
const (
	DefaultTypingCap = 120 * time.Second

	messageLife = 5 * time.Minute
	receiptLife = 3 * time.Minute
	typingLife  = time.Minute // after the last moment of being listed
	joinLife    = 2 * time.Minute
	recentLife  = 15 * time.Minute // after a life ran out: counted idle, then offline
)
