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

// Pull brings a socket to where its stream is.
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
	case at.was != nil && at.changed <= st.cursor:
		was := at.was
		at.was = nil
		return st.batch(&c.table, now, cursor, func() ([]event, bool) {
			return c.table.moved(was, &st.viewer, cursor, st.cursor, at.changed)
		})
	case at.was != nil || cursor >= st.from:
		return conn.Batch{To: cursor} // the next pass brings what is missing
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
		at.was = &was
	}
	at.changed = c.table.reserve(c.now(), 2*len(c.table.items)+c.table.audience.size())
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

// pass tells every socket what changed since the last one.
func (c *City) pass() {
	jobs, moved, received := c.collect()
	for _, s := range moved {
		s.CatchUp()
	}
	for i := range jobs {
		for _, s := range jobs[i].sockets {
			s.Offer(jobs[i].batch)
		}
	}
	now := c.now()
	for _, ts := range received {
		c.metrics.latency.Observe(now.Sub(time.UnixMilli(ts)).Seconds())
	}
	c.metrics.passes.Observe(c.now().Sub(now).Seconds())
}

// collect encodes what is new. The sockets are copied, because writing to them
// must not hold the table.
func (c *City) collect() (jobs []job, moved []*conn.Socket, received []int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	received = c.table.received()
	c.table.passed = c.table.seq
	for _, st := range c.streams {
		if st.cursor == c.table.seq {
			continue
		}
		if b, ok := st.pass(&c.table, now); ok {
			jobs = append(jobs, job{b, append([]*conn.Socket(nil), st.sockets...)})
		}
	}
	c.metrics.overwritten.Add(float64(c.table.overwrites))
	c.table.overwrites = 0
	moved, c.moved = c.moved, nil
	close(c.passed)
	c.passed = make(chan struct{})
	return jobs, moved, received
}

// received returns when the changes of this pass came from the homeserver.
func (t *table) received() []int64 {
	var times []int64
	for e := t.order.Back(); e != nil; e = e.Prev() {
		it := e.Value.(*item)
		if it.seq <= t.passed {
			break
		}
		if it.room != nil && it.room.ReceivedTS > it.timed {
			it.timed = it.room.ReceivedTS
			times = append(times, it.timed)
		}
	}
	return times
}
