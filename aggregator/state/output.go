package state

import (
	"encoding/json"

	"presence/spaces"
)

// Changed names what may have a new value since the last TakeChanged. A name
// in it is a reason to look, not a promise of difference: the throttle compares
// with what was last published. All slices are sorted and hold no duplicates.
type Changed struct {
	Rooms   []spaces.Slug // ask Room; false means take the room off the bus
	Removed []spaces.Slug // no longer linked: take room and link off the bus
	Links   []spaces.Slug // link added or edited
	City    bool          // ask City
	Users   []string      // ask User; false means take the user off the bus
}

// Rows is what changed for the database since the last TakeRows. Values are
// opaque JSON; null means the row is deleted. Applied in this order: Reset
// empties every table, Gone are removed, Members are added, People and Rooms
// are upserted by key.
type Rows struct {
	Reset   bool
	Members []Member
	Gone    []Member
	People  map[string]json.RawMessage // by user id
	Rooms   map[string]json.RawMessage // by room id
}

// Member is one joined user of one room.
type Member struct {
	RoomID string
	UserID string
}
