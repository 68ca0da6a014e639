package matrix

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"presence/aggregator/state"
	"presence/spaces"
)

// sections are the parts of one rooms.join entry.
type sections struct {
	state, after, timeline, ephemeral, sticky gjson.Result
}

func splitRoom(room gjson.Result) sections {
	var s sections
	room.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "state":
			s.state = value
		case "state_after", "org.matrix.msc4222.state_after":
			s.after = value
		case "timeline":
			s.timeline = value
		case "ephemeral":
			s.ephemeral = value
		case "sticky", "msc4354_sticky":
			s.sticky = value
		}
		return true
	})
	return s
}

// joined decodes a room the daemon is in. Membership comes from state_after
// alone where the server sends it (specification 1.16), otherwise from state
// and then timeline, in that order, because a server puts a single join or
// leave in either.
func (d *decoder) joined(roomID string, room gjson.Result) {
	s := splitRoom(room)
	r := &roomDecoder{decoder: d, facts: state.RoomFacts{RoomID: roomID}}
	after := s.after.IsObject()
	if after {
		eachEvent(s.after, func(e gjson.Result) { r.roomEvent(e, true, false) })
	} else {
		eachEvent(s.state, func(e gjson.Result) { r.roomEvent(e, true, false) })
	}
	eachEvent(s.timeline, func(e gjson.Result) { r.roomEvent(e, !after, true) })
	eachEvent(s.sticky, func(e gjson.Result) { r.roomEvent(e, false, true) })
	eachEvent(s.ephemeral, r.ephemeral)
	// A room the daemon is in has the daemon among its members; without it the
	// list is not the whole list, whatever the server meant by it.
	r.facts.Complete = (r.created || d.out.Batch.Initial) && r.selfJoined
	d.out.Batch.Rooms = append(d.out.Batch.Rooms, r.facts)
}

type roomDecoder struct {
	*decoder
	facts      state.RoomFacts
	created    bool // m.room.create was in it: it never changes, so this is the room's whole state
	selfJoined bool
}

// roomEvent takes one state or timeline event. current says whether it may
// change the room's state; recent, whether it happened lately enough to be a
// sign of life.
func (r *roomDecoder) roomEvent(e gjson.Result, current, recent bool) {
	ev := readEvent(e)
	switch ev.kind {
	case "m.room.member":
		r.member(ev, current)
	case "m.room.create":
		r.created = true
	case "m.room.canonical_alias":
		if alias := ev.content.Get("alias").Str; current && ev.isState && len(alias) <= 255 {
			r.facts.Alias = strings.Clone(alias)
		}
	case "m.room.tombstone":
		if next := ev.content.Get("replacement_room").Str; current && ev.isState && validRoomID(next) {
			r.facts.ReplacedBy = strings.Clone(next)
		}
	case "m.call.member", "org.matrix.msc3401.call.member", "m.rtc.member", "org.matrix.msc4143.rtc.member":
		r.call(ev)
	case "":
		r.out.Dropped.Events++
	default:
		if recent && !ev.isState && slices.Contains(activityTypes, ev.kind) {
			r.evidence(ev.sender, state.EvidenceMessage, ev)
		}
	}
}

func (r *roomDecoder) member(ev syncEvent, current bool) {
	membership := ev.content.Get("membership").Str
	if !ev.isState || membership == "" || !spaces.ValidUserID(ev.stateKey) {
		r.out.Dropped.Events++
		return
	}
	if membership == "join" && ev.sender == ev.stateKey {
		r.evidence(ev.stateKey, state.EvidenceJoin, ev)
	}
	if !current {
		return
	}
	if ev.stateKey == r.self {
		r.selfJoined = membership == "join"
	}
	r.facts.Members = append(r.facts.Members, state.MemberFact{
		UserID:      r.copy(ev.stateKey),
		Membership:  r.copy(membership),
		DisplayName: r.displayName(ev),
	})
}

// maxDisplayName is generous; Matrix itself has no limit but that of an event.
const maxDisplayName = 256

func (r *roomDecoder) displayName(ev syncEvent) string {
	name := ev.content.Get("displayname").Str
	if len(name) > maxDisplayName {
		name = name[:maxDisplayName]
	}
	return r.copy(strings.ToValidUTF8(name, ""))
}

// evidence notes a sign of life with its own time. Events without a time, and
// those older than any use of them, say nothing: an initial sync holds years
// of joins.
func (r *roomDecoder) evidence(userID string, kind state.EvidenceKind, ev syncEvent) {
	if !spaces.ValidUserID(userID) {
		r.out.Dropped.Events++
		return
	}
	at := r.out.Batch.At
	if ev.at.IsZero() || at.Sub(ev.at) > evidenceLife {
		return
	}
	if ev.at.After(at) {
		ev.at = at
	}
	r.facts.Evidence = append(r.facts.Evidence, state.Evidence{UserID: r.copy(userID), Kind: kind, At: ev.at})
}
