package city

import (
	"context"
	"time"

	"presence/gateway/conn"
	"presence/gateway/wire"
	"presence/spaces"
)

// feed is the City as conn.Feed; apart from City, so that these methods are not
// part of what the rest of the gateway sees.
type feed struct{ *City }

// Join puts a new socket into the stream of its format and rights.
func (c feed) Join(s *conn.Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := s.Seat.(*seat)
	c.sit(s, at, c.stream(at.format, at.viewer))
}

// Leave takes it out again.
func (c feed) Leave(s *conn.Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rise(s.Seat.(*seat))
}

// Pull brings a socket to where all others are.
func (c feed) Pull(s *conn.Socket, cursor uint64) conn.Batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, now := s.Seat.(*seat), c.now()
	st := at.stream
	switch {
	case cursor == 0:
		at.was = nil
		c.metrics.snapshots.Inc()
		return st.whole(&c.table, now)
	case at.was != nil && at.changed != 0:
		was := at.was
		at.was = nil
		return st.batch(&c.table, now, cursor, func() ([]event, bool) {
			return c.table.moved(was, &st.viewer, cursor, at.changed)
		})
	case at.was != nil || cursor >= st.from:
		return conn.Batch{To: cursor} // nothing, or nothing before the next pass
	default:
		return st.behind(&c.table, cursor, now)
	}
}

// Receive answers what a client says. Nothing a client says changes the city.
func (c feed) Receive(_ context.Context, s *conn.Socket, message []byte) {
	kind, err := wire.DecodeIncoming(message)
	switch {
	case err != nil:
		c.metrics.bad(err)
		s.Reply(wire.ErrorMessage(err))
	case kind == wire.IncomingPing:
		s.Reply(wire.PongMessage)
	case kind == wire.IncomingHeartbeat:
		s.Reply(wire.HeartbeatMessage(c.subject(s)))
	}
}

func (c *City) subject(s *conn.Socket) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return s.Seat.(*seat).viewer.Subject
}

// Review asks whether the viewer still is who they were. Other rights mean
// another stream; the next pass tells the socket the difference.
func (c feed) Review(s *conn.Socket) bool {
	c.mu.Lock()
	viewer := s.Seat.(*seat).viewer
	c.mu.Unlock()
	current, ok := c.auth.Current(viewer)
	if !ok {
		return false
	}
	if classOf(current).key != classOf(viewer).key {
		c.reseat(s, current)
	}
	return true
}

func (c *City) reseat(s *conn.Socket, v spaces.Viewer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := s.Seat.(*seat)
	was := at.stream.viewer
	c.rise(at)
	at.viewer = v
	c.sit(s, at, c.stream(at.format, v))
	if at.was == nil {
		at.was, at.changed = &was, 0
	}
	c.moved = append(c.moved, s)
	c.wake()
}

// wake asks Run for a pass. It never waits.
func (c *City) wake() {
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// job is what one pass has for one stream.
type job struct {
	batch   conn.Batch
	sockets []*conn.Socket
}

// pass tells every socket what changed since the last one, and returns how long
// that took.
func (c *City) pass() time.Duration {
	start := time.Now()
	jobs, moved, received := c.collect()
	for _, s := range moved {
		s.CatchUp()
	}
	for i := range jobs {
		for _, s := range jobs[i].sockets {
			s.Offer(jobs[i].batch)
		}
		clear(jobs[i].sockets) // scratch must not keep ended sockets
	}
	now := c.now()
	for _, ts := range received {
		c.metrics.latency.Observe(now.Sub(time.UnixMilli(ts)).Seconds())
	}
	took := time.Since(start)
	c.metrics.passes.Observe(took.Seconds())
	return took
}

// collect takes over what the bus has told since the last pass and encodes what
// is new. The sockets are copied, because writing to them must not hold the
// table.
func (c *City) collect() (jobs []job, moved []*conn.Socket, received []int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, t := c.now(), &c.table
	from := t.seq
	for _, apply := range c.inbox {
		apply(t, now)
	}
	clear(c.inbox)
	c.inbox = c.inbox[:0]
	t.refresh(now)
	for _, s := range c.moved {
		if at := s.Seat.(*seat); at.was != nil && at.changed == 0 {
			at.changed = t.reserve(now, 2*len(t.items)+t.audience.size())
		}
	}
	scratch := c.scratch[:0]
	for _, st := range c.streams {
		if st.cursor == t.seq {
			continue
		}
		if b, ok := st.pass(t, now); ok {
			first := len(scratch)
			scratch = append(scratch, st.sockets...)
			jobs = append(jobs, job{b, scratch[first:len(scratch):len(scratch)]})
		}
	}
	c.scratch = scratch
	c.metrics.overwritten.Add(float64(t.overwrites))
	t.overwrites, t.passed = 0, t.seq
	moved, c.moved = c.moved, nil
	if t.seq != from {
		close(c.passed)
		c.passed = make(chan struct{})
	}
	return jobs, moved, t.received(from)
}

// received returns when the changes after cursor came from the homeserver.
func (t *table) received(cursor uint64) []int64 {
	var times []int64
	for e := t.order.Back(); e != nil; e = e.Prev() {
		it := e.Value.(*item)
		if it.seq <= cursor {
			break
		}
		if it.room != nil && it.room.ReceivedTS > it.timed {
			it.timed = it.room.ReceivedTS
			times = append(times, it.timed)
		}
	}
	return times
}
