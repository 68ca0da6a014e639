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
	s.keeper.goroutine(s.flush)
}

// flush writes until the socket is up to date again, then ends. Each batch has
// its own deadline; a client that does not take one in time is too slow.
func (s *Socket) flush() {
	defer s.rescue()
	for out := s.rest; out != nil; out = s.next() {
		if !s.closing() {
			_ = s.tcp.SetWriteDeadline(time.Now().Add(s.keeper.cfg.WriteWait))
		}
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
	if out := s.tail; len(out) > 0 {
		s.tail = nil
		return out
	}
	for s.ended == nil && !s.shutDown {
		b := s.keeper.feed.Pull(s, s.cursor)
		if b.To == s.cursor {
			break
		}
		s.account(b)
		if len(b.Bytes) > 0 {
			return b.Bytes
		}
	}
	s.flushing = false
	_ = s.tcp.SetWriteDeadline(time.Time{}) // or writes without waiting would fail once it has passed
	return nil
}

// flushFailed ends a socket whose flusher could not write. The stream is broken
// inside a frame, so flushing stays set: nobody may write any more.
func (s *Socket) flushFailed(rest []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slow := s.ended == nil && errors.Is(err, os.ErrDeadlineExceeded)
	if !slow {
		_ = s.tcp.SetReadDeadline(time.Now()) // wakes the reader, which cleans up
		return
	}
	c := wire.CloseSlow
	s.ended = &c
	s.lastWords(rest)
	_ = s.tcp.SetReadDeadline(time.Now().Add(closeWait))
}

// lastWords lets a client that wakes up later learn why it was closed: the
// kernel gets just enough more room for the rest of the batch and the close
// frame, and delivers them if the client ever reads.
func (s *Socket) lastWords(rest []byte) {
	_ = s.tcp.SetWriteDeadline(time.Time{})
	out := append(append(append([]byte(nil), rest...), s.tail...), wire.CloseSlow.Frame()...)
	if growSendBuffer(s.tcp, sendBuffer+2*len(out)) {
		s.tryWrite(out)
	}
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
		_ = s.tcp.SetReadDeadline(time.Now())
	}
}
