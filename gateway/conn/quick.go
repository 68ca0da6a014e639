package conn

import "context"

// quick takes the whole messages at the start of b that are simple, and returns
// what is left to the reader. It never waits.
type quick func(b []byte) (rest []byte)

// hurry lets the poller take messages as long as the reader waits for the next
// one: to wake it, and to go through the library, takes longer than to read a
// pose. Called by the reader.
func (s *Socket) hurry() {
	if c, ok := s.tcp.(interface{ hurry(quick) }); ok && s.quick != nil && s.pipe.empty() {
		c.hurry(s.quick)
	}
}

// takeBinary is quick for short binary messages in one frame, which is what
// poses are. Everything else is the library's to judge.
func (s *Socket) takeBinary(ctx context.Context, b []byte) (rest []byte) {
	defer func() {
		if p := recover(); p != nil {
			s.keeper.panicked(s, p)
		}
	}()
	for {
		payload, n := simple(b)
		if n == 0 || !s.heard(n) {
			return b
		}
		b = b[n:]
		if s.counted() && !s.closing() {
			s.keeper.handler.Receive(ctx, s, Message{Binary: true, Bytes: payload})
		}
	}
}

// A client's frame of at most shortest bytes (RFC 6455, 5.2): two bytes, four of
// the mask, and the payload.
const (
	wholeBinary = 0x82 // FIN and the opcode
	masked      = 0x80
	shortest    = 125
	frameHead   = 6
)

// simple reads a short, whole binary message at the start of b, and returns its
// length with its frame, 0 when there is none.
func simple(b []byte) (payload []byte, n int) {
	if len(b) < frameHead || b[0] != wholeBinary || b[1]&masked == 0 || b[1]&^masked > shortest {
		return nil, 0
	}
	n = frameHead + int(b[1]&^masked)
	if len(b) < n {
		return nil, 0
	}
	payload = b[frameHead:n]
	for i := range payload {
		payload[i] ^= b[2+i&3]
	}
	return payload, n
}
