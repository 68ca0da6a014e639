package conn

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/coder/websocket"

	"presence/gateway/wire"
)

// closeWait is how long a client has to answer our close frame, and how long
// we go on reading so that the frame is not lost with the connection.
const closeWait = time.Second

// maxLinger bounds what is read and thrown away meanwhile.
const maxLinger = 1 << 20

// read is the socket's reader goroutine. The handler's Leave and the end of the
// connection follow it whatever happens.
func (s *Socket) read(ctx context.Context) {
	defer s.keeper.remove(s)
	defer func() {
		if p := recover(); p != nil {
			s.keeper.panicked(s, p)
		}
	}()
	for {
		s.hurry()
		// Background: with a context that can end, the library would register
		// and release a callback for every frame. The keeper ends a socket by
		// its read deadline instead.
		kind, r, err := s.ws.Reader(context.Background()) //nolint:contextcheck // see above
		if err != nil {
			s.readEnded(err)
			return
		}
		binary := kind == websocket.MessageBinary
		if binary && !s.keeper.cfg.Binary {
			s.Close(wire.CloseUnsupported)
			s.linger()
			return
		}
		if err := s.receive(ctx, r, binary); err != nil {
			s.readEnded(err)
			return
		}
	}
}

// receive reads one message and hands it to the handler.
func (s *Socket) receive(ctx context.Context, r io.Reader, binary bool) error {
	buffer := s.keeper.messages.Get().(*[]byte)
	defer s.keeper.messages.Put(buffer)
	n, err := io.ReadFull(r, *buffer)
	if err == nil { // there is more than fits
		s.Close(wire.CloseTooBig)
		return wire.CloseTooBig
	}
	// Compared as io.ReadFull makes them, for the end of the message: inside
	// another error they are the end of the connection.
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	if !s.counted() || s.closing() {
		return nil
	}
	s.keeper.handler.Receive(ctx, s, Message{Binary: binary, Bytes: (*buffer)[:n]})
	return nil
}

// counted takes one message (or ping) from the client's allowance and reports
// false when there was none left.
func (s *Socket) counted() bool {
	if s.messagesIn.Add(1) <= s.keeper.cfg.MessagesPerSecond {
		return true
	}
	s.Close(wire.CloseFlood)
	return false
}

// readEnded finds out who ended the connection and why.
func (s *Socket) readEnded(err error) {
	if websocket.CloseStatus(err) != -1 {
		s.goodbye()
	}
	switch {
	case s.closing(): // we did, and this is the client's answer or its silence
	case websocket.CloseStatus(err) != -1: // the client did; the library has answered
		return
	case lost(err):
		return
	default:
		s.closedByLibrary(wire.CloseProtocol)
	}
	answered := websocket.CloseStatus(err) != -1
	if !answered && !errors.Is(err, os.ErrDeadlineExceeded) {
		s.linger()
	}
}

func (s *Socket) goodbye() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = true
}

// lost reports whether err is the network's and not the client's doing.
func lost(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// closedByLibrary notes a close that the library decided on. For most faults it
// has sent the frame already.
func (s *Socket) closedByLibrary(c wire.Close) {
	s.mu.Lock()
	sent := s.refused
	if sent {
		s.ended = &c
	}
	s.mu.Unlock()
	if !sent {
		s.Close(c)
	}
}

// linger reads on for a moment after the close frame: closing a connection with
// unread bytes would reset it, and the client would never see why.
func (s *Socket) linger() {
	_ = s.tcp.SetReadDeadline(time.Now().Add(closeWait))
	if half, ok := s.tcp.(interface{ CloseWrite() error }); ok && !s.busy() {
		_ = half.CloseWrite()
	}
	_, _ = io.CopyN(io.Discard, s.tcp, maxLinger)
}

func (s *Socket) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flushing
}
