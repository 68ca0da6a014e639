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
	if e.visits(pl, p) {
		e.countVisitor(pl, -1) // a visitor who joins
	}
	e.count(pl, p, +1)
	if p.agent {
		pl.agents[p] = struct{}{}
	}
	e.shift(pl, p, +1, 0, pl.typingRooms(p))
	e.mark(pl)
}

func (e *Engine) exit(pl *place, p *person) {
	e.count(pl, p, -1)
	delete(pl.agents, p)
	e.shift(pl, p, -1, 0, -pl.typingRooms(p))
	if e.visits(pl, p) {
		e.countVisitor(pl, +1)
	}
	e.mark(pl)
}

// shift changes what p counts for in the totals of a public place.
func (e *Engine) shift(pl *place, p *person, places, visits, typing int) {
	if pl.zone != nil {
		pl.zone.shift(p, places, visits, typing)
		e.city.shift(p, places, visits, typing)
	}
}

// count counts somebody who is joined to the place in or out.
func (e *Engine) count(pl *place, p *person, n int) {
	e.recountPlace(pl, func() {
		if e.visits(pl, p) {
			pl.tally.visit(n)
		} else {
			pl.tally.add(p, n)
		}
	})
}

// countVisitor does the same for somebody who is there in VR only.
func (e *Engine) countVisitor(pl *place, n int) {
	e.recountPlace(pl, func() { pl.tally.visitors += n })
}

// recountPlace changes the place's tally and, when that fills or empties the
// place, the number of rooms with somebody in them.
func (e *Engine) recountPlace(pl *place, change func()) {
	was := onlineCount(&pl.tally, e.cfg.CountIdle) > 0
	change()
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
		e.countVisitors(pl, +1)
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
	e.countVisitors(pl, -1)
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
