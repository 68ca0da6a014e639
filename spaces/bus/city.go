package bus

import (
	"time"

	"presence/spaces"
)

// CityWatcher is told about the city by [Bus.WatchCity], from one goroutine.
// The bus does not touch what it has handed over. A watcher that takes long
// delays its own changes and nobody else's.
type CityWatcher interface {
	// CityReset replaces everything: what state does not hold is gone. It comes
	// first, and again whenever continuity was in doubt.
	CityReset(state CityState)
	// CityChanged brings what changed since, in the order of publishing.
	CityChanged(changes []CityChange)
	// CityBlind says that nothing has been heard since then; the last picture
	// stays and is stale until a status arrives after the next CityReset.
	CityBlind(since time.Time)
}

// CityState is the whole city. Rooms without an entry in Rooms are unknown.
type CityState struct {
	Links    map[spaces.Slug]spaces.Link
	Rooms    map[spaces.Slug]spaces.RoomPresence
	City     *spaces.CityPresence // nil: unknown
	Status   *spaces.Status       // nil: no aggregator has been heard lately
	StatusAt time.Time            // when the server stored Status, by its clock; zero without one
}

// CityChange is one thing that changed; exactly one of the values or flags is
// set, Slug with those about a room or a link.
type CityChange struct {
	Slug       spaces.Slug
	Link       *spaces.Link
	LinkGone   bool
	Room       *spaces.RoomPresence
	RoomGone   bool // unknown from now on: expired or dropped
	City       *spaces.CityPresence
	CityGone   bool
	Status     *spaces.Status
	StatusGone bool // no aggregator has been heard for StatusTTL

	stored time.Time // when the server took it in
}

func newCityState() CityState {
	return CityState{Links: map[spaces.Slug]spaces.Link{}, Rooms: map[spaces.Slug]spaces.RoomPresence{}}
}

func (s *CityState) apply(c CityChange) {
	switch {
	case c.Link != nil:
		s.Links[c.Slug] = *c.Link
	case c.LinkGone:
		delete(s.Links, c.Slug)
	case c.Room != nil:
		s.Rooms[c.Slug] = *c.Room
	case c.RoomGone:
		delete(s.Rooms, c.Slug)
	case c.City != nil:
		s.City = c.City
	case c.CityGone:
		s.City = nil
	case c.Status != nil:
		s.Status, s.StatusAt = c.Status, c.stored
	case c.StatusGone:
		s.Status, s.StatusAt = nil, time.Time{}
	}
}
