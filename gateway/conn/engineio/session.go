package engineio

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"presence/gateway/wire"
)

// Session is one client, whatever its transport. All methods may be called
// from any goroutine, and none waits.
//
// The application is spoken to by whoever holds inbox, which is never taken
// with mu held. Everything that changes is guarded by mu; a link has a lock of
// its own below it.
type Session struct {
	server *Server
	id     string
	ctx    context.Context // ends with the session; kept because requests, readers and Run's looks all act for it
	cancel context.CancelFunc
	leave  func() // gives its [conn.Place] back

	inbox sync.Mutex
	app   Receiver // guarded by inbox; nil until Open has returned
	told  bool     // guarded by inbox; app knows that the session is closed

	mu        sync.Mutex
	over      bool
	reason    string
	link      *link     // the WebSocket; nil while polling
	queue     [][]byte  // whole frames that wait for a poll
	said      int       // bytes in queue that came by Send
	poll      *poll     // the poll that waits, or is about to be answered
	from      string    // the connection of the handshake
	posting   bool      // a POST is being read or handled
	upgrade   upgrading // how far the way to a WebSocket is
	candidate *link     // the WebSocket on that way
	allowance allowance // what the client may still send
	beat      heartbeat // pings and pongs
	connectBy time.Time // when a session must be established; zero: it is, or need not be
	farewell  []byte    // what one more poll of an ended session gets; nil: nothing
	forgetAt  time.Time // when an ended session's id is forgotten
}

func newSession(v *Server, from string, now time.Time) *Session {
	s := &Session{server: v, id: rand.Text(), from: from, allowance: newAllowance(&v.cfg, now), beat: heartbeat{pingAt: now.Add(v.cfg.PingInterval)}}
	s.ctx, s.cancel = context.WithCancel(v.base)
	if v.cfg.ConnectTimeout > 0 {
		s.connectBy = now.Add(v.cfg.ConnectTimeout)
	}
	return s
}

// ID is the session's id, which is a secret of 130 random bits: who knows it
// can speak for the client.
func (s *Session) ID() string { return s.id }

// Established says that the client has proven what it is: it no longer counts
// as pending, and ConnectTimeout no longer ends it.
func (s *Session) Established() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
}

// settle ends the session's time as a pending one. Called with mu held.
func (s *Session) settle() {
	if !s.connectBy.IsZero() {
		s.connectBy = time.Time{}
		s.server.pending.Add(-1)
	}
}

// Send queues messages, all together and in order, behind everything queued
// before. It reports false when the session is over; one whose queue overflows
// is closed as slow.
func (s *Session) Send(messages ...Message) bool {
	frames := make([][]byte, len(messages))
	for i, m := range messages {
		frames[i] = AppendMessage(nil, m)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enqueue(frames...)
}

// Write takes whole unmasked WebSocket frames in order, each of one message
// ("4" and the text), and reports false, having taken nothing, when the client
// has not yet taken what it was given before, or is gone. The bytes may be
// shared by many sessions and are never changed.
func (s *Session) Write(frames ...[]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
		return false
	case s.link != nil:
		if !s.link.write(frames) {
			return false
		}
		s.server.metrics.sent.Add(float64(len(frames)))
		return true
	case len(s.queue) > 0:
		return false
	default:
		s.queue = append(s.queue, frames...)
		s.server.metrics.sent.Add(float64(len(frames)))
		s.wake()
		return true
	}
}

// Close ends the session: a WebSocket gets the close frame, a polling client
// the close packet, both behind what is queued. Only the first call counts.
func (s *Session) Close(c wire.Close) { s.end(closing(c)) }

// enqueue puts whole frames behind what waits. Called with mu held.
func (s *Session) enqueue(frames ...[]byte) bool {
	if s.over {
		return false
	}
	s.server.metrics.sent.Add(float64(len(frames)))
	if !s.hold(frames) {
		s.server.metrics.dropped.Add(float64(len(s.queue)))
		s.endLocked(tooSlow)
		return false
	}
	s.wake()
	return true
}

// hold reports false when too much waits. Called with mu held.
func (s *Session) hold(frames [][]byte) bool {
	if s.link != nil {
		return s.link.send(frames)
	}
	s.said += size(frames)
	s.queue = append(s.queue, frames...)
	return s.said <= s.server.cfg.MaxQueue
}

// transport is the word for metrics. Called with mu held.
func (s *Session) transport() string {
	if s.link != nil {
		return websocket
	}
	return polling
}

// takeQueue hands over everything that waits. Called with mu held.
func (s *Session) takeQueue() [][]byte {
	frames := s.queue
	s.queue, s.said = nil, 0
	return frames
}

// receive handles packets of the client, one at a time over all its requests
// and readers. It reports false when the session is over.
func (s *Session) receive(packets ...packet) bool {
	s.inbox.Lock()
	defer s.inbox.Unlock()
	defer s.rescue() // and the answer is false
	for _, p := range packets {
		if s.isOver() {
			return false
		}
		s.handle(p)
	}
	return !s.isOver()
}

// handle does what one packet asks. Called with inbox held.
func (s *Session) handle(p packet) {
	switch p.kind {
	case kindMessage:
		s.server.metrics.received.Inc()
		s.app.Receive(s.ctx, Message{Data: p.data, Binary: p.binary})
	case kindPong:
		s.mu.Lock()
		s.beat.answered(&s.server.cfg, time.Now())
		s.mu.Unlock()
	case kindClose:
		s.end(byClient)
	case kindPing: // only servers ping in revision 4
		s.end(badPacket)
	default: // open, upgrade and noop mean nothing here
	}
}

// Call runs f soon, as if it were one of the Receiver's methods, unless the
// Receiver is told before that the session is closed.
func (s *Session) Call(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.server.running.Go(func() {
		s.inbox.Lock()
		defer s.inbox.Unlock()
		defer s.rescue()
		if !s.told {
			f()
		}
	})
}

// rescue is deferred around the application's code: its panic is the end of
// this session and of nothing else.
func (s *Session) rescue() {
	if p := recover(); p != nil {
		s.server.panicked(p)
		s.Close(wire.CloseInternal)
	}
}

func (s *Session) isOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// allow takes what the client sent from its allowance; too much ends the
// session.
func (s *Session) allow(bytes, messages int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.allowance.take(bytes, messages, time.Now()) {
		return true
	}
	s.endLocked(closing(wire.CloseFlood))
	return false
}

// opened has the application make its end of the session.
func (s *Session) opened(r *http.Request) {
	s.inbox.Lock()
	defer s.inbox.Unlock()
	defer s.rescue()
	s.app = s.server.open(s, keepable(r))
}

// keepable is what may be kept of a request beyond its handler: no body and no
// end of its context.
func keepable(r *http.Request) *http.Request {
	kept := &http.Request{
		Method: r.Method, URL: r.URL, RequestURI: r.RequestURI, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: r.Header, Host: r.Host, RemoteAddr: r.RemoteAddr, TLS: r.TLS,
	}
	return kept.WithContext(context.WithoutCancel(r.Context()))
}

func size(frames [][]byte) (n int) {
	for _, f := range frames {
		n += len(f)
	}
	return n
}
