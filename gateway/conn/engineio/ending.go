package engineio

import (
	"context"
	"time"

	"presence/gateway/wire"
)

// Reasons for which a session ends that are not the label of a [wire.Close].
const (
	ReasonClient = "client" // the client said so
	ReasonLost   = "lost"   // the connection broke, or a poll was given up
)

const (
	// clientKeep is how long the id of a session that its client closed still
	// answers one poll: the close may be handled before the poll that was sent
	// beside it arrives.
	clientKeep = time.Second
	// serverKeep is how long a polling client has to fetch why we closed it.
	serverKeep = 5 * time.Second
)

// ending is a way in which a session ends.
type ending struct {
	reason string
	frame  wire.Close    // what a WebSocket is told
	poll   byte          // the packet that answers a waiting poll
	keep   time.Duration // how long one later poll is answered so, too
	unread bool          // what is queued goes to a polling client before that
}

var (
	byClient     = ending{reason: ReasonClient, frame: wire.Close{Code: 1000, Label: ReasonClient}, poll: kindNoop, keep: clientKeep}
	lost         = ending{reason: ReasonLost, frame: wire.CloseProtocol, poll: kindClose}
	badPacket    = ending{reason: wire.CloseProtocol.Label, frame: wire.CloseProtocol, poll: kindClose}
	twoRequests  = ending{reason: "overlap", frame: wire.CloseProtocol, poll: kindClose}
	tooSlow      = ending{reason: wire.CloseSlow.Label, frame: wire.CloseSlow, poll: kindClose}
	silent       = ending{reason: wire.CloseSilent.Label, frame: wire.CloseSilent, poll: kindClose}
	notConnected = ending{reason: "not_connected", frame: wire.Close{Code: 4408, Label: "not_connected", Reason: "no CONNECT came in time; reconnect"}, poll: kindClose}
)

// closing is the ending that the application, a limit or Run decided on.
func closing(c wire.Close) ending {
	return ending{reason: c.Label, frame: c, poll: kindClose, keep: serverKeep, unread: true}
}

func (s *Session) end(e ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endLocked(e)
}

// endLocked ends the session once. Called with mu held.
func (s *Session) endLocked(e ending) {
	if s.over {
		return
	}
	s.settle()
	s.over, s.reason = true, e.reason
	s.forgetAt = time.Now().Add(e.keep)
	s.cancel()
	if s.candidate != nil {
		s.candidate.close(e.frame)
	}
	if s.link != nil {
		s.link.close(e.frame)
		s.forgetAt = time.Time{}
	} else {
		s.sayFarewell(e)
	}
	s.server.metrics.ended(s.transport(), e.reason)
	s.server.running.Go(s.finish) // the session's own count in running is given back by finish
}

// sayFarewell answers the waiting poll, or a later one. Called with mu held.
func (s *Session) sayFarewell(e ending) {
	frames := s.takeQueue()
	if !e.unread {
		frames = nil
	}
	last := appendPacket(encodePayload(frames), e.poll)
	switch {
	case s.poll != nil:
		s.poll.settle(answer{body: last})
		s.forgetAt = time.Time{}
	case e.keep > 0:
		s.farewell = last
	}
}

// finish tells the application, last of all.
func (s *Session) finish() {
	defer s.server.running.Done()
	defer s.leave()
	if s.forgetAt.IsZero() {
		s.server.forget(s.id)
	}
	s.inbox.Lock()
	defer s.inbox.Unlock()
	defer s.rescue()
	s.told = true
	if s.app != nil { // nil: Open panicked
		s.app.Closed(context.WithoutCancel(s.ctx), s.reason)
	}
}
