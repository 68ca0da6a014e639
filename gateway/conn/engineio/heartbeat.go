package engineio

import "time"

// heartbeat counts a session's pings from the schedule, not from when Run came
// to look: a late look must not give a silent client more time.
type heartbeat struct {
	pingAt time.Time // when the next ping is due, or when the unanswered one was
	pongBy time.Time // when its answer is due; zero: none is awaited
}

// sent notes that the ping that was due has gone out. A client always gets half
// its time, however late that was.
func (h *heartbeat) sent(cfg *Config, now time.Time) {
	h.pongBy = h.pingAt.Add(cfg.PingTimeout)
	if least := now.Add(cfg.PingTimeout / 2); h.pongBy.Before(least) {
		h.pongBy = least
	}
}

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

// late reports whether the client's time is up, looked at or not.
func (h *heartbeat) late(cfg *Config, now time.Time) bool {
	by := h.pongBy
	if by.IsZero() {
		by = h.pingAt.Add(cfg.PingTimeout)
	}
	return !now.Before(by)
}

// look does what is due for the session and reports whether its id is to be
// forgotten.
func (s *Session) look(now time.Time) (forget bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch h := &s.beat; {
	case s.over:
		return now.After(s.forgetAt)
	case !s.connectBy.IsZero() && !now.Before(s.connectBy):
		s.endLocked(notConnected)
	case !h.pongBy.IsZero() && !now.Before(h.pongBy):
		s.endLocked(silent)
	case h.pongBy.IsZero() && !now.Before(h.pingAt):
		h.sent(&s.server.cfg, now)
		s.enqueue(pingFrame)
	}
	return false
}
