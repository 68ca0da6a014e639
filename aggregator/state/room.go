package state

import (
	"slices"

	"presence/spaces"
)

// room is one Matrix room: joined by the daemon, or named by a link, or both.
type room struct {
	id         string
	observed   bool // the whole member list was seen, and the daemon is still in
	members    map[*person]struct{}
	typing     map[*person]bool // who the server lists; false: hidden by the safety cap
	listed     instant          // when the server's list last changed
	alarm      alarm            // when the safety cap ends what the list shows
	alias      string
	replacedBy string
	lastEvent  instant   // newest join, leave, typing or sign of life
	left       *lastSeen // what was here when the daemon went out; nil when it is in, or never was
	places     []*place  // the links that stand on it; one, rarely more
}

// lastSeen is what is still told, as stale, about a room the daemon is out of.
type lastSeen struct {
	AsOf     instant        `json:"as_of"`
	Active   int            `json:"active"`
	Idle     int            `json:"idle"`
	Unknown  int            `json:"unknown"`
	Members  int            `json:"members"`
	AgentsIn int            `json:"agents_in"`
	Agents   []spaces.Agent `json:"agents,omitempty"`
	Source   spaces.Source  `json:"source"`
	Known    bool           `json:"known"`
}

// plausible reports whether counts that came from outside can be counts.
func (l *lastSeen) plausible() bool {
	return l != nil && min(l.AsOf, instant(min(l.Active, l.Idle, l.Unknown, l.Members, l.AgentsIn))) >= 0
}

// room returns the room of that id, creating it.
func (e *Engine) room(id string) *room {
	r := e.rooms[id]
	if r == nil {
		r = &room{id: id, members: map[*person]struct{}{}, typing: map[*person]bool{}}
		r.alarm.room = r
		e.rooms[id] = r
	}
	return r
}

// has reports whether p is joined to the room.
func (r *room) has(p *person) bool { _, in := r.members[p]; return in }

// happened notes that something happened in the room.
func (e *Engine) happened(r *room, at instant) {
	if at > r.lastEvent {
		r.lastEvent = at
		e.dirty.rooms[r.id] = struct{}{}
	}
}

// collect forgets a room (nil: none) that nothing stands on and nobody is in.
func (e *Engine) collect(r *room) {
	if r != nil && len(r.places) == 0 && !r.observed && len(r.members) == 0 {
		e.alarms.set(&r.alarm, 0)
		delete(e.rooms, r.id)
		e.dirty.rooms[r.id] = struct{}{}
	}
}

// summary takes the room's last look before the daemon's view of it ends; it
// was confirmed by the response before.
func (e *Engine) summary(r *room) *lastSeen {
	var t tally
	var agents []spaces.Agent
	for p := range r.members {
		t.add(p, +1)
		if p.agent {
			agents = append(agents, p.asAgent())
		}
	}
	sortAgents(agents)
	return &lastSeen{
		AsOf: e.asOf, Active: t.people[online], Idle: t.people[idle], Unknown: t.people[unknown],
		Members: t.members(), AgentsIn: t.agents, Agents: agents,
		Source: t.source(), Known: t.known(),
	}
}

// unplace takes pl off the room's list.
func (r *room) unplace(pl *place) {
	r.places = slices.DeleteFunc(r.places, func(o *place) bool { return o == pl })
}
