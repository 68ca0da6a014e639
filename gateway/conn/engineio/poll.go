package engineio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"presence/gateway/wire"
)

// probeHold is how long a poll that comes after the probe is held before its
// noop, so that the "5" sent before it can overtake it: then it is refused.
const probeHold = 80 * time.Millisecond

// poll is a GET that waits, on net/http's goroutine.
type poll struct {
	woken   chan struct{} // holds one
	held    bool          // came after the probe: gets a noop, not the queue
	stray   bool          // came over another connection than the handshake
	settled bool          // answer is it; otherwise the queue is
	answer  answer
}

// answer is what a poll gets.
type answer struct {
	refused bool
	gone    bool // the client is: nothing to write
	body    []byte
}

func newPoll() *poll { return &poll{woken: make(chan struct{}, 1)} }

func (p *poll) wake() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

// settle decides what the poll gets, whatever else it would have got. Called
// with the session's mu held, as all that touches answer.
func (p *poll) settle(a answer) {
	p.settled, p.answer = true, a
	p.wake()
}

// wake has the waiting poll fetch the queue. Called with mu held.
func (s *Session) wake() {
	if s.poll != nil && !s.poll.held && len(s.queue) > 0 {
		s.poll.wake()
	}
}

// servePoll answers a GET.
func (s *Session) servePoll(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // a ReadTimeout of the server would look like a client that left
	p, a := s.startPoll(r.RemoteAddr, time.Now())
	if p != nil {
		a = s.await(r.Context(), p)
	}
	_ = control.SetWriteDeadline(time.Now().Add(s.server.cfg.WriteWait)) // in place of the server's, which counts from the request
	switch {
	case a.gone:
	case a.refused:
		refuse(w, badRequest)
	case writePayload(w, control, a.body) != nil:
		s.end(lost) // what it carried is
	}
}

func writePayload(w http.ResponseWriter, control *http.ResponseController, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if _, err := w.Write(body); err != nil { //nolint:gosec // plain text, and no browser is to guess otherwise
		return err
	}
	return control.Flush()
}

// startPoll answers at once, or returns the poll that waits. from is the
// connection the request came over.
func (s *Session) startPoll(from string, now time.Time) (*poll, answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refused := answer{refused: true}
	switch {
	case s.over:
		return nil, s.takeFarewell(now)
	case s.beat.late(&s.server.cfg, now):
		s.endLocked(silent)
		return nil, refused
	case s.link != nil:
		return nil, refused
	case s.poll != nil && s.poll.stray && from == s.from:
		return s.overtaken(), answer{}
	case s.poll != nil:
		s.endLocked(twoRequests) // the first gets the close packet
		return nil, refused
	case s.upgrade != probed && len(s.queue) > 0:
		return nil, answer{body: encodePayload(s.takeQueue())}
	default:
		s.poll = newPoll()
		s.poll.held, s.poll.stray = s.upgrade == probed, from != s.from
		return s.poll, answer{}
	}
}

// overtaken ends a session with two polls whose second reached us first: two
// connections are read by two goroutines, in any order. A client sends its first
// poll over the connection it has from the handshake, and needs another for the
// second. Called with mu held.
func (s *Session) overtaken() *poll {
	s.poll.settle(answer{refused: true})
	first := newPoll()
	s.poll = first
	s.endLocked(twoRequests)
	return first
}

// takeFarewell is the answer to one poll after the end. Called with mu held.
func (s *Session) takeFarewell(now time.Time) answer {
	if s.farewell == nil || now.After(s.forgetAt) {
		return answer{refused: true}
	}
	body := s.farewell
	s.farewell = nil
	return answer{body: body}
}

// await waits until there is something to answer the poll with.
func (s *Session) await(ctx context.Context, p *poll) answer {
	var hold <-chan time.Time
	if p.held {
		t := time.NewTimer(probeHold)
		defer t.Stop()
		hold = t.C
	}
	left := false
	select {
	case <-p.woken:
	case <-hold:
	case <-ctx.Done():
		left = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poll == p {
		s.poll = nil
	}
	switch {
	case p.settled:
		return p.answer
	case left:
		s.endLocked(lost)
		return answer{gone: true}
	case p.held:
		return answer{body: []byte{kindNoop}}
	default:
		return answer{body: encodePayload(s.takeQueue())}
	}
}

// servePost takes a POST, and answers it once all of it has been handled.
func (s *Session) servePost(w http.ResponseWriter, r *http.Request) {
	if !s.startPost() {
		refuse(w, badRequest)
		return
	}
	defer s.endPost()
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.server.cfg.PingTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(s.server.cfg.MaxPayload)))
	if err != nil {
		s.refuseBody(w, err)
		return
	}
	packets, err := decodePayload(body)
	if err != nil {
		s.end(badPacket)
		refuse(w, badRequest)
		return
	}
	if !s.allow(len(body), len(packets)) || !s.receive(packets...) && !s.closedBy(ReasonClient) {
		refuse(w, badRequest)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "ok")
}

func (s *Session) refuseBody(w http.ResponseWriter, err error) {
	var tooBig *http.MaxBytesError
	if !errors.As(err, &tooBig) {
		s.end(lost)
		refuse(w, badRequest)
		return
	}
	s.end(closing(wire.CloseTooBig))
	refuse(w, tooLarge)
}

// startPost reports whether the session takes one. A client that sends two at
// once does not care for their order, so it has none: the session ends.
func (s *Session) startPost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over || s.link != nil:
		return false
	case s.posting:
		s.endLocked(twoRequests)
		return false
	}
	s.posting = true
	return true
}

func (s *Session) endPost() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posting = false
}

func (s *Session) closedBy(reason string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over && s.reason == reason
}
