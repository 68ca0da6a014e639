package synthetic

import "time"

// Quirks are habits of real servers. The zero value is a server without any:
// it sends everybody's presence on an initial sync, ends typing by itself and
// puts member events in the timeline.
type Quirks struct {
	OmitOffline    bool // Synapse: an initial sync leaves out offline people
	PresenceOff    PresenceOff
	MembersInState bool // Dendrite: member events come in state, not in timeline
	StateAfter     bool // specification 1.16: state_after instead of state, when asked for
	// SilentTypingExpiry (Dendrite): a typing timeout wakes no poll; the
	// corrected list rides along with the next response, and an empty list is
	// repeated in every response until somebody types there again.
	SilentTypingExpiry bool
	// SkipSentPresence (Dendrite, syncapi/streams/stream_presence.go): what a
	// device was told once about somebody active in the last 5 minutes it is
	// not told again, neither to a repeated since token nor in an initial sync,
	// unless they join a room.
	SkipSentPresence bool
	// PresenceReplay (Dendrite: 5 minutes): older presence is left out of an
	// incremental sync. Zero: no limit.
	PresenceReplay time.Duration
	// HonourPresenceLimit (Dendrite): presence beyond the filter's limit, 10
	// by default, is lost for good.
	HonourPresenceLimit bool
	IgnoreNotSenders    bool // Dendrite: the filter's not_senders does nothing for presence
	UnknownFilterIsNone bool // Dendrite: an unknown filter id means no filter; others answer 400
	// NoPresenceOnJoin (element-hq/dendrite#2803): the presence of somebody
	// who joins is not sent along.
	NoPresenceOnJoin bool
	// TimelineLimit caps every timeline, so that bursts make gaps. Zero: the
	// filter's.
	TimelineLimit int
	// JoinEvery is the time one join costs the daemon's allowance; a join
	// beyond JoinBurst is answered 429. Zero: no limit.
	JoinEvery time.Duration
	JoinBurst int
}

// PresenceOff says how a server looks that has presence switched off.
type PresenceOff uint8

// Presence is on, or off in one of two ways: after an accepted write, Synapse
// answers a read with "offline" and Dendrite with an empty string.
const (
	PresenceOn PresenceOff = iota
	PresenceOffSynapse
	PresenceOffDendrite
)

// Synapse returns the habits of Synapse 1.157.
func Synapse() Quirks { return Quirks{OmitOffline: true} }

// Dendrite returns the habits of Dendrite 0.15.2.
func Dendrite() Quirks {
	return Quirks{
		MembersInState: true, SilentTypingExpiry: true, SkipSentPresence: true,
		PresenceReplay: 5 * time.Minute, HonourPresenceLimit: true,
		IgnoreNotSenders: true, UnknownFilterIsNone: true,
	}
}
