package state

import (
	"slices"
	"time"
)

// applyMembership returns the room, which may turn out to be unneeded.
func (e *Engine) applyMembership(f *RoomFacts, initial bool) *room {
	if f.Left {
		return nil
	}
	r := e.room(f.RoomID)
	words := lastWords(f.Members)
	complete := f.Complete || initial && len(f.Members) > 0
	if complete {
		for p := range r.members {
			if !words[p.id] {
				e.leave(r, p)
			}
		}
	}
	for id, joined := range words {
		e.setMember(r, id, joined)
	}
	e.learnNames(f.Members)
	if complete {
		e.observe(r)
	}
	return r
}

// lastWords reduces member events to whether each user is joined. The same
// event may be in state and timeline (element-hq/synapse#1597), and somebody
// may come and go within one response: the last one holds.
func lastWords(facts []MemberFact) map[string]bool {
	words := make(map[string]bool, len(facts))
	for i := range facts {
		words[facts[i].UserID] = facts[i].Membership == "join"
	}
	return words
}

// setMember joins or leaves the user if that is news, and reports whether it was.
func (e *Engine) setMember(r *room, id string, joined bool) bool {
	p := e.people[id]
	if p == nil && joined {
		p = e.person(id)
	}
	if p == nil || r.has(p) == joined {
		return false
	}
	if joined {
		e.join(r, p)
	} else {
		e.leave(r, p)
	}
	e.happened(r, e.now)
	return true
}

func (e *Engine) join(r *room, p *person) {
	e.touch(p)
	r.members[p] = struct{}{}
	p.rooms[r] = struct{}{}
	for _, pl := range r.places {
		if pl.live && !pl.holds(p, r) {
			e.enter(pl, p)
		}
	}
	e.dirty.members[Member{r.id, p.id}] = true
}

// leave is complete: out of the counts, of typing and of calls in one step.
func (e *Engine) leave(r *room, p *person) {
	e.touch(p)
	e.unlist(r, p)
	for key := range p.calls {
		if key.room == r.id {
			e.endCall(p, key)
		}
	}
	for _, pl := range r.places {
		if pl.live && !pl.holds(p, r) {
			e.exit(pl, p)
		}
	}
	delete(r.members, p)
	delete(p.rooms, r)
	e.dirty.members[Member{r.id, p.id}] = false
}

// observe notes that the room's whole member list is known from now on.
func (e *Engine) observe(r *room) {
	if r.observed {
		return
	}
	r.observed = true
	r.left = nil
	e.dirty.rooms[r.id] = struct{}{}
	for _, pl := range r.places {
		e.refresh(pl)
	}
}

// leaveRoom notes that the daemon is out of the room. What was last seen there
// stays, as stale, for the links that stand on it; who was there is forgotten.
func (e *Engine) leaveRoom(id string) {
	r := e.rooms[id]
	if r == nil {
		return
	}
	if r.observed {
		r.left = e.summary(r)
		r.observed = false
	}
	for _, pl := range r.places {
		e.refresh(pl)
	}
	for p := range r.members {
		e.leave(r, p)
	}
	e.dirty.rooms[r.id] = struct{}{}
	e.collect(r)
}

// learnNames keeps the display names of agents, who are listed by name.
func (e *Engine) learnNames(facts []MemberFact) {
	for i := range facts {
		f := &facts[i]
		p := e.people[f.UserID]
		if p == nil || !p.agent || f.DisplayName == "" || e.agents[p.id].Name != "" || p.name == f.DisplayName {
			continue
		}
		e.touch(p)
		p.name = f.DisplayName
		p.eachPlace(e.mark)
	}
}

// applyIdentity learns the room's alias and, after an upgrade, its successor,
// which then belongs to the same slug. It returns rooms that may turn out to be
// unneeded.
func (e *Engine) applyIdentity(f *RoomFacts) (released []*room) {
	r := e.rooms[f.RoomID]
	if r == nil || f.Left {
		return nil
	}
	if f.Alias != "" && f.Alias != r.alias {
		r.alias = f.Alias
		e.dirty.rooms[r.id] = struct{}{}
		for _, pl := range r.places {
			e.mark(pl)
		}
	}
	if f.ReplacedBy == "" || f.ReplacedBy == r.replacedBy {
		return nil
	}
	r.replacedBy = f.ReplacedBy
	e.dirty.rooms[r.id] = struct{}{}
	for _, pl := range slices.Clone(r.places) {
		released = append(released, e.stand(pl, e.chain(pl.link.RoomID))...)
	}
	return released
}

// Reconcile compares the room with the homeserver's list of joined members
// (GET /rooms/{id}/joined_members) and returns how many were wrong: state
// resets and bugs let tables drift. For a room not seen before it is the first
// look and corrects nothing. An empty list is ignored, since a list the daemon
// may read holds at least the daemon.
func (e *Engine) Reconcile(now time.Time, roomID string, joined []string) (corrections int) {
	if len(joined) == 0 {
		return 0
	}
	e.Tick(now)
	r := e.room(roomID)
	known := r.observed
	listed := make(map[string]bool, len(joined))
	for _, id := range joined {
		listed[id] = true
		if e.setMember(r, id, true) {
			corrections++
		}
	}
	for p := range r.members {
		if !listed[p.id] {
			e.leave(r, p)
			corrections++
		}
	}
	e.observe(r)
	e.settle(withGrace)
	if !known {
		return 0
	}
	return corrections
}
