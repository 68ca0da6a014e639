package hub

// In formats with frames for each mover a place takes some 280 bytes, twenty
// times those of the native door. What such a client is given at once is
// bounded, so that it is never busy for long; a client that reads slowly is
// given less.
const (
	maxBatch  = 48 << 10 // bytes of places at once
	minBatch  = 8 << 10  // to the slowest
	moreBatch = 1 << 10  // for each batch that was taken
)

// round is a way through everybody, in as many batches as it takes, for who has
// missed too much to catch up with what others hear.
type round struct {
	on    bool
	since uint32 // what changed after this tick is told
	begun uint32 // the tick that everything is known of when it is over
	next  int    // of space.people
}

// removed keeps the place when people moves up.
func (r *round) removed(i int) {
	if i < r.next {
		r.next--
	}
}

// addSome is addPoses for formats with frames for each mover. One half of the
// room is for who is near, the rest for everybody, so that nobody is forgotten.
// What near people do that did not fit comes with their turn.
func (s *space) addSome(v *viewer) (told int, now progress) {
	now = v.progress
	b := batch{space: s, viewer: v, room: v.room / 2}
	if s.crowd {
		b.addClose()
		now.near = s.tick
	} else {
		now.far = s.tick
	}
	b.room = max(b.room, 0) + v.room/2
	if s.crowd && !v.whole && !now.round.on && b.addTurns(&now) {
		return b.told, now
	}
	if !now.round.on {
		now.round = round{on: true, since: s.known(v), begun: s.tick}
	}
	now.whole = false
	if b.addRound(&now.round) {
		now.far = now.round.begun
		if !s.crowd {
			now.near = now.round.begun
		}
		now.round = round{}
	}
	return b.told, now
}

// known is a tick up to which v knows everybody's place.
func (s *space) known(v *viewer) uint32 {
	switch {
	case v.whole:
		return 0
	case s.crowd:
		return v.far - min(v.far, v.format.band.lap)
	}
	return v.near
}

// batch is what one client is given at once.
type batch struct {
	space  *space
	viewer *viewer
	room   int // bytes left; the last frame may take more
	told   int
}

func (b *batch) add(p *person) {
	if p == b.viewer.person || p.gone {
		return
	}
	c := b.space.single(b.viewer.format, p)
	b.told += b.space.add(c)
	b.room -= len(c.bytes)
}

// addClose adds who is near and has moved, the nearest first.
func (b *batch) addClose() {
	v, s := b.viewer, b.space
	if v.close == nil {
		v.close = s.index.nearest(v, s.nearSingle(), nil)
	}
	for _, p := range v.close {
		if b.room <= 0 {
			return
		}
		if p.changed > v.near {
			b.add(p)
		}
	}
}

// addTurns adds those whose turn it was since v was last told, and reports
// false when that is too long ago.
func (b *batch) addTurns(now *progress) bool {
	s, band := b.space, b.viewer.format.band
	if s.tick-now.far > band.lap {
		return false
	}
	for now.far < s.tick && b.room > 0 {
		for _, p := range band.log[(now.far+1)%farLog] {
			if b.room <= 0 {
				return true // the rest of this turn is due again
			}
			b.add(p)
		}
		now.far++
	}
	return true
}

// addRound goes on with a round and reports whether it is over.
func (b *batch) addRound(r *round) bool {
	for people := b.space.people; r.next < len(people); r.next++ {
		if b.room <= 0 {
			return false
		}
		if p := people[r.next]; p.changed > r.since {
			b.add(p)
		}
	}
	return true
}
