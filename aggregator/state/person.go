package state

// class is what a person counts as, in rising order of being there. Unknown is
// not offline: it is counted apart and never presented as an empty room.
type class uint8

const (
	offline class = iota
	unknown
	idle
	online
	classes
)

// here reports whether the class counts as being in the room.
func (c class) here() bool { return c >= idle }

// status is the last m.presence of a person as the homeserver gave it.
type status uint8

const (
	statusUnknown status = iota // never reported, or a word we do not know
	statusOffline
	statusIdle
	statusOnline
	statusBusy // MSC3026: present
)

// statusOf reads the presence of an m.presence event. Unknown words mean
// unknown: a new one must never empty a room or stop the daemon.
func statusOf(presence string) status {
	switch presence {
	case "online":
		return statusOnline
	case "busy", "org.matrix.msc3026.busy":
		return statusBusy
	case "unavailable":
		return statusIdle
	case "offline":
		return statusOffline
	default:
		return statusUnknown
	}
}

func (s status) class() class {
	return [...]class{statusUnknown: unknown, statusOffline: offline, statusIdle: idle, statusOnline: online, statusBusy: online}[s]
}

// person is a user who shares at least one room with the daemon, or somebody
// who is in a space of the city in VR. The daemon itself and excluded users
// never become one.
type person struct {
	id    string
	agent bool
	name  string // display name, kept for agents only

	subject string // of who has been in VR
	visits  int    // spaces they are in

	rooms  map[*room]struct{}
	stays  []stay // the zones they are counted in; few, so a slice
	typing int    // rooms that show them typing

	status          status
	currentlyActive bool
	confirmed       instant // when the homeserver last said something new about them
	seen            instant // last sign of life, their own or the homeserver's last_active_ago
	activeUntil     instant // until when their signs of life make them active
	calls           map[callKey]instant
	holds           [classes]instant // until when a class they fell from still counts (Config.Grace)

	touched bool  // in Engine.touched
	before  class // what they counted as before the facts being applied

	class    class // what they count as now
	inferred bool  // class comes from signs of life, not from m.presence
	alarm    alarm // when time alone next changes class
}

// callKey is one device's membership of a call in a room.
type callKey struct{ room, key string }

// lifeEnd is when the signs of life stop making the person active; a call
// counts as one that lasts.
func (p *person) lifeEnd() instant {
	end := p.activeUntil
	for _, until := range p.calls {
		end = max(end, until)
	}
	return end
}

// person returns the tracked person of that id, creating them; nil for the
// daemon and for excluded users.
func (e *Engine) person(id string) *person {
	if p := e.people[id]; p != nil {
		return p
	}
	if e.ignored(id) {
		return nil
	}
	p := e.strangers[matrixSubject+id]
	delete(e.strangers, matrixSubject+id)
	if p == nil {
		p = newPerson(id)
	}
	agent, isAgent := e.agents[id]
	p.agent, p.name = isAgent, agent.Name
	e.people[id] = p
	e.changed.users[id] = struct{}{}
	return p
}

func newPerson(id string) *person {
	p := &person{id: id, class: unknown, rooms: map[*room]struct{}{}}
	p.alarm.person = p
	return p
}

func (e *Engine) ignored(id string) bool {
	if id == "" || id == e.cfg.Self {
		return true
	}
	for _, pattern := range e.cfg.Exclude {
		if pattern.MatchString(id) {
			return true
		}
	}
	return false
}

// drop forgets a person who shares no room with the daemon any more: the
// homeserver will send no more updates about them. Who is in VR stays a
// stranger.
func (e *Engine) drop(p *person) {
	e.alarms.set(&p.alarm, 0)
	delete(e.people, p.id)
	e.dirty.people[p.id] = struct{}{}
	e.changed.users[p.id] = struct{}{}
	if p.visits == 0 {
		return
	}
	stranger := newPerson(p.id)
	stranger.subject, stranger.visits, stranger.stays = p.subject, p.visits, p.stays
	*p = *stranger
	p.alarm.person = p
	e.strangers[p.subject] = p
}
