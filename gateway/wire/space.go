package wire

import (
	"encoding/json"
	"iter"
	"time"

	"presence/spaces"
)

// A SpaceEvent is something that clients in a space are told once and in
// order, whatever door they came through. Where anybody is at the moment is no
// event: see [Mover].
type SpaceEvent interface{ spaceEvent() }

// Member is one session of a space as the others see it.
type Member struct {
	Session spaces.Session
	Ref     uint16       // short name in this gateway's binary frames; never 0, not reused within a minute
	Pose    *spaces.Pose // last known; nil: never moved
}

// The events of a space, server to client.
type (
	// Joined is the first thing a client hears of a space it entered.
	Joined struct {
		Key      spaces.Key
		Space    spaces.Space
		Role     spaces.Role
		CanWrite bool // may write in the chat
		Self     Member
		Members  []Member // everybody inside, Self among them
		Roll     []byte   // Members as the encoder's own Roll has them; nil: not made
		ChatSeq  int64    // events up to this one are in the history; later ones come by themselves
		Tick     time.Duration
		At       time.Time
	}
	// MemberJoined is about somebody else, as the two that follow.
	MemberJoined struct {
		Member Member
		At     time.Time
	}
	MemberLeft struct {
		Member Member
		At     time.Time
	}
	MemberChanged struct { // avatar or voice
		Member Member
		At     time.Time
	}
	// Waiting tells a client in line where it stands; Joined follows by itself.
	Waiting struct {
		Key      spaces.Key
		Position int // from 1
		Length   int
		Seats    int
	}
	// Left ends a client's stay while its socket goes on: it left, was moved
	// elsewhere, or was kicked; Reason is empty when it asked for it.
	Left struct {
		Key    spaces.Key
		Reason string
	}
	// Chat is one change of the space's chat.
	Chat struct {
		Key   spaces.Key
		Event spaces.ChatEvent
	}
	// Comment is one change of the comments on the document that the space
	// belongs to. Its seq counts comments, not lines of the chat.
	Comment struct{ Event spaces.ChatEvent }
	// Typing is everybody who writes at the moment, by session.
	Typing struct {
		Key     spaces.Key
		Members []Member
	}
	// Signal is one WebRTC signalling message for the receiver.
	Signal struct {
		From Member
		Kind string          // offer, answer or candidate
		Data json.RawMessage // opaque
	}
	// Emote is a gesture everybody sees.
	Emote struct {
		From  Member
		Emote string
		At    time.Time
	}
	// Entity is an update of something other than the sender's avatar, or an
	// application's own message: relayed as it came, in order per sender.
	Entity struct {
		From Member
		Kind string          // "aframe" (DLUX aframe-update), "naf" (networked-aframe data), or "custom"
		Type string          // naf: dataType; custom: the application's word
		Data json.RawMessage // opaque JSON
		At   time.Time
	}
	// Roster is everybody inside, the receiver among them, told to a format that
	// names all occupants at every change ([Rosters]): once after Joined, then
	// after a tick in which members came, left or changed. Members may only be
	// iterated during the call.
	Roster struct {
		Key     spaces.Key
		Members iter.Seq[Member]
		At      time.Time
	}
	// Ack answers the request with this id; Body is what the request asked for.
	Ack struct {
		Request json.RawMessage // as the client spelled it: a number or a string
		Body    any             // nil: none
	}
	// Refused answers a request that failed. Op is the request's type.
	Refused struct {
		Request json.RawMessage // nil: the request had none
		Op      string
		Err     error
	}
)

func (Joined) spaceEvent()        {}
func (MemberJoined) spaceEvent()  {}
func (MemberLeft) spaceEvent()    {}
func (MemberChanged) spaceEvent() {}
func (Waiting) spaceEvent()       {}
func (Left) spaceEvent()          {}
func (Chat) spaceEvent()          {}
func (Comment) spaceEvent()       {}
func (Typing) spaceEvent()        {}
func (Signal) spaceEvent()        {}
func (Emote) spaceEvent()         {}
func (Entity) spaceEvent()        {}
func (Roster) spaceEvent()        {}
func (Ack) spaceEvent()           {}
func (Refused) spaceEvent()       {}

// Mover is a member's newest place, with what its own door said beside the
// pose. A door's own words are preferred by viewers of the same family.
type Mover struct {
	Ref     uint16
	Session *spaces.Session
	Pose    spaces.Pose
	DLUX    json.RawMessage // the whole payload of its last aframe-update; nil for other doors
	NAF     json.RawMessage // its merged avatar entity; nil for other doors
	At      time.Time
}

// SpaceEncoder turns what happens in a space into frames of one door's format.
// Implementations are comparable values without state: the hub groups viewers
// by encoder and encodes once for each group.
//
// "Frames" are whole unmasked WebSocket frames ([AppendFrame]) one after
// another. A door that is no WebSocket takes them apart again ([SplitFrames]).
type SpaceEncoder interface {
	// Event appends e as frames; nothing when the format does not have it.
	Event(dst []byte, e SpaceEvent) []byte
	// Poses appends the newest places of movers. A Shared format puts all of
	// them into one frame that is the same for everybody, viewers included; any
	// other makes frames for each mover, because its clients must not hear
	// about themselves.
	Poses(dst []byte, at time.Time, movers []Mover) []byte
	// Shared says which of the two Poses does.
	Shared() bool
	// String is the value of the metric label "format".
	String() string
}

// Rolls is what an encoder implements besides [SpaceEncoder] to have
// [Joined].Members encoded once for all who come at the same time.
type Rolls interface {
	// Roll appends what Event puts into its Joined for the members.
	Roll(dst []byte, members []Member) []byte
}

// Rosters is what an encoder implements besides [SpaceEncoder] when its format
// has [Roster]; the hub makes none for the others.
type Rosters interface{ Rosters() }
