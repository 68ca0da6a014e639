package state

// applyTyping takes the server's whole list (nil: not mentioned), compared as a
// set. People who sent a message stopped typing, whatever the list still says:
// the client's own stop is a moment behind. A later list that names them again
// is news.
func (e *Engine) applyTyping(r *room, f *RoomFacts, backlog bool) {
	if f.Typing == nil && len(r.typing) == 0 || f.Typing != nil && len(*f.Typing)+len(r.typing) == 0 {
		return // Dendrite repeats the empty list in every response
	}
	empty(&e.scratch)
	listed := e.scratch
	if f.Typing == nil {
		for p := range r.typing {
			listed[p] = struct{}{}
		}
	} else {
		e.readList(r, *f.Typing, listed)
	}
	if !backlog {
		for _, sign := range f.Evidence {
			if sign.Kind == EvidenceMessage {
				delete(listed, e.people[sign.UserID])
			}
		}
	}
	e.replaceTyping(r, listed, f.Typing != nil)
}

// readList keeps the listed people who may be shown: members, and no agents,
// whose typing is a sign of life only.
func (e *Engine) readList(r *room, ids []string, listed map[*person]struct{}) {
	for _, id := range ids {
		p := e.people[id]
		switch {
		case p == nil || !r.has(p):
		case p.agent:
			e.alive(p, e.now, typingLife)
		default:
			listed[p] = struct{}{}
		}
	}
}

// replaceTyping makes listed the room's list. Only a list that the server sent
// and that differs renews the safety cap; a shortened one does not.
func (e *Engine) replaceTyping(r *room, listed map[*person]struct{}, sent bool) {
	changed := len(listed) != len(r.typing)
	for p := range r.typing {
		if _, still := listed[p]; !still {
			changed = true
			e.unlist(r, p)
		}
	}
	if !changed || !sent {
		return
	}
	for p := range listed {
		e.alive(p, e.now, typingLife)
		if !r.typing[p] {
			e.show(r, p)
		}
	}
	r.listed = e.now
	e.happened(r, e.now)
	if len(listed) > 0 {
		e.alarms.set(&r.alarm, e.now.add(e.cfg.TypingCap))
	}
}

// capTyping hides a list that has not changed for too long. It stays known, so
// that the same list repeated is not news.
func (e *Engine) capTyping(r *room) {
	at := r.listed.add(e.cfg.TypingCap)
	for p, shown := range r.typing {
		if shown {
			e.hide(r, p, at)
			r.typing[p] = false
		}
	}
}

// clearTyping forgets every list: the events that ended them were not seen.
func (e *Engine) clearTyping() {
	for _, r := range e.rooms {
		for p := range r.typing {
			e.unlist(r, p)
		}
	}
}

// unlist takes p off the room's list, if they are on it.
func (e *Engine) unlist(r *room, p *person) {
	shown, listed := r.typing[p]
	if !listed {
		return
	}
	if shown {
		e.hide(r, p, e.sight())
	}
	delete(r.typing, p)
	if len(r.typing) == 0 {
		e.alarms.set(&r.alarm, 0)
	}
}

func (e *Engine) show(r *room, p *person) {
	e.touch(p)
	r.typing[p] = true
	e.shiftTyping(r, p, +1)
}

// hide ends what show began; the person stays active for a while after at.
func (e *Engine) hide(r *room, p *person, at instant) {
	e.touch(p)
	e.shiftTyping(r, p, -1)
	p.activeUntil = max(p.activeUntil, at.add(typingLife))
}

func (e *Engine) shiftTyping(r *room, p *person, n int) {
	p.typing += n
	for _, pl := range r.places {
		if pl.live && pl.zone != nil {
			p.stay(pl.zone).shiftTyping(n)
			p.stay(e.city).shiftTyping(n)
		}
		e.mark(pl)
	}
}
