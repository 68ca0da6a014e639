package city

import (
	"container/list"
	"slices"

	"presence/gateway/wire"
	"presence/spaces"
)

// item is one room of the table: what is linked and what is known of it, each
// of which may come and go without the other.
type item struct {
	slug  spaces.Slug
	link  *spaces.Link         // nil: not linked, so nobody sees it
	place spaces.Rect          // on the map
	room  *spaces.RoomPresence // nil: unknown
	last  *spaces.RoomPresence // the last one known

	seq     uint64        // of the latest change of any kind
	linkSeq uint64        // of the latest change of link or place
	element *list.Element // in table.order
	encoded *wire.Room    // nil: to be encoded again
	timed   int64         // RoomPresence.ReceivedTS up to which the way to the sockets was measured or is not to be
}

// seenBy reports whether a viewer may know of the room; nobody knows of nil.
func (it *item) seenBy(v *spaces.Viewer) bool {
	return it != nil && it.link != nil && v.CanSee(*it.link)
}

// sameNumbers reports whether a browser would see no difference. The bus
// repeats every room regularly to keep it from expiring, with a newer AsOf;
// such a repetition must not become traffic to every socket.
func sameNumbers(a, b *spaces.RoomPresence) bool {
	return sameCounts(a, b) && (a == nil || a.LastEventTS == b.LastEventTS)
}

// sameCounts reports whether b is a repetition of a. The time of the last event
// alone is published with repetitions only, long after the event.
func sameCounts(a, b *spaces.RoomPresence) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.OnlineCount == b.OnlineCount && a.TypingCount == b.TypingCount &&
		a.ActiveCount == b.ActiveCount && a.IdleCount == b.IdleCount &&
		a.MemberCount == b.MemberCount && a.AgentCount == b.AgentCount && a.VRCount == b.VRCount &&
		a.Source == b.Source && a.Stale == b.Stale &&
		slices.Equal(a.Agents, b.Agents)
}

// sameTotals is sameNumbers for the city's totals.
func sameTotals(a, b *spaces.CityPresence) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Totals == b.Totals && a.Source == b.Source && a.Stale == b.Stale && slices.Equal(a.Zones, b.Zones)
}
