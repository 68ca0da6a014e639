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
		Rooms: take(&c.rooms), Removed: take(&c.removed), Links: take(&c.links),
		Users: take(&c.users), City: c.city,
	}
	c.city = false
	return out
}

// take empties set and returns what was in it, sorted.
func take[K cmp.Ordered](set *map[K]struct{}) []K {
	if len(*set) == 0 {
		return nil
	}
	keys := slices.Sorted(maps.Keys(*set))
	empty(set)
	return keys
}

// empty empties a map. A map that was large once is replaced: it stays as large
// inside, and from then on every walk over it would cost that.
func empty[K comparable, V any](m *map[K]V) {
	if len(*m) > 64 {
		*m = map[K]V{}
		return
	}
	clear(*m)
}
