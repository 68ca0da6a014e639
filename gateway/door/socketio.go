package door

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync/atomic"

	"presence/gateway/conn/engineio"
	"presence/gateway/conn/socketio"
	"presence/gateway/wire"
	"presence/spaces"
)

// ioClient is a client of Socket.IO. Which of the two languages it speaks shows
// when it joins: join-space is the first server's, joinRoom networked-aframe's.
type ioClient struct {
	*visitor

	socket *ioSocket
	dlux   *dlux
	naf    *naf
}

// ioSocket is the hub's way to a client. Once the client is gone it takes
// everything, so that nobody waits for it to take the last word.
type ioSocket struct {
	*socketio.Socket

	gone atomic.Bool
}

// Write sends frames, or drops them for a client that is gone.
func (s *ioSocket) Write(frames ...[]byte) bool { return s.gone.Load() || s.Socket.Write(frames...) }

// connect proves who comes to the Socket.IO endpoint.
func (d *Doors) connect(ctx context.Context, s *socketio.Socket, auth json.RawMessage, r *http.Request) (socketio.Client, error) {
	v, err := d.visitor(ctx, r, auth)
	if err != nil {
		return nil, err
	}
	socket := &ioSocket{Socket: s}
	v.id, v.conn = s.ID(), socket // clients compare socketId with their socket.id
	d.mu.Lock()
	d.visitors[v] = struct{}{}
	d.mu.Unlock()
	return &ioClient{
		visitor: v, socket: socket,
		dlux: newDLUX(v, spaces.DoorSocketIO, wire.DLUX{}),
		naf:  newNAF(v, wire.NAF{SocketIO: true}),
	}, nil
}

// Event handles one event. What is refused is said by an event of the first
// server, and in the acknowledgement when one was asked for.
func (c *ioClient) Event(ctx context.Context, e socketio.Event) {
	done, err := c.do(ctx, e)
	if err != nil {
		name, said := wire.Refusal(e.Name, err)
		c.socket.Emit(name, said)
		c.acknowledge(e, wire.NewFailedAnswer(e.Name, err))
		return
	}
	c.acknowledge(e, done)
}

func (c *ioClient) do(ctx context.Context, e socketio.Event) (answer, error) {
	if len(e.Binary) > 0 {
		return answer{}, spaces.Invalid("", "binary data is not understood; send JSON")
	}
	var payload json.RawMessage
	if len(e.Args) > 0 {
		payload = e.Args[0]
	}
	if handle, known := nafEvents[e.Name]; known {
		err := handle(c.naf, ctx, payload)
		return answer{Success: err == nil}, err
	}
	return c.dlux.do(ctx, e.Name, payload)
}

func (c *ioClient) acknowledge(e socketio.Event, body any) {
	if e.Ack == nil {
		return
	}
	b, err := json.Marshal(body)
	if err != nil {
		c.doors.cfg.Log.Error("an answer could not be encoded", "event", e.Name, "error", err)
		return
	}
	e.Ack(socketio.Data{Args: []json.RawMessage{b}})
}

// Disconnected ends the stay in the same step as the connection.
func (c *ioClient) Disconnected(ctx context.Context, reason string) {
	c.socket.gone.Store(true)
	c.doors.mu.Lock()
	delete(c.doors.visitors, c.visitor)
	c.doors.mu.Unlock()
	c.left(ctx, slices.Contains(brokenReasons, reason))
}

// brokenReasons are how a session ends without anybody having wished it.
var brokenReasons = []string{engineio.ReasonLost, wire.CloseSilent.Label, wire.CloseSlow.Label}
