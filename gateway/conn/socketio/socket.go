package socketio

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"sync"
	"sync/atomic"

	"presence/gateway/conn/engineio"
	"presence/gateway/wire"
)

// Socket is one client in one namespace. All methods may be called from any
// goroutine, and none waits.
type Socket struct {
	session   *session
	id        string
	namespace string

	client Client // the session's
	told   bool   // the session's; client knows that it is disconnected

	mu    sync.Mutex
	state state              // guarded by mu
	held  []engineio.Message // guarded by mu; emitted before the client was told that it is connected
}

type state int

const (
	connecting state = iota
	connected
	over
)

func newSocket(c *session, namespace string) *Socket {
	return &Socket{session: c, namespace: namespace, id: rand.Text()}
}

// ID is the socket's id, which the client knows as socket.id. It is not the
// session's secret and may be shown to others.
func (s *Socket) ID() string { return s.id }

// Namespace is "/" or what the client asked for.
func (s *Socket) Namespace() string { return s.namespace }

// Emit queues one event, in order, behind everything queued before. It reports
// false when the socket is over; a client for whom too much waits is closed as
// slow.
func (s *Socket) Emit(name string, args ...json.RawMessage) bool {
	return s.Send(name, Data{Args: args})
}

// Send is Emit for arguments that may hold binaries, which are kept together.
func (s *Socket) Send(name string, d Data) bool {
	return s.send(encodeEvent(s.namespace, name, d))
}

// Write takes whole unmasked WebSocket frames in order, each of one Engine.IO
// message such as 42["name",{}] (see [AppendEvent]), and reports false, having
// taken nothing, when the client has not yet taken what it was given before,
// is not connected yet, or is gone. The bytes may be shared by many sockets
// and are never changed.
func (s *Socket) Write(frames ...[]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == connected && s.session.engine.Write(frames...)
}

// Disconnect ends this socket alone. The client is told, and stays away until
// it is told to connect again: a stock client does not reconnect by itself.
func (s *Socket) Disconnect() {
	if wasConnected := s.stop(); wasConnected {
		s.session.engine.Send(engineio.Message{Data: head(nil, kindDisconnect, 0, s.namespace, nil)})
	}
	s.session.engine.Call(func() { s.leave(context.Background(), reasonServer) })
}

// reasonServer is a socket's reason when the application disconnected it alone.
const reasonServer = "server"

// Close ends the whole connection, other namespaces included. A stock client
// reconnects by itself.
func (s *Socket) Close(c wire.Close) { s.session.engine.Close(c) }

func (s *Socket) send(messages []engineio.Message) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.state {
	case connecting:
		s.held = append(s.held, messages...)
		return true
	case connected:
		return s.session.engine.Send(messages...)
	default:
		return false
	}
}

// welcome tells the client that it is connected, and then what was emitted
// meanwhile.
func (s *Socket) welcome() error {
	m, err := encodeObject(kindConnect, s.namespace, struct {
		SID string `json:"sid"`
	}{s.id})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session.engine.Send(append([]engineio.Message{m}, s.held...)...)
	s.held = nil
	if s.state == connecting {
		s.state = connected
		return nil
	}
	s.session.engine.Send(engineio.Message{Data: head(nil, kindDisconnect, 0, s.namespace, nil)}) // disconnected by Connect itself
	return nil
}

// stop lets nothing more be said and reports whether the client thinks that it
// is connected.
func (s *Socket) stop() (wasConnected bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wasConnected = s.state == connected
	s.state = over
	return wasConnected
}

// leave tells the application once. Called one at a time per session.
func (s *Socket) leave(ctx context.Context, reason string) {
	s.stop()
	if s.told || s.client == nil {
		return
	}
	s.told = true
	s.client.Disconnected(ctx, reason)
}

// acknowledge answers the client's callback, once.
func (s *Socket) acknowledge(id []byte) func(Data) {
	var answered atomic.Bool
	return func(d Data) {
		if !answered.Swap(true) {
			s.send(encodeAck(s.namespace, id, d))
		}
	}
}
