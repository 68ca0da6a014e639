package state

import "presence/spaces"

// Apply puts one sync response into the tables: all of it first, in an order
// that does not depend on the order of the response, then one comparison per
// person it touched. A response is proof of sight, so Apply also ends the sync
// states starting, degraded and lost.
func (e *Engine) Apply(b Batch) {
	e.batchAt = toInstant(b.At)
	e.setSync(spaces.SyncOK)
	if b.Initial || b.Gap {
		e.clearTyping() // as of when we last looked, so before the clock moves
	}
	e.now = max(e.now, e.batchAt)
	e.asOf = e.now
	if b.Initial {
		e.forget(b)
	}
	for i := range b.Rooms {
		e.applyMembership(&b.Rooms[i], b.Initial)
	}
	var offline []*person
	for i := range b.Presence {
		if p := e.applyPresence(&b.Presence[i]); p != nil {
			offline = append(offline, p)
		}
	}
	for i := range b.Rooms {
		e.applyActivity(&b.Rooms[i], b.Initial || b.Gap)
	}
	e.silence(offline)
	e.settle(withGrace)
	e.expire()
	e.batchAt = 0
}

// forget drops what an initial response does not mention. Presence is forgotten
// altogether because the response holds all of it: without this a person who
// went offline while we were away, whom servers then leave out, stays online.
func (e *Engine) forget(b Batch) {
	e.dirty.reset = true
	mentioned := make(map[string]bool, len(b.Rooms))
	for i := range b.Rooms {
		mentioned[b.Rooms[i].RoomID] = true
	}
	for id := range e.rooms {
		if !mentioned[id] {
			e.leaveRoom(id)
		}
	}
	for _, p := range e.people {
		e.touched[p] = offline // nothing to soften by grace
		e.forgetPresence(p)
		for key := range p.calls {
			e.endCall(p, key)
		}
	}
}

// applyActivity applies what people do in the room. Messages of a backlog do
// not end typing: they say nothing about who types now.
func (e *Engine) applyActivity(f *RoomFacts, backlog bool) {
	r := e.rooms[f.RoomID]
	if r == nil || f.Left {
		return
	}
	e.applyTyping(r, f, backlog)
	for _, sign := range f.Evidence {
		if p := e.people[sign.UserID]; p != nil {
			at := min(toInstant(sign.At), e.now)
			e.alive(p, at, sign.Kind.life())
			e.happened(r, at)
		}
	}
	for _, call := range f.Calls {
		if p := e.people[call.UserID]; p != nil && r.has(p) {
			e.applyCall(p, callKey{r.id, call.Key}, toInstant(call.Until))
		}
	}
}
