package state

import "encoding/json"

// dirt collects what TakeRows will write.
type dirt struct {
	reset   bool
	members map[Member]bool // true: joined, false: gone
	people  map[string]struct{}
	rooms   map[string]struct{}
}

func newDirt() dirt {
	return dirt{members: map[Member]bool{}, people: map[string]struct{}{}, rooms: map[string]struct{}{}}
}

// personRow is a person in the database. Typing is not in it: it would have
// ended long before anybody reads the row. Class is, so that numbers after a
// restart are the ones from before, not those of a clock that ran on unseen.
type personRow struct {
	Name        string    `json:"name,omitempty"`
	Status      status    `json:"status,omitempty"`
	Active      bool      `json:"currently_active,omitempty"`
	Confirmed   instant   `json:"confirmed,omitempty"`
	Seen        instant   `json:"seen,omitempty"`
	ActiveUntil instant   `json:"active_until,omitempty"`
	Calls       []callRow `json:"calls,omitempty"`
	HoldOnline  instant   `json:"hold_online,omitempty"`
	HoldIdle    instant   `json:"hold_idle,omitempty"`
	Class       class     `json:"class"`
	Inferred    bool      `json:"inferred,omitempty"`
}

type callRow struct {
	Room  string  `json:"room"`
	Key   string  `json:"key"`
	Until instant `json:"until"`
}

// roomRow is a room in the database.
type roomRow struct {
	Observed   bool      `json:"observed,omitempty"`
	Alias      string    `json:"alias,omitempty"`
	ReplacedBy string    `json:"replaced_by,omitempty"`
	LastEvent  instant   `json:"last_event,omitempty"`
	Left       *lastSeen `json:"left,omitempty"`
}

var deleted = json.RawMessage("null")

// TakeRows returns what changed for the database since the last call. Rows that
// could not be saved must be followed by ResetRows, or they are lost.
func (e *Engine) TakeRows() Rows {
	if e.dirty.reset {
		e.soilAll()
	}
	rows := Rows{
		Reset:  e.dirty.reset,
		People: make(map[string]json.RawMessage, len(e.dirty.people)),
		Rooms:  make(map[string]json.RawMessage, len(e.dirty.rooms)),
	}
	for m, joined := range e.dirty.members {
		if joined {
			rows.Members = append(rows.Members, m)
		} else {
			rows.Gone = append(rows.Gone, m)
		}
	}
	for id := range e.dirty.people {
		rows.People[id] = e.personRow(id)
	}
	for id := range e.dirty.rooms {
		rows.Rooms[id] = e.roomRow(id)
	}
	e.dirty = newDirt()
	return rows
}

// ResetRows makes the next TakeRows a whole one, with Reset set.
func (e *Engine) ResetRows() { e.dirty.reset = true }

// soilAll names everything for the database, and nothing that is gone.
func (e *Engine) soilAll() {
	e.dirty = newDirt()
	e.dirty.reset = true
	for id := range e.people {
		e.dirty.people[id] = struct{}{}
	}
	for id, r := range e.rooms {
		e.dirty.rooms[id] = struct{}{}
		for p := range r.members {
			e.dirty.members[Member{id, p.id}] = true
		}
	}
}

func (e *Engine) personRow(id string) json.RawMessage {
	p := e.people[id]
	if p == nil {
		return deleted
	}
	row := personRow{
		Name: p.name, Status: p.status, Active: p.currentlyActive,
		Confirmed: p.confirmed, Seen: p.seen, ActiveUntil: p.activeUntil,
		HoldOnline: p.holds[online], HoldIdle: p.holds[idle],
		Class: p.class, Inferred: p.inferred,
	}
	for key, until := range p.calls {
		row.Calls = append(row.Calls, callRow{key.room, key.key, until})
	}
	return encode(row)
}

func (e *Engine) roomRow(id string) json.RawMessage {
	r := e.rooms[id]
	if r == nil {
		return deleted
	}
	row := roomRow{Observed: r.observed, Alias: r.alias, ReplacedBy: r.replacedBy, LastEvent: r.lastEvent, Left: r.left}
	return encode(row)
}

func encode(row any) json.RawMessage {
	text, err := json.Marshal(row)
	if err != nil {
		panic("state: a row of plain fields must marshal: " + err.Error())
	}
	return text
}
