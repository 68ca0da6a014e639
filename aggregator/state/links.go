package state

import (
	"cmp"
	"slices"
	"time"

	"presence/spaces"
)

// maxUpgrades bounds how many room upgrades in a row a link is followed
// through, should tombstones form a long chain.
const maxUpgrades = 8

// SetLinks replaces the whole set of links; what was added, renamed, removed or
// made private takes effect at once. Links without a room id stay unknown until
// a later call brings one. Of two links with one slug the first is taken.
func (e *Engine) SetLinks(now time.Time, links []spaces.Link) {
	e.Tick(now)
	wanted := make(map[spaces.Slug]bool, len(links))
	var released []*room
	for _, l := range links {
		if !wanted[l.Slug] {
			wanted[l.Slug] = true
			released = append(released, e.setLink(l)...)
		}
	}
	for slug, pl := range e.places {
		if !wanted[slug] {
			released = append(released, e.unlink(pl)...)
		}
	}
	// Only now: a room may have gone from one link to another.
	for _, r := range released {
		e.collect(r)
	}
}

// setLink adds or edits one link and returns the rooms it no longer stands on.
func (e *Engine) setLink(l spaces.Link) (released []*room) {
	pl := e.places[l.Slug]
	switch {
	case pl == nil:
		pl = &place{agents: map[*person]struct{}{}}
		e.places[l.Slug] = pl
	case pl.link == l:
		return nil
	}
	was := pl.link
	if zoneOf(was) != zoneOf(l) {
		e.darken(pl)
		e.moveZone(pl, zoneOf(l))
	}
	pl.link = l
	e.changed.links[l.Slug] = struct{}{}
	delete(e.changed.removed, l.Slug)
	if was.RoomID != l.RoomID || !pl.live {
		released = e.stand(pl, e.chain(l.RoomID))
	}
	e.mark(pl)
	return released
}

// unlink removes a link and returns the rooms it stood on.
func (e *Engine) unlink(pl *place) (released []*room) {
	released = e.stand(pl, nil)
	e.moveZone(pl, "")
	slug := pl.link.Slug
	delete(e.places, slug)
	delete(e.changed.rooms, slug)
	delete(e.changed.links, slug)
	e.changed.removed[slug] = struct{}{}
	return released
}

// zoneOf names the zone whose totals a link counts in: none when it is private.
func zoneOf(l spaces.Link) string {
	if !l.Public {
		return ""
	}
	return cmp.Or(l.Zone, "central") // what Link.Normalize fills in
}

// moveZone puts a place that counts nobody into another zone, "" for none.
func (e *Engine) moveZone(pl *place, name string) {
	if z := pl.zone; z != nil {
		z.places--
		e.city.places--
		if z.places == 0 {
			delete(e.zones, z.name)
		}
		pl.zone = nil
		e.changed.city = true
	}
	if name != "" {
		pl.zone = e.zone(name)
		pl.zone.places++
		e.city.places++
		e.changed.city = true
	}
}

// chain returns the rooms a link to id stands on: the room, and the one after
// each upgrade.
func (e *Engine) chain(id string) []*room {
	var rooms []*room
	for id != "" && len(rooms) <= maxUpgrades {
		r := e.room(id)
		if slices.Contains(rooms, r) {
			break
		}
		rooms = append(rooms, r)
		id = r.replacedBy
	}
	return rooms
}

// stand moves the place onto other rooms and returns those it stood on, which
// the caller collects once it knows that nothing else wants them.
func (e *Engine) stand(pl *place, rooms []*room) (released []*room) {
	e.darken(pl)
	released = pl.rooms
	for _, r := range released {
		r.unplace(pl)
	}
	pl.rooms = rooms
	for _, r := range rooms {
		r.places = append(r.places, pl)
	}
	e.refresh(pl)
	return released
}
