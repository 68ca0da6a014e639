package state

// applyPresence takes one m.presence event. It returns the person if that took
// them offline, nil otherwise. Presence of somebody who shares no known room is
// ignored, which bounds the table.
func (e *Engine) applyPresence(f *PresenceFact) (wentOffline *person) {
	p := e.people[f.UserID]
	if p == nil {
		return nil
	}
	was, is := p.status, statusOf(f.Presence)
	seen, confirmed := p.seen, p.confirmed
	if f.HasLastActive {
		seen = max(seen, e.now.add(-max(0, f.LastActiveAgo)))
	}
	// Servers repeat presence on unrelated changes with a grown
	// last_active_ago; a mere repetition confirms nothing.
	if is != was || f.CurrentlyActive || !f.HasLastActive {
		confirmed = e.now
	}
	if is == was && f.CurrentlyActive == p.currentlyActive && seen == p.seen && confirmed == p.confirmed {
		return nil
	}
	e.touch(p)
	e.setStatus(p, is)
	p.currentlyActive, p.seen, p.confirmed = f.CurrentlyActive, seen, confirmed
	if is == statusOffline && was != statusOffline && !e.noPresence {
		return p
	}
	return nil
}

// silence ends the typing of people who went offline in this batch and did not
// come back within it.
func (e *Engine) silence(offline []*person) {
	for _, p := range offline {
		if p.status != statusOffline {
			continue
		}
		for r := range p.rooms {
			e.unlist(r, p)
		}
	}
}

// forgetPresence returns p to "never reported".
func (e *Engine) forgetPresence(p *person) {
	e.setStatus(p, statusUnknown)
	p.currentlyActive, p.confirmed = false, 0
	p.holds = [classes]instant{}
}

// setStatus is the only writer of status. Online and busy count alike, but the
// rooms of an agent show which.
func (e *Engine) setStatus(p *person, s status) {
	if p.agent && (s == statusBusy) != (p.status == statusBusy) {
		p.eachPlace(e.mark)
	}
	p.status = s
}
