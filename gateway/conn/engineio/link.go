package engineio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	ws "github.com/coder/websocket"

	"presence/gateway/conn"
	"presence/gateway/wire"
)

const (
	// readBuffer is all a link keeps for reading; longer reads go past it.
	readBuffer = 256
	// closeWait is how long a client has to answer our close frame, and how long
	// we go on reading so that the frame is not lost with the connection.
	closeWait = time.Second
	// maxLinger bounds what is read and thrown away meanwhile.
	maxLinger = 1 << 20
	// maxPooled bounds the read buffers that are kept for other messages.
	maxPooled = 64 << 10
)

// link is one WebSocket. Reading is its reader goroutine's. Writing is guarded
// by mu: whole frames wait in queue, and one flusher at a time takes all of
// them in one write. While there is nothing to write there is no flusher.
type link struct {
	session *Session
	server  *Server
	ws      *ws.Conn
	tcp     net.Conn
	eager   conn.Eager // the flusher's or, without one, mu's

	mu       sync.Mutex
	queue    [][]byte // whole frames (the first may have been begun)
	said     int      // bytes of queue that came by send or from the library
	flushing bool     // a flusher runs; nobody else may write
	stuck    bool     // it waits for the client to read
	closed   bool     // nothing may follow: the last frame is a close frame, or the connection is broken
	slow     bool     // broken because the client did not read
	down     bool     // the connection is closed, or will be by the flusher
}

// attach is called at Hijack, when the network connection is known.
func (l *link) attach(tcp net.Conn) net.Conn {
	l.tcp = tcp
	l.eager.Open(l.tcp)
	return tcp
}

// send queues frames for the flusher, which takes along whatever else is
// queued until it comes to run. It reports false when too much waits.
func (l *link) send(frames [][]byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(frames) == 0 {
		return true
	}
	if l.said += size(frames); l.said > l.server.cfg.MaxQueue {
		return false
	}
	l.queue = append(l.queue, frames...)
	l.startFlush()
	return true
}

// write hands frames to the kernel without a flusher if it can. It takes
// nothing while the client is behind.
func (l *link) write(frames [][]byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.stuck {
		return false
	}
	l.queue = append(l.queue, frames...)
	l.writeNow()
	return true
}

// control takes one frame of the library's own.
func (l *link) control(frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.said > l.server.cfg.MaxQueue {
		return
	}
	l.closed = wire.IsClose(frame)
	l.said += len(frame)
	l.queue = append(l.queue, frame)
	l.writeNow()
}

// close sends the close frame behind what waits and gives the client a moment
// to answer. Only the first call counts.
func (l *link) close(c wire.Close) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	_ = l.tcp.SetDeadline(time.Now().Add(closeWait)) // fails only on a closed connection
	l.queue = append(l.queue, c.Frame())
	l.writeNow()
}

// shut closes the connection under the library. What a flusher still has to
// say goes first.
func (l *link) shut() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return net.ErrClosed
	}
	l.down, l.closed = true, true
	if l.flushing {
		return l.tcp.SetWriteDeadline(time.Now().Add(closeWait))
	}
	return l.tcp.Close()
}

// read is the goroutine of a link that is its session's transport.
func (s *Session) read(l *link) {
	defer func() { _ = l.ws.CloseNow() }() // fails only when the library has closed it already
	for {
		p, err := l.next()
		if err != nil {
			s.lose(l, err)
			return
		}
		if !s.allow(0, 1) || !s.receive(p) {
			l.linger()
			return
		}
	}
}

// next reads one packet.
func (l *link) next() (packet, error) {
	// Background: with a context that can end, the library would register and
	// release a callback for every frame. A link ends by its read deadline.
	kind, r, err := l.ws.Reader(context.Background())
	if err != nil {
		return packet{}, err
	}
	buffer := buffers.Get().(*bytes.Buffer)
	defer func() {
		if buffer.Cap() <= maxPooled {
			buffer.Reset()
			buffers.Put(buffer)
		}
	}()
	most := int64(l.server.cfg.MaxPayload)
	n, err := buffer.ReadFrom(io.LimitReader(r, most+1))
	switch {
	case err != nil:
		return packet{}, err
	case n > most:
		return packet{}, wire.CloseTooBig
	}
	return decodePacket(bytes.Clone(buffer.Bytes()), kind == ws.MessageBinary)
}

// buffers lends room for one incoming message each, so that an idle link holds
// none.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// expect reads one packet of the upgrade.
func (l *link) expect(text string) error {
	p, err := l.next()
	if err != nil {
		return err
	}
	if p.binary || p.kind != text[0] || string(p.data) != text[1:] {
		return errProbe
	}
	return nil
}

// lose ends the session for what reading its link ended with.
func (s *Session) lose(l *link, err error) {
	var tooBig wire.Close
	switch {
	case l.isSlow():
		s.end(tooSlow)
	case ws.CloseStatus(err) != -1: // the client's close frame; the library has answered
		s.end(byClient)
		return
	case errors.As(err, &tooBig):
		s.end(closing(tooBig))
	case isNetwork(err):
		s.end(lost)
		return
	default:
		s.end(badPacket)
	}
	l.linger()
}

func (l *link) isSlow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.slow
}

// isNetwork reports whether err is the network's and not the client's doing.
func isNetwork(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded)
}

// linger reads on for a moment after the close frame: closing a connection with
// unread bytes would reset it, and the client would never see why.
func (l *link) linger() {
	_ = l.tcp.SetReadDeadline(time.Now().Add(closeWait))
	_, _ = io.CopyN(io.Discard, l.tcp, maxLinger)
	_ = l.ws.CloseNow()
}
