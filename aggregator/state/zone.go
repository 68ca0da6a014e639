package state

import "presence/spaces"

// zone counts the distinct people of its public places. Private places are not
// in it at all, so that a total never betrays them. The city is one zone.
type zone struct {
	name        string
	places      int // public links that name it, live or not; it ends with the last
	live        int // of those, places whose members are known
	roomsOnline int // of those, places with somebody in them
	typing      int // distinct people shown typing
	tally       tally
}

// stay says in how many places of a zone a person is counted, how many of them
// they visit in VR, and in how many rooms of it they are shown typing: the
// reference counts behind "distinct".
type stay struct {
	zone   *zone
	places int
	visits int
	typing int
}

// stay returns p's stay in z. The pointer is good until the next stay begins or
// ends.
func (p *person) stay(z *zone) *stay {
	for i := range p.stays {
		if p.stays[i].zone == z {
			return &p.stays[i]
		}
	}
	p.stays = append(p.stays, stay{zone: z})
	return &p.stays[len(p.stays)-1]
}

// shift changes in how many places of the zone p is counted and how many they
// visit, and in how many rooms they are shown typing.
func (z *zone) shift(p *person, places, visits, typing int) {
	s := p.stay(z)
	s.count(p, -1)
	s.places += places
	s.visits += visits
	s.count(p, +1)
	s.shiftTyping(typing)
	if s.places > 0 || s.visits > 0 {
		return
	}
	last := len(p.stays) - 1
	*s = p.stays[last]
	p.stays = p.stays[:last]
}

// count counts p in or out of the zone, once however many places there are.
func (s *stay) count(p *person, n int) {
	switch {
	case s.visits > 0:
		s.zone.tally.visit(n)
	case s.places > 0:
		s.zone.tally.add(p, n)
	}
}

// shiftTyping changes the number of rooms that show the person typing.
func (s *stay) shiftTyping(n int) {
	was := s.typing > 0
	s.typing += n
	if is := s.typing > 0; is != was {
		s.zone.typing += sign(is)
	}
}

func sign(up bool) int {
	if up {
		return 1
	}
	return -1
}

func (z *zone) totals(countIdle bool) spaces.Totals {
	return spaces.Totals{
		OnlineCount: onlineCount(&z.tally, countIdle),
		ActiveCount: z.tally.active(),
		IdleCount:   z.tally.people[idle],
		AgentCount:  z.tally.agents,
		TypingCount: z.typing,
		RoomsOnline: z.roomsOnline,
		RoomsUnseen: z.places - z.live,
	}
}

func onlineCount(t *tally, countIdle bool) int {
	if countIdle {
		return t.here()
	}
	return t.active()
}

// zone returns the zone of that name, creating it.
func (e *Engine) zone(name string) *zone {
	z := e.zones[name]
	if z == nil {
		z = &zone{name: name}
		e.zones[name] = z
	}
	return z
}
