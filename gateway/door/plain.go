package door

import (
	"context"
	"time"
	"unicode/utf8"

	"presence/gateway/conn"
	"presence/gateway/wire"
	"presence/spaces"
)

// leaveTime is how long the end of a stay may take: it is waited for when the
// gateway stops.
const leaveTime = 10 * time.Second

// plain is the handler of WebSockets without Socket.IO: the wallet script's and
// the uws adapter's. Each socket's Seat is its plainClient.
type plain struct{ doors *Doors }

// plainClient is the client behind such a socket.
type plainClient interface {
	visits() *visitor
	// receive handles one message, which it may keep, and returns the name of
	// what it asked for, for a refusal.
	receive(ctx context.Context, message []byte) (event string, err error)
	// refusal is the whole frame that says what was refused.
	refusal(event string, err error) []byte
}

// Join lets the client know its socket.
func (p *plain) Join(s *conn.Socket) { clientOf(s).visits().conn = s }

// Receive handles one text message.
func (p *plain) Receive(ctx context.Context, s *conn.Socket, m conn.Message) {
	client := clientOf(s)
	// Relayed as it is, a broken character would end the sockets of everybody
	// who receives it (RFC 6455 8.1).
	if !utf8.Valid(m.Bytes) {
		s.Reply(client.refusal("", spaces.Invalid("", "the message is not valid UTF-8")))
		return
	}
	if event, err := client.receive(ctx, append([]byte(nil), m.Bytes...)); err != nil {
		s.Reply(client.refusal(event, err))
	}
}

// Review ends a socket whose login was revoked; the keeper ends expired ones.
func (p *plain) Review(s *conn.Socket) { clientOf(s).visits().current() }

// Leave ends the stay in the same step as the socket.
func (p *plain) Leave(s *conn.Socket) {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	clientOf(s).visits().left(ctx, s.Broken())
}

func clientOf(s *conn.Socket) plainClient { return s.Seat.(plainClient) }

// rawClient is the wallet script.
type rawClient struct{ *dlux }

func newRawClient(v *visitor) plainClient {
	return rawClient{newDLUX(v, spaces.DoorRaw, wire.DLUX{Raw: true})}
}

func (c rawClient) visits() *visitor { return c.visitor }

func (c rawClient) refusal(event string, err error) []byte {
	return c.encoder.Event(nil, wire.Refused{Op: event, Err: err})
}

// receive handles an object: one of the first server's events when its type is
// one, and otherwise an application's own, for everybody in the same room.
func (c rawClient) receive(ctx context.Context, b []byte) (string, error) {
	m, err := wire.DecodeRaw(b)
	if err != nil {
		return m.Type, err
	}
	if m.Type != "join-space" {
		if err := c.inRoom(m.Room); err != nil {
			return m.Type, err
		}
	}
	if _, known := dluxEvents[m.Type]; known {
		_, err := c.do(ctx, m.Type, m.Payload)
		return m.Type, err
	}
	own, err := m.Custom()
	if err != nil {
		return m.Type, err
	}
	return m.Type, c.sendCustom(own)
}

// inRoom refuses a message for another room than the one the client is in.
func (c rawClient) inRoom(room string) error {
	m, err := c.inside()
	if err != nil {
		return err
	}
	if room != "" && room != wire.RawRoom(m.Key()) && room != c.room {
		return spaces.Invalid("room", "you are not in that room")
	}
	return nil
}
