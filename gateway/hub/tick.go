package hub

import (
	"math/bits"
	"time"

	"presence/gateway/wire"
)

// doTick takes everybody's newest place and tells every client what it has not
// heard, in one write each.
func (s *space) doTick() (took time.Duration) {
	start := time.Now()
	s.tick++
	s.collect()
	s.tellTyping()
	s.tellRoster()
	s.arrange()
	s.arena = make([]byte, 0, len(s.arena)+len(s.arena)/4) // the last one may be under way still
	s.behind = 0
	for i := len(s.viewers) - 1; i >= 0; i-- { // backwards: part removes
		if v := s.viewers[i]; v.leaving.IsZero() {
			s.deliver(v)
		} else {
			s.part(v)
		}
	}
	s.peers.flush()
	took = time.Since(start)
	s.hub.metrics.ticked(took, &s.counted)
	return took
}

// counted is what a tick adds to the metrics.
type counted struct{ in, out, conflated, bytes int }

// collect takes over the places of those who moved.
func (s *space) collect() {
	if !s.stirs.Swap(false) {
		return
	}
	for _, p := range s.people {
		m := p.member
		if m == nil || !m.moved.Load() {
			continue
		}
		m.moved.Store(false)
		m.mu.Lock()
		p.place = m.place
		m.mu.Unlock()
		s.put(p, s.tick)
	}
}

// put notes that a tick is the first to know somebody's newest place.
func (s *space) put(p *person, tick uint32) {
	p.placed, p.changed = true, tick
	s.moving = s.now
	s.counted.in++
}

// deliver tells one client all it has not heard. A client whose socket is busy
// keeps its events, and hears the newest places at the next tick.
func (s *space) deliver(v *viewer) {
	s.frames = append(s.frames[:0], v.queue...)
	told, far := 0, s.tick
	if v.person != nil {
		told, far = s.addPoses(v)
	}
	if len(s.frames) > 0 && !v.member.conn.Write(s.frames...) {
		s.refused(v)
		return
	}
	for _, f := range s.frames {
		s.counted.bytes += len(f)
	}
	s.counted.out += told
	v.taken()
	v.near, v.far, v.whole = s.tick, far, false
	if far != s.tick {
		s.behind++
	}
	clear(s.frames)
}

// refused is a client that reads too slowly at the moment.
func (s *space) refused(v *viewer) {
	s.behind++
	s.counted.conflated++
	if v.queued > maxQueue {
		v.member.conn.Close(wire.CloseSlow)
		v.taken()
	}
}

// addPoses puts together where people are that v has not heard of: near ones
// all, of the others those whose turn it was. A client that missed everybody's
// turn is told everything, which is shorter than all it missed.
func (s *space) addPoses(v *viewer) (told int, far uint32) {
	if v.whole || s.crowd && s.tick-v.far > v.format.band.lap {
		v.whole = true
		return s.add(v, s.everybody(v.format)), s.tick
	}
	if v.leaves == nil {
		v.leaves = s.index.leavesFor(v, nil)
	}
	lag := lagOf(s.tick - v.near)
	for _, leaf := range v.leaves {
		told += s.add(v, s.nearChunk(v.format, leaf, lag))
	}
	if !s.crowd {
		return told, s.tick
	}
	far = min(s.tick, v.far+farCatchUp)
	for t := v.far + 1; t <= far; t++ {
		told += s.add(v, s.farChunk(v.format, t))
	}
	return told, far
}

// add appends a chunk to what v is told, without what is about v itself where
// the format has frames for each mover.
func (s *space) add(v *viewer, c *chunk) (told int) {
	if len(c.bytes) == 0 {
		return 0
	}
	start := 0
	for i, p := range c.who { // empty for shared formats
		end := c.ends[i]
		if p == v.person {
			s.addFrames(c.bytes[:start])
			s.addFrames(c.bytes[end:])
			return c.poses - 1
		}
		start = end
	}
	s.addFrames(c.bytes)
	return c.poses
}

func (s *space) addFrames(b []byte) {
	if len(b) > 0 {
		s.frames = append(s.frames, b)
	}
}

// lagOf is the smallest of 1, 2, 4 … 64 ticks that covers a lag, as the power
// of two; 7 covers everything. What is encoded for the slow is shared by all
// who are about as slow.
func lagOf(ticks uint32) int {
	if ticks > 64 {
		return lags - 1
	}
	return bits.Len32(ticks - 1)
}

const lags = 8

// since is the last tick that a client with this lag knows.
func (s *space) since(lag int) uint32 {
	if ticks := uint32(1) << lag; lag < lags-1 && ticks < s.tick {
		return s.tick - ticks
	}
	return 0
}

// farRest is how long a crowd's tick goes on after the last move, so that the
// last far chunk has been told.
const farRest = 3 * time.Second

// pending reports whether the next tick has something to do already.
func (s *space) pending() bool {
	return s.behind > 0 || s.typing.changed || s.roster || s.peers.pending() || s.unsaid() ||
		s.crowd && s.now.Sub(s.moving) < farRest
}

// unsaid reports whether something waits for a client.
func (s *space) unsaid() bool {
	for _, v := range s.viewers {
		if v.queued > 0 || v.whole || !v.leaving.IsZero() {
			return true
		}
	}
	return false
}

// idle is how long nothing can happen without a wake.
func (s *space) idle() time.Duration {
	rest := never
	if until := s.typing.next(); !until.IsZero() {
		rest = min(rest, until.Sub(s.now))
	}
	if s.peers.there() {
		rest = min(rest, repairEvery)
	}
	return max(rest, time.Millisecond)
}
