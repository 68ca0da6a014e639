package state

import (
	"cmp"
	"maps"
	"slices"

	"presence/spaces"
)

// changes collects what TakeChanged will name.
type changes struct {
	rooms   map[spaces.Slug]struct{}
	removed map[spaces.Slug]struct{}
	links   map[spaces.Slug]struct{}
	users   map[string]struct{}
	city    bool
}

func newChanges() changes {
	return changes{
		rooms:   map[spaces.Slug]struct{}{},
		removed: map[spaces.Slug]struct{}{},
		links:   map[spaces.Slug]struct{}{},
		users:   map[string]struct{}{},
	}
}

// TakeChanged returns what may have a new value since the last call.
func (e *Engine) TakeChanged() Changed {
	c := &e.changed
	out := Changed{
		Rooms: take(c.rooms), Removed: take(c.removed), Links: take(c.links),
		Users: take(c.users), City: c.city,
	}
	c.city = false
	return out
}

// take empties set and returns what was in it, sorted.
func take[K cmp.Ordered](set map[K]struct{}) []K {
	if len(set) == 0 {
		return nil
	}
	keys := slices.Sorted(maps.Keys(set))
	clear(set)
	return keys
}
