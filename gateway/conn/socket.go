package conn

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"presence/gateway/wire"
)

// maxTail bounds the control frames and replies that wait behind a batch the
// client does not read. A client that overruns it loses answers to what it
// sent, never state.
const maxTail = 4 << 10

// Socket is one WebSocket of a [Keeper]. Reading is its reader goroutine's;
// everything about writing is guarded by mu, and whoever holds mu writes, so
// that frames of different origin never mix.
type Socket struct {
	// Seat is the handler's own note about the socket, set at Upgrade. What it
	// points to is the handler's to guard.
	Seat any

	keeper *Keeper
	ws     *websocket.Conn
	pipe   *pipe // under ws
	tcp    net.Conn
	quick  quick // nil: every message is the reader's
	count  *counters
	leave  func() // gives its Place back

	expires int64 // unix seconds; 0 never. Set at Upgrade
	index   int   // place in keeper.sockets; guarded by keeper.mu

	bytesIn    atomic.Uint32 // since the keeper's last look
	messagesIn atomic.Uint32 // since the keeper's last look
	quiet      uint8         // looks since anything was heard; the keeper's

	mu       sync.Mutex
	cursor   uint64      // how far the client has been told, or will be by rest
	rest     []byte      // of the batch under way; shared, never changed
	tail     []byte      // control frames and replies that go after rest
	flushing bool        // a flusher writes; nobody else may
	broken   bool        // the stream ends inside a frame; nobody may write any more
	skipped  int         // frames that passed while the socket was behind
	ended    *wire.Close // why we closed it; nil: we did not
	refused  bool        // the library sent a close frame of its own
	shutDown bool        // the connection is closed
	said     bool        // the client has sent a close frame

	eager Eager // writes past the library
}

// attach is called at Hijack, when the network connection is known.
func (s *Socket) attach(tcp net.Conn) net.Conn {
	s.tcp = adopt(tcp)
	s.eager.Open(s.tcp)
	return s.tcp
}

// Offer hands the socket the newest batch of its feed. It never waits: a socket
// that is up to date takes it, one that missed something pulls instead, and one
// that is still busy with an older batch is left alone until that is written.
func (s *Socket) Offer(b Batch) {
	s.mu.Lock()
	defer s.unlock()
	switch {
	case !s.open() || s.cursor >= b.To:
	case s.flushing:
		s.skipped += b.Frames
	case s.cursor < b.From:
		s.catchUp()
	default:
		s.take(b)
	}
}

// CatchUp makes the socket pull now. A feed calls it when what a socket may see
// has changed.
func (s *Socket) CatchUp() {
	s.mu.Lock()
	defer s.unlock()
	if s.open() && !s.flushing { // a flusher always pulls before it ends
		s.catchUp()
	}
}

// Reply sends one whole frame to this socket alone, outside the feed.
func (s *Socket) Reply(frame []byte) { s.control(frame) }

// Close ends the socket with a close frame. The reader stays for a moment, so
// that the client gets to answer. Only the first call counts.
func (s *Socket) Close(c wire.Close) {
	s.mu.Lock()
	defer s.unlock()
	if !s.open() {
		return
	}
	s.ended = &c
	_ = s.tcp.SetDeadline(time.Now().Add(closeWait)) // fails only on a closed connection
	frame := c.Frame()
	if s.flushing {
		s.tail = append(s.tail, frame...)
		return
	}
	if n := s.eager.Write(frame); n < len(frame) {
		s.startFlush(frame[n:])
	}
}

// unlock ends every public method. A panic in the feed is this socket's end and
// nobody else's.
func (s *Socket) unlock() {
	p := recover()
	s.mu.Unlock()
	if p != nil {
		s.keeper.panicked(s, p)
	}
}

// control takes one whole frame that is not part of the feed. Nothing may
// follow a close frame, so after one it is dropped.
func (s *Socket) control(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open() {
		return
	}
	s.refused = s.refused || wire.IsClose(frame)
	if s.flushing {
		if len(s.tail)+len(frame) <= maxTail {
			s.tail = append(s.tail, frame...)
		}
		return
	}
	if n := s.eager.Write(frame); n < len(frame) {
		s.startFlush(append([]byte(nil), frame[n:]...))
	}
}

// heard notes what the network brought and reports false when it is too much.
func (s *Socket) heard(n int) bool {
	if s.bytesIn.Add(uint32(n)) <= s.keeper.cfg.BytesPerSecond {
		return true
	}
	s.Close(wire.CloseFlood)
	return false
}

// open reports whether anything may still be said. Called with mu held.
func (s *Socket) open() bool { return s.ended == nil && !s.broken && !s.shutDown }

// shut closes the connection under the socket. What a flusher still has to say,
// such as the answer to a close frame, goes first.
func (s *Socket) shut() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shutDown {
		return net.ErrClosed
	}
	s.shutDown = true
	if s.flushing {
		return s.tcp.SetWriteDeadline(time.Now().Add(closeWait))
	}
	return s.tcp.Close()
}

// catchUp pulls what is missing and sends it. Called with mu held.
func (s *Socket) catchUp() {
	if s.keeper.feed == nil {
		return
	}
	if b := s.keeper.feed.Pull(s, s.cursor); b.To != s.cursor {
		s.take(b)
	}
}

// take makes b the batch under way. Called with mu held and nothing under way.
func (s *Socket) take(b Batch) {
	s.account(b)
	s.begin(b.Bytes)
}

// account moves the cursor and counts. What passed while the socket was behind
// and did not come again was conflated.
func (s *Socket) account(b Batch) {
	s.cursor = b.To
	s.count.frames.Add(float64(b.Frames))
	if s.skipped > b.Frames {
		s.count.conflated.Add(float64(s.skipped - b.Frames))
	}
	s.skipped = 0
}

// Broken reports whether the connection ended without a word: the client said
// no goodbye, and neither did we but for its silence. It is for a handler's
// Leave.
func (s *Socket) Broken() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.said && (s.ended == nil || s.ended.Label == wire.CloseSilent.Label || s.ended.Label == wire.CloseSlow.Label)
}
