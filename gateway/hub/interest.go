package hub

import "time"

// In a crowd a client hears of the people nearest to it at every tick, and of
// everybody else in turns. People who stand together share a leaf of the index,
// whose chunk is the same for all who hear it: so a crowd costs one encoding
// for each of its people, and each client a bounded number of bytes.
const (
	nearShared = 80  // of these many people a client hears at every tick: 64, and some more for who walks while the index stays as it is
	nearSingle = 27  // 24, in a large crowd, in formats that take ten times the bytes
	maxSingle  = 800 // places a second that a client of these can read, when everybody moves ten times a second

	farLog     = 64 // far chunks that are remembered; more than everybody's turns take
	farCatchUp = 4  // far chunks a client is told at once

	manyPeople = 1500

	// mostTurns bounds the turns of one tick after a rest, or on a machine that
	// does not keep up.
	mostTurns = 250 * time.Millisecond

	// rebuildEvery is how long an index is good: people have walked a metre or
	// two.
	rebuildEvery = 500 * time.Millisecond
)

const (
	bandShared = iota
	bandJSON
)

// band gives everybody their turn to be heard of from afar.
type band struct {
	next int               // of space.people
	lap  uint32            // ticks in which everybody has had a turn
	log  [farLog][]*person // whose turn was at which tick
}

// removed keeps the turn when people moves up.
func (b *band) removed(i int) {
	if i < b.next {
		b.next--
	}
}

// farPeriod is how long everybody's turns take: a second, while that is not
// more than half of what a phone can follow.
func farPeriod(b, people int) time.Duration {
	if b == bandShared && people <= manyPeople {
		return time.Second
	}
	return 1700 * time.Millisecond
}

// turns chooses who is told of from afar at this tick, which is for the time
// since the one before.
func (s *space) turns(which int, since time.Duration) {
	b, n := &s.bands[which], len(s.people)
	period := farPeriod(which, n)
	b.lap = min(uint32(period/s.interval())+2, farLog)
	count := int((time.Duration(n)*since + period - 1) / period)
	who := b.log[s.tick%farLog][:0]
	for range min(count, n) {
		b.next %= n
		p := s.people[b.next]
		b.next++
		if p.changed > p.told[which] {
			p.told[which] = s.tick
			who = append(who, p)
		}
	}
	b.log[s.tick%farLog] = who
}

// arrange brings up to date who hears of whom.
func (s *space) arrange() {
	if crowd := s.isCrowd(); crowd != s.crowd {
		s.turn(crowd)
	}
	if !s.crowd {
		s.index.all(s.people)
		return
	}
	since := min(max(s.now.Sub(s.ticked), s.interval()), mostTurns)
	for b := range s.bands {
		s.turns(b, since)
	}
	if s.now.Sub(s.indexed) >= rebuildEvery {
		s.reindex()
	}
}

// isCrowd leaves a margin, so that somebody at the door does not turn everything
// around.
func (s *space) isCrowd() bool {
	limit := s.hub.cfg.Crowd
	if s.crowd {
		limit -= limit / 10
	}
	return len(s.people) > limit
}

// turn makes the space a crowd, or no longer one. What a client has not heard
// under the old rule it must hear under the new one.
func (s *space) turn(crowd bool) {
	s.crowd = crowd
	for _, v := range s.viewers {
		v.leaves, v.close = nil, nil
		if crowd {
			v.whole = v.whole || v.near+1 < s.tick
			v.far = s.tick - 1
		} else {
			v.whole = v.whole || v.round.on
			v.near = min(v.near-min(v.near, farLog-1), v.far-min(v.far, v.format.band.lap))
		}
		v.round = round{}
	}
	if crowd {
		s.reindex()
	}
}

func (s *space) reindex() {
	s.indexed = s.now
	s.index.build(s.people)
	for _, v := range s.viewers {
		switch {
		case v.person == nil:
		case v.format.shared:
			v.leaves = s.index.leavesFor(v, v.leaves)
		default:
			v.close = s.index.nearest(v, s.nearSingle(), v.close)
		}
	}
}

// nearSingle is of how many people a client hears at every tick in formats with
// frames for each mover. With everybody's turns that is as much as it can read.
func (s *space) nearSingle() int {
	turns := int(time.Duration(len(s.people)) * time.Second / farPeriod(bandJSON, len(s.people)))
	return min(max((maxSingle-turns)/10, nearSingle), nearShared)
}
