package matrix

import (
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// Limits of the filter. Dendrite's default of 10 presence events loses every
// further change of a burst for good; Synapse ignores the number.
const (
	presenceLimit = 5000
	timelineLimit = 50
)

// stateTypes are needed whole: members, what moves a room, and who is in a
// call. They must be asked for in the timeline too: a server leaves out of
// state what it believes the timeline showed (Synapse handlers/sync.py), so a
// filter that hides m.room.member from either loses joins and leaves.
// m.room.create never changes and so marks a response that holds all state.
var stateTypes = []string{
	"m.room.member", "m.room.create", "m.room.tombstone", "m.room.canonical_alias",
	"m.call.member", "org.matrix.msc3401.call.member", "m.rtc.member", "org.matrix.msc4143.rtc.member",
}

// activity are the timeline events that show their sender is there. Only their
// sender and time are used.
var activityTypes = []string{
	"m.room.message", "m.room.encrypted", "m.sticker", "m.reaction", "m.poll.start", "m.poll.response",
	"org.matrix.msc3381.poll.start", "org.matrix.msc3381.poll.response",
}

// syncFilter is what the daemon asks for. event_fields is left out although it
// would keep message bodies away from us: nothing says a server may not trim
// ephemeral content with it as well, and a blanked typing list looks like
// everybody stopped.
func syncFilter(self id.UserID, infer bool) *mautrix.Filter {
	nothing := func() *mautrix.FilterPart { return &mautrix.FilterPart{NotTypes: types("*")} }
	timeline := types(stateTypes...)
	if infer {
		timeline = append(timeline, types(activityTypes...)...)
	}
	return &mautrix.Filter{
		AccountData: nothing(),
		Presence:    &mautrix.FilterPart{Types: types("m.presence"), NotSenders: []id.UserID{self}, Limit: presenceLimit},
		Room: &mautrix.RoomFilter{
			AccountData: nothing(),
			Ephemeral:   &mautrix.FilterPart{Types: types("m.typing", "m.receipt"), Limit: presenceLimit},
			State:       &mautrix.FilterPart{Types: types(stateTypes...)},
			Timeline:    &mautrix.FilterPart{Types: timeline, Limit: timelineLimit},
		},
	}
}

func types(names ...string) []event.Type {
	list := make([]event.Type, len(names))
	for i, name := range names {
		list[i] = event.Type{Type: name}
	}
	return list
}
