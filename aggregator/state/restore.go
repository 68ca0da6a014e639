package state

import (
	"encoding/json"
	"time"
)

// Restore fills an empty engine from saved rows, before or after SetLinks. The
// answers are those of the moment of saving, except that nobody types; they are
// stale until the first batch. When that moment was is for SetSync to say, and
// whether presence is supported is for the probe; tell it first if it is known.
//
// Rows that cannot be read, and members the configuration now ignores, are left
// out: such people are unknown until the homeserver speaks of them. Now is when
// the rows were saved, or later; moments after it, from a clock that was wrong,
// are brought back to it.
func (e *Engine) Restore(now time.Time, rows Rows) {
	at := toInstant(now)
	for id, text := range rows.Rooms {
		e.restoreRoom(id, text)
	}
	for _, m := range rows.Members {
		e.restoreMember(m)
	}
	for id, text := range rows.People {
		if p := e.people[id]; p != nil {
			e.restorePerson(p, text, at)
		}
	}
	for _, p := range e.people {
		e.alarms.set(&p.alarm, 1) // judge everybody as soon as we can see
	}
	for _, pl := range e.places {
		e.stand(pl, e.chain(pl.link.RoomID))
	}
	for _, p := range e.touched {
		p.touched = false
	}
	e.touched = nil
	e.dirty = newDirt()
}

func (e *Engine) restoreRoom(id string, text json.RawMessage) {
	var row *roomRow
	if json.Unmarshal(text, &row) != nil || row == nil || id == "" {
		return
	}
	r := e.room(id)
	r.observed, r.alias, r.replacedBy, r.lastEvent = row.Observed, row.Alias, row.ReplacedBy, max(0, row.LastEvent)
	if !r.observed && row.Left.plausible() {
		r.left = row.Left
	}
}

func (e *Engine) restoreMember(m Member) {
	if m.RoomID == "" {
		return
	}
	if p := e.person(m.UserID); p != nil {
		e.join(e.room(m.RoomID), p)
	}
}

func (e *Engine) restorePerson(p *person, text json.RawMessage, now instant) {
	var row *personRow
	if json.Unmarshal(text, &row) != nil || row == nil || row.Status > statusBusy || row.Class >= classes {
		return
	}
	if p.agent && p.name == "" {
		p.name = row.Name
	}
	p.status, p.currentlyActive = row.Status, row.Active
	p.confirmed, p.seen = within(row.Confirmed, now), within(row.Seen, now)
	p.activeUntil = within(row.ActiveUntil, now.add(max(messageLife, e.cfg.TypingCap+typingLife)))
	p.holds[online] = within(row.HoldOnline, now.add(e.cfg.Grace))
	p.holds[idle] = within(row.HoldIdle, now.add(e.cfg.Grace))
	for _, c := range row.Calls {
		e.restoreCall(p, c, now)
	}
	p.class, p.inferred = row.Class, row.Inferred
}

func (e *Engine) restoreCall(p *person, c callRow, now instant) {
	r := e.rooms[c.Room]
	if r == nil || !r.has(p) || len(p.calls) >= maxCalls {
		return
	}
	if p.calls == nil {
		p.calls = map[callKey]instant{}
	}
	p.calls[callKey{c.Room, c.Key}] = within(c.Until, now.add(maxCall))
}

// within brings a moment into the range a right clock would have given.
func within(at, latest instant) instant { return max(0, min(at, latest)) }
