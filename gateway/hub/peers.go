package hub

import (
	"encoding/json"
	"time"

	"presence/spaces"
	"presence/spaces/bus"
)

// Bus is this process among the gateways ([bus.Gateway]). None of the methods
// waits.
type Bus interface {
	PutSession(s spaces.Session) error
	DropSession(id string)
	PublishSpace(key spaces.Key, payload []byte) bool
	FollowSpace(key spaces.Key, deliver func(from string, payload []byte)) (stop func(), err error)
	SendGateway(to string, payload []byte) bool
	SendControl(c bus.Control) bool
}

// peers is a space's link to the same space on other gateways. It belongs to
// the space's goroutine.
type peers struct {
	space  *space
	stop   func()
	count  map[string]int   // members there, by gateway
	acts   []peerAct        // since the last tick
	fresh  bool             // a gateway is new and knows no places yet
	early  map[uint64]place // of people who are not told of yet
	looked time.Time        // when places were last repeated
}

// peerAct is what a member did, as it travels.
type peerAct struct {
	From string `json:"from"`
	act
}

// repairEvery is how often a place is repeated to other gateways although
// nobody moved: a message between gateways may be lost.
const repairEvery = 5 * time.Second

// maxActs is when a message is full, as maxMotion; one act is far shorter.
const maxActs = 256 << 10

// maxEarly bounds the places of people whose sessions are still under way.
const maxEarly = 1024

func (p *peers) follow() {
	p.count, p.early = map[string]int{}, map[uint64]place{}
	transport := p.space.hub.cfg.Bus
	if transport == nil {
		return
	}
	stop, err := transport.FollowSpace(p.space.key, func(from string, payload []byte) {
		p.space.post(func() { p.hear(from, payload) })
	})
	if err != nil {
		p.space.hub.log.Error("a space hears nothing of other gateways", "space", p.space.key.String(), "err", err)
		return
	}
	p.stop = stop
}

func (p *peers) end() {
	if p.stop != nil {
		p.stop()
	}
}

// there reports whether another gateway has members in the space.
func (p *peers) there() bool { return len(p.count) > 0 }

func (p *peers) pending() bool { return p.there() && (p.fresh || len(p.acts) > 0) }

// note keeps an act of this gateway's member for the others.
func (p *peers) note(from *person, a act) {
	if p.there() {
		p.acts = append(p.acts, peerAct{from.session.ID, a})
	}
}

// flush sends other gateways what is new here, if there are any.
func (p *peers) flush() {
	acts := p.acts
	p.acts = nil
	if !p.there() {
		return
	}
	s := p.space
	transport := s.hub.cfg.Bus
	p.publish(acts)
	repair := p.fresh || s.now.Sub(p.looked) >= repairEvery
	if repair {
		p.looked, p.fresh = s.now, false
	}
	var m motion
	for _, one := range s.people {
		if one.member == nil || !one.placed || !repair && one.changed != s.tick {
			continue
		}
		m.append(one.session.ID, &one.place)
		if len(m.payload) > maxMotion {
			transport.PublishSpace(s.key, m.take())
		}
	}
	if len(m.payload) > 0 {
		transport.PublishSpace(s.key, m.take())
	}
}

// publish sends acts in order, in as many messages as it takes: one that is too
// long for the bus would be lost, and with it what everybody else did.
func (p *peers) publish(acts []peerAct) {
	s := p.space
	payload := []byte{peerActs}
	send := func() {
		if len(payload) > 1 {
			s.hub.cfg.Bus.PublishSpace(s.key, append(payload, ']'))
			payload = []byte{peerActs}
		}
	}
	for _, a := range acts {
		text, err := json.Marshal(a)
		if err != nil {
			s.hub.log.Error("an act cannot be told to other gateways", "space", s.key.String(), "err", err)
			continue
		}
		if len(payload)+len(text) > maxActs {
			send()
		}
		separator := byte(',')
		if len(payload) == 1 {
			separator = '['
		}
		payload = append(append(payload, separator), text...)
	}
	send()
}

// hear takes what another gateway sent about its own members.
func (p *peers) hear(from string, payload []byte) {
	s := p.space
	if len(payload) == 0 {
		return
	}
	switch payload[0] {
	case peerActs:
		var acts []peerAct
		if err := json.Unmarshal(payload[1:], &acts); err != nil {
			p.bad(from, err)
			return
		}
		for _, a := range acts {
			if who := s.byID[a.From]; who != nil && who.member == nil && who.session.Gateway == from {
				s.perform(who, a.act)
			}
		}
	case peerMotion:
		if err := readMotion(payload, func(name uint64, at place) { p.heard(from, name, at) }); err != nil {
			p.bad(from, err)
		}
	}
}

func (p *peers) bad(from string, err error) {
	p.space.hub.log.Warn("what another gateway sent is not understood", "gateway", from, "err", err)
}

// heard notes where somebody on another gateway is.
func (p *peers) heard(from string, name uint64, at place) {
	s := p.space
	at.at = s.now // clocks differ
	who := s.byName[name]
	if who == nil {
		if len(p.early) >= maxEarly {
			clear(p.early)
		}
		p.early[name] = at
		return
	}
	if who.session.Gateway != from || who.placed && who.place.same(&at) {
		return
	}
	who.place = at
	s.put(who, s.tick+1)
}

// otherEntered is somebody new on another gateway, or somebody who has changed.
func (s *space) otherEntered(session spaces.Session) {
	p := s.byID[session.ID]
	switch {
	case p != nil && p.member != nil:
		return
	case p != nil:
		if !sameLooks(p.session, session) {
			s.changed(session)
		}
		return
	}
	p = s.addPerson(session)
	name := nameOf(session.ID)
	s.byName[name] = p
	if at, known := s.peers.early[name]; known {
		delete(s.peers.early, name)
		p.place = at
		s.put(p, s.tick+1)
	} else if session.Arrival != nil { // until its gateway repeats its place
		p.place = place{pose: *session.Arrival, at: s.now}
		s.put(p, s.tick+1)
	}
	s.peers.fresh = s.peers.fresh || s.peers.count[session.Gateway] == 0
	s.peers.count[session.Gateway]++
	s.came(p)
}

func (s *space) otherLeft(id string) {
	p := s.byID[id]
	if p == nil || p.member != nil {
		return
	}
	delete(s.byName, nameOf(id))
	if s.peers.count[p.session.Gateway]--; s.peers.count[p.session.Gateway] <= 0 {
		delete(s.peers.count, p.session.Gateway)
	}
	s.removePerson(p)
}

// othersAre brings the members of other gateways up to date after a doubt.
func (s *space) othersAre(now sessionsByID) {
	for _, p := range append([]*person(nil), s.people...) {
		if _, stays := now[p.session.ID]; p.member == nil && !stays {
			s.otherLeft(p.session.ID)
		}
	}
	for _, session := range now {
		s.otherEntered(session)
	}
}
