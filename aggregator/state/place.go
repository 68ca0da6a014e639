package state

import (
	"slices"

	"presence/spaces"
)

// place is one link with the rooms it stands on: the linked room, and after an
// upgrade its replacements, until the links say otherwise. Somebody in several
// of them is one person.
type place struct {
	link     spaces.Link
	rooms    []*room
	zone     *zone // nil for a private link
	live     bool  // at least one room is observed; only then is anybody counted
	tally    tally
	agents   map[*person]struct{}
	received instant // arrival of the response with the newest change
}

// holds reports whether p is joined to a room of the place other than except.
func (pl *place) holds(p *person, except *room) bool {
	for _, r := range pl.rooms {
		if r != except && r.has(p) {
			return true
		}
	}
	return false
}

// countsThrough reports whether r is the room through which p is counted, so
// that somebody in two rooms of the place is counted once.
func (pl *place) countsThrough(r *room, p *person) bool {
	for _, first := range pl.rooms {
		if first.has(p) {
			return first == r
		}
	}
	return false
}

// typingRooms counts the place's rooms that show p typing.
func (pl *place) typingRooms(p *person) int {
	n := 0
	for _, r := range pl.rooms {
		if r.typing[p] {
			n++
		}
	}
	return n
}

// eachPlace calls do once for every live place that counts p.
func (p *person) eachPlace(do func(*place)) {
	for r := range p.rooms {
		for _, pl := range r.places {
			if pl.live && pl.countsThrough(r, p) {
				do(pl)
			}
		}
	}
}

// enter counts p in the place, exit counts them out again.
func (e *Engine) enter(pl *place, p *person) {
	e.count(pl, p, +1)
	if p.agent {
		pl.agents[p] = struct{}{}
	}
	if pl.zone != nil {
		typing := pl.typingRooms(p)
		pl.zone.enter(p, typing)
		e.city.enter(p, typing)
	}
	e.mark(pl)
}

func (e *Engine) exit(pl *place, p *person) {
	e.count(pl, p, -1)
	delete(pl.agents, p)
	if pl.zone != nil {
		typing := pl.typingRooms(p)
		pl.zone.exit(p, typing)
		e.city.exit(p, typing)
	}
	e.mark(pl)
}

// count changes the place's tally and, when that fills or empties the place,
// the number of rooms with somebody in them.
func (e *Engine) count(pl *place, p *person, n int) {
	was := onlineCount(&pl.tally, e.cfg.CountIdle) > 0
	pl.tally.add(p, n)
	is := onlineCount(&pl.tally, e.cfg.CountIdle) > 0
	if pl.zone != nil && is != was {
		pl.zone.roomsOnline += sign(is)
		e.city.roomsOnline += sign(is)
	}
}

// refresh counts everybody in when the first of the place's rooms becomes
// observed, and everybody out when the last one is lost from sight.
func (e *Engine) refresh(pl *place) {
	seen := slices.ContainsFunc(pl.rooms, func(r *room) bool { return r.observed })
	switch {
	case seen && !pl.live:
		pl.live = true
		e.lit(pl, +1)
		pl.eachMember(func(p *person) { e.enter(pl, p) })
	case !seen:
		e.darken(pl)
	}
	e.mark(pl)
}

// darken counts everybody out of the place.
func (e *Engine) darken(pl *place) {
	if !pl.live {
		return
	}
	pl.eachMember(func(p *person) { e.exit(pl, p) })
	pl.live = false
	e.lit(pl, -1)
}

func (e *Engine) lit(pl *place, n int) {
	if pl.zone != nil {
		pl.zone.live += n
		e.city.live += n
	}
}

// eachMember calls do once for every distinct member of the place's rooms.
func (pl *place) eachMember(do func(*person)) {
	for _, r := range pl.rooms {
		for p := range r.members {
			if pl.countsThrough(r, p) {
				do(p)
			}
		}
	}
}

// mark notes that the place, and a public place's totals, may have changed.
func (e *Engine) mark(pl *place) {
	e.changed.rooms[pl.link.Slug] = struct{}{}
	e.changed.city = e.changed.city || pl.zone != nil
	pl.received = max(pl.received, e.batchAt)
}
