package hub

import (
	"slices"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

// queue puts a client in line, or tells it where it stands now.
func (s *space) queue(m *Member, w wire.Waiting) {
	v := m.seen
	if v == nil {
		v = s.addViewer(m)
	}
	if v.person == nil {
		s.tell(v, w)
	}
}

// admit lets a client in: it hears of everybody, and everybody of it, with the
// next news.
func (s *space) admit(m *Member) {
	v := m.seen
	if v == nil {
		v = s.addViewer(m)
	}
	if v.person != nil {
		return
	}
	p := s.addPerson(m.Session())
	p.member = m
	m.mu.Lock()
	p.place = m.place
	placed := m.placed
	m.mu.Unlock()
	if placed {
		s.put(p, s.tick+1)
	}
	v.person, v.whole = p, true
	v.coming, v.first = true, len(v.queue)
	s.hub.metrics.door(p.session.Door).Inc()
	s.came(p)
}

// addPerson makes somebody known inside; the caller tells of it.
func (s *space) addPerson(session spaces.Session) *person {
	p := &person{session: session, ref: s.refs.take(s.now)}
	s.people = append(s.people, p)
	s.byID[session.ID] = p
	s.roster = true
	return p
}

// removePerson takes somebody out of everything and tells the others.
func (s *space) removePerson(p *person) {
	i := slices.Index(s.people, p)
	s.people = slices.Delete(s.people, i, i+1)
	for b := range s.bands {
		s.bands[b].removed(i)
	}
	if s.byID[p.session.ID] == p {
		delete(s.byID, p.session.ID)
	}
	p.gone = true
	s.refs.retire(p.ref, s.now)
	s.typing.end(p)
	s.roster = true
	for _, v := range s.viewers {
		v.round.removed(i)
	}
	s.news = append(s.news, wire.MemberLeft{Member: s.member(p), At: s.now})
}

// remove ends a client's stay: it is in no list any more but that of those who
// have something to hear yet.
func (s *space) remove(m *Member, left wire.Left, done chan struct{}) {
	v := m.seen
	m.seen = nil
	if v == nil { // it was to be admitted, and never was
		close(m.gone)
		close(done)
		return
	}
	if v.coming {
		s.tellNews() // or it would hear that it left, and never that it came
	}
	if p := v.person; p != nil {
		v.person = nil
		s.removePerson(p)
		s.hub.metrics.door(p.session.Door).Dec()
	}
	close(m.gone)
	s.tell(v, left)
	v.leaving, v.done = s.now, done
	s.part(v)
}

// partTime is how long a client that leaves may take to hear the last of it.
const partTime = 2 * time.Second

// part tries to say the last words to a client that leaves, and forgets it then.
func (s *space) part(v *viewer) {
	if len(v.queue) > 0 && !v.member.conn.Write(v.queue...) && s.now.Sub(v.leaving) < partTime {
		return
	}
	i := slices.Index(s.viewers, v)
	s.viewers = slices.Delete(s.viewers, i, i+1)
	s.drop(v.format)
	close(v.done)
}

func (s *space) addViewer(m *Member) *viewer {
	m.seen = &viewer{member: m, format: s.speaks(m.arrived), room: maxBatch, progress: progress{near: s.tick, far: s.tick}}
	s.viewers = append(s.viewers, m.seen)
	return m.seen
}

// changed notes a new avatar or voice flag and tells everybody else.
func (s *space) changed(session spaces.Session) {
	p := s.byID[session.ID]
	if p == nil {
		return
	}
	p.session = session
	s.roster = true
	s.broadcast(wire.MemberChanged{Member: s.member(p), At: s.now}, p)
}

// member is how others see somebody. The place is a copy, because encoders may
// keep it as long as the call.
func (s *space) member(p *person) wire.Member {
	w := wire.Member{Session: p.session, Ref: p.ref}
	if p.placed {
		pose := p.place.pose
		w.Pose = &pose
	}
	return w
}

func (s *space) reply(m *Member, e wire.SpaceEvent) {
	if v := m.seen; v != nil {
		s.tell(v, e)
	}
}

func (s *space) speak(m *Member, e wire.SpaceEncoder) {
	v := m.seen
	if v == nil {
		return
	}
	if v.coming {
		s.tellNews() // in the format it came with
	}
	before := v.format
	v.format = s.speaks(e)
	s.drop(before)
	v.whole, v.leaves, v.close = true, nil, nil
	v.round = round{}
}

// act does what a member said, and tells other gateways.
func (s *space) act(m *Member, a act) {
	p := s.byID[m.session.ID]
	if p == nil || p.member != m {
		return
	}
	s.perform(p, a)
	s.peers.note(p, a)
}

// perform tells this gateway's clients what somebody did.
func (s *space) perform(p *person, a act) {
	switch {
	case a.Typing != nil:
		s.typing.set(p, *a.Typing, s.now)
	case a.Emote != "":
		s.broadcast(a.event(s.member(p), s.now), nil)
	case a.Entity != nil:
		s.broadcast(a.event(s.member(p), s.now), p)
	}
}

// actFor tells one client what a member did for it alone.
func (s *space) actFor(m, to *Member, a act) {
	p, v := s.byID[m.session.ID], to.seen
	if p != nil && p.member == m && v != nil && v.person != nil {
		s.tellNews() // of whom this is
		s.tell(v, a.event(s.member(p), s.now))
	}
}
