package conn

import (
	"errors"
	"os"
	"time"

	"presence/gateway/wire"
)

// startFlush leaves what the kernel did not take to a goroutine that may wait.
// Called with mu held.
func (s *Socket) startFlush(rest []byte) {
	s.rest, s.flushing = rest, true
	s.allow()
	s.keeper.goroutine(s.flush)
}

// flush writes until the socket is up to date again, then ends. Each batch has
// its own deadline; a client that does not take one in time is too slow.
func (s *Socket) flush() {
	defer s.rescue()
	for out := s.rest; out != nil; out = s.next() {
		if n, err := s.tcp.Write(out); err != nil {
			s.flushFailed(out[n:], err)
			return
		}
	}
}

// next returns what to write after what was just written, and nil when the
// socket is up to date; the flusher is over then.
func (s *Socket) next() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest = nil
	s.allow()
	if out := s.tail; len(out) > 0 {
		s.tail = nil
		return out
	}
	for s.open() && s.keeper.feed != nil {
		b := s.keeper.feed.Pull(s, s.cursor)
		if b.To == s.cursor {
			break
		}
		s.account(b)
		if len(b.Bytes) > 0 {
			s.count.bytes.Add(float64(len(b.Bytes)))
			return b.Bytes
		}
	}
	s.flushing = false
	if s.shutDown {
		_ = s.tcp.Close()
	}
	_ = s.tcp.SetWriteDeadline(time.Time{}) // or writes without waiting would fail once it has passed
	return nil
}

// allow sets the deadline of the next write. A socket that is closing has one
// already. Called with mu held.
func (s *Socket) allow() {
	if s.open() {
		_ = s.tcp.SetWriteDeadline(time.Now().Add(s.keeper.cfg.WriteWait))
	}
}

// flushFailed ends a socket whose flusher could not write.
func (s *Socket) flushFailed(rest []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open() && errors.Is(err, os.ErrDeadlineExceeded) {
		c := wire.CloseSlow
		s.ended = &c
		s.lastWords(rest)
	}
	s.breakOff()
}

// lastWords lets a client that wakes up later learn why it was closed: the
// kernel gets enough more room for the rest of the batch and the close frame
// (it counts its own overhead, up to as much again), and delivers them after
// our end is closed, if the client ever reads.
func (s *Socket) lastWords(rest []byte) {
	_ = s.tcp.SetWriteDeadline(time.Time{})
	out := append(append(append([]byte(nil), rest...), s.tail...), wire.CloseSlow.Frame()...)
	if growSendBuffer(s.tcp, 2*sendBuffer+4*len(out)) {
		s.eager.Write(out)
	}
}

// breakOff ends all writing and wakes the reader, which cleans up. Called with
// mu held.
func (s *Socket) breakOff() {
	s.flushing, s.broken = false, true
	if s.shutDown {
		_ = s.tcp.Close()
	}
	_ = s.tcp.SetReadDeadline(time.Now())
}

func (s *Socket) closing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended != nil
}

// rescue ends a flusher. A panic of the feed is this socket's end only.
func (s *Socket) rescue() {
	if p := recover(); p != nil {
		s.keeper.panicked(s, p)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.breakOff()
	}
}
