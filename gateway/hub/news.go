package hub

import (
	"slices"

	"presence/gateway/wire"
	"presence/spaces"
)

// came has everybody told of somebody who is inside now.
func (s *space) came(p *person) {
	s.news = append(s.news, wire.MemberJoined{Member: s.member(p), At: s.now})
}

// tellNews tells who came and went since it was told last: once a tick, and
// before anything that may be about them. Thousands who come at once are told
// of each other in few pieces, which all share: everybody else hears one piece
// in each format, and those who came hear who is inside now, themselves among
// them.
func (s *space) tellNews() {
	if len(s.news) == 0 {
		return
	}
	for _, f := range s.formats {
		f.event = nil
		for _, e := range s.news {
			f.event = f.enc.Event(f.event, e)
		}
	}
	clear(s.news)
	s.news = s.news[:0]
	var everybody []wire.Member
	for _, v := range s.viewers {
		switch {
		case v.person == nil:
		case v.coming:
			if everybody == nil {
				everybody = s.everyMember()
			}
			s.welcome(v, everybody)
		default:
			v.push(v.format.event)
		}
	}
	for _, f := range s.formats {
		f.event, f.roll = nil, nil
	}
}

// everyMember is everybody inside. The places are not copied: it is encoded
// before anybody moves again.
func (s *space) everyMember() []wire.Member {
	all := make([]wire.Member, len(s.people))
	for i, p := range s.people {
		all[i] = wire.Member{Session: p.session, Ref: p.ref}
		if p.placed {
			all[i].Pose = &p.place.pose
		}
	}
	return all
}

// welcome puts joined where it belongs in the queue of a client that came: what
// it was told since is behind it. It does not count against what may wait, for
// it is as long as the space is full.
func (s *space) welcome(v *viewer, everybody []wire.Member) {
	m := v.member
	m.mu.Lock()
	standing := m.standing
	m.mu.Unlock()
	joined := wire.Joined{
		Key: s.key, Space: standing.Space, Role: standing.Rank(), CanWrite: canWrite(standing), Self: s.member(v.person), Members: everybody,
		ChatSeq: s.chatSeq, Tick: s.interval(), At: s.now,
	}
	if rolls, is := v.format.enc.(wire.Rolls); is {
		if v.format.roll == nil {
			v.format.roll = rolls.Roll(nil, everybody)
		}
		joined.Roll = v.format.roll
	}
	frames := [][]byte{v.format.enc.Event(make([]byte, 0, len(joined.Roll)+headRoom), joined)}
	if len(s.typing.until) > 0 {
		if typists := v.format.enc.Event(nil, s.typists()); len(typists) > 0 {
			frames = append(frames, typists)
		}
	}
	v.queue = slices.Insert(v.queue, v.first, frames...)
	v.coming, v.enters = false, true
}

// headRoom is what joined takes beside everybody, usually.
const headRoom = 1 << 10

func canWrite(s spaces.Standing) bool { return spaces.Decide(s, spaces.ActWrite) == nil }
