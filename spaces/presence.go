package spaces

// Source says what a published number was derived from.
type Source string

// The closed set of sources.
const (
	SourceMatrix   Source = "matrix"   // m.presence of the homeserver
	SourceInferred Source = "inferred" // messages, receipts, typing and joins only
	SourceMixed    Source = "mixed"    // both
)

// RoomPresence is the payload of city.presence.room.<slug>. The first eight
// fields are the contract of the first aggregator and keep their names, types
// and order; everything after LastEventTS is ours and may grow.
//
// A room whose count was never observed has no RoomPresence at all: absence on
// the bus means unknown, never zero.
type RoomPresence struct {
	Type        string   `json:"type"` // always "room.presence"
	Slug        Slug     `json:"room_slug"`
	RoomID      string   `json:"matrix_room_id"`
	Alias       string   `json:"matrix_room_alias"`
	OnlineCount int      `json:"online_count"` // distinct people here, in Matrix or in VR: ActiveCount + IdleCount
	TypingCount int      `json:"typing_count"`
	TypingUsers []string `json:"typing_users"`  // Matrix user ids, sorted; never null
	LastEventTS int64    `json:"last_event_ts"` // ms; when something last happened in the room

	ActiveCount  int     `json:"active_count"`
	IdleCount    int     `json:"idle_count"`
	UnknownCount int     `json:"unknown_count"` // members whose presence cannot be told; not in OnlineCount
	MemberCount  int     `json:"member_count"`  // joined people, online or not
	AgentCount   int     `json:"agent_count"`   // agents here; never in OnlineCount
	Agents       []Agent `json:"agents"`        // never null
	Source       Source  `json:"source"`
	Stale        bool    `json:"stale"`       // the number is the last known one, from AsOf
	AsOf         int64   `json:"as_of"`       // ms; when the number was last confirmed
	Epoch        uint64  `json:"epoch"`       // grows with every new publishing aggregator
	Version      uint64  `json:"version"`     // grows with every change within an epoch
	ReceivedTS   int64   `json:"received_ts"` // ms; when the sync response with the newest change arrived, for latency histograms
	VRCount      int     `json:"vr_count"`    // of OnlineCount: people in the room's space and its subspaces now
}

// Agent is a software participant, listed by an operator and counted apart
// from people.
type Agent struct {
	UserID string `json:"matrix_user_id"`
	Name   string `json:"display_name"`
	Status string `json:"status"` // online, busy or offline
}

// UserPresence is the payload of city.presence.user.<escaped user id>. The
// first four fields are the contract of the first aggregator.
type UserPresence struct {
	Type         string `json:"type"` // always "user.presence"
	UserID       string `json:"matrix_user_id"`
	Status       string `json:"status"`         // online, unavailable, offline or unknown
	LastActiveTS int64  `json:"last_active_ts"` // ms; 0 when never seen

	Source Source `json:"source"`
	AsOf   int64  `json:"as_of"`
	Epoch  uint64 `json:"epoch"`
}

// Totals counts distinct people, never sums of rooms.
type Totals struct {
	OnlineCount int `json:"online_count"`
	ActiveCount int `json:"active_count"`
	IdleCount   int `json:"idle_count"`
	AgentCount  int `json:"agent_count"`
	TypingCount int `json:"typing_count"`
	RoomsOnline int `json:"rooms_online"` // rooms with at least one person
	RoomsUnseen int `json:"rooms_unseen"` // rooms that are in none of these numbers, because the daemon is not in them
}

// CityPresence is the payload of city.presence.city: distinct totals over the
// public rooms, for the city and each zone. Private rooms are left out of it
// altogether, so that a total never betrays them.
type CityPresence struct {
	Type string `json:"type"` // always "city.presence"
	Totals
	Zones   []ZonePresence `json:"zones"` // sorted by zone; never null
	Source  Source         `json:"source"`
	Stale   bool           `json:"stale"`
	AsOf    int64          `json:"as_of"`
	Epoch   uint64         `json:"epoch"`
	Version uint64         `json:"version"`
}

// ZonePresence is the distinct totals of one zone's public rooms.
type ZonePresence struct {
	Zone string `json:"zone"`
	Totals
}

// SyncState says how well the aggregator sees the homeserver.
type SyncState string

// The closed set of sync states.
const (
	SyncStarting SyncState = "starting" // no response applied yet in this epoch
	SyncOK       SyncState = "ok"
	SyncDegraded SyncState = "degraded" // no successful sync for 45 s: typing is cleared
	SyncLost     SyncState = "lost"     // none for 90 s: presence is unknown, last counts are kept as stale
)

// Status is the payload of city.presence.status, published every few seconds
// by the aggregator that leads, so that every gateway knows how fresh its
// numbers are.
type Status struct {
	Type     string    `json:"type"` // always "city.status"
	Epoch    uint64    `json:"epoch"`
	Sync     SyncState `json:"sync"`
	AsOf     int64     `json:"as_of"`    // ms; the last successful sync
	Presence string    `json:"presence"` // supported, disabled or unknown
	Source   Source    `json:"source"`
	Rooms    int       `json:"rooms"`   // linked rooms followed
	Joined   int       `json:"joined"`  // of those, joined by the daemon
	Users    int       `json:"users"`   // people tracked
	Message  string    `json:"message"` // what an operator should know; empty when all is well
}
