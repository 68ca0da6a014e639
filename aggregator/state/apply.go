package state

import "presence/spaces"

// Apply puts one sync response into the tables: first the time that passed,
// then all facts, in an order that does not depend on the order of the
// response, then one comparison per person they touched. A response is proof of
// sight, so Apply also ends the sync states starting, degraded and lost.
func (e *Engine) Apply(b Batch) {
	e.batchAt = toInstant(b.At)
	e.Tick(b.At)
	// After an outage, what was lost from sight keeps the look it had before
	// it: the clock moves on only after this.
	if b.Initial || b.Gap {
		e.clearTyping()
	}
	e.loseSight(&b)
	e.setSync(spaces.SyncOK)
	e.Tick(b.At)
	if b.Initial {
		e.forget()
	}
	e.applyFacts(&b)
	e.settle(withGrace)
	e.asOf = e.now
	e.batchAt = 0
}

func (e *Engine) applyFacts(b *Batch) {
	var unneeded []*room
	for i := range b.Rooms {
		unneeded = append(unneeded, e.applyMembership(&b.Rooms[i], b.Initial))
	}
	for i := range b.Rooms {
		unneeded = append(unneeded, e.applyIdentity(&b.Rooms[i])...)
	}
	for _, r := range unneeded {
		e.collect(r)
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
}

// loseSight leaves the rooms the daemon is out of: those that say so and, when
// the response is an initial one, those it does not mention.
func (e *Engine) loseSight(b *Batch) {
	for i := range b.Rooms {
		if b.Rooms[i].Left {
			e.leaveRoom(b.Rooms[i].RoomID)
		}
	}
	if !b.Initial {
		return
	}
	in := make(map[string]bool, len(b.Rooms))
	for i := range b.Rooms {
		in[b.Rooms[i].RoomID] = !b.Rooms[i].Left
	}
	for id := range e.rooms {
		if !in[id] {
			e.leaveRoom(id)
		}
	}
}

// forget returns everybody to "never reported", because an initial response
// holds all there is: without this a person who went offline while we were
// away, whom servers then leave out, would stay online.
func (e *Engine) forget() {
	e.dirty.reset = true
	for _, p := range e.people {
		e.touch(p)
		p.before = offline // nothing to soften by grace
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
	for i := range f.Evidence {
		e.applyEvidence(r, &f.Evidence[i])
	}
	for i := range f.Calls {
		call := &f.Calls[i]
		if p := e.people[call.UserID]; p != nil && r.has(p) {
			e.applyCall(p, callKey{r.id, call.Key}, toInstant(call.Until))
		}
	}
}
