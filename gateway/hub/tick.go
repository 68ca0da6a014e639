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
	s.tellNews()
	s.tellTyping()
	s.tellRoster()
	s.arrange()
	s.arena = make([]byte, 0, len(s.arena)+len(s.arena)/4) // the last one may be under way still
	for _, f := range s.formats {
		f.forget()
	}
	s.behind = 0
	for i := len(s.viewers) - 1; i >= 0; i-- { // backwards: part removes
		if v := s.viewers[i]; v.leaving.IsZero() {
			s.deliver(v)
		} else {
			s.part(v)
		}
	}
	s.peers.flush()
	s.ticked = s.now
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
	told, now := 0, v.progress
	switch {
	case v.person == nil:
		now = progress{near: s.tick, far: s.tick}
	case v.enters && size(v.queue) > maxBatch: // to be told of a crowd takes a while; places come after it
	default:
		told, now = s.addPoses(v)
	}
	if len(s.frames) > 0 && !v.member.conn.Write(s.frames...) {
		s.refused(v)
		return
	}
	s.counted.bytes += size(s.frames)
	s.counted.out += told
	v.taken()
	v.progress = now
	if s.owes(v) {
		s.behind++
	}
	clear(s.frames)
}

func size(frames [][]byte) (n int) {
	for _, f := range frames {
		n += len(f)
	}
	return n
}

// owes reports whether v has not been told of all places that it should know
// by now.
func (s *space) owes(v *viewer) bool {
	return v.whole || v.round.on || v.near != s.tick || v.far != s.tick
}

// refused is a client that reads too slowly at the moment.
func (s *space) refused(v *viewer) {
	s.behind++
	s.counted.conflated++
	v.room = max(v.room/2, minBatch)
	if v.busy.IsZero() {
		v.busy = s.now
	}
	if v.queued > maxQueue && s.now.Sub(v.busy) >= patience || v.queued > mostQueue {
		v.member.conn.Close(wire.CloseSlow)
		v.taken()
	}
}

// addPoses puts together where people are that v has not heard of: near ones
// all, of the others those whose turn it was. A client that missed everybody's
// turn is told everything, which is shorter than all it missed.
func (s *space) addPoses(v *viewer) (told int, now progress) {
	if !v.format.shared {
		return s.addSome(v)
	}
	now = progress{near: s.tick, far: s.tick}
	if v.whole || s.crowd && s.tick-v.far > v.format.band.lap {
		return s.add(s.everybody(v.format)), now
	}
	if v.leaves == nil {
		v.leaves = s.index.leavesFor(v, nil)
	}
	lag := lagOf(s.tick - v.near)
	for _, leaf := range v.leaves {
		told += s.add(s.nearChunk(v.format, leaf, lag))
	}
	if !s.crowd {
		return told, now
	}
	now.far = min(s.tick, v.far+farCatchUp)
	for t := v.far + 1; t <= now.far; t++ {
		told += s.add(s.farChunk(v.format, t))
	}
	return told, now
}

// add appends a chunk to what a client is told.
func (s *space) add(c *chunk) (told int) {
	if len(c.bytes) > 0 {
		s.frames = append(s.frames, c.bytes)
	}
	return c.poses
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
		len(s.news) > 0 || s.crowd && s.now.Sub(s.moving) < farRest
}

// unsaid reports whether something waits for a client.
func (s *space) unsaid() bool {
	for _, v := range s.viewers {
		if len(v.queue) > 0 || v.whole || !v.leaving.IsZero() {
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
