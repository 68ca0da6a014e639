package city

import (
	"context"

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
func (c feed) Receive(_ context.Context, s *conn.Socket, m conn.Message) {
	kind, err := wire.DecodeIncoming(m.Bytes)
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
// another stream, and the next pass tells the socket the difference; a revoked
// login ends it.
func (c feed) Review(s *conn.Socket) {
	c.mu.Lock()
	viewer := s.Seat.(*seat).viewer
	c.mu.Unlock()
	current, ok := c.auth.Current(viewer)
	switch {
	case !ok:
		s.Close(wire.CloseRevoked)
	case classOf(current).key != classOf(viewer).key:
		c.reseat(s, current)
	}
}

func (c *City) reseat(s *conn.Socket, v spaces.Viewer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := s.Seat.(*seat)
	if at.stream == nil {
		return // it has left meanwhile
	}
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
