package engineio

import "time"

// heartbeat is a session's pings and pongs. They are counted from the schedule,
// not from when Run came to look. Only the end by Run counts from when the ping
// went out, so that a server that was held up does not blame its clients.
type heartbeat struct {
	pingAt time.Time // when the next ping is due, or when the unanswered one was
	pongBy time.Time // when Run ends the session; zero: no answer is awaited
}

// sent notes that the ping that was due has gone out.
func (h *heartbeat) sent(cfg *Config, now time.Time) { h.pongBy = now.Add(cfg.PingTimeout) }

// answered notes a pong. One that nobody asked for does not put off the next
// ping.
func (h *heartbeat) answered(cfg *Config, now time.Time) {
	if h.pongBy.IsZero() {
		return
	}
	h.pongBy = time.Time{}
	h.pingAt = h.pingAt.Add(cfg.PingInterval)
	if h.pingAt.Before(now) {
		h.pingAt = now.Add(cfg.PingInterval)
	}
}

// late reports whether a client that comes to poll only now has missed its
// time, whether Run has looked or not.
func (h *heartbeat) late(cfg *Config, now time.Time) bool {
	return !now.Before(h.pingAt.Add(cfg.PingTimeout))
}

// look does what is due for the session and reports whether its id is to be
// forgotten. When Run was held up it ends nobody: answers may wait unread.
func (s *Session) look(now time.Time, heldUp bool) (forget bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return now.After(s.forgetAt)
	}
	h := &s.beat
	if h.pongBy.IsZero() && !now.Before(h.pingAt) {
		h.sent(&s.server.cfg, now)
		s.enqueue(pingFrame)
	}
	switch {
	case heldUp:
	case !s.connectBy.IsZero() && !now.Before(s.connectBy):
		s.endLocked(notConnected)
	case !h.pongBy.IsZero() && !now.Before(h.pongBy):
		s.endLocked(silent)
	}
	return false
}
