package state

import "time"

// Batch is one sync response, applied as a whole: first every fact, then one
// look at what changed. Presence of a new member may come in the same response
// as the join, in any order (Synapse handlers/sync.py; Dendrite did not send
// it at all, element-hq/dendrite#2803), so nothing is decided half way.
type Batch struct {
	At time.Time // when the response arrived; every relative time in it is counted from here
	// Initial: answered without a since token. What such a batch does not
	// mention is forgotten: rooms the daemon is no longer in, and presence of
	// people who are offline, which servers leave out.
	Initial bool
	// Gap: the first response after an outage or a restart. All typing is
	// cleared first, since the events that ended it were never seen.
	Gap      bool
	Rooms    []RoomFacts
	Presence []PresenceFact
}

// RoomFacts is what one response says about one room the daemon is, or was, in.
type RoomFacts struct {
	RoomID     string
	Left       bool         // the daemon is out of it (rooms.leave): kicked, banned or left
	Complete   bool         // Members is the whole joined list: first sight of the room, or /joined_members
	Members    []MemberFact // in order of the response, state before timeline; the last about a user wins
	Typing     *[]string    // nil: no m.typing in the response; otherwise the server's whole list
	Evidence   []Evidence   // signs of life, each with its own time
	Calls      []CallFact
	Alias      string // new canonical alias; empty: not mentioned
	ReplacedBy string // replacement room of an m.room.tombstone; empty: not mentioned
}

// MemberFact is one m.room.member event. Only the membership "join" counts;
// every other string means the user is not in the room.
type MemberFact struct {
	UserID      string // the state key, not the sender: a kick is sent by a moderator
	Membership  string
	DisplayName string // empty: not given
}

// PresenceFact is one m.presence event as it was received.
type PresenceFact struct {
	UserID          string
	Presence        string        // any string; unknown ones mean unknown
	LastActiveAgo   time.Duration // before Batch.At; only when HasLastActive
	HasLastActive   bool
	CurrentlyActive bool // the server will send nothing more while this holds (client-server API, "Last active ago")
}

// EvidenceKind says what a sign of life was, and so for how long it counts.
type EvidenceKind uint8

// The closed set of signs of life.
const (
	EvidenceMessage EvidenceKind = iota // sent a message, reaction, sticker or poll answer
	EvidenceReceipt                     // sent a public read receipt
	EvidenceTyping                      // was seen typing
	EvidenceJoin                        // joined the room
)

// Evidence is one sign of life of a user in a room.
type Evidence struct {
	UserID string
	Kind   EvidenceKind
	At     time.Time // when it happened (origin_server_ts, receipt ts); a time after Batch.At counts as Batch.At
}

// CallFact is one device's membership of a MatrixRTC call in the room.
type CallFact struct {
	UserID string
	Key    string    // state key or sticky key: one per device and call
	Until  time.Time // zero: left the call
}
