package socketio

import (
	"encoding/json"

	"presence/gateway/wire"
)

// Socket is one client in one namespace. All methods may be called from any
// goroutine, and none waits.
type Socket struct{}

// ID is the socket's id, which the client knows as socket.id. It is not the
// session's secret and may be shown to others.
func (s *Socket) ID() string { return "" }

// Namespace is "/" or what the client asked for.
func (s *Socket) Namespace() string { return "" }

// Emit queues one event, in order, behind everything queued before. It reports
// false when the socket is over; a client for whom too much waits is closed as
// slow.
func (s *Socket) Emit(name string, args ...json.RawMessage) bool { return s.Send(name, Data{Args: args}) }

// Send is Emit for arguments that may hold binaries, which are kept together.
func (s *Socket) Send(name string, d Data) bool { return false }

// Write takes whole unmasked WebSocket frames in order, each of one Engine.IO
// message such as 42["name",{}] (see [AppendEvent]), and reports false, having
// taken nothing, when the client has not yet taken what it was given before,
// is not connected yet, or is gone. The bytes may be shared by many sockets
// and are never changed.
func (s *Socket) Write(frames ...[]byte) bool { return false }

// Disconnect ends this socket alone. The client is told, and stays away until
// it is told to connect again: a stock client does not reconnect by itself.
func (s *Socket) Disconnect() {}

// Close ends the whole connection, other namespaces included. A stock client
// reconnects by itself.
func (s *Socket) Close(c wire.Close) {}

// AppendEvent appends one event as whole frames for [Socket.Write].
func AppendEvent(dst []byte, namespace, name string, d Data) []byte { return dst }
